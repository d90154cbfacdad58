//! Self-tests of a training on its own model and rows: `moru train --verify-…`.

use std::time::{Duration, Instant};

use chat::{SampleView, Shard};
use model::ModelConfig;
use serde::Serialize;
use train::verify::{self, LAYOUT_BOUND, Layout, SLOPE_BOUND};
use train::{Base, Settings};

use super::classify::labelled::Labels;
use super::{Names, model_of};
use crate::console::error::fail;
use crate::console::{Console, format};
use crate::project::Project;

/// Tokens of the rows that are compared: enough for branches, few enough for a large model.
const LAYOUT_TOKENS: usize = 4096;

/// Tokens of the rows along which slopes are taken: each tensor takes several passes over them.
const SLOPE_TOKENS: usize = 256;

/// Time between two words about how far a test is.
const BETWEEN_WORDS: Duration = Duration::from_secs(5);

/// What is tested.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Check {
    /// Rows as trees against rows one by one.
    Prefix,
    /// Rows packed against rows one by one.
    Packing,
    /// The gradient against finite differences.
    Gradients,
}

/// What was found.
#[derive(Debug, Serialize)]
pub struct Found {
    /// What was tested: `prefix`, `packing` or `gradients`.
    pub check: &'static str,
    /// Rows that were looked at.
    pub rows: usize,
    /// Tokens of the rows one by one.
    pub tokens: usize,
    /// Tokens as they were computed together.
    pub computed_tokens: usize,
    /// Tensors that were compared.
    pub tensors: usize,
    /// The greatest relative deviation.
    pub largest: f64,
    /// Where it is: a tensor, or the loss.
    pub of: String,
    /// What rounding explains.
    pub bound: f64,
}

impl Found {
    /// Whether the deviation is no more than rounding.
    pub fn is_good(&self) -> bool {
        self.largest <= self.bound
    }

    /// For a person.
    pub fn text(&self) -> String {
        let Self { check, rows, tokens, computed_tokens, tensors, largest, of, bound } = self;
        let verdict = if self.is_good() { "within" } else { "OVER" };
        format!(
            "{check}: {rows} rows of {tokens} tokens, {computed_tokens} computed; {tensors} tensors; largest deviation {largest:.2e} ({of}), {verdict} the bound of {bound:.0e}"
        )
    }
}

/// The training that is meant, with its rows; the shards must stand.
pub fn run(project: &Project, name: Option<&str>, check: Check, console: &Console) -> anyhow::Result<Found> {
    let name = name.unwrap_or_else(|| model_of::first(project));
    let Some(recipe) = project.resolved().train.get(name) else {
        let known: Vec<_> = project.resolved().train.keys().map(String::as_str).collect();
        return Err(fail(
            format!("there is no training called `{name}`"),
            format!("there are {}", known.join(", ")),
        ));
    };
    let seed = project.resolved().project.seed;
    let folder = model_of::base(project, recipe.model_name())?;
    let shards = project.results()?.output(&Names::shards_of(name, recipe), Names::SHARDS)?;
    let labels = if recipe.is_classifier() { Labels::read(&shards)?.names } else { Vec::new() };
    let task = super::train::task(&labels);
    let base = Base::default();
    let settings = Settings { task, ..super::train::settings(recipe, seed, base) };
    let shard = Shard::open(&shards.join("train.shard"))?;
    let rows: Vec<SampleView<'_>> = shard.iter().collect();
    let config = ModelConfig::from_folder(&folder)?;
    let (layout, most) = match check {
        Check::Prefix => (Layout::Tree, LAYOUT_TOKENS),
        Check::Packing => (Layout::Packed, LAYOUT_TOKENS),
        Check::Gradients => (Layout::Packed, SLOPE_TOKENS),
    };
    let chosen = verify::choose(&config, &settings, &rows, layout, most)?;
    let rows: Vec<SampleView<'_>> = chosen.into_iter().map(|row| rows[row]).collect();
    // A full training takes the weights out of its decoder, so that each test loads its own.
    let mut decoder = super::train::load(&folder, recipe)?;
    match check {
        Check::Gradients => slopes(&mut decoder, &settings, &rows, console),
        Check::Prefix | Check::Packing => {
            let found = verify::compare(&mut decoder, &settings, &rows, layout)?;
            let (largest, of) = match found.tensors.first() {
                Some(tensor) if tensor.relative > found.loss => (tensor.relative, tensor.name.clone()),
                _ => (found.loss, "the loss".to_owned()),
            };
            Ok(Found {
                check: if check == Check::Prefix { "prefix" } else { "packing" },
                rows: rows.len(),
                tokens: found.separate_tokens,
                computed_tokens: found.together_tokens,
                tensors: found.tensors.len(),
                largest,
                of,
                bound: LAYOUT_BOUND,
            })
        }
    }
}

fn slopes(
    decoder: &mut model::Decoder<super::device::Backend>,
    settings: &Settings,
    rows: &[SampleView<'_>],
    console: &Console,
) -> anyhow::Result<Found> {
    let began = Instant::now();
    let mut said = Duration::ZERO;
    let mut watch = |done: usize, of: usize| {
        let now = began.elapsed();
        // The first tensor tells how long all will take; after it, whoever waits hears every few seconds.
        let is_due = done == 1 || now >= said + BETWEEN_WORDS;
        if is_due && done < of {
            said = now;
            let left = format::duration(now.mul_f64((of - done) as f64 / done as f64));
            console.say(format!("gradients: {done} of {of} tensors, about {left} left"));
        }
    };
    let slopes = verify::slopes(decoder, settings, rows, &mut watch)?;
    let tokens = rows.iter().map(|row| row.ids.len()).sum();
    let worst = slopes.first();
    Ok(Found {
        check: "gradients",
        rows: rows.len(),
        tokens,
        computed_tokens: tokens,
        tensors: slopes.len(),
        largest: worst.map_or(0.0, |slope| slope.relative),
        of: worst.map_or_else(String::new, |slope| slope.name.clone()),
        bound: SLOPE_BOUND,
    })
}
