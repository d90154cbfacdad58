//! `[model]` and `[model.NAME]`: what is tuned.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::reader::Section;
use super::train::MAIN;

/// `[model]`, or `[model.NAME]`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Model {
    /// `builtin:nano`, `builtin:toy`, `random:SHAPE`, a folder, or a Hugging Face id with or without `@revision`.
    pub base: String,
}

impl Model {
    fn read(mut section: Section<'_>) -> Self {
        let base: String = section.value(
            "base",
            "builtin:nano".to_owned(),
            "what is tuned: \"builtin:nano\", \"builtin:toy\" (untrained, to try things out), a folder with config.json, or a Hugging Face id (`owner/name`, `owner/name@revision`), which `moru run` fetches. [model.NAME] beside it is another model, for the trainings that name it",
        );
        if let Some(name) = base.strip_prefix("builtin:")
            && !["nano", "toy"].contains(&name)
        {
            section.impossible(
                "base",
                format!("there is no built-in model `{base}`; there are builtin:nano and builtin:toy"),
            );
        }
        if let Some(shape) = base.strip_prefix("random:")
            && model::ModelConfig::preset(shape).is_err()
        {
            let known = model::ModelConfig::PRESETS.join(", ");
            section.impossible("base", format!("there is no shape `{shape}`; there are {known}"));
        }
        section.finish(false);
        Self { base }
    }
}

/// The models of a recipe by name, at least one. `[model]` is `main`; as JSON its keys stand beside the tables of the
/// others, as they are typed.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Models {
    /// `[model]`, or `[model.main]`; none where every model has another name.
    #[serde(flatten)]
    main: Option<Model>,
    /// `[model.NAME]`.
    #[serde(flatten)]
    named: BTreeMap<String, Model>,
}

impl Models {
    /// `[model]` is `main`, `[model.NAME]` are more. `[model.main]` may be written out.
    pub(super) fn read(section: Section<'_>) -> Self {
        let mut models = Self::default();
        let instances = section.instances(&[]);
        for (name, _) in &instances {
            super::source::check_name(&section, name);
            if name == "base" {
                section.impossible(
                    name,
                    "[model.base]: `base` is the key of a model; take another name, or write base = \"…\"",
                );
            }
        }
        let has_main = instances.iter().any(|(name, _)| name == MAIN);
        let is_alone = instances.is_empty() || !section.is_only_tables();
        for (name, inner) in instances {
            if name == MAIN {
                // Its values are known by the path that they have without the name.
                models.main = Some(Model::read(inner.at("model")));
            } else {
                models.named.insert(name, Model::read(inner));
            }
        }
        if !has_main && is_alone {
            models.main = Some(Model::read(section.without_tables()));
        } else {
            section.finish(true);
        }
        models
    }

    /// Every model with its name, `main` first.
    pub fn all(&self) -> impl Iterator<Item = (&str, &Model)> {
        let main = self.main.iter().map(|model| (MAIN, model));
        main.chain(self.named.iter().map(|(name, model)| (name.as_str(), model)))
    }

    /// The model of a name.
    pub fn get(&self, name: &str) -> Option<&Model> {
        self.all().find(|(known, _)| *known == name).map(|(_, model)| model)
    }

    /// What the models are, in one line.
    pub fn bases(&self) -> String {
        self.all().map(|(_, model)| model.base.as_str()).collect::<Vec<_>>().join(", ")
    }

    /// The models that are not `main`.
    pub fn named(&self) -> &BTreeMap<String, Model> {
        &self.named
    }
}

/// Where stages read a model's parameters. Those of `main` have a path of their own, so that no other model is among
/// what they read.
pub fn path(name: &str) -> String {
    if name == MAIN { "model".to_owned() } else { format!("models.{name}") }
}

/// The model of a training, `None` for `main`: the one that it names, else the one of its own name, else `main`.
pub(super) fn of_training(s: &mut Section<'_>, training: &str, models: &Models) -> Option<String> {
    let typed: Option<String> = s.value(
        "model",
        None,
        "the [model.NAME] that is tuned; where absent the model of the training's own name, else [model]",
    );
    let own = models.get(training).map_or(MAIN, |_| training);
    let name = typed.as_deref().unwrap_or(own);
    if models.get(name).is_none() {
        let known: Vec<&str> = models.all().map(|(known, _)| known).collect();
        if typed.is_some() {
            s.unknown_choice("model", name, &known);
        } else {
            s.impossible(
                "model",
                format!(
                    "[train.{training}] does not say which model it tunes, and there is no [model]; write model = \"NAME\" into it: {}",
                    known.join(", ")
                ),
            );
        }
    }
    (name != MAIN).then(|| name.to_owned())
}
