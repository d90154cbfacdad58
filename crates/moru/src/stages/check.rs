//! Is everything there that a recipe names? Touches files, databases and the model, changes nothing.

use std::collections::BTreeSet;
use std::sync::Arc;

use data::Schema;
use data::ingest::Reader;
use data::sources::{Item, Source as _};
use pipeline::{Action, Planned, Request};
use serde::Serialize;

use super::base::{self, Base};
use super::folder::{self, Folder};
use super::forecast::Forecasts;
use super::{Names, endpoint, model_folder, parse, prepare, privacy, review, sources, split, structure};
use crate::console::error::fail;
use crate::console::hints;
use crate::project::Project;
use crate::recipe::{Source, Train};

/// One thing that was looked at.
#[derive(Debug, Serialize)]
pub struct Finding {
    /// What: `source.inquiries`, `model.base`.
    pub subject: String,
    /// What was found.
    pub found: String,
    /// What is wrong with it.
    pub error: Option<String>,
    /// What to do about that.
    pub hint: Option<String>,
    /// What a person should know of it, although a run can begin.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<String>,
}

/// Looks at everything that the recipe names.
pub fn environment(project: &Project) -> Vec<Finding> {
    let sources = project.resolved().source.values();
    let looked_at = |source: &Source| {
        let mut finding = finding(format!("source.{}", source.name), found(project, source));
        finding.notes = beside(project, source);
        finding
    };
    let mut findings: Vec<_> = sources.map(looked_at).collect();
    for (name, _) in project.resolved().model.all() {
        findings.push(finding(Names::model_key(name), model(project, name)));
    }
    findings.extend(forecasts(project, &findings));
    if endpoint::is_asked(project) {
        findings.push(finding("questions.teacher".to_owned(), teacher(project)));
    }
    let has_documents = project.resolved().source.values().any(Source::is_documents);
    if has_documents && !project.resolved().questions.review.is_empty() {
        findings.push(finding("questions.review".to_owned(), reviewed(project)));
    }
    if has_documents && !project.resolved().questions.judge.is_empty() {
        findings.push(finding("questions.judge".to_owned(), reader(project)));
    }
    if !project.resolved().evaluate.judge.is_empty() {
        findings.push(finding("evaluate.judge".to_owned(), judge(project)));
    }
    let blind = project.resolved().source.values().find_map(|source| check_metrics(project, source).err());
    if let Some(error) = blind {
        findings.push(finding("evaluate.metrics".to_owned(), Err(error)));
    }
    if !project.resolved().evaluate.questions.is_empty() {
        findings.push(finding("evaluate.questions".to_owned(), questions(project)));
    }
    findings
}

/// What each training will take, where its model is here.
fn forecasts(project: &Project, findings: &[Finding]) -> Vec<Finding> {
    // What is wrong with the recipe itself is told by itself, once.
    if !structure(project).is_empty() {
        return Vec::new();
    }
    let is_sound = |model: &str| {
        let key = Names::model_key(model);
        findings.iter().all(|finding| finding.subject != key || finding.error.is_none())
    };
    let trainings = project.resolved().train.iter().filter(|(_, train)| is_sound(train.model_name()));
    // Why there is no plan is told with what it lacks; then nothing that was written is known to be of this recipe.
    let stages = project.resolved().train.keys().map(|name| Names::train(name)).collect();
    let plan = planned(project, Some(stages)).unwrap_or_default();
    let Ok(mut forecasts) = Forecasts::new(project, &plan) else { return Vec::new() };
    let told = |(name, train): (&String, &Train)| {
        finding(format!("train.{name}"), forecasts.of(name, train).map(|forecast| forecast.text()))
    };
    // A training that does not fit its model was found to, and told of, with the model.
    trainings.map(told).collect()
}

/// What a run would do with these stages and all that they need; with every stage where none is named.
fn planned(project: &Project, targets: Option<Vec<String>>) -> anyhow::Result<Vec<Planned>> {
    let graph = super::graph(project)?;
    let request = Request { targets, ..Request::default() };
    Ok(project.results()?.plan(&graph, &project.recipe.params(), &request)?)
}

/// What is wrong with the recipe itself.
pub fn structure(project: &Project) -> Vec<Finding> {
    let all = structure::looked_at(project).into_iter();
    let wrong = all.filter_map(|(subject, found)| found.err().map(|error| (subject, error)));
    wrong.map(|(subject, error)| finding(subject, Err(error))).collect()
}

