//! `moru why`: one example back to its row, and forward to its tokens and answers.

use chat::{Example, Shard};
use clap::Args;
use data::prepare::Prepared;
use eval::run::Answer;
use serde_json::{Value, json};

use super::tap::may_reveal;
use crate::cli::ProjectArgs;
use crate::console::error::fail;
use crate::console::{Console, Outcome};
use crate::project::Project;
use crate::stages::classify::evaluate::Prediction;
use crate::stages::classify::labelled::Labels;
use crate::stages::classify::tokenize::text_of;
use crate::stages::look::Found;
use crate::stages::tokenize::{self, Tokenized};
use crate::stages::{Names, jsonl, look, model_of};

/// What one stage has to say of the row: its name, lines for a person, a value for a program.
type Part = (&'static str, Vec<String>, Value);

/// Follow one row from its source to its tokens, its split and its answers
///
/// ROW is an id as outputs and messages carry it: inquiries#1042 (source#key), inquiries#row:7 where the key is
/// itself personal, 'inquiries#line 62' or data/rows.csv:62 for a row that could not be read.
#[derive(Debug, Args)]
pub struct Why {
    /// The row's id: source#key, or its place
    row: String,
    /// Show raw text, on a terminal only
    #[arg(long)]
    reveal: bool,
    /// Report as JSON
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    project: ProjectArgs,
}

impl Why {
    pub fn run(self, console: &Console) -> anyhow::Result<Outcome> {
        let project = Project::open(&self.project)?;
        let reveal = may_reveal(self.reveal)?;
        let mut parts: Vec<Part> = Vec::new();
        let (source, ids) = self.source(&project, reveal)?;
        parts.push(source);
        let (prepared, goes_on) = Self::prepared(&project, &ids, reveal)?;
        parts.push(prepared);
        if goes_on {
            parts.extend(Self::forward(&project, &ids)?);
        }
        if self.json {
            let map: serde_json::Map<String, Value> =
                parts.into_iter().map(|(name, _, value)| (name.to_owned(), value)).collect();
            console.print_json(&json!({ "row": self.row, "stages": map }));
        } else {
            for (name, lines, _) in parts {
                console.print(format!("{name}\n  {}", lines.join("\n").replace('\n', "\n  ")));
            }
        }
        Ok(Outcome::Good)
    }

    /// The row as an id, whichever way it was printed: `rows#3 [train]`, `data/rows.csv:62`.
    fn id(&self, project: &Project) -> String {
        let row = self.row.trim();
        let without_split =
            tokenize::SPLITS.iter().find_map(|split| row.strip_suffix(&format!(" [{split}]"))).unwrap_or(row);
        let place = without_split.trim_end_matches(':').rsplit_once(':');
        let line = place.and_then(|(path, line)| {
            let source = project.resolved().source.values().find(|source| source.path == path)?;
            Some(format!("{}#line {}", source.name, line.parse::<u64>().ok()?))
        });
        line.unwrap_or_else(|| without_split.to_owned())
    }

    /// The row as its source gave it, and the ids under which it goes on.
    fn source(&self, project: &Project, reveal: bool) -> anyhow::Result<(Part, Vec<String>)> {
        let asked = self.id(project);
        let name = asked.split_once('#').map_or("", |(source, _)| source);
        let Some(source) = project.resolved().source.get(name) else {
            let known: Vec<_> = project.resolved().source.keys().map(|name| format!("{name}#…")).collect();
            return Err(fail(
                format!("`{}` is no row id", self.row),
                format!("an id is source#key, here {}; `moru tap prepare` shows some", known.join(" or ")),
            ));
        };
        let rows = look::Rows::open(project, source, reveal)?;
        let columns = rows.columns();
        match rows.find(&asked)? {
            Some((ids, Found::Row(cells))) => {
                let cell = |(column, cell): (&String, &String)| format!("{column}: {}", look::flat(cell));
                let lines = columns.iter().zip(&cells).map(cell).collect();
                Ok((("ingest", lines, look::object(&asked, &columns, &cells)), ids))
            }
            Some((ids, Found::Unread(rejection))) => {
                let reason = format!("not read: {} ({})", rejection.reason, rejection.detail);
                let lines = vec![reason, look::flat(&rejection.text)];
                Ok((("ingest", lines, json!({ "rejected": rejection })), ids))
            }
            None => Err(fail(
                format!("source `{name}` gave no row `{}`", self.row),
                "`moru tap ingest -n 5` shows the first rows with their ids",
            )),
        }
    }

    /// What became of it, and what each step changed.
    fn prepared(project: &Project, ids: &[String], reveal: bool) -> anyhow::Result<(Part, bool)> {
        let name = ids[0].split_once('#').map_or("", |(source, _)| source);
        let mut found = None;
        look::prepared(project, Some(name), reveal, &mut |prepared| {
            if ids.iter().any(|id| look::id_of(&prepared) == id) {
                found = Some(prepared);
            }
        })?;
        Ok(match found {
            Some(Prepared::Example(example, changes)) => {
                let mut lines = look::change_lines(&changes);
                lines.extend(example.messages.iter().map(look::turn));
                (("prepare", lines, json!({ "example": example, "changes": changes })), true)
            }
            Some(Prepared::Rejected(rejection) | Prepared::Failed(rejection)) => {
                let line = format!("set aside: {} ({})", rejection.reason, rejection.detail);
                (("prepare", vec![line], json!({ "rejected": rejection })), false)
            }
            None => (("prepare", vec!["not prepared".into()], Value::Null), false),
        })
    }

    /// What the recipe's classifiers learn of the row, or take it for.
    fn labelled(project: &Project, split: &str, ids: &[String]) -> anyhow::Result<Vec<Part>> {
        let results = project.results()?;
        let [mut learned, mut found] =
            [("label", Vec::new(), Vec::new()), ("evaluate", Vec::new(), Vec::new())];
        for (name, _) in project.resolved().train.iter().filter(|(_, train)| train.is_classifier()) {
            if let Ok(shards) = results.output(&Names::tokenize_of(name), Names::SHARDS) {
                let labels = Labels::read(&shards)?.names;
                let shard = Shard::open(&shards.join(format!("{split}.shard")))?;
                if let Some(row) = shard.iter().find(|row| ids.iter().any(|id| id == row.row)) {
                    let (tokens, number) = text_of(&row);
                    let label = &labels[number as usize];
                    learned.1.push(format!("{name}: {} tokens, label {number} `{label}`", tokens.len()));
                    learned.2.push(json!({ "model": name, "tokens": tokens.len(), "label": label }));
                }
            }
            if let Ok(path) = results.output(&Names::evaluate(name), Names::PREDICTIONS) {
                let all = jsonl::read::<Prediction>(&path)?;
                if let Some(one) = all.into_iter().find(|one| ids.contains(&one.id)) {
                    let verdict = if one.label == one.predicted { "right" } else { "wrong" };
                    found.1.push(format!("{name}: {} ({:.3}, {verdict})", one.predicted, one.confidence));
                    found.2.push(json!({ "model": name, "prediction": one }));
                }
            }
        }
        let parts = [learned, found].into_iter().filter(|(_, lines, _)| !lines.is_empty());
        Ok(parts.map(|(stage, lines, values)| (stage, lines, json!(values))).collect())
    }

    /// What each language model of the recipe reads of a row: tokens, and which of them are trained. Of several models
    /// each is named.
    fn tokens(project: &Project, example: &Example) -> anyhow::Result<Option<Part>> {
        let resolved = project.resolved();
        let is_trained = |model: &str| {
            resolved.train.values().any(|train| !train.is_classifier() && train.model_name() == model)
        };
        let several = resolved.model.all().count() > 1;
        let (mut lines, mut values) = (Vec::new(), Vec::new());
        for (model, _) in resolved.model.all().filter(|(model, _)| is_trained(model)) {
            let Ok(base) = model_of::base(project, model) else { continue };
            let (encoder, tokenized) = tokenize::samples_of(example, &base, &resolved.tokenize)?;
            let named = if several { format!("{model}: ") } else { String::new() };
            let samples = match tokenized {
                Tokenized::Samples(samples) => samples,
                Tokenized::LeftOut(rejection) => {
                    lines.push(format!("{named}set aside: {} ({})", rejection.reason, rejection.detail));
                    values.push(with_model(json!({ "rejected": rejection }), several.then_some(model)));
                    continue;
                }
            };
            for sample in samples {
                let text = look::marked(&encoder, &sample)?;
                let (tokens, trained) = (sample.ids.len(), sample.trained_tokens());
                lines.push(format!("{named}{tokens} tokens, {trained} trained: ⟦ ⟧"));
                lines.push(text.clone());
                let value =
                    json!({ "tokens": tokens, "trained_tokens": trained, "text": text, "ids": sample.ids });
                values.push(with_model(value, several.then_some(model)));
            }
        }
        let value = match &values[..] {
            // Of one model what is set aside stands alone, as `prepare` has it.
            [one] if !several && one.get("rejected").is_some() => one.clone(),
            _ => json!(values),
        };
        Ok((!lines.is_empty()).then_some(("tokenize", lines, value)))
    }

    /// Split, tokens with mask, and answers, as far as the stages have run.
    fn forward(project: &Project, ids: &[String]) -> anyhow::Result<Vec<Part>> {
        let mut parts = Vec::new();
        let results = project.results()?;
        let Ok(splits) = results.output(Names::SPLIT, Names::SPLITS) else { return Ok(parts) };
        let Some((split, example)) = look::split_of(&splits, ids)? else { return Ok(parts) };
        parts.push(("split", vec![split.to_owned()], json!(split)));
        parts.extend(Self::tokens(project, &example)?);
        parts.extend(Self::labelled(project, split, ids)?);
        let (mut lines, mut values) = (Vec::new(), Vec::new());
        let bases = project.resolved().model.all().map(|(model, _)| Names::base_of(model));
        for who in bases.chain(project.resolved().train.keys().cloned()) {
            let Ok(path) = results.output(&Names::answer(Some(&who)), Names::ANSWERS) else { continue };
            let answers = jsonl::read::<Answer>(&path)?;
            if let Some(answer) = answers.into_iter().find(|answer| ids.contains(&answer.id)) {
                lines.push(format!("{who}: {}", look::flat(&answer.text)));
                values.push(json!({ "model": who, "answer": answer }));
            }
        }
        if !lines.is_empty() {
            parts.push(("answer", lines, json!(values)));
        }
        Ok(parts)
    }
}

/// A value with the name of its model, where the recipe has several.
fn with_model(mut value: Value, model: Option<&str>) -> Value {
    if let Some(model) = model {
        value["model"] = json!(model);
    }
    value
}
