//! `judge:NAME`: a model says what answers are worth, and which of two is better.
//!
//! 1. [`exam`] puts the answers of the test split together: base, tuned model, baselines.
//! 2. [`Bench`] has what is judged, and how; [`Bench::judge`] asks, for the stage as for `moru judge`.
//! 3. [`labels`] reads what a person says of the same answers, and [`told`] writes verdicts for people.
//! 4. [`source`] is another judge: of questions about documents, beside their source, before anything is learned.

mod exam;
pub mod labels;
pub mod source;
pub mod told;

use std::path::{Path, PathBuf};

use data::validate::text::is_korean;
use eval::EvalError;
use eval::judge::{
    Case, Findings, Heard, Label, Prompts, Settings, Task, duels, grades, judge_all, principal,
};
use eval::report::{Judging, System, SystemRole};
use eval::statistics::Resampling;
use pipeline::{Context, Counts, Input, Stage};

use super::asker::{self, Asker};
use super::{Names, endpoint, teach};
use crate::console::error::fail;
use crate::project::Project;
use crate::recipe::Endpoint;

/// Raised when the same answers would be judged otherwise.
const VERSION: u32 = 1;

/// How a judge is asked: replies are short, and one that cannot be used is asked for again by [`judge_all`].
pub const MANNER: asker::Manner = asker::Manner {
    answer_tokens: 120,
    cheaper: "or lower [evaluate] judge_rows, or leave a kind out of judge_kinds",
    re_asks: 0,
    complaint: synth::teacher::COMPLAINT_EN,
};

/// The stage of one training.
pub fn stage<'a>(project: &'a Project, name: &'a str) -> anyhow::Result<Stage<'a>> {
    let evaluate = &project.resolved().evaluate;
    let mut inputs = vec![
        Input::stage(Names::SPLITS, Names::SPLIT, Names::SPLITS),
        Input::stage(exam::TUNED, &Names::answer(Some(name)), Names::ANSWERS),
    ];
    if evaluate.base {
        let base = Names::base_of(project.resolved().train[name].model_name());
        inputs.push(Input::stage(exam::BASE, &Names::answer(Some(&base)), Names::ANSWERS));
    }
    if !evaluate.judge_labels.is_empty() {
        inputs.push(Input::file(Names::LABELS, &evaluate.judge_labels));
    }
    for (name, path) in prompt_files(project) {
        inputs.push(Input::file(name, path));
    }
    let recipe = endpoint::recipe_of(project, &evaluate.judge)?;
    if recipe.local().is_some() {
        inputs.push(endpoint::local_input(project, &recipe)?);
    }
    Ok(Stage {
        id: Names::judge(name),
        version: VERSION,
        inputs,
        outputs: vec![Names::JUDGED.into(), Names::VERDICTS.into(), Names::TO_LABEL.into()],
        run: super::stage_fn(move |stage| run(stage, project, name, &recipe)),
    })
}

/// The prompts in the recipe's folder, relative to the project.
fn prompt_files(project: &Project) -> Vec<(&'static str, PathBuf)> {
    let folder = &project.resolved().evaluate.judge_prompts;
    let names = eval::judge::FILES.iter().filter(|_| !folder.is_empty()).map(|(name, _)| *name);
    let all = names.map(|name| (name, Path::new(folder).join(name)));
    // One that is not there is moru's own.
    all.filter(|(_, path)| project.folder.join(path).exists()).collect()
}

/// The prompts of a folder, and whether they are Korean: those in the language of what is judged, and in the other one
/// where the folder has no others. moru's own where no folder is named.
pub fn prompts(folder: Option<&Path>, is_korean: bool) -> anyhow::Result<(Prompts, bool)> {
    let Some(folder) = folder else { return Ok((Prompts::defaults(is_korean), is_korean)) };
    match Prompts::read(folder, is_korean) {
        // Whoever wrote words of one language alone wants to be asked with them, and not with moru's own.
        Err(none @ EvalError::NoPrompts { .. }) => match Prompts::read(folder, !is_korean) {
            Err(EvalError::NoPrompts { .. }) => Err(none.into()),
            other => Ok((other?, !is_korean)),
        },
        read => Ok((read?, is_korean)),
    }
}

/// Looks whether prompts and labels of a recipe can be used, before anything is asked.
///
/// # Errors
/// A folder without prompts, a prompt without a column, a table of labels without its columns.
pub fn check(project: &Project) -> anyhow::Result<()> {
    let evaluate = &project.resolved().evaluate;
    if !evaluate.judge_prompts.is_empty() {
        let folder = project.path(&evaluate.judge_prompts);
        // What language the rows have is not known yet.
        for is_korean in [true, false] {
            prompts(Some(folder.as_path()), is_korean)?;
        }
    }
    if !evaluate.judge_labels.is_empty() {
        labels::read(&project.path(&evaluate.judge_labels))?;
    }
    Ok(())
}

