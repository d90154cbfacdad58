//! `tokenize`: conversations become token ids, with a mask of what is trained.

use std::collections::BTreeMap;
use std::path::Path;

use chat::sample::{FitCounts, Fitter};
use chat::tokenizer::read_folder;
use chat::{Builtin, Encoder, Example, Overlong, Sample, ShardWriter, Template};
use pipeline::{Context, Counts, Input, Stage};
use serde::{Deserialize, Serialize};

use super::synthesize::RUNNING_TEXT;
use super::{Names, jsonl};
use crate::console::error::fail;
use crate::project::Project;
use crate::recipe::Tokenize;

/// Raised when the same examples would become other tokens.
const VERSION: u32 = 1;

/// The splits, in order.
pub const SPLITS: [&str; 3] = ["train", "valid", "test"];

/// What the report wants to know of one split.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct SplitFacts {
    /// Examples.
    pub rows: u64,
    /// Samples that came of them.
    pub samples: u64,
    /// Tokens.
    pub tokens: u64,
    /// Tokens that carry loss.
    pub trained_tokens: u64,
    /// Tokens of each sample.
    pub sample_lengths: Vec<u64>,
    /// Tokens of each prompt, up to the first trained one.
    pub prompt_lengths: Vec<u64>,
    /// Trained tokens of each sample.
    pub response_lengths: Vec<u64>,
    /// What became of over-long examples.
    pub fit: FitCounts,
}

/// What the report wants to know.
pub type Facts = BTreeMap<String, SplitFacts>;

