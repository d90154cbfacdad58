//! Samples laid side by side for one forward and backward pass, without padding and without
//! computing a shared beginning twice.
//!
//! 1. [`tree`] finds common beginnings over the whole split.
//! 2. [`plan`] orders the samples of an epoch, and cuts them into steps and passes of a token budget.
//! 3. [`layout`] writes one batch: tokens, positions, segments, and the rows that carry loss.

mod layout;
mod plan;
mod tree;

use std::ops::Range;

pub use layout::build;
pub use plan::{PlanOptions, Planner};

/// One batch. All of it is in tokens, laid out flat: N tokens in S segments.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Batch {
    /// (N) token ids.
    pub ids: Vec<u32>,
    /// (N) positions; each counts from the start of its own sample.
    pub positions: Vec<u32>,
    /// (S) segments, in order of `start`; together they cover all tokens. A parent precedes its children.
    pub segments: Vec<Segment>,
    /// (R) which token's output predicts; ascending, and repeated where several targets follow.
    pub loss_rows: Vec<u32>,
    /// (R) the id that should follow.
    pub targets: Vec<u32>,
    /// (R) how many samples ask for it. The loss of a step is Σ weight·loss / Σ weight over all its batches.
    pub weights: Vec<f32>,
    /// The samples, and the segments from root to leaf that spell each.
    pub rows: Vec<BatchRow>,
}

/// A run of tokens. A token attends to all of `ancestors`, and to its own segment up to itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Segment {
    /// Its first token.
    pub start: usize,
    /// Its tokens.
    pub len: usize,
    /// Token ranges before it that it continues, oldest first; neighbours are joined.
    pub ancestors: Vec<Range<usize>>,
}

/// Where a sample is in a batch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BatchRow {
    /// The sample's index in the split.
    pub sample: usize,
    /// Indices of segments; their tokens joined are the sample's.
    pub segments: Vec<usize>,
}

impl Batch {
    /// Σ of the weights: the trained tokens as the separate samples count them.
    pub fn weight_sum(&self) -> f64 {
        self.weights.iter().map(|&w| f64::from(w)).sum()
    }

    /// Token indices of a row, in its order.
    pub fn path(&self, row: &BatchRow) -> Vec<usize> {
        row.segments
            .iter()
            .flat_map(|&i| self.segments[i].start..self.segments[i].start + self.segments[i].len)
            .collect()
    }
}

#[cfg(test)]
mod tests;
