//! Asking a teacher about documents: what it is asked, what that takes, and what came of it.
//!
//! 1. [`inputs`] and [`note_params`] say what the questions depend on: the model, how it is drawn, the prompts. Where it
//!    is asked, with which key, in which mode and at which price changes no question.
//! 2. A [`Desk`] has a lesson, the answers so far, and whoever is asked. [`Desk::walk`] goes through its rounds.
//! 3. [`run`] is the stage: it tells what asking will take, asks, and gives the questions.

mod aside;
mod limits;
mod told;

use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use chat::{CancelToken, Schema};
use data::validate::{Limits, Validator};
use pipeline::{Context, Counts, Input};
use serde::{Deserialize, Serialize};
use synth::questions::prompts::{Bilingual, PromptKind, file_name};
use synth::questions::teacher as asking;
use synth::questions::{Drafts, Lesson, Quotas};
use synth::teacher::batch;
use synth::teacher::{
    Ask, Assumed, COMPLAINT_EN, COMPLAINT_KO, Estimate, Form, Job, Plan, Settings, Settled, Standing, State,
    Tally, TeacherError, ask_again, local, online, roughly,
};

use super::endpoint::{self, Opened, Way};
use super::{Names, questions};
use crate::console::error::fail;
use crate::project::Project;
use crate::recipe::{Endpoint, Questions};

pub use aside::way_back;
pub use limits::{CHEAPER, with_way_out, within_budget};
use told::Teller;
pub use told::{Listener, batch_text, takes, who};

/// The prompts that a teacher is asked with.
const PROMPTS: [PromptKind; 2] = [PromptKind::Ask, PromptKind::Again];

/// Tokens of a question with its answer, its place and its key facts, as models write them.
const PAIR_TOKENS: usize = 140;

/// What the prompts of a recipe are, and a local model's files, as inputs of the stage.
pub fn inputs<'a>(project: &'a Project, recipe: &Endpoint) -> anyhow::Result<Vec<Input<'a>>> {
    let mut inputs = Vec::new();
    let folder = &project.resolved().questions.prompts;
    if !folder.is_empty() {
        for (kind, is_korean) in PROMPTS.iter().flat_map(|kind| [(*kind, true), (*kind, false)]) {
            let name = file_name(kind, is_korean);
            inputs.push(Input::file(&name, Path::new(folder).join(&name)));
        }
    }
    if recipe.local().is_some() {
        inputs.push(endpoint::local_input(project, recipe)?);
    }
    Ok(inputs)
}

/// Reads what the answers depend on, so that it becomes part of the stage's key.
pub fn note_params(stage: &mut Context<'_>, recipe: &Endpoint, is_named: bool) -> anyhow::Result<()> {
    endpoint::note_params(stage, recipe, is_named)?;
    stage.param::<bool>("questions.partial")?;
    Ok(())
}

/// The prompts of a recipe.
pub fn prompts(project: &Project) -> anyhow::Result<Bilingual> {
    match project.resolved().questions.prompts.as_str() {
        "" => Ok(Bilingual::default()),
        folder => Ok(Bilingual::read(&project.path(folder), &PROMPTS)?),
    }
}

/// An answer that could not be used, as people read of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SetAside {
    /// The chunk that was asked about.
    pub id: String,
    /// The round in which it was asked.
    pub round: usize,
    /// Why it cannot be used, in a word.
    pub reason: String,
    /// Why, in a sentence.
    pub why: String,
    /// How often it was asked.
    pub asked: u32,
    /// What was said at last.
    pub said: String,
}

/// How a round was left.
pub enum Left {
    /// Everything is settled.
    Settled(Standing),
    /// It is not, and this is all there will be.
    AsItIs(Standing),
    /// It is not, and the walk ends here.
    Open,
}

/// A lesson with the answers so far, and whoever is asked.
pub struct Desk {
    opened: Opened,
    state: State,
    lesson: Lesson,
    settings: Questions,
    /// What became of the answers.
    pub tally: Tally,
    /// Answers that could not be used.
    pub set_aside: Vec<SetAside>,
}

