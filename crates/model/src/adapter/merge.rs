//! Adding an adapter to its base: `W + s·B·A`, in f32, written as a Hugging Face folder.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::path::Path;

use serde_json::{Value, json};

use super::AdapterFolder;
use super::files::{create_folder, write_json};
use crate::weights::{SHARD_BYTES, TensorHeader, stream_model, write_values};
use crate::{
    DType, LinearModule, ModelConfig, ModelError, ModelFolder, Orientation, TensorSource, TensorView,
    platform,
};

/// Files of a model folder that a merge leaves as they are.
const COPIED: [&str; 8] = [
    "tokenizer.json",
    "tokenizer_config.json",
    "special_tokens_map.json",
    "added_tokens.json",
    "vocab.json",
    "merges.txt",
    "chat_template.jinja",
    GENERATION,
];

/// How a model is meant to generate.
const GENERATION: &str = "generation_config.json";

/// A base with an adapter added to it, `W + s·B·A` in f32, made tensor by tensor as it is read.
#[derive(Debug)]
pub struct Merged {
    config: ModelConfig,
    weights: ModelFolder,
    /// By the name that the base's files have.
    updates: BTreeMap<String, Update>,
}

impl Merged {
    /// The adapter in `adapter` over the base in `base`.
    ///
    /// # Errors
    /// A file is missing or broken, the base's weights are quantised, or the adapter does not fit it or is a
    /// classifier's.
    pub fn open(base: &Path, adapter: &Path) -> Result<Self, ModelError> {
        if base.is_file() || is_quantised(base)? {
            return Err(ModelError::Unsupported {
                what: "the base of a merge",
                value: base.display().to_string(),
                allowed: "the folder of the model, whose weights are not quantised",
            });
        }
        let config = ModelConfig::from_folder(base)?;
        let weights = ModelFolder::open(base)?;
        let adapter = AdapterFolder::open(adapter, &config)?;
        if !adapter.info.labels.is_empty() {
            return Err(ModelError::NotALanguageModel { labels: adapter.info.labels.len() });
        }
        let chosen = adapter.lora.select(&config)?;
        let updates = updates(&config, &adapter, &chosen, &weights)?;
        Ok(Self { config, weights, updates })
    }

    /// The architecture.
    pub fn config(&self) -> &ModelConfig {
        &self.config
    }
}

impl TensorSource for Merged {
    fn names(&self) -> Vec<String> {
        self.weights.names()
    }

    fn get(&self, name: &str) -> Result<TensorView<'_>, ModelError> {
        let view = self.weights.get(name)?;
        let Some(update) = self.updates.get(name) else { return Ok(view) };
        let mut values = view.to_f32();
        update.add_to(&mut values);
        let bytes = values.iter().flat_map(|value| value.to_le_bytes()).collect();
        Ok(TensorView { dtype: DType::F32, shape: view.shape, bytes: Cow::Owned(bytes) })
    }

    fn release(&self, name: &str) {
        self.weights.release(name);
    }
}

/// Whether a folder's weights are in few bits already.
fn is_quantised(base: &Path) -> Result<bool, ModelError> {
    Ok(read_config(base)?.get("quantization_config").is_some_and(|settings| !settings.is_null()))
}

/// Merges the adapter in `adapter` into the base in `base` and writes the result to the folder `out`.
///
/// The sum is made in f32. Weights are written as `dtype`, or each as the base has it when that is none; the
/// narrower formats round to nearest even; from 5 GB on they are several files with an index. What makes the folder a
/// model is renamed to its place last, so that an interrupted merge leaves nothing that could be taken for one. A base
/// without `generation_config.json` gets one that says with which tokens a text begins and ends.
///
/// # Errors
/// As [`Merged::open`]; or `out` cannot be written.
pub fn merge_adapter(
    base: &Path,
    adapter: &Path,
    out: &Path,
    dtype: Option<DType>,
) -> Result<(), ModelError> {
    let merged = Merged::open(base, adapter)?;
    let header = |name: String| {
        let view = merged.weights.get(&name)?;
        Ok(TensorHeader { name, dtype: dtype.unwrap_or(view.dtype), shape: view.shape })
    };
    let headers: Vec<_> = merged.names().into_iter().map(header).collect::<Result<_, ModelError>>()?;
    about_text(base, out, &merged.config)?;
    write_config(base, out, dtype)?;
    stream_model(out, &headers, &[("format", "pt")], SHARD_BYTES, &mut |at, file| {
        let header = &headers[at];
        // All tensors were found when the headers were made.
        let values = merged.get(&header.name).map_err(std::io::Error::other)?.to_f32();
        let written = write_values(file, header.dtype, &values);
        merged.release(&header.name);
        written
    })
}

