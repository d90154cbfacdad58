//! Vocabularies as GGUF files have them (`tokenizer.ggml.*`), to `tokenizer.json` and back.
//!
//! 1. [`GgmlVocab`] holds what the keys say; who reads the file fills it.
//! 2. `split` knows how byte-level vocabularies cut a text, by llama.cpp's names.
//! 3. `pieces` turns SentencePiece's scores into merges, and merges into scores.
//! 4. `read` makes a `tokenizer.json` of it, `write` makes it of a `tokenizer.json`.

mod pieces;
mod read;
mod split;
mod write;

pub(super) use split::Rule;

#[cfg(test)]
mod tests;

/// llama.cpp's name of byte-level vocabularies.
const BYTE_LEVEL: &str = "gpt2";
/// llama.cpp's name of SentencePiece's vocabularies with merges.
const SENTENCE_PIECE: &str = "llama";

/// What a token is, with the number that stands for it in a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(i32)]
pub enum TokenKind {
    /// Text.
    Normal = 1,
    /// Stands for what the vocabulary does not have.
    Unknown = 2,
    /// Markup that is never shown.
    Control = 3,
    /// Text that is always one token.
    UserDefined = 4,
    /// Nothing; its place is kept.
    Unused = 5,
    /// One byte.
    Byte = 6,
}

impl TokenKind {
    /// The kind of that number; what is unknown is text, as in llama.cpp.
    pub fn of(code: i64) -> Self {
        match code {
            2 => Self::Unknown,
            3 => Self::Control,
            4 => Self::UserDefined,
            5 => Self::Unused,
            6 => Self::Byte,
            _ => Self::Normal,
        }
    }
}

/// What the keys `tokenizer.ggml.*` of a GGUF file say.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct GgmlVocab {
    /// `model`: `gpt2` (byte-level) or `llama` (SentencePiece).
    pub model: String,
    /// `pre`: how a byte-level vocabulary cuts a text.
    pub pre: Option<String>,
    /// `tokens`, by id.
    pub tokens: Vec<String>,
    /// `token_type`, by id; empty where all are text.
    pub kinds: Vec<TokenKind>,
    /// `scores`, by id, of SentencePiece.
    pub scores: Vec<f32>,
    /// `merges` of byte-level vocabularies: two tokens with a space between.
    pub merges: Vec<String>,
    /// `bos_token_id`.
    pub bos: Option<u32>,
    /// `eos_token_id`.
    pub eos: Option<u32>,
    /// `eot_token_id`: ends a turn.
    pub eot: Option<u32>,
    /// `unknown_token_id`.
    pub unknown: Option<u32>,
    /// `padding_token_id`.
    pub padding: Option<u32>,
    /// `add_bos_token`: a text begins with `bos`.
    pub add_bos: Option<bool>,
    /// `add_eos_token`: a text ends with `eos`.
    pub add_eos: Option<bool>,
    /// `add_space_prefix`: SentencePiece puts a space before a text.
    pub add_space_prefix: Option<bool>,
}

impl GgmlVocab {
    fn kind(&self, id: usize) -> TokenKind {
        self.kinds.get(id).copied().unwrap_or(TokenKind::Normal)
    }
}
