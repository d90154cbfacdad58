//! Ids to text one at a time, whole characters only.

use super::{Tokenizer, TokenizerError};

/// Turns the ids of one reply into text as they come. A character whose bytes span several ids
/// is given with the last of them; special tokens give nothing.
#[derive(Debug, Clone, Default)]
pub struct StreamDecoder {
    /// Bytes of an unfinished character, for byte-level vocabularies.
    pending: Vec<u8>,
    /// Ids whose text is not settled, for the others; the first `given` bytes of it were given.
    ids: Vec<u32>,
    given: usize,
}

/// Ids of a vocabulary without bytes after which the settled ones are forgotten.
const WINDOW: usize = 16;

impl StreamDecoder {
    /// A decoder at the start of a text.
    pub fn new() -> Self {
        Self::default()
    }

    /// The text that is settled once `id` is known; often empty.
    ///
    /// # Errors
    /// [`TokenizerError::UnknownId`].
    pub fn push(&mut self, tokenizer: &Tokenizer, id: u32) -> Result<String, TokenizerError> {
        if tokenizer.is_special(id) {
            return Ok(String::new());
        }
        if tokenizer.is_byte_level() {
            let bytes = tokenizer
                .bytes_of(id)
                .ok_or(TokenizerError::UnknownId { id, vocab_size: tokenizer.vocab_size() })?;
            self.pending.extend_from_slice(bytes);
            return Ok(self.take_whole());
        }
        self.ids.push(id);
        let text = tokenizer.decode(&self.ids, true)?;
        if text.ends_with('\u{FFFD}') && self.ids.len() < WINDOW {
            return Ok(String::new());
        }
        let fresh = text.get(self.given..).unwrap_or_default().to_string();
        self.given = text.len();
        if self.ids.len() >= WINDOW {
            // The last id stays, so that a leading space is still seen as one.
            self.ids.drain(..self.ids.len() - 1);
            self.given = tokenizer.decode(&self.ids, true)?.len();
        }
        Ok(fresh)
    }

    /// What is left at the end: an unfinished character becomes U+FFFD.
    ///
    /// # Errors
    /// [`TokenizerError::UnknownId`].
    pub fn finish(&mut self, tokenizer: &Tokenizer) -> Result<String, TokenizerError> {
        if tokenizer.is_byte_level() {
            return Ok(String::from_utf8_lossy(&std::mem::take(&mut self.pending)).into_owned());
        }
        let text = tokenizer.decode(&self.ids, true)?;
        let rest = text.get(self.given..).unwrap_or_default().to_string();
        *self = Self::default();
        Ok(rest)
    }

    /// Takes all but an unfinished character at the end; bytes that can never become one are U+FFFD.
    fn take_whole(&mut self) -> String {
        let mut whole = String::new();
        loop {
            match std::str::from_utf8(&self.pending) {
                Ok(text) => {
                    whole.push_str(text);
                    self.pending.clear();
                    return whole;
                }
                Err(error) => {
                    let valid = error.valid_up_to();
                    whole.push_str(std::str::from_utf8(&self.pending[..valid]).unwrap_or_default());
                    let Some(bad) = error.error_len() else {
                        self.pending.drain(..valid);
                        return whole;
                    };
                    whole.push('\u{FFFD}');
                    self.pending.drain(..valid + bad);
                }
            }
        }
    }
}
