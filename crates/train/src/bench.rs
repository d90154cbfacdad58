//! The loop's own step, repeated on one set of samples: what `bench` measures.

use chat::SampleView;
use kernels::Device;
use model::{Decoder, MemoryPlan, Recompute};

use crate::batches::Samples;
use crate::learner::Learner;
use crate::{Batching, Settings, TrainError};

/// A training that repeats one step.
pub struct Bench<'a, D: Device> {
    learner: Learner<'a, D>,
    samples: Samples<'a>,
    passes: Vec<Vec<usize>>,
    learning_rate: f64,
    recompute: Recompute,
    steps: u64,
}

/// What a step of a bench did.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct BenchStep {
    /// Mean negative log-likelihood of the trained tokens, in nats; not finite when the training broke down.
    pub loss: f64,
    /// Tokens computed; fewer than those of the samples where they are laid as trees.
    pub tokens: usize,
    /// Tokens of the samples.
    pub sample_tokens: usize,
    /// Tokens trained.
    pub trained_tokens: usize,
}

impl<'a, D: Device> Bench<'a, D> {
    /// Prepares to train `samples`, all of them in every step.
    ///
    /// # Errors
    /// Settings or samples are refused.
    pub fn new(
        decoder: &'a mut Decoder<D>,
        settings: &Settings,
        samples: &[SampleView<'a>],
    ) -> Result<Self, TrainError> {
        settings.check()?;
        if samples.is_empty() {
            return Err(TrainError::NoSamples);
        }
        let mut samples = Samples::new(samples, decoder.config(), &settings.task)?;
        if settings.batching == Batching::Tree {
            samples.share(settings);
        }
        let all: Vec<usize> = (0..samples.len()).collect();
        let passes = samples.passes(&all, settings.micro_tokens);
        let learner = Learner::new(decoder, settings)?;
        Ok(Self {
            learner,
            samples,
            passes,
            learning_rate: settings.learning_rate,
            recompute: settings.recompute.unwrap_or_default(),
            steps: 0,
        })
    }

    /// One optimizer step, the same code as the training loop's.
    ///
    /// # Errors
    /// Those of the model.
    pub fn step(&mut self) -> Result<BenchStep, TrainError> {
        self.steps += 1;
        let mut batches = self.passes.iter().map(|pass| self.samples.lay_out(pass));
        let result = self.learner.step(&mut batches, self.steps, self.learning_rate)?;
        let count = |of: &dyn Fn(usize) -> usize| (0..self.samples.len()).map(of).sum();
        Ok(BenchStep {
            loss: result.map_or_else(|bad| bad.value, |good| good.loss),
            tokens: self.passes.iter().map(|pass| self.samples.pass_tokens(pass)).sum(),
            sample_tokens: count(&|s| self.samples.tokens(s)),
            trained_tokens: count(&|s| self.samples.trained_tokens(s)),
        })
    }

    /// Number of trainable parameters.
    pub fn trainable_parameters(&self) -> usize {
        self.learner.trainable.parameters.layout.total
    }

    /// Memory of a step, predicted from its largest pass.
    pub fn memory(&self) -> MemoryPlan {
        let rows = self.passes.iter().map(|pass| self.samples.pass_tokens(pass)).max().unwrap_or(0);
        let trained = |pass: &Vec<usize>| pass.iter().map(|&s| self.samples.trained_tokens(s)).sum();
        let loss_rows = self.passes.iter().map(trained).max().unwrap_or(0).min(rows);
        let trainable = Some(&self.learner.trainable);
        self.learner.decoder.memory_plan(trainable, rows, loss_rows, self.recompute)
    }

    /// The decoder that is trained.
    pub fn decoder(&self) -> &Decoder<D> {
        self.learner.decoder
    }
}
