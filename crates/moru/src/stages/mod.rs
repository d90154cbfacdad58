//! The stages of a recipe, wired: ingest → prepare → split → tokenize → train → evaluate → judge → report; of documents,
//! parse → chunk → synthesize → validate in place of ingest.
//!
//! One file a stage; each is a plain function with named inputs and outputs. [`graph`] makes the graph
//! of a recipe, [`run`] runs it and writes `out/`.

pub mod answer;
pub mod artifact;
pub mod asker;
pub mod assistant;
pub mod base;
pub mod bench_data;
pub mod bench_generate;
pub mod bench_train;
pub mod builtin;
mod card;
pub mod check;
pub mod chunk;
pub mod classify;
mod compared;
mod copied;
pub mod costs;
pub mod device;
pub mod editions;
pub mod endpoint;
pub mod engine;
pub mod evaluate;
pub mod exam;
pub mod export;
pub mod folder;
pub mod forecast;
pub mod gguf;
pub mod heard;
mod hub_model;
pub mod ingest;
mod interrupt;
pub mod interviews;
pub mod jsonl;
pub mod judge;
mod known;
pub mod leak;
pub mod look;
mod model_folder;
pub mod model_of;
mod models;
mod network;
pub mod outputs;
pub mod parse;
pub mod places;
pub mod prepare;
pub mod pretraining;
pub mod privacy;
pub mod questions;
pub mod report;
pub mod review;
mod set_aside;
mod settle;
pub mod shop;
pub mod sources;
pub mod split;
mod structure;
pub mod synthesize;
pub mod teach;
pub mod tokenize;
pub mod train;
pub mod tree_mask;
pub mod validate;
pub mod verify;
mod words;

use std::sync::atomic::AtomicBool;

use eval::report::{Compared, LeakTest};
use pipeline::{Event, Graph, Request, Summary};
use serde::Serialize;

use crate::console::Console;
use crate::console::progress::Progress;
use crate::machine;
use crate::project::Project;
use base::Base;
pub use compared::notes;
pub use interrupt::stop_on_ctrl_c;
use models::{base_of, speaks};

/// Names of stages and of what they write.
pub struct Names;

impl Names {
    /// `ingest`: the raw rows of a source.
    pub const EXTRACT: &'static str = "extract";
    /// `parse`: documents as they were read, and their structure.
    pub const TREES: &'static str = "trees";
    /// `chunk`: masked documents, and the pieces they are read in.
    pub const CHUNKS: &'static str = "chunks";
    /// `chunk`: the editions of one rule, and what changed from one to the next.
    pub const EDITIONS: &'static str = "editions";
    /// `chunk`: a page that shows how documents were read.
    pub const PAGES: &'static str = "pages";
    /// `synthesize`: questions about documents.
    pub const ASKED: &'static str = "questions";
    /// `validate`: questions that nothing is trained on.
    pub const FURTHER: &'static str = "further";
    /// `validate`: the questions with their verdicts, for a person to correct.
    pub const REVIEW: &'static str = "review";
    /// `validate`: what a judge that sees the source says of the questions.
    pub const JUDGEMENTS: &'static str = "judgements";
    /// The stage that makes examples.
    pub const PREPARE: &'static str = "prepare";
    /// `prepare`: examples and rejected rows, masked.
    pub const PREPARED: &'static str = "prepared";
    /// `prepare`: fingerprints of every personal value that was seen.
    pub const KNOWN: &'static str = "known";
    /// The stage that writes text instead of reading it.
    pub const SYNTHESIZE: &'static str = "synthesize";
    /// The stage that splits.
    pub const SPLIT: &'static str = "split";
    /// `split`: examples by split.
    pub const SPLITS: &'static str = "splits";
    /// The stage that makes a folder of a built-in model.
    pub const BASE: &'static str = "base";
    /// `base`: the model's folder.
    pub const MODEL: &'static str = "model";
    /// The stage that makes tokens.
    pub const TOKENIZE: &'static str = "tokenize";
    /// `tokenize`: a shard a split.
    pub const SHARDS: &'static str = "shards";
    /// `tokenize`: the examples of which no token would be trained, with their reasons.
    pub const LEFT_OUT: &'static str = "left_out";
    /// `train`: the adapter, or the tuned model.
    pub const TUNED: &'static str = "tuned";
    /// `train`: what happened, step by step.
    pub const STATE: &'static str = "state";
    /// `train`: what lay ahead of it.
    pub const PLAN: &'static str = "plan";
    /// `export`: a model as a file or folder for other tools.
    pub const ARTIFACT: &'static str = "artifact";
    /// `pack`: a model and its tokenizer as one file.
    pub const PACKED: &'static str = "packed";
    /// `measure`: what a pretrained model is worth.
    pub const MEASURES: &'static str = "measures";
    /// `measure`: what a pretrained model says.
    pub const SAMPLES: &'static str = "samples";
    /// The recipe's own questions.
    pub const QUESTIONS: &'static str = "questions";
    /// `answer`: what a model said.
    pub const ANSWERS: &'static str = "answers";
    /// `leak`: what was counted of a model's words.
    pub const LEAKS: &'static str = "leaks";
    /// `leak`: what a model said, without the values it may not know.
    pub const SAID: &'static str = "said";
    /// `evaluate`: scores.
    pub const SCORES: &'static str = "scores";
    /// `evaluate` of a classifier: what was found and taken for what, label by label.
    pub const CLASSES: &'static str = "classes";
    /// `evaluate` of a classifier: its label of each row.
    pub const PREDICTIONS: &'static str = "predictions";
    /// `judge`: what a judge made of the answers.
    pub const JUDGED: &'static str = "judged";
    /// `judge`: every verdict.
    pub const VERDICTS: &'static str = "verdicts";
    /// `judge`: the same answers as a table for a person to grade.
    pub const TO_LABEL: &'static str = "to label";
    /// What a person says of answers.
    pub const LABELS: &'static str = "labels";
    /// A file with what the report wants to know.
    pub const FACTS: &'static str = "facts.json";

