//! The curves of a training and what they cost.

use serde::{Deserialize, Serialize};

/// One trained model.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Training {
    /// Its name: `main`.
    pub name: String,
    /// `lora`, `qlora`, `full` …
    pub method: String,
    /// What was tuned, as the recipe names it.
    pub base_model: String,
    /// Parameters of the model.
    #[serde(default)]
    pub parameters: u64,
    /// Parameters that were trained.
    #[serde(default)]
    pub trained_parameters: u64,
    /// Rank of the adapter, where there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rank: Option<u32>,
    /// One a step that was logged.
    #[serde(default)]
    pub steps: Vec<StepPoint>,
    /// One a look at the validation split.
    #[serde(default)]
    pub valid: Vec<ValidPoint>,
    /// The step whose weights were kept.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub best_step: Option<u64>,
    /// Times the training split was seen.
    #[serde(default)]
    pub epochs: f64,
    /// Tokens that were run through the model.
    #[serde(default)]
    pub tokens: u64,
    /// Tokens that carried loss.
    #[serde(default)]
    pub trained_tokens: u64,
    /// What an epoch computes, laid one way and the other.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub batch_tokens: Option<BatchTokens>,
    /// Tokens a second over the whole training.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tokens_per_second: Option<f64>,
    /// Wall-clock seconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seconds: Option<f64>,
    /// Greatest resident memory, in bytes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub peak_memory_bytes: Option<u64>,
    /// Memory that was predicted before the start, in bytes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub predicted_memory_bytes: Option<u64>,
}

/// Tokens of an epoch, by how its rows are laid together.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct BatchTokens {
    /// What was done: `packed` or `tree`.
    pub batching: String,
    /// Rows.
    pub rows: u64,
    /// Were each step padded to its longest row.
    pub padded_tokens: u64,
    /// Rows side by side.
    pub packed_tokens: u64,
    /// As trees, in which a beginning that rows share is computed once.
    pub tree_tokens: u64,
}

/// A step of the optimizer.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
pub struct StepPoint {
    /// Its number, from 1.
    pub step: u64,
    /// Times the split was seen by then.
    #[serde(default)]
    pub epoch: f64,
    /// Mean loss a trained token, natural logarithm.
    pub loss: f64,
    /// Learning rate of the step.
    pub learning_rate: f64,
    /// Norm of the gradient before clipping.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub grad_norm: Option<f64>,
}

/// A look at the validation split.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
pub struct ValidPoint {
    /// After which step; 0 is before the training.
    pub step: u64,
    /// Mean loss a trained token, natural logarithm.
    pub loss: f64,
}
