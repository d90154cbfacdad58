//! `[export]`: what tuned models are written as, beside the adapter.

use serde::{Deserialize, Serialize};

use super::reader::Section;
use crate::stages::artifact::Format;

/// `[export]`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Export {
    /// Names of formats.
    pub formats: Vec<String>,
    /// The gate; 0 is none.
    pub max_nll_increase: f64,
}

impl Export {
    pub(super) fn read(mut s: Section<'_>) -> Self {
        let formats = s.choices("formats", &[], &Format::NAMES, "what every tuned language model is written as, in out/: a folder with the adapter added to its base (merged), that in 4 or 8 bits for transformers (nf4, int8), GGUF files for llama.cpp (f16, bf16, q8_0, q4_0, q4_k_m), or the adapter as GGUF (lora). Each is measured against the tuned model");
        let max_nll_increase = s.value("max_nll_increase", 0.0, "the most nats per token of the test split by which one may predict worse than the tuned model; one that does is an error. 0 is no such gate");
        if !(0.0..=1e6).contains(&max_nll_increase) {
            s.impossible("max_nll_increase", "[export] `max_nll_increase` is a number of nats, zero or more");
        }
        s.finish(false);
        let mut names: Vec<String> = Vec::new();
        for name in formats {
            if !names.iter().any(|known| known == name) {
                names.push(name.to_owned());
            }
        }
        Self { formats: names, max_nll_increase }
    }

    /// The formats, each once.
    pub fn formats(&self) -> impl Iterator<Item = Format> {
        self.formats.iter().filter_map(|name| Format::from_name(name))
    }
}