/// What is judged, and how.
pub struct Bench<'a> {
    /// The model's name, or what else the judging is called.
    pub name: &'a str,
    /// Who answered.
    pub systems: Vec<System>,
    /// The questions with everybody's answers.
    pub cases: Vec<Case>,
    /// What is asked for: `grade`, `pair`; with `reference` the right answer is shown.
    pub kinds: Vec<String>,
    /// The folder of prompts.
    pub prompts: Option<PathBuf>,
    /// What a person says.
    pub labels: Vec<Label>,
    /// How often to draw.
    pub resampling: Resampling,
    /// Questions to show.
    pub samples: usize,
    /// What asks again for verdicts that could not be used.
    pub again: String,
}

impl Bench<'_> {
    fn has(&self, kind: &str) -> bool {
        self.kinds.iter().any(|asked| asked == kind)
    }

    /// Whether most of what is judged is Korean, which the judge is asked in then if there are prompts of it.
    pub fn is_korean(&self) -> bool {
        let of = |case: &Case| case.question.clone() + case.reference.as_deref().unwrap_or_default();
        is_korean(&self.cases.iter().map(of).collect::<String>())
    }

    /// The systems that the principal one is compared with: the base model, or whoever there is.
    fn others(&self) -> Vec<usize> {
        if !self.has("pair") {
            return Vec::new();
        }
        let principal = principal(&self.systems);
        let base = self.systems.iter().position(|system| system.role == SystemRole::Base);
        base.map_or_else(|| (0..self.systems.len()).filter(|at| *at != principal).collect(), |at| vec![at])
    }

    fn tasks(&self, others: &[usize]) -> Vec<Task> {
        let mut tasks = if self.has("grade") { grades(&self.cases) } else { Vec::new() };
        tasks.extend(duels(&self.cases, principal(&self.systems), others));
        tasks
    }

    /// How the judge is asked, in words.
    fn settings(&self, recipe: &Endpoint, is_korean: bool) -> String {
        let language = if is_korean { "ko" } else { "en" };
        let whose = if self.prompts.is_some() { "own prompts" } else { "prompts of moru" };
        let temperature = recipe.temperature.unwrap_or(0.0);
        format!(
            "{}; {whose} ({language}); temperature {temperature}; at most {} tokens",
            self.kinds.join("+"),
            recipe.max_tokens
        )
    }

    /// Asks for every verdict. What was heard before, by this run or an earlier one, is not asked again.
    ///
    /// # Errors
    /// Whatever the judge's endpoint says; and where no verdict came at all.
    pub fn judge(
        &self,
        asker: &mut Asker<'_>,
        recipe: &Endpoint,
        log: &Path,
        cancel: &chat::CancelToken,
    ) -> anyhow::Result<(Judging, Vec<Heard>)> {
        let others = self.others();
        let tasks = self.tasks(&others);
        let (prompts, is_korean) = prompts(self.prompts.as_deref(), self.is_korean())?;
        let (identity, max_tokens) = (asker.identity().to_owned(), asker.max_tokens());
        let settings = Settings {
            max_tokens,
            // Whoever is asked cuts them as the recipe says, into batches or requests at once.
            batch: usize::MAX,
            cancel: cancel.clone(),
            ..Settings::new(&prompts, &identity)
        };
        let heard = judge_all(asker, &self.cases, &tasks, &settings, log, &mut |_| {})?;
        is_heard(&heard, &self.again)?;
        let findings = Findings {
            name: self.name,
            judge: recipe.local().unwrap_or(&recipe.model),
            settings: &self.settings(recipe, is_korean),
            systems: &self.systems,
            cases: &self.cases,
            heard: &heard,
            others: &others,
            labels: &self.labels,
            resampling: self.resampling,
            samples: self.samples,
        };
        Ok((findings.judging(), heard))
    }
}

/// A judge of which no verdict came would fill a report with nothing.
fn is_heard(heard: &[Heard], again: &str) -> anyhow::Result<()> {
    match heard.first().map(|first| &first.verdict) {
        Some(Err(fault)) if heard.iter().all(|heard| heard.verdict.is_err()) => Err(fail(
            format!("the judge gave no verdict, {} times; the first time: {fault}", heard.len()),
            format!(
                "take a larger model, or one that follows a JSON schema; where it was mended, {again} asks it again; \
                 `moru explain judge` tells what it is asked"
            ),
        )),
        _ => Ok(()),
    }
}

