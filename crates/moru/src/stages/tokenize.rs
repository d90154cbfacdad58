//! `tokenize`: conversations become token ids, with a mask of what is trained.

use std::collections::BTreeMap;
use std::path::Path;

use chat::sample::EncodeError;
use chat::sample::{FitCounts, Fitter};
use chat::{Builtin, Encoder, Example, Message, Overlong, Sample, ShardWriter, Template, shortened_prompt};
use data::Rejection;
use model::ModelConfig;
use pipeline::{Context, Counts, Input, Stage};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::base::{self, Base};
use super::synthesize::RUNNING_TEXT;
use super::{Names, jsonl};
use crate::console::error::fail;
use crate::project::Project;
use crate::recipe::Tokenize;

/// Raised when the same examples would become other tokens.
const VERSION: u32 = 2;

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
    /// Examples of which nothing is trained, by reason.
    #[serde(default)]
    pub left_out: BTreeMap<String, u64>,
}

impl SplitFacts {
    /// Examples of which something is trained.
    pub fn rows_kept(&self) -> u64 {
        self.rows - self.left_out.values().sum::<u64>()
    }

    /// Counts a sample.
    pub fn add(&mut self, sample: &Sample) {
        let prompt = sample.trained.iter().position(|&t| t).unwrap_or(sample.ids.len());
        self.samples += 1;
        self.tokens += sample.ids.len() as u64;
        self.trained_tokens += sample.trained_tokens() as u64;
        self.sample_lengths.push(sample.ids.len() as u64);
        self.prompt_lengths.push(prompt as u64);
        self.response_lengths.push(sample.trained_tokens() as u64);
    }
}

/// What became of an example.
pub enum Tokenized {
    /// Its samples, at least one.
    Samples(Vec<Sample>),
    /// Nothing of it would be trained, and why.
    LeftOut(Rejection),
}

/// What the report wants to know.
pub type Facts = BTreeMap<String, SplitFacts>;

/// The stage of one model, whose tokens they are.
pub fn stage(project: &Project, base: &Base) -> Stage<'static> {
    let splits = Input::stage(Names::SPLITS, super::splits_stage(project), Names::SPLITS);
    Stage {
        id: Names::of_model(Names::TOKENIZE, &base.name),
        version: VERSION,
        inputs: vec![splits, base::input(base)],
        outputs: vec![Names::SHARDS.into(), Names::LEFT_OUT.into()],
        run: super::stage_fn(run),
    }
}

/// The encoder of a model folder under a recipe.
pub fn encoder(model: &Path, tokenize: &Tokenize) -> anyhow::Result<Encoder> {
    let files = super::gguf::text_files(model)?;
    let template = match (tokenize.template.as_str(), files.template) {
        ("model", Some(source)) => Template::from_source(&source)?,
        ("model", None) => Template::builtin(Builtin::Alpaca),
        (name, _) => Template::builtin(Builtin::from_name(name).unwrap_or(Builtin::ChatMl)),
    };
    Ok(Encoder::new(template, files.tokenizer)?)
}

/// Most tokens of a sample.
pub fn max_len(model: &Path, tokenize: &Tokenize) -> anyhow::Result<usize> {
    max_len_of(&ModelConfig::from_folder(model)?, tokenize)
}

/// Most tokens of a sample for a model.
pub fn max_len_of(model: &ModelConfig, tokenize: &Tokenize) -> anyhow::Result<usize> {
    let context = model.context;
    match tokenize.max_len_tokens {
        0 => Ok(context),
        n if n <= context => Ok(n),
        n => Err(fail(
            format!("`tokenize.max_len_tokens` is {n}; the model's context is {context} tokens"),
            "lower it, or leave it out to use the whole context",
        )),
    }
}

/// The turns of a question as a model can be asked them, with room for the answer: where they are too long and the recipe
/// keeps answers, shortened as in training, and then `true`.
pub fn askable(
    encoder: &Encoder,
    tokenize: &Tokenize,
    max_prompt: usize,
    messages: Vec<Message>,
    tools: &[Value],
) -> anyhow::Result<(Vec<Message>, bool)> {
    if tokenize.over_long != "keep_answer" || encoder.prompt(&messages, tools)?.len() <= max_prompt {
        return Ok((messages, false));
    }
    Ok(match shortened_prompt(encoder, &messages, tools, max_prompt)? {
        Some(shortened) => (shortened, true),
        None => (messages, false),
    })
}

