//! `moru why`: one example back to its row, and forward to its tokens and answers.

use clap::Args;
use data::prepare::Prepared;
use eval::run::Answer;
use serde_json::{Value, json};

use super::tap::may_reveal;
use crate::cli::ProjectArgs;
use crate::console::error::fail;
use crate::console::{Console, Outcome};
use crate::project::Project;
use crate::stages::{Names, jsonl, look, model_of, tokenize};

/// What one stage has to say of the row: its name, lines for a person, a value for a program.
type Part = (&'static str, Vec<String>, Value);

/// Follow one row from its source to its tokens, its split and its answers
///
/// ROW is an id as outputs carry it: inquiries#1042 (source#key).
#[derive(Debug, Args)]
pub struct Why {
    /// The row's id: source#key
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
        parts.push(self.source(&project, reveal)?);
        let (prepared, goes_on) = self.prepared(&project, reveal)?;
        parts.push(prepared);
        if goes_on {
            parts.extend(self.forward(&project)?);
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

    /// The row as its source gave it.
    fn source(&self, project: &Project, reveal: bool) -> anyhow::Result<Part> {
        let name = self.row.split_once('#').map_or("", |(source, _)| source);
        let Some(source) = project.resolved().source.get(name) else {
            let known: Vec<_> = project.resolved().source.keys().map(|name| format!("{name}#…")).collect();
            return Err(fail(
                format!("`{}` is no row id", self.row),
                format!("an id is source#key, here {}; `moru tap prepare` shows some", known.join(" or ")),
            ));
        };
        let mut rows = look::Rows::open(project, source, reveal)?;
        let columns = rows.columns();
        while let Some((id, cells)) = rows.next()? {
            if id == self.row {
                let lines = columns
                    .iter()
                    .zip(&cells)
                    .map(|(column, cell)| format!("{column}: {}", look::flat(cell)));
                return Ok(("ingest", lines.collect(), look::object(&id, &columns, &cells)));
            }
        }
        Err(fail(
            format!("source `{name}` gave no row `{}`", self.row),
            "`moru tap ingest -n 5` shows the first rows with their ids",
        ))
    }

    /// What became of it, and what each step changed.
    fn prepared(&self, project: &Project, reveal: bool) -> anyhow::Result<(Part, bool)> {
        let name = self.row.split_once('#').map_or("", |(source, _)| source);
        let mut found = None;
        look::prepared(project, Some(name), reveal, &mut |prepared| {
            if look::id_of(&prepared) == self.row {
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

    /// Split, tokens with mask, and answers, as far as the stages have run.
    fn forward(&self, project: &Project) -> anyhow::Result<Vec<Part>> {
        let mut parts = Vec::new();
        let results = project.results()?;
        let Ok(splits) = results.output(Names::SPLIT, Names::SPLITS) else { return Ok(parts) };
        let Some((split, example)) = look::split_of(&splits, &self.row)? else { return Ok(parts) };
        parts.push(("split", vec![split.to_owned()], json!(split)));
        if let Ok(found) = model_of::find(project, Some(Names::BASE)) {
            let (encoder, samples) =
                tokenize::samples_of(&example, &found.base, &project.resolved().tokenize)?;
            let (mut lines, mut values) = (Vec::new(), Vec::new());
            if samples.is_empty() {
                lines.push("left out: longer than [tokenize] max_len_tokens".into());
            }
            for sample in samples {
                let text = look::marked(&encoder, &sample)?;
                let n_trained = sample.trained_tokens();
                lines.push(format!("{} tokens, {n_trained} trained: ⟦ ⟧", sample.ids.len()));
                lines.push(text.clone());
                values.push(json!({ "tokens": sample.ids.len(), "trained_tokens": n_trained, "text": text, "ids": sample.ids }));
            }
            parts.push(("tokenize", lines, json!(values)));
        }
        let (mut lines, mut values) = (Vec::new(), Vec::new());
        let names = project.resolved().train.keys().map(|name| Some(name.as_str()));
        for name in std::iter::once(None).chain(names) {
            let Ok(path) = results.output(&Names::answer(name), Names::ANSWERS) else { continue };
            let answers = jsonl::read::<Answer>(&path)?;
            if let Some(answer) = answers.into_iter().find(|answer| answer.id == self.row) {
                let who = name.unwrap_or(Names::BASE);
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
