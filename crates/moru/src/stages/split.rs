//! `split`: which examples are trained on, watched and scored. Related ones stay together.

use chat::Example;
use chat::example::Role;
use data::dedupe::Clusters;
use data::split::{Share, SplitRow};
use pipeline::{Context, Counts, Input, Stage};

use super::classify::labelled::Labelled;
use super::tokenize::SPLITS;
use super::{Names, jsonl};
use crate::console::error::fail;
use crate::recipe::{Split, TEXT_LABEL};

/// Raised when the same examples would be split otherwise.
const VERSION: u32 = 3;

/// Questions that are at least this alike are never on both sides of a split.
const NEAR_DUPLICATE: f64 = 0.9;

/// The stage.
pub fn stage() -> Stage<'static> {
    Stage {
        id: Names::SPLIT.into(),
        version: VERSION,
        inputs: vec![Input::stage(Names::PREPARED, Names::PREPARE, Names::PREPARED)],
        outputs: vec![Names::SPLITS.into()],
        run: super::stage_fn(run),
    }
}

fn run(stage: &mut Context<'_>) -> anyhow::Result<Vec<Counts>> {
    let split: Split = stage.param("split")?;
    let seed: u64 = stage.param("project.seed")?;
    let is_labelled = stage.param::<String>("prepare.format")? == TEXT_LABEL;
    let examples: Vec<Example> = jsonl::read(&stage.input(Names::PREPARED)?.join("dataset.jsonl"))?;
    let n = examples.len() as u64;
    let places = if split.column.is_empty() {
        drawn(&examples, &split, is_labelled, seed)?
    } else {
        named(&examples, &split)?
    };
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

/// The clusters of near-duplicates by what their users say; preparing may have been told to keep them.
fn clusters(examples: &[Example]) -> Vec<Option<u64>> {
    let mut clusters = Clusters::new(NEAR_DUPLICATE);
    for example in examples {
        let turns = example.messages.iter().filter(|m| m.role == Role::User);
        clusters.push(&turns.map(|m| m.content.as_str()).collect::<Vec<_>>().join("\n"));
    }
    clusters.of_rows()
}

/// Groups and near-duplicates stay together, and each stratum is split in the same proportions. Rows that are texts
/// with labels are stratified by them, unless the recipe says otherwise.
fn drawn(examples: &[Example], split: &Split, is_labelled: bool, seed: u64) -> anyhow::Result<Vec<usize>> {
    let column = |key: &str, name: &str| -> anyhow::Result<Vec<Option<String>>> {
        let of = |example| text(example, name).ok_or_else(|| no_column(key, name)).map(Some);
        if name.is_empty() { Ok(vec![None; examples.len()]) } else { examples.iter().map(of).collect() }
    };
    let (mut groups, mut strata) = (column("group", &split.group)?, column("stratify", &split.stratify)?);
    if is_labelled && split.stratify.is_empty() {
        strata = examples.iter().map(|example| Some(Labelled::of(example, "").ok()?.label)).collect();
    }
    // Rows without a group belong to nobody: together they would be one large group.
    for group in &mut groups {
        *group = group.take().filter(|name| !name.trim().is_empty());
    }
    let rows: Vec<_> = (examples.iter().zip(groups.iter().zip(&strata)).zip(clusters(examples)))
        .map(|((example, (group, stratum)), cluster)| SplitRow {
            id: &example.id,
            group: group.as_deref(),
            cluster,
            stratum: stratum.as_deref(),
        })
        .collect();
    let shares = [split.train, split.valid, split.test];
    let shares: Vec<_> =
        (SPLITS.iter().zip(shares)).map(|(part, share)| Share { part: (*part).to_owned(), share }).collect();
    Ok(data::split::split(&rows, &shares, seed)?.parts)
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

/// A column that the split needs and the examples do not carry.
pub fn no_column(key: &str, column: &str) -> anyhow::Error {
    fail(
        format!("[split] {key} = {column:?}, which the examples do not carry"),
        format!("add it to [prepare] meta = [{column:?}]"),
    )
}
