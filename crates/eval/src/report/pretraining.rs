//! What a model trained on text from the beginning learned of it: how well it predicts new text, and
//! how much it copies.

use serde::{Deserialize, Serialize};

/// One pretrained model, measured on text that it has not seen.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Pretraining {
    /// Its name: `main`.
    pub name: String,
    /// All of the test split.
    pub held_back: TextFit,
    /// The same, by the kind of document.
    #[serde(default)]
    pub kinds: Vec<TextFit>,
    /// All of the test split once more, by the model with its matrices in eight bits.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub quantised: Option<TextFit>,
    /// How much of the training text it says again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub copied: Option<Copied>,
}

/// How well a model predicts texts.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct TextFit {
    /// Which texts: a kind, or `all`.
    pub name: String,
    /// Pieces of text.
    pub samples: u64,
    /// Tokens that were predicted.
    pub tokens: u64,
    /// Bytes of UTF-8 that these tokens spell; marks of turns and ends spell none.
    pub bytes: u64,
    /// Sum of negative log-likelihoods of the tokens, marks and ends among them, in nats.
    pub nats: f64,
    /// `nats / ln 2 / bytes`.
    pub bits_per_byte: f64,
}

impl TextFit {
    /// No texts yet.
    pub fn new(name: &str) -> Self {
        Self { name: name.to_owned(), ..Self::default() }
    }

    /// Adds a text.
    pub fn add(&mut self, tokens: u64, bytes: u64, nats: f64) {
        self.samples += 1;
        self.tokens += tokens;
        self.bytes += bytes;
        self.nats += nats;
        self.bits_per_byte =
            if self.bytes == 0 { 0.0 } else { self.nats / std::f64::consts::LN_2 / self.bytes as f64 };
    }
}

/// The longest run of characters that stands in one of the samples and in one of the training texts.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Copied {
    /// Samples of the model, drawn at temperature 1.
    pub samples: u64,
    /// Their characters.
    pub characters: u64,
    /// Texts they were compared with.
    pub training_texts: u64,
    /// Length of the run, in characters.
    pub longest: u64,
    /// The run.
    pub text: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bits_are_counted_over_all_bytes() {
        let mut fit = TextFit::new("all");
        assert_eq!(fit.bits_per_byte, 0.0);
        fit.add(2, 4, 4.0 * std::f64::consts::LN_2);
        fit.add(1, 4, 0.0);
        assert_eq!((fit.samples, fit.tokens, fit.bytes), (2, 3, 8));
        assert!((fit.bits_per_byte - 0.5).abs() < 1e-12);
    }
}
