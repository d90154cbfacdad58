//! A tuned model as files for other tools: added to its base, in few bits, or its LoRA alone.
//!
//! 1. `chosen` finds what was tuned: of a project's training, or in a folder, and which checkpoint it is.
//! 2. [`Format`] names the files that can be written; [`write`] writes one, whole or not at all.

mod chosen;
#[cfg(test)]
mod tests;

use std::path::{Path, PathBuf};

use chat::Builtin;
use model::adapter::{Merged, merge_adapter};
use model::weights::bitsandbytes::{BitsAndBytes, export_bitsandbytes};
use model::weights::gguf::{GgufMix, GgufValue, export_gguf};
use model::{DType, ModelConfig, ModelFolder, TensorSource};

pub use chosen::{Chosen, of_folder, of_project};

use super::{assistant, gguf, train};
use crate::console::error::fail;

/// What a tuned model is written as.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// A Hugging Face folder, its numbers in this format, or each as the base has it.
    Merged(Option<DType>),
    /// A Hugging Face folder as bitsandbytes quantises.
    BitsAndBytes(BitsAndBytes),
    /// A GGUF file.
    Gguf(GgufMix),
    /// The adapter alone, as a GGUF file.
    Lora,
}

impl Format {
    /// The names in recipes and on the command line.
    pub const NAMES: [&str; 9] = ["merged", "nf4", "int8", "f16", "bf16", "q8_0", "q4_0", "q4_k_m", "lora"];

    /// The format of one of [`Format::NAMES`].
    pub fn from_name(name: &str) -> Option<Self> {
        match name {
            "merged" => Some(Self::Merged(None)),
            "lora" => Some(Self::Lora),
            name => BitsAndBytes::from_name(name)
                .map(Self::BitsAndBytes)
                .or_else(|| GgufMix::from_name(name).filter(|mix| *mix != GgufMix::F32).map(Self::Gguf)),
        }
    }

    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Merged(_) => "merged",
            Self::BitsAndBytes(format) => format.name(),
            Self::Gguf(mix) => mix.name(),
            Self::Lora => "lora",
        }
    }

    /// The name of the file or folder of a training's model.
    pub fn file_name(self, training: &str) -> String {
        let model = if training == "main" { "model".to_owned() } else { format!("model-{training}") };
        match self {
            Self::Gguf(_) | Self::Lora => format!("{model}-{}.gguf", self.name()),
            Self::Merged(_) | Self::BitsAndBytes(_) => format!("{model}-{}", self.name()),
        }
    }
}

/// Writes what was chosen as `format` to `to`. It is made under another name beside it and then renamed, so that what
/// fails, such as for want of room, leaves nothing.
pub fn write(chosen: &Chosen, format: Format, to: &Path) -> anyhow::Result<()> {
    let partial = pipeline::platform::beside(to);
    pipeline::platform::remove(&partial)?;
    if let Some(parent) = to.parent().filter(|parent| !parent.as_os_str().is_empty()) {
        std::fs::create_dir_all(parent)?;
    }
    let written = write_into(chosen, format, &partial);
    let written = written.and_then(|()| Ok(std::fs::rename(&partial, to)?));
    if written.is_err() {
        pipeline::platform::remove(&partial)?;
    }
    written
}

fn write_into(chosen: &Chosen, format: Format, to: &Path) -> anyhow::Result<()> {
    match format {
        Format::Merged(dtype) => match &chosen.adapter {
            Some(adapter) => merge_adapter(&chosen.base, adapter, to, dtype)?,
            None if dtype.is_none() => {
                pipeline::export::<pipeline::Error>(&chosen.base, to, &mut |_| Ok(()))?;
            }
            None => {
                return Err(fail(
                    "all weights were trained: there is nothing to merge, and its numbers stay as they are",
                    "leave --dtype out, or use `moru quantize --format f16`",
                ));
            }
        },
        Format::BitsAndBytes(format) => {
            let (config, source) = source(chosen)?;
            refuse_quantised(chosen)?;
            export_bitsandbytes(to, &chosen.base, &config, &*source, format)?;
        }
        Format::Gguf(mix) => return write_gguf(chosen, mix, to),
        Format::Lora => {
            let Some(adapter) = &chosen.adapter else {
                return Err(fail(
                    "all weights were trained: there is no LoRA",
                    "use another format, such as q4_k_m",
                ));
            };
            return gguf::write_adapter(&chosen.base, adapter, &chosen.name, to);
        }
    }
    train::set_template(to, &chosen.template)?;
    Ok(pipeline::platform::write_atomic(&to.join("README.md"), card(chosen, format).as_bytes())?)
}

