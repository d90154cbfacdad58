//! Tokenizers as models ship them: a folder, with the names of its special tokens and its template.

use std::path::{Path, PathBuf};

use serde_json::Value;

use super::{ByteLevelVocab, SpecialIds, Tokenizer, TokenizerError};

/// What a model's folder says about text.
#[derive(Debug, Clone)]
pub struct TokenizerFiles {
    /// The vocabulary, ids with a role set as the folder says.
    pub tokenizer: Tokenizer,
    /// The chat template's source, where the folder has one.
    pub template: Option<String>,
}

/// Reads `tokenizer.json` (or GPT-2's `vocab.json` + `merges.txt`), `tokenizer_config.json`,
/// `generation_config.json` and `chat_template.jinja` of a folder, as far as they are there.
///
/// # Errors
/// [`TokenizerError`], naming the file.
pub fn read_folder(folder: &Path) -> Result<TokenizerFiles, TokenizerError> {
    let tokenizer = read_vocabulary(folder)?;
    let config = read_json(&folder.join("tokenizer_config.json"))?;
    let generation = read_json(&folder.join("generation_config.json"))?;
    let ids = special_ids(&tokenizer, &config, &generation);
    let jinja = folder.join("chat_template.jinja");
    let template = if jinja.exists() { Some(read_text(&jinja)?) } else { template_of(&config) };
    Ok(TokenizerFiles { tokenizer: tokenizer.with_special_ids(ids), template })
}

fn read_vocabulary(folder: &Path) -> Result<Tokenizer, TokenizerError> {
    let json = folder.join("tokenizer.json");
    if json.exists() {
        return Tokenizer::from_file(&json);
    }
    let (vocab, merges) = (folder.join("vocab.json"), folder.join("merges.txt"));
    if vocab.exists() && merges.exists() {
        return Tokenizer::from_gpt2_files(&vocab, &merges);
    }
    Err(TokenizerError::Absent { folder: folder.to_path_buf() })
}

impl Tokenizer {
    /// Reads GPT-2's two files.
    ///
    /// # Errors
    /// [`TokenizerError::Read`], and [`TokenizerError::Parse`] with the file and line.
    pub fn from_gpt2_files(vocab: &Path, merges: &Path) -> Result<Self, TokenizerError> {
        let parse =
            |path: &Path, why: String| TokenizerError::Parse { place: path.display().to_string(), why };
        let map: std::collections::BTreeMap<String, usize> =
            serde_json::from_str(&read_text(vocab)?).map_err(|error| parse(vocab, error.to_string()))?;
        let mut tokens = vec![None; map.len()];
        for (token, id) in map {
            let size = tokens.len();
            let place = tokens
                .get_mut(id)
                .ok_or_else(|| parse(vocab, format!("id {id} in a vocabulary of {size} tokens")))?;
            *place = Some(token);
        }
        let tokens: Vec<String> = tokens
            .into_iter()
            .collect::<Option<_>>()
            .ok_or_else(|| parse(vocab, "two tokens share an id".to_string()))?;
        let mut pairs = Vec::new();
        for (i, line) in read_text(merges)?.lines().enumerate() {
            if line.is_empty() || (i == 0 && line.starts_with("#version")) {
                continue;
            }
            let (a, b) = line
                .split_once(' ')
                .ok_or_else(|| parse(merges, format!("line {}: not two tokens", i + 1)))?;
            pairs.push((a.to_string(), b.to_string()));
        }
        Self::parse(&ByteLevelVocab::gpt2(tokens, pairs).to_json(), &vocab.display().to_string())
    }
}

fn special_ids(tokenizer: &Tokenizer, config: &Value, generation: &Value) -> SpecialIds {
    // A token is written as its text or as an object with `content`.
    let named = |key: &str| {
        let token = &config[key];
        token.as_str().or_else(|| token["content"].as_str()).and_then(|text| tokenizer.id_of(text))
    };
    let guessed = tokenizer.special_ids();
    let eos = named("eos_token");
    let mut ids = SpecialIds {
        bos: named("bos_token").or(guessed.bos),
        eos: eos.or(guessed.eos),
        pad: named("pad_token").or(guessed.pad),
        end_of_turn: guessed.end_of_turn,
    };
    // Chat models name their end of turn as `eos_token`; the end of a text is then another id of
    // `generation_config.json`.
    if eos.is_some() && eos == ids.end_of_turn {
        let ends: Vec<u32> = match &generation["eos_token_id"] {
            Value::Array(all) => all.iter().filter_map(Value::as_u64).map(|id| id as u32).collect(),
            one => one.as_u64().map(|id| id as u32).into_iter().collect(),
        };
        ids.eos = ends.into_iter().find(|&id| Some(id) != ids.end_of_turn).or(guessed.eos).or(eos);
    }
    ids
}

/// `chat_template` is a text, or a list of named ones of which `default` is meant.
fn template_of(config: &Value) -> Option<String> {
    match &config["chat_template"] {
        Value::String(source) => Some(source.clone()),
        Value::Array(named) => named
            .iter()
            .find(|entry| entry["name"] == "default")
            .or_else(|| named.first())
            .and_then(|entry| entry["template"].as_str().map(str::to_string)),
        _ => None,
    }
}

fn read_text(path: &Path) -> Result<String, TokenizerError> {
    std::fs::read_to_string(path).map_err(|source| TokenizerError::Read { path: PathBuf::from(path), source })
}

fn read_json(path: &Path) -> Result<Value, TokenizerError> {
    if !path.exists() {
        return Ok(Value::Null);
    }
    serde_json::from_str(&read_text(path)?)
        .map_err(|error| TokenizerError::Parse { place: path.display().to_string(), why: error.to_string() })
}
