//! `moru tap`: what flows out of a stage.

mod documents;
mod questions;
mod verdicts;

use std::io::IsTerminal;

use chat::{Example, Shard};
use clap::Args;
use data::Rejection;
use data::prepare::Prepared;
use eval::run::Answer;
use serde_json::{Value, json};

use crate::cli::ProjectArgs;
use crate::console::error::fail;
use crate::console::{Console, Outcome};
use crate::project::Project;
use crate::recipe::Train;
use crate::stages::classify::evaluate::Prediction;
use crate::stages::classify::labelled::Labels;
use crate::stages::classify::tokenize::text_of;
use crate::stages::{Names, jsonl, look, model_of, tokenize};

/// Show what flows out of a stage, masked
///
/// Stages: ingest (rows), parse (the structure of documents), chunk (their pieces), synthesize (questions about them),
/// validate (what became of these, and why), prepare (examples), split, tokenize (tokens, trained ones in ⟦ ⟧), train
/// (the log), answer (questions and answers), leak (what the model said when it was led on), judge (verdicts and the
/// reasons), evaluate (a classifier's labels). An instance is named as in `moru plan`: ingest:inquiries.
#[derive(Debug, Args)]
pub struct Tap {
    /// The stage
    stage: String,
    /// How many; 0 is all [default: 3, and all with --csv]
    #[arg(short = 'n', long = "lines")]
    n: Option<usize>,
    /// Write the rows of `ingest` as a CSV table, all of them unless -n is given
    #[arg(long, conflicts_with = "json")]
    csv: bool,
    /// Show what each step of `prepare` changed in a row
    #[arg(long)]
    diff: bool,
    /// Show what `parse`, `synthesize`, `validate`, `prepare` or `tokenize` set aside, with the reasons
    #[arg(long)]
    rejected: bool,
    /// Show raw text, on a terminal only
    #[arg(long)]
    reveal: bool,
    /// One JSON object a line
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    project: ProjectArgs,
}

/// Refuses raw text where it would land in a file.
pub fn may_reveal(reveal: bool) -> anyhow::Result<bool> {
    if reveal && !std::io::stdout().is_terminal() {
        return Err(fail(
            "--reveal shows raw text on a terminal only",
            "without --reveal the text is masked and can be piped",
        ));
    }
    Ok(reveal)
}

impl Tap {
    pub fn run(self, console: &Console) -> anyhow::Result<Outcome> {
        let project = Project::open(&self.project)?;
        let reveal = may_reveal(self.reveal)?;
        let (name, instance) = self.stage.split_once(':').unwrap_or((&self.stage, ""));
        let only = |kind: &str, given: bool, stages: &[&str]| {
            if given && !stages.contains(&name) {
                let verbs: Vec<_> = stages.iter().map(|stage| format!("`moru tap {stage}`")).collect();
                let example = format!("`moru tap {} --{kind}`", stages[0]);
                return Err(fail(format!("--{kind} belongs to {}", verbs.join(" and ")), example));
            }
            Ok(())
        };
        let training = if instance.is_empty() { model_of::first(&project) } else { instance };
        let is_classifier = project.resolved().train.get(training).is_some_and(Train::is_classifier);
        only("csv", self.csv, &["ingest"])?;
        only("diff", self.diff, &["prepare"])?;
        only("rejected", self.rejected, &["prepare", "parse", "tokenize", "synthesize", "validate"])?;
        match name {
            "ingest" => self.ingest(&project, instance, reveal, console)?,
            "parse" => self.trees(&project, instance, reveal, console)?,
            "chunk" => self.chunks(&project, instance, console)?,
            "synthesize" => self.asked(&project, instance, console)?,
            "validate" => self.judged(&project, instance, reveal, console)?,
            "prepare" if self.rejected => self.set_aside(look::rejected(&project)?, console),
            "tokenize" if self.rejected => self.set_aside(look::left_out(&project)?, console),
            "prepare" if self.diff => self.diff(&project, reveal, console)?,
            "prepare" => {
                let folder = project.results()?.output(Names::PREPARE, Names::PREPARED)?;
                self.examples(jsonl::read(&folder.join("dataset.jsonl"))?, "", console);
            }
            "split" => {
                let folder = project.results()?.output(Names::SPLIT, Names::SPLITS)?;
                for split in tokenize::SPLITS {
                    self.examples(jsonl::read(&folder.join(format!("{split}.jsonl")))?, split, console);
                }
            }
            "tokenize" if is_classifier => self.labelled(&project, training, console)?,
            "tokenize" => self.tokens(&project, instance, console)?,
            "evaluate" if is_classifier => self.predictions(&project, training, console)?,
            "train" => self.log(&project, instance, console)?,
            "answer" => self.answers(&project, instance, console)?,
            "leak" => self.said(&project, instance, console)?,
            "judge" => self.verdicts(&project, instance, console)?,
            _ => {
                return Err(fail(
                    format!("`moru tap {}` is not known", self.stage),
                    "ingest, parse, chunk, synthesize, validate, prepare, split, tokenize, train, answer, leak, judge, and evaluate of a classifier can be tapped",
                ));
            }
        }
        Ok(Outcome::Good)
    }

