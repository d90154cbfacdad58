//! `base`: the model that is tuned, as a folder that transformers would read as well.
//!
//! A built-in model becomes such a folder first, so that every later stage knows one form only.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use chat::tokenizer::BpeTrainer;
use chat::{Builtin, Example, Template, Tokenizer};
use kernels::quant::Format;
use model::weights::gguf::GgufFile;
use model::weights::{TensorToWrite, write_safetensors};
use model::{Decoder, ModelConfig, ModelError, ModelFolder};
use pipeline::{Context, Counts, Input, Stage};
use serde_json::json;

use super::device::Backend;
use super::{Names, builtin, hub_model, jsonl};
use crate::console::error::fail;
use crate::project::Project;

/// Raised when a built-in model would become another folder.
const VERSION: u32 = 3;

/// Tokens of the toy's vocabulary, if the text gives so many.
const TOY_VOCAB: usize = 1024;

/// Bytes of the training split that a vocabulary is made of: more changes few tokens and costs minutes.
const VOCABULARY_BYTES: usize = 24 << 20;

/// The input of a model that is part of this program.
const WEIGHTS: &str = "weights";

/// The untrained built-in model.
pub const TOY: &str = "builtin:toy";

/// The best built-in model of this binary.
pub fn best_builtin() -> &'static str {
    if builtin::is_embedded() { builtin::NANO } else { TOY }
}

/// Where the model comes from.
pub enum Origin {
    /// `builtin:toy`: untrained, its tokenizer made of the training split.
    Toy,
    /// `builtin:nano`: weights that are part of this program.
    Nano(&'static [u8]),
    /// `random:SHAPE`: weights that were drawn, to be trained from the beginning.
    Random(ModelConfig),
    /// A folder, or a GGUF file, which is read as the folder of its model would be.
    Folder(PathBuf),
}

/// A model of the recipe.
pub struct Base {
    /// Its name: `main`.
    pub name: String,
    /// What the recipe says it is.
    pub word: String,
    /// Where it comes from.
    pub origin: Origin,
}

impl Base {
    /// The model of a name.
    pub fn of(project: &Project, name: &str) -> anyhow::Result<Self> {
        let models = &project.resolved().model;
        let Some(model) = models.get(name) else {
            let known: Vec<_> = models.all().map(|(name, _)| name.to_owned()).collect();
            let hint = match crate::recipe::closest(name, &known) {
                Some(near) => format!("did you mean `{near}`?"),
                None => format!("there are {}", known.join(", ")),
            };
            return Err(fail(format!("there is no model called `{name}`"), hint));
        };
        let (name, word) = (name.to_owned(), model.base.clone());
        Ok(Self { origin: origin(project, &name, &word)?, name, word })
    }

    /// Every model of the recipe, `main` first; at least one.
    pub fn all(project: &Project) -> anyhow::Result<Vec<Self>> {
        project.resolved().model.all().map(|(name, _)| Self::of(project, name)).collect()
    }

    /// The stage that makes its folder.
    pub fn stage_id(&self) -> String {
        Names::of_model(Names::BASE, &self.name)
    }

