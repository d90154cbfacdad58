//! Text to token ids and back, from the `tokenizer.json` that a model comes with.
//!
//! 1. [`file`] reads a folder, a file, bytes, or GPT-2's `vocab.json` + `merges.txt`.
//! 2. [`byte_level`] writes the `tokenizer.json` of a byte-level vocabulary of our own.
//! 3. [`train`] makes such a vocabulary from text.
//! 4. [`stream`] turns ids into whole characters one at a time.
//! 5. [`whole`] puts round a text what the vocabulary says.
//! 6. [`ggml`] reads and writes vocabularies as GGUF files have them.
//! 7. [`count`] says how many tokens texts have that share lines.
//!
//! Special tokens are found in a text only where the caller says that the text is markup
//! ([`Markup::Special`]). Text from outside is shielded first ([`Tokenizer::shield`]), so that a
//! row that contains `<|im_end|>` cannot end a turn.

mod byte_level;
mod count;
mod file;
mod ggml;
mod stream;
mod train;
mod whole;

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::ops::Range;
use std::sync::Arc;

use aho_corasick::{AhoCorasick, MatchKind};
use sha2::{Digest as _, Sha256};

pub use byte_level::ByteLevelVocab;
pub use count::TokenCounter;
pub use file::{TokenizerFiles, read_folder};
pub use ggml::{GgmlVocab, TokenKind};
pub use stream::StreamDecoder;
pub use train::{BpeTrainer, TrainError};

/// A noncharacter that marks a broken-up special string in shielded text.
pub(crate) const SHIELD: char = '\u{10FFFE}';

/// A file whose ids leave more gaps than this is refused: tables are as long as the greatest id.
const MOST_IDS_PER_TOKEN: usize = 4;
const ADDED_IDS: usize = 1 << 16;

/// Why a tokenizer cannot be read or used.
#[derive(Debug, thiserror::Error)]
pub enum TokenizerError {
    /// A file cannot be read.
    #[error("{}: {source}", path.display())]
    Read {
        /// The file.
        path: std::path::PathBuf,
        /// What the system says.
        source: std::io::Error,
    },
    /// A file is not what it should be.
    #[error("{place}: not a tokenizer: {why}")]
    Parse {
        /// The file, or `bytes`.
        place: String,
        /// What the parser says.
        why: String,
    },
    /// A folder has no tokenizer.
    #[error("{}: no tokenizer.json, and no vocab.json with merges.txt", folder.display())]
    Absent {
        /// The folder.
        folder: std::path::PathBuf,
    },
    /// A vocabulary is of a kind that is not read, or cannot be written.
    #[error("{place}: {what} is {found}, which is not supported; supported are {supported}")]
    Unsupported {
        /// The file, or `the tokenizer`.
        place: String,
        /// The key or part.
        what: &'static str,
        /// What it is.
        found: String,
        /// What is supported.
        supported: String,
    },
    /// A text cannot be encoded.
    #[error("the tokenizer cannot encode this text of {bytes} bytes: {why}")]
    Encode {
        /// Its length.
        bytes: usize,
        /// What the model of the tokenizer says.
        why: String,
    },
    /// An id that the vocabulary does not have.
    #[error("token id {id} is not in the vocabulary of {vocab_size}")]
    UnknownId {
        /// The id.
        id: u32,
        /// Ids there are.
        vocab_size: usize,
    },
    /// A text holds the noncharacter that the shield needs.
    #[error("the text holds the noncharacter U+10FFFE at byte {at}; remove it from the data")]
    ReservedCharacter {
        /// Where.
        at: usize,
    },
}

/// Whether strings such as `<|im_end|>` in a text are markup or just letters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Markup {
    /// Just letters: the text comes from outside.
    Plain,
    /// Markup: the text comes from a template.
    Special,
}

/// A text as tokens: `offsets[i]` are the bytes of the text that `ids[i]` stands for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Encoding {
    /// Token ids.
    pub ids: Vec<u32>,
    /// Byte ranges, one an id. Tokens that share a character carry the same range.
    pub offsets: Vec<Range<usize>>,
}

/// Ids with a role, where the model has them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SpecialIds {
    /// Begins a text.
    pub bos: Option<u32>,
    /// Ends a text.
    pub eos: Option<u32>,
    /// Fills a row; never a label.
    pub pad: Option<u32>,
    /// Ends a turn (`<|im_end|>`, `<|eot_id|>` …).
    pub end_of_turn: Option<u32>,
}

#[derive(Debug, Clone)]
struct Special {
    id: u32,
    lstrip: bool,
    rstrip: bool,
}

