//! Byte-level vocabularies: bytes written as visible characters, merges, and specials,
//! in the `tokenizer.json` that transformers and llama.cpp read as Qwen2's.

use serde_json::{Value, json};

/// Splits a text into the pieces within which bytes are merged, as Qwen2 does.
pub(crate) const QWEN2_SPLIT: &str = r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+";

/// How a text is cut; GPT-2's way is built into the byte-level rule of `tokenizer.json`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Split {
    Qwen2,
    Gpt2,
}

/// Writes each byte as its visible character; with `use_regex` splits as GPT-2 does before.
pub(crate) fn byte_level_rule(use_regex: bool) -> Value {
    json!({"type": "ByteLevel", "add_prefix_space": false, "trim_offsets": false, "use_regex": use_regex})
}

impl Split {
    /// The normalizer, and what cuts a text into pieces.
    fn rules(self) -> (Value, Value) {
        match self {
            Self::Gpt2 => (Value::Null, byte_level_rule(true)),
            Self::Qwen2 => {
                let split = json!({
                    "type": "Split", "pattern": {"Regex": QWEN2_SPLIT}, "behavior": "Isolated", "invert": false
                });
                let sequence = json!({"type": "Sequence", "pretokenizers": [split, byte_level_rule(false)]});
                (json!({"type": "NFC"}), sequence)
            }
        }
    }
}

/// A byte-level vocabulary: tokens in id order, merges in rank order, specials after the tokens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ByteLevelVocab {
    /// Tokens as the file writes them (each byte as a visible character), in id order.
    tokens: Vec<String>,
    merges: Vec<(String, String)>,
    /// Text, and whether it is special: never shown, and found in markup only.
    added: Vec<(String, bool)>,
    split: Split,
}

/// Qwen's markup: specials first, then the strings that are tokens but stay visible.
const QWEN_SPECIALS: [&str; 3] = ["<|endoftext|>", "<|im_start|>", "<|im_end|>"];
const QWEN_VISIBLE: [&str; 6] =
    ["<tool_call>", "</tool_call>", "<tool_response>", "</tool_response>", "<think>", "</think>"];

impl ByteLevelVocab {
    /// 256 bytes (id = byte) and Qwen's markup at 256–264.
    pub fn bytes() -> Self {
        Self::qwen((0..=255).map(|byte| byte_char(byte).to_string()).collect(), Vec::new())
    }

    /// Tokens and merges under Qwen2's rules, Qwen's markup behind them.
    pub fn qwen(tokens: Vec<String>, merges: Vec<(String, String)>) -> Self {
        let specials = QWEN_SPECIALS.iter().map(|text| ((*text).to_string(), true));
        let visible = QWEN_VISIBLE.iter().map(|text| ((*text).to_string(), false));
        Self { tokens, merges, added: specials.chain(visible).collect(), split: Split::Qwen2 }
    }

    /// Tokens and merges under GPT-2's rules; `<|endoftext|>` is special where it is a token.
    pub fn gpt2(tokens: Vec<String>, merges: Vec<(String, String)>) -> Self {
        Self { tokens, merges, added: vec![(QWEN_SPECIALS[0].to_string(), true)], split: Split::Gpt2 }
    }

    /// How many ids the markup of [`ByteLevelVocab::qwen`] takes.
    pub const QWEN_ADDED: usize = QWEN_SPECIALS.len() + QWEN_VISIBLE.len();

    /// The bytes of a `tokenizer.json`.
    pub fn to_json(&self) -> Vec<u8> {
        let vocab: serde_json::Map<String, Value> =
            self.tokens.iter().enumerate().map(|(id, token)| (token.clone(), json!(id))).collect();
        let mut next_id = self.tokens.len();
        let mut added = Vec::new();
        for (text, special) in &self.added {
            let id = vocab.get(text).map_or_else(
                || {
                    next_id += 1;
                    json!(next_id - 1)
                },
                Clone::clone,
            );
            added.push(json!({
                "id": id, "content": text, "single_word": false, "lstrip": false, "rstrip": false,
                "normalized": false, "special": special
            }));
        }
        let merges: Vec<Value> = self.merges.iter().map(|(a, b)| json!([a, b])).collect();
        let (normalizer, pre_tokenizer) = self.split.rules();
        let file = json!({
            "version": "1.0", "truncation": null, "padding": null,
            "added_tokens": added, "normalizer": normalizer, "pre_tokenizer": pre_tokenizer,
            "post_processor": byte_level_rule(false), "decoder": byte_level_rule(false),
            "model": {
                "type": "BPE", "dropout": null, "unk_token": null, "continuing_subword_prefix": "",
                "end_of_word_suffix": "", "fuse_unk": false, "byte_fallback": false,
                "ignore_merges": false, "vocab": vocab, "merges": merges
            }
        });
        serde_json::to_vec(&file).expect("a JSON value can be written")
    }
}

/// The visible character that stands for a byte in byte-level vocabularies: printable Latin-1 bytes
/// stand for themselves, the 68 others for U+0100 onwards, in order.
pub(crate) fn byte_char(byte: u8) -> char {
    let visible = |b: u8| matches!(b, b'!'..=b'~' | 0xA1..=0xAC | 0xAE..=0xFF);
    if visible(byte) {
        return char::from(byte);
    }
    let rank = (0..byte).filter(|&b| !visible(b)).count() as u32;
    char::from_u32(0x100 + rank).expect("below the surrogates")
}

/// The bytes of each id, where the tokenizer is byte-level.
pub(super) fn token_bytes(inner: &tokenizers::Tokenizer, vocab_size: usize) -> Option<Vec<Option<Vec<u8>>>> {
    if !is_byte_level(inner) {
        return None;
    }
    let byte_of: std::collections::BTreeMap<char, u8> = (0..=255).map(|b| (byte_char(b), b)).collect();
    let added = inner.get_added_tokens_decoder();
    let mut bytes = vec![None; vocab_size];
    for (token, id) in inner.get_vocab(true) {
        let plain: Option<Vec<u8>> = token.chars().map(|c| byte_of.get(&c).copied()).collect();
        bytes[id as usize] = match plain {
            Some(plain) if !added.contains_key(&id) => Some(plain),
            // Added tokens, and strings that the vocabulary writes as they are.
            _ => Some(token.into_bytes()),
        };
    }
    Some(bytes)
}

fn is_byte_level(inner: &tokenizers::Tokenizer) -> bool {
    matches!(inner.get_decoder(), Some(tokenizers::DecoderWrapper::ByteLevel(_)))
}
