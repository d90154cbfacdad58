//! A decoder with its adapters as an engine.

use std::ops::Deref;
use std::sync::Arc;

use model::{
    CachePrecision, DecodeRow, Decoder, Device, KvCache, ModelError, Recompute, TrainBatch, Trainable,
    Workspace,
};

use super::{Engine, EngineShape};

/// Something that is owned together with others, or lent.
#[derive(Debug)]
pub enum Shared<'a, T> {
    /// Owned together with others.
    Owned(Arc<T>),
    /// Lent, for instance by a training loop that wants to hear its model.
    Lent(&'a T),
}

impl<T> Deref for Shared<'_, T> {
    type Target = T;

    fn deref(&self) -> &T {
        match self {
            Self::Owned(shared) => shared,
            Self::Lent(lent) => lent,
        }
    }
}

impl<T> From<T> for Shared<'_, T> {
    fn from(value: T) -> Self {
        Self::Owned(Arc::new(value))
    }
}

impl<T> From<Arc<T>> for Shared<'_, T> {
    fn from(value: Arc<T>) -> Self {
        Self::Owned(value)
    }
}

impl<'a, T> From<&'a T> for Shared<'a, T> {
    fn from(value: &'a T) -> Self {
        Self::Lent(value)
    }
}

/// Continues sequences with a decoder and a cache of keys and values.
#[derive(Debug)]
pub struct DecoderEngine<'a, D: Device> {
    decoder: Shared<'a, Decoder<D>>,
    /// In the order in which requests name them by index.
    adapters: Vec<Shared<'a, Trainable<D>>>,
    cache: KvCache<D>,
    workspace: Workspace<D>,
}

impl<'a, D: Device> DecoderEngine<'a, D> {
    /// An engine of `slots` sequences of up to `max_context_tokens` (the model's context where that is
    /// less), with keys and values in [`Decoder::cache_precision`].
    pub fn new(decoder: impl Into<Shared<'a, Decoder<D>>>, slots: usize, max_context_tokens: usize) -> Self {
        let decoder = decoder.into();
        let precision = decoder.cache_precision();
        Self::with_cache_in(precision, decoder, slots, max_context_tokens)
    }

    /// The same with keys and values held as given. A full cache takes 2 · layers · slots · context · key width
    /// numbers; only what is written takes memory.
    pub fn with_cache_in(
        precision: CachePrecision,
        decoder: impl Into<Shared<'a, Decoder<D>>>,
        slots: usize,
        max_context_tokens: usize,
    ) -> Self {
        let decoder = decoder.into();
        let capacity = max_context_tokens.min(decoder.config().context);
        let cache = decoder.kv_cache_in(precision, slots, capacity);
        let workspace = Workspace::new(&**decoder.device(), Recompute::Never);
        Self { decoder, adapters: Vec::new(), cache, workspace }
    }

    /// Adds an adapter, or trained parameters as a whole; its index is the number of those before it.
    pub fn with_adapter(mut self, adapter: impl Into<Shared<'a, Trainable<D>>>) -> Self {
        self.adapters.push(adapter.into());
        self
    }
}

impl<D: Device> Engine for DecoderEngine<'_, D> {
    fn shape(&self) -> EngineShape {
        EngineShape {
            vocab: self.decoder.config().vocab,
            context: self.cache.capacity(),
            slots: self.cache.slots(),
        }
    }

    fn prefill(&mut self, slot: usize, ids: &[u32], adapter: Option<usize>) -> Result<Vec<f32>, ModelError> {
        let trained: Option<&Trainable<D>> = adapter.map(|i| &*self.adapters[i]);
        self.decoder.prefill(&mut self.cache, slot, ids, trained, &mut self.workspace)
    }

    fn decode(&mut self, rows: &[DecodeRow], logits: &mut [f32]) -> Result<(), ModelError> {
        let adapters: Vec<&Trainable<D>> = self.adapters.iter().map(|adapter| &**adapter).collect();
        self.decoder.decode(&mut self.cache, rows, &adapters, &mut self.workspace, logits)
    }

    fn keep(&mut self, from: usize, to: usize, len: usize) {
        self.cache.copy_prefix(self.decoder.device(), from, to, len);
    }

    fn losses(&mut self, ids: &[u32], first: usize, adapter: Option<usize>) -> Result<Vec<f32>, ModelError> {
        let weights: Vec<f32> = (0..ids.len()).map(|at| f32::from(u8::from(at >= first))).collect();
        let batch = TrainBatch::sample(ids, &weights);
        let trained: Option<&Trainable<D>> = adapter.map(|i| &*self.adapters[i]);
        self.decoder.losses(trained, &batch, &mut self.workspace)
    }
}
