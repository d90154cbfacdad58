//! `moru judge`: a model judges files of answers, without a recipe.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use clap::Args;
use data::sources::names::listed;
use eval::judge::Case;
use eval::report::{Judging, System, SystemRole};
use eval::statistics::Resampling;
use pipeline::Event;

use super::report;
use super::score::{Row, id_of, named, rows_of, text_of};
use crate::cli::ProjectArgs;
use crate::console::error::fail;
use crate::console::progress::Progress;
use crate::console::{Console, Outcome};
use crate::project::Project;
use crate::recipe::endpoint::meant;
use crate::stages::asker::{self, Asker};
use crate::stages::judge::{Bench, labels, told};
use crate::stages::teach::{self, Listener};
use crate::stages::{endpoint, stop_on_ctrl_c};

/// Columns that a file may have.
const COLUMNS: [&str; 5] = ["id", "question", "answer", "context", "reference"];

/// Columns that it needs.
const NEEDED: [&str; 2] = ["question", "answer"];

/// Let a larger model judge files of answers
///
/// Files are JSONL or CSV with the columns `question` and `answer`, and where there are any `context` (a text that came
/// with the question), `reference` (a right answer) and `id`. Every answer gets a grade from 1 to 10; of several files
/// the first one's answers are set against each of the others', in both orders. Rows of several files are matched by
/// `id` where all have one, else by their order. The judge is not told whose answer it reads.
///
/// Replies are kept under .moru/teacher in the folder that it runs in (or --project): what was judged is not asked
/// again. In a project the keys of .env and the names of its [endpoint.NAME] can be used.
#[derive(Debug, Args)]
pub struct Judge {
    /// Files of answers; `NAME=FILE` says what a system is called
    #[arg(required = true, value_name = "[NAME=]FILE")]
    answers: Vec<String>,
    /// Who judges: "http://localhost:8000/v1#MODEL", "local:MODEL", or an [endpoint.NAME] of the project's recipe
    /// [default: the recipe's [evaluate] judge]
    #[arg(long = "judge", value_name = "JUDGE")]
    who: Option<String>,
    /// What it is asked for: grade, pair; with reference it sees the right answers
    #[arg(long, value_name = "KINDS", value_delimiter = ',', default_value = "grade,pair,reference",
        value_parser = ["grade", "pair", "reference"])]
    kinds: Vec<String>,
    /// A folder with the words that it is asked with: grade.ko.md, pair.en.md and so on
    #[arg(long, value_name = "DIR")]
    prompts: Option<PathBuf>,
    /// A table of what a person says of the same answers: id,answer,score or id,answer_a,answer_b,winner
    #[arg(long, value_name = "CSV")]
    labels: Option<PathBuf>,
    /// Write every verdict into this file, as JSONL
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// Write the answers, without names, as a table for a person to grade
    #[arg(long, value_name = "CSV")]
    to_label: Option<PathBuf>,
    /// Seed of the resampling that gives the intervals
    #[arg(long, default_value_t = 42)]
    seed: u64,
    /// Ask again for verdicts that could not be used; the others are kept
    #[arg(long)]
    refresh: bool,
    /// Report as JSON
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    project: ProjectArgs,
}

impl Judge {
    pub fn run(self, console: &Console) -> anyhow::Result<Outcome> {
        let bench = self.bench()?;
        let project = self.project()?;
        let word = self.word(&project)?;
        let recipe = endpoint::recipe_of(&project, &word)?;
        if let Some(file) = &self.to_label {
            pipeline::platform::write_atomic(file, labels::sheet(&bench).as_bytes())?;
        }
        let mut talk = Talk(Progress::new(*console, false));
        let cancelled = stop_on_ctrl_c(*console);
        let (judging, heard) = teach::with_cancel(&cancelled, |cancel| {
            let mut asker = Asker::open(&project, &word, MANNER, &mut talk)?.refreshed(self.refresh);
            let log = asker.folder().join("judged.jsonl");
            if self.refresh {
                // What can be used of it is with the endpoint's answers as well.
                pipeline::platform::remove(&log)?;
            }
            bench.judge(&mut asker, &recipe, &log, cancel)
        })?;
        drop(talk);
        if let Some(file) = &self.out {
            told::write_verdicts(file, &bench, &heard)?;
        }
        self.show(console, &judging);
        Ok(if judging.is_usable() { Outcome::Good } else { Outcome::Negative })
    }

