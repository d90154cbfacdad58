//! The memory of a step, before it is taken.

use kernels::Device;
use kernels::quant::Format;

use super::Decoder;
use super::build::base_layout;
use super::trainable::lora_binding;
use crate::adapter::LoraConfig;
use crate::layers::Offsets;
use crate::parameters::{Binding, Trainable};
use crate::workspace::{Recompute, Sizes, planned};
use crate::{DType, ModelConfig, ModelError, Orientation, Positions};

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

/// A training of a model whose weights are not loaded.
pub struct Ahead<'a> {
    /// The model; a classifier's as [`ModelConfig::for_classification`] has it.
    pub config: &'a ModelConfig,
    /// How the model's files hold a tensor of this name. It is asked for tables and for the first block alone.
    pub stored: &'a dyn Fn(&str) -> DType,
    /// What the matrices of the blocks are quantised to.
    pub quantised: Option<Format>,
    /// The adapter that is trained; without one, every weight is.
    pub lora: Option<&'a LoraConfig>,
    /// Labels of a classification head.
    pub labels: Option<usize>,
}

impl Ahead<'_> {
    /// What [`Decoder::memory_plan`] will predict.
    ///
    /// # Errors
    /// The adapter does not fit the model.
    pub fn memory_plan<D: Device>(
        &self,
        device: &D,
        rows: usize,
        loss_rows: usize,
        recompute: Recompute,
    ) -> Result<MemoryPlan, ModelError> {
        let (binding, trained) = match self.lora {
            Some(lora) => lora_binding(self.config, lora)?,
            None => (Binding::Full(Offsets::lay_out(self.config, true).1), base_layout(self.config).total),
        };
        let trained = 4 * (trained + self.labels.unwrap_or(0) * self.config.hidden);
        let sizes = sizes(self.config, Some((&binding, self.labels)), rows, loss_rows, recompute);
        let (activations, scratch) = planned(device, self.config, &sizes);
        Ok(MemoryPlan {
            // Weights that are trained are no longer frozen ones.
            weights: if self.lora.is_some() { self.weight_bytes() } else { 0 },
            parameters: trained,
            gradients: trained,
            optimizer: 2 * trained,
            activations,
            scratch,
        })
    }

    fn weight_bytes(&self) -> usize {
        let config = self.config;
        let table = |name: &str, rows: usize| (self.stored)(name).bytes(rows * config.hidden);
        let mut bytes = table(config.embedding_name(), config.vocab);
        if config.positions == Positions::Learned {
            bytes += table(config.positions_name(), config.context);
        }
        if !config.tied_head {
            bytes += table(config.head_name(), config.vocab);
        }
        let block: usize = (config.linear_modules_of(0).iter())
            .map(|module| self.matrix_bytes(&module.weight_name(), module.inputs, module.outputs))
            .sum();
        bytes + config.layers * block + 4 * Offsets::lay_out(config, false).0.total
    }

    fn matrix_bytes(&self, name: &str, inputs: usize, outputs: usize) -> usize {
        let numbers = inputs * outputs;
        let held = match ((self.stored)(name), self.quantised) {
            // What is in blocks along its inputs stays so.
            (DType::Blocks(format), _) if self.config.orientation == Orientation::Linear => {
                DType::Blocks(format)
            }
            (stored, Some(format)) => match format.for_rows(inputs) {
                Some(Format::Nf4) => return nested_nf4_bytes(numbers),
                held => held.map_or(stored, DType::Blocks),
            },
            (DType::Blocks(_), None) => DType::F32,
            (stored, None) => stored,
        };
        held.bytes(numbers)
    }
}

/// Bytes of numbers that are quantised here to NF4: half a byte each, a code for the scale of each block, and a
/// magnitude for each 256 of those.
fn nested_nf4_bytes(numbers: usize) -> usize {
    let blocks = numbers / Format::Nf4.block();
    numbers / 2 + blocks + 4 * blocks.div_ceil(256) + 4
}

/// Sizes of a step; without a binding of a pass without gradients.
fn sizes(
    config: &ModelConfig,
    trained: Option<(&Binding, Option<usize>)>,
    rows: usize,
    loss_rows: usize,
    recompute: Recompute,
) -> Sizes {
    let layers = config.layers;
    let binding = trained.map(|(binding, _)| binding);
    let lowest = binding.map_or(layers, Binding::lowest_layer);
    Sizes {
        rows,
        loss_rows,
        targets: loss_rows,
        outputs: trained.and_then(|(_, labels)| labels).unwrap_or(config.vocab),
        logits: 0,
        ranks: binding.map_or([0; 4], Binding::ranks),
        cached: 0,
        known: 0,
        keep_from: (lowest..layers).find(|&l| !recompute.of(l)).unwrap_or(layers),
        backward: binding.is_some(),
        dropout: binding.is_some_and(Binding::drops),
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
        let trained = trainable.map(|trainable| (&trainable.binding, trainable.labels()));
        sizes(&self.config, trained, rows, loss_rows, recompute)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use kernels::Cpu;

    use super::*;
    use crate::LoraTargets;

    #[test]
    fn a_plan_without_weights_is_that_of_the_loaded_model() {
        let config = ModelConfig::preset("nano").unwrap();
        let lora =
            LoraConfig { rank: 8, alpha: 16.0, dropout: 0.1, targets: LoraTargets::All, rslora: false };
        for (dtype, quantised) in [(DType::F32, None), (DType::BF16, None), (DType::BF16, Some(Format::Nf4))]
        {
            let device = Arc::new(Cpu::new(1));
            let decoder = Decoder::random_as(device.clone(), config.clone(), 1, dtype, quantised).unwrap();
            let trainable = decoder.bind_lora(decoder.lora_parameters(&lora, 1).unwrap(), &lora).unwrap();
            let ahead =
                Ahead { config: &config, stored: &|_| dtype, quantised, lora: Some(&lora), labels: None };
            for recompute in [Recompute::Never, Recompute::Lowest(3), Recompute::Always] {
                let known = decoder.memory_plan(Some(&trainable), 300, 120, recompute);
                let foretold = ahead.memory_plan(&*device, 300, 120, recompute).unwrap();
                assert_eq!(foretold, known, "{dtype:?} {quantised:?}");
            }
        }
    }

    #[test]
    fn a_plan_of_all_weights_holds_no_frozen_ones() {
        let config = ModelConfig::preset("nano").unwrap();
        let device = Arc::new(Cpu::new(1));
        let mut decoder = Decoder::random(device.clone(), config.clone(), 1).unwrap();
        let parameters = decoder.full_parameters();
        let trainable = decoder.bind_full(parameters).unwrap();
        let known = decoder.memory_plan(Some(&trainable), 64, 64, Recompute::Never);
        let ahead =
            Ahead { config: &config, stored: &|_| DType::F32, quantised: None, lora: None, labels: None };
        assert_eq!(ahead.memory_plan(&*device, 64, 64, Recompute::Never).unwrap(), known);
    }
}
