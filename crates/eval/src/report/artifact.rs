//! What became of a tuned model when it was written for other tools: added to its base, in few bits.

use serde::{Deserialize, Serialize};

/// A model as a file or folder, beside the adapter that it came from.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Artifact {
    /// The training: `main`.
    pub name: String,
    /// `merged`, `nf4`, `q4_k_m` …
    pub format: String,
    /// Bytes on the disk.
    pub bytes: u64,
    /// How well it predicts the test split; absent where it is no model by itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fit: Option<ArtifactFit>,
    /// How fast it is on the machine of the run; absent where it was not measured there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub speed: Option<Speed>,
}

/// Negative log-likelihood of the trained tokens of the test split.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct ArtifactFit {
    /// Tokens that were predicted.
    pub tokens: u64,
    /// Nats per token of the adapter over its base, as it was trained.
    pub tuned: f64,
    /// Nats per token of what was written.
    pub written: f64,
    /// The most that `written` may be above `tuned`; absent without a gate.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub allowed: Option<f64>,
}

impl ArtifactFit {
    /// How much worse it predicts than what it came from.
    pub fn increase(&self) -> f64 {
        self.written - self.tuned
    }

    /// Whether the gate lets it through.
    pub fn is_allowed(&self) -> bool {
        self.allowed.is_none_or(|allowed| self.increase() <= allowed)
    }
}

/// How fast a model reads and writes.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
pub struct Speed {
    /// Tokens of a prompt that are read in a second.
    pub prefill_tokens_per_s: f64,
    /// Tokens that are written in a second, one reply at a time.
    pub decode_tokens_per_s: f64,
}
