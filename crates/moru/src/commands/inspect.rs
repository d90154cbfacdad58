//! `moru inspect`: what is in a model, an adapter, a shard, a PDF.

mod pdf;

use std::ops::RangeInclusive;
use std::path::{Path, PathBuf};

use chat::Shard;
use clap::Args;
use model::config::labels_in;
use model::weights::gguf::{GgufFile, GgufModel, StoredValue};
use model::{ModelConfig, ModelFolder, PEFT_SCORE, SCORE, SafetensorsFile, TensorSource};
use serde_json::{Value, json};

use crate::console::error::fail;
use crate::console::{Console, Outcome};
use crate::recipe::MAX_PAGES;
use crate::stages::assistant;

/// Look into a model folder, an adapter folder, a shard, a GGUF, a safetensors or a PDF file
#[derive(Debug, Args)]
pub struct Inspect {
    /// The folder or file
    path: PathBuf,
    /// List every tensor
    #[arg(long)]
    tensors: bool,
    /// Draw the pages of a PDF with what was made of them into this file, unmasked, to check it in a browser
    #[arg(long, value_name = "FILE.html")]
    html: Option<PathBuf>,
    /// The pages that --html draws, as FIRST-LAST; the first 60 where absent
    #[arg(long, value_name = "FIRST-LAST", requires = "html", value_parser = page_range)]
    pages: Option<RangeInclusive<u32>>,
    /// Pages of a PDF that are read; one with more is refused
    #[arg(long, default_value_t = MAX_PAGES, value_parser = clap::value_parser!(u64).range(1..))]
    max_pages: u64,
    /// Report as JSON
    #[arg(long)]
    json: bool,
}

/// `3-12`, or `3` for one page.
fn page_range(text: &str) -> Result<RangeInclusive<u32>, String> {
    let (first, last) = text.split_once('-').unwrap_or((text, text));
    let number = |text: &str| text.trim().parse::<u32>().ok().filter(|n| *n > 0);
    match (number(first), number(last)) {
        (Some(first), Some(last)) if first <= last => Ok(first..=last),
        _ => Err("pages are asked for as FIRST-LAST, such as 61-120".to_owned()),
    }
}

impl Inspect {
    pub fn run(self, console: &Console) -> anyhow::Result<Outcome> {
        let path = &self.path;
        if !path.exists() {
            return Err(fail(
                format!("there is nothing at {}", path.display()),
                "name a folder or a file that exists",
            ));
        }
        let is_pdf = path.extension().is_some_and(|ending| ending.eq_ignore_ascii_case("pdf"));
        if self.html.is_some() && !is_pdf {
            return Err(fail("--html belongs to PDF files", "moru inspect rules.pdf --html pages.html"));
        }
        let (mut value, tensors) = match path.extension().and_then(|e| e.to_str()) {
            _ if path.is_dir() && assistant::is_adapter(path) => adapter(path)?,
            _ if path.is_dir() => model(path)?,
            Some("safetensors") => {
                let file = SafetensorsFile::open(path)?;
                (json!({ "kind": "safetensors", "metadata": file.metadata() }), tensors(&file)?)
            }
            _ if is_pdf => {
                let looked = pdf::open(path, self.max_pages)?;
                let value = looked.value();
                if let Some(to) = &self.html {
                    pipeline::platform::write_atomic(to, looked.html(self.pages).as_bytes())?;
                    console.say(format!("wrote {}", to.display()));
                }
                (value, Vec::new())
            }
            _ if GgufFile::is_gguf(path) => gguf(path)?,
            Some("shard") => (shard(path)?, Vec::new()),
            _ => {
                return Err(fail(
                    format!("{} is of no known kind", path.display()),
                    "a model or adapter folder, a .gguf, a .safetensors, a .shard or a .pdf file can be looked into",
                ));
            }
        };
        if !tensors.is_empty() {
            value["n_tensors"] = tensors.len().into();
            if self.tensors {
                value["tensors"] = tensors.into();
            }
        }
        if self.json {
            console.print_json(&value);
        } else {
            console.print(lines(&value, 0));
        }
        Ok(Outcome::Good)
    }
}

fn model(folder: &Path) -> anyhow::Result<(Value, Vec<Value>)> {
    let files = ModelFolder::open(folder)?;
    let (config, labels) = if files.names().iter().any(|name| name == SCORE) {
        ModelConfig::classifier_from_folder(folder)?
    } else {
        (ModelConfig::from_folder(folder)?, None)
    };
    let architecture = match labels {
        Some(_) => config.family.classifier_architecture(),
        None => config.family.architecture(),
    };
    let mut value = about(&config, if labels.is_some() { "classifier" } else { "model" }, architecture);
    if let Some(labels) = labels {
        value["labels"] = json!(labels);
    }
    Ok((value, tensors(&files)?))
}

/// The sizes of a model.
fn about(config: &ModelConfig, kind: &str, architecture: &str) -> Value {
    json!({
        "kind": kind,
        "architecture": architecture,
        "parameters": config.parameters(),
        "layers": config.layers,
        "hidden": config.hidden,
        "heads": config.heads,
        "kv_heads": config.kv_heads,
        "head_dim": config.head_dim,
        "mlp_hidden": config.mlp_hidden,
        "vocab": config.vocab,
        "context": config.context,
        "tied_head": config.tied_head,
    })
}