/// Before long work begins: everything that stages which are going to run will ask for.
pub fn before(project: &Project, plan: &[Planned]) -> anyhow::Result<()> {
    if plan.iter().any(|planned| planned.action != Action::Keep) {
        structure::check(project)?;
    }
    let runs = |id: &str| plan.iter().any(|planned| planned.stage == id && planned.action == Action::Run);
    for source in project.resolved().source.values() {
        if source.is_documents() {
            before_questions(project, source, plan)?;
            // Their rows are questions with columns of their own; nothing of them is known before they are asked.
            continue;
        }
        if runs(&Names::ingest(&source.name)) {
            check_columns(project, source, sources::open(project, source)?.schema())?;
        } else if runs(Names::PREPARE)
            && let Ok(folder) = project.results()?.output(&Names::ingest(&source.name), Names::EXTRACT)
        {
            check_columns(project, source, Reader::open(&folder, &source.name)?.schema())?;
        }
    }
    if plan.iter().any(|planned| planned.action != Action::Keep) {
        check_out(project)?;
    }
    let will_run = |id: &str| {
        let may = [Action::Run, Action::Depends];
        plan.iter().any(|planned| planned.stage == id && may.contains(&planned.action))
    };
    check_ends(project, will_run)
}

/// What asking about documents and judging the questions will ask for.
fn before_questions(project: &Project, source: &Source, plan: &[Planned]) -> anyhow::Result<()> {
    let will_run = |stage: &str| {
        let may = [Action::Run, Action::Depends];
        plan.iter().any(|planned| planned.stage == stage && may.contains(&planned.action))
    };
    if endpoint::is_asked(project) && will_run(&Names::ask(&source.name)) {
        super::teach::prompts(project)?;
        endpoint::look(project, &project.resolved().questions.teacher)?;
    }
    if will_run(&Names::validate(&source.name)) {
        // What a person corrected is read last, after everything was asked.
        if !project.resolved().questions.review.is_empty() {
            reviewed(project)?;
        }
        look_at_reader(project)?;
    }
    Ok(())
}

/// Whether `out/` can be written into: its files come last, after the long work.
fn check_out(project: &Project) -> anyhow::Result<()> {
    let out = project.folder.join("out");
    if out.symlink_metadata().is_err() {
        return Ok(());
    }
    if !out.is_dir() {
        return Err(fail(
            format!("{} is no folder, and the files for people are written there", out.display()),
            "move it away and run again",
        ));
    }
    let probe = out.join(".writable");
    pipeline::platform::write_atomic(&probe, b"")?;
    Ok(pipeline::platform::remove(&probe)?)
}

/// What a stage late in the run would refuse, after the long work.
fn check_ends(project: &Project, will_run: impl Fn(&str) -> bool) -> anyhow::Result<()> {
    let resolved = project.resolved();
    for base in Base::all(project)? {
        let mut of_it = resolved.train.iter().filter(|(_, train)| train.model_name() == base.name);
        if let base::Origin::Folder(folder) = &base.origin
            && of_it.any(|(name, train)| will_run(&Names::shards_of(name, train)))
        {
            let config = model_folder::check(&project.folder.join(folder), &resolved.tokenize)?;
            structure::check_model(project, &base, &config)?;
        }
    }
    if resolved.train.keys().any(|name| will_run(&Names::answer(Some(name)))) {
        own_questions(project)?;
    }
    if resolved.train.keys().any(|name| will_run(&Names::judge(name))) {
        super::judge::check(project)?;
        endpoint::look(project, &resolved.evaluate.judge)?;
    }
    let answers = resolved.train.keys().any(|name| will_run(&Names::answer(Some(name))));
    for source in resolved.source.values().filter(|_| answers) {
        check_metrics(project, source)?;
    }
    let scored = resolved.train.keys().any(|name| will_run(&Names::evaluate(name)));
    let is_given = resolved.source.values().any(|source| source.split == "test");
    if scored && resolved.split.column.is_empty() && resolved.split.test == 0.0 && !is_given {
        return Err(fail(
            "[split] `test` is 0: there would be nothing to evaluate",
            "give it a share, or run `moru train`, which ends before the evaluation",
        ));
    }
    Ok(())
}

/// The recipe's own questions, if each can be asked.
fn questions(project: &Project) -> anyhow::Result<String> {
    Ok(format!("{}: {} questions", project.resolved().evaluate.questions, own_questions(project)?))
}