    fn set_aside(&self, rows: Vec<Rejection>, console: &Console) {
        for row in self.first(rows) {
            let text = format!("{}  {}: {}\n  {}", row.id, row.reason, row.detail, look::flat(&row.text));
            self.show(console, &text, &json!(row));
        }
    }

    fn first<T>(&self, items: Vec<T>) -> impl Iterator<Item = T> {
        items.into_iter().take(self.limit())
    }

    /// A table is written whole unless somebody asks for its beginning.
    fn limit(&self) -> usize {
        match self.n.unwrap_or(if self.csv { 0 } else { 3 }) {
            0 => usize::MAX,
            n => n,
        }
    }

    fn show(&self, console: &Console, text: &str, value: &Value) {
        console.print(if self.json { value.to_string() } else { text.to_owned() });
    }

    fn ingest(
        &self,
        project: &Project,
        instance: &str,
        reveal: bool,
        console: &Console,
    ) -> anyhow::Result<()> {
        let sources = &project.resolved().source;
        if !instance.is_empty() && !sources.contains_key(instance) {
            let known: Vec<_> = sources.keys().map(|name| format!("ingest:{name}")).collect();
            return Err(fail(
                format!("there is no source called `{instance}`"),
                format!("there are {}", known.join(", ")),
            ));
        }
        if self.csv && instance.is_empty() && sources.len() > 1 {
            let known: Vec<_> =
                sources.keys().map(|name| format!("`moru tap ingest:{name} --csv`")).collect();
            return Err(fail("a table has the columns of one source", known.join(" or ")));
        }
        for source in sources.values().filter(|source| instance.is_empty() || source.name == instance) {
            let mut rows = look::Rows::open(project, source, reveal)?;
            let columns = rows.columns();
            if self.csv {
                console.print(look::csv_line(&columns));
            }
            let mut shown = 0;
            while shown < self.limit()
                && let Some((id, cells)) = rows.next()?
            {
                shown += 1;
                if self.csv {
                    console.print(look::csv_line(&cells));
                    continue;
                }
                let lines: Vec<_> = columns
                    .iter()
                    .zip(&cells)
                    .map(|(column, cell)| format!("  {column}: {}", look::flat(cell)))
                    .collect();
                self.show(
                    console,
                    &format!("{id}\n{}", lines.join("\n")),
                    &look::object(&id, &columns, &cells),
                );
            }
        }
        Ok(())
    }

    fn diff(&self, project: &Project, reveal: bool, console: &Console) -> anyhow::Result<()> {
        let mut shown = 0;
        look::prepared(project, None, reveal, &mut |prepared| {
            if let Prepared::Example(example, changes) = prepared
                && !changes.is_empty()
                && shown < self.limit()
            {
                shown += 1;
                let text = format!("{}\n{}", example.id, look::change_lines(&changes).join("\n"));
                self.show(console, &text, &json!({ "id": example.id, "changes": changes }));
            }
        })
    }

    fn examples(&self, examples: Vec<Example>, split: &str, console: &Console) {
        for example in self.first(examples) {
            let turns: Vec<_> =
                (example.messages.iter()).map(|message| format!("  {}", look::turn(message))).collect();
            let name =
                if split.is_empty() { example.id.clone() } else { format!("{} [{split}]", example.id) };
            self.show(console, &format!("{name}\n{}", turns.join("\n")), &json!(example));
        }
    }

