//! `[tokenize]`: from examples to tokens with a loss mask.

use serde::{Deserialize, Serialize};

use super::reader::Section;

/// `[tokenize]`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Tokenize {
    /// Most tokens of a sample; 0 is the model's context.
    pub max_len_tokens: usize,
    /// `keep_answer`, `drop`, `split` or `error`.
    pub over_long: String,
    /// `model`, `chatml` or `alpaca`.
    pub template: String,
    /// `answers`, or `all` for pretraining.
    pub loss: String,
}

impl Tokenize {
    pub(super) fn read(mut s: Section<'_>) -> Self {
        let over_long = s.choice("over_long", "keep_answer", &["keep_answer", "drop", "split", "error"], "what is done with a sample that is too long: shorten the question, set it aside, cut it up, or stop");
        let template = s.choice(
            "template",
            "model",
            &["model", "chatml", "alpaca"],
            "how a conversation becomes text: the model's own template, ChatML, or Alpaca",
        );
        let loss = s.choice(
            "loss",
            "answers",
            &["answers", "all"],
            "which tokens are learned: those of answers, or all of them (pretraining)",
        );
        let tokenize = Self {
            max_len_tokens: s.value("max_len_tokens", 0, "most tokens of a sample; 0 is the model's context"),
            over_long: over_long.to_owned(),
            template: template.to_owned(),
            loss: loss.to_owned(),
        };
        s.finish(false);
        tokenize
    }
}