fn write_gguf(chosen: &Chosen, mix: GgufMix, to: &Path) -> anyhow::Result<()> {
    let (config, source) = source(chosen)?;
    let mut text = gguf::text_files(&chosen.base)?;
    if let Some(builtin) = Builtin::from_name(&chosen.template) {
        text.template = Some(builtin.source().to_owned());
    }
    let mut keys = vec![("general.name".to_owned(), GgufValue::text(&chosen.name))];
    keys.extend(gguf::text_keys(&text, config.vocab)?);
    Ok(export_gguf(to, &config, &*source, mix, &keys)?)
}

/// The tensors of the tuned model.
fn source(chosen: &Chosen) -> anyhow::Result<(ModelConfig, Box<dyn TensorSource>)> {
    Ok(match &chosen.adapter {
        Some(adapter) => {
            let merged = Merged::open(&chosen.base, adapter)?;
            (merged.config().clone(), Box::new(merged))
        }
        None => (ModelConfig::from_folder(&chosen.base)?, Box::new(ModelFolder::open(&chosen.base)?)),
    })
}

/// Blocks that are quantised once more lose twice.
fn refuse_quantised(chosen: &Chosen) -> anyhow::Result<()> {
    let config: serde_json::Value = serde_json::from_slice(&std::fs::read(chosen.base.join("config.json"))?)?;
    if config.get("quantization_config").is_none_or(serde_json::Value::is_null) {
        return Ok(());
    }
    Err(fail(
        format!("{} is quantised already", chosen.base.display()),
        "name the folder before it was quantised",
    ))
}

/// What stands beside the weights for people.
fn card(chosen: &Chosen, format: Format) -> String {
    let what = match format {
        Format::Merged(_) => "The adapter is added to the weights of its base; nothing is quantised.",
        Format::BitsAndBytes(BitsAndBytes::Nf4) => {
            "The matrices of the blocks are in 4-bit NormalFloat with double quantisation, as bitsandbytes has them."
        }
        Format::BitsAndBytes(BitsAndBytes::Int8) => {
            "The matrices of the blocks are in 8 bits with a scale a row, as bitsandbytes has them."
        }
        Format::Gguf(_) | Format::Lora => "",
    };
    format!(
        "---\nlibrary_name: transformers\npipeline_tag: text-generation\ntags:\n- moru\n---\n\n# {}\n\n{what}\n\n\
         Base: `{}`. Tuned: {}.\n\nLoad it with `AutoModelForCausalLM.from_pretrained(FOLDER)` of transformers, or talk to it \
         with `moru chat`.\n",
        chosen.name, chosen.base_name, chosen.which
    )
}

/// Bytes of a file, or of all files of a folder.
pub fn bytes_of(path: &Path) -> std::io::Result<u64> {
    if path.is_file() {
        return Ok(path.metadata()?.len());
    }
    std::fs::read_dir(path)?.map(|entry| bytes_of(&entry?.path())).sum()
}

/// The folder or file to write where none is named, which must not be there yet.
pub fn place(to: Option<PathBuf>, project: &Path, format: Format, training: &str) -> anyhow::Result<PathBuf> {
    // A path is said as short as it can be.
    let out = if project == Path::new(".") { PathBuf::from("out") } else { project.join("out") };
    let to = to.unwrap_or_else(|| out.join(format.file_name(training)));
    let is_empty_folder = || to.is_dir() && to.read_dir().is_ok_and(|mut entries| entries.next().is_none());
    if to.symlink_metadata().is_ok() && !is_empty_folder() {
        return Err(fail(
            format!("{} is there already", to.display()),
            "name another with --to, or remove it",
        ));
    }
    Ok(to)
}

/// Whether a folder holds a model or an adapter.
fn holds_a_model(folder: &Path) -> bool {
    assistant::is_adapter(folder) || folder.join("config.json").exists()
}