/// Who writes the questions about documents, if they can be asked. A project whose questions are there needs nobody.
fn teacher(project: &Project) -> anyhow::Result<String> {
    let word = &project.resolved().questions.teacher;
    let plan = planned(project, None)?;
    let is_asked = |planned: &Planned| planned.stage.starts_with(Names::SYNTHESIZE);
    if plan.iter().filter(|planned| is_asked(planned)).all(|planned| planned.action == Action::Keep) {
        return Ok("everything is answered; nothing will be asked".to_owned());
    }
    super::teach::prompts(project)?;
    endpoint::look(project, word)
}

/// What a person corrected, if it can be read: one table, or one for each source.
fn reviewed(project: &Project) -> anyhow::Result<String> {
    let word = &project.resolved().questions.review;
    let documents = project.resolved().source.values().filter(|source| source.is_documents());
    let paths: BTreeSet<String> = documents.filter_map(|source| review::path(word, &source.name)).collect();
    let mut found = Vec::new();
    for name in paths {
        let path = project.path(&name);
        if let Err(cause) = std::fs::metadata(&path) {
            return Err(fail(
                format!("[questions] review = {name:?}: {cause}"),
                "name the table that was made from out/review.csv, or leave `review` out",
            ));
        }
        found.push(format!("{name}: {} questions", review::corrections(&path)?.len()));
    }
    Ok(found.join(", "))
}

/// Who reads the questions beside their source, if they can be asked.
fn reader(project: &Project) -> anyhow::Result<String> {
    let plan = planned(project, None)?;
    let is_asked = |planned: &&Planned| planned.stage.starts_with(&Names::validate(""));
    if plan.iter().filter(is_asked).all(|planned| planned.action == Action::Keep) {
        return Ok("everything is judged; nothing will be asked".to_owned());
    }
    look_at_reader(project)
}

fn look_at_reader(project: &Project) -> anyhow::Result<String> {
    let word = &project.resolved().questions.judge;
    if word.is_empty() {
        return Ok(String::new());
    }
    super::judge::source::prompts(project)?;
    endpoint::look(project, word)
}

/// Who judges the answers, if they can be asked, with labels and prompts that can be used.
fn judge(project: &Project) -> anyhow::Result<String> {
    super::judge::check(project)?;
    let plan = planned(project, None)?;
    let is_asked = |planned: &&Planned| planned.stage.starts_with(&Names::judge(""));
    if plan.iter().filter(is_asked).all(|planned| planned.action == Action::Keep) {
        return Ok("everything is judged; nothing will be asked".to_owned());
    }
    endpoint::look(project, &project.resolved().evaluate.judge)
}

/// How many questions of its own the recipe has, all of which can be asked.
fn own_questions(project: &Project) -> anyhow::Result<usize> {
    let resolved = project.resolved();
    if resolved.evaluate.questions.is_empty() {
        return Ok(0);
    }
    let path = project.path(&resolved.evaluate.questions);
    let questions = super::answer::own_questions(Some(&path))?;
    for question in &questions {
        question.messages(&resolved.prepare)?;
    }
    Ok(questions.len())
}

/// Rows in which the letters are looked at that a metric may be blind to.
const LOOKED_AT: usize = 200;

/// Whether the metrics can see the answers, told by the first rows of a source: `rouge` alone reads no Hangul.
fn check_metrics(project: &Project, source: &Source) -> anyhow::Result<()> {
    let resolved = project.resolved();
    let languages = &resolved.prepare.reject.languages;
    // Rows in Hangul would be set aside before anything is scored.
    let is_answered = resolved.train.values().any(|train| !train.is_classifier());
    if source.is_documents() {
        return Ok(());
    }
    let is_filtered = !is_answered || (!languages.is_empty() && !languages.iter().any(|code| code == "ko"));
    if resolved.evaluate.metrics.iter().any(|metric| metric != "rouge") || is_filtered {
        return Ok(());
    }
    let extract = project.results()?.output(&Names::ingest(&source.name), Names::EXTRACT);
    let mut rows: Box<dyn data::sources::Source> = match extract {
        Ok(folder) => Box::new(Reader::open(&folder, &source.name)?),
        Err(_) => sources::open(project, source)?,
    };
    let response = prepare::templates(&resolved.prepare)?.response;
    // Of a conversation any column may hold the answers.
    let is_answer =
        |column: &str| resolved.prepare.is_conversations() || response.columns().any(|of| of == column);
    let (mut answers, mut n_rows) = (Vec::new(), 0);
    while n_rows < LOOKED_AT
        && let Some(item) = rows.next_item()?
    {
        let Item::Record(record) = item else { continue };
        n_rows += 1;
        let cells = record.schema.columns.iter().zip(&record.values);
        let cells = cells.filter(|(column, _)| is_answer(&column.name));
        answers.extend(cells.map(|(_, value)| value.to_text().into_owned()));
    }
    let scorers = eval::scorers::from_recipe(&resolved.evaluate.metrics, answers.iter().map(String::as_str))?;
    eval::compare::leading_place(&scorers, &resolved.evaluate.leading)?;
    Ok(())
}