/// The stage.
pub fn stage(project: &Project, model: Input<'static>) -> Stage<'static> {
    Stage {
        id: Names::TOKENIZE.into(),
        version: VERSION,
        inputs: vec![Input::stage(Names::SPLITS, super::splits_stage(project), Names::SPLITS), model],
        outputs: vec![Names::SHARDS.into()],
        run: super::stage_fn(run),
    }
}

/// The encoder of a model folder under a recipe.
pub fn encoder(model: &Path, tokenize: &Tokenize) -> anyhow::Result<Encoder> {
    let files = read_folder(model)?;
    let template = match (tokenize.template.as_str(), files.template) {
        ("model", Some(source)) => Template::from_source(&source)?,
        ("model", None) => Template::builtin(Builtin::Alpaca),
        (name, _) => Template::builtin(Builtin::from_name(name).unwrap_or(Builtin::ChatMl)),
    };
    Ok(Encoder::new(template, files.tokenizer)?)
}

/// Most tokens of a sample.
pub fn max_len(model: &Path, tokenize: &Tokenize) -> anyhow::Result<usize> {
    let context = model::ModelConfig::from_folder(model)?.context;
    match tokenize.max_len_tokens {
        0 => Ok(context),
        n if n <= context => Ok(n),
        n => Err(fail(
            format!("`tokenize.max_len_tokens` is {n}; the model's context is {context} tokens"),
            "lower it, or leave it out to use the whole context",
        )),
    }
}

fn overlong(name: &str) -> Overlong {
    match name {
        "drop" => Overlong::Drop,
        "split" => Overlong::Split,
        "error" => Overlong::Error,
        _ => Overlong::KeepAnswer,
    }
}

fn run(stage: &mut Context<'_>) -> anyhow::Result<Vec<Counts>> {
    let tokenize: Tokenize = stage.param("tokenize")?;
    let model = stage.input(Names::MODEL)?;
    let encoder = encoder(&model, &tokenize)?;
    let max_len = max_len(&model, &tokenize)?;
    let splits = stage.input(Names::SPLITS)?;
    let folder = stage.output(Names::SHARDS)?;
    std::fs::create_dir(&folder)?;
    let mut facts = Facts::new();
    let mut counts = Counts { unit: "examples".into(), ..Counts::default() };
    for split in SPLITS {
        let mut writer = ShardWriter::new(&folder.join(format!("{split}.shard")), encoder.tokenizer());
        let mut fitter = Fitter::new(&encoder, max_len, overlong(&tokenize.over_long));
        let mut seen = SplitFacts::default();
        for example in jsonl::lines::<Example>(&splits.join(format!("{split}.jsonl")))? {
            let samples = samples(&example?, &tokenize, &encoder, &mut fitter, max_len)?;
            seen.rows += 1;
            counts.input += 1;
            if samples.is_empty() {
                *counts.rejected.entry("too_long".into()).or_default() += 1;
            } else {
                counts.output += 1;
            }
            for sample in &samples {
                writer.push(sample.view())?;
                let prompt = sample.trained.iter().position(|&t| t).unwrap_or(sample.ids.len());
                seen.samples += 1;
                seen.tokens += sample.ids.len() as u64;
                seen.trained_tokens += sample.trained_tokens() as u64;
                seen.sample_lengths.push(sample.ids.len() as u64);
                seen.prompt_lengths.push(prompt as u64);
                seen.response_lengths.push(sample.trained_tokens() as u64);
            }
            if counts.input.is_multiple_of(100) {
                stage.progress(counts.input, None, "examples");
                if stage.is_cancelled() {
                    return Err(pipeline::Error::Cancelled.into());
                }
            }
        }
        writer.finish()?;
        seen.fit = fitter.counts();
        tell(stage, split, &seen.fit, max_len);
        facts.insert(split.into(), seen);
    }
    pipeline::platform::write_atomic(&folder.join(Names::FACTS), &serde_json::to_vec(&facts)?)?;
    if facts["train"].samples == 0 {
        return Err(fail(
            format!("all {} examples to train on are longer than {max_len} tokens", facts["train"].rows),
            "raise [tokenize] max_len_tokens, or set over_long = \"keep_answer\" to shorten the questions",
        ));
    }
    Ok(vec![counts])
}

/// Says what was done to examples that are too long: none is changed in silence.
fn tell(stage: &mut Context<'_>, split: &str, fit: &FitCounts, max_len: usize) {
    let done = [
        (fit.shortened, "questions were shortened"),
        (fit.split, "conversations were cut up"),
        (fit.dropped_turns, "answers were left out"),
    ];
    for (n, what) in done.into_iter().filter(|(n, _)| *n > 0) {
        stage.note(&format!("{split}: {n} {what}, to stay within {max_len} tokens"));
    }
}

/// The samples of one example as training sees them: within the greatest length, and none where it is
/// left out.
pub fn samples_of(
    example: &Example,
    model: &Path,
    tokenize: &Tokenize,
) -> anyhow::Result<(Encoder, Vec<Sample>)> {
    let (encoder, max_len) = (encoder(model, tokenize)?, max_len(model, tokenize)?);
    let mut fitter = Fitter::new(&encoder, max_len, overlong(&tokenize.over_long));
    let samples = samples(example, tokenize, &encoder, &mut fitter, max_len)?;
    Ok((encoder, samples))
}

/// The samples of one example: its answers, or for pretraining all that it says.
fn samples(
    example: &Example,
    tokenize: &Tokenize,
    encoder: &Encoder,
    fitter: &mut Fitter<'_>,
    max_len: usize,
) -> anyhow::Result<Vec<Sample>> {
    if tokenize.loss != "all" {
        return Ok(fitter.fit(example)?);
    }
    if example.meta.contains_key(RUNNING_TEXT) {
        let text: String = example.messages.iter().map(|m| m.content.as_str()).collect();
        return Ok(encoder.text_samples(&example.id, &text, max_len)?);
    }
    let mut samples = fitter.fit(example)?;
    for sample in &mut samples {
        // The first token has nothing before it to be predicted from.
        sample.trained.iter_mut().skip(1).for_each(|trained| *trained = true);
    }
    // A turn that renders otherwise in history gives several samples; the last holds all of the others' words.
    Ok(samples.split_off(samples.len().saturating_sub(1)))
}

/// The facts of a folder of shards.
pub fn facts(folder: &Path) -> anyhow::Result<Facts> {
    Ok(serde_json::from_slice(&std::fs::read(folder.join(Names::FACTS))?)?)
}