    /// The ingest stage of a source.
    pub fn ingest(source: &str) -> String {
        format!("ingest:{source}")
    }

    /// The stage that the rows of a source come from: of documents they are the questions about them.
    pub fn rows(source: &crate::recipe::Source) -> String {
        if source.is_documents() { Self::validate(&source.name) } else { Self::ingest(&source.name) }
    }

    /// The stage in which questions are asked about a source of documents.
    pub fn ask(source: &str) -> String {
        format!("{}:{source}", Self::SYNTHESIZE)
    }

    /// The stage in which the questions about a source of documents are validated.
    pub fn validate(source: &str) -> String {
        format!("validate:{source}")
    }

    /// The parse stage of a source of documents.
    pub fn parse(source: &str) -> String {
        format!("parse:{source}")
    }

    /// The chunk stage of a source of documents.
    pub fn chunk(source: &str) -> String {
        format!("chunk:{source}")
    }

    /// The stage that makes a classifier's shards.
    pub fn tokenize_of(name: &str) -> String {
        format!("{}:{name}", Self::TOKENIZE)
    }

    /// The stage of a training.
    pub fn train(name: &str) -> String {
        format!("train:{name}")
    }

    /// The stage that packs a training's model into one file.
    pub fn pack(name: &str) -> String {
        format!("pack:{name}")
    }

    /// The stage that measures a training's model on written text.
    pub fn measure(name: &str) -> String {
        format!("measure:{name}")
    }

    /// The stage that measures a training's model before it is exported.
    pub fn fit(name: &str) -> String {
        format!("fit:{name}")
    }

    /// What an export of a training's model is called.
    pub fn exported(name: &str, format: artifact::Format) -> String {
        format!("{name}.{}", format.name())
    }

    /// The stage that writes a training's model for other tools.
    pub fn export(name: &str, format: artifact::Format) -> String {
        format!("export:{}", Self::exported(name, format))
    }

    /// The stage in which a training's model answers, or the base; another model's base by [`Names::base_of`].
    pub fn answer(training: Option<&str>) -> String {
        format!("answer:{}", training.unwrap_or(Self::BASE))
    }

    /// The stage in which a training's model is made to talk.
    pub fn leak(name: &str) -> String {
        format!("leak:{name}")
    }

    /// The stage in which a training's answers are judged.
    pub fn judge(name: &str) -> String {
        format!("judge:{name}")
    }

    /// The stage that scores a training.
    pub fn evaluate(name: &str) -> String {
        format!("evaluate:{name}")
    }
}

