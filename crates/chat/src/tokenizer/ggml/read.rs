//! A `tokenizer.json` of what a GGUF file says.

use std::collections::HashSet;

use serde_json::{Map, Value, json};

use super::super::byte_level::byte_level_rule;
use super::super::{SpecialIds, Tokenizer, TokenizerError};
use super::split::Rule;
use super::{BYTE_LEVEL, GgmlVocab, SENTENCE_PIECE, TokenKind, pieces};

/// SentencePiece's visible space.
const SPACE: &str = "\u{2581}";

impl GgmlVocab {
    /// The tokenizer; `place` names the file in errors.
    ///
    /// # Errors
    /// The vocabulary is of a kind that is not read, or its parts do not fit each other.
    pub fn to_tokenizer(&self, place: &str) -> Result<Tokenizer, TokenizerError> {
        let broken = |why: String| TokenizerError::Parse { place: place.to_owned(), why };
        self.check().map_err(broken)?;
        let json = match &*self.model {
            BYTE_LEVEL => self.byte_level_json(place)?,
            SENTENCE_PIECE => self.sentence_piece_json(),
            other => {
                return Err(TokenizerError::Unsupported {
                    place: place.to_owned(),
                    what: "tokenizer.ggml.model",
                    found: other.to_owned(),
                    supported: "gpt2 (byte-level BPE) and llama (SentencePiece)".to_owned(),
                });
            }
        };
        let tokenizer = Tokenizer::parse(json.to_string().as_bytes(), place)?;
        let ids = self.special_ids(tokenizer.special_ids());
        Ok(tokenizer.with_special_ids(ids))
    }

    fn check(&self) -> Result<(), String> {
        let n = self.tokens.len();
        if n == 0 {
            return Err("it has no tokens".to_owned());
        }
        let mut seen = HashSet::with_capacity(n);
        if let Some(twice) = self.tokens.iter().find(|token| !seen.insert(token.as_str())) {
            return Err(format!("the token {twice:?} is there twice"));
        }
        for (what, len) in [("token_type", self.kinds.len()), ("scores", self.scores.len())] {
            if len != 0 && len != n {
                return Err(format!("{len} tokenizer.ggml.{what} for {n} tokens"));
            }
        }
        let ids = [self.bos, self.eos, self.eot, self.unknown, self.padding];
        match ids.into_iter().flatten().find(|id| *id as usize >= n) {
            Some(id) => Err(format!("a token with a role has id {id}, but there are {n} tokens")),
            None => Ok(()),
        }
    }

    fn vocab(&self) -> Map<String, Value> {
        self.tokens.iter().enumerate().map(|(id, token)| (token.clone(), json!(id))).collect()
    }

    /// Tokens that are found before a text is cut.
    fn added(&self) -> Vec<Value> {
        let kinds = (0..self.tokens.len()).map(|id| (id, self.kind(id)));
        let added = kinds.filter_map(|(id, kind)| match kind {
            TokenKind::Control => Some((id, true)),
            TokenKind::UserDefined => Some((id, false)),
            // An unknown token that nobody names keeps a place only.
            TokenKind::Unknown if self.unknown == Some(id as u32) => Some((id, true)),
            _ => None,
        });
        let json = added.map(|(id, special)| {
            json!({
                "id": id, "content": self.tokens[id], "single_word": false, "lstrip": false, "rstrip": false,
                "normalized": false, "special": special
            })
        });
        json.collect()
    }

