//! Asking a model on this machine, or whatever else answers conversations.

use chat::{FinishReason, Responder};

use super::error::Kept;
use super::job::{Event, Job};
use super::reply::{Answer, Finish, Tokens};
use super::round::{Open, Standing};
use super::state::Fault;
use super::{Money, TeacherError};

/// Requests that a responder is given at once.
const TOGETHER: usize = 16;

/// Asks everything that is open of a responder, also what has to be asked again, until the plan is settled. It costs
/// nothing; a budget of zero still asks nothing.
///
/// # Errors
/// [`TeacherError::Responder`] where it fails, [`TeacherError::Cancelled`].
pub fn ask(
    job: &Job<'_>,
    responder: &mut dyn Responder,
    on_event: &mut dyn FnMut(Event),
) -> Result<Standing, TeacherError> {
    loop {
        let standing = Standing::of(job.plan, job.state)?;
        if standing.open.is_empty() {
            return Ok(standing);
        }
        if job.budget == Some(Money::ZERO) {
            let (spent, kept) = (job.state.spent(), job.kept());
            return Err(TeacherError::Budget { budget: Money::ZERO, spent, next: Money::ZERO, kept });
        }
        let asked_again = standing.open.iter().filter(|open| open.asked > 0).count();
        on_event(Event::Round { open: standing.open.len(), asked_again });
        let mut done = 0;
        for some in standing.open.chunks(TOGETHER) {
            together(job, responder, some, &mut done, standing.open.len(), on_event)
                .map_err(|error| error.keeping(job.kept()))?;
        }
    }
}

fn together(
    job: &Job<'_>,
    responder: &mut dyn Responder,
    open: &[Open],
    done: &mut usize,
    of: usize,
    on_event: &mut dyn FnMut(Event),
) -> Result<(), TeacherError> {
    let kept = Kept::default();
    if job.cancel.is_cancelled() {
        return Err(TeacherError::Cancelled { kept });
    }
    let requests: Vec<_> = open
        .iter()
        .map(|open| chat::Request { cancel: job.cancel.clone(), ..open.request.clone() })
        .collect();
    let mut said = vec![String::new(); open.len()];
    let mut fault = None;
    let mut cancelled = false;
    let mut heard = |i: usize, event: chat::Event| match event {
        chat::Event::Text(text) => said[i].push_str(&text),
        chat::Event::Token { .. } | chat::Event::ToolCall(_) => {}
        chat::Event::Done { finish: FinishReason::Cancelled, .. } => cancelled = true,
        chat::Event::Done { finish, usage } => {
            *done += 1;
            let text = std::mem::take(&mut said[i]);
            match keep(job, &open[i], text, finish, usage.into(), (*done, of)) {
                Ok(event) => on_event(event),
                Err(error) => fault = fault.take().or(Some(error)),
            }
        }
    };
    let ended = responder.respond(&requests, &mut heard);
    match (fault, ended) {
        (Some(error), _) => Err(error),
        (None, Err(source)) => Err(TeacherError::Responder { source, kept }),
        (None, Ok(())) if cancelled => Err(TeacherError::Cancelled { kept }),
        (None, Ok(())) => Ok(()),
    }
}

/// Notes what became of one request, and tells of it.
fn keep(
    job: &Job<'_>,
    open: &Open,
    text: String,
    finish: FinishReason,
    tokens: Tokens,
    (done, of): (usize, usize),
) -> Result<Event, TeacherError> {
    let key = open.body.key;
    let finish = match finish {
        FinishReason::Length => Finish::Length,
        FinishReason::Failed(said) => {
            job.state.note_fault(key, Fault { status: 0, said: said.clone() })?;
            return Ok(Event::Refused { status: 0, said });
        }
        _ => Finish::Stop,
    };
    let model = Some(job.plan.model.name.clone());
    let answer = Answer { text, finish, usage: Some(tokens), model, ..Answer::default() };
    job.state.keep(vec![(key, Money::ZERO, answer)])?;
    Ok(Event::Answered { done, of, tokens: Some(tokens), cost: Money::ZERO })
}