/// A vocabulary with its rules. Cheap to clone.
#[derive(Clone)]
pub struct Tokenizer {
    shared: Arc<Shared>,
    ids: SpecialIds,
}

struct Shared {
    /// Encodes special strings as plain text; markup is split off before.
    inner: tokenizers::Tokenizer,
    json: Vec<u8>,
    digest: String,
    vocab_size: usize,
    specials: Vec<Special>,
    matcher: AhoCorasick,
    special_ids: BTreeSet<u32>,
    /// What stands before and behind a text of its own.
    round: [Vec<u32>; 2],
    /// The bytes of each id where the vocabulary is byte-level.
    bytes: Option<Vec<Option<Vec<u8>>>>,
}

impl std::fmt::Debug for Tokenizer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Tokenizer")
            .field("vocab_size", &self.shared.vocab_size)
            .field("digest", &self.shared.digest)
            .field("ids", &self.ids)
            .finish_non_exhaustive()
    }
}

impl Tokenizer {
    /// Reads the bytes of a `tokenizer.json`. Ids with a role are guessed from the usual names;
    /// [`Tokenizer::with_special_ids`] sets them.
    ///
    /// # Errors
    /// [`TokenizerError::Parse`].
    pub fn from_bytes(json: &[u8]) -> Result<Self, TokenizerError> {
        Self::parse(json, "bytes")
    }

    /// Reads a `tokenizer.json`.
    ///
    /// # Errors
    /// [`TokenizerError::Read`] and [`TokenizerError::Parse`].
    pub fn from_file(path: &std::path::Path) -> Result<Self, TokenizerError> {
        let json = std::fs::read(path)
            .map_err(|source| TokenizerError::Read { path: path.to_path_buf(), source })?;
        Self::parse(&json, &path.display().to_string())
    }

    fn parse(json: &[u8], place: &str) -> Result<Self, TokenizerError> {
        let parse_error = |why: String| TokenizerError::Parse { place: place.to_string(), why };
        // Read as plain JSON first: the vocabulary's reader keeps parts of the text for later, and does not
        // expect to find them broken then.
        let value: serde_json::Value =
            serde_json::from_slice(json).map_err(|error| parse_error(error.to_string()))?;
        let mut inner = guarded(|| tokenizers::Tokenizer::from_bytes(json)).map_err(parse_error)?;
        inner.set_encode_special_tokens(true);
        // Truncation and padding of the file belong to a trainer, not to a vocabulary.
        inner.with_truncation(None).map_err(|error| parse_error(error.to_string()))?;
        inner.with_padding(None);
        let mut added: Vec<_> =
            inner.get_added_tokens_decoder().into_iter().filter(|(_, token)| token.special).collect();
        added.sort_by_key(|(id, _)| *id);
        let matcher = AhoCorasick::builder()
            .match_kind(MatchKind::LeftmostLongest)
            .build(added.iter().map(|(_, token)| &token.content))
            .map_err(|error| parse_error(error.to_string()))?;
        let specials: Vec<_> = added
            .iter()
            .map(|(id, token)| Special { id: *id, lstrip: token.lstrip, rstrip: token.rstrip })
            .collect();
        let vocab = inner.get_vocab(true);
        let vocab_size = vocab.values().max().map_or(0, |greatest| *greatest as usize + 1);
        if vocab_size > MOST_IDS_PER_TOKEN * vocab.len() + ADDED_IDS {
            return Err(parse_error(format!("{} tokens with ids up to {}", vocab.len(), vocab_size - 1)));
        }
        let bytes = byte_level::token_bytes(&inner, vocab_size);
        let shared = Shared {
            round: whole::round(&value, |name| inner.token_to_id(name)),
            digest: hex(&Sha256::digest(json)),
            json: json.to_vec(),
            special_ids: specials.iter().map(|special| special.id).collect(),
            inner,
            vocab_size,
            specials,
            matcher,
            bytes,
        };
        let ids = guess_special_ids(&shared.inner);
        Ok(Self { shared: Arc::new(shared), ids })
    }

    /// The double for tests and toy models: ids 0–255 are the bytes, then the specials of
    /// [`ByteLevelVocab::bytes`] (`<|endoftext|>`, `<|im_start|>`, `<|im_end|>` …).
    pub fn bytes() -> Self {
        Self::from_bytes(&ByteLevelVocab::bytes().to_json()).expect("the byte vocabulary is well formed")
    }

