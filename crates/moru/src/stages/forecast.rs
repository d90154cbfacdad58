//! What a training will take on this machine, estimated before it begins: time and memory. Of the model only the
//! configuration and the headers of its files are read.
//!
//! 1. [`of`] takes steps, tokens and the largest pass from the shards, where there are any that a run would keep; of
//!    shards that are too large to look at, from what `tokenize` counted.
//! 2. Memory is what the training itself plans with, blocks recomputed as far as they have to be.
//! 3. Time is the arithmetic of the steps at the rate of a few matrix products that are tried here.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::time::Duration;

use ::train::{Every, Length, Method, Outlook, Settings};
use chat::{SampleView, Shard};
use model::weights::get_checked;
use model::{
    Ahead, DType, LoraConfig, MemoryPlan, ModelConfig, ModelError, ModelFolder, Recompute, base_layout,
};
use pipeline::{Action, Planned};
use serde::Serialize;

use super::base::{self, Base};
use super::bench_train::{self, Peak, Step};
use super::classify::labelled::Labels;
use super::device::Backend;
use super::tokenize::{self, Facts};
use super::{Names, device, train};
use crate::console::format;
use crate::machine;
use crate::project::Project;
use crate::recipe::Train;

/// Shards above this many bytes are not read for an estimate.
const MOST_BYTES: u64 = 64 << 20;

/// Tokens for which a time is told where nobody knows how many there are.
const SOME: usize = 1000;

/// The share of the machine's free memory that a training leaves free, as it does itself.
const SPARED: u64 = 20;

/// What an estimate knows of the samples.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Samples {
    /// They were looked at.
    Seen,
    /// They are too large to look at; `tokenize` counted them.
    Counted,
    /// They are too large to look at, and nobody counted them.
    TooLarge,
    /// They are still to be made.
    Ahead,
}

/// An estimate.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Forecast {
    /// Where steps and tokens come from.
    #[serde(skip)]
    samples: Samples,
    /// Steps; absent where nobody knows how many samples there are.
    #[serde(skip_serializing_if = "Option::is_none")]
    steps: Option<u64>,
    /// Tokens that are computed in all of them, at most; absent where nobody knows how many there are.
    #[serde(skip_serializing_if = "Option::is_none")]
    tokens: Option<u64>,
    /// Of the whole training, or of [`SOME`] tokens where nobody knows how many there are.
    seconds: f64,
    /// What the process will hold at most.
    peak_bytes: u64,
    /// Frozen weights, of that.
    weight_bytes: u64,
    /// What it may hold, where that can be told.
    #[serde(skip_serializing_if = "Option::is_none")]
    limit_bytes: Option<u64>,
    /// Layers whose activations are computed again.
    recomputed_layers: usize,
    /// All layers.
    layers: usize,
    /// The rate of the best product that was tried, in GFLOP/s.
    product_gflops: f64,
}

impl Forecast {
    /// For a person.
    pub fn text(&self) -> String {
        let time = format::duration(Duration::from_secs_f64(self.seconds.clamp(0.0, 1e9)));
        let limit =
            self.limit_bytes.map_or_else(String::new, |limit| format!(" of {}", format::bytes(limit)));
        let memory = format!("{}{limit} of memory at most", format::bytes(self.peak_bytes));
        // What was counted is neither cut nor laid together yet.
        let most = if self.samples == Samples::Counted { "at most " } else { "" };
        let unknown = if self.samples == Samples::TooLarge {
            "the shards are too large to look at"
        } else {
            "`tokenize` tells how many tokens there are"
        };
        let said = match (self.steps, self.tokens) {
            (Some(steps), Some(tokens)) => format!(
                "about {time}, {memory} (estimated: {} steps, {most}{} tokens)",
                format::count(steps),
                format::count(tokens)
            ),
            _ => format!(
                "about {time} for each {} tokens, {memory} (estimated; {unknown})",
                format::count(SOME as u64)
            ),
        };
        let recomputed = match self.recomputed_layers {
            0 => String::new(),
            some => format!("; {some} of {} layers are recomputed", self.layers),
        };
        let missing = match self.limit_bytes {
            Some(limit) if self.peak_bytes > limit => {
                "; that is more than there is now: lower micro_tokens, or take a smaller model or qlora"
            }
            _ => "",
        };
        format!("{said}{recomputed}{missing}")
    }
}

/// Estimates of several trainings; products are tried once for each model.
pub struct Forecasts<'a> {
    project: &'a Project,
    results: pipeline::Project,
    device: Backend,
    /// The stages whose results a run would keep.
    kept: BTreeSet<String>,
    /// GFLOP/s by model.
    rates: BTreeMap<String, f64>,
}

