//! `moru score`: files of answers against a file of references, without a recipe or a model.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use anyhow::Context;
use clap::Args;
use data::sources::names::listed;
use eval::compare::{Answers, Comparison, TestRow, facts_of};
use eval::report::{Evaluation, System, SystemRole};
use eval::statistics::Resampling;
use serde_json::Value;

use super::report;
use crate::console::error::fail;
use crate::console::{Console, Outcome};
use crate::stages::sources;

/// Columns that hold a reference or an answer, where none is named: the first that is there.
const REFERENCES: [&str; 6] = ["reference", "references", "response", "answer", "summary", "text"];
const ANSWERS: [&str; 5] = ["text", "prediction", "answer", "response", "output"];

/// Score files of answers against references
///
/// Files are JSONL (such as `moru generate --out` writes), CSV, TSV, or text with one answer a line. Answers and
/// references are matched by `id` where all files have one, else by their order. The first file of answers is
/// tested against each of the others on the same rows.
#[derive(Debug, Args)]
pub struct Score {
    /// Files of answers; `NAME=FILE` says what a system is called
    #[arg(required = true, value_name = "[NAME=]FILE")]
    answers: Vec<String>,
    /// What the answers are compared with; a list in JSONL is several right answers
    #[arg(long, value_name = "FILE")]
    references: PathBuf,
    /// The metrics, in order: chrf, chrf++, bleu, bleu-char, rouge, rouge-ko, exact, key-facts (from a column `facts`)
    #[arg(long, value_delimiter = ',', default_value = "chrf,bleu,rouge-ko")]
    metrics: Vec<String>,
    /// The references' column [default: reference, references, response, answer, summary or text]
    #[arg(long, value_name = "COLUMN")]
    reference_column: Option<String>,
    /// The answers' column [default: text, prediction, answer, response or output]
    #[arg(long, value_name = "COLUMN")]
    answer_column: Option<String>,
    /// Seed of the resampling that gives the intervals
    #[arg(long, default_value_t = 42)]
    seed: u64,
    /// Report as JSON
    #[arg(long)]
    json: bool,
}

/// A row of a file: its fields by name.
pub(super) type Row = serde_json::Map<String, Value>;

impl Score {
    pub fn run(self, console: &Console) -> anyhow::Result<Outcome> {
        let references = rows_of(&self.references)?;
        let named = ("--reference-column", self.reference_column.as_deref());
        let column = column(&self.references, &references, named, &REFERENCES)?;
        let with_facts = self.metrics.iter().any(|metric| metric == "key-facts");
        let rows: Vec<TestRow> = (references.iter().enumerate())
            .map(|(i, row)| test_row(&self.references, i, row, &column, with_facts))
            .collect::<anyhow::Result<_>>()?;
        let systems = self.systems(&references, console)?;
        let texts = rows.iter().flat_map(|row| row.references.iter().map(String::as_str));
        let scorers = eval::scorers::from_recipe(&self.metrics, texts)?;
        let evaluation = Comparison {
            name: "score",
            rows: &rows,
            systems: &systems,
            scorers: &scorers,
            leading: "",
            resampling: Resampling { seed: self.seed, ..Resampling::default() },
            samples: 0,
            generation: "",
        }
        .evaluate()?;
        if self.json {
            console.print_json(&evaluation);
        } else {
            console.print(report::scores_of(std::slice::from_ref(&evaluation)));
            for line in tests(&evaluation) {
                console.print(line);
            }
        }
        Ok(Outcome::Good)
    }

