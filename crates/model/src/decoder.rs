//! The decoder: one architecture described by a config, its frozen weights, and what is done with them.
//!
//! 1. `build` takes the weights from a source, or draws them at random.
//! 2. `trainable` lays out what is trained: an adapter or everything.
//! 3. `pass` runs the blocks forward and backward; `step` makes losses and gradients of them.
//! 4. `generate` continues sequences over a KV cache.
//! 5. `classify` puts a classification head on what is trained.
//! 6. `plan` predicts the memory of a step.

mod build;
mod classify;
mod generate;
mod pass;
mod plan;
mod step;
mod trainable;

use std::sync::Arc;

use kernels::quant::Format;
use kernels::{CachePrecision, Device};

pub use build::{base_layout, check_format};
pub use classify::{PEFT_SCORE, SCORE};
pub use generate::DecodeRow;
pub use plan::{Ahead, MemoryPlan};

use crate::ModelConfig;
use crate::layers::{Base, Projection};

/// A decoder-only transformer on a device.
#[derive(Debug)]
pub struct Decoder<D: Device> {
    device: Arc<D>,
    config: ModelConfig,
    /// None once [`Decoder::full_parameters`] has taken the weights.
    base: Option<Base<D>>,
    /// (D/2): what a position turns each pair by; empty without rotation.
    frequencies: D::Buffer,
    /// How the blocks' matrices are held, where not as in their file.
    quantised: Option<Format>,
}

impl<D: Device> Decoder<D> {
    /// The architecture.
    pub fn config(&self) -> &ModelConfig {
        &self.config
    }

    /// The machine.
    pub fn device(&self) -> &Arc<D> {
        &self.device
    }

    /// The format of the blocks' matrices, where they are not held as in their file. Embedding and head always are.
    pub fn quantised(&self) -> Option<Format> {
        self.quantised
    }

    /// What keys and values are held as where nobody says: half floats beside quantised blocks, whose own rounding is
    /// far greater, else f32.
    pub fn cache_precision(&self) -> CachePrecision {
        let Some(base) = &self.base else { return CachePrecision::F32 };
        let bytes = |block: &[D::Weight; Projection::COUNT]| -> usize {
            block.iter().map(|w| self.device.weight_bytes(w)).sum()
        };
        let numbers: usize = Projection::ALL.iter().map(|p| p.sizes(&self.config)).map(|(i, o)| i * o).sum();
        let quantised = base.matrices.first().is_some_and(|block| bytes(block) < 2 * numbers);
        if quantised { CachePrecision::F16 } else { CachePrecision::F32 }
    }

    /// Bytes of the frozen weights; 0 once they were taken.
    pub fn weight_bytes(&self) -> usize {
        let Some(base) = &self.base else { return 0 };
        let matrices =
            base.matrices.iter().flatten().chain([&base.embedding]).chain(&base.positions).chain(&base.head);
        matrices.map(|w| self.device.weight_bytes(w)).sum::<usize>() + 4 * self.device.len(&base.vectors)
    }

    /// Bytes of the frozen weights that a generated token reads: all but tables of which it reads a row.
    pub fn read_bytes(&self) -> usize {
        let Some(base) = &self.base else { return 0 };
        let tables = base.head.is_some().then_some(&base.embedding).into_iter().chain(&base.positions);
        self.weight_bytes() - tables.map(|w| self.device.weight_bytes(w)).sum::<usize>()
    }
}