impl<'a> Forecasts<'a> {
    /// For the trainings of a project, under a plan that holds their stages. What a stage wrote that is going to run, or
    /// to take an earlier result back, is of another recipe or of other data: it is not looked at.
    pub fn new(project: &'a Project, plan: &[Planned]) -> anyhow::Result<Self> {
        let (results, rates) = (project.results()?, BTreeMap::new());
        let kept = plan.iter().filter(|planned| planned.action == Action::Keep);
        let kept = kept.map(|planned| planned.stage.clone()).collect();
        Ok(Self { project, results, device: device::open(), kept, rates })
    }

    /// The estimate of one.
    ///
    /// # Errors
    /// Its model is not here or of no use, or the training would refuse its settings or samples.
    pub fn of(&mut self, name: &str, recipe: &Train) -> anyhow::Result<Forecast> {
        let base = Base::of(self.project, recipe.model_name())?;
        let files = self.files(&base)?;
        let known = files.as_ref().map(|(_, config)| config.clone());
        let known = known.or(base::builtin_config(&base.origin)?);
        let config = known.ok_or_else(|| anyhow::anyhow!("the model is not here"))?;
        let config = if recipe.is_classifier() { config.for_classification() } else { config };
        let stored = |tensor: &str| {
            let spec = base_layout(&config).find(tensor).cloned();
            let view = files.as_ref().zip(spec).map(|((files, config), spec)| {
                get_checked(files, config, tensor, &spec.shape).map(|view| view.dtype)
            });
            view.and_then(Result::ok).unwrap_or(DType::F32)
        };
        // Tokens belong to the files that they were made with.
        let shards = files.as_ref().and_then(|_| self.shards(name, recipe));
        let labels = labels(recipe, shards.as_deref())?;
        let settings = Settings {
            task: train::task(&labels),
            ..train::settings(recipe, self.project.resolved().project.seed, ::train::Base::default())
        };
        let known = match shards.as_deref() {
            Some(shards) => outlook(&settings, &config, shards, MOST_BYTES)?,
            None => (Samples::Ahead, None),
        };
        let lora = match &settings.method {
            Method::Lora { lora, .. } => Some(lora),
            Method::Full => None,
        };
        let ahead = Ahead {
            config: &config,
            stored: &stored,
            quantised: settings.base.weights,
            lora,
            labels: recipe.is_classifier().then_some(labels.len()),
        };
        let rate = self.rate(&base.name, &config);
        self.put_together(&settings, &ahead, known, rate)
    }

    /// The shards of a training, where a run would keep them.
    fn shards(&self, name: &str, recipe: &Train) -> Option<PathBuf> {
        let stage = Names::shards_of(name, recipe);
        if !self.kept.contains(&stage) {
            return None;
        }
        self.results.output(&stage, Names::SHARDS).ok()
    }

    /// The files of a model, where they are there already and a run would keep them.
    fn files(&self, base: &Base) -> anyhow::Result<Option<(ModelFolder, ModelConfig)>> {
        let is_given = matches!(base.origin, base::Origin::Folder(_));
        if !is_given && !self.kept.contains(&base.stage_id()) {
            return Ok(None);
        }
        let Ok(folder) = base.folder(self.project, &self.results) else { return Ok(None) };
        Ok(Some((ModelFolder::open(&folder)?, ModelConfig::from_folder(&folder)?)))
    }

    fn rate(&mut self, model: &str, config: &ModelConfig) -> f64 {
        if let Some(rate) = self.rates.get(model) {
            return *rate;
        }
        let rate = Peak::at_a_glance(&self.device, config).gflops.max(1e-3);
        self.rates.insert(model.to_owned(), rate);
        rate
    }

