//! A model folder and adapters, opened as an engine that an assistant drives.

use std::path::Path;
use std::sync::Arc;

use model::adapter::AdapterFolder;
use model::{
    CachePrecision, Decoder, ModelConfig, ModelError, ModelFolder, Parameters, TensorSource, Trainable,
};
use serve::DecoderEngine;

use super::device::Backend;

/// An engine that owns its decoder.
pub type Engine = DecoderEngine<'static, Backend>;

/// Opens a model folder, with adapters, for so many sequences of so many tokens at once. Where nothing is said of the
/// cache, the weights decide.
pub fn open(
    model: &Path,
    adapters: &[&Path],
    slots: usize,
    max_context: usize,
    cache: Option<CachePrecision>,
) -> anyhow::Result<Engine> {
    let config = ModelConfig::from_folder(model)?;
    let device = Arc::new(super::device::open());
    // An adapter answers over the weights that it was trained over.
    let formats =
        adapters.iter().map(|adapter| train::base_weights(adapter)).collect::<Result<Vec<_>, _>>()?;
    let weights = formats.first().copied().flatten();
    anyhow::ensure!(
        formats.iter().all(|format| *format == weights),
        "these adapters were trained over weights of different formats; one model cannot carry them all"
    );
    let files = ModelFolder::open(model)?;
    let decoder = Arc::new(Decoder::load_as(device, config.clone(), &files, weights)?);
    let cache = cache.unwrap_or_else(|| decoder.cache_precision());
    let mut engine = DecoderEngine::with_cache_in(cache, Arc::clone(&decoder), slots, max_context);
    for folder in adapters {
        engine = engine.with_adapter(bind(&decoder, &AdapterFolder::open(folder, &config)?)?);
    }
    Ok(engine)
}

/// An adapter's numbers in their places.
fn bind(decoder: &Decoder<Backend>, folder: &AdapterFolder) -> anyhow::Result<Trainable<Backend>> {
    if !folder.info.labels.is_empty() {
        return Err(ModelError::NotALanguageModel { labels: folder.info.labels.len() }.into());
    }
    let device: &Backend = decoder.device();
    let layout = Arc::new(decoder.lora_layout(&folder.lora)?);
    let mut parameters = Parameters::zeros(device, layout);
    for name in folder.names() {
        parameters.write(device, &name, &folder.get(&name)?.to_f32())?;
    }
    Ok(decoder.bind_lora(parameters, &folder.lora)?)
}