    /// A classifier's rows: the text as its tokens give it back, and the label.
    fn labelled(&self, project: &Project, name: &str, console: &Console) -> anyhow::Result<()> {
        let model = project.resolved().train.get(name).map_or("main", Train::model_name);
        let base = model_of::base(project, model)?;
        let encoder = tokenize::encoder(&base, &project.resolved().tokenize)?;
        let shards = project.results()?.output(&Names::tokenize_of(name), Names::SHARDS)?;
        let labels = Labels::read(&shards)?.names;
        let shard = Shard::open(&shards.join("train.shard"))?;
        for at in self.first((0..shard.len()).collect()) {
            let row = shard.get(at);
            let (ids, number) = text_of(&row);
            let (text, label) = (encoder.tokenizer().decode(ids, false)?, &labels[number as usize]);
            let head = format!("{}  {} tokens, label {number} `{label}`", row.row, ids.len());
            let value = json!({ "row": row.row, "ids": ids, "text": text, "label": label, "number": number });
            self.show(console, &format!("{head}\n{text}\n"), &value);
        }
        Ok(())
    }

    /// What a classifier took the test split for.
    fn predictions(&self, project: &Project, name: &str, console: &Console) -> anyhow::Result<()> {
        let path = project.results()?.output(&Names::evaluate(name), Names::PREDICTIONS)?;
        for found in self.first(jsonl::read::<Prediction>(&path)?) {
            let Prediction { id, text, label, predicted, confidence, .. } = &found;
            let verdict = if label == predicted { "right" } else { "wrong" };
            let text = format!(
                "{id}\n  text: {}\n  label: {label}\n  predicted: {predicted} ({confidence:.3}, {verdict})",
                look::flat(text)
            );
            self.show(console, &text, &json!(found));
        }
        Ok(())
    }

    fn tokens(&self, project: &Project, instance: &str, console: &Console) -> anyhow::Result<()> {
        let model = model_of::model(project, instance)?;
        let encoder = tokenize::encoder(&model_of::base(project, model)?, &project.resolved().tokenize)?;
        let stage = Names::of_model(Names::TOKENIZE, model);
        let shards = project.results()?.output(&stage, Names::SHARDS)?;
        let shard = Shard::open(&shards.join("train.shard"))?;
        for sample in self.first((0..shard.len()).collect()).map(|i| shard.get(i).to_sample()) {
            let text = look::marked(&encoder, &sample)?;
            let head =
                format!("{}  {} tokens, {} trained", sample.row, sample.ids.len(), sample.trained_tokens());
            let value = json!({ "row": sample.row, "part": sample.part, "ids": sample.ids, "trained": sample.trained, "text": text });
            self.show(console, &format!("{head}\n{text}\n"), &value);
        }
        Ok(())
    }

    fn log(&self, project: &Project, instance: &str, console: &Console) -> anyhow::Result<()> {
        let name = if instance.is_empty() { model_of::first(project) } else { instance };
        let path = project.results()?.output(&Names::train(name), Names::STATE)?;
        let state: Value = serde_json::from_slice(&std::fs::read(path)?)?;
        for entry in self.first(state["log_history"].as_array().cloned().unwrap_or_default()) {
            self.show(console, &entry.to_string(), &entry);
        }
        Ok(())
    }

    /// What a model said in the leak test, with known values struck out.
    fn said(&self, project: &Project, instance: &str, console: &Console) -> anyhow::Result<()> {
        let name = if instance.is_empty() { model_of::first(project) } else { instance };
        let path = project.results()?.output(&Names::leak(name), Names::SAID)?;
        for said in self.first(jsonl::read::<Value>(&path)?) {
            let word = |key: &str| said[key].as_str().unwrap_or_default();
            let text = format!("{} ({})\n  {}", word("kind"), word("turn"), look::flat(word("text")));
            self.show(console, &text, &said);
        }
        Ok(())
    }

    fn answers(&self, project: &Project, instance: &str, console: &Console) -> anyhow::Result<()> {
        let name = match instance {
            "" => Some(model_of::first(project)),
            "base" => None,
            other => Some(other),
        };
        let results = project.results()?;
        let splits = results.output(Names::SPLIT, Names::SPLITS)?;
        for answer in
            self.first(jsonl::read::<Answer>(&results.output(&Names::answer(name), Names::ANSWERS)?)?)
        {
            let asked =
                look::split_of(&splits, std::slice::from_ref(&answer.id))?.map(|(_, example)| example);
            let asked = asked.as_ref().map_or("", |example| eval::compare::question_text(&example.messages));
            let text = format!(
                "{}\n  asked: {}\n  said: {}",
                answer.id,
                look::flat(asked),
                look::flat(&answer.text)
            );
            self.show(console, &text, &json!({ "asked": asked, "answer": answer }));
        }
        Ok(())
    }
}
