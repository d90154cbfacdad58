//! What a training tells while it runs. Showing it is someone else's.

use std::path::PathBuf;

use model::MemoryPlan;

use crate::Batching;

/// Something that happened. Steps count from 1.
#[derive(Debug, Clone, PartialEq)]
pub enum Event {
    /// Before the first step.
    Started {
        /// What lies ahead.
        plan: PlanFigures,
    },
    /// What memory the training will take at most.
    Memory(MemoryFigures),
    /// The largest pass was tried, forward and backward, and nothing was learned from it.
    DryStep {
        /// Tokens of the pass.
        tokens: usize,
        /// How long it took.
        seconds: f64,
        /// What the process was foretold to hold at most, in bytes.
        predicted_peak_bytes: u64,
        /// What it held, where that can be told.
        peak_bytes: Option<u64>,
    },
    /// The training goes on where a checkpoint was written.
    Resumed {
        /// Steps that are done.
        step: u64,
        /// The checkpoint.
        checkpoint: PathBuf,
    },
    /// A checkpoint is broken and is passed over.
    CheckpointIgnored {
        /// The checkpoint.
        checkpoint: PathBuf,
        /// What is wrong with it.
        why: String,
    },
    /// After each optimizer step.
    Step(StepFigures),
    /// The valid split was measured.
    Eval(EvalFigures),
    /// A checkpoint stands.
    Checkpoint {
        /// Steps that are done.
        step: u64,
        /// Its folder.
        path: PathBuf,
    },
    /// The outputs stand.
    Finished(Outcome),
}

/// What lies ahead of a training, told before its first step.
#[derive(Debug, Clone, PartialEq)]
pub struct PlanFigures {
    /// Samples of the training split.
    pub samples: usize,
    /// Samples of the valid split.
    pub valid_samples: usize,
    /// Optimizer steps.
    pub steps: u64,
    /// Optimizer steps of an epoch.
    pub steps_per_epoch: u64,
    /// Epochs, with a fraction.
    pub epochs: f64,
    /// Tokens of the training split as given.
    pub tokens: u64,
    /// Tokens that are trained.
    pub trained_tokens: u64,
    /// Tokens that an epoch would compute if each step were padded to its longest sample.
    pub padded_tokens: u64,
    /// Tokens of the samples one after another, without what follows their last trained token.
    pub packed_tokens: u64,
    /// Tokens of the first epoch laid as trees, in which a beginning that samples share is computed once; of the
    /// order that trees would have, where samples are packed.
    pub tree_tokens: u64,
    /// What is done: packed or trees.
    pub batching: Batching,
    /// Tokens of the longest sample.
    pub longest_tokens: usize,
    /// Samples of one optimizer step.
    pub samples_per_step: usize,
    /// Parameters that are trained.
    pub trainable_parameters: usize,
    /// Parameters of the base.
    pub base_parameters: usize,
    /// Tokens of the largest forward and backward pass.
    pub largest_pass_tokens: usize,
    /// Tokens of the largest pass that is grown above [`Settings::micro_tokens`](crate::Settings::micro_tokens), where
    /// there is one: its samples share most of what they have.
    pub grown_pass_tokens: Option<usize>,
    /// Predicted memory, at that pass.
    pub memory: MemoryPlan,
    /// What settings and data amount to; a checkpoint is only taken up by the same.
    pub digest: String,
}

impl PlanFigures {
    /// The share of the packed tokens that trees do not compute, 0 to 1.
    pub fn tree_saving(&self) -> f64 {
        1.0 - self.tree_tokens as f64 / self.packed_tokens.max(1) as f64
    }
}

/// What memory a training will take, told before its first step. Sizes in bytes.
#[derive(Debug, Clone, PartialEq)]
pub struct MemoryFigures {
    /// Of the largest pass, by part.
    pub plan: MemoryPlan,
    /// What is held besides while a metric of the host's own is measured.
    pub measuring: u64,
    /// What the process holds besides.
    pub others: u64,
    /// What the process will hold at most.
    pub predicted_peak_bytes: u64,
    /// What it may hold, where that is known.
    pub limit_bytes: Option<u64>,
    /// Blocks whose activations are made again in the backward pass.
    pub recomputed_layers: usize,
    /// Blocks of the model.
    pub layers: usize,
    /// Tokens of the largest pass.
    pub pass_tokens: usize,
    /// Tokens of the largest pass that is grown above [`Settings::micro_tokens`](crate::Settings::micro_tokens), where
    /// there is one.
    pub grown_pass_tokens: Option<usize>,
    /// What the process would hold at most if all blocks were recomputed.
    pub recomputed_peak_bytes: u64,
}

/// One optimizer step.
#[derive(Debug, Clone, PartialEq)]
pub struct StepFigures {
    /// The step.
    pub step: u64,
    /// All steps.
    pub steps: u64,
    /// Epochs done, with a fraction.
    pub epoch: f64,
    /// Mean negative log-likelihood of the step's trained tokens, in nats.
    pub loss: f64,
    /// Norm of the gradient of that mean, before clipping.
    pub grad_norm: f64,
    /// The learning rate that was used.
    pub learning_rate: f64,
    /// Tokens of its samples; where they are laid as trees, fewer are computed.
    pub tokens: u64,
    /// Tokens trained.
    pub trained_tokens: u64,
    /// Tokens of samples since the first step, over all runs.
    pub num_tokens: u64,
    /// How long it took.
    pub seconds: f64,
    /// Tokens of samples a second.
    pub tokens_per_s: f64,
    /// Tokens trained a second.
    pub trained_tokens_per_s: f64,
}

/// A measurement of the valid split.
#[derive(Debug, Clone, PartialEq)]
pub struct EvalFigures {
    /// After which step.
    pub step: u64,
    /// Epochs done, with a fraction.
    pub epoch: f64,
    /// Mean negative log-likelihood of its trained tokens, in nats.
    pub eval_loss: f64,
    /// The in-loop metric, where there is one.
    pub metric: Option<Metric>,
    /// Whether it is the best so far.
    pub best: bool,
    /// How long it took.
    pub seconds: f64,
}

/// A number that says how good a model is.
#[derive(Debug, Clone, PartialEq)]
pub struct Metric {
    /// Its name.
    pub name: String,
    /// Its value.
    pub value: f64,
    /// Whether more is better.
    pub greater_is_better: bool,
}

/// How a training ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ending {
    /// All steps are done.
    Complete,
    /// The valid split showed no more gain.
    Early,
    /// It was asked to stop; a checkpoint was written and nothing else.
    Stopped,
}

/// What a training leaves.
#[derive(Debug, Clone, PartialEq)]
pub struct Outcome {
    /// How it ended.
    pub ending: Ending,
    /// Steps that are done.
    pub step: u64,
    /// The step whose parameters are the result.
    pub result_step: u64,
    /// Loss of the last step.
    pub loss: f64,
    /// Loss of the valid split at the result's step.
    pub eval_loss: Option<f64>,
    /// Folder of the adapter, or of the model when all parameters were trained; none when stopped.
    pub result: Option<PathBuf>,
}