    fn show(&self, console: &Console, judging: &Judging) {
        if self.json {
            return console.print_json(judging);
        }
        console.print(report::judged(judging));
        for file in self.out.iter().chain(&self.to_label) {
            console.say(format!("wrote {}", file.display()));
        }
    }

    /// The project's recipe where there is one, else one in which nothing is written.
    fn project(&self) -> anyhow::Result<Project> {
        if self.project.folder.join("moru.toml").exists() {
            return Project::open(&self.project);
        }
        if !self.project.sets.is_empty() {
            let what = format!("--set changes a recipe, and {} holds none", self.project.folder.display());
            return Err(fail(what, "leave it out, or name a project with --project"));
        }
        Project::without_recipe(&self.project.folder)
    }

    fn word(&self, project: &Project) -> anyhow::Result<String> {
        let resolved = project.resolved();
        let word = self.who.clone().unwrap_or_else(|| resolved.evaluate.judge.clone());
        let how = "an endpoint by one line, --judge \"http://localhost:8000/v1#MODEL\" or \"local:MODEL\"; in a project also \
                   the name of an [endpoint.NAME]";
        if word.is_empty() {
            return Err(fail("nobody judges: --judge is missing, and no recipe names a judge", how));
        }
        if meant(&word, &resolved.endpoint).is_none() {
            // An address may hold a password: it is not repeated.
            return Err(fail("--judge names nobody who could be asked", how));
        }
        Ok(word)
    }

    /// What the files hold.
    fn bench(&self) -> anyhow::Result<Bench<'static>> {
        if !self.has("grade") && !self.has("pair") {
            let what = "--kinds has neither grade nor pair: nothing would be judged";
            return Err(fail(what, "--kinds grade,pair,reference"));
        }
        if let ([only], false) = (&self.answers[..], self.has("grade")) {
            let what = format!("--kinds pair compares files, and {only} is alone: nothing would be judged");
            return Err(fail(what, format!("moru judge {only} OTHER …, or --kinds grade")));
        }
        let files = self.files()?;
        let system =
            |file: &File| System { id: file.name.clone(), role: SystemRole::Other, cut_off: 0, failed: 0 };
        Ok(Bench {
            name: "judge",
            systems: files.iter().map(system).collect(),
            cases: self.cases(&files)?,
            kinds: self.kinds.clone(),
            prompts: self.prompts.clone(),
            labels: self.labels.as_deref().map_or(Ok(Vec::new()), labels::read)?,
            resampling: Resampling { seed: self.seed, ..Resampling::default() },
            samples: 0,
            again: "the same command with --refresh".to_owned(),
        })
    }

    fn has(&self, kind: &str) -> bool {
        self.kinds.iter().any(|asked| asked == kind)
    }

    fn files(&self) -> anyhow::Result<Vec<File>> {
        let mut files: Vec<File> = Vec::new();
        for given in &self.answers {
            let (name, path) = named(given);
            if files.iter().any(|known| known.name == name) {
                let hint = format!("moru judge {name}=… other={} …", path.display());
                return Err(fail(format!("two files of answers are called `{name}`"), hint));
            }
            let rows = rows_of(&path)?;
            check_columns(&path, &rows)?;
            files.push(File { name, path, rows, places: None });
        }
        let has_ids = |file: &File| file.rows.iter().all(|row| !id_of(row).is_empty());
        if files.iter().all(has_ids) {
            for file in &mut files {
                file.places = Some(file.places_of_ids()?);
            }
        }
        Ok(files)
    }

    /// The rows of the first file with the answers of all.
    fn cases(&self, files: &[File]) -> anyhow::Result<Vec<Case>> {
        let Some(first) = files.first() else { return Ok(Vec::new()) };
        if let Some(longer) = files.iter().find(|file| file.rows.len() > first.rows.len()) {
            return Err(unmatched(&first.path, &longer.path, first.rows.len()));
        }
        (0..first.rows.len()).map(|at| self.case(files, first, at)).collect()
    }

    fn case(&self, files: &[File], first: &File, at: usize) -> anyhow::Result<Case> {
        let id = if first.places.is_some() { id_of(&first.rows[at]) } else { (at + 1).to_string() };
        let question = first.text(at, "question")?;
        let mut answers = Vec::with_capacity(files.len());
        for file in files {
            let place = file.places.as_ref().map_or(Some(at), |places| places.get(&id).copied());
            let place = place.filter(|place| *place < file.rows.len());
            let place = place.ok_or_else(|| unmatched(&file.path, &first.path, at))?;
            if file.text(place, "question")?.trim() != question.trim() {
                return Err(other_question(&file.path, place, &first.path, at));
            }
            answers.push(file.text(place, "answer")?);
        }
        let reference = if self.has("reference") { first.optional(at, "reference")? } else { None };
        let question = match first.optional(at, "context")? {
            Some(context) => format!("{context}\n\n{question}"),
            None => question,
        };
        Ok(Case { id, question, reference, answers })
    }
}

