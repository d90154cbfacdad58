//! Is everything there that a recipe names? Touches files, databases and the model, changes nothing.

use std::sync::Arc;

use data::Schema;
use data::ingest::Reader;
use data::sources::{Source as _, sql};
use pipeline::{Action, Planned};
use serde::Serialize;

use super::{Names, base, model_folder, prepare, privacy, sources, split};
use crate::console::error::fail;
use crate::console::hints;
use crate::project::Project;
use crate::recipe::Source;

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
}

/// Looks at everything that the recipe names.
pub fn environment(project: &Project) -> Vec<Finding> {
    let sources = project.resolved().source.values();
    let mut findings: Vec<_> =
        sources.map(|source| finding(format!("source.{}", source.name), found(project, source))).collect();
    findings.push(finding("model.base".to_owned(), model(project)));
    if !project.resolved().evaluate.questions.is_empty() {
        findings.push(finding("evaluate.questions".to_owned(), questions(project)));
    }
    findings
}

/// Before long work begins: everything that stages which are going to run will ask for.
pub fn before(project: &Project, plan: &[Planned]) -> anyhow::Result<()> {
    let runs = |id: &str| plan.iter().any(|planned| planned.stage == id && planned.action == Action::Run);
    for source in project.resolved().source.values() {
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
    if let base::Origin::Folder(folder) = base::origin(project)?
        && will_run(Names::TOKENIZE)
    {
        model_folder::check(&project.folder.join(folder), &resolved.tokenize)?;
    }
    let scored = resolved.train.keys().any(|name| will_run(&Names::evaluate(name)));
    if scored && resolved.split.column.is_empty() && resolved.split.test == 0.0 {
        return Err(fail(
            "[split] `test` is 0: there would be nothing to evaluate",
            "give it a share, or run `moru train`, which ends before the evaluation",
        ));
    }
    Ok(())
}

/// The recipe's own questions, if each can be asked.
fn questions(project: &Project) -> anyhow::Result<String> {
    let resolved = project.resolved();
    let path = project.path(&resolved.evaluate.questions);
    let questions = super::answer::own_questions(Some(&path))?;
    for question in &questions {
        question.messages(&resolved.prepare)?;
    }
    Ok(format!("{}: {} questions", resolved.evaluate.questions, questions.len()))
}

/// The columns that the recipe names, and the patterns it masks by.
fn check_columns(project: &Project, source: &Source, schema: &Arc<Schema>) -> anyhow::Result<()> {
    let resolved = project.resolved();
    prepare::layout(&resolved.prepare, schema)?;
    prepare::check_personal(source, schema)?;
    privacy::personal_columns(source, &resolved.prepare.mask)?;
    prepare::Kit::new(&resolved.prepare, source, b"")?;
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
    Ok(())
}

/// What the model is, if it is there.
fn model(project: &Project) -> anyhow::Result<String> {
    Ok(match base::origin(project)? {
        base::Origin::Folder(folder) => {
            let config = model_folder::check(&project.folder.join(&folder), &project.resolved().tokenize)?;
            let parameters = crate::console::format::count(config.parameters() as u64);
            format!(
                "{}: {}, {parameters} parameters",
                project.resolved().model.base,
                config.family.architecture()
            )
        }
        _ => format!("{}: made by this program", project.resolved().model.base),
    })
}

fn finding(subject: String, found: anyhow::Result<String>) -> Finding {
    match found {
        Ok(found) => Finding { subject, found, error: None, hint: None },
        Err(error) => {
            let mut said = error.to_string();
            for cause in error.chain().skip(1).map(ToString::to_string) {
                // Transparent layers repeat what was said.
                if !said.contains(&cause) {
                    said += &format!(": {cause}");
                }
            }
            Finding { subject, found: String::new(), error: Some(said), hint: hints::of(&error) }
        }
    }
}

fn found(project: &Project, source: &Source) -> anyhow::Result<String> {
    let columns = |rows: &dyn data::sources::Source| {
        let names: Vec<_> = rows.schema().columns.iter().map(|column| column.name.as_str()).collect();
        names.join(", ")
    };
    let rows = sources::open(project, source)?;
    check_columns(project, source, rows.schema())?;
    if source.kind == "sql" {
        let settings = sources::settings(project, source)?;
        let probe = sources::probe(&settings, source)?;
        return Ok(format!("{}: {} rows; columns {}", settings.place(), probe.rows, columns(&*rows)));
    }
    Ok(format!("{}: columns {}", source.path, columns(&*rows)))
}
