//! `out/`: copies for people, swept before each gets its place.

use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};

use anyhow::Context;
use eval::report::{LeakCheck, LeakTest, Leaks};
use serde_json::Value;

use super::editions::TABLE;
use super::known::Known;
use super::{Names, leak, questions, set_aside};
use crate::console::error::fail;
use crate::project::Project;

/// Copies what stages wrote into `out/`, and counts what should not be there. Returns the names of the
/// files that were written, and what was looked for in them. Files that are there already, unchanged,
/// are left.
pub fn write(project: &Project, results: &pipeline::Project) -> anyhow::Result<(Vec<String>, Option<Leaks>)> {
    let out = project.folder.join("out");
    let known = Known::of(project, results)?;
    let mut checks = Vec::new();
    let mut wrote = Vec::new();
    let mut copied = Copied::read(results);
    let gathered = gathered(project, results)?;
    for Wanted { to, digest, source } in wanted(project, results).into_iter().chain(gathered) {
        let place = out.join(&to);
        if let Some(search) = known.search(&to, &source)? {
            if search.check.found > 0 {
                return Err(leak(&search));
            }
            checks.push(search.check);
        }
        if copied.is_there(&to, &digest, &place) {
            continue;
        }
        pipeline::export::<pipeline::Error>(&source, &place, &mut |_| Ok(()))?;
        copied.note(to.clone(), digest, &place);
        wrote.push(format!("out/{to}"));
    }
    copied.write(results)?;
    let leaks = known.leaks(checks, leak::tests(project, results, &|_| true)?);
    Ok((wrote, leaks))
}

/// Whether every file for people lies there as it was written.
pub fn are_there(project: &Project, results: &pipeline::Project) -> bool {
    let (out, copied) = (project.folder.join("out"), Copied::read(results));
    let is_there = |to: &str, digest: &str| copied.is_there(to, digest, &out.join(to));
    wanted(project, results).iter().all(|wanted| is_there(&wanted.to, &wanted.digest))
        && set_aside::digest(project, results).is_none_or(|digest| is_there(REJECTED, &digest))
}

/// Every row that was set aside, whichever stage did it.
const REJECTED: &str = "rejected.jsonl";

/// The file in `out/` that is put together from what several stages wrote.
fn gathered(project: &Project, results: &pipeline::Project) -> anyhow::Result<Option<Wanted>> {
    let Some(digest) = set_aside::digest(project, results) else { return Ok(None) };
    let source = results.private().join(REJECTED);
    set_aside::write(project, results, &source)?;
    Ok(Some(Wanted { to: REJECTED.to_owned(), digest, source }))
}

/// Looks for known values in a text; one that has any is refused.
pub fn check(
    project: &Project,
    results: &pipeline::Project,
    name: &str,
    text: &str,
) -> anyhow::Result<Option<LeakCheck>> {
    match Known::of(project, results)?.search_text(name, text) {
        Some(search) if search.check.found > 0 => Err(leak(&search)),
        search => Ok(search.map(|search| search.check)),
    }
}

/// Writes one text file for people.
pub fn write_text(project: &Project, name: &str, text: &str) -> anyhow::Result<()> {
    let out = project.folder.join("out");
    std::fs::create_dir_all(&out)?;
    Ok(pipeline::platform::write_atomic(&out.join(name), text.as_bytes())?)
}

fn leak(search: &Search) -> anyhow::Error {
    let kinds: Vec<_> = search.kinds.iter().map(|(kind, n)| format!("{kind} {n}")).collect();
    let rows =
        if search.rows.is_empty() { String::new() } else { format!(", first in {}", search.rows.join(", ")) };
    fail(
        format!(
            "{} known personal values stand in {} ({}){rows}; it was not written",
            search.check.found,
            search.check.what,
            kinds.join(", ")
        ),
        "declare the columns in [source.NAME] personal, or their pattern in [prepare] mask.patterns; if a kind \
         that moru knows came through, please report its form, not the value",
    )
}

/// A result that people get.
struct Wanted {
    /// Its name in `out/`.
    to: String,
    /// What it is.
    digest: String,
    /// Where it lies.
    source: PathBuf,
}

/// The results that are there.
fn wanted(project: &Project, results: &pipeline::Project) -> Vec<Wanted> {
    let of = |(stage, output, from, to): (String, &str, &str, String)| {
        let digest = results.artifact(&stage, output).ok()?.digest.to_string();
        let whole = results.output(&stage, output).ok()?;
        let source = if from.is_empty() { whole } else { whole.join(from) };
        Some(Wanted { to, digest, source })
    };
    places(project).into_iter().filter_map(of).collect()
}