/// Elements of an array that are shown.
const SHOWN: usize = 8;

/// A GGUF file: a model, or what else its keys say it is.
fn gguf(path: &Path) -> anyhow::Result<(Value, Vec<Value>)> {
    let file = GgufFile::open(path)?;
    let keys: serde_json::Map<_, _> =
        file.keys().map(|(key, value)| (key.to_owned(), shown(value))).collect();
    let listed = tensors(&file)?;
    let kind = file.text("general.type")?.unwrap_or("model").to_owned();
    let mut value = match GgufModel::of(file) {
        Ok(model) => about(model.config(), "model", model.config().family.architecture()),
        // A vocabulary, an adapter, or a model of an architecture that is not read: its keys are there to see.
        Err(why) if kind == "model" => json!({ "kind": kind, "not_usable": why.to_string() }),
        Err(_) => json!({ "kind": kind }),
    };
    value["format"] = json!("gguf");
    value["keys"] = Value::Object(keys);
    Ok((value, listed))
}

/// A value of a key; of a long array its first elements, and how many there are.
fn shown(value: StoredValue<'_>) -> Value {
    let Some(len) = value.len() else {
        let number = || value.size().map_or_else(|| json!(value.number()), |size| json!(size));
        return value
            .text()
            .map_or_else(|| value.flag().map_or_else(number, |flag| json!(flag)), |t| json!(t));
    };
    let mut first: Vec<Value> = match (value.texts(), value.numbers()) {
        (Some(texts), _) => texts.take(SHOWN).map(|text| json!(text)).collect(),
        (_, Some(numbers)) => numbers.take(SHOWN).map(|number| json!(number)).collect(),
        _ => Vec::new(),
    };
    if len > first.len() {
        first.push(json!(format!("… {len} in all")));
    }
    Value::Array(first)
}

fn adapter(folder: &Path) -> anyhow::Result<(Value, Vec<Value>)> {
    let path = folder.join("adapter_config.json");
    let config: Value = serde_json::from_slice(&std::fs::read(&path)?)
        .map_err(|e| anyhow::Error::from(e).context(format!("{} is no JSON", path.display())))?;
    let file = SafetensorsFile::open(&folder.join("adapter_model.safetensors"))?;
    let parameters: usize = file.names().iter().filter_map(|name| file.get(name).ok()).map(|t| t.len()).sum();
    let mut value = json!({
        "kind": "adapter",
        "base": config["base_model_name_or_path"],
        "rank": config["r"],
        "alpha": config["lora_alpha"],
        "targets": config["target_modules"],
        "parameters": parameters,
    });
    if let Ok(score) = file.get(PEFT_SCORE) {
        value["labels"] = match labels_in(folder)? {
            Some(labels) => json!(labels),
            None => json!(score.shape.first()),
        };
    }
    Ok((value, tensors(&file)?))
}

fn shard(path: &Path) -> anyhow::Result<Value> {
    let shard = Shard::open(path)?;
    let (mut tokens, mut trained, mut longest) = (0, 0, 0);
    for sample in shard.iter() {
        tokens += sample.ids.len();
        trained += sample.trained_tokens();
        longest = longest.max(sample.ids.len());
    }
    Ok(json!({
        "kind": "shard",
        "samples": shard.len(),
        "tokens": tokens,
        "trained_tokens": trained,
        "longest_tokens": longest,
        "vocab": shard.vocab_size(),
        "tokenizer": shard.tokenizer_digest(),
        "digest": shard.digest(),
    }))
}

fn tensors(source: &dyn TensorSource) -> anyhow::Result<Vec<Value>> {
    let names = source.names();
    names
        .iter()
        .map(|name| {
            let view = source.get(name)?;
            Ok(json!({ "name": name, "shape": view.shape, "dtype": view.dtype.name() }))
        })
        .collect()
}

/// JSON as lines for a person.
fn lines(value: &Value, indent: usize) -> String {
    let pad = " ".repeat(indent);
    match value {
        Value::Object(map) => {
            let width = map.keys().map(String::len).max().unwrap_or(0);
            let line = |(key, value): (&String, &Value)| match value {
                Value::Object(_) => format!("{pad}{key}\n{}", lines(value, indent + 2)),
                Value::Array(items) if items.iter().any(Value::is_object) => {
                    let items: Vec<_> = items.iter().map(|item| format!("{pad}  {}", plain(item))).collect();
                    format!("{pad}{key}\n{}", items.join("\n"))
                }
                other => format!("{pad}{key:width$}  {}", plain(other)),
            };
            map.iter().map(line).collect::<Vec<_>>().join("\n")
        }
        other => format!("{pad}{}", plain(other)),
    }
}

fn plain(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Array(items) => items.iter().map(plain).collect::<Vec<_>>().join(", "),
        Value::Object(map) => map.values().map(plain).collect::<Vec<_>>().join("  "),
        other => other.to_string(),
    }
}
