//! What a GGUF file has to say about a `tokenizer.json`.

use serde_json::Value;

use super::super::{Tokenizer, TokenizerError};
use super::split::Rule;
use super::{BYTE_LEVEL, GgmlVocab, SENTENCE_PIECE, TokenKind, pieces};

impl GgmlVocab {
    /// The vocabulary as llama.cpp reads it, filled up to `rows` tokens, which is how many the model has.
    ///
    /// # Errors
    /// llama.cpp has no name for the way in which the vocabulary cuts a text, or is of another kind.
    pub fn of(tokenizer: &Tokenizer, rows: usize) -> Result<Self, TokenizerError> {
        let broken = |why: String| TokenizerError::Parse { place: "the tokenizer".to_owned(), why };
        let json: Value =
            serde_json::from_slice(tokenizer.to_json()).map_err(|error| broken(error.to_string()))?;
        let model = &json["model"];
        let kind = model["type"].as_str().unwrap_or("BPE");
        if kind != "BPE" {
            return Err(unsupported("the model of the tokenizer", kind, "BPE"));
        }
        let is_pieces = model["byte_fallback"] == true;
        let merges = merges(model).ok_or_else(|| broken("its merges are not pairs of tokens".to_owned()))?;
        let tokens = tokens(tokenizer, rows);
        let kinds = kinds(tokenizer, &json, &tokens, is_pieces);
        let mut vocab = Self { tokens, kinds, ..Self::default() };
        if is_pieces {
            SENTENCE_PIECE.clone_into(&mut vocab.model);
            vocab.pre = Some("default".to_owned());
            vocab.scores = pieces::scores(&vocab.tokens, &merges);
            vocab.add_space_prefix = Some(json["normalizer"].to_string().contains("Prepend"));
            vocab.unknown = model["unk_token"].as_str().and_then(|token| tokenizer.id_of(token));
        } else {
            let rule = Rule::of(&json).filter(|_| tokenizer.is_byte_level()).ok_or_else(|| {
                let found = json["pre_tokenizer"].to_string();
                unsupported("the pre-tokenizer", &found, &Rule::names())
            })?;
            BYTE_LEVEL.clone_into(&mut vocab.model);
            vocab.pre = Some(rule.name.to_owned());
            vocab.merges = merges.iter().map(|(a, b)| format!("{a} {b}")).collect();
        }
        vocab.set_ids(tokenizer);
        Ok(vocab)
    }

    fn set_ids(&mut self, tokenizer: &Tokenizer) {
        let ids = tokenizer.special_ids();
        let [before, after] = tokenizer.round();
        self.bos = ids.bos.or(before.first().copied());
        // llama.cpp ends a reply at either; what ends a turn is what a chat ends with.
        self.eos = ids.end_of_turn.or(ids.eos);
        self.eot = ids.end_of_turn;
        self.padding = ids.pad;
        self.add_bos = Some(self.bos.is_some() && before.first() == self.bos.as_ref());
        self.add_eos = Some(ids.eos.is_some() && after.last() == ids.eos.as_ref());
    }
}

fn unsupported(what: &'static str, found: &str, supported: &str) -> TokenizerError {
    let mut found = found.to_owned();
    // A pattern may be long; its beginning names it.
    if let Some((at, _)) = found.char_indices().nth(200) {
        found.truncate(at);
    }
    TokenizerError::Unsupported {
        place: "the tokenizer".to_owned(),
        what,
        found,
        supported: format!("what llama.cpp reads: {supported}"),
    }
}

/// Pairs, or texts with a space between as older files have them.
fn merges(model: &Value) -> Option<Vec<(String, String)>> {
    let merges = model["merges"].as_array()?;
    let pair = |merge: &Value| match merge {
        Value::String(text) => text.split_once(' ').map(|(a, b)| (a.to_owned(), b.to_owned())),
        pair => Some((pair[0].as_str()?.to_owned(), pair[1].as_str()?.to_owned())),
    };
    merges.iter().map(pair).collect()
}

/// By id; ids that the vocabulary lacks get a name that no text leads to.
fn tokens(tokenizer: &Tokenizer, rows: usize) -> Vec<String> {
    let n = rows.max(tokenizer.vocab_size()) as u32;
    (0..n).map(|id| tokenizer.token_of(id).unwrap_or_else(|| format!("[PAD{id}]"))).collect()
}

fn kinds(tokenizer: &Tokenizer, json: &Value, tokens: &[String], is_pieces: bool) -> Vec<TokenKind> {
    let mut kinds: Vec<_> = (0..tokens.len())
        .map(|id| {
            // A file of llama.cpp has a name for each place that is kept.
            let is_kept = tokens[id] == format!("[PAD{id}]") || !tokenizer.has(id as u32);
            if is_kept { TokenKind::Unused } else { TokenKind::Normal }
        })
        .collect();
    if is_pieces {
        for (kind, token) in kinds.iter_mut().zip(tokens) {
            let byte = token.strip_prefix("<0x").and_then(|rest| rest.strip_suffix('>'));
            if byte.is_some_and(|hex| hex.len() == 2 && u8::from_str_radix(hex, 16).is_ok()) {
                *kind = TokenKind::Byte;
            }
        }
    }
    for token in json["added_tokens"].as_array().into_iter().flatten() {
        let place = token["id"].as_u64().and_then(|id| kinds.get_mut(id as usize));
        if let Some(kind) = place {
            let is_special = token["special"] == true;
            *kind = if is_special { TokenKind::Control } else { TokenKind::UserDefined };
        }
    }
    let unknown = json["model"]["unk_token"].as_str().and_then(|token| tokenizer.id_of(token));
    if let Some(kind) = unknown.and_then(|id| kinds.get_mut(id as usize)) {
        *kind = TokenKind::Unknown;
    }
    kinds
}