/// What the file of a source's answers that could not be used is called in `out/`.
pub fn quarantine(project: &Project, source: &str) -> String {
    let sources = project.resolved().source.values().filter(|source| source.is_documents()).count();
    if sources == 1 { questions::QUARANTINE.to_owned() } else { format!("quarantine-{source}.jsonl") }
}

/// (stage, output, path inside it, name in `out/`).
fn places(project: &Project) -> Vec<(String, &'static str, &'static str, String)> {
    let prepared = |name: &'static str| (Names::PREPARE.to_owned(), Names::PREPARED, name, name.to_owned());
    let mut wanted = vec![
        prepared("dataset.jsonl"),
        prepared("qna_prompt_response.csv"),
        prepared("qna_prompt_response.jsonl"),
    ];
    for (name, source) in &project.resolved().source {
        if source.is_documents() {
            let sources = project.resolved().source.values().filter(|source| source.is_documents()).count();
            let table = if sources == 1 { "review.csv".to_owned() } else { format!("review-{name}.csv") };
            wanted.push((Names::validate(name), Names::REVIEW, "", table));
            let changes = if sources == 1 { TABLE.to_owned() } else { format!("editions-{name}.csv") };
            wanted.push((Names::chunk(name), Names::EDITIONS, TABLE, changes));
            let pages = if sources == 1 { "review.html".to_owned() } else { format!("review-{name}.html") };
            wanted.push((Names::chunk(name), Names::PAGES, "", pages));
            if !project.resolved().questions.judge.is_empty() {
                let to = if sources == 1 {
                    "judgements.jsonl".to_owned()
                } else {
                    format!("judgements-{name}.jsonl")
                };
                wanted.push((Names::validate(name), Names::JUDGEMENTS, "", to));
            }
            if super::endpoint::is_asked(project) {
                wanted.push((
                    Names::ask(name),
                    Names::ASKED,
                    questions::QUARANTINE,
                    quarantine(project, name),
                ));
            }
        }
    }
    for (name, train) in &project.resolved().train {
        let kind = if train.tuned() == "full" { "model" } else { "adapter" };
        let folder = if name == "main" { kind.to_owned() } else { format!("{kind}-{name}") };
        wanted.push((Names::train(name), Names::TUNED, "", folder));
        let named = |of: &str, kind: &str| {
            if name == "main" { format!("{of}.{kind}") } else { format!("{of}-{name}.{kind}") }
        };
        wanted.push((Names::train(name), Names::STATE, "", named("trainer_state", "json")));
        wanted.push((Names::pack(name), Names::PACKED, "", named("packed", "safetensors")));
        wanted.push((Names::measure(name), Names::SAMPLES, "", format!("samples/{name}.jsonl")));
        wanted.push((Names::leak(name), Names::SAID, "", format!("samples/{name}-led-on.jsonl")));
        let predictions = named("predictions", "jsonl");
        wanted.push((Names::evaluate(name), Names::PREDICTIONS, "", predictions));
        wanted.push((Names::answer(Some(name)), Names::ANSWERS, "", format!("samples/{name}.jsonl")));
        wanted.push((Names::judge(name), Names::VERDICTS, "", named("verdicts", "jsonl")));
        wanted.push((Names::judge(name), Names::TO_LABEL, "", named("judge-labels", "csv")));
        for format in project.resolved().export.formats() {
            let exported = Names::exported(name, format);
            wanted.push((Names::export(name, format), Names::ARTIFACT, "", format.file_name(name)));
            wanted.push((
                Names::answer(Some(&exported)),
                Names::ANSWERS,
                "",
                format!("samples/{exported}.jsonl"),
            ));
        }
    }
    for (model, _) in project.resolved().model.all() {
        let base = Names::base_of(model);
        wanted.push((Names::answer(Some(&base)), Names::ANSWERS, "", format!("samples/{base}.jsonl")));
    }
    wanted
}

/// Which results lie in `out/` already.
struct Copied(HashMap<String, (String, pipeline::platform::Stamp)>);

impl Copied {
    fn file(results: &pipeline::Project) -> PathBuf {
        results.private().join("out.json")
    }

