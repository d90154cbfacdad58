//! `moru batch`: asking a teacher in batches, step by step.

use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};
use pipeline::Request;
use serde::Serialize;
use synth::teacher::batch::{self, BatchReport, Read, Stage, Step};
use synth::teacher::{Event, Job, Standing};

use crate::cli::ProjectArgs;
use crate::console::error::fail;
use crate::console::{Console, Outcome};
use crate::project::Project;
use crate::recipe;
use crate::stages::endpoint::{self, Opened, Way};
use crate::stages::teach::{self, Desk, Left};
use crate::stages::{self, Names};

/// Ask a teacher in batches: submit what is open, wait, fetch the answers
///
/// A batch takes up to a day and costs less. `moru run` with mode = "batch" in the recipe's [endpoint.NAME] does all of
/// this; here it is done step by step, so that nothing has to wait: submit, look at the status now and then, retrieve,
/// and submit again what was left unanswered. `moru run` then finds the answers. A process that is killed at any moment
/// loses no answer and submits nothing twice.
#[derive(Debug, Args)]
pub struct Batch {
    #[command(subcommand)]
    verb: Verb,
}

/// What is done with the batches.
#[derive(Debug, Subcommand)]
enum Verb {
    /// Put what is open into files, upload them, and have batches made
    Submit(On),
    /// Look after the batches until all have ended, and keep their answers
    Wait(On),
    /// Look at every batch once, and keep the answers of those that have ended
    Retrieve(On),
    /// Tell how the batches stand, without a word to the endpoint
    Status(On),
    /// Ask the endpoint to end every batch; what is done by then can be retrieved, and is paid for
    Cancel(On),
    /// Forget a batch: what it holds is asked, and paid for, once more
    GiveUp {
        /// Its number, as `moru batch status` tells it
        number: u32,
        #[command(flatten)]
        on: On,
    },
    /// Write what is open as a file for `vllm run-batch -i FILE -o ANSWERS`
    Write {
        /// The file
        file: PathBuf,
        #[command(flatten)]
        on: On,
    },
    /// Keep the answers in a file that `vllm run-batch` wrote
    Read {
        /// The file
        file: PathBuf,
        #[command(flatten)]
        on: On,
    },
}

/// Which project.
#[derive(Debug, Args)]
struct On {
    /// Report as JSON
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    project: ProjectArgs,
}

/// What came of a verb.
#[derive(Debug, Default, Serialize)]
struct Done {
    /// How the batches stand.
    batches: BatchReport,
    /// What a file held.
    #[serde(skip_serializing_if = "Option::is_none")]
    read: Option<Read>,
    /// Requests that are in no batch and not answered.
    open: usize,
    /// Whether everything is answered.
    settled: bool,
}

impl Batch {
    pub fn run(self, console: &Console) -> anyhow::Result<Outcome> {
        match self.verb {
            Verb::Status(on) => status(&on, console),
            Verb::Submit(on) => on.step(console, Step::Submit),
            Verb::Wait(on) => on.step(console, Step::Wait),
            Verb::Retrieve(on) => on.step(console, Step::Retrieve),
            Verb::Cancel(on) => on.step(console, Step::Cancel),
            Verb::GiveUp { number, on } => {
                on.each(console, &mut |job, _, _| Ok((batch::give_up(job, number)?, None)))
            }
            Verb::Write { file, on } => {
                let mut n = 0;
                on.each(console, &mut |job, opened, name| {
                    let path = of_source(&file, name);
                    n += batch::write_run_batch(job, &opened.batches(), &path)?;
                    console.say(format!("{n} requests in {}", path.display()));
                    Ok((batch::status(job.state.folder())?, None))
                })
            }
            Verb::Read { file, on } => on.each(console, &mut |job, _, name| {
                let read = batch::read_run_batch(job, &of_source(&file, name))?;
                Ok((batch::status(job.state.folder())?, Some(read)))
            }),
        }
    }
}

/// What a verb does with a source's requests: how the batches stand afterwards, and what a file held.
type Work<'a> =
    &'a mut dyn FnMut(&Job<'_>, &mut Opened, Option<&str>) -> anyhow::Result<(BatchReport, Option<Read>)>;

impl On {
    fn step(&self, console: &Console, step: Step) -> anyhow::Result<Outcome> {
        let project = Project::open(&self.project)?;
        let settings = project.resolved().questions.clone();
        self.each(console, &mut |job, opened, _| {
            let batches = opened.batches();
            if step == Step::Submit {
                let estimate = teach::estimate(job, opened, &settings)?;
                console.say(format!(
                    "{}: {}",
                    teach::who(&opened.recipe),
                    teach::takes(&estimate, opened, true)
                ));
                let under_way = batch::status(job.state.folder())?.under_way;
                if estimate.requests > under_way && !settings.partial {
                    teach::within_budget(&estimate, opened, true, teach::CHEAPER)?;
                }
            }
            let Way::Endpoint(endpoint) = &opened.way else {
                return Err(fail(
                    "a model on this machine is asked without batches",
                    "`moru run` asks it; batches are for an endpoint",
                ));
            };
            let mut on_event = |event| {
                if let Event::Batch(seen) = event {
                    let why = seen.why.map(|why| format!(": {why}")).unwrap_or_default();
                    console.say(format!("{}{why}", teach::batch_text(&seen.state)));
                }
            };
            Ok((batch::step(step, job, endpoint, &batches, &mut on_event)?, None))
        })
    }

