//! Models beside each other: base, tuned, and as they were written for other tools.
//!
//! 1. [`who`] lists everybody who answered the test questions.
//! 2. [`measure`] opens each once more, in a process of its own, and measures speed and memory, where that is not known of
//!    this machine. Neither is the output of a stage, for no digest may hold a time.
//! 3. [`read`] ranks their answers by the measure that the report begins with, and puts it all together; [`notes`] says
//!    what of it is not of now.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};

use eval::compare::Answers;
use eval::report::{Candidate, Compared, Speed, SystemRole};
use eval::run::Answer;
use eval::statistics::Resampling;
use pipeline::InputState;
use serde::{Deserialize, Serialize};

use super::answer::test_rows;
use super::artifact::{self, Format};
use super::base::Base;
use super::evaluate::Leading;
use super::exam::{Exam, Manner};
use super::{Names, assistant, export, jsonl};
use crate::console::Console;
use crate::console::progress::Progress;
use crate::machine::Machine;
use crate::project::Project;
use crate::recipe::Train;

/// Where measurements are, beside the lock.
const MEASURED: &str = "measured.json";

/// Files of a model's folder that are read of it, by what their names end with.
const READ: [&str; 5] = ["safetensors", "json", "jinja", "txt", "model"];

/// Somebody who answered the test questions.
struct Who {
    /// As answers and `--model` name it: `base`, `main`, `main.q4_k_m`.
    name: String,
    /// The model of the recipe.
    model: String,
    /// `base`, `lora`, `qlora nf4`, `full` or a format.
    form: String,
    /// The folder or file that is opened.
    folder: PathBuf,
    /// What was tuned of it: an adapter's folder, or that of a whole model.
    tuned: Option<PathBuf>,
}

/// Whether a recipe has models to compare: two trainings, or one and what it was written as.
pub fn is_wanted(project: &Project) -> bool {
    let resolved = project.resolved();
    let trainings = resolved.train.values().filter(|train| !train.is_classifier()).count();
    let formats = resolved.export.formats().filter(|format| *format != Format::Lora).count();
    !resolved.synthesize.is_wanted() && trainings * (1 + formats) > 1
}

/// Everybody whose answers are there, in the order of the recipe.
fn who(project: &Project, results: &pipeline::Project) -> anyhow::Result<Vec<Who>> {
    let mut all = Vec::new();
    if !is_wanted(project) {
        return Ok(all);
    }
    for base in Base::all(project)? {
        // What a stage makes may not be there yet.
        let Ok(folder) = base.folder(project, results) else { continue };
        let of_it = |train: &&Train| !train.is_classifier() && train.model_name() == base.name;
        let one = |name: String, form: String, folder: PathBuf, tuned: Option<PathBuf>| Who {
            name,
            model: base.name.clone(),
            form,
            folder,
            tuned,
        };
        if project.resolved().evaluate.base && project.resolved().train.values().any(|train| of_it(&train)) {
            all.push(one(Names::base_of(&base.name), Names::BASE.to_owned(), folder.clone(), None));
        }
        for (name, train) in project.resolved().train.iter().filter(|(_, train)| of_it(train)) {
            let Ok(tuned) = results.output(&Names::train(name), Names::TUNED) else { continue };
            let form = train.weights.as_ref().map_or_else(String::new, |weights| format!(" {weights}"));
            let form = format!("{}{form}", train.method);
            all.push(one(name.clone(), form, folder.clone(), Some(tuned)));
            for format in project.resolved().export.formats().filter(|format| *format != Format::Lora) {
                let written = results.output(&Names::export(name, format), Names::ARTIFACT);
                let Ok(written) = written else { continue };
                all.push(one(Names::exported(name, format), format.name().to_owned(), written, None));
            }
        }
    }
    all.retain(|who| results.output(&who.stage(), Names::ANSWERS).is_ok());
    Ok(all)
}

impl Who {
    /// The stage in which it answered.
    fn stage(&self) -> String {
        Names::answer(Some(&self.name))
    }

    /// What a measurement of it holds for: the model as it answered, on this machine.
    fn of(&self, results: &pipeline::Project, machine: &str) -> Option<String> {
        let record = results.lock().stages.get(&self.stage())?;
        Some(format!("{} on {machine}", record.key))
    }

    /// Its speed, and the most memory of a process that does nothing else; none where no such process comes of it.
    fn alone(&self) -> Option<(Speed, u64)> {
        let mut command = std::process::Command::new(std::env::current_exe().ok()?);
        command.args(["bench", "generate", "--json", "--model"]).arg(&self.folder);
        if let Some(tuned) = &self.tuned {
            command.arg("--tuned").arg(tuned);
        }
        let output = command.stdin(std::process::Stdio::null()).output().ok()?;
        let said: serde_json::Value =
            output.status.success().then(|| serde_json::from_slice(&output.stdout).ok())??;
        let rate = |key: &str| said[key].as_f64();
        let speed = Speed {
            prefill_tokens_per_s: rate("prefill_tokens_per_s")?,
            decode_tokens_per_s: rate("decode_tokens_per_s")?,
        };
        Some((speed, said["peak_rss_bytes"].as_u64()?))
    }