    fn read(results: &pipeline::Project) -> Self {
        let bytes = std::fs::read(Self::file(results)).unwrap_or_default();
        Self(serde_json::from_slice(&bytes).unwrap_or_default())
    }

    fn is_there(&self, name: &str, digest: &str, place: &Path) -> bool {
        // A file that was edited by hand has another stamp, and is written again.
        stamp(place).is_some_and(|now| self.0.get(name) == Some(&(digest.to_owned(), now)))
    }

    fn note(&mut self, name: String, digest: String, place: &Path) {
        if let Some(stamp) = stamp(place) {
            self.0.insert(name, (digest, stamp));
        }
    }

    fn write(&self, results: &pipeline::Project) -> anyhow::Result<()> {
        Ok(pipeline::platform::write_atomic(&Self::file(results), &serde_json::to_vec(&self.0)?)?)
    }
}

fn stamp(place: &Path) -> Option<pipeline::platform::Stamp> {
    std::fs::metadata(place).ok().map(|meta| pipeline::platform::Stamp::of(&meta))
}

/// What was found in one thing that was searched: how much of which kind. Never the values themselves.
struct Search {
    check: LeakCheck,
    kinds: BTreeMap<String, u64>,
    /// The first rows with a find.
    rows: Vec<String>,
}

impl Search {
    fn of(what: &str) -> Self {
        let check = LeakCheck { what: what.to_owned(), ..LeakCheck::default() };
        Self { check, kinds: BTreeMap::new(), rows: Vec::new() }
    }

    fn found(&mut self, kind: &str, row: Option<&str>) {
        self.check.found += 1;
        *self.kinds.entry(kind.to_owned()).or_default() += 1;
        if let Some(row) = row.filter(|row| self.rows.len() < 5 && !self.rows.iter().any(|r| r == row)) {
            self.rows.push(row.to_owned());
        }
    }

    fn add(&mut self, other: Self) {
        self.check.texts += other.check.texts;
        self.check.found += other.check.found;
        for (kind, n) in other.kinds {
            *self.kinds.entry(kind).or_default() += n;
        }
        self.rows.extend(other.rows);
    }
}

impl Known {
    fn leaks(&self, checks: Vec<LeakCheck>, tests: Vec<LeakTest>) -> Option<Leaks> {
        let leaks = Leaks { known_values: self.n_values(), checks, tests, exempt: Vec::new() };
        (!self.is_empty()).then_some(leaks)
    }

    /// Counts known values in a file; folders are searched file by file, numbers in them are no text.
    fn search(&self, what: &str, path: &Path) -> anyhow::Result<Option<Search>> {
        if self.is_empty() {
            return Ok(None);
        }
        if !path.is_dir() {
            return Ok(self.search_text(
                what,
                &String::from_utf8_lossy(
                    &std::fs::read(path).with_context(|| format!("could not read {}", path.display()))?,
                ),
            ));
        }
        let mut all = Search::of(what);
        for entry in std::fs::read_dir(path)? {
            let path = entry?.path();
            let is_text = path.extension().is_some_and(|e| e == "json" || e == "md" || e == "jsonl");
            if let Some(search) = if is_text { self.search(what, &path)? } else { None } {
                all.add(search);
            }
        }
        Ok(Some(all))
    }

    fn search_text(&self, what: &str, text: &str) -> Option<Search> {
        if self.is_empty() {
            return None;
        }
        let mut search = Search::of(what);
        for line in text.lines() {
            let value = serde_json::from_str::<Value>(line).unwrap_or_else(|_| Value::from(line));
            let id = value.get("id").and_then(Value::as_str).map(str::to_owned);
            // Escapes of JSON would hide a value with a line break in it: texts are searched, not lines. Keys and
            // numbers are texts of the file as well.
            each_text(&value, &mut |text| {
                search.check.texts += 1;
                for find in self.finds(text, id.as_deref()) {
                    search.found(&find.kind, id.as_deref());
                }
            });
        }
        Some(search)
    }
}

fn each_text(value: &Value, f: &mut dyn FnMut(&str)) {
    match value {
        Value::String(text) => f(text),
        Value::Array(items) => items.iter().for_each(|item| each_text(item, f)),
        Value::Object(map) => {
            for (key, item) in map {
                f(key);
                each_text(item, f);
            }
        }
        // As long as a number of a person.
        Value::Number(number) if number.as_u64().is_some_and(|n| n >= 100_000_000) => f(&number.to_string()),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}
