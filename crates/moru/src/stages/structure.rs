//! What is wrong with a recipe although each of its values is allowed: patterns that do not compile, kinds
//! that nobody knows, a layer that the model does not have. Touches no source and no disk; of a built-in model
//! the configuration is part of this program.

use anyhow::Context;
use model::ModelConfig;

use super::base::{self, Base};
use super::{Names, exam, export, judge, model_of, prepare, privacy, split, tokenize, train};
use crate::console::error::fail;
use crate::project::Project;
use crate::recipe::{Resolved, Source, Train};

/// Each part of the recipe that was looked at, and what is wrong with it.
pub fn looked_at(project: &Project) -> Vec<(String, anyhow::Result<()>)> {
    let resolved = project.resolved();
    let mut all = vec![("prepare".to_owned(), prepare::templates(&resolved.prepare).map(drop))];
    for source in resolved.source.values() {
        all.push((format!("source.{}", source.name), check_source(project, source)));
    }
    all.push(("questions".to_owned(), check_questions(project)));
    all.push(("split".to_owned(), check_split(project)));
    all.push(("train".to_owned(), check_labels(project)));
    all.push(("replies.placeholders".to_owned(), check_placeholders(project)));
    for (name, _) in resolved.model.all() {
        let found = check_used(project, name).and_then(|()| check_builtin(project, name));
        all.push((Names::model_key(name), found));
    }
    all.push(("export".to_owned(), export::check(resolved)));
    all.push(("evaluate.judge".to_owned(), judge::check_answers(project)));
    all
}

/// The first thing that is wrong.
pub fn check(project: &Project) -> anyhow::Result<()> {
    looked_at(project).into_iter().try_for_each(|(_, found)| found)
}

/// How a source is cleaned, masked and refused.
fn check_source(project: &Project, source: &Source) -> anyhow::Result<()> {
    let prepare = &project.resolved().prepare;
    privacy::personal_columns(source, &prepare.mask)?;
    prepare::Kit::new(prepare, source, b"").map(drop)
}

/// Somebody has to ask something about documents.
fn check_questions(project: &Project) -> anyhow::Result<()> {
    let questions = &project.resolved().questions;
    let asks_nothing = questions.lookup + questions.procedure + questions.absent == 0 && !questions.cover;
    if exam::has_documents(project) && asks_nothing {
        return Err(fail(
            "[questions] lookup, procedure and absent are 0: there would be nothing to learn from",
            "give one of them a number, or set cover = true, which asks every fact",
        ));
    }
    Ok(())
}

/// Columns that the split asks for have to be carried along.
fn check_split(project: &Project) -> anyhow::Result<()> {
    let (split, meta) = (&project.resolved().split, &project.resolved().prepare.meta);
    for (key, column) in [("group", &split.group), ("stratify", &split.stratify), ("column", &split.column)] {
        if !column.is_empty() && !meta.contains(column) {
            return Err(split::no_column(key, column));
        }
    }
    let questions = &project.resolved().questions;
    let are_held_out = exam::has_documents(project) && questions.unseen > 0.0 && questions.context != "none";
    if are_held_out && !meta.iter().any(|column| column == exam::SLICE) {
        return Err(fail(
            "[questions] `unseen` holds articles out, and the examples do not carry which: their questions are scored apart",
            format!("add \"{}\" to [prepare] meta, or set unseen = 0", exam::SLICE),
        ));
    }
    Ok(())
}

/// The column of labels has to be carried along; and text that a generator writes has none.
pub fn check_labels(project: &Project) -> anyhow::Result<()> {
    let resolved = project.resolved();
    for (name, train) in resolved.train.iter().filter(|(_, train)| train.is_classifier()) {
        if resolved.synthesize.is_wanted() {
            return Err(fail(
                format!("[train.{name}] is a classifier, and [synthesize] writes text without labels"),
                "a classifier learns from rows: give it a [source.NAME] with a column of labels",
            ));
        }
        refuse_same_shards(resolved, name)?;
        if !train.label.is_empty() && !resolved.prepare.meta.contains(&train.label) {
            return Err(fail(
                format!("[train.{name}] label = {:?}, which the examples do not carry", train.label),
                format!("add it to [prepare] meta = [{:?}]", train.label),
            ));
        }
    }
    Ok(())
}

/// The shards of a classifier have its name, those of language models the name of the model that they tune.
fn refuse_same_shards(resolved: &Resolved, name: &str) -> anyhow::Result<()> {
    let is_same = |train: &Train| !train.is_classifier() && train.model.as_deref() == Some(name);
    let Some((other, _)) = resolved.train.iter().find(|(_, train)| is_same(train)) else { return Ok(()) };
    Err(fail(
        format!("[train.{name}] is a classifier, and [train.{other}] tunes the model of its name"),
        format!("give the classifier another name, and model = {name:?} where it tunes that model"),
    ))
}

/// A model that nothing tunes would be there for nothing.
fn check_used(project: &Project, model: &str) -> anyhow::Result<()> {
    let trainings = &project.resolved().train;
    if trainings.values().any(|train| train.model_name() == model) {
        return Ok(());
    }
    let first = trainings.keys().next().map_or("main", String::as_str);
    Err(fail(
        format!("no training tunes the model `{model}`"),
        format!(
            "write model = {model:?} into one, such as [train.{first}], add a [train.{model}], or leave the model out"
        ),
    ))
}

/// A value for a placeholder that nothing writes would never be said.
fn check_placeholders(project: &Project) -> anyhow::Result<()> {
    let written = model_of::written_placeholders(project);
    for name in project.resolved().replies.placeholders.keys() {
        let bracketed = model_of::bracketed(name);
        if !written.contains(&bracketed) {
            let hint = match crate::recipe::closest(&bracketed, &written) {
                Some(near) => format!("did you mean `{}`?", near.trim_matches(['[', ']'])),
                None => format!("masking writes {}", written.join(", ")),
            };
            return Err(fail(
                format!("[replies] placeholders has `{name}`, which no masked text contains"),
                hint,
            ));
        }
    }
    Ok(())
}

/// Lengths and layers of a model whose configuration this program knows.
fn check_builtin(project: &Project, model: &str) -> anyhow::Result<()> {
    let base = Base::of(project, model)?;
    match base::builtin_config(&base.origin)? {
        None => Ok(()),
        Some(config) => check_model(project, &base, &config),
    }
}

/// What the recipe asks of a model: the length of its samples, and the layers that are tuned.
pub fn check_model(project: &Project, base: &Base, config: &ModelConfig) -> anyhow::Result<()> {
    let resolved = project.resolved();
    tokenize::max_len_of(config, &resolved.tokenize)?;
    for (name, recipe) in resolved.train.iter().filter(|(_, train)| train.model_name() == base.name) {
        check_targets(recipe, config)
            .with_context(|| format!("[train.{name}] does not fit the model {}", base.word))?;
    }
    Ok(())
}

fn check_targets(recipe: &Train, config: &ModelConfig) -> anyhow::Result<()> {
    let settings = train::settings(recipe, 0, ::train::Base::default());
    if let ::train::Method::Lora { lora, .. } = settings.method {
        lora.select(config)?;
    }
    if let Some(format) = settings.base.weights {
        model::check_format(config, format)?;
    }
    Ok(())
}
