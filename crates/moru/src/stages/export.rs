//! `fit:NAME` and `export:NAME.FORMAT`: a tuned model is written for other tools, and measured beside what it came from.
//!
//! 1. [`fit_stage`]: how well the tuned model predicts the answers of the test split.
//! 2. [`stage`]: the artifact, how well it predicts them, and the gate. How fast it is stands beside the lock, because
//!    no digest may hold a time. Its answers are scored by `answer:NAME.FORMAT` and `evaluate:NAME`.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use chat::Shard;
use eval::report::{Artifact, ArtifactFit, Speed};
use model::adapter::AdapterFolder;
use model::{Decoder, Recompute, TrainBatch, Trainable, Workspace};
use pipeline::{Context, Counts, Input, Stage};
use serde::{Deserialize, Serialize};

use super::answer::{self, test_rows};
use super::artifact::{self, Chosen, Format};
use super::base::{self, Base};
use super::bench_generate::{Generation, Load};
use super::device::Backend;
use super::{Names, assistant, compared};
use crate::console::error::fail;
use crate::project::Project;
use crate::recipe::{Resolved, Train};

/// Raised when the same model would be measured otherwise.
const FIT_VERSION: u32 = 1;
/// Raised when the same model would be written otherwise.
const VERSION: u32 = 1;

/// Tokens of the prompt by which speed is measured.
pub const PROMPT: usize = 128;
/// Tokens of the reply.
pub const REPLY: usize = 32;

/// Refuses formats where no training can be exported.
pub fn check(recipe: &Resolved) -> anyhow::Result<()> {
    let is_pretrained = recipe.synthesize.is_wanted();
    let is_exported = recipe.train.values().any(|train| !is_pretrained && !train.is_classifier());
    let (Some(name), false) = (recipe.train.keys().next(), recipe.export.formats.is_empty() || is_exported)
    else {
        return Ok(());
    };
    let what = if is_pretrained { "trained from the beginning" } else { "a classifier" };
    Err(fail(
        format!("train.{name} is {what}, which [export] does not write yet"),
        "leave [export] formats out; what was trained is in out/ as it is",
    ))
}

/// The stages in which a tuned model is written for other tools, and answers as it was written.
pub fn stages<'a>(project: &'a Project, name: &'a str, train: &Train, base: &Base) -> Vec<Stage<'a>> {
    let mut stages = Vec::new();
    for format in project.resolved().export.formats() {
        if stages.is_empty() {
            stages.push(fit_stage(name, train, base::input(base)));
        }
        stages.push(stage(project, name, train, format, base::input(base)));
        if format != Format::Lora {
            stages.push(answer::stage_of_export(project, name, format));
        }
    }
    stages
}

/// How well a model predicts.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
struct Fit {
    tokens: u64,
    nats_per_token: f64,
}

/// The stage that measures a training's model before it is written as anything else.
fn fit_stage<'a>(name: &str, train: &Train, model: Input<'static>) -> Stage<'a> {
    let mut inputs = measured(name, train);
    inputs.push(model);
    inputs.push(Input::stage(Names::TUNED, &Names::train(name), Names::TUNED));
    Stage {
        id: Names::fit(name),
        version: FIT_VERSION,
        inputs,
        outputs: vec![Names::MEASURES.into()],
        run: super::stage_fn(|stage| {
            let (base, tuned) = (stage.input(Names::MODEL)?, stage.input(Names::TUNED)?);
            let (decoder, adapter) = load(&base, &tuned)?;
            let fit = fit(stage, &decoder, adapter.as_ref())?;
            stage.note(&format!("{:.4} nats per token on {} tokens", fit.nats_per_token, fit.tokens));
            pipeline::platform::write_atomic(
                &stage.output(Names::MEASURES)?,
                &serde_json::to_vec_pretty(&fit)?,
            )?;
            Ok(Vec::new())
        }),
    }
}

/// What every measure reads.
fn measured<'a>(name: &str, train: &Train) -> Vec<Input<'a>> {
    vec![
        Input::stage(Names::SPLITS, Names::SPLIT, Names::SPLITS),
        Input::stage(Names::SHARDS, &Names::shards_of(name, train), Names::SHARDS),
    ]
}

