//! Keys and values of sequences that are being continued.

use kernels::{CacheShape, Device};

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
    pub(crate) fn new(device: &D, config: &ModelConfig, slots: usize, capacity: usize) -> Self {
        let shape = CacheShape { capacity, width: config.kv_width() };
        let len = slots * capacity * shape.width;
        let layers = (0..config.layers)
            .map(|_| LayerCache { keys: device.zeros(len), values: device.zeros(len) })
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
        let slot = self.shape.capacity * self.shape.width;
        if from != to {
            for layer in &mut self.layers {
                device.copy_within(&mut layer.keys, from * slot, to * slot, len * self.shape.width);
                device.copy_within(&mut layer.values, from * slot, to * slot, len * self.shape.width);
            }
        }
        self.lengths[to] = len;
    }

    /// Bytes that the cache occupies.
    pub fn bytes(&self) -> usize {
        8 * self.layers.len() * self.lengths.len() * self.shape.capacity * self.shape.width
    }
}
