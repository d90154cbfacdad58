//! An example as tokens: ids, and which of them are trained.
//!
//! 1. [`encode`] puts template and tokenizer together and makes samples of an example.
//! 2. [`fit`] deals with those that are too long.

mod encode;
mod fit;

pub use encode::{EncodeError, Encoder};
pub use fit::{FitCounts, Fitter, Overlong, shortened_prompt};

/// A token sequence with its loss mask. An example gives one, or several that share a beginning.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sample {
    /// The example's id.
    pub row: String,
    /// Which of the example's samples, from 0.
    pub part: u32,
    /// (N) token ids.
    pub ids: Vec<u32>,
    /// (N) whether `ids[i]` is a target, predicted from what precedes it; the first never is.
    pub trained: Vec<bool>,
}

/// A sample that lies elsewhere: in a shard, or in a [`Sample`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SampleView<'a> {
    /// The example's id.
    pub row: &'a str,
    /// Which of the example's samples, from 0.
    pub part: u32,
    /// (N) token ids.
    pub ids: &'a [u32],
    /// (N) 1 where the token is a target, else 0; the first is 0.
    pub trained: &'a [u8],
}

impl Sample {
    /// The same, borrowed.
    pub fn view(&self) -> SampleView<'_> {
        SampleView {
            row: &self.row,
            part: self.part,
            ids: &self.ids,
            trained: bytemuck::cast_slice(&self.trained),
        }
    }

    /// Tokens that carry loss.
    pub fn trained_tokens(&self) -> usize {
        self.trained.iter().filter(|&&t| t).count()
    }
}

impl SampleView<'_> {
    /// Tokens that carry loss.
    pub fn trained_tokens(&self) -> usize {
        self.trained.iter().filter(|&&t| t != 0).count()
    }

    /// A copy of its own.
    pub fn to_sample(&self) -> Sample {
        Sample {
            row: self.row.to_string(),
            part: self.part,
            ids: self.ids.to_vec(),
            trained: self.trained.iter().map(|&t| t != 0).collect(),
        }
    }
}

#[cfg(test)]
mod tests;