/// The columns that the recipe names, and the patterns it masks by.
fn check_columns(project: &Project, source: &Source, schema: &Arc<Schema>) -> anyhow::Result<()> {
    let resolved = project.resolved();
    prepare::layout(&resolved.prepare, schema)?;
    prepare::check_personal(source, schema)?;
    privacy::personal_columns(source, &resolved.prepare.mask)?;
    prepare::Kit::new(&resolved.prepare, source, b"")?.check_meta()?;
    let split = &resolved.split;
    if source.personal.contains_key(&split.group)
        && resolved.prepare.mask.style != "surrogate"
        && !source.public
    {
        // Behind the mask all of its values are one, and so would be the groups.
        return Err(fail(
            format!("[split] group = {:?} is a personal column, whose values are masked", split.group),
            "group by a key instead, such as the customer's number, or set [prepare.mask] style = \"surrogate\"",
        ));
    }
    for (key, column) in [("group", &split.group), ("stratify", &split.stratify), ("column", &split.column)] {
        if !column.is_empty() && !resolved.prepare.meta.contains(column) {
            return Err(split::no_column(key, column));
        }
    }
    structure::check_labels(project)
}

/// What the model is, if it is there.
fn model(project: &Project, name: &str) -> anyhow::Result<String> {
    let base = Base::of(project, name)?;
    Ok(match &base.origin {
        base::Origin::Folder(folder) => {
            let config = model_folder::check(&project.folder.join(folder), &project.resolved().tokenize)?;
            structure::check_model(project, &base, &config)?;
            let parameters = crate::console::format::count(config.parameters() as u64);
            format!("{}: {}, {parameters} parameters", base.word, config.family.architecture())
        }
        _ => format!("{}: made by this program", base.word),
    })
}

fn finding(subject: String, found: anyhow::Result<String>) -> Finding {
    match found {
        Ok(found) => Finding { subject, found, error: None, hint: None, notes: Vec::new() },
        Err(error) => {
            let mut said = error.to_string();
            for cause in error.chain().skip(1).map(ToString::to_string) {
                // Transparent layers repeat what was said.
                if !said.contains(&cause) {
                    said += &format!(": {cause}");
                }
            }
            Finding {
                subject,
                found: String::new(),
                error: Some(said),
                hint: hints::of(&error),
                notes: Vec::new(),
            }
        }
    }
}

fn found(project: &Project, source: &Source) -> anyhow::Result<String> {
    let columns = |rows: &dyn data::sources::Source| {
        let names: Vec<_> = rows.schema().columns.iter().map(|column| column.name.clone()).collect();
        data::sources::names::listed(&names, "")
    };
    if source.is_documents() {
        let folder = Folder::of(&project.path(&source.path), source)?;
        folder::refuse(source, folder.broken(&parse::limits(project.resolved().parse.max_pages)))?;
        return Ok(format!("{}: {} documents", source.path, folder.files.len()));
    }
    let mut rows = sources::open(project, source)?;
    check_columns(project, source, rows.schema())?;
    if source.kind == "sql" {
        let settings = sources::settings(project, source)?;
        let probe = sources::probe(&settings, source)?;
        if probe.rows == 0 {
            return Err(no_rows(source));
        }
        return Ok(format!("{}: {} rows; columns {}", settings.place(), probe.rows, columns(&*rows)));
    }
    if rows.next_item()?.is_none() {
        return Err(no_rows(source));
    }
    Ok(format!("{}: columns {}", source.path, columns(&*rows)))
}

/// What lies among the documents of a source and is not read. Where nothing else does, that is told as what is wrong.
fn beside(project: &Project, source: &Source) -> Vec<String> {
    let folder = source.is_documents().then(|| Folder::of(&project.path(&source.path), source));
    folder.and_then(Result::ok).map(|folder| folder::lines(&folder.unread)).unwrap_or_default()
}

fn no_rows(source: &Source) -> anyhow::Error {
    let hint = if source.kind == "sql" { "what does the query give?" } else { "is it the right file?" };
    fail(format!("source `{}` gives no rows", source.name), hint)
}
