//! `moru classify`: labels for texts.

use std::io::Read;
use std::path::PathBuf;

use clap::Args;
use eval::classification::{Confusion, greatest};
use serde_json::{Map, Value, json};

use super::chat::prompt_columns;
use crate::cli::ProjectArgs;
use crate::console::error::fail;
use crate::console::{Console, Outcome, table};
use crate::project::Project;
use crate::recipe::Train;
use crate::stages::classify::asked::Asked;
use crate::stages::classify::classifier::Classifier;
use crate::stages::classify::labelled;
use crate::stages::model_of;

/// Texts that are labelled between two looks at the reader.
const BATCH: usize = 64;

/// Label texts with a trained classifier
///
/// Texts are given as arguments, or one a line in --input or stdin: a line is text, or a JSON object with `text`
/// (and `id`). Where lines have a `label` as well, the end tells how many were found. Lines come out as JSON, one a
/// text and in their order: id, label, confidence, and the probability of each label. Texts are cleaned and masked as
/// the recipe says, as those of the training were, unless --raw.
#[derive(Debug, Args)]
pub struct Classify {
    /// The texts; read from --input or stdin where absent
    texts: Vec<String>,
    /// A file with a text or a JSON object a line
    #[arg(long, value_name = "FILE", conflicts_with = "texts")]
    input: Option<PathBuf>,
    /// Write the lines to this file instead of stdout
    #[arg(long, value_name = "FILE")]
    output: Option<PathBuf>,
    /// Which training labels; `main`, or the first classifier of the recipe, where absent
    #[arg(long, value_name = "NAME")]
    model: Option<String>,
    /// A classifier from elsewhere, as PEFT or moru saves it, over the recipe's base
    #[arg(long, value_name = "DIR", conflicts_with = "model")]
    adapter: Option<PathBuf>,
    /// Label texts as they are, neither cleaned nor masked nor through the recipe's prompt
    #[arg(long)]
    raw: bool,
    /// One JSON object a line for texts given as arguments as well
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    project: ProjectArgs,
}

/// A line of the input.
struct Line {
    id: Value,
    text: String,
    label: Option<String>,
}

impl Classify {
    pub fn run(self, console: &Console) -> anyhow::Result<Outcome> {
        let project = Project::open(&self.project)?;
        let lines = self.lines(&project)?;
        let classifier = self.open(&project)?;
        let max_len = match project.resolved().tokenize.max_len_tokens {
            0 => classifier.context(),
            most => most,
        };
        let mut encoded = Vec::with_capacity(lines.len());
        for line in &lines {
            let ids = classifier.encode(&line.text, max_len)?;
            encoded.push(ids.ok_or_else(|| empty(&line.id))?);
        }
        let mut found = Vec::with_capacity(lines.len());
        for texts in encoded.chunks(BATCH) {
            let texts: Vec<&[u32]> = texts.iter().map(Vec::as_slice).collect();
            found.extend(classifier.probabilities(&texts, &mut |_| true)?);
        }
        self.write(&lines, &found, &classifier.labels, console)?;
        if let Some(score) = score(&lines, &found, &classifier.labels)? {
            console.say(score);
        }
        Ok(Outcome::Good)
    }

    fn open(&self, project: &Project) -> anyhow::Result<Classifier> {
        let trainings = &project.resolved().train;
        if let Some(adapter) = &self.adapter {
            let models = &project.resolved().model;
            let model = trainings.get(model_of::first(project)).map_or("main", Train::model_name);
            let word = models.get(model).map(|model| model.base.clone()).unwrap_or_default();
            return Classifier::open_foreign(&model_of::base(project, model)?, &word, adapter);
        }
        let classifiers: Vec<&str> = trainings
            .iter()
            .filter(|(_, train)| train.is_classifier())
            .map(|(name, _)| name.as_str())
            .collect();
        let first = || classifiers.iter().find(|name| **name == "main").or(classifiers.first()).copied();
        let name = self.model.as_deref().or_else(first).ok_or_else(|| {
            fail(
                "no training of this recipe makes a classifier",
                "[train] method = \"classify\" trains one; --adapter DIR opens one from elsewhere",
            )
        })?;
        if trainings.contains_key(name) && !classifiers.contains(&name) {
            return Err(fail(
                format!("the training `{name}` makes a language model, and no classifier"),
                "`moru chat` and `moru generate` talk with it",
            ));
        }
        let found = model_of::find(project, Some(name))?;
        Classifier::open(&found.base, &found.tuned.unwrap_or_default())
    }