    /// Sets the ids with a role.
    pub fn with_special_ids(mut self, ids: SpecialIds) -> Self {
        self.ids = ids;
        self
    }

    /// The ids with a role.
    pub fn special_ids(&self) -> &SpecialIds {
        &self.ids
    }

    /// Ids that end a reply: the end of a turn, and the end of a text.
    pub fn end_ids(&self) -> Vec<u32> {
        let mut ids: Vec<u32> = self.ids.end_of_turn.into_iter().chain(self.ids.eos).collect();
        ids.dedup();
        ids
    }

    /// Whether an id is a special token, which never stands in decoded text.
    pub fn is_special(&self, id: u32) -> bool {
        self.shared.special_ids.contains(&id)
    }

    /// One more than the greatest id.
    pub fn vocab_size(&self) -> usize {
        self.shared.vocab_size
    }

    /// The `tokenizer.json` it was read from, byte for byte.
    pub fn to_json(&self) -> &[u8] {
        &self.shared.json
    }

    /// SHA-256 of [`Tokenizer::to_json`], as hexadecimal.
    pub fn digest(&self) -> &str {
        &self.shared.digest
    }

    /// The id of a token's text as the vocabulary writes it.
    pub fn id_of(&self, token: &str) -> Option<u32> {
        self.shared.inner.token_to_id(token)
    }

    /// A token's text as the vocabulary writes it.
    pub fn token_of(&self, id: u32) -> Option<String> {
        self.shared.inner.id_to_token(id)
    }

    /// The bytes an id stands for, where the vocabulary is byte-level.
    pub fn bytes_of(&self, id: u32) -> Option<&[u8]> {
        self.shared.bytes.as_ref()?.get(id as usize)?.as_deref()
    }

    /// Whether an id stands for something. A vocabulary may have gaps below its greatest id.
    pub fn has(&self, id: u32) -> bool {
        match &self.shared.bytes {
            Some(bytes) => bytes.get(id as usize).is_some_and(Option::is_some),
            None => self.shared.inner.id_to_token(id).is_some(),
        }
    }

    /// Whether the vocabulary is byte-level, so that each id has its own bytes.
    pub fn is_byte_level(&self) -> bool {
        self.shared.bytes.is_some()
    }

    /// Token ids of a text.
    ///
    /// # Errors
    /// [`TokenizerError::Encode`], for instance a character that a vocabulary without bytes lacks.
    pub fn encode(&self, text: &str, markup: Markup) -> Result<Vec<u32>, TokenizerError> {
        Ok(self.encoded(text, markup, false)?.ids)
    }

    /// Token ids of a text with the bytes they stand for. Shielded strings come out as plain text;
    /// offsets are into `text` as given, shields included.
    ///
    /// # Errors
    /// [`TokenizerError::Encode`].
    pub fn encode_with_offsets(&self, text: &str, markup: Markup) -> Result<Encoding, TokenizerError> {
        self.encoded(text, markup, true)
    }

    /// Offsets cost nearly as much as the ids: without `has_offsets` there are none.
    fn encoded(&self, text: &str, markup: Markup, has_offsets: bool) -> Result<Encoding, TokenizerError> {
        let mut out = Encoding::default();
        let mut done = 0;
        if markup == Markup::Special {
            for found in self.shared.matcher.find_iter(text) {
                let special = &self.shared.specials[found.pattern().as_usize()];
                let mut start = found.start();
                if special.lstrip {
                    start = done.max(text[..start].trim_end().len());
                }
                if found.start() < done {
                    continue;
                }
                self.encode_plain(text, done..start, has_offsets, &mut out)?;
                let rest = &text[found.end()..];
                let eaten = if special.rstrip { rest.len() - rest.trim_start().len() } else { 0 };
                done = found.end() + eaten;
                out.ids.push(special.id);
                out.offsets.push(start..done);
            }
        }
        self.encode_plain(text, done..text.len(), has_offsets, &mut out)?;
        Ok(out)
    }

    fn encode_plain(
        &self,
        text: &str,
        range: Range<usize>,
        has_offsets: bool,
        out: &mut Encoding,
    ) -> Result<(), TokenizerError> {
        let piece = &text[range.clone()];
        if piece.is_empty() {
            return Ok(());
        }
        let (clean, shields) = unshield(piece);
        let (inner, clean) = (&self.shared.inner, clean.as_ref());
        let encoding = if has_offsets { inner.encode(clean, false) } else { inner.encode_fast(clean, false) }
            .map_err(|error| TokenizerError::Encode { bytes: piece.len(), why: error.to_string() })?;
        out.ids.extend_from_slice(encoding.get_ids());
        if !has_offsets {
            return Ok(());
        }
        out.offsets.extend(encoding.get_offsets().iter().map(|&(start, end)| {
            let before = |at: usize, past: bool| {
                let passed = shields.iter().filter(|&&s| if past { s < at } else { s <= at }).count();
                range.start + at + passed * SHIELD.len_utf8()
            };
            before(start, false)..before(end, true)
        }));
        Ok(())
    }

