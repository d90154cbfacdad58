//! A tokenizer as a trie of bytes.

use chat::{Markup, Tokenizer};
use llguidance::toktrie::{TokRxInfo, TokTrie, TokenId, TokenizerEnv};

use super::ConstraintError;

/// Begins what is no text in the trie; no byte of UTF-8.
const MARK: u8 = TokTrie::SPECIAL_TOKEN_MARKER;

/// The bytes of every token.
pub(super) struct Vocabulary {
    trie: TokTrie,
    tokenizer: Tokenizer,
    /// Stands for the end of a reply in the trie; no token of the tokenizer.
    pub(super) end: u32,
    /// The tokenizer's tokens that end a reply.
    pub(super) ends: Vec<u32>,
}

impl Vocabulary {
    pub(super) fn new(tokenizer: &Tokenizer) -> Result<Self, ConstraintError> {
        if !tokenizer.is_byte_level() && tokenizer.id_of("<0x0A>").is_none() {
            return Err(ConstraintError::Vocabulary);
        }
        let end = tokenizer.vocab_size() as u32;
        let ends = tokenizer.end_ids();
        let word = |id: u32| match text_of(tokenizer, id) {
            bytes if tokenizer.is_special(id) || ends.contains(&id) => [vec![MARK], bytes].concat(),
            // A token that is no part of UTF-8 is never said.
            bytes if bytes.contains(&MARK) => Vec::new(),
            bytes => bytes,
        };
        let mut words: Vec<Vec<u8>> = (0..end).map(word).collect();
        words.push([&[MARK], &b"<end of reply>"[..]].concat());
        let info = TokRxInfo::new(end + 1, end);
        Ok(Self { trie: TokTrie::from(&info, &words), tokenizer: tokenizer.clone(), end, ends })
    }

    /// The bytes of a token; none of one that is no text.
    pub(super) fn bytes(&self, id: u32) -> &[u8] {
        let bytes = self.trie.token(id);
        if bytes.first() == Some(&MARK) { &[] } else { bytes }
    }

    /// Tokens that stand for these bytes, the longest first.
    pub(super) fn tokens(&self, bytes: &[u8]) -> Vec<u32> {
        self.trie.greedy_tokenize(bytes)
    }
}

fn text_of(tokenizer: &Tokenizer, id: u32) -> Vec<u8> {
    if let Some(bytes) = tokenizer.bytes_of(id) {
        return bytes.to_vec();
    }
    let token = tokenizer.token_of(id).unwrap_or_default();
    let hex = token.strip_prefix("<0x").and_then(|rest| rest.strip_suffix('>'));
    match hex.and_then(|hex| u8::from_str_radix(hex, 16).ok()) {
        Some(byte) => vec![byte],
        None => token.replace('\u{2581}', " ").into_bytes(),
    }
}

impl TokenizerEnv for Vocabulary {
    fn tok_trie(&self) -> &TokTrie {
        &self.trie
    }

    fn tokenize_bytes(&self, bytes: &[u8]) -> Vec<TokenId> {
        self.trie.tokenize_with_greedy_fallback(bytes, |text| {
            self.tokenizer
                .encode(text, Markup::Plain)
                .unwrap_or_else(|_| self.trie.greedy_tokenize(text.as_bytes()))
        })
    }

    /// Only byte-level vocabularies encode a part of a text as they do within the whole.
    fn tokenize_is_canonical(&self) -> bool {
        self.tokenizer.is_byte_level()
    }
}