    fn lines(&self, project: &Project) -> anyhow::Result<Vec<Line>> {
        let made = if self.raw { None } else { Some(Asked::of(project)?) };
        let text =
            |given: &str| made.as_ref().map_or_else(|| given.trim().to_owned(), |made| made.text(given));
        if !self.texts.is_empty() {
            let line = |(n, given): (usize, &String)| {
                Ok(Line { id: (n + 1).into(), text: text(given), label: None })
            };
            return self.texts.iter().enumerate().map(line).collect();
        }
        let mut typed = String::new();
        match &self.input {
            Some(path) => {
                typed = std::fs::read_to_string(path).map_err(|e| {
                    anyhow::Error::from(e).context(format!("could not read {}", path.display()))
                })?;
            }
            None => drop(std::io::stdin().read_to_string(&mut typed)?),
        }
        let lines = typed.lines().enumerate().filter(|(_, line)| !line.trim().is_empty());
        lines.map(|(n, line)| read(project, &text, n + 1, line)).collect()
    }

    fn write(
        &self,
        lines: &[Line],
        found: &[Vec<f64>],
        labels: &[String],
        console: &Console,
    ) -> anyhow::Result<()> {
        if !self.texts.is_empty() && !self.json && self.output.is_none() {
            let row = |(line, probabilities): (&Line, &Vec<f64>)| {
                let best = greatest(probabilities);
                vec![
                    labels[best].clone(),
                    format!("{:.3}", probabilities[best]),
                    line.text.replace('\n', " "),
                ]
            };
            let rows: Vec<_> = lines.iter().zip(found).map(row).collect();
            console.print(table::render(&rows, &[1]));
            return Ok(());
        }
        let object = |(line, probabilities): (&Line, &Vec<f64>)| {
            let best = greatest(probabilities);
            let each: Map<String, Value> =
                labels.iter().cloned().zip(probabilities.iter().map(|&p| p.into())).collect();
            let confidence = probabilities[best];
            json!({ "id": line.id, "label": labels[best], "confidence": confidence, "probabilities": each })
        };
        let all: Vec<_> = lines.iter().zip(found).map(|pair| object(pair).to_string()).collect();
        match &self.output {
            None => all.iter().for_each(|line| console.print(line)),
            Some(path) => {
                let mut text = all.join("\n");
                text.push('\n');
                pipeline::platform::write_atomic(path, text.as_bytes())?;
                console.say(format!("wrote {}: {} texts", path.display(), all.len()));
            }
        }
        Ok(())
    }
}

fn empty(id: &Value) -> anyhow::Error {
    fail(format!("text {id} is empty"), "a text needs a word at least; leave empty ones out")
}

fn read(
    project: &Project,
    asked: &dyn Fn(&str) -> String,
    number: usize,
    line: &str,
) -> anyhow::Result<Line> {
    let wrong = || {
        fail(format!("line {number} of the input is no text"), "a line is text, or a JSON object with `text`")
    };
    if !line.trim_start().starts_with('{') {
        return Ok(Line { id: number.into(), text: asked(line.trim()), label: None });
    }
    let value: Value = serde_json::from_str(line).map_err(|_| wrong())?;
    let id = value.get("id").cloned().unwrap_or_else(|| number.into());
    let label = match &value["label"] {
        Value::String(label) => Some(label.trim().to_owned()),
        Value::Number(label) => Some(label.to_string()),
        _ => None,
    };
    let named = value.get("text").or_else(|| value.get(prompt_columns(project).ok()?.last()?));
    let text = named.and_then(Value::as_str).ok_or_else(wrong)?;
    Ok(Line { id, text: asked(text), label })
}

/// How many of the given labels were found, where there are any.
fn score(lines: &[Line], found: &[Vec<f64>], labels: &[String]) -> anyhow::Result<Option<String>> {
    let mut confusion = Confusion::new(labels);
    for (line, probabilities) in lines.iter().zip(found) {
        let Some(label) = &line.label else { continue };
        let truth = labels.iter().position(|known| known == label).ok_or_else(|| {
            fail(
                format!(
                    "text {} has a label that the classifier does not know; its labels are {}",
                    line.id,
                    labelled::listed(labels)
                ),
                "correct it, or leave `label` out of the lines",
            )
        })?;
        confusion.add(truth, greatest(probabilities));
    }
    Ok((confusion.rows() > 0).then(|| {
        format!(
            "{} texts with labels: accuracy {:.1} %, macro-F1 {:.3}",
            confusion.rows(),
            100.0 * confusion.accuracy(),
            confusion.macro_f1()
        )
    }))
}
