//! Adding an adapter to its base: `W + s·B·A`, in f32, written as a Hugging Face folder.

use std::path::Path;

use serde_json::{Value, json};

use super::AdapterFolder;
use super::files::{create_folder, write_json};
use crate::weights::{SHARD_BYTES, TensorHeader, stream_model, write_values};
use crate::{DType, LinearModule, ModelConfig, ModelError, ModelFolder, Orientation, TensorSource, platform};

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

/// Merges the adapter in `adapter` into the base in `base` and writes the result to the folder `out`.
///
/// The sum is made in f32. Weights are written as `dtype`, or each as the base has it when that is none; the
/// narrower formats round to nearest even; from 5 GB on they are several files with an index. What makes the folder a
/// model is renamed to its place last, so that an interrupted merge leaves nothing that could be taken for one. A base
/// without `generation_config.json` gets one that says with which tokens a text begins and ends.
///
/// # Errors
/// A file is missing or broken, the adapter does not fit the base, or `out` cannot be written.
pub fn merge_adapter(
    base: &Path,
    adapter: &Path,
    out: &Path,
    dtype: Option<DType>,
) -> Result<(), ModelError> {
    if base.is_file() {
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
    let names = weights.names();
    let views: Vec<_> = names.iter().map(|name| weights.get(name)).collect::<Result<_, _>>()?;
    let headers: Vec<_> = names
        .iter()
        .zip(&views)
        .map(|(name, view)| TensorHeader {
            name: name.clone(),
            dtype: dtype.unwrap_or(view.dtype),
            shape: view.shape.clone(),
        })
        .collect();
    let updates = updates(&config, &adapter, &chosen, &headers)?;
    create_folder(out)?;
    for name in COPIED {
        copy(&base.join(name), &out.join(name))?;
    }
    write_config(base, out, dtype)?;
    write_generation(out, &config)?;
    stream_model(out, &headers, &[("format", "pt")], SHARD_BYTES, &mut |at, file| {
        let mut values = views[at].to_f32();
        if let Some(update) = &updates[at] {
            update.add_to(&mut values);
        }
        write_values(file, headers[at].dtype, &values)
    })
}

/// What is added to one weight.
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

/// One entry for each tensor of the base; refuses an adapter whose layer the base's files lack or shape otherwise.
fn updates(
    config: &ModelConfig,
    adapter: &AdapterFolder,
    chosen: &[LinearModule],
    headers: &[TensorHeader],
) -> Result<Vec<Option<Update>>, ModelError> {
    let mut updates: Vec<Option<Update>> = headers.iter().map(|_| None).collect();
    for module in chosen {
        let name = module.weight_name();
        let short = name.strip_prefix(config.base_prefix());
        let at = headers.iter().position(|h| h.name == name || Some(&*h.name) == short);
        let at =
            at.ok_or_else(|| ModelError::MissingTensor { place: "the base".to_owned(), name: name.clone() })?;
        let expected = match config.orientation {
            Orientation::Linear => vec![module.outputs, module.inputs],
            Orientation::Conv1D => vec![module.inputs, module.outputs],
        };
        if headers[at].shape != expected {
            return Err(ModelError::TensorShape { name, found: headers[at].shape.clone(), expected });
        }
        updates[at] = Some(Update {
            a: adapter.get(&module.lora_a_key())?.to_f32(),
            b: adapter.get(&module.lora_b_key())?.to_f32(),
            inputs: module.inputs,
            outputs: module.outputs,
            scale: adapter.lora.scale(),
            orientation: config.orientation,
        });
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

/// The base's own `config.json`, with the number format as it now is.
fn write_config(base: &Path, out: &Path, dtype: Option<DType>) -> Result<(), ModelError> {
    let path = base.join("config.json");
    let text = std::fs::read_to_string(&path).map_err(|source| ModelError::Io {
        action: "read",
        path: path.clone(),
        source,
    })?;
    let mut value: Value = serde_json::from_str(&text)
        .map_err(|source| ModelError::Json { place: path.display().to_string(), source })?;
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
