//! Keys and values of sequences that are being continued.

use kernels::{CachePrecision, CacheShape, Device};

use crate::ModelConfig;
use crate::layers::attention::LayerCache;

/// Keys and values of several sequences, each in a slot of its own.
#[derive(Debug)]
pub struct KvCache<D: Device> {
    pub(crate) layers: Vec<LayerCache<D>>,
    pub(crate) shape: CacheShape,
    /// Positions that are filled, by slot.
    pub(crate) lengths: Vec<usize>,
}

impl<D: Device> KvCache<D> {
    /// Room for `slots` sequences of up to `capacity` tokens each.
    pub(crate) fn new(
        device: &D,
        config: &ModelConfig,
        slots: usize,
        capacity: usize,
        precision: CachePrecision,
    ) -> Self {
        let shape =
            CacheShape { slots, capacity, heads: config.kv_heads, head_dim: config.head_dim, precision };
        let layers = (0..config.layers)
            .map(|_| LayerCache { keys: device.cache(shape), values: device.cache(shape) })
            .collect();
        Self { layers, shape, lengths: vec![0; slots] }
    }

    /// Number of sequences.
    pub fn slots(&self) -> usize {
        self.lengths.len()
    }

    /// Tokens that a sequence may have.
    pub fn capacity(&self) -> usize {
        self.shape.capacity
    }

    /// Tokens that slot `slot` holds.
    pub fn len(&self, slot: usize) -> usize {
        self.lengths[slot]
    }

    /// Whether slot `slot` holds nothing.
    pub fn is_empty(&self, slot: usize) -> bool {
        self.lengths[slot] == 0
    }

    /// Forgets all but the first `len` tokens of a slot.
    pub fn truncate(&mut self, slot: usize, len: usize) {
        self.lengths[slot] = self.lengths[slot].min(len);
    }

    /// Makes slot `to` begin with the first `len` tokens of slot `from`, such as a common system prompt.
    pub fn copy_prefix(&mut self, device: &D, from: usize, to: usize, len: usize) {
        let len = len.min(self.lengths[from]);
        if from != to {
            for layer in &mut self.layers {
                device.cache_copy(&mut layer.keys, from, to, len);
                device.cache_copy(&mut layer.values, from, to, len);
            }
        }
        self.lengths[to] = len;
    }

    /// What its numbers are held as.
    pub fn precision(&self) -> CachePrecision {
        self.shape.precision
    }

    /// Bytes that the cache has room for; only what has been written takes memory.
    pub fn bytes(&self) -> usize {
        2 * self.layers.len() * self.shape.bytes()
    }
}