/// Most tokens of a question, where an answer may have `max_new` of them.
pub fn max_prompt(model: &Path, tokenize: &Tokenize, max_new: usize) -> anyhow::Result<usize> {
    Ok(max_len(model, tokenize)?.min(super::assistant::MAX_CONTEXT).saturating_sub(max_new).max(1))
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
    let mut left_out = jsonl::Writer::create(&stage.output(Names::LEFT_OUT)?)?;
    let mut facts = Facts::new();
    let mut counts = Counts { unit: "examples".into(), ..Counts::default() };
    for split in SPLITS {
        let mut writer = ShardWriter::new(&folder.join(format!("{split}.shard")), encoder.tokenizer());
        let mut fitter = Fitter::new(&encoder, max_len, overlong(&tokenize.over_long));
        let mut seen = SplitFacts::default();
        for example in jsonl::lines::<Example>(&splits.join(format!("{split}.jsonl")))? {
            seen.rows += 1;
            counts.input += 1;
            match tokenized(&example?, &tokenize, &encoder, &mut fitter, max_len)? {
                Tokenized::LeftOut(rejection) => {
                    for by_reason in [&mut counts.rejected, &mut seen.left_out] {
                        *by_reason.entry(rejection.reason.clone()).or_default() += 1;
                    }
                    left_out.push(&rejection)?;
                }
                Tokenized::Samples(samples) => {
                    counts.output += 1;
                    for sample in &samples {
                        writer.push(sample.view())?;
                        seen.add(sample);
                    }
                }
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
    left_out.finish()?;
    pipeline::platform::write_atomic(&folder.join(Names::FACTS), &serde_json::to_vec(&facts)?)?;
    if facts["train"].samples == 0 {
        return Err(nothing_to_train_on(&facts["train"], max_len));
    }
    Ok(vec![counts])
}

fn nothing_to_train_on(train: &SplitFacts, max_len: usize) -> anyhow::Error {
    let rows = train.rows;
    if train.left_out.get(OVER_LONG) == Some(&rows) {
        return fail(
            format!("all {rows} examples to train on are longer than {max_len} tokens"),
            "raise [tokenize] max_len_tokens; over_long = \"keep_answer\" helps where the answers alone are short enough",
        );
    }
    let reasons: Vec<_> = train.left_out.iter().map(|(reason, n)| format!("{reason} {n}")).collect();
    fail(
        format!("nothing of the {rows} examples to train on would be trained ({})", reasons.join(", ")),
        "`moru tap split -n 3` shows examples; each needs an answer to learn",
    )
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

/// One example as training sees it: its samples within the greatest length, or why it is left out.
pub fn samples_of(
    example: &Example,
    model: &Path,
    tokenize: &Tokenize,
) -> anyhow::Result<(Encoder, Tokenized)> {
    let (encoder, max_len) = (encoder(model, tokenize)?, max_len(model, tokenize)?);
    let mut fitter = Fitter::new(&encoder, max_len, overlong(&tokenize.over_long));
    let tokenized = tokenized(example, tokenize, &encoder, &mut fitter, max_len)?;
    Ok((encoder, tokenized))
}

/// More tokens than a sample may have.
const OVER_LONG: &str = "over_long";

/// Nobody's turn is learned.
const NOTHING_TRAINED: &str = "nothing_trained";

fn tokenized(
    example: &Example,
    tokenize: &Tokenize,
    encoder: &Encoder,
    fitter: &mut Fitter<'_>,
    max_len: usize,
) -> anyhow::Result<Tokenized> {
    let (reason, detail) = match samples(example, tokenize, encoder, fitter, max_len) {
        Ok(samples) if !samples.is_empty() => return Ok(Tokenized::Samples(samples)),
        Ok(_) => {
            let whole = encoder.samples(example)?;
            let longest = whole.iter().map(|sample| sample.ids.len()).max().unwrap_or(0);
            (OVER_LONG, format!("{longest} tokens; at most {max_len}"))
        }
        Err(EncodeError::NothingTrained { .. }) => (NOTHING_TRAINED, "no turn of it is learned".to_owned()),
        Err(error) => return Err(error.into()),
    };
    let turns: Vec<_> = example.messages.iter().map(|message| message.content.as_str()).collect();
    Ok(Tokenized::LeftOut(Rejection {
        id: example.id.clone(),
        reason: reason.to_owned(),
        detail,
        text: turns.join("\n"),
    }))
}

/// The samples of one example: its answers, or for pretraining all that it says.
fn samples(
    example: &Example,
    tokenize: &Tokenize,
    encoder: &Encoder,
    fitter: &mut Fitter<'_>,
    max_len: usize,
) -> Result<Vec<Sample>, EncodeError> {
    if tokenize.loss != "all" {
        return fitter.fit(example);
    }
    if example.meta.contains_key(RUNNING_TEXT) {
        let text: String = example.messages.iter().map(|m| m.content.as_str()).collect();
        return encoder.text_samples(&example.id, &text, max_len);
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