    fn put_together(
        &self,
        settings: &Settings,
        ahead: &Ahead<'_>,
        (samples, outlook): (Samples, Option<Outlook>),
        rate: f64,
    ) -> anyhow::Result<Forecast> {
        // Where nobody knows, passes are full, and every token has a loss.
        let (rows, loss_rows) =
            outlook.map_or((settings.micro_tokens, settings.micro_tokens), |o| (o.rows, o.loss_rows));
        let reading = machine::memory();
        let held = reading.held.unwrap_or(0);
        let free = reading.available.map(|free| held + free - free / SPARED);
        let limit_bytes = settings.memory_bytes.or(free);
        let layers = ahead.config.layers;
        let plan = |recompute| ahead.memory_plan(&self.device, rows, loss_rows, recompute);
        let fits = |plan: &MemoryPlan| limit_bytes.is_none_or(|limit| held + plan.total() as u64 <= limit);
        let (recompute, memory) = choose(settings.recompute, layers, &plan, &fits)?;
        let recomputed_layers = (0..layers).filter(|&layer| recompute.of(layer)).count();
        let again = recomputed_layers as f64 / layers.max(1) as f64;
        let gigaflop = gigaflop(settings, ahead.config, outlook, ahead.lora, again)?;
        Ok(Forecast {
            samples,
            steps: outlook.map(|outlook| outlook.steps),
            tokens: outlook.map(|outlook| (outlook.tokens as f64 * outlook.epochs).round() as u64),
            seconds: gigaflop / (rate * bench_train::SHARE),
            peak_bytes: held + memory.total() as u64,
            weight_bytes: memory.weights as u64,
            limit_bytes,
            recomputed_layers,
            layers,
            product_gflops: rate,
        })
    }
}

/// As few layers recomputed as fit, or all where nothing does; as the recipe says, where it says so.
fn choose(
    asked: Option<Recompute>,
    layers: usize,
    plan: &dyn Fn(Recompute) -> Result<MemoryPlan, ModelError>,
    fits: &dyn Fn(&MemoryPlan) -> bool,
) -> anyhow::Result<(Recompute, MemoryPlan)> {
    if let Some(asked) = asked {
        return Ok((asked, plan(asked)?));
    }
    for way in std::iter::once(Recompute::Never).chain((1..layers).map(Recompute::Lowest)) {
        let plan = plan(way)?;
        if fits(&plan) {
            return Ok((way, plan));
        }
    }
    Ok((Recompute::Always, plan(Recompute::Always)?))
}

/// The labels of a classifier: those of its shards, else those of the recipe.
fn labels(recipe: &Train, shards: Option<&Path>) -> anyhow::Result<Vec<String>> {
    match shards.filter(|_| recipe.is_classifier()) {
        Some(shards) => Ok(Labels::read(shards)?.names),
        None => Ok(recipe.labels.clone()),
    }
}

/// What the samples tell, where their shard has at most so many bytes; else what `tokenize` counted of them.
fn outlook(
    settings: &Settings,
    config: &ModelConfig,
    shards: &Path,
    most_bytes: u64,
) -> anyhow::Result<(Samples, Option<Outlook>)> {
    let path = |split: &str| shards.join(format!("{split}.shard"));
    if path("train").metadata()?.len() > most_bytes {
        // An estimate does not fail for what it could only be better with.
        let counted = tokenize::facts(shards).ok().and_then(|facts| counted(settings, &facts));
        return Ok((if counted.is_some() { Samples::Counted } else { Samples::TooLarge }, counted));
    }
    let (train, valid) = (Shard::open(&path("train"))?, Shard::open(&path("valid"))?);
    let (train, valid): (Vec<SampleView<'_>>, Vec<SampleView<'_>>) =
        (train.iter().collect(), valid.iter().collect());
    Ok((Samples::Seen, Some(::train::outlook(settings, config, &train, &valid)?)))
}

/// What `tokenize` counted of the samples. They are taken whole and one by one: neither cut behind what is trained of
/// them, nor laid together where they begin alike. None where it counted no sample.
fn counted(settings: &Settings, facts: &Facts) -> Option<Outlook> {
    let train = facts.get("train").filter(|train| train.samples > 0)?;
    let of_epoch = train.samples.div_ceil(settings.samples_per_step.max(1) as u64);
    let steps = match settings.length {
        Length::Steps(steps) => steps,
        Length::Epochs(count) => (count * of_epoch as f64).ceil() as u64,
    };
    // A pass is full, or one sample that is longer.
    let longest = train.sample_lengths.iter().copied().max().unwrap_or(0) as usize;
    let rows = settings.micro_tokens.max(longest);
    Some(Outlook {
        steps,
        epochs: steps as f64 / of_epoch as f64,
        tokens: train.tokens,
        pairs: train.sample_lengths.iter().map(|&len| (len * len) as f64 / 2.0).sum(),
        loss_tokens: train.trained_tokens,
        valid_tokens: facts.get("valid").map_or(0, |valid| valid.tokens),
        rows,
        loss_rows: rows,
    })
}

