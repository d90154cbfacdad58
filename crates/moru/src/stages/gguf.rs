//! GGUF files: what they say about text, handed from `model`, which reads the files, to `chat`, which knows text.

use std::path::Path;

use chat::tokenizer::{GgmlVocab, TokenKind, TokenizerFiles, read_folder};
use model::adapter::AdapterFolder;
use model::weights::gguf::{GgufFile, GgufMix, GgufValue, export_gguf, export_gguf_adapter};
use model::{ModelConfig, ModelFolder};

/// The key of the chat template.
const TEMPLATE: &str = "tokenizer.chat_template";

/// What a model says about text: its folder's files, or the keys of its GGUF file.
pub fn text_files(model: &Path) -> anyhow::Result<TokenizerFiles> {
    if !GgufFile::is_gguf(model) {
        return Ok(read_folder(model)?);
    }
    text_of(&GgufFile::open(model)?)
}

/// What a GGUF file says about text.
pub fn text_of(file: &GgufFile) -> anyhow::Result<TokenizerFiles> {
    let tokenizer = vocabulary(file)?.to_tokenizer(file.place())?;
    Ok(TokenizerFiles { tokenizer, template: file.text(TEMPLATE)?.map(str::to_owned) })
}

/// The vocabulary of a GGUF file.
pub fn vocabulary(file: &GgufFile) -> anyhow::Result<GgmlVocab> {
    let key = |name: &str| format!("tokenizer.ggml.{name}");
    let text = |name: &str| file.text(&key(name)).map(|text| text.map(str::to_owned));
    let texts = |name: &str| {
        let texts = file.texts(&key(name))?;
        Ok::<_, model::ModelError>(texts.map(|texts| texts.map(str::to_owned).collect::<Vec<_>>()))
    };
    let id =
        |name: &str| Ok::<_, model::ModelError>(file.size(&key(name))?.and_then(|id| u32::try_from(id).ok()));
    let kinds =
        file.numbers(&key("token_type"))?.map(|codes| codes.map(|code| TokenKind::of(code as i64)).collect());
    let scores = file.numbers(&key("scores"))?.map(|scores| scores.map(|score| score as f32).collect());
    Ok(GgmlVocab {
        model: text("model")?.ok_or_else(|| file.missing(&key("model")))?,
        pre: text("pre")?,
        tokens: texts("tokens")?.ok_or_else(|| file.missing(&key("tokens")))?,
        kinds: kinds.unwrap_or_default(),
        scores: scores.unwrap_or_default(),
        merges: texts("merges")?.unwrap_or_default(),
        bos: id("bos_token_id")?,
        eos: id("eos_token_id")?,
        eot: id("eot_token_id")?,
        unknown: id("unknown_token_id")?,
        padding: id("padding_token_id")?,
        add_bos: file.flag(&key("add_bos_token"))?,
        add_eos: file.flag(&key("add_eos_token"))?,
        add_space_prefix: file.flag(&key("add_space_prefix"))?,
    })
}

/// The keys that say about text what `files` say, for a model of so many rows.
pub fn text_keys(files: &TokenizerFiles, rows: usize) -> anyhow::Result<Vec<(String, GgufValue)>> {
    let vocab = GgmlVocab::of(&files.tokenizer, rows)?;
    let mut keys = Vec::new();
    let mut push = |name: &str, value: Option<GgufValue>| {
        keys.extend(value.map(|value| (format!("tokenizer.ggml.{name}"), value)));
    };
    let filled = |is_empty: bool, value: GgufValue| (!is_empty).then_some(value);
    push("model", Some(GgufValue::Text(vocab.model)));
    push("pre", vocab.pre.map(GgufValue::Text));
    push("tokens", Some(GgufValue::Texts(vocab.tokens)));
    push("scores", filled(vocab.scores.is_empty(), GgufValue::F32s(vocab.scores)));
    let kinds = vocab.kinds.iter().map(|kind| *kind as i32).collect();
    push("token_type", Some(GgufValue::I32s(kinds)));
    push("merges", filled(vocab.merges.is_empty(), GgufValue::Texts(vocab.merges)));
    push("bos_token_id", vocab.bos.map(GgufValue::U32));
    push("eos_token_id", vocab.eos.map(GgufValue::U32));
    push("eot_token_id", vocab.eot.map(GgufValue::U32));
    push("unknown_token_id", vocab.unknown.map(GgufValue::U32));
    push("padding_token_id", vocab.padding.map(GgufValue::U32));
    push("add_bos_token", vocab.add_bos.map(GgufValue::Bool));
    push("add_eos_token", vocab.add_eos.map(GgufValue::Bool));
    push("add_space_prefix", vocab.add_space_prefix.map(GgufValue::Bool));
    keys.extend(files.template.clone().map(|template| (TEMPLATE.to_owned(), GgufValue::Text(template))));
    Ok(keys)
}

/// Writes the model in `model`, a folder or a GGUF file, as a GGUF file in one of llama.cpp's mixes of formats, with
/// its vocabulary and template, under a name for people.
pub fn write(model: &Path, mix: GgufMix, name: &str, to: &Path) -> anyhow::Result<()> {
    let (config, tensors) = (ModelConfig::from_folder(model)?, ModelFolder::open(model)?);
    let mut keys = vec![("general.name".to_owned(), GgufValue::text(name))];
    keys.extend(text_keys(&text_files(model)?, config.vocab)?);
    Ok(export_gguf(to, &config, &tensors, mix, &keys)?)
}

/// Writes the adapter in a folder, of a model in `base`, as llama.cpp's `--lora` reads it.
pub fn write_adapter(base: &Path, adapter: &Path, name: &str, to: &Path) -> anyhow::Result<()> {
    let config = ModelConfig::from_folder(base)?;
    let adapter = AdapterFolder::open(adapter, &config)?;
    let keys = [("general.name".to_owned(), GgufValue::text(name))];
    Ok(export_gguf_adapter(to, &config, &adapter, &keys)?)
}

/// Writes what a GGUF file says about text as the files of a folder.
pub fn write_text_files(model: &Path, folder: &Path) -> anyhow::Result<()> {
    let files = text_files(model)?;
    let put = |name: &str, bytes: &[u8]| pipeline::platform::write_atomic(&folder.join(name), bytes);
    put("tokenizer.json", files.tokenizer.to_json())?;
    let token = |id: Option<u32>| id.and_then(|id| files.tokenizer.token_of(id));
    let ids = files.tokenizer.special_ids();
    let mut config = serde_json::json!({
        "clean_up_tokenization_spaces": false,
        "bos_token": token(ids.bos),
        "eos_token": token(ids.end_of_turn.or(ids.eos)),
        "pad_token": token(ids.pad),
        "tokenizer_class": "PreTrainedTokenizerFast",
    });
    if let Some(template) = &files.template {
        config["chat_template"] = template.as_str().into();
    }
    put("tokenizer_config.json", serde_json::to_string_pretty(&config)?.as_bytes())?;
    Ok(())
}

#[cfg(test)]
mod tests;