    /// Bytes on the disk.
    fn bytes(&self) -> anyhow::Result<u64> {
        let Some(tuned) = &self.tuned else { return bytes_of(&self.folder) };
        let base = if assistant::is_adapter(tuned) { bytes_of(&self.folder)? } else { 0 };
        Ok(base + artifact::bytes_of(tuned)?)
    }
}

/// Bytes of a model: of a file, or of what is read of a folder.
fn bytes_of(path: &Path) -> anyhow::Result<u64> {
    if path.is_file() {
        return Ok(path.metadata()?.len());
    }
    let mut bytes = 0;
    for entry in std::fs::read_dir(path)? {
        let path = entry?.path();
        let is_read = path.extension().and_then(|end| end.to_str()).is_some_and(|end| READ.contains(&end));
        if is_read && path.is_file() {
            bytes += path.metadata()?.len();
        }
    }
    Ok(bytes)
}

/// What was measured of one model.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Measured {
    /// What it holds for.
    of: String,
    speed: Speed,
    /// The most that the process held; 0 where that cannot be told.
    peak_rss_bytes: u64,
}

/// Measurements by name.
type All = BTreeMap<String, Measured>;

fn measured(results: &pipeline::Project) -> All {
    let bytes = std::fs::read(results.private().join(MEASURED)).ok();
    bytes.and_then(|bytes| serde_json::from_slice(&bytes).ok()).unwrap_or_default()
}

/// The machine as far as it makes models faster or slower.
fn machine_name() -> String {
    let machine = Machine::here();
    format!("{}, {} cores", machine.processor.unwrap_or(machine.system), machine.cores)
}

/// Everybody of whom speed and memory are not known on this machine.
fn unmeasured(
    project: &Project,
    results: &pipeline::Project,
    machine: &str,
    known: &All,
) -> anyhow::Result<Vec<Who>> {
    let is_new = |who: &Who| known.get(&who.name).map(|known| known.of.clone()) != who.of(results, machine);
    Ok(who(project, results)?.into_iter().filter(is_new).collect())
}

/// Whether [`measure`] has something to do: a run was stopped before it had measured everybody, or the folder came from
/// another machine.
pub fn is_lacking(project: &Project, results: &pipeline::Project) -> anyhow::Result<bool> {
    Ok(is_wanted(project) && !unmeasured(project, results, &machine_name(), &measured(results))?.is_empty())
}

/// Measures speed and memory of everybody of whom they are not known on this machine, as `[export]` measures what it
/// writes. What was measured stays when it is stopped.
///
/// # Errors
/// [`pipeline::Error::Cancelled`] where it was stopped: a report that is written now would have gaps.
pub fn measure(
    project: &Project,
    results: &pipeline::Project,
    console: &Console,
    cancelled: &AtomicBool,
) -> anyhow::Result<()> {
    let (machine, mut known) = (machine_name(), measured(results));
    let all = unmeasured(project, results, &machine, &known)?;
    let mut progress = Progress::new(*console, false);
    for (at, who) in all.iter().enumerate() {
        go_on(cancelled)?;
        let total = Some(all.len() as u64);
        progress.on(&pipeline::Event::Progress { stage: "compare", done: at as u64, total, unit: "models" });
        let alone = who.alone();
        // The Ctrl-C of a terminal ends the process that measures as well.
        go_on(cancelled)?;
        let (speed, peak_rss_bytes) = match alone {
            Some(measured) => measured,
            // Beside what this process holds, its memory could not be told.
            None => (export::speed_of(&who.folder, who.tuned.as_deref())?, 0),
        };
        if let Some(of) = who.of(results, &machine) {
            known.insert(who.name.clone(), Measured { of, speed, peak_rss_bytes });
            let path = results.private().join(MEASURED);
            pipeline::platform::write_atomic(&path, &serde_json::to_vec_pretty(&known)?)?;
        }
    }
    Ok(())
}

fn go_on(cancelled: &AtomicBool) -> anyhow::Result<()> {
    if cancelled.load(Ordering::Relaxed) { Err(pipeline::Error::Cancelled.into()) } else { Ok(()) }
}

/// The speed of what was written of a training, where it was measured beside others.
pub fn speed(results: &pipeline::Project, name: &str) -> Option<Speed> {
    let found = measured(results).remove(name)?;
    let key = results.lock().stages.get(&Names::answer(Some(name)))?.key;
    found.of.starts_with(&format!("{key} ")).then_some(found.speed)
}

/// Models beside each other; none where there are fewer than two whose answers belong to the questions of now.
pub fn read(project: &Project, results: &pipeline::Project) -> anyhow::Result<Option<Compared>> {
    let all = who(project, results)?;
    let Some(Answered { leading, systems, .. }) = answered(project, results, &all)? else { return Ok(None) };
    if systems.len() < 2 {
        return Ok(None);
    }
    let Leading { rows, metrics, measure, .. } = leading;
    let references = rows.iter().flat_map(|row| row.references.iter().map(String::as_str));
    let scorers = eval::scorers::from_recipe(&metrics, references)?;
    let resampling = Resampling { seed: project.resolved().project.seed, ..Resampling::default() };
    let ranking = eval::rank::rank(&rows, &systems, &scorers, &measure, resampling)?;
    Ok(Some(together(project, results, &all, rows.len() as u64, ranking)?))
}

