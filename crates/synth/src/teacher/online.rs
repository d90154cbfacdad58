//! Asking online: several requests at once, each answer kept as it comes.

use std::sync::mpsc::Sender;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

use super::clock::Halt;
use super::endpoint::{Endpoint, Sent, Waiting};
use super::error::Kept;
use super::job::{Event, Job};
use super::reply::Answer;
use super::round::{Open, Standing};
use super::state::Fault;
use super::{Key, Money, TeacherError, pool};

/// Refusals without an answer among them, after which the plan is at fault and not a request.
const REFUSALS: usize = 3;

/// Asks everything that is open, also what has to be asked again, until the plan is settled.
///
/// # Errors
/// [`TeacherError`], when nothing more can be asked for now. What was answered is kept, and asking goes on from there.
pub fn ask(
    job: &Job<'_>,
    endpoint: &Endpoint,
    on_event: &mut dyn FnMut(Event),
) -> Result<Standing, TeacherError> {
    let run =
        Run { job, endpoint, halt: Halt::new(job.cancel), shared: Mutex::default(), done: Condvar::new() };
    loop {
        let standing = Standing::of(job.plan, job.state)?;
        if standing.open.is_empty() {
            return Ok(standing);
        }
        run.round(&standing.open, on_event).map_err(|error| error.keeping(job.kept()))?;
    }
}

/// Workers, and what they share.
struct Run<'a> {
    job: &'a Job<'a>,
    endpoint: &'a Endpoint,
    halt: Halt,
    shared: Mutex<Shared>,
    /// A request under way has ended.
    done: Condvar,
}

#[derive(Default)]
struct Shared {
    under_way: usize,
    done: usize,
    answered: usize,
    /// Refused before anything was answered.
    refused: Vec<(Key, Fault)>,
    failed: usize,
    failed_in_a_row: u32,
    last: String,
    /// Tokens of prompts as they were counted here, and as the endpoint counts them.
    counted: usize,
    used: usize,
    error: Option<TeacherError>,
}

impl Shared {
    /// The first error stays.
    fn end(&mut self, error: TeacherError, halt: &Halt) {
        self.error.get_or_insert(error);
        halt.now();
    }

    /// How many more tokens the endpoint counts in a prompt than are counted here; at least as many.
    fn excess(&self) -> f64 {
        if self.counted == 0 { 1.0 } else { (self.used as f64 / self.counted as f64).max(1.0) }
    }
}