/// Creates the folder `out` and writes to it what the base's folder says about text and generating.
pub(crate) fn about_text(base: &Path, out: &Path, config: &ModelConfig) -> Result<(), ModelError> {
    create_folder(out)?;
    for name in COPIED {
        copy(&base.join(name), &out.join(name))?;
    }
    write_generation(out, config)
}

/// What is added to one weight.
#[derive(Debug)]
struct Update {
    a: Vec<f32>, // (rank, inputs)
    b: Vec<f32>, // (outputs, rank)
    inputs: usize,
    outputs: usize,
    scale: f32,
    orientation: Orientation,
}

impl Update {
    fn add_to(&self, weight: &mut [f32]) {
        let rank = self.a.len() / self.inputs;
        let mut row = vec![0.0; self.inputs];
        for (output, b) in self.b.chunks(rank).enumerate() {
            row.fill(0.0);
            for (&b, a) in b.iter().zip(self.a.chunks(self.inputs)) {
                row.iter_mut().zip(a).for_each(|(sum, a)| *sum += b * a);
            }
            for (input, delta) in row.iter().enumerate() {
                let at = match self.orientation {
                    Orientation::Linear => output * self.inputs + input,
                    Orientation::Conv1D => input * self.outputs + output,
                };
                weight[at] += self.scale * delta;
            }
        }
    }
}

/// What is added to which tensor; refuses an adapter whose layer the base's files lack or shape otherwise.
fn updates(
    config: &ModelConfig,
    adapter: &AdapterFolder,
    chosen: &[LinearModule],
    base: &ModelFolder,
) -> Result<BTreeMap<String, Update>, ModelError> {
    let names = base.names();
    let mut updates = BTreeMap::new();
    for module in chosen {
        let name = module.weight_name();
        let short = name.strip_prefix(config.base_prefix());
        let stored = names.iter().find(|stored| **stored == name || Some(&***stored) == short);
        let stored = stored
            .ok_or_else(|| ModelError::MissingTensor { place: "the base".to_owned(), name: name.clone() })?;
        let expected = match config.orientation {
            Orientation::Linear => vec![module.outputs, module.inputs],
            Orientation::Conv1D => vec![module.inputs, module.outputs],
        };
        let found = base.get(stored)?.shape;
        if found != expected {
            return Err(ModelError::TensorShape { name, found, expected });
        }
        let update = Update {
            a: adapter.get(&module.lora_a_key())?.to_f32(),
            b: adapter.get(&module.lora_b_key())?.to_f32(),
            inputs: module.inputs,
            outputs: module.outputs,
            scale: adapter.lora.scale(),
            orientation: config.orientation,
        };
        updates.insert(stored.clone(), update);
    }
    Ok(updates)
}

fn copy(from: &Path, to: &Path) -> Result<(), ModelError> {
    match std::fs::read(from) {
        Ok(bytes) => platform::write_then_rename(to, |file| file.write_all(&bytes)),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(()),
        Err(source) => Err(ModelError::Io { action: "read", path: from.to_owned(), source }),
    }
}

/// What the architecture says about generating, where the base's folder said nothing.
fn write_generation(out: &Path, config: &ModelConfig) -> Result<(), ModelError> {
    let path = out.join(GENERATION);
    match config.to_generation_json() {
        Some(value) if !path.exists() => write_json(&path, &value),
        _ => Ok(()),
    }
}

/// The base's own `config.json`.
pub(crate) fn read_config(base: &Path) -> Result<Value, ModelError> {
    let path = base.join("config.json");
    if !path.exists() {
        return Err(ModelError::MissingFile { folder: base.to_owned(), wanted: "config.json" });
    }
    let text = std::fs::read_to_string(&path).map_err(|source| ModelError::Io {
        action: "read",
        path: path.clone(),
        source,
    })?;
    serde_json::from_str(&text)
        .map_err(|source| ModelError::Json { place: path.display().to_string(), source })
}

/// The base's own `config.json`, with the number format as it now is.
fn write_config(base: &Path, out: &Path, dtype: Option<DType>) -> Result<(), ModelError> {
    let mut value = read_config(base)?;
    if let Some(dtype) = dtype {
        let key = if value.get("dtype").is_some() { "dtype" } else { "torch_dtype" };
        value[key] = json!(match dtype {
            DType::F32 => "float32",
            DType::F16 => "float16",
            DType::BF16 => "bfloat16",
            DType::Blocks(format) => format.name(),
        });
    }
    write_json(&out.join("config.json"), &value)
}