/// What was answered of the questions that the report begins with.
struct Answered {
    leading: Leading,
    /// The answers of those who were asked them.
    systems: Vec<Answers>,
    /// Those who were asked others.
    others: Vec<String>,
}

/// The answers of some models; none where fewer than two could be compared, or nothing is asked.
fn answered(project: &Project, results: &pipeline::Project, all: &[Who]) -> anyhow::Result<Option<Answered>> {
    let Ok(splits) = results.output(Names::SPLIT, Names::SPLITS) else { return Ok(None) };
    if all.len() < 2 {
        return Ok(None);
    }
    let resolved = project.resolved();
    let rows = test_rows(&splits, resolved.evaluate.max_rows, resolved.project.seed)?;
    let manner = Manner::of(project, &resolved.prepare, &resolved.questions.context)?;
    // A report begins with the test split, whose rows are asked before all else. The questions beside it change no place
    // of theirs, so that their file may be gone or another by now.
    let exam = Exam::of(&manner, &rows, &[])?;
    let Some(leading) = Leading::of(&exam, &resolved.evaluate) else { return Ok(None) };
    let (mut systems, mut others) = (Vec::new(), Vec::new());
    for who in all {
        let given: Vec<Answer> = jsonl::read(&results.output(&who.stage(), Names::ANSWERS)?)?;
        let at = |&place: &usize| {
            let answer = given.get(place)?;
            (answer.id == exam.items[place].question.id).then(|| answer.clone())
        };
        match leading.places.iter().map(at).collect::<Option<Vec<_>>>() {
            Some(answers) => systems.push(Answers::of_model(&who.name, SystemRole::Other, &answers)),
            None => others.push(who.name.clone()),
        }
    }
    Ok(Some(Answered { leading, systems, others }))
}

/// What is to be said beside a report: what of it was answered when something else was asked.
pub fn notes(project: &Project, results: &pipeline::Project) -> anyhow::Result<Vec<String>> {
    let mut notes: Vec<String> = about_questions(project, results).into_iter().collect();
    let all = who(project, results)?;
    let others = answered(project, results, &all)?.map(|answered| answered.others).unwrap_or_default();
    if !others.is_empty() {
        notes.push(format!(
            "not compared: {}, which answered other rows than the test split has now; `moru run` asks them anew",
            others.join(", ")
        ));
    }
    Ok(notes)
}

/// Whether the file of the recipe's own questions is still the one that was answered.
fn about_questions(project: &Project, results: &pipeline::Project) -> Option<String> {
    let name = &project.resolved().evaluate.questions;
    let of = |training: &String| {
        results.lock().stages.get(&Names::answer(Some(training)))?.inputs.get(Names::QUESTIONS)
    };
    let asked: Vec<&InputState> = project.resolved().train.keys().filter_map(of).collect();
    if name.is_empty() || asked.is_empty() {
        return None;
    }
    let Ok(digest) = results.store().digest_of(&project.path(name)) else {
        return Some(format!(
            "[evaluate] questions: {name} is not there or cannot be read; the report tells of its questions as they were answered"
        ));
    };
    let is_other = asked.into_iter().any(|state| *state != InputState::Digest(digest));
    is_other.then(|| {
        format!(
            "[evaluate] questions: {name} has changed since it was answered; the report tells of its questions as they were, and `moru run` asks them anew"
        )
    })
}

fn together(
    project: &Project,
    results: &pipeline::Project,
    all: &[Who],
    rows: u64,
    ranking: eval::rank::Ranking,
) -> anyhow::Result<Compared> {
    let (machine, known) = (machine_name(), measured(results));
    let mut candidates = Vec::new();
    for place in ranking.places {
        let Some(who) = all.iter().find(|who| who.name == place.score.system) else { continue };
        let of = who.of(results, &machine);
        let found = known.get(&who.name).filter(|known| Some(&known.of) == of.as_ref());
        let model = project.resolved().model.get(&who.model);
        candidates.push(Candidate {
            name: who.name.clone(),
            model: who.model.clone(),
            base: model.map(|model| model.base.clone()).unwrap_or_default(),
            form: who.form.clone(),
            score: place.score.value,
            interval: place.score.interval,
            behind: place.behind,
            speed: found.map(|found| found.speed),
            memory_bytes: found.map(|found| found.peak_rss_bytes).filter(|bytes| *bytes > 0),
            bytes: who.bytes()?,
            on_front: None,
        });
    }
    let measured_tokens = (export::PROMPT as u64, export::REPLY as u64);
    let (measure, signature) = (ranking.measure, ranking.signature);
    let mut compared = Compared { measure, signature, rows, measured_tokens, candidates };
    compared.mark_front();
    Ok(compared)
}
