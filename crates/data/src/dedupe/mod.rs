//! Exact and near duplicates: MinHash over character 3–5-grams, verified exactly, with a deterministic winner.
//!
//! 1. [`Sketch`] (parallel, per row): the text is folded (case, blanks, marks and digits' separators do not
//!    count) and its n-grams are hashed into one-permutation MinHash bands.
//! 2. [`Index`] (serial, in row order): rows that share a band are candidates; their exact Jaccard similarity
//!    decides. The earlier row wins, so the outcome depends on the order of rows alone.
//! 3. [`Clusters`] removes nothing, but names the rows that belong together.
//!
//! Source of the method: Broder 1997 (resemblance), Li, Owen and Zhang 2012 (one-permutation hashing),
//! Shrivastava 2017 (optimal densification).

mod clusters;
mod index;
mod overlap;
mod sketch;

pub use clusters::Clusters;
pub use index::{Index, Match};
pub use sketch::{Sketch, similarity};

#[cfg(test)]
mod tests;
