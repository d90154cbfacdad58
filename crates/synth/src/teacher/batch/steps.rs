//! What is done with batches: submitted, looked after, fetched.

use super::super::clock::{Halt, wait as wait_for};
use super::super::endpoint::Endpoint;
use super::super::error::Kept;
use super::super::job::{Event, Job};
use super::super::round::Standing;
use super::super::{Money, TeacherError};
use super::chunk;
use super::store::Store;
use super::{BatchReport, BatchSettings, BatchState, Read, Seen, Stage};

/// Batches of one plan at one endpoint.
pub(super) struct Batches<'a> {
    pub job: &'a Job<'a>,
    pub endpoint: &'a Endpoint,
    pub settings: &'a BatchSettings,
    pub store: Store,
    pub halt: Halt,
    pub on_event: &'a mut dyn FnMut(Event),
}

/// What is done with the batches of a plan.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// Puts what is open into files, uploads them and has batches made, as many as the endpoint's queue takes. What is
    /// in a batch already is left there.
    Submit,
    /// Looks after the batches until all have ended and their answers are kept; submits what was queued meanwhile.
    Wait,
    /// Looks at every batch once, and keeps the answers of those that have ended. Submits nothing new.
    Retrieve,
    /// Asks the endpoint to end every batch. What is done by then can still be fetched, and is paid for: wait for it.
    Cancel,
}

/// Takes a step, and says how the batches stand after it.
///
/// # Errors
/// [`TeacherError::Budget`] where nothing may be submitted and nothing is under way; [`TeacherError::Cancelled`] leaves
/// the batches where they are; others when the endpoint fails, or a batch cannot be run. Take the step again to go on.
pub fn step(
    step: Step,
    job: &Job<'_>,
    endpoint: &Endpoint,
    settings: &BatchSettings,
    on_event: &mut dyn FnMut(Event),
) -> Result<BatchReport, TeacherError> {
    with(job, endpoint, settings, on_event, |batches| {
        let mut over_budget = 0;
        match step {
            Step::Submit => {
                over_budget = batches.cut()?;
                batches.create_queued()?;
            }
            Step::Wait => batches.wait()?,
            Step::Retrieve => batches.look()?,
            Step::Cancel => batches.cancel()?,
        }
        Ok(batches.report(over_budget))
    })
}

/// Asks a plan by batches until it is settled: what a batch did not answer goes into the next.
///
/// # Errors
/// As [`step`]; [`TeacherError::Unanswered`] where a round of batches answered nothing.
pub fn ask(
    job: &Job<'_>,
    endpoint: &Endpoint,
    settings: &BatchSettings,
    on_event: &mut dyn FnMut(Event),
) -> Result<Standing, TeacherError> {
    with(job, endpoint, settings, on_event, |batches| {
        // What an earlier run left under way comes first.
        batches.wait()?;
        loop {
            let standing = Standing::of(job.plan, job.state)?;
            if standing.open.is_empty() {
                return Ok(standing);
            }
            let before = (job.state.answers(), standing.settled.len(), batches.store.limit(settings));
            let asked_again = standing.open.iter().filter(|open| open.asked > 0).count();
            (batches.on_event)(Event::Round { open: standing.open.len(), asked_again });
            batches.cut()?;
            batches.wait()?;
            let after = Standing::of(job.plan, job.state)?;
            if (job.state.answers(), after.settled.len(), batches.store.limit(settings)) == before {
                let last = "batches that answered nothing".to_owned();
                return Err(TeacherError::Unanswered { open: after.open.len(), last, kept: Kept::default() });
            }
        }
    })
}

/// Forgets a batch: what it holds is open again, and is asked, and paid for, once more.
///
/// # Errors
/// [`TeacherError::Setting`] where there is no batch of that number.
pub fn give_up(job: &Job<'_>, number: u32) -> Result<BatchReport, TeacherError> {
    let mut store = Store::open(job.state.folder())?;
    let batch = store.get(number).filter(|batch| !batch.is_over()).cloned();
    let missing =
        TeacherError::Setting { setting: "the batch's number", allowed: "one of a batch that is not over" };
    let batch = batch.ok_or(missing)?;
    // It may run to its end, and be paid for.
    let read = Read { missing: batch.lines, ..Read::default() };
    store.put(BatchState { stage: Stage::Over { status: "given_up".to_owned(), read }, ..batch })?;
    Ok(store.report(0, job.state.spent() + store.reserved()))
}