    fn systems(&self, references: &[Row], console: &Console) -> anyhow::Result<Vec<Answers>> {
        let mut systems: Vec<Answers> = Vec::new();
        for (i, given) in self.answers.iter().enumerate() {
            let (name, path) = named(given);
            if systems.iter().any(|known| known.system.id == name) {
                let hint = format!("moru score {name}=… other={} …", path.display());
                return Err(fail(format!("two files of answers are called `{name}`"), hint));
            }
            let role = if i == 0 { SystemRole::Tuned } else { SystemRole::Other };
            let rows = rows_of(&path)?;
            let texts = self.texts(&path, &rows, references)?;
            if let further @ 1.. = rows.len() - texts.len() {
                let answers = if further == 1 { "answer has" } else { "answers have" };
                console.say(format!("{}: {further} {answers} no reference and no score", path.display()));
            }
            let count =
                |end: &str| rows.iter().filter(|row| row.get("end").is_some_and(|e| e == end)).count();
            let system =
                System { id: name, role, cut_off: count("length") as u64, failed: count("failed") as u64 };
            systems.push(Answers { system, texts });
        }
        Ok(systems)
    }

    /// The answer to each reference.
    fn texts(&self, path: &Path, rows: &[Row], references: &[Row]) -> anyhow::Result<Vec<String>> {
        let named = ("--answer-column", self.answer_column.as_deref());
        let column = column(path, rows, named, &ANSWERS)?;
        let text = |i: usize| text_of(path, i, &rows[i], &column);
        let has_ids = |rows: &[Row]| rows.iter().all(|row| row.get("id").is_some_and(|id| !id.is_null()));
        if !has_ids(rows) || !has_ids(references) {
            if rows.len() != references.len() {
                return Err(fail(
                    format!(
                        "{} has {} rows, the references have {}",
                        path.display(),
                        rows.len(),
                        references.len()
                    ),
                    "give all rows of all files an `id`, or as many rows in the same order",
                ));
            }
            return (0..rows.len()).map(text).collect();
        }
        let mut places: HashMap<String, usize> = HashMap::new();
        for (i, row) in rows.iter().enumerate() {
            if places.insert(id_of(row), i).is_some() {
                let what =
                    format!("{}, row {}: its `id` stands in an earlier row, too", path.display(), i + 1);
                return Err(fail(what, "one answer for each id"));
            }
        }
        let of = |(i, reference): (usize, &Row)| match places.get(&id_of(reference)) {
            Some(&place) => text(place),
            None => Err(fail(
                format!("{} has no answer to row {} of the references", path.display(), i + 1),
                "an answer that failed still needs its row, with an empty text",
            )),
        };
        references.iter().enumerate().map(of).collect()
    }
}

/// A system's name and file: as given, or after the file.
pub(super) fn named(given: &str) -> (String, PathBuf) {
    match given.split_once('=') {
        Some((name, path)) if !name.is_empty() && !name.contains(['/', '\\', '.']) => {
            (name.to_owned(), PathBuf::from(path))
        }
        _ => {
            let path = PathBuf::from(given);
            let name =
                path.file_stem().map_or_else(|| given.to_owned(), |stem| stem.to_string_lossy().into_owned());
            (name, path)
        }
    }
}

/// All rows of a file, by its kind.
pub(super) fn rows_of(path: &Path) -> anyhow::Result<Vec<Row>> {
    let kind = path.extension().map(|kind| kind.to_string_lossy().to_ascii_lowercase());
    let rows = match kind.as_deref() {
        Some("csv" | "tsv") => rows_of_table(path)?,
        Some("jsonl" | "ndjson") => rows_of_lines(path)?,
        _ => {
            let text = read(path)?;
            text.lines().map(|line| Row::from_iter([("text".to_owned(), line.into())])).collect()
        }
    };
    if rows.is_empty() {
        return Err(fail(format!("{} has no rows", path.display()), "an answer or a reference a row"));
    }
    Ok(rows)
}

fn read(path: &Path) -> anyhow::Result<String> {
    std::fs::read_to_string(path).with_context(|| format!("could not read {}", path.display()))
}