    /// Breaks up every special string in a text from outside, so that it can go through a template
    /// and come out as letters. The rendering is encoded with [`Markup::Special`].
    ///
    /// # Errors
    /// [`TokenizerError::ReservedCharacter`].
    pub fn shield<'a>(&self, text: &'a str) -> Result<Cow<'a, str>, TokenizerError> {
        if let Some(at) = text.find(SHIELD) {
            return Err(TokenizerError::ReservedCharacter { at });
        }
        if self.shared.specials.is_empty() || !self.shared.matcher.is_match(text) {
            return Ok(Cow::Borrowed(text));
        }
        let mut out = String::with_capacity(text.len() + 16);
        let mut rest = text;
        // Specials may overlap once the first is broken, so the search goes on one character later.
        while let Some(found) = self.shared.matcher.find(rest) {
            let first = rest[found.start()..].chars().next().map_or(0, char::len_utf8);
            out.push_str(&rest[..found.start() + first]);
            out.push(SHIELD);
            rest = &rest[found.start() + first..];
        }
        out.push_str(rest);
        Ok(Cow::Owned(out))
    }

    /// The text of ids. Bytes that are not UTF-8 become U+FFFD.
    ///
    /// # Errors
    /// [`TokenizerError::UnknownId`].
    pub fn decode(&self, ids: &[u32], skip_special: bool) -> Result<String, TokenizerError> {
        if let Some(&id) = ids.iter().find(|&&id| !self.has(id)) {
            return Err(TokenizerError::UnknownId { id, vocab_size: self.shared.vocab_size });
        }
        if self.is_byte_level() {
            let bytes: Vec<u8> = ids
                .iter()
                .filter(|&&id| !(skip_special && self.is_special(id)))
                .flat_map(|&id| self.bytes_of(id).unwrap_or_default())
                .copied()
                .collect();
            return Ok(String::from_utf8_lossy(&bytes).into_owned());
        }
        self.shared
            .inner
            .decode(ids, skip_special)
            .map_err(|error| TokenizerError::Encode { bytes: 0, why: error.to_string() })
    }
}

/// Runs the reader of the format; where it trips over a file, that is the file's fault and not an end.
fn guarded<T>(read: impl FnOnce() -> tokenizers::Result<T>) -> Result<T, String> {
    match std::panic::catch_unwind(std::panic::AssertUnwindSafe(read)) {
        Ok(result) => result.map_err(|error| error.to_string()),
        Err(_) => Err("its parts do not fit each other".to_owned()),
    }
}

/// The text without shields, and where (in the clean text) they stood.
fn unshield(text: &str) -> (Cow<'_, str>, Vec<usize>) {
    if !text.contains(SHIELD) {
        return (Cow::Borrowed(text), Vec::new());
    }
    let mut clean = String::with_capacity(text.len());
    let mut shields = Vec::new();
    for (i, piece) in text.split(SHIELD).enumerate() {
        if i > 0 {
            shields.push(clean.len());
        }
        clean.push_str(piece);
    }
    (Cow::Owned(clean), shields)
}

/// A text without the marks of [`Tokenizer::shield`].
pub(crate) fn without_shields(text: &str) -> Cow<'_, str> {
    unshield(text).0
}

fn guess_special_ids(inner: &tokenizers::Tokenizer) -> SpecialIds {
    let first = |names: &[&str]| names.iter().find_map(|name| inner.token_to_id(name));
    SpecialIds {
        bos: first(&["<|begin_of_text|>", "<s>", "<bos>", "[BOS]"]),
        eos: first(&["<|endoftext|>", "<|end_of_text|>", "</s>", "<eos>", "[EOS]"]),
        pad: first(&["<|endoftext|>", "<pad>", "[PAD]", "<|finetune_right_pad_id|>"]),
        end_of_turn: first(&["<|im_end|>", "<|eot_id|>", "<end_of_turn>", "<|end|>"]),
    }
}

pub(crate) fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut out, byte| {
        let _ = write!(out, "{byte:02x}");
        out
    })
}

#[cfg(test)]
mod tests;
