//! Which model is meant: the result of a training, or the best or last checkpoint of one that has none yet.

use std::path::{Path, PathBuf};

use serde_json::Value;

use super::holds_a_model;
use crate::console::error::fail;
use crate::project::Project;
use crate::stages::{Names, assistant, model_of};
use crate::top::log::places;

/// What is to be written.
#[derive(Debug, Clone)]
pub struct Chosen {
    /// The folder of the base; of a model all of whose weights were trained, its own.
    pub base: PathBuf,
    /// The folder of the adapter.
    pub adapter: Option<PathBuf>,
    /// The training's name, or the folder's.
    pub name: String,
    /// What the base is called.
    pub base_name: String,
    /// The template that it was trained with, as the recipe names it.
    pub template: String,
    /// Which checkpoint it is, for people.
    pub which: String,
}

/// The model of a project's training: `main`, or the first, where none is named.
pub fn of_project(project: &Project, training: Option<&str>) -> anyhow::Result<Chosen> {
    let name = training.unwrap_or_else(|| model_of::first(project)).to_owned();
    let results = project.results()?;
    let Some(recipe) = project.resolved().train.get(&name) else {
        let known: Vec<_> = project.resolved().train.keys().map(String::as_str).collect();
        return Err(fail(
            format!("there is no training called `{name}`"),
            format!("there are {}; or name the folder of an adapter or a model", known.join(", ")),
        ));
    };
    if recipe.is_classifier() {
        return Err(fail(
            format!("`{name}` is a classifier, which cannot be merged or quantised yet"),
            "use its folder in out/ as it is",
        ));
    }
    let base = model_of::base(project, recipe.model_name())?;
    let (tuned, which) = match results.output(&Names::train(&name), Names::TUNED) {
        Ok(tuned) => {
            let state = results.output(&Names::train(&name), Names::STATE).ok();
            (tuned, result_of(state.as_deref(), recipe.result == "last"))
        }
        Err(unfinished) => {
            let open = places(&project.folder).into_iter().find(|place| place.open && place.name == name);
            let folder = open.and_then(|place| place.path.parent().map(Path::to_owned));
            let found = folder.and_then(|folder| checkpoint(&folder)).ok_or(unfinished)?;
            (found.0, format!("{} of a training that is not finished", found.1))
        }
    };
    let model = project.resolved().model.get(recipe.model_name()).map(|model| model.base.clone());
    let template = project.resolved().tokenize.template.clone();
    Ok(of(base, tuned, name, model.unwrap_or_default(), template, which))
}

/// The model in a folder: an adapter, a model, or the best or last checkpoint of a training's folder.
pub fn of_folder(folder: &Path, base: Option<&Path>) -> anyhow::Result<Chosen> {
    let (tuned, which) = if holds_a_model(folder) {
        (folder.to_owned(), format!("{} as it is", folder.display()))
    } else {
        checkpoint(folder).ok_or_else(|| {
            fail(
                format!("{} holds no model, no adapter and no checkpoint-N", folder.display()),
                "name a folder with adapter_config.json or config.json in it, or one with checkpoints",
            )
        })?
    };
    let name =
        folder.file_name().map_or_else(|| "model".to_owned(), |name| name.to_string_lossy().into_owned());
    if !assistant::is_adapter(&tuned) {
        return Ok(of(tuned.clone(), tuned, name, "itself".to_owned(), "model".to_owned(), which));
    }
    let Some(base) = base else {
        return Err(fail(
            format!("{} is an adapter", tuned.display()),
            "name the folder of its base with --base; `moru export` writes that of a project",
        ));
    };
    let base_name = base.display().to_string();
    Ok(of(base.to_owned(), tuned, name, base_name, "model".to_owned(), which))
}

fn of(
    base: PathBuf,
    tuned: PathBuf,
    name: String,
    base_name: String,
    template: String,
    which: String,
) -> Chosen {
    if assistant::is_adapter(&tuned) {
        Chosen { base, adapter: Some(tuned), name, base_name, template, which }
    } else {
        // It carries its template.
        Chosen { base: tuned, adapter: None, name, base_name, template: "model".to_owned(), which }
    }
}

/// Which checkpoint a finished training took.
fn result_of(state: Option<&Path>, is_last: bool) -> String {
    let state = state.and_then(read);
    let number = |key: &str| state.as_ref().and_then(|state| state[key].as_u64());
    match (number("best_global_step"), number("global_step")) {
        (Some(best), Some(last)) if !is_last => {
            format!("the best checkpoint, after step {best} of {last}")
        }
        (_, Some(last)) => format!("the last checkpoint, after step {last}"),
        _ => "the result of the training".to_owned(),
    }
}

/// The best checkpoint in a training's folder, or the last where none was measured.
fn checkpoint(folder: &Path) -> Option<(PathBuf, String)> {
    let entries = std::fs::read_dir(folder).ok()?.filter_map(Result::ok);
    let step = |path: &Path| path.file_name()?.to_str()?.strip_prefix("checkpoint-")?.parse::<u64>().ok();
    let steps = entries.map(|entry| entry.path()).filter(|path| holds_a_model(path));
    let last = steps.filter_map(|path| Some((step(&path)?, path))).max()?;
    let states = [folder.join("trainer_state.json"), last.1.join("trainer_state.json")];
    let best = states.iter().find_map(|path| read(path)).and_then(|state| {
        // Other programs write the path that it had, which may be another now.
        let name = Path::new(state["best_model_checkpoint"].as_str()?).file_name()?.to_owned();
        let path = folder.join(name);
        holds_a_model(&path).then_some(())?;
        Some((step(&path)?, path))
    });
    Some(match best {
        Some((step, path)) => (path, format!("the best checkpoint, after step {step}")),
        None => (last.1, format!("the last checkpoint, after step {}", last.0)),
    })
}

fn read(path: &Path) -> Option<Value> {
    serde_json::from_slice(&std::fs::read(path).ok()?).ok()
}
