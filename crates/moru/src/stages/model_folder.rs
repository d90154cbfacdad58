//! A model's folder looked over before long work begins: is it whole, and do its parts belong together?

use std::path::Path;

use anyhow::Context;
use model::weights::get_checked;
use model::{ModelConfig, ModelFolder, base_layout};
use serve::AssistantError;

use super::tokenize;
use crate::recipe::Tokenize;

/// Reads what describes the model, and of the weights the headers: names, shapes, sizes.
///
/// # Errors
/// Whatever a later stage would stumble over: a missing file, an architecture that is not built, weights
/// that are cut or of another model, a tokenizer or a template that does not fit.
pub fn check(folder: &Path, recipe: &Tokenize) -> anyhow::Result<ModelConfig> {
    look_over(folder, recipe).with_context(|| format!("the model in {} cannot be used", folder.display()))
}

fn look_over(folder: &Path, recipe: &Tokenize) -> anyhow::Result<ModelConfig> {
    let config = ModelConfig::from_folder(folder)?;
    let weights = ModelFolder::open(folder)?;
    for spec in &base_layout(&config).specs {
        get_checked(&weights, &config, &spec.name, &spec.shape)?;
    }
    let encoder = tokenize::encoder(folder, recipe)?;
    let n_tokens = encoder.tokenizer().vocab_size();
    if n_tokens > config.vocab {
        return Err(AssistantError::Vocabulary { tokenizer: n_tokens, model: config.vocab }.into());
    }
    tokenize::max_len(folder, recipe)?;
    Ok(config)
}