impl Run<'_> {
    fn round(&self, open: &[Open], on_event: &mut dyn FnMut(Event)) -> Result<(), TeacherError> {
        let asked_again = open.iter().filter(|open| open.asked > 0).count();
        on_event(Event::Round { open: open.len(), asked_again });
        let before = {
            let mut shared = self.shared();
            (shared.done, shared.failed) = (0, 0);
            shared.answered
        };
        let threads = self.endpoint.settings().concurrency;
        let work = |i: usize, events: &Sender<Event>| self.one(&open[i], open.len(), events);
        pool::run(threads, open.len(), &self.halt, &work, on_event);
        let mut shared = self.shared();
        if let Some(error) = shared.error.take() {
            return Err(error);
        }
        let refused = std::mem::take(&mut shared.refused);
        if self.job.cancel.is_cancelled() {
            return Err(TeacherError::Cancelled { kept: Kept::default() });
        }
        for (key, fault) in refused {
            self.job.state.note_fault(key, fault)?;
        }
        if shared.failed == 0 {
            return Ok(());
        }
        let (open, last, url) = (shared.failed, shared.last.clone(), self.endpoint.http.url(""));
        let (attempts, kept) = (self.endpoint.settings().attempts, Kept::default());
        if shared.answered == before {
            return Err(TeacherError::Failing { url, requests: open as u32, attempts, last, kept });
        }
        Err(TeacherError::Unanswered { open, last, kept })
    }

    fn one(&self, open: &Open, of: usize, events: &Sender<Event>) {
        let most = self.job.most(open);
        let cost = match self.begin(open.body.key, most) {
            Ok(Some(cost)) => cost,
            Ok(None) => return,
            Err(error) => return self.shared().end(error, &self.halt),
        };
        let tokens = most.prompt_tokens + most.completion_tokens;
        let mut on_wait = |waiting: Waiting<'_>| {
            let _ = events.send(Event::Waiting { why: waiting.why.to_owned(), wait: waiting.wait });
        };
        let model = &self.job.plan.model.name;
        let mut again = || self.again(open.body.key, cost);
        let sent = self.endpoint.complete(&open.body, model, tokens, &self.halt, &mut again, &mut on_wait);
        let ended = self.settle(open.body.key, cost, most.prompt_tokens, sent, of, events);
        let mut shared = self.shared();
        if let Err(error) = ended {
            shared.end(error, &self.halt);
        }
        shared.under_way -= 1;
        drop(shared);
        self.done.notify_all();
    }

    /// Takes what a request may cost out of the budget. While others are under way, which may cost less than they
    /// may, it waits for them. None where asking has ended.
    fn begin(&self, key: Key, most: chat::Usage) -> Result<Option<Money>, TeacherError> {
        let mut shared = self.shared();
        loop {
            if self.halt.is_on() {
                return Ok(None);
            }
            let prompt_tokens = (most.prompt_tokens as f64 * shared.excess()).ceil() as usize;
            let next = self.job.prices.of(chat::Usage { prompt_tokens, ..most });
            let Some(spent) = self.job.state.ask(key, next, self.job.budget)? else {
                shared.under_way += 1;
                return Ok(Some(next));
            };
            if shared.under_way == 0 {
                let budget = self.job.budget.unwrap_or_default();
                return Err(TeacherError::Budget { budget, spent, next, kept: Kept::default() });
            }
            shared = self.done.wait(shared).unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// An answer that was lost on the way may have been paid for: it is asked for again only if both fit the budget.
    fn again(&self, key: Key, next: Money) -> Result<bool, TeacherError> {
        let Some(spent) = self.job.state.ask(key, next, self.job.budget)? else { return Ok(true) };
        let budget = self.job.budget.unwrap_or_default();
        Err(TeacherError::Budget { budget, spent, next, kept: Kept::default() })
    }

    fn settle(
        &self,
        key: Key,
        reserved: Money,
        counted: usize,
        sent: Sent,
        of: usize,
        events: &Sender<Event>,
    ) -> Result<(), TeacherError> {
        let state = self.job.state;
        match sent {
            Sent::Answered(answer) => self.answered(key, reserved, counted, answer, of, events),
            Sent::Refused(fault) => {
                let _ = events.send(Event::Refused { status: fault.status, said: fault.said.clone() });
                self.refused(key, fault)
            }
            Sent::Failed { last, reached, unheard } => {
                // What was sent and not heard stays noted as asked, and counts as paid.
                if !unheard {
                    state.note_unanswered(key)?;
                }
                self.failed(last, reached)
            }
            Sent::Cancelled => state.note_unanswered(key),
            Sent::Over(error) => {
                state.note_unanswered(key)?;
                Err(error)
            }
        }
    }

    fn answered(
        &self,
        key: Key,
        reserved: Money,
        counted: usize,
        answer: Answer,
        of: usize,
        events: &Sender<Event>,
    ) -> Result<(), TeacherError> {
        let tokens = answer.usage;
        // An endpoint that does not say what was used is believed to have used the most.
        let cost = tokens.map_or(reserved, |tokens| self.job.prices.of(tokens.into()));
        self.job.state.keep(vec![(key, cost, answer)])?;
        let mut shared = self.shared();
        shared.answered += 1;
        shared.done += 1;
        shared.failed_in_a_row = 0;
        if let Some(tokens) = tokens {
            shared.counted += counted;
            shared.used += tokens.prompt;
        }
        let done = shared.done;
        let refused = std::mem::take(&mut shared.refused);
        drop(shared);
        let _ = events.send(Event::Answered { done, of, tokens, cost });
        refused.into_iter().try_for_each(|(key, fault)| self.job.state.note_fault(key, fault))
    }

    fn refused(&self, key: Key, fault: Fault) -> Result<(), TeacherError> {
        let mut shared = self.shared();
        shared.done += 1;
        if shared.answered > 0 {
            drop(shared);
            return self.job.state.note_fault(key, fault);
        }
        self.job.state.note_unanswered(key)?;
        let (status, said) = (fault.status, fault.said.clone());
        shared.refused.push((key, fault));
        if shared.refused.len() < REFUSALS {
            return Ok(());
        }
        let url = self.endpoint.http.url("");
        Err(TeacherError::Refusing { url, status, said, kept: Kept::default() })
    }

    fn failed(&self, last: String, reached: bool) -> Result<(), TeacherError> {
        let mut shared = self.shared();
        shared.failed += 1;
        shared.failed_in_a_row += 1;
        shared.last.clone_from(&last);
        let (url, attempts) = (self.endpoint.http.url(""), self.endpoint.settings().attempts);
        let kept = Kept::default();
        if !reached {
            return Err(TeacherError::Unreachable { url, cause: last, kept });
        }
        if shared.failed_in_a_row >= REFUSALS as u32 {
            let requests = shared.failed_in_a_row;
            return Err(TeacherError::Failing { url, requests, attempts, last, kept });
        }
        Ok(())
    }

    fn shared(&self) -> MutexGuard<'_, Shared> {
        self.shared.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
