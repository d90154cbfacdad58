//! What learns: the trainable parameters, their gradients, the optimizer, and the decoder they belong to.

use kernels::Device;
use model::adapter::AdapterFolder;
use model::{Decoder, LossSum, Parameters, Recompute, TensorSource, TrainBatch, Trainable, Workspace};

use crate::optimizer::Optimizer;
use crate::{Method, Settings, Task, TrainError};

/// Everything that a step changes.
pub(crate) struct Learner<'a, D: Device> {
    pub decoder: &'a mut Decoder<D>,
    pub trainable: Trainable<D>,
    pub optimizer: Optimizer<D>,
    pub gradients: Parameters<D>,
    workspace: Workspace<D>,
    max_grad_norm: Option<f64>,
    seed: u64,
}

/// What a step was told and what came of it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct StepResult {
    /// Mean over the step's trained tokens.
    pub loss: f64,
    /// Of the mean's gradient, before clipping.
    pub grad_norm: f64,
}

/// What is wrong with a step's numbers.
#[derive(Debug, Clone, Copy)]
pub(crate) struct NotFinite {
    pub what: &'static str,
    pub value: f64,
}

impl<'a, D: Device> Learner<'a, D> {
    /// Initial values by the settings: A random and B = 0, an adapter's, or the base's own.
    pub fn new(decoder: &'a mut Decoder<D>, settings: &Settings) -> Result<Self, TrainError> {
        if decoder.quantised() != settings.base.weights {
            let name = |format: Option<kernels::quant::Format>| format.map_or("in their file", |f| f.name());
            let (held, wanted) = (name(decoder.quantised()), name(settings.base.weights));
            return Err(TrainError::Weights { held, wanted });
        }
        let mut trainable = match &settings.method {
            Method::Full => {
                let parameters = decoder.full_parameters();
                decoder.bind_full(parameters)?
            }
            Method::Lora { lora, .. } => {
                decoder.bind_lora(decoder.lora_parameters(lora, settings.seed)?, lora)?
            }
        };
        if let Task::Labels(labels) = &settings.task {
            trainable = decoder.with_score(trainable, labels.len(), settings.seed)?;
        }
        if let Method::Lora { start_from: Some(folder), .. } = &settings.method {
            let adapter = AdapterFolder::open(folder, decoder.config())?;
            load(&**decoder.device(), &mut trainable.parameters, &adapter, "")?;
        }
        let device = &**decoder.device();
        let optimizer = Optimizer::new(device, &trainable.parameters, settings);
        let gradients = Parameters::zeros(device, trainable.parameters.layout.clone());
        Ok(Self {
            workspace: Workspace::new(device, settings.recompute.unwrap_or_default()),
            decoder,
            trainable,
            optimizer,
            gradients,
            max_grad_norm: settings.max_grad_norm,
            seed: settings.seed,
        })
    }

    /// Which blocks are made again in the backward pass, from the next pass on.
    pub fn set_recompute(&mut self, recompute: Recompute) {
        self.workspace.recompute = recompute;
    }

    /// Which blocks are made again.
    pub fn recompute(&self) -> Recompute {
        self.workspace.recompute
    }

    /// Writes zeros over the zeros of a fresh optimizer: a system gives memory when it is first written.
    pub fn touch_optimizer(&mut self) {
        let device = &**self.decoder.device();
        for mean in [&mut self.optimizer.mean, &mut self.optimizer.square] {
            device.fill(&mut mean.values, 0..mean.layout.total, 0.0);
        }
    }

    /// One optimizer step, number `step` from 1, over passes laid out by `passes`.
    ///
    /// The passes leave the sums of losses and gradients; they are divided once, by the step's sum of weights, so that
    /// the step does not depend on how it is split into passes.
    pub fn step(
        &mut self,
        passes: &mut dyn Iterator<Item = TrainBatch>,
        step: u64,
        learning_rate: f64,
    ) -> Result<Result<StepResult, NotFinite>, TrainError> {
        // Forward and backward.
        let sum = self.gradient(passes, step)?;
        let loss = sum.loss / sum.weight;
        if !loss.is_finite() {
            return Ok(Err(NotFinite { what: "the loss", value: loss }));
        }

        // Clip, as torch.nn.utils.clip_grad_norm_ does.
        let device = &**self.decoder.device();
        let total = self.gradients.layout.total;
        let grad_norm = device.sum_of_squares(&self.gradients.values, 0..total).sqrt() / sum.weight;
        if !grad_norm.is_finite() {
            return Ok(Err(NotFinite { what: "the gradient's norm", value: grad_norm }));
        }
        let clip = self.max_grad_norm.map_or(1.0, |max| (max / (grad_norm + 1e-6)).min(1.0));

        // Step.
        let parameters = &mut self.trainable.parameters;
        self.optimizer.step(device, parameters, &self.gradients, step, learning_rate, clip / sum.weight);
        Ok(Ok(StepResult { loss, grad_norm }))
    }

    /// Leaves the gradient of the sum of losses, and gives the sum.
    pub fn gradient(
        &mut self,
        passes: &mut dyn Iterator<Item = TrainBatch>,
        step: u64,
    ) -> Result<LossSum, TrainError> {
        let total = self.gradients.layout.total;
        self.decoder.device().fill(&mut self.gradients.values, 0..total, 0.0);
        let mut sum = LossSum::default();
        for (index, pass) in passes.enumerate() {
            let dropout = kernels::random::mix(self.seed, step << 20 | index as u64);
            let (gradients, workspace) = (&mut self.gradients.values, &mut self.workspace);
            let part = self.decoder.loss_and_grad(&self.trainable, &pass, gradients, workspace, dropout)?;
            sum.loss += part.loss;
            sum.weight += part.weight;
        }
        Ok(sum)
    }

    /// Mean loss over passes, without learning.
    pub fn loss(&mut self, passes: &mut dyn Iterator<Item = TrainBatch>) -> Result<f64, TrainError> {
        let mut sum = LossSum::default();
        for pass in passes {
            let part = self.decoder.loss(Some(&self.trainable), &pass, &mut self.workspace)?;
            sum.loss += part.loss;
            sum.weight += part.weight;
        }
        Ok(sum.loss / sum.weight)
    }
}

/// Copies every tensor of the layout from `source`, where its name has `prefix` before it.
pub(crate) fn load<D: Device>(
    device: &D,
    parameters: &mut Parameters<D>,
    source: &dyn TensorSource,
    prefix: &str,
) -> Result<(), TrainError> {
    let layout = parameters.layout.clone();
    for spec in &layout.specs {
        let name = format!("{prefix}{}", spec.name);
        let view = source.get(&name)?;
        if view.shape != spec.shape {
            let (found, expected) = (view.shape, spec.shape.clone());
            return Err(model::ModelError::TensorShape { name, found, expected }.into());
        }
        device.write(&mut parameters.values, spec.offset, &view.to_f32());
    }
    Ok(())
}
