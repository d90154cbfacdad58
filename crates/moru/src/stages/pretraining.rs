//! `pack:NAME` and `measure:NAME`: what became of a model that was trained on written text from the
//! beginning.
//!
//! 1. [`pack_stage`]: the model as one file with its matrices in eight bits, ready to be embedded.
//! 2. [`stage`]: bits per byte on text that neither training nor choice of step has seen, of the model and
//!    of the packed one; and the longest run of characters that its samples share with the training text.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use anyhow::Context as _;
use chat::tokenizer::read_folder;
use chat::{CancelToken, Event, Example, Placeholders, Request, Responder, Role, Sampling, Shard, Tokenizer};
use eval::report::{Copied, Pretraining, TextFit};
use model::{Decoder, ModelConfig, Recompute, TrainBatch, Workspace};
use pipeline::{Context, Counts, Input, Stage};
use serde::Serialize;

use super::copied::Runs;
use super::device::{self, Backend};
use super::{Names, assistant, base, builtin, jsonl, synthesize, tokenize};
use crate::project::Project;
use crate::recipe::{Tokenize, Train};

/// Raised when the same model would be packed otherwise.
const PACK_VERSION: u32 = 1;

/// Raised when the same model would be measured otherwise.
const VERSION: u32 = 1;

/// Samples that are compared with the training text.
const SAMPLES: usize = 100;

/// Most tokens of a sample.
const SAMPLE_TOKENS: usize = 200;

/// Samples that are drawn at once.
const SLOTS: usize = 16;

/// The stages after trainings on written text, which has no questions that another model could be asked beside them.
pub fn stages(project: &Project) -> Vec<Stage<'_>> {
    let whole = project.resolved().train.iter().filter(|(_, train)| train.method == "full");
    whole.flat_map(|(name, train)| [pack_stage(name), stage(name, train)]).collect()
}

/// The stage that packs a training's model.
fn pack_stage(name: &str) -> Stage<'static> {
    Stage {
        id: Names::pack(name),
        version: PACK_VERSION,
        inputs: vec![Input::stage(Names::TUNED, &Names::train(name), Names::TUNED)],
        outputs: vec![Names::PACKED.into()],
        run: super::stage_fn(|stage| {
            let packed = stage.output(Names::PACKED)?;
            builtin::pack(&stage.input(Names::TUNED)?, &packed)?;
            let bytes = crate::console::format::bytes(std::fs::metadata(&packed)?.len());
            stage.note(&format!("the model and its tokenizer are {bytes} with matrices in eight bits"));
            Ok(Vec::new())
        }),
    }
}

/// The stage that measures a training's model.
fn stage<'a>(name: &'a str, train: &Train) -> Stage<'a> {
    Stage {
        id: Names::measure(name),
        version: VERSION,
        inputs: vec![
            Input::stage(Names::SPLITS, Names::SYNTHESIZE, Names::SPLITS),
            Input::stage(Names::SHARDS, &Names::shards_of(name, train), Names::SHARDS),
            Input::stage(Names::TUNED, &Names::train(name), Names::TUNED),
            Input::stage(Names::PACKED, &Names::pack(name), Names::PACKED),
        ],
        outputs: vec![Names::MEASURES.into(), Names::SAMPLES.into()],
        run: super::stage_fn(move |stage| run(stage, name)),
    }
}

/// What a measuring stage found.
pub fn read(path: &Path) -> anyhow::Result<Pretraining> {
    let bytes = std::fs::read(path).with_context(|| format!("could not read {}", path.display()))?;
    Ok(serde_json::from_slice(&bytes)?)
}

