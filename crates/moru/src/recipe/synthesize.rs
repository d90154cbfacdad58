//! `[synthesize]`: text that is written here instead of read from a source.

use serde::{Deserialize, Serialize};

use super::reader::Section;

/// The generators.
pub const TEXTS: [&str; 2] = ["", "nano"];

/// `[synthesize]`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Synthesize {
    /// `nano`, or empty for none.
    pub text: String,
    /// Megabytes (10⁶ bytes) of drills before it.
    pub drill_megabytes: f64,
    /// Megabytes of text to train on.
    pub train_megabytes: f64,
    /// Megabytes of other text to watch the training with, and as many to score it.
    pub held_back_megabytes: f64,
}

impl Synthesize {
    pub(super) fn read(mut s: Section<'_>) -> Self {
        let text = s.choice(
            "text",
            "",
            &TEXTS,
            "the generator that writes the text, in place of sources: \"nano\" is what builtin:nano learned from",
        );
        let synthesize = Self {
            text: text.to_owned(),
            drill_megabytes: s.within(
                "drill_megabytes",
                0.0,
                0.0..=10_000.0,
                "megabytes of drills before it, which train to look back; with train.order = \"as_given\" they come first",
            ),
            train_megabytes: s.within(
                "train_megabytes",
                20.0,
                0.01..=10_000.0,
                "megabytes of text to train on",
            ),
            held_back_megabytes: s.within(
                "held_back_megabytes",
                0.2,
                0.01..=1000.0,
                "megabytes of other text to watch the training with, and as many to score it",
            ),
        };
        s.finish(false);
        synthesize
    }

    /// Whether text is written at all.
    pub fn is_wanted(&self) -> bool {
        !self.text.is_empty()
    }
}