/// Arithmetic of the whole training, in operations of 10⁹; of [`SOME`] tokens where there is no outlook. `again` is the
/// share of layers that are recomputed.
fn gigaflop(
    settings: &Settings,
    config: &ModelConfig,
    outlook: Option<Outlook>,
    lora: Option<&LoraConfig>,
    again: f64,
) -> anyhow::Result<f64> {
    // What a forward pass is of a step: frozen weights have no gradient.
    let forward = if lora.is_some() { 1.0 / 2.0 } else { 1.0 / 3.0 };
    let Some(outlook) = outlook else {
        let step = Step { pairs: (SOME * SOME / 8) as f64, tokens: SOME, loss_tokens: SOME / 2, lora };
        return Ok(bench_train::gigaflop(config, &step)? * (1.0 + again * forward));
    };
    let step = Step {
        pairs: outlook.pairs,
        tokens: outlook.tokens as usize,
        loss_tokens: outlook.loss_tokens as usize,
        lora,
    };
    let epoch = bench_train::gigaflop(config, &step)?;
    let looks = match settings.eval_every {
        Every::End => 1.0,
        Every::Steps(steps) => (outlook.steps / steps.max(1) + 1) as f64,
        Every::Epoch => outlook.epochs.ceil(),
    };
    let of_look = forward * outlook.valid_tokens as f64 / outlook.tokens.max(1) as f64;
    Ok(epoch * (outlook.epochs * (1.0 + again * forward) + looks * of_look))
}

#[cfg(test)]
mod tests {
    use ::train::Batching;
    use chat::{Sample, ShardWriter, Tokenizer};

    use super::*;

    /// Writes shards of samples of these lengths, trained from the second token on, and what `tokenize` says of them.
    fn write(folder: &Path, splits: [(&str, &[usize]); 2]) {
        let mut facts = Facts::new();
        for (split, lens) in splits {
            let mut writer = ShardWriter::new(&folder.join(format!("{split}.shard")), &Tokenizer::bytes());
            let seen = facts.entry(split.to_owned()).or_default();
            for (row, &len) in lens.iter().enumerate() {
                let trained = (0..len).map(|at| at > 0).collect();
                let sample = Sample { row: row.to_string(), part: 0, ids: vec![7; len], trained };
                writer.push(sample.view()).unwrap();
                seen.add(&sample);
            }
            writer.finish().unwrap();
        }
        let facts = serde_json::to_vec(&facts).unwrap();
        pipeline::platform::write_atomic(&folder.join(Names::FACTS), &facts).unwrap();
    }

    #[test]
    fn what_is_too_large_to_look_at_is_told_by_what_tokenize_counted() {
        let scratch = tempfile::tempdir().unwrap();
        write(scratch.path(), [("train", &[5, 9, 30, 7, 12]), ("valid", &[6, 8])]);
        let config = ModelConfig::preset("nano").unwrap();
        let settings = Settings {
            samples_per_step: 2,
            length: Length::Epochs(1.5),
            batching: Batching::Packed,
            ..Settings::full(::train::Base::default())
        };
        let of = |most_bytes| outlook(&settings, &config, scratch.path(), most_bytes).unwrap();
        let (seen, counted) = (of(MOST_BYTES), of(0));
        assert_eq!((seen.0, counted.0), (Samples::Seen, Samples::Counted));
        let full = settings.micro_tokens;
        let seen = Outlook { rows: full, loss_rows: full, ..seen.1.unwrap() };
        assert_eq!(counted.1, Some(seen), "nothing is cut or shared, so that both are the same");
        assert_eq!((seen.steps, seen.tokens, seen.valid_tokens), (5, 63, 14));
        pipeline::platform::remove(&scratch.path().join(Names::FACTS)).unwrap();
        assert_eq!(of(0), (Samples::TooLarge, None));
    }

    #[test]
    fn it_is_said_what_the_figures_are_of() {
        let of = |samples, known: Option<u64>| {
            let forecast = Forecast {
                samples,
                steps: known,
                tokens: known.map(|steps| 1000 * steps),
                seconds: 60.0,
                peak_bytes: 2_000_000,
                weight_bytes: 1_000_000,
                limit_bytes: None,
                recomputed_layers: 0,
                layers: 2,
                product_gflops: 1.0,
            };
            forecast.text()
        };
        assert!(of(Samples::Seen, Some(6)).ends_with("(estimated: 6 steps, 6,000 tokens)"));
        assert!(of(Samples::Counted, Some(6)).ends_with("(estimated: 6 steps, at most 6,000 tokens)"));
        assert!(
            of(Samples::Ahead, None).ends_with("(estimated; `tokenize` tells how many tokens there are)")
        );
        assert!(of(Samples::TooLarge, None).ends_with("(estimated; the shards are too large to look at)"));
    }
}