impl Desk {
    /// The desk of a source whose chunks lie in a folder.
    pub fn open(project: &Project, chunks: &Path, opened: Opened, state: State) -> anyhow::Result<Self> {
        let settings = project.resolved().questions.clone();
        let validator = Validator::new(questions::sources(chunks)?, Limits::default());
        let seed = project.resolved().project.seed;
        let lesson = Lesson::new(validator, settings.quotas(), seed, prompts(project)?);
        Ok(Self { opened, state, lesson, settings, tally: Tally::default(), set_aside: Vec::new() })
    }

    /// Goes through the rounds: what is asked in each is left as `ask` says. True where nothing more is to be asked.
    pub fn walk(
        &mut self,
        cancel: &CancelToken,
        ask: &mut dyn FnMut(usize, &Job<'_>, &mut Opened) -> anyhow::Result<Left>,
    ) -> anyhow::Result<bool> {
        loop {
            let asks = self.lesson.asks();
            if asks.is_empty() {
                return Ok(true);
            }
            let plan = self.plan(&asks)?;
            let job = Job {
                plan: &plan,
                state: &self.state,
                prices: self.opened.prices,
                budget: self.opened.budget,
                count: &roughly,
                cancel,
            };
            let asked = ask(self.lesson.round(), &job, &mut self.opened);
            match asked.map_err(|error| limits::after(error, &self.tally))? {
                Left::Open => return Ok(false),
                Left::AsItIs(standing) => {
                    self.hear(&asks, &standing)?;
                    return Ok(true);
                }
                Left::Settled(standing) => self.hear(&asks, &standing)?,
            }
        }
    }

    fn plan(&self, asks: &[asking::Ask]) -> anyhow::Result<Plan> {
        let of = |ask: &asking::Ask| {
            let schema = Arc::new(Schema::new(&ask.schema)?);
            anyhow::Ok(Ask {
                id: ask.id.clone(),
                messages: ask.messages.clone(),
                form: Some(Form { name: ask.schema_name.to_owned(), schema }),
                sampling: self.opened.sampling(),
            })
        };
        let all = asks.iter().map(of).collect::<anyhow::Result<_>>()?;
        let complaint = if self.lesson.is_korean() { COMPLAINT_KO } else { COMPLAINT_EN };
        let re_asks = u32::try_from(self.opened.recipe.re_asks).unwrap_or(u32::MAX);
        Ok(Plan::new(self.opened.model.clone(), all)?.with_re_asks(re_asks, complaint))
    }

    fn hear(&mut self, asks: &[asking::Ask], standing: &Standing) -> anyhow::Result<()> {
        let of_id: HashMap<&str, &Settled> =
            standing.settled.iter().map(|settled| (settled.id.as_str(), settled)).collect();
        let round = self.lesson.round();
        let mut answers = Vec::with_capacity(asks.len());
        for ask in asks {
            let settled = of_id.get(ask.id.as_str());
            answers.push(settled.and_then(|s| s.result.as_ref().ok()).map(|usable| usable.value.clone()));
            let Some((settled, why)) = settled.and_then(|s| Some((s, s.result.as_ref().err()?))) else {
                continue;
            };
            let said = self.state.answer(&settled.key)?.map(|answer| answer.text).unwrap_or_default();
            let (reason, why) = (why.code().to_owned(), why.to_string());
            let (id, asked) = (ask.id.clone(), settled.asked);
            self.set_aside.push(SetAside { id, round, reason, why, asked, said });
        }
        self.lesson.hear(asks, &answers);
        add(&mut self.tally, standing.tally());
        Ok(())
    }
}

/// What asking what is open will take.
pub fn estimate(job: &Job<'_>, opened: &Opened, settings: &Questions) -> anyhow::Result<Estimate> {
    let pairs = (settings.lookup + settings.procedure) * 5 / 4;
    let answer_tokens = PAIR_TOKENS * pairs.div_ceil(job.plan.asks().len().max(1)).max(1);
    estimate_of(job, opened, answer_tokens)
}

/// What asking what is open will take, where an answer takes so many tokens.
pub fn estimate_of(job: &Job<'_>, opened: &Opened, answer_tokens: usize) -> anyhow::Result<Estimate> {
    // About as fast as a large model writes.
    let answer_time = Duration::from_secs_f64(1.0 + answer_tokens as f64 / 50.0);
    let settings = match &opened.way {
        Way::Endpoint(endpoint) => endpoint.settings().clone(),
        Way::Local(_) => Settings { concurrency: 1, ..Settings::new("") },
    };
    Ok(Estimate::of(job, &settings, Assumed { answer_tokens, answer_time })?)
}

impl Questions {
    /// As questions are planned.
    pub fn quotas(&self) -> Quotas {
        Quotas {
            lookup: self.lookup,
            procedure: self.procedure,
            absent: self.absent,
            further_absent: self.further_absent,
            further_answerable: self.further_answerable,
            cover: self.cover,
        }
    }
}

/// The questions of a source, asked of the recipe's teacher.
pub fn run(stage: &mut Context<'_>, project: &Project) -> anyhow::Result<(Drafts, Vec<SetAside>, Counts)> {
    let opened = endpoint::open(project, &project.resolved().questions.teacher)?;
    let state = opened.state()?;
    forbid_two_ways(&opened, &state)?;
    // What was refused may have been the recipe's fault, which may be mended by now.
    state.forgive()?;
    let chunks = stage.input(Names::CHUNKS)?;
    let mut desk = Desk::open(project, &chunks, opened, state)?;
    let cancelled = stage.cancelled();
    let settings = desk.settings.clone();
    let ended = with_cancel(cancelled, |cancel| {
        desk.walk(cancel, &mut |round, job, opened| {
            if stage.is_refreshed() {
                note_again(stage, ask_again(job.plan, job.state)?);
            }
            told_before(stage, round, job, opened, &settings)?;
            ask(stage, job, opened, settings.partial)
        })
    });
    match ended {
        Err(_) if stage.is_cancelled() => return Err(pipeline::Error::Cancelled.into()),
        other => other.map_err(|error| limits::with_way_out(error, CHEAPER))?,
    };
    let Desk { lesson, tally, set_aside, state, .. } = desk;
    if !settings.partial {
        aside::is_of_use((project, stage.id()), &state, &lesson, &set_aside, &tally)?;
    }
    let mut counts = Counts::all("answers", tally.used as u64);
    counts.input = tally.asks as u64;
    counts.rejected = tally.set_aside.iter().map(|(why, n)| (why.clone(), *n as u64)).collect();
    if tally.open > 0 {
        counts.rejected.insert("not_answered".to_owned(), tally.open as u64);
    }
    if tally.repaired + tally.asked_again > 0 {
        stage.note(&format!(
            "{} answers were repaired, {} were asked for again and can be used",
            tally.repaired, tally.asked_again
        ));
    }
    Ok((lesson.end(), set_aside, counts))
}

/// Says that a refresh asks for what was set aside.
pub fn note_again(listener: &mut dyn Listener, asks: usize) {
    if asks > 0 {
        listener.note(&format!("{asks} answers that were set aside are asked for again"));
    }
}

/// Requests that are in a batch would be asked and paid for a second time online.
pub fn forbid_two_ways(opened: &Opened, state: &State) -> anyhow::Result<()> {
    if opened.recipe.is_batch() {
        return Ok(());
    }
    let under_way = batch::status(state.folder())?.under_way;
    if under_way == 0 {
        return Ok(());
    }
    Err(fail(
        format!("{under_way} requests are in batches at {}, and would be paid for twice", opened.recipe.url),
        "`moru batch wait` fetches their answers, `moru batch cancel` ends them; or set mode = \"batch\" again",
    ))
}

/// Does something that a caller's flag may end.
pub fn with_cancel<T>(cancelled: &AtomicBool, work: impl FnOnce(&CancelToken) -> T) -> T {
    let (cancel, done) = (CancelToken::default(), AtomicBool::new(false));
    std::thread::scope(|scope| {
        scope.spawn(|| {
            while !done.load(Ordering::Relaxed) {
                if cancelled.load(Ordering::Relaxed) {
                    return cancel.cancel();
                }
                std::thread::sleep(Duration::from_millis(20));
            }
        });
        let ended = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| work(&cancel)));
        done.store(true, Ordering::Relaxed);
        ended.unwrap_or_else(|panic| std::panic::resume_unwind(panic))
    })
}