/// The stages of a project's recipe.
pub fn graph(project: &Project) -> anyhow::Result<Graph<'_>> {
    let mut stages = Vec::new();
    let bases = Base::all(project)?;
    for source in project.resolved().source.values() {
        if source.is_documents() {
            stages.push(parse::stage(project, source));
            stages.push(chunk::stage(project, source, &bases[0])?);
            stages.push(questions::stage(project, source)?);
            stages.push(validate::stage(project, source)?);
        } else {
            stages.push(ingest::stage(project, source)?);
        }
    }
    if project.resolved().synthesize.is_wanted() {
        stages.push(synthesize::stage());
    } else {
        stages.push(prepare::stage(project)?);
        stages.push(split::stage(project));
    }
    for base in &bases {
        stages.extend(base::stage(project, base));
        if speaks(project, base) {
            stages.push(tokenize::stage(project, base));
        }
    }
    for (name, train) in &project.resolved().train {
        let base = base_of(&bases, train);
        if train.is_classifier() {
            stages.push(classify::tokenize::stage(project, name, base::input(base)));
        }
        stages.push(train::stage(project, name, base::input(base)));
    }
    if !project.resolved().synthesize.is_wanted() {
        stages.extend(answering(project, &bases)?);
        return Ok(Graph::new(stages)?);
    }
    stages.extend(pretraining::stages(project));
    Ok(Graph::new(stages)?)
}

/// The stages in which base and tuned models answer the test split, are made to talk, and are scored.
fn answering<'a>(project: &'a Project, bases: &[Base]) -> anyhow::Result<Vec<pipeline::Stage<'a>>> {
    let mut stages = Vec::new();
    for base in bases.iter().filter(|base| project.resolved().evaluate.base && speaks(project, base)) {
        stages.push(answer::stage(project, None, base));
    }
    for (name, train) in &project.resolved().train {
        let base = base_of(bases, train);
        if train.is_classifier() {
            stages.push(classify::evaluate::stage(name, base::input(base)));
            continue;
        }
        stages.push(answer::stage(project, Some(name), base));
        if leak::is_wanted(&project.resolved().evaluate) {
            stages.push(leak::stage(project, name, base::input(base))?);
        }
        stages.extend(export::stages(project, name, train, base));
        stages.push(evaluate::stage(project, name));
        if !project.resolved().evaluate.judge.is_empty() {
            stages.push(judge::stage(project, name)?);
        }
    }
    Ok(stages)
}

/// The stage that the splits come from.
pub fn splits_stage(project: &Project) -> &'static str {
    if project.resolved().synthesize.is_wanted() { Names::SYNTHESIZE } else { Names::SPLIT }
}

/// A stage's function whose errors keep their type, so that their hints are found.
fn stage_fn<'a>(
    run: impl Fn(&mut pipeline::Context<'_>) -> anyhow::Result<Vec<pipeline::Counts>> + 'a,
) -> pipeline::StageFn<'a> {
    Box::new(move |stage| {
        run(stage).map_err(anyhow::Error::reallocate_into_boxed_dyn_error_without_backtrace)
    })
}

/// What a run did.
#[derive(Debug, Serialize)]
pub struct Done {
    /// Stages that ran.
    pub ran: Vec<String>,
    /// Stages whose earlier result was taken back.
    pub restored: Vec<String>,
    /// Stages that had nothing to do.
    pub kept: Vec<String>,
    /// Files for people that were written, relative to the project.
    pub wrote: Vec<String>,
    /// Known personal values that tuned models said in the leak tests of this run's graph.
    pub leaked: u64,
    /// Models beside each other, where the report was written anew and there are several.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub compared: Option<Compared>,
}

impl Done {
    /// For a person.
    pub fn text(&self) -> String {
        let mut text = if self.ran.is_empty() && self.restored.is_empty() && self.wrote.is_empty() {
            format!("nothing to do: {} stages are up to date", self.kept.len())
        } else {
            format!("{} stages ran, {} were up to date", self.ran.len(), self.kept.len())
        };
        if !self.restored.is_empty() {
            text += &format!(", {} were taken back from an earlier run", self.restored.len());
        }
        for file in &self.wrote {
            text += &format!("\n  {file}");
        }
        if let Some(compared) = &self.compared {
            text += &format!("\n\n{}", crate::console::compared::text(compared));
        }
        if self.leaked > 0 {
            text +=
                &format!("\nthe tuned model says {} known personal values: see out/report.html", self.leaked);
        }
        text
    }
}

/// Brings a project up to date and writes what people read.
pub fn run(project: &Project, request: &Request, console: &Console) -> anyhow::Result<Done> {
    // Before Ctrl-C means the end of a step: what has come of a file stays, and a later run goes on there.
    hub_model::fetch(project, console)?;
    let cancelled = stop_on_ctrl_c(*console);
    let mut results = project.results()?;
    let private = results.private().to_owned();
    let graph = graph(project)?;
    check::before(project, &results.plan(&graph, &project.recipe.params(), request)?)?;
    let mut progress = Progress::new(*console, false);
    let mut trouble = None;
    // Held until `out/` is written: of two runs that end at once, the second finds it whole.
    let held = results.hold()?;
    let summary =
        results.run_held(&held, &graph, &project.recipe.params(), request, &cancelled, &mut |event| {
            if let Err(error) = note_cost(&private, event) {
                trouble.get_or_insert(error);
            }
            progress.on(event);
        })?;
    drop(progress);
    trouble.map_or(Ok(()), Err)?;
    let Summary { ran, restored, kept } = summary;
    let news = !(ran.is_empty() && restored.is_empty());
    let (wrote, compared) = publish(project, &results, news, console, &cancelled)?;
    let is_of_now = |id: &String| ran.contains(id) || restored.contains(id) || kept.contains(id);
    let leaked = leak::tests(project, &results, &is_of_now)?.iter().map(LeakTest::leaked).sum();
    Ok(Done { ran, restored, kept, wrote, leaked, compared })
}