fn run(
    stage: &mut Context<'_>,
    project: &Project,
    name: &str,
    recipe: &Endpoint,
) -> anyhow::Result<Vec<Counts>> {
    let word: String = stage.param("evaluate.judge")?;
    endpoint::note_params(stage, recipe, project.resolved().endpoint.contains_key(&word))?;
    let bench = bench(stage, project, name)?;
    let log = stage.work_dir()?.join("replies.jsonl");
    let is_refreshed = stage.is_refreshed();
    if is_refreshed {
        // What can be used of it is with the endpoint's answers as well.
        pipeline::platform::remove(&log)?;
    }
    let cancelled = stage.cancelled();
    let ended = teach::with_cancel(cancelled, |cancel| {
        let mut asker = Asker::open(project, &word, MANNER, stage)?.refreshed(is_refreshed);
        bench.judge(&mut asker, recipe, &log, cancel)
    });
    let (judging, heard) = match ended {
        Err(_) if stage.is_cancelled() => return Err(pipeline::Error::Cancelled.into()),
        other => other?,
    };
    for line in told::lines(&judging) {
        stage.note(&line);
    }
    pipeline::platform::write_atomic(&stage.output(Names::JUDGED)?, &serde_json::to_vec_pretty(&judging)?)?;
    told::write_verdicts(&stage.output(Names::VERDICTS)?, &bench, &heard)?;
    pipeline::platform::write_atomic(&stage.output(Names::TO_LABEL)?, labels::sheet(&bench).as_bytes())?;
    let counts = counts(&heard);
    if counts.output < counts.input {
        let missing = counts.input - counts.output;
        stage.note(&format!(
            "{missing} verdicts are missing; `moru run {} --refresh` asks for them again",
            stage.id()
        ));
    }
    Ok(vec![counts])
}

/// What the stage judges. Reads every parameter that it depends on.
fn bench<'a>(stage: &mut Context<'_>, project: &Project, name: &'a str) -> anyhow::Result<Bench<'a>> {
    let kinds: Vec<String> = stage.param("evaluate.judge_kinds")?;
    let folder: String = stage.param("evaluate.judge_prompts")?;
    let has_labels = !project.resolved().evaluate.judge_labels.is_empty();
    let labels = if has_labels { labels::read(&stage.input(Names::LABELS)?)? } else { Vec::new() };
    let with_reference = kinds.iter().any(|kind| kind == "reference");
    let (systems, cases) = exam::cases(stage, project, with_reference)?;
    let seed = stage.param("project.seed")?;
    Ok(Bench {
        name,
        systems,
        cases,
        kinds,
        prompts: (!folder.is_empty()).then(|| project.path(&folder)),
        labels,
        resampling: Resampling { seed, ..Resampling::default() },
        samples: stage.param("report.examples")?,
        again: format!("`moru run {} --refresh`", stage.id()),
    })
}

/// Verdicts that came, and why others did not.
fn counts(heard: &[Heard]) -> Counts {
    let mut counts = Counts::all("verdicts", heard.len() as u64);
    for fault in heard.iter().filter_map(|heard| heard.verdict.as_ref().err()) {
        *counts.rejected.entry(fault.code().to_owned()).or_default() += 1;
        counts.output -= 1;
    }
    counts
}

/// What a stage found.
pub fn read(path: &Path) -> anyhow::Result<Judging> {
    Ok(serde_json::from_slice(&std::fs::read(path)?)?)
}

/// A recipe whose judge would have nothing to judge.
///
/// # Errors
/// Where no model answers questions.
pub fn check_answers(project: &Project) -> anyhow::Result<()> {
    let resolved = project.resolved();
    let answers = resolved.train.values().any(|train| !train.is_classifier());
    if resolved.evaluate.judge.is_empty() || (answers && !resolved.synthesize.is_wanted()) {
        return Ok(());
    }
    Err(fail(
        "[evaluate] `judge` has nothing to judge: no model of this recipe answers questions of a test split",
        "a classifier is scored by its labels, and written text has no questions; remove `judge`",
    ))
}

#[cfg(test)]
mod tests {
    use eval::judge::PromptKind;

    use super::*;

    #[test]
    fn prompts_of_one_language_are_asked_with_whatever_is_judged() {
        for (name, is_there_korean) in [("grade.en.md", false), ("grade.ko.md", true)] {
            let dir = tempfile::tempdir().unwrap();
            let error = prompts(Some(dir.path()), !is_there_korean).unwrap_err().to_string();
            assert!(error.contains("holds no prompt of a judge"), "{error}");
            let path = dir.path().join(name);
            pipeline::platform::write_atomic(&path, b"{mark} {question} => {answer}").unwrap();
            for is_korean in [true, false] {
                let (read, is_asked_korean) = prompts(Some(dir.path()), is_korean).unwrap();
                assert_eq!(is_asked_korean, is_there_korean);
                assert_eq!(read.text(PromptKind::Grade), "{mark} {question} => {answer}");
                let own = Prompts::defaults(is_there_korean);
                assert_eq!(read.text(PromptKind::Again), own.text(PromptKind::Again), "one language in all");
            }
        }
    }

    #[test]
    fn without_a_folder_the_rows_have_the_choice() {
        for is_korean in [true, false] {
            assert_eq!(prompts(None, is_korean).unwrap(), (Prompts::defaults(is_korean), is_korean));
        }
    }
}