/// Says what asking will take; refuses to begin what the budget does not allow.
fn told_before(
    stage: &mut Context<'_>,
    round: usize,
    job: &Job<'_>,
    opened: &Opened,
    settings: &Questions,
) -> anyhow::Result<()> {
    let (estimate, is_batch) = (estimate(job, opened, settings)?, opened.recipe.is_batch());
    stage.note(&if round == 1 {
        format!("{}: {}", who(&opened.recipe), takes(&estimate, opened, is_batch))
    } else {
        format!("round {round}, for what is missing: {}", takes(&estimate, opened, is_batch))
    });
    if settings.partial || estimate.requests == 0 {
        return Ok(());
    }
    within_budget(&estimate, opened, is_batch, CHEAPER)
}

fn ask(stage: &mut Context<'_>, job: &Job<'_>, opened: &mut Opened, partial: bool) -> anyhow::Result<Left> {
    match ask_all(stage, job, opened) {
        Ok(standing) => Ok(Left::Settled(standing)),
        Err(TeacherError::Cancelled { .. }) => Err(pipeline::Error::Cancelled.into()),
        Err(error) if partial && is_for_now(&error) => {
            stage.note(&format!("{error}"));
            stage.note("partial = true: it goes on with what there is; `moru run synthesize --refresh` asks for the rest");
            Ok(Left::AsItIs(Standing::of(job.plan, job.state)?))
        }
        Err(error) => Err(error.into()),
    }
}