/// Writes `out/`: the files for people, and the report about them. Where nothing ran, only what is
/// missing there is written. Tells what was written, and how the models of it compare.
fn publish(
    project: &Project,
    results: &pipeline::Project,
    news: bool,
    console: &Console,
    cancelled: &AtomicBool,
) -> anyhow::Result<(Vec<String>, Option<Compared>)> {
    let out = project.folder.join("out");
    let is_whole = || {
        REPORTS.iter().all(|name| out.join(name).exists())
            && std::fs::read_to_string(results.private().join(REPORTED))
                .is_ok_and(|of| of == told(project, results))
            && outputs::are_there(project, results)
            && compared::is_lacking(project, results).is_ok_and(|lacking| !lacking)
    };
    if !news && is_whole() {
        return Ok((Vec::new(), None));
    }
    let (mut wrote, leaks) = outputs::write(project, results)?;
    // Where this is stopped, nothing says that the report was written, and the next run goes on here.
    compared::measure(project, results, console, cancelled)?;
    let report = write_report(project, results, leaks)?;
    for note in notes(project, results)? {
        console.say(note);
    }
    wrote.extend(REPORTS.map(|name| format!("out/{name}")));
    Ok((wrote, report.compared))
}

/// Writes what is missing in `out/`, and the report anew.
pub fn publish_report(
    project: &Project,
    results: &pipeline::Project,
) -> anyhow::Result<eval::report::Report> {
    let (_, leaks) = outputs::write(project, results)?;
    write_report(project, results, leaks)
}

/// The digest of the recipe and the results that the report in `out/` tells of.
const REPORTED: &str = "report.of";

/// What the report tells: the recipe, whose licences and title are read by no stage, and the
/// results. A report that could not be written leaves an older one, which tells of others.
fn told(project: &Project, results: &pipeline::Project) -> String {
    let lock = serde_json::to_string(results.lock()).expect("a lock of plain values is JSON");
    pipeline::Digest::of((project.recipe.params().to_string() + &lock).as_bytes()).to_string()
}

/// The report for a program and for a person, and the card about the sources.
const REPORTS: [&str; 3] = ["report.json", "report.html", "README.md"];

/// Writes the report of what the lock names. It is searched for known values like everything else.
fn write_report(
    project: &Project,
    results: &pipeline::Project,
    leaks: Option<eval::report::Leaks>,
) -> anyhow::Result<eval::report::Report> {
    let mut report = report::gather(project, results, leaks)?;
    let text = serde_json::to_string(&report)?;
    let page = crate::report::render(&report, report.language);
    if let Some(leaks) = &mut report.leaks {
        leaks.checks.extend(outputs::check(project, results, REPORTS[0], &text)?);
        leaks.checks.extend(outputs::check(project, results, REPORTS[1], &page)?);
    }
    let card = card::text(&report, project.resolved());
    outputs::check(project, results, REPORTS[2], &card)?;
    outputs::write_text(project, REPORTS[2], &card)?;
    outputs::write_text(project, REPORTS[0], &serde_json::to_string_pretty(&report)?)?;
    outputs::write_text(project, REPORTS[1], &crate::report::render(&report, report.language))?;
    pipeline::platform::write_atomic(&results.private().join(REPORTED), told(project, results).as_bytes())?;
    Ok(report)
}

/// Measures memory from the start of a stage, and writes down what it took at its end.
fn note_cost(private: &std::path::Path, event: &Event<'_>) -> anyhow::Result<()> {
    match event {
        Event::Started { .. } => machine::forget_peak(),
        Event::Finished { stage, took, .. } => {
            let cost = costs::Cost {
                seconds: took.as_secs_f64(),
                peak_rss_bytes: machine::peak_rss_bytes(),
                ended_unix: machine::unix_seconds(),
            };
            costs::note(private, stage, cost)?;
        }
        _ => {}
    }
    Ok(())
}