fn with<T>(
    job: &Job<'_>,
    endpoint: &Endpoint,
    settings: &BatchSettings,
    on_event: &mut dyn FnMut(Event),
    work: impl FnOnce(&mut Batches<'_>) -> Result<T, TeacherError>,
) -> Result<T, TeacherError> {
    if settings.lines == 0 || settings.bytes == 0 {
        let setting = "the size of a batch";
        return Err(TeacherError::Setting { setting, allowed: "at least one line and one byte" });
    }
    let store = Store::open(job.state.folder())?;
    let mut batches = Batches { job, endpoint, settings, store, halt: Halt::new(job.cancel), on_event };
    work(&mut batches).map_err(|error| error.keeping(job.kept()))
}

impl Batches<'_> {
    /// Cuts what is open into files. Gives how many requests the budget does not allow.
    fn cut(&mut self) -> Result<usize, TeacherError> {
        let open = Standing::of(self.job.plan, self.job.state)?.open;
        let over_budget = chunk::cut(self.job, self.settings, &mut self.store, &open)?;
        if over_budget > 0 && self.store.numbers(|stage| !matches!(stage, Stage::Over { .. })).is_empty() {
            let budget = self.job.budget.unwrap_or_default();
            let next = open.first().map_or(Money::ZERO, |open| self.job.prices.in_batch(self.job.most(open)));
            let spent = self.job.state.spent();
            return Err(TeacherError::Budget { budget, spent, next, kept: Kept::default() });
        }
        Ok(over_budget)
    }

    fn wait(&mut self) -> Result<(), TeacherError> {
        loop {
            self.look()?;
            self.create_queued()?;
            if self.store.numbers(|stage| !matches!(stage, Stage::Over { .. })).is_empty() {
                return Ok(());
            }
            if !wait_for(&*self.endpoint.clock, self.settings.poll, &self.halt) {
                return Err(TeacherError::Cancelled { kept: Kept::default() });
            }
        }
    }

    fn cancel(&mut self) -> Result<(), TeacherError> {
        self.give_up_queued()?;
        self.finish_creating()?;
        for number in self.store.numbers(|stage| matches!(stage, Stage::Running { .. })) {
            self.end(number)?;
        }
        Ok(())
    }

    /// One look at each batch that the endpoint has.
    fn look(&mut self) -> Result<(), TeacherError> {
        self.finish_creating()?;
        for number in self.store.numbers(|stage| matches!(stage, Stage::Running { .. })) {
            self.poll(number)?;
        }
        for number in self.store.numbers(|stage| matches!(stage, Stage::Ended { .. })) {
            self.fetch(number)?;
        }
        Ok(())
    }

    /// Batches that were being made when a process ended: each is looked for, and made where it is not found.
    fn finish_creating(&mut self) -> Result<(), TeacherError> {
        for number in self.store.numbers(|stage| matches!(stage, Stage::Creating)) {
            self.create(number)?;
        }
        Ok(())
    }

    /// Submits queued batches in order, as long as there is room for them. One goes in any case.
    fn create_queued(&mut self) -> Result<(), TeacherError> {
        self.finish_creating()?;
        for number in self.store.numbers(|stage| matches!(stage, Stage::Queued)) {
            let tokens = self.batch(number).tokens;
            let enqueued = self.store.enqueued();
            let limit = self.store.limit(self.settings);
            if enqueued > 0 && limit.is_some_and(|limit| enqueued + tokens > limit) {
                return Ok(());
            }
            if let Err(error) = self.create(number) {
                if matches!(error, TeacherError::NoBatches { .. }) {
                    self.give_up_queued()?;
                }
                return Err(error);
            }
        }
        Ok(())
    }

    /// What waits to be submitted goes no further, so that it can be asked for otherwise.
    fn give_up_queued(&mut self) -> Result<(), TeacherError> {
        for number in self.store.numbers(|stage| matches!(stage, Stage::Queued)) {
            self.over(number, "given_up", None)?;
        }
        Ok(())
    }

    pub fn batch(&self, number: u32) -> BatchState {
        self.store.get(number).cloned().expect("a number that was asked of the store")
    }

    /// Writes down where a batch stands, and tells of it.
    pub fn put(&mut self, batch: BatchState, why: Option<String>) -> Result<(), TeacherError> {
        self.store.put(batch.clone())?;
        (self.on_event)(Event::Batch(Seen { state: batch, why }));
        Ok(())
    }

    /// Ends a batch of which nothing comes.
    pub fn over(&mut self, number: u32, status: &str, why: Option<String>) -> Result<(), TeacherError> {
        let batch = self.batch(number);
        let read = Read { missing: batch.lines, ..Read::default() };
        self.put(BatchState { stage: Stage::Over { status: status.to_owned(), read }, ..batch }, why)
    }

    fn report(&self, over_budget: usize) -> BatchReport {
        self.store.report(over_budget, self.job.state.spent() + self.store.reserved())
    }
}
