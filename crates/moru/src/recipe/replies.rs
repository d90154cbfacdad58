//! `[replies]`: what a reply says instead of a placeholder, and what it is computed with.

use std::collections::BTreeMap;

use model::CachePrecision;
use serde::{Deserialize, Serialize};

use super::reader::Section;

/// `[replies]`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Replies {
    /// What stands for each placeholder: `전화번호 = "1588-0000"`.
    pub placeholders: BTreeMap<String, String>,
    /// What keys and values are held as: `auto`, `f32` or `f16`.
    pub kv_cache: String,
    /// Taken from a token's logit for each time that the reply holds it already.
    #[serde(default)]
    pub frequency_penalty: f64,
}

impl Replies {
    pub(super) fn read(mut s: Section<'_>) -> Self {
        let placeholders = s.words("placeholders", "what a reply says for a placeholder, { 전화번호 = \"1588-0000\" }; a sentence with one that is not listed is left out");
        let kv_cache = s.choice(
            "kv_cache",
            "auto",
            &["auto", "f32", "f16"],
            "what the keys and values of a talk are held as; auto: half floats beside quantised weights, else f32",
        );
        let kv_cache = kv_cache.to_owned();
        let frequency_penalty = s.within("frequency_penalty", 0.0, 0.0..=10.0, "taken from a token's logit for each time that the reply holds it already, in what is measured and in what is asked; keeps a small model from going round in circles");
        s.finish(false);
        Self { placeholders, kv_cache, frequency_penalty }
    }

    /// What keys and values are held as; none where the weights decide.
    pub fn precision(kv_cache: &str) -> Option<CachePrecision> {
        match kv_cache {
            "f32" => Some(CachePrecision::F32),
            "f16" => Some(CachePrecision::F16),
            _ => None,
        }
    }
}
