//! `[model]`: what is tuned.

use serde::{Deserialize, Serialize};

use super::reader::Section;

/// `[model]`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Model {
    /// `builtin:nano`, `builtin:toy`, `random:SHAPE`, a folder, or a Hugging Face id with or without `@revision`.
    pub base: String,
}

impl Model {
    pub(super) fn read(mut section: Section<'_>) -> Self {
        let base: String = section.value(
            "base",
            "builtin:nano".to_owned(),
            "what is tuned: \"builtin:nano\", \"builtin:toy\" (untrained, to try things out), a folder with config.json, or a Hugging Face id (`owner/name`, `owner/name@revision`), which `moru run` fetches",
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
