//! `[chunk]`: how much of a document is read at once.

use serde::{Deserialize, Serialize};

use super::reader::Section;

/// `[chunk]`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Chunk {
    /// Tokens that a chunk should have, its headings included.
    pub target_tokens: usize,
    /// Tokens that a chunk may have.
    pub max_tokens: usize,
}

impl Chunk {
    pub(super) fn read(mut s: Section<'_>) -> Self {
        let chunk = Self {
            target_tokens: s.within(
                "target_tokens",
                256,
                16..=1 << 16,
                "tokens of the model that a chunk of a document should have, its headings included; short neighbours are put together",
            ),
            max_tokens: s.within(
                "max_tokens",
                512,
                16..=1 << 16,
                "tokens that a chunk may have; a longer article is divided by its paragraphs and items, a single longer text at sentence ends",
            ),
        };
        if chunk.max_tokens < chunk.target_tokens {
            s.impossible(
                "max_tokens",
                format!(
                    "[chunk] `max_tokens` {} is less than `target_tokens` {}",
                    chunk.max_tokens, chunk.target_tokens
                ),
            );
        }
        s.finish(false);
        chunk
    }
}
