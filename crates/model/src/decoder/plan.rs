//! The memory of a step, before it is taken.

use kernels::Device;

use super::Decoder;
use super::build::base_layout;
use crate::parameters::Trainable;
use crate::workspace::{Recompute, Sizes, planned};

/// Predicted bytes of training on batches up to a size.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct MemoryPlan {
    /// Frozen weights.
    pub weights: usize,
    /// Trainable numbers.
    pub parameters: usize,
    /// Their gradients.
    pub gradients: usize,
    /// AdamW's two means.
    pub optimizer: usize,
    /// Kept for the backward pass, and temporary.
    pub activations: usize,
    /// Of the operations.
    pub scratch: usize,
}

impl MemoryPlan {
    /// All of it.
    pub fn total(&self) -> usize {
        self.weights + self.parameters + self.gradients + self.optimizer + self.activations + self.scratch
    }
}

impl<D: Device> Decoder<D> {
    /// Predicts the memory of steps on batches of up to `rows` rows, of which `loss_rows` have a loss.
    /// `trainable` is None for a pass without gradients.
    pub fn memory_plan(
        &self,
        trainable: Option<&Trainable<D>>,
        rows: usize,
        loss_rows: usize,
        recompute: Recompute,
    ) -> MemoryPlan {
        let sizes = self.plan_sizes(trainable, rows, loss_rows, recompute);
        let (activations, scratch) = planned(&*self.device, &self.config, &sizes);
        let trained = trainable.map_or(0, |t| 4 * t.parameters.layout.total);
        MemoryPlan {
            weights: self.weight_bytes(),
            parameters: trained,
            gradients: trained,
            optimizer: 2 * trained,
            activations,
            scratch,
        }
    }

    /// Number of the architecture's parameters.
    pub fn parameter_count(&self) -> usize {
        base_layout(&self.config).total
    }

    /// Sizes of a step; without `trainable` of a pass without gradients.
    pub(super) fn plan_sizes(
        &self,
        trainable: Option<&Trainable<D>>,
        rows: usize,
        loss_rows: usize,
        recompute: Recompute,
    ) -> Sizes {
        let layers = self.config.layers;
        let lowest = trainable.map_or(layers, |t| t.binding.lowest_layer());
        Sizes {
            rows,
            loss_rows,
            targets: loss_rows,
            outputs: trainable.and_then(Trainable::labels).unwrap_or(self.config.vocab),
            logits: 0,
            ranks: trainable.map_or([0; 4], |t| t.binding.ranks()),
            cached: 0,
            known: 0,
            keep_from: (lowest..layers).find(|&l| !recompute.of(l)).unwrap_or(layers),
            backward: trainable.is_some(),
            dropout: trainable.is_some_and(|t| t.binding.drops()),
        }
    }
}