fn rows_of_lines(path: &Path) -> anyhow::Result<Vec<Row>> {
    let text = read(path)?;
    let lines = text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty());
    lines
        .map(|(i, line)| match serde_json::from_str::<Value>(line) {
            Ok(Value::Object(row)) => Ok(row),
            Ok(_) => Err(fail(
                format!("{}, line {}: not a JSON object", path.display(), i + 1),
                "{\"id\": …, \"text\": …} a line; a file of plain text ends with .txt",
            )),
            Err(e) => Err(fail(
                format!("{}, line {}: no JSON, at column {}", path.display(), i + 1, e.column()),
                "a JSON object a line; a file of plain text ends with .txt",
            )),
        })
        .collect()
}

fn rows_of_table(path: &Path) -> anyhow::Result<Vec<Row>> {
    let (columns, rows) = sources::rows(path, "mend the row, or leave it out of all files")?;
    let row = |(_, cells): (String, Vec<String>)| {
        columns.iter().cloned().zip(cells.into_iter().map(Value::from)).collect()
    };
    Ok(rows.into_iter().map(row).collect())
}

/// The column that is meant: the one that the option names, or the first usual one.
fn column(
    path: &Path,
    rows: &[Row],
    (option, named): (&str, Option<&str>),
    usual: &[&str],
) -> anyhow::Result<String> {
    let has = |name: &str| rows.iter().any(|row| row.contains_key(name));
    let found = match named {
        Some(name) => Some(name).filter(|name| has(name)),
        None => usual.iter().copied().find(|name| has(name)),
    };
    found.map(str::to_owned).ok_or_else(|| {
        let mut columns: Vec<String> = rows.iter().flat_map(|row| row.keys().cloned()).collect();
        columns.sort_unstable();
        columns.dedup();
        let wanted = named.map_or_else(
            || format!("none of the columns {}", usual.join(", ")),
            |name| format!("no column `{name}`"),
        );
        let what = format!("{} has {wanted}", path.display());
        fail(what, format!("its columns: {}; name one with {option}", listed(&columns, "")))
    })
}

pub(super) fn id_of(row: &Row) -> String {
    row.get("id").map(|id| id.as_str().map_or_else(|| id.to_string(), str::to_owned)).unwrap_or_default()
}

pub(super) fn text_of(path: &Path, place: usize, row: &Row, column: &str) -> anyhow::Result<String> {
    match row.get(column) {
        Some(Value::String(text)) => Ok(text.clone()),
        // An answer that failed has none.
        Some(Value::Null) => Ok(String::new()),
        Some(Value::Number(number)) => Ok(number.to_string()),
        _ => Err(fail(
            format!("{}, row {}: `{column}` is no text", path.display(), place + 1),
            "a text in every row",
        )),
    }
}

fn test_row(path: &Path, place: usize, row: &Row, column: &str, with_facts: bool) -> anyhow::Result<TestRow> {
    let references = match row.get(column) {
        Some(Value::Array(all)) if !all.is_empty() && all.iter().all(Value::is_string) => {
            all.iter().filter_map(Value::as_str).map(str::to_owned).collect()
        }
        _ => vec![text_of(path, place, row, column)?],
    };
    let facts = row.get("facts").map(facts_of).unwrap_or_default();
    if with_facts && facts.is_empty() {
        return Err(fail(
            format!(
                "{}, row {}: key-facts needs `facts`, the texts that an answer has to hold",
                path.display(),
                place + 1
            ),
            "\"facts\": [\"3 days\", [\"2,500 won\", \"2500원\"]]; a list in the list holds wordings of one fact",
        ));
    }
    let id = if row.contains_key("id") { id_of(row) } else { (place + 1).to_string() };
    Ok(TestRow { id, references, facts, ..TestRow::default() })
}

/// What the first system has over each of the others.
fn tests(evaluation: &Evaluation) -> Vec<String> {
    let mut lines = Vec::new();
    for measure in &evaluation.measures {
        for test in &measure.tests {
            lines.push(format!(
                "{}: {} {:+.1} over {} [{:+.1}, {:+.1}], p = {:.4}",
                measure.name,
                test.system,
                test.difference,
                test.against,
                test.interval.low,
                test.interval.high,
                test.p_randomisation
            ));
        }
    }
    lines
}