fn run(stage: &mut Context<'_>, name: &str) -> anyhow::Result<Vec<Counts>> {
    let (splits, folder) = (stage.input(Names::SPLITS)?, stage.input(Names::TUNED)?);
    let tokenizer = read_folder(&folder)?.tokenizer;
    let kinds = kinds(&splits.join("test.jsonl"))?;
    let test = Shard::open(&stage.input(Names::SHARDS)?.join("test.shard"))?;

    let (held_back, by_kind) = fit(stage, &base::load(&folder)?, &tokenizer, &test, &kinds)?;
    let packed = std::fs::read(stage.input(Names::PACKED)?)?;
    let (tensors, _) = builtin::open(Names::PACKED, &packed)?;
    let config = ModelConfig::from_folder(&folder)?;
    let eight_bits = Decoder::load(Arc::new(device::open()), config, &tensors)?;
    let (quantised, _) = fit(stage, &eight_bits, &tokenizer, &test, &kinds)?;

    let samples = samples(stage, &folder, &splits)?;
    let copied = copied(stage, &samples, &splits.join("train.jsonl"))?;
    let mut writer = jsonl::Writer::create(&stage.output(Names::SAMPLES)?)?;
    samples.iter().try_for_each(|sample| writer.push(sample))?;
    writer.finish()?;

    let measured = Pretraining {
        name: name.to_owned(),
        held_back,
        kinds: by_kind,
        quantised: Some(quantised),
        copied: Some(copied),
    };
    notes(stage, &measured);
    pipeline::platform::write_atomic(
        &stage.output(Names::MEASURES)?,
        &serde_json::to_vec_pretty(&measured)?,
    )?;
    Ok(vec![Counts::all("samples", measured.held_back.samples)])
}

fn notes(stage: &mut Context<'_>, measured: &Pretraining) {
    let Pretraining { held_back, kinds, quantised, copied, .. } = measured;
    let packed = quantised.as_ref().map_or(f64::NAN, |fit| fit.bits_per_byte);
    stage.note(&format!(
        "{:.4} bits per byte on {} bytes of new text ({packed:.4} in eight bits)",
        held_back.bits_per_byte, held_back.bytes
    ));
    for kind in kinds {
        stage.note(&format!("  {:.4} {} ({} bytes)", kind.bits_per_byte, kind.name, kind.bytes));
    }
    if let Some(copied) = copied {
        stage.note(&format!(
            "the longest run of {} samples that stands in the training text has {} characters: {}",
            copied.samples, copied.longest, copied.text
        ));
    }
}

/// The kind of each document.
fn kinds(path: &Path) -> anyhow::Result<BTreeMap<String, String>> {
    jsonl::lines::<Example>(path)?
        .map(|example| {
            let example = example?;
            let kind = example.meta.get(synthesize::KIND).and_then(|kind| kind.as_str()).unwrap_or("other");
            Ok((example.id, kind.to_owned()))
        })
        .collect()
}

/// How well a decoder predicts a shard: all of it, and by kind.
fn fit(
    stage: &mut Context<'_>,
    decoder: &Decoder<Backend>,
    tokenizer: &Tokenizer,
    shard: &Shard,
    kinds: &BTreeMap<String, String>,
) -> anyhow::Result<(TextFit, Vec<TextFit>)> {
    let mut workspace = Workspace::new(&**decoder.device(), Recompute::Never);
    let mut all = TextFit::new("all");
    let mut by_kind: BTreeMap<&str, TextFit> = BTreeMap::new();
    let count = shard.iter().count() as u64;
    for (i, sample) in shard.iter().enumerate() {
        if stage.is_cancelled() {
            return Err(pipeline::Error::Cancelled.into());
        }
        let weights: Vec<f32> = sample.trained.iter().map(|&t| if t != 0 { 1.0 } else { 0.0 }).collect();
        let batch = TrainBatch::sample(sample.ids, &weights);
        let nats: f64 = decoder.losses(None, &batch, &mut workspace)?.iter().map(|x| f64::from(*x)).sum();
        let (tokens, bytes) = spelled(tokenizer, sample.ids, sample.trained);
        let kind = kinds.get(sample.row).map_or("other", String::as_str);
        all.add(tokens, bytes, nats);
        by_kind.entry(kind).or_insert_with(|| TextFit::new(kind)).add(tokens, bytes, nats);
        stage.progress(i as u64 + 1, Some(count), "samples");
    }
    Ok((all, by_kind.into_values().collect()))
}

