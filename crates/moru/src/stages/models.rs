//! Stages of the models of a recipe: those of `main` have no name of their own, those of another model carry its name.

use super::Names;
use super::base::Base;
use crate::project::Project;
use crate::recipe::{Train, model_path};

/// The model of `[model]`.
const MAIN: &str = "main";

impl Names {
    /// A stage that each model has: `tokenize`, or `tokenize:NAME` of a model that is not `main`.
    pub fn of_model(stage: &str, model: &str) -> String {
        if model == MAIN { stage.to_owned() } else { format!("{stage}:{model}") }
    }

    /// The stage that makes a training's shards: trainings of one model share them, a classifier has its own.
    pub fn shards_of(name: &str, train: &Train) -> String {
        if train.is_classifier() {
            Self::tokenize_of(name)
        } else {
            Self::of_model(Self::TOKENIZE, train.model_name())
        }
    }

    /// What a model before any training is called beside the trainings: `base`, or `base.NAME`.
    pub fn base_of(model: &str) -> String {
        if model == MAIN { Self::BASE.to_owned() } else { format!("{}.{model}", Self::BASE) }
    }

    /// The section of a model in the recipe.
    pub fn model_section(model: &str) -> String {
        if model == MAIN { "model".to_owned() } else { format!("model.{model}") }
    }

    /// The key that says what a model is, as findings tell it.
    pub fn model_key(model: &str) -> String {
        format!("{}.base", Self::model_section(model))
    }

    /// Where a stage reads what a model is.
    pub fn model_param(model: &str) -> String {
        format!("{}.base", model_path(model))
    }
}

/// The model that a training begins with.
pub fn base_of<'b>(bases: &'b [Base], train: &Train) -> &'b Base {
    let found = bases.iter().find(|base| base.name == train.model_name());
    found.expect("a recipe names no model that it does not have")
}

/// Whether a model is tuned as a language model.
pub fn speaks(project: &Project, base: &Base) -> bool {
    let mut trainings = project.resolved().train.values();
    trainings.any(|train| !train.is_classifier() && train.model_name() == base.name)
}