    fn byte_level_json(&self, place: &str) -> Result<Value, TokenizerError> {
        let name = self.pre.as_deref().unwrap_or("gpt-2");
        let rule = Rule::named(name).ok_or_else(|| TokenizerError::Unsupported {
            place: place.to_owned(),
            what: "tokenizer.ggml.pre",
            found: name.to_owned(),
            supported: Rule::names(),
        })?;
        let (normalizer, pre_tokenizer) = rule.parts();
        let merges = self.merges.iter().map(|merge| {
            let pair = merge.split_once(' ').filter(|(a, b)| !a.is_empty() && !b.is_empty());
            pair.map(|(a, b)| json!([a, b])).ok_or_else(|| TokenizerError::Parse {
                place: place.to_owned(),
                why: format!("the merge {merge:?} is not two tokens with a space between"),
            })
        });
        let merges = merges.collect::<Result<Vec<_>, _>>()?;
        let post = match self.round(rule.ignores_merges) {
            Some(round) => json!({"type": "Sequence", "processors": [byte_level_rule(false), round]}),
            None => byte_level_rule(false),
        };
        Ok(json!({
            "version": "1.0", "truncation": null, "padding": null, "added_tokens": self.added(),
            "normalizer": normalizer, "pre_tokenizer": pre_tokenizer, "post_processor": post,
            "decoder": byte_level_rule(false),
            "model": {
                "type": "BPE", "dropout": null, "unk_token": null, "continuing_subword_prefix": "",
                "end_of_word_suffix": "", "fuse_unk": false, "byte_fallback": false,
                "ignore_merges": rule.ignores_merges, "vocab": self.vocab(), "merges": merges
            }
        }))
    }

    fn sentence_piece_json(&self) -> Value {
        let prefix = self.add_space_prefix.unwrap_or(true);
        let replace =
            |from: &str, to: &str| json!({"type": "Replace", "pattern": {"String": from}, "content": to});
        let mut normalizers = vec![replace(" ", SPACE)];
        let mut decoders =
            vec![replace(SPACE, " "), json!({"type": "ByteFallback"}), json!({"type": "Fuse"})];
        if prefix {
            normalizers.insert(0, json!({"type": "Prepend", "prepend": SPACE}));
            decoders.push(json!({"type": "Strip", "content": " ", "start": 1, "stop": 0}));
        }
        let unknown = self.unknown.and_then(|id| self.tokens.get(id as usize));
        json!({
            "version": "1.0", "truncation": null, "padding": null, "added_tokens": self.added(),
            "normalizer": {"type": "Sequence", "normalizers": normalizers}, "pre_tokenizer": null,
            "post_processor": self.round(true), "decoder": {"type": "Sequence", "decoders": decoders},
            "model": {
                "type": "BPE", "dropout": null, "unk_token": unknown, "continuing_subword_prefix": null,
                "end_of_word_suffix": null, "fuse_unk": true, "byte_fallback": true,
                "ignore_merges": false, "vocab": self.vocab(), "merges": pieces::merges(self)
            }
        })
    }

    /// What stands round a text of its own; `begins` is what holds where the file does not say.
    fn round(&self, begins: bool) -> Option<Value> {
        let token = |id: Option<u32>, is_added: bool| {
            id.filter(|_| is_added).and_then(|id| Some((id, self.tokens.get(id as usize)?)))
        };
        let begin = token(self.bos, self.add_bos.unwrap_or(begins));
        let end = token(self.eos, self.add_eos.unwrap_or(false));
        if begin.is_none() && end.is_none() {
            return None;
        }
        let special = |name: &String| json!({"SpecialToken": {"id": name, "type_id": 0}});
        let text = |id: &str| json!({"Sequence": {"id": id, "type_id": 0}});
        let one = |id: &str| -> Vec<Value> {
            let before = begin.map(|(_, name)| special(name));
            before.into_iter().chain([text(id)]).chain(end.map(|(_, name)| special(name))).collect()
        };
        let tokens = begin.into_iter().chain(end);
        let tokens: Map<_, _> = tokens
            .map(|(id, name)| (name.clone(), json!({"id": name, "ids": [id], "tokens": [name]})))
            .collect();
        let pair = [one("A"), one("B")].concat();
        Some(json!({
            "type": "TemplateProcessing", "single": one("A"), "pair": pair,
            "special_tokens": tokens,
        }))
    }

    /// Ids with a role: the file's, and what the usual names say where it is silent.
    fn special_ids(&self, guessed: &SpecialIds) -> SpecialIds {
        let end_of_turn = self.eot.or(guessed.end_of_turn);
        // Chat models name their end of turn as the end of a text.
        let eos = self.eos.filter(|id| Some(*id) != end_of_turn).or(guessed.eos).or(self.eos);
        SpecialIds { bos: self.bos.or(guessed.bos), eos, pad: self.padding.or(guessed.pad), end_of_turn }
    }
}