/// The stage that writes a training's model in one format.
fn stage<'a>(
    project: &'a Project,
    name: &'a str,
    train: &Train,
    format: Format,
    model: Input<'static>,
) -> Stage<'a> {
    let mut inputs = measured(name, train);
    inputs.push(model);
    inputs.push(Input::stage(Names::TUNED, &Names::train(name), Names::TUNED));
    inputs.push(Input::stage(Names::MEASURES, &Names::fit(name), Names::MEASURES));
    Stage {
        id: Names::export(name, format),
        version: VERSION,
        inputs,
        outputs: vec![Names::ARTIFACT.into(), Names::MEASURES.into()],
        run: super::stage_fn(move |stage| run(stage, project, name, format)),
    }
}

fn run(
    stage: &mut Context<'_>,
    project: &Project,
    name: &str,
    format: Format,
) -> anyhow::Result<Vec<Counts>> {
    let limit: f64 = stage.param("export.max_nll_increase")?;
    let (base, tuned) = (stage.input(Names::MODEL)?, stage.input(Names::TUNED)?);
    let is_adapter = assistant::is_adapter(&tuned);
    let chosen = Chosen {
        base: if is_adapter { base } else { tuned.clone() },
        adapter: is_adapter.then_some(tuned),
        name: stage.param("project.name")?,
        base_name: stage.param(&Names::model_param(project.resolved().train[name].model_name()))?,
        template: if is_adapter { stage.param("tokenize.template")? } else { "model".to_owned() },
        which: format!("the result of train:{name}"),
    };
    let to = stage.output(Names::ARTIFACT)?;
    artifact::write(&chosen, format, &to)?;
    let mut written = Artifact {
        name: name.to_owned(),
        format: format.name().to_owned(),
        bytes: artifact::bytes_of(&to)?,
        ..Artifact::default()
    };
    if format != Format::Lora {
        let before: Fit = serde_json::from_slice(&std::fs::read(stage.input(Names::MEASURES)?)?)?;
        let decoder = base::load(&to)?;
        let after = fit(stage, &decoder, None)?;
        written.fit = Some(ArtifactFit {
            tokens: after.tokens,
            tuned: before.nats_per_token,
            written: after.nats_per_token,
            allowed: (limit > 0.0).then_some(limit),
        });
        note_speed(&project.results()?, &Names::export(name, format), speed(&decoder, None)?)?;
    }
    let size = crate::console::format::bytes(written.bytes);
    match &written.fit {
        Some(fit) => {
            gate(name, &written, fit)?;
            stage.note(&format!(
                "{}: {size}, {:.4} nats per token ({:+.4})",
                written.format,
                fit.written,
                fit.increase()
            ));
        }
        None => stage.note(&format!("{}: {size}", written.format)),
    }
    pipeline::platform::write_atomic(&stage.output(Names::MEASURES)?, &serde_json::to_vec_pretty(&written)?)?;
    Ok(Vec::new())
}

/// Refuses what predicts worse than is allowed; nothing of it is kept.
fn gate(name: &str, written: &Artifact, fit: &ArtifactFit) -> anyhow::Result<()> {
    if fit.is_allowed() {
        return Ok(());
    }
    Err(fail(
        format!(
            "train:{name} as {} has {:.4} nats per token on the test split, {:.4} more than the tuned model's {:.4}; \
             [export] max_nll_increase allows {:.4}",
            written.format,
            fit.written,
            fit.increase(),
            fit.tuned,
            fit.allowed.unwrap_or_default()
        ),
        "take a format of more bits, such as int8 or q8_0, or raise max_nll_increase",
    ))
}

/// A tuned model: an adapter over its base, or a folder of its own.
fn load(base: &Path, tuned: &Path) -> anyhow::Result<(Decoder<Backend>, Option<Trainable<Backend>>)> {
    if !assistant::is_adapter(tuned) {
        return Ok((base::load(tuned)?, None));
    }
    // An adapter is measured over the weights that it was trained over.
    let decoder = base::load_as(base, ::train::base_weights(tuned)?)?;
    let adapter = AdapterFolder::open(tuned, decoder.config())?.bind(&decoder)?;
    Ok((decoder, Some(adapter)))
}

