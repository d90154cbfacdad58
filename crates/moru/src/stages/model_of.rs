//! Finds what a verb should talk to: the tuned model of a project, its base, or a folder.

use std::path::PathBuf;

use chat::Placeholders;
use data::privacy::Entity;
use serve::Assistant;

use super::engine::Engine;
use super::{Names, assistant, base, tokenize};
use crate::console::error::fail;
use crate::project::Project;
use crate::recipe::Replies;

/// A model that was found: its base, what was tuned of it, and what it is called.
pub struct Found {
    /// The base's folder.
    pub base: PathBuf,
    /// The adapter's or the tuned model's folder.
    pub tuned: Option<PathBuf>,
    /// For people.
    pub name: String,
}

/// The tuned model of a training, or the base where `training` is `base`. Without a name: `main`, or the
/// only one.
pub fn find(project: &Project, training: Option<&str>) -> anyhow::Result<Found> {
    let results = project.results()?;
    let base = match base::origin(project)? {
        base::Origin::Folder(folder) => project.folder.join(folder),
        base::Origin::Toy | base::Origin::Nano(_) | base::Origin::Random(_) => {
            results.output(Names::BASE, Names::MODEL)?
        }
    };
    let trainings: Vec<_> = project.resolved().train.keys().map(String::as_str).collect();
    let name = training.unwrap_or_else(|| first(project));
    if name == Names::BASE {
        return Ok(Found { base, tuned: None, name: "base".into() });
    }
    if !trainings.contains(&name) {
        let hint = format!("there are {}, and `base`", trainings.join(", "));
        return Err(fail(format!("there is no training called `{name}`"), hint));
    }
    let tuned = results.output(&Names::train(name), Names::TUNED)?;
    Ok(Found { base, tuned: Some(tuned), name: name.to_owned() })
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
