//! Finds what a verb should talk to: the tuned model of a project, its base, or a folder.

use std::path::PathBuf;

use chat::Placeholders;
use data::privacy::Entity;
use serve::Assistant;

use super::base::Base;
use super::engine::Engine;
use super::{Names, assistant, tokenize};
use crate::console::error::fail;
use crate::project::Project;
use crate::recipe::{Replies, closest};

/// A model that was found: its base, what was tuned of it, and what it is called.
pub struct Found {
    /// The base's folder.
    pub base: PathBuf,
    /// The adapter's or the tuned model's folder.
    pub tuned: Option<PathBuf>,
    /// For people.
    pub name: String,
}

/// The tuned model of a training, or a model as it was before where `training` is `base`, or `base.NAME` where the
/// recipe has several. Without a name: `main`, or the only one.
pub fn find(project: &Project, training: Option<&str>) -> anyhow::Result<Found> {
    let name = training.unwrap_or_else(|| first(project));
    let models = &project.resolved().model;
    if let Some((model, _)) = models.all().find(|(model, _)| Names::base_of(model) == name) {
        return Ok(Found { base: base(project, model)?, tuned: None, name: name.to_owned() });
    }
    let Some(train) = project.resolved().train.get(name) else {
        return Err(unknown(project, name));
    };
    let base = base(project, train.model_name())?;
    let tuned = project.results()?.output(&Names::train(name), Names::TUNED)?;
    Ok(Found { base, tuned: Some(tuned), name: name.to_owned() })
}

/// The folder of a model of the recipe.
pub fn base(project: &Project, model: &str) -> anyhow::Result<PathBuf> {
    Base::of(project, model)?.folder(project, &project.results()?)
}

/// The model that is meant where a stage of models has an instance, such as `tokenize:NAME`: the model of the name, or that
/// of the training of the name; without one that of the training which is meant then.
pub fn model<'a>(project: &'a Project, instance: &'a str) -> anyhow::Result<&'a str> {
    let resolved = project.resolved();
    if resolved.model.get(instance).is_some() {
        return Ok(instance);
    }
    let name = if instance.is_empty() { first(project) } else { instance };
    let train = resolved.train.get(name).ok_or_else(|| unknown(project, name))?;
    Ok(train.model_name())
}

/// Everybody who can be talked with: the trainings, and the models as they were before.
pub fn names(project: &Project) -> Vec<String> {
    let bases = project.resolved().model.all().map(|(model, _)| Names::base_of(model));
    project.resolved().train.keys().cloned().chain(bases).collect()
}

/// Nobody has the name: who is meant, or who there is.
fn unknown(project: &Project, name: &str) -> anyhow::Error {
    let known = names(project);
    let (trainings, bases) = known.split_at(project.resolved().train.len());
    let near = closest(name, &known).map_or_else(String::new, |near| format!("did you mean `{near}`? "));
    let hint = format!("{near}there are {}, and `{}`", trainings.join(", "), bases.join("`, `"));
    fail(format!("there is no training called `{name}`"), hint)
}

/// The training that is meant where none is named: `main`, or the first.
pub fn first(project: &Project) -> &str {
    let mut names = project.resolved().train.keys().map(String::as_str);
    names.clone().find(|name| *name == "main").or_else(|| names.next()).unwrap_or("main")
}

/// Opens what was found for so many conversations at once, with placeholders filled as the recipe says.
pub fn open(project: &Project, found: &Found, slots: usize) -> anyhow::Result<Assistant<Engine>> {
    let encoder = tokenize::encoder(&found.base, &project.resolved().tokenize)?;
    let cache = Replies::precision(&project.resolved().replies.kv_cache);
    assistant::open(&found.base, found.tuned.as_deref(), encoder, slots, placeholders(project), cache)
}

/// Every placeholder that masking writes, and what replies say instead.
pub fn placeholders(project: &Project) -> Placeholders {
    let known = written_placeholders(project);
    let values = &project.resolved().replies.placeholders;
    let values = values.iter().map(|(name, value)| (bracketed(name), value.clone()));
    Placeholders::new(known.iter().map(String::as_str), values)
}

/// Every placeholder that masking writes, such as `[전화번호]`.
pub fn written_placeholders(project: &Project) -> Vec<String> {
    let patterns = project.resolved().prepare.mask.patterns.keys().map(|name| bracketed(name));
    Entity::ALL.iter().map(|entity| entity.token().to_owned()).chain(patterns).collect()
}

/// A placeholder as texts carry it: its name may be given with or without brackets.
pub fn bracketed(name: &str) -> String {
    if name.starts_with('[') { name.to_owned() } else { format!("[{name}]") }
}