/// Asks everything that is open, in the way and mode of the recipe, and tells how it goes.
pub fn ask_all(
    listener: &mut dyn Listener,
    job: &Job<'_>,
    opened: &mut Opened,
) -> Result<Standing, TeacherError> {
    let batches = opened.batches();
    let is_batch = opened.recipe.is_batch();
    let mut teller = Teller::default();
    let mut on_event = |event| teller.tell(listener, event);
    let asked = match &mut opened.way {
        Way::Endpoint(endpoint) if is_batch => batch::ask(job, endpoint, &batches, &mut on_event),
        Way::Endpoint(endpoint) => online::ask(job, endpoint, &mut on_event),
        Way::Local(assistant) => local::ask(job, &mut **assistant, &mut on_event),
    };
    if is_batch && matches!(asked, Err(TeacherError::Cancelled { .. })) {
        listener.note("the endpoint goes on with its batches: `moru run` waits for them, `moru batch status` tells how they stand");
    }
    asked
}

/// Whether an error says that no more can be had now, and not that something is wrong with the recipe.
fn is_for_now(error: &TeacherError) -> bool {
    use TeacherError as E;
    matches!(
        error,
        E::Budget { .. }
            | E::Unreachable { .. }
            | E::Failing { .. }
            | E::TooBusy { .. }
            | E::NoCredit { .. }
            | E::Unanswered { .. }
    )
}

fn add(all: &mut Tally, more: Tally) {
    all.asks += more.asks;
    all.used += more.used;
    all.repaired += more.repaired;
    all.asked_again += more.asked_again;
    all.open += more.open;
    for (why, n) in more.set_aside {
        *all.set_aside.entry(why).or_default() += n;
    }
}