    /// Where its folder or file is; of a model that a stage makes, once that has run.
    pub fn folder(&self, project: &Project, results: &pipeline::Project) -> anyhow::Result<PathBuf> {
        Ok(match &self.origin {
            Origin::Folder(folder) => project.folder.join(folder),
            Origin::Toy | Origin::Nano(_) | Origin::Random(_) => {
                results.output(&self.stage_id(), Names::MODEL)?
            }
        })
    }
}

fn origin(project: &Project, name: &str, base: &str) -> anyhow::Result<Origin> {
    match base {
        TOY => return Ok(Origin::Toy),
        builtin::NANO => return Ok(Origin::Nano(builtin::embedded()?)),
        _ => {}
    }
    if let Some(shape) = base.strip_prefix("random:") {
        return Ok(Origin::Random(ModelConfig::preset(shape)?));
    }
    if project.path(base).is_dir() || GgufFile::is_gguf(&project.path(base)) {
        return Ok(Origin::Folder(PathBuf::from(base)));
    }
    if let Some(repo) = hub::RepoId::parse(base) {
        return Ok(Origin::Folder(hub_model::here(project, &repo)?));
    }
    Err(fail(
        format!(
            "[{}] base = {base:?} is neither a folder, nor a GGUF file, nor a Hugging Face id",
            Names::model_section(name)
        ),
        "a folder holds config.json, model.safetensors and tokenizer.json; an id looks like `owner/name`, or `owner/name@revision`",
    ))
}

/// The stage that makes a folder of a built-in or drawn model; none where the base is a folder already.
pub fn stage(project: &Project, base: &Base) -> Option<Stage<'static>> {
    let run: pipeline::StageFn<'static> = match &base.origin {
        Origin::Folder(_) => return None,
        Origin::Toy => super::stage_fn(toy),
        Origin::Nano(weights) => {
            let weights = *weights;
            super::stage_fn(move |stage| nano(stage, weights))
        }
        Origin::Random(config) => {
            let config = config.clone();
            super::stage_fn(move |stage| drawn(stage, &config))
        }
    };
    Some(Stage {
        id: base.stage_id(),
        version: VERSION,
        inputs: vec![match &base.origin {
            Origin::Nano(_) => {
                Input { name: WEIGHTS.into(), from: pipeline::From::Builtin(builtin::digest()) }
            }
            _ => Input::stage(Names::SPLITS, super::splits_stage(project), Names::SPLITS),
        }],
        outputs: vec![Names::MODEL.into()],
        run,
    })
}

/// The configuration of a model that is part of this program; of a toy, all but the size of its vocabulary.
pub fn builtin_config(origin: &Origin) -> anyhow::Result<Option<ModelConfig>> {
    Ok(match origin {
        Origin::Folder(_) => None,
        Origin::Toy => Some(toy_config(&Tokenizer::bytes())),
        Origin::Nano(weights) => Some(builtin::config(builtin::NANO, weights)?),
        Origin::Random(config) => Some(config.clone()),
    })
}

/// The input under which later stages read the model's folder.
pub fn input(base: &Base) -> Input<'static> {
    match &base.origin {
        Origin::Folder(folder) => Input::file(Names::MODEL, folder),
        Origin::Toy | Origin::Nano(_) | Origin::Random(_) => {
            Input::stage(Names::MODEL, &base.stage_id(), Names::MODEL)
        }
    }
}

/// The model that is part of this program.
fn nano(stage: &mut Context<'_>, weights: &[u8]) -> anyhow::Result<Vec<Counts>> {
    let folder = stage.output(Names::MODEL)?;
    std::fs::create_dir(&folder)?;
    builtin::unpack(builtin::NANO, weights, &folder)?;
    Ok(Vec::new())
}

/// A small Qwen3 with weights that were drawn, not learned, and a vocabulary of the training split.
fn toy(stage: &mut Context<'_>) -> anyhow::Result<Vec<Counts>> {
    let seed: u64 = stage.param("project.seed")?;
    stage.note("builtin:toy is untrained: it shows that everything runs, not what a tuned model can do");
    let tokenizer = vocabulary(stage)?.finish(TOY_VOCAB).unwrap_or_else(|_| Tokenizer::bytes());
    let config = toy_config(&tokenizer);
    let folder = stage.output(Names::MODEL)?;
    std::fs::create_dir(&folder)?;
    write_model(&folder, &config, &tokenizer, seed)?;
    Ok(Vec::new())
}

/// A model of a known shape to be trained from the beginning: drawn weights, and as many tokens as the
/// shape has, made of the training split.
fn drawn(stage: &mut Context<'_>, shape: &ModelConfig) -> anyhow::Result<Vec<Counts>> {
    let seed: u64 = stage.param("project.seed")?;
    let tokenizer = vocabulary(stage)?.finish(shape.vocab)?;
    let config = ModelConfig {
        vocab: tokenizer.vocab_size(),
        bos_token: None,
        eos_tokens: tokenizer.end_ids(),
        ..shape.clone()
    };
    let folder = stage.output(Names::MODEL)?;
    std::fs::create_dir(&folder)?;
    if let Some(reason) = write_model(&folder, &config, &tokenizer, seed)? {
        stage.note(&reason.to_string());
    }
    Ok(Vec::new())
}