    /// Does something with the open round of each source that a teacher is asked about.
    fn each(&self, console: &Console, work: Work<'_>) -> anyhow::Result<Outcome> {
        let project = Project::open(&self.project)?;
        let sources = asked(&project)?;
        let request = Request {
            targets: Some(sources.iter().map(|name| Names::chunk(name)).collect()),
            ..Request::default()
        };
        stages::run(&project, &request, console)?;
        let cancelled = stages::stop_on_ctrl_c(*console);
        let mut done = Done { settled: true, ..Done::default() };
        for name in &sources {
            let chunks = project.results()?.output(&Names::chunk(name), Names::CHUNKS)?;
            let opened = endpoint::open(&project, &project.resolved().questions.teacher)?;
            let state = opened.state()?;
            let mut desk = Desk::open(&project, &chunks, opened, state)?;
            let part = (sources.len() > 1).then_some(name.as_str());
            done.settled &= teach::with_cancel(&cancelled, |cancel| {
                desk.walk(cancel, &mut |_, job, opened| turn(job, opened, part, work, &mut done))
            })
            .map_err(|error| teach::with_way_out(error, teach::CHEAPER))?;
        }
        self.show(console, &done);
        Ok(Outcome::Good)
    }

    fn show(&self, console: &Console, done: &Done) {
        if self.json {
            return console.print_json(done);
        }
        console.print(text(done));
    }
}

/// One round: what is settled already needs nothing.
fn turn(
    job: &Job<'_>,
    opened: &mut Opened,
    part: Option<&str>,
    work: Work<'_>,
    done: &mut Done,
) -> anyhow::Result<Left> {
    let before = Standing::of(job.plan, job.state)?;
    if before.open.is_empty() {
        done.batches = batch::status(job.state.folder())?;
        return Ok(Left::Settled(before));
    }
    let (report, read) = work(job, opened, part)?;
    let standing = Standing::of(job.plan, job.state)?;
    done.open += standing.open.len().saturating_sub(report.under_way);
    (done.batches, done.read) = (report, read);
    Ok(if standing.open.is_empty() { Left::Settled(standing) } else { Left::Open })
}

/// The sources that a teacher is asked about.
fn asked(project: &Project) -> anyhow::Result<Vec<String>> {
    if !endpoint::is_asked(project) {
        return Err(fail(
            "nobody is asked: [questions] `teacher` is \"builtin:extractive\", or there are no documents",
            "name an [endpoint.NAME] as the teacher; `moru explain endpoint` lists its keys",
        ));
    }
    let sources = project.resolved().source.values().filter(|source| source.is_documents());
    Ok(sources.map(|source| source.name.clone()).collect())
}

/// A file of one of several sources.
fn of_source(file: &Path, name: Option<&str>) -> PathBuf {
    let Some(name) = name else { return file.to_owned() };
    let stem = file.file_stem().unwrap_or_default().to_string_lossy();
    let end = file.extension().map(|end| format!(".{}", end.to_string_lossy())).unwrap_or_default();
    file.with_file_name(format!("{stem}-{name}{end}"))
}

fn status(on: &On, console: &Console) -> anyhow::Result<Outcome> {
    let project = Project::open(&on.project)?;
    asked(&project)?;
    let recipe: recipe::Endpoint = endpoint::recipe_of(&project, &project.resolved().questions.teacher)?;
    let batches = batch::status(&endpoint::folder(&project, &recipe)?)?;
    if on.json {
        console.print_json(&batches);
        return Ok(Outcome::Good);
    }
    if batches.batches.is_empty() {
        console.print("no batch was made yet: `moru batch submit`");
        return Ok(Outcome::Good);
    }
    console.print(lines(&batches).join("\n"));
    Ok(Outcome::Good)
}

fn lines(report: &BatchReport) -> Vec<String> {
    let mut lines: Vec<String> = report.batches.iter().map(teach::batch_text).collect();
    if report.under_way > 0 {
        lines.push(format!(
            "{} requests are under way: `moru batch wait`, or `moru batch retrieve` now and then",
            report.under_way
        ));
    }
    for batch in report.batches.iter().filter(|batch| matches!(batch.stage, Stage::Ended { .. })) {
        let number = batch.number;
        lines.push(format!(
            "where the endpoint no longer has the answers of batch {number}, `moru batch give-up {number}` lets them be \
             asked for once more"
        ));
    }
    lines
}

fn text(done: &Done) -> String {
    let mut lines = lines(&done.batches);
    if let Some(read) = &done.read {
        lines.push(format!(
            "{} answers were read; {} refused, {} missing, {} twice, {} of other requests, {} lines unreadable",
            read.answered, read.refused, read.missing, read.duplicates, read.strangers, read.unreadable
        ));
    }
    if done.batches.over_budget > 0 {
        lines.push(format!("{} requests are over the budget", done.batches.over_budget));
    }
    if done.settled {
        lines.push("everything is answered: `moru run` goes on with it".to_owned());
    } else if done.open > 0 {
        lines.push(format!(
            "{} requests are in no batch (unanswered, or to be asked again): `moru batch submit`, or `moru batch write FILE`",
            done.open
        ));
    }
    lines.join("\n")
}
