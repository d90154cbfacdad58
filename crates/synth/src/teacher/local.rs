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
    if job.budget == Some(Money::ZERO) {
        let spent = job.state.spent();
        return Err(TeacherError::Budget { budget: Money::ZERO, spent, next: Money::ZERO, kept });
    }
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
        chat::Event::Done { finish, usage } => {
            let key = open[i].body.key;
            let tokens = Tokens { prompt: usage.prompt_tokens, completion: usage.completion_tokens };
            let finish = match finish {
                FinishReason::Stop | FinishReason::ToolCalls => Finish::Stop,
                FinishReason::Length => Finish::Length,
                FinishReason::Cancelled => return cancelled = true,
                FinishReason::Failed(why) => {
                    on_event(Event::Refused { status: 0, said: why.clone() });
                    let noted = job.state.note_fault(key, Fault { status: 0, said: why });
                    fault = fault.take().or(noted.err());
                    return;
                }
            };
            let answer = Answer {
                text: std::mem::take(&mut said[i]),
                finish,
                usage: Some(tokens),
                model: Some(job.plan.model.name.clone()),
                ..Answer::default()
            };
            let noted = job.state.keep(vec![(key, Money::ZERO, answer)]);
            fault = fault.take().or(noted.err());
            *done += 1;
            on_event(Event::Answered { done: *done, of, tokens: Some(tokens), cost: Money::ZERO });
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
