//! `split`: which examples are trained on, watched and scored. Related ones stay together.

use std::collections::BTreeMap;

use chat::{Example, seeded};
use pipeline::{Context, Counts, Input, Stage, StageError};

use super::tokenize::SPLITS;
use super::{Names, jsonl};
use crate::console::error::fail;
use crate::recipe::Split;

/// Raised when the same examples would be split otherwise.
const VERSION: u32 = 1;

/// The stage.
pub fn stage() -> Stage<'static> {
    Stage {
        id: Names::SPLIT.into(),
        version: VERSION,
        inputs: vec![Input::stage(Names::PREPARED, Names::PREPARE, Names::PREPARED)],
        outputs: vec![Names::SPLITS.into()],
        run: Box::new(run),
    }
}

fn run(stage: &mut Context<'_>) -> Result<Vec<Counts>, StageError> {
    let split: Split = stage.param("split")?;
    let seed: u64 = stage.param("project.seed")?;
    let examples: Vec<Example> = jsonl::read(&stage.input(Names::PREPARED)?.join("dataset.jsonl"))?;
    let n = examples.len() as u64;
    let places =
        if split.column.is_empty() { drawn(&examples, &split, seed)? } else { named(&examples, &split)? };
    let folder = stage.output(Names::SPLITS)?;
    std::fs::create_dir(&folder)?;
    for (i, name) in SPLITS.iter().enumerate() {
        let mut writer = jsonl::Writer::create(&folder.join(format!("{name}.jsonl")))?;
        for (example, _) in examples.iter().zip(&places).filter(|(_, place)| **place == i) {
            writer.push(example)?;
        }
        writer.finish()?;
    }
    Ok(vec![Counts::all("examples", n)])
}

fn text(example: &Example, column: &str) -> Option<String> {
    let value = example.meta.get(column)?;
    Some(value.as_str().map_or_else(|| value.to_string(), str::to_owned))
}

/// Groups in a seeded order, each given to the split that is furthest behind its share.
fn drawn(examples: &[Example], split: &Split, seed: u64) -> anyhow::Result<Vec<usize>> {
    let mut groups: BTreeMap<String, Vec<usize>> = BTreeMap::new();
    for (i, example) in examples.iter().enumerate() {
        let key = if split.group.is_empty() { Some(example.id.clone()) } else { text(example, &split.group) };
        let key = key.ok_or_else(|| no_column("group", &split.group))?;
        groups.entry(key).or_default().push(i);
    }
    let mut groups: Vec<_> = groups.into_values().collect();
    seeded::shuffle(&mut groups, seed, 0);
    let shares = [split.train, split.valid, split.test];
    let (mut given, mut places) = ([0usize; 3], vec![0; examples.len()]);
    for group in groups {
        let behind = |s: usize| shares[s] * examples.len() as f64 - given[s] as f64;
        let place = (0..3).max_by(|a, b| behind(*a).total_cmp(&behind(*b)).then(b.cmp(a))).unwrap_or(0);
        given[place] += group.len();
        group.into_iter().for_each(|i| places[i] = place);
    }
    Ok(places)
}

/// The split that each row names itself.
fn named(examples: &[Example], split: &Split) -> anyhow::Result<Vec<usize>> {
    let place = |example: &Example| {
        let name = text(example, &split.column).ok_or_else(|| no_column("column", &split.column))?;
        let name = if name == "validation" { "valid" } else { &name };
        SPLITS.iter().position(|split| *split == name).ok_or_else(|| {
            fail(
                format!("{}: `{}` names the split {name:?}", example.id, split.column),
                "train, valid and test are known",
            )
        })
    };
    examples.iter().map(place).collect()
}

fn no_column(key: &str, column: &str) -> anyhow::Error {
    fail(
        format!("[split] {key} = {column:?}, which the examples do not carry"),
        format!("add it to [prepare] meta = [{column:?}]"),
    )
}
