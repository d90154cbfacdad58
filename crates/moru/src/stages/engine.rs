//! A decoder as an assistant asks for it: slots that remember, and adapters by index.

use std::sync::Arc;

use model::adapter::AdapterFolder;
use model::{
    DecodeRow, Decoder, KvCache, ModelConfig, ModelError, ModelFolder, Parameters, Recompute, TensorSource,
    TrainBatch, Trainable, Workspace,
};
use serve::{Engine, EngineShape};

use super::device::Backend;

/// A decoder with its cache and adapters.
pub struct DecoderEngine {
    decoder: Decoder<Backend>,
    adapters: Vec<Trainable<Backend>>,
    cache: KvCache<Backend>,
    workspace: Workspace<Backend>,
    capacity: usize,
}

impl DecoderEngine {
    /// Opens a model folder, with adapters, for so many sequences of so many tokens at once.
    pub fn open(
        model: &std::path::Path,
        adapters: &[&std::path::Path],
        slots: usize,
        max_context: usize,
    ) -> anyhow::Result<Self> {
        let config = ModelConfig::from_folder(model)?;
        let capacity = max_context.min(config.context);
        let device = Arc::new(super::device::open());
        let decoder = Decoder::load(device, config.clone(), &ModelFolder::open(model)?)?;
        let adapters = (adapters.iter())
            .map(|folder| bind(&decoder, &AdapterFolder::open(folder, &config)?))
            .collect::<anyhow::Result<_>>()?;
        let cache = decoder.kv_cache(slots, capacity);
        let workspace = Workspace::new(&**decoder.device(), Recompute::Never);
        Ok(Self { decoder, adapters, cache, workspace, capacity })
    }
}

/// An adapter's numbers in their places.
fn bind(decoder: &Decoder<Backend>, folder: &AdapterFolder) -> anyhow::Result<Trainable<Backend>> {
    let device: &Backend = decoder.device();
    let layout = Arc::new(decoder.lora_layout(&folder.lora)?);
    let mut parameters = Parameters::zeros(device, layout);
    for name in folder.names() {
        parameters.write(device, &name, &folder.get(&name)?.to_f32())?;
    }
    Ok(decoder.bind_lora(parameters, &folder.lora)?)
}

impl Engine for DecoderEngine {
    fn shape(&self) -> EngineShape {
        EngineShape { vocab: self.decoder.config().vocab, context: self.capacity, slots: self.cache.slots() }
    }

    fn prefill(&mut self, slot: usize, ids: &[u32], adapter: Option<usize>) -> Result<Vec<f32>, ModelError> {
        let adapter = adapter.map(|i| &self.adapters[i]);
        self.decoder.prefill(&mut self.cache, slot, ids, adapter, &mut self.workspace)
    }

    fn decode(&mut self, rows: &[DecodeRow], logits: &mut [f32]) -> Result<(), ModelError> {
        let adapters: Vec<_> = self.adapters.iter().collect();
        self.decoder.decode(&mut self.cache, rows, &adapters, &mut self.workspace, logits)
    }

    fn keep(&mut self, from: usize, to: usize, len: usize) {
        self.cache.copy_prefix(&**self.decoder.device(), from, to, len);
    }

    fn losses(&mut self, ids: &[u32], first: usize, adapter: Option<usize>) -> Result<Vec<f32>, ModelError> {
        let weights: Vec<f32> = (0..ids.len()).map(|i| if i >= first { 1.0 } else { 0.0 }).collect();
        let batch = TrainBatch::sample(ids, &weights);
        self.decoder.losses(adapter.map(|i| &self.adapters[i]), &batch, &mut self.workspace)
    }
}