/// Trained tokens, and the bytes that they spell; a special token spells none.
fn spelled(tokenizer: &Tokenizer, ids: &[u32], trained: &[u8]) -> (u64, u64) {
    let bytes = |id: u32| tokenizer.bytes_of(id).filter(|_| !tokenizer.is_special(id)).map_or(0, <[u8]>::len);
    // The first token has nothing before it that could predict it.
    let predicted = ids.iter().zip(trained).skip(1).filter(|(_, trained)| **trained != 0);
    predicted.fold((0, 0), |(tokens, sum), (id, _)| (tokens + 1, sum + bytes(*id) as u64))
}

/// A text of the model's, and what it answers.
#[derive(Debug, Serialize)]
struct Drawn {
    /// The document of the test split whose last answer the model wrote anew.
    id: String,
    /// The last turn before it.
    prompt: String,
    /// What the model wrote.
    reply: String,
}

/// Draws answers to held-back conversations at temperature 1.
fn samples(stage: &mut Context<'_>, folder: &Path, splits: &Path) -> anyhow::Result<Vec<Drawn>> {
    let tokenize: Tokenize = stage.param("tokenize")?;
    let seed: u64 = stage.param("project.seed")?;
    let mut requests = Vec::new();
    let mut drawn = Vec::new();
    for example in jsonl::lines::<Example>(&splits.join("test.jsonl"))? {
        let mut example = example?;
        let last = example.messages.iter().rposition(|message| message.role == Role::Assistant);
        let Some(last) = last.filter(|last| *last > 0 && drawn.len() < SAMPLES) else { continue };
        example.messages.truncate(last);
        let prompt = example.messages[last - 1].content.clone();
        let sampling = Sampling {
            max_tokens: SAMPLE_TOKENS,
            temperature: 1.0,
            seed: seed.wrapping_add(drawn.len() as u64),
            ..Sampling::default()
        };
        drawn.push(Drawn { id: example.id, prompt, reply: String::new() });
        requests.push(Request {
            messages: example.messages,
            tools: example.tools,
            sampling,
            ..Request::default()
        });
    }
    let encoder = tokenize::encoder(folder, &tokenize)?;
    let mut assistant = assistant::open(folder, None, encoder, SLOTS, Placeholders::default(), None)?;
    let cancel = CancelToken::default();
    for request in &mut requests {
        request.cancel = cancel.clone();
    }
    let (mut done, total) = (0, requests.len() as u64);
    assistant.respond(&requests, &mut |i, event| {
        match event {
            Event::Text(text) => drawn[i].reply += &text,
            Event::Done { .. } => done += 1,
            Event::Token { .. } | Event::ToolCall(_) => {}
        }
        stage.progress(done, Some(total), "samples");
        if stage.is_cancelled() {
            cancel.cancel();
        }
    })?;
    if stage.is_cancelled() {
        return Err(pipeline::Error::Cancelled.into());
    }
    Ok(drawn)
}

/// Looks for what the samples say in the training text.
fn copied(stage: &mut Context<'_>, samples: &[Drawn], train: &Path) -> anyhow::Result<Copied> {
    let mut runs = Runs::of(samples.iter().map(|sample| sample.reply.as_str()));
    let mut training_texts = 0;
    for example in jsonl::lines::<Example>(train)? {
        for message in &example?.messages {
            runs.meet(&message.content);
            training_texts += 1;
        }
        if training_texts % 1000 == 0 {
            stage.progress(training_texts, None, "texts");
        }
    }
    let text = runs.longest();
    Ok(Copied {
        samples: samples.len() as u64,
        characters: samples.iter().map(|sample| sample.reply.chars().count() as u64).sum(),
        training_texts,
        longest: text.chars().count() as u64,
        text,
    })
}