/// The text that a vocabulary is made of.
fn vocabulary(stage: &mut Context<'_>) -> anyhow::Result<BpeTrainer> {
    let mut trainer = BpeTrainer::new();
    let template = Template::builtin(Builtin::ChatMl);
    let mut n_bytes = 0;
    for example in jsonl::lines::<Example>(&stage.input(Names::SPLITS)?.join("train.jsonl"))? {
        let example = example?;
        let texts = if example.tools.is_empty() {
            example.messages.into_iter().map(|message| message.content).collect()
        } else {
            // Schemas and calls are text too, and long where no token knows their words.
            let text = template.render(&example.messages, &example.tools, false)?;
            // The marks of turns are special tokens, never merged.
            text.replace("<|im_start|>", "\n").split("<|im_end|>").map(str::to_owned).collect::<Vec<_>>()
        };
        for text in texts {
            trainer.add(&text);
            n_bytes += text.len();
        }
        if n_bytes > VOCABULARY_BYTES {
            break;
        }
    }
    Ok(trainer)
}

fn toy_config(tokenizer: &Tokenizer) -> ModelConfig {
    let nano = ModelConfig::preset("nano").expect("a preset");
    ModelConfig {
        vocab: tokenizer.vocab_size(),
        context: 1024,
        layers: 2,
        hidden: 64,
        mlp_hidden: 128,
        heads: 2,
        kv_heads: 1,
        head_dim: 32,
        bos_token: None,
        eos_tokens: tokenizer.end_ids(),
        ..nano
    }
}

/// Draws weights that look back from the first step on, or plainly where the architecture has no room for that: then
/// the reason is what comes back.
fn write_model(
    folder: &Path,
    config: &ModelConfig,
    tokenizer: &Tokenizer,
    seed: u64,
) -> anyhow::Result<Option<ModelError>> {
    let device = Arc::new(super::device::open());
    let mut decoder = Decoder::<Backend>::random(Arc::clone(&device), config.clone(), seed)?;
    let parameters = decoder.full_parameters();
    let specs = &parameters.layout.specs;
    let mut weights: BTreeMap<String, Vec<f32>> = specs
        .iter()
        .map(|spec| Ok((spec.name.clone(), parameters.read(&device, &spec.name)?)))
        .collect::<anyhow::Result<_>>()?;
    let refused = match model::look_back(config, seed, &mut weights) {
        Ok(()) => None,
        Err(reason @ ModelError::NoLookingBack { .. }) => Some(reason),
        Err(other) => return Err(other.into()),
    };
    let tensors: Vec<_> = specs
        .iter()
        .map(|spec| TensorToWrite {
            name: spec.name.clone(),
            shape: spec.shape.clone(),
            values: &weights[&spec.name],
        })
        .collect();
    write_safetensors(&folder.join("model.safetensors"), &tensors, &[("format", "pt")])?;
    let json = |name: &str, value: &serde_json::Value| {
        pipeline::platform::write_atomic(
            &folder.join(name),
            serde_json::to_string_pretty(value)?.as_bytes(),
        )?;
        anyhow::Ok(())
    };
    json("config.json", &config.to_config_json())?;
    json(
        "tokenizer_config.json",
        &json!({
            "chat_template": Builtin::ChatMl.source(),
            "clean_up_tokenization_spaces": false,
            "eos_token": "<|im_end|>",
            "model_max_length": config.context,
            "pad_token": "<|endoftext|>",
            "tokenizer_class": "Qwen2Tokenizer",
        }),
    )?;
    pipeline::platform::write_atomic(&folder.join("tokenizer.json"), tokenizer.to_json())?;
    Ok(refused)
}

/// The decoder of a model folder.
pub fn load(folder: &Path) -> anyhow::Result<Decoder<Backend>> {
    load_as(folder, None)
}

/// As [`load`], with the matrices of the blocks quantised.
pub fn load_as(folder: &Path, format: Option<Format>) -> anyhow::Result<Decoder<Backend>> {
    let (files, config) = (ModelFolder::open(folder)?, ModelConfig::from_folder(folder)?);
    Ok(Decoder::load_as(Arc::new(super::device::open()), config, &files, format)?)
}

#[cfg(test)]
pub mod tests {
    use super::*;

    /// A folder with a toy model and a vocabulary of bytes.
    pub fn toy_folder(folder: &Path, seed: u64) {
        let tokenizer = Tokenizer::bytes();
        write_model(folder, &toy_config(&tokenizer), &tokenizer, seed).unwrap();
    }
}
