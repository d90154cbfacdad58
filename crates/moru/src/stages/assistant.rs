//! A model folder, with an adapter or without, as something that answers.

use std::path::Path;

use chat::{Encoder, Placeholders};
use model::CachePrecision;
use serve::{Assistant, AssistantOptions};

use super::engine::{self, Engine};

/// System turns that are remembered.
const PREFIX_SLOTS: usize = 2;

/// Most tokens that prompt and reply have together; the model's context where that is less.
pub const MAX_CONTEXT: usize = 2048;

/// Whether a folder holds an adapter rather than a model.
pub fn is_adapter(folder: &Path) -> bool {
    folder.join("adapter_config.json").exists()
}

/// Opens a model folder and what was tuned of it: nothing, an adapter, or a whole model. It answers so
/// many conversations at once, with keys and values held as given or as the weights decide.
pub fn open(
    base: &Path,
    tuned: Option<&Path>,
    encoder: Encoder,
    slots: usize,
    placeholders: Placeholders,
    cache: Option<CachePrecision>,
) -> anyhow::Result<Assistant<Engine>> {
    let (model, adapters) = match tuned {
        Some(folder) if is_adapter(folder) => (base, vec![folder]),
        Some(folder) => (folder, Vec::new()),
        None => (base, Vec::new()),
    };
    let engine = engine::open(model, &adapters, slots + PREFIX_SLOTS, MAX_CONTEXT, cache)?;
    let options = AssistantOptions {
        prefix_slots: PREFIX_SLOTS,
        adapters: adapters.iter().map(|_| "tuned".to_owned()).collect(),
        default_adapter: (!adapters.is_empty()).then_some(0),
        placeholders,
    };
    Ok(Assistant::new(engine, encoder, options)?)
}
