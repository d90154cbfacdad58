//! `split`: which examples are trained on, watched and scored. Related ones stay together.

use std::collections::BTreeMap;

use chat::Example;
use chat::example::Role;
use data::dedupe::Clusters;
use data::split::{Share, SplitRow};
use pipeline::{Context, Counts, Input, Stage};

use super::classify::labelled::Labelled;
use super::exam;
use super::tokenize::SPLITS;
use super::{Names, jsonl};
use crate::console::error::fail;
use crate::project::Project;
use crate::recipe::{Split, TEXT_LABEL};

/// Raised when the same examples would be split otherwise.
const VERSION: u32 = 4;

/// Questions that are at least this alike are never on both sides of a split.
const NEAR_DUPLICATE: f64 = 0.9;

/// The stage.
pub fn stage(project: &Project) -> Stage<'_> {
    Stage {
        id: Names::SPLIT.into(),
        version: VERSION,
        inputs: vec![Input::stage(Names::PREPARED, Names::PREPARE, Names::PREPARED)],
        outputs: vec![Names::SPLITS.into()],
        run: super::stage_fn(move |stage| run(stage, project)),
    }
}

/// The split of each source that has one as a whole.
fn of_sources(stage: &mut Context<'_>, project: &Project) -> anyhow::Result<BTreeMap<String, usize>> {
    let mut whole = BTreeMap::new();
    for name in project.resolved().source.keys() {
        let split: String = stage.param(&format!("source.{name}.split"))?;
        whole.extend(SPLITS.iter().position(|known| *known == split).map(|place| (name.clone(), place)));
    }
    Ok(whole)
}

fn run(stage: &mut Context<'_>, project: &Project) -> anyhow::Result<Vec<Counts>> {
    let whole = of_sources(stage, project)?;
    let split: Split = stage.param("split")?;
    let seed: u64 = stage.param("project.seed")?;
    let is_labelled = stage.param::<String>("prepare.format")? == TEXT_LABEL;
    let examples: Vec<Example> = jsonl::read(&stage.input(Names::PREPARED)?.join("dataset.jsonl"))?;
    let n = examples.len() as u64;
    let fixed: Vec<Option<usize>> =
        examples.iter().map(|example| whole.get(source_of(&example.id)).copied()).collect();
    let places = if split.column.is_empty() {
        drawn(&examples, &fixed, &split, is_labelled, seed)?
    } else {
        named(&examples, &fixed, &split)?
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

/// The source of a row, by its id.
fn source_of(id: &str) -> &str {
    id.split_once('#').map_or(id, |(source, _)| source)
}

/// What belongs to a row whose source has a split as a whole belongs there too: rows of its group, near-duplicates of it.
/// Of several such splits it is the last, which is the furthest from training.
fn followed<K: Ord + Clone>(fixed: &[Option<usize>], keys: &[Option<K>]) -> Vec<Option<usize>> {
    let mut of_key: BTreeMap<K, usize> = BTreeMap::new();
    for (place, key) in fixed.iter().zip(keys) {
        if let (Some(place), Some(key)) = (place, key) {
            let held = of_key.entry(key.clone()).or_insert(*place);
            *held = (*held).max(*place);
        }
    }
    let of = |(own, key): (&Option<usize>, &Option<K>)| {
        own.or_else(|| key.as_ref().and_then(|key| of_key.get(key).copied()))
    };
    fixed.iter().zip(keys).map(of).collect()
}

/// Groups and near-duplicates stay together, and each stratum is split in the same proportions. Rows that are texts
/// with labels are stratified by them, unless the recipe says otherwise.
fn drawn(
    examples: &[Example],
    fixed: &[Option<usize>],
    split: &Split,
    is_labelled: bool,
    seed: u64,
) -> anyhow::Result<Vec<usize>> {
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
    let clusters = clusters(examples);
    let mut fixed = fixed.to_vec();
    loop {
        // Who follows a row may bring others of its own group along.
        let next = followed(&followed(&fixed, &groups), &clusters);
        if next == fixed {
            break;
        }
        fixed = next;
    }
    if fixed.iter().all(Option::is_some) {
        return Ok(fixed.into_iter().flatten().collect());
    }
    let rows: Vec<_> = (examples.iter().zip(groups.iter().zip(&strata)).zip(clusters))
        .map(|((example, (group, stratum)), cluster)| SplitRow {
            id: &example.id,
            group: group.as_deref(),
            cluster,
            stratum: stratum.as_deref(),
        })
        .collect();
    let open: Vec<usize> = (0..rows.len()).filter(|at| fixed[*at].is_none()).collect();
    let rows: Vec<_> = open.iter().map(|at| rows[*at]).collect();
    let shares = [split.train, split.valid, split.test];
    let shares: Vec<_> =
        (SPLITS.iter().zip(shares)).map(|(part, share)| Share { part: (*part).to_owned(), share }).collect();
    let parts = data::split::split(&rows, &shares, seed)?.parts;
    let mut places = fixed;
    for (at, part) in open.into_iter().zip(parts) {
        places[at] = Some(part);
    }
    Ok(places.into_iter().flatten().collect())
}

/// The split that each row names itself.
fn named(examples: &[Example], fixed: &[Option<usize>], split: &Split) -> anyhow::Result<Vec<usize>> {
    let place = |(example, fixed): (&Example, &Option<usize>)| {
        if let Some(place) = fixed {
            return Ok(*place);
        }
        let name = text(example, &split.column).ok_or_else(|| no_column("column", &split.column))?;
        let name = match name.as_str() {
            "validation" => "valid",
            // Scored apart, by the column that says so.
            exam::UNSEEN => "test",
            name => name,
        };
        SPLITS.iter().position(|split| *split == name).ok_or_else(|| {
            fail(
                format!("{}: `{}` names the split {name:?}", example.id, split.column),
                "train, valid and test are known",
            )
        })
    };
    examples.iter().zip(fixed).map(place).collect()
}

/// A column that the split needs and the examples do not carry.
pub fn no_column(key: &str, column: &str) -> anyhow::Error {
    fail(
        format!("[split] {key} = {column:?}, which the examples do not carry"),
        format!("add it to [prepare] meta = [{column:?}]"),
    )
}