/// A file of answers.
struct File {
    name: String,
    path: PathBuf,
    rows: Vec<Row>,
    /// Its rows by their ids, where rows are matched by them.
    places: Option<HashMap<String, usize>>,
}

impl File {
    fn text(&self, at: usize, column: &str) -> anyhow::Result<String> {
        text_of(&self.path, at, &self.rows[at], column)
    }

    /// A cell that need not be there, nor say anything.
    fn optional(&self, at: usize, column: &str) -> anyhow::Result<Option<String>> {
        if !self.rows[at].contains_key(column) {
            return Ok(None);
        }
        Ok(Some(self.text(at, column)?).filter(|text| !text.trim().is_empty()))
    }

    fn places_of_ids(&self) -> anyhow::Result<HashMap<String, usize>> {
        let mut places = HashMap::new();
        for (at, row) in self.rows.iter().enumerate() {
            if places.insert(id_of(row), at).is_some() {
                let what = format!(
                    "{}, row {}: its `id` stands in an earlier row, too",
                    self.path.display(),
                    at + 1
                );
                return Err(fail(what, "one answer for each id"));
            }
        }
        Ok(places)
    }
}

/// How a judge of files is asked.
const MANNER: asker::Manner = asker::Manner {
    cheaper: "or judge fewer rows, or leave a kind out of --kinds",
    ..crate::stages::judge::MANNER
};

/// A file may have no other columns, and needs two of them.
fn check_columns(path: &Path, rows: &[Row]) -> anyhow::Result<()> {
    let mut columns: Vec<String> = rows.iter().flat_map(|row| row.keys().cloned()).collect();
    columns.sort_unstable();
    columns.dedup();
    let (known, unknown): (Vec<String>, Vec<String>) =
        columns.into_iter().partition(|column| COLUMNS.contains(&column.as_str()));
    if !unknown.is_empty() {
        return Err(fail(
            format!("{} has columns that a judge does not know: {}", path.display(), listed(&unknown, "`")),
            format!("it knows {}; rename them, or leave them out", COLUMNS.join(", ")),
        ));
    }
    let missing: Vec<&str> =
        NEEDED.into_iter().filter(|name| !known.iter().any(|column| column == name)).collect();
    if !missing.is_empty() {
        return Err(fail(
            format!("{} has no column {}", path.display(), missing.join(" and none ")),
            format!("a file to judge has {}, and may have id, context, reference", NEEDED.join(" and ")),
        ));
    }
    Ok(())
}

fn unmatched(path: &Path, of: &Path, at: usize) -> anyhow::Error {
    fail(
        format!("{} has no answer to row {} of {}", path.display(), at + 1, of.display()),
        "give all rows of all files an `id`, or as many rows in the same order; an answer that failed is an empty text",
    )
}

fn other_question(path: &Path, place: usize, of: &Path, at: usize) -> anyhow::Error {
    fail(
        format!(
            "{}, row {}: its question is another than that of {}, row {}",
            path.display(),
            place + 1,
            of.display(),
            at + 1
        ),
        "answers can be compared that were given to the same questions",
    )
}

/// Who is told on a terminal.
struct Talk(Progress);

impl Listener for Talk {
    fn note(&mut self, text: &str) {
        self.0.on(&Event::Note { stage: "judge", text });
    }

    fn progress(&mut self, done: u64, of: u64) {
        self.0.on(&Event::Progress { stage: "judge", done, total: Some(of), unit: "answers" });
    }
}