/// How well a model predicts the trained tokens of the rows of the test split that are answered.
fn fit(
    stage: &mut Context<'_>,
    decoder: &Decoder<Backend>,
    adapter: Option<&Trainable<Backend>>,
) -> anyhow::Result<Fit> {
    let (max_rows, seed) = (stage.param("evaluate.max_rows")?, stage.param("project.seed")?);
    let rows = test_rows(&stage.input(Names::SPLITS)?, max_rows, seed)?;
    let rows: BTreeSet<_> = rows.into_iter().map(|row| row.id).collect();
    let shard = Shard::open(&stage.input(Names::SHARDS)?.join("test.shard"))?;
    let samples: Vec<_> = shard.iter().filter(|sample| rows.contains(sample.row)).collect();
    let mut workspace = Workspace::new(&**decoder.device(), Recompute::Never);
    let (mut tokens, mut nats) = (0, 0.0);
    for (at, sample) in samples.iter().enumerate() {
        if stage.is_cancelled() {
            return Err(pipeline::Error::Cancelled.into());
        }
        let weights: Vec<f32> = sample.trained.iter().map(|&t| if t == 0 { 0.0 } else { 1.0 }).collect();
        let losses = decoder.losses(adapter, &TrainBatch::sample(sample.ids, &weights), &mut workspace)?;
        nats += losses.iter().map(|loss| f64::from(*loss)).sum::<f64>();
        // The first token has nothing before it that could predict it.
        tokens += sample.trained.iter().skip(1).filter(|&&trained| trained != 0).count() as u64;
        stage.progress(at as u64 + 1, Some(samples.len() as u64), "rows");
    }
    if tokens == 0 {
        return Err(fail(
            "the test split has no answer to measure an export by",
            "give [split] test a share, or leave [export] formats out",
        ));
    }
    Ok(Fit { tokens, nats_per_token: nats / tokens as f64 })
}

/// How fast a model is as it answers: as it is, or with what was tuned of it.
pub fn speed_of(base: &Path, tuned: Option<&Path>) -> anyhow::Result<Speed> {
    let Some(tuned) = tuned else { return speed(&base::load(base)?, None) };
    let (decoder, adapter) = load(base, tuned)?;
    speed(&decoder, adapter)
}

fn speed(decoder: &Decoder<Backend>, adapter: Option<Trainable<Backend>>) -> anyhow::Result<Speed> {
    let context = decoder.config().context;
    let (prompt, new) = (PROMPT.min(context / 2).max(1), REPLY.min(context / 4).max(1));
    let load = Load { prompt, new, requests: 1, adapters: 0 };
    let mut generation = Generation::with(decoder, load, adapter.into_iter().collect());
    let (read, _) = generation.read_prompt()?;
    let (seconds, _) = generation.generate()?;
    let written: f64 = seconds.iter().sum();
    Ok(Speed {
        prefill_tokens_per_s: prompt as f64 / read.max(1e-9),
        decode_tokens_per_s: new as f64 / written.max(1e-9),
    })
}

/// Speeds by stage id.
type Speeds = BTreeMap<String, Speed>;

const SPEEDS: &str = "speeds.json";

fn speeds(results: &pipeline::Project) -> Speeds {
    let bytes = std::fs::read(results.private().join(SPEEDS)).ok();
    bytes.and_then(|bytes| serde_json::from_slice(&bytes).ok()).unwrap_or_default()
}

fn note_speed(results: &pipeline::Project, stage: &str, speed: Speed) -> anyhow::Result<()> {
    let mut known = speeds(results);
    known.insert(stage.to_owned(), speed);
    let path = results.private().join(SPEEDS);
    Ok(pipeline::platform::write_atomic(&path, &serde_json::to_vec_pretty(&known)?)?)
}

/// What was written of a project's tuned models.
pub fn read(project: &Project, results: &pipeline::Project) -> anyhow::Result<Vec<Artifact>> {
    let speeds = speeds(results);
    let mut found = Vec::new();
    for name in project.resolved().train.keys() {
        for format in project.resolved().export.formats() {
            let id = Names::export(name, format);
            let Ok(path) = results.output(&id, Names::MEASURES) else { continue };
            let written: Artifact = serde_json::from_slice(&std::fs::read(path)?)?;
            // Beside others it was measured once more, like those.
            let speed = compared::speed(results, &Names::exported(name, format));
            found.push(Artifact { speed: speed.or_else(|| speeds.get(&id).copied()), ..written });
        }
    }
    Ok(found)
}
