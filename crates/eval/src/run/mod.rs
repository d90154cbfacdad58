//! Asks a model the questions of the test split, and keeps the answers.
//!
//! 1. [`Question::of`] takes an example apart: what is asked, and what a person had answered.
//! 2. [`answer_all`] asks a [`Responder`] in batches. Every finished batch is appended to a file before
//!    the next is begun, so that an evaluation that is killed continues where it was.
//!
//! Each system gets the same questions, word for word: prompts are built here, once.

mod log;

use std::collections::HashSet;
use std::path::Path;

use chat::{
    CancelToken, Event, Example, FinishReason, Message, Request, Responder, Role, Sampling, ToolCall,
};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::error::EvalError;
use log::AnswerLog;

/// What is asked: a conversation that waits for the assistant.
#[derive(Debug, Clone, PartialEq)]
pub struct Question {
    /// `source#key`; unique among the questions of a run.
    pub id: String,
    /// The turns up to where the assistant answers.
    pub messages: Vec<Message>,
    /// Functions that may be called.
    pub tools: Vec<Value>,
}

impl Question {
    /// Takes the last assistant turn off an example: the question, and that turn's text as reference.
    ///
    /// # Errors
    /// When the example does not end with an assistant turn.
    pub fn of(example: &Example) -> Result<(Self, String), EvalError> {
        match example.messages.split_last() {
            Some((last, before)) if last.role == Role::Assistant => {
                let question =
                    Self { id: example.id.clone(), messages: before.to_vec(), tools: example.tools.clone() };
                Ok((question, last.content.clone()))
            }
            _ => Err(EvalError::NoFinalAnswer { id: example.id.clone() }),
        }
    }
}

/// What came back.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Answer {
    /// The question's id.
    pub id: String,
    /// What was said.
    pub text: String,
    /// What was called.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tool_calls: Vec<ToolCall>,
    /// How it ended.
    pub finish: Finish,
    /// Tokens of the prompt.
    #[serde(default)]
    pub prompt_tokens: usize,
    /// Tokens of the answer.
    #[serde(default)]
    pub completion_tokens: usize,
}

/// How an answer ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Finish {
    /// The model ended it.
    Stop,
    /// It was cut off.
    Length,
    /// The model called functions.
    ToolCalls,
    /// There is no answer, and why.
    Failed(String),
}

/// How questions are asked.
#[derive(Debug, Clone)]
pub struct Asking<'a> {
    /// Names the model and whatever else makes answers incomparable: its digest, the template's.
    /// Answers of another identity are not continued.
    pub identity: &'a str,
    /// How tokens are chosen.
    pub sampling: Sampling,
    /// The adapter to answer with; none for the responder's default.
    pub adapter: Option<String>,
    /// Questions a batch; at least one.
    pub batch: usize,
    /// Ends the run between two batches.
    pub cancel: CancelToken,
}

impl<'a> Asking<'a> {
    /// Greedy answers of at most `max_tokens`, sixteen at once.
    pub fn greedy(identity: &'a str, max_tokens: usize) -> Self {
        let sampling = Sampling { max_tokens, ..Sampling::default() };
        Self { identity, sampling, adapter: None, batch: 16, cancel: CancelToken::default() }
    }
}

/// How far a run is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress {
    /// Questions that have an answer.
    pub answered: usize,
    /// All questions.
    pub questions: usize,
    /// Answers that were on disk when the run began.
    pub continued: usize,
}

/// Answers all questions, in their order. What `path` holds already is not asked again, except where it
/// failed; every finished batch is appended to it and flushed to the disk.
///
/// # Errors
/// When the file belongs to other questions or settings or is damaged, when ids are not unique, when the
/// responder fails, and when the run is cancelled. What was answered before stays in the file.
pub fn answer_all(
    responder: &mut dyn Responder,
    questions: &[Question],
    asking: &Asking,
    path: &Path,
    on_progress: &mut dyn FnMut(Progress),
) -> Result<Vec<Answer>, EvalError> {
    let mut ids = HashSet::new();
    if let Some(twice) = questions.iter().find(|q| !ids.insert(q.id.as_str())) {
        return Err(EvalError::DuplicateId { id: twice.id.clone() });
    }
    let mut log = AnswerLog::open(path, &log::key(questions, asking))?;
    let continued = questions.iter().filter(|q| log.get(&q.id).is_some()).count();
    let open: Vec<&Question> = questions.iter().filter(|q| log.get(&q.id).is_none()).collect();
    let mut progress = Progress { answered: continued, questions: questions.len(), continued };
    on_progress(progress);
    for batch in open.chunks(asking.batch.max(1)) {
        if asking.cancel.is_cancelled() {
            return Err(cancelled(&progress));
        }
        let answers = ask(responder, batch, asking)?;
        let Some(answers) = answers else { return Err(cancelled(&progress)) };
        progress.answered += answers.len();
        log.append(answers)?;
        on_progress(progress);
    }
    Ok(log.into_order(questions))
}

fn cancelled(progress: &Progress) -> EvalError {
    EvalError::Cancelled { answered: progress.answered, questions: progress.questions }
}

/// The answers of one batch; none where it was cancelled underway.
fn ask(
    responder: &mut dyn Responder,
    batch: &[&Question],
    asking: &Asking,
) -> Result<Option<Vec<Answer>>, EvalError> {
    let requests: Vec<Request> = batch.iter().map(|question| request(question, asking)).collect();
    let mut answers: Vec<Pending> = batch.iter().map(|_| Pending::default()).collect();
    let mut unknown = None;
    responder.respond(&requests, &mut |index, event| match answers.get_mut(index) {
        Some(answer) => answer.take(event),
        None => unknown = Some(index),
    })?;
    if let Some(index) = unknown {
        return Err(EvalError::NoSuchRequest { index, batch: batch.len() });
    }
    if answers.iter().any(|answer| answer.cancelled) {
        return Ok(None);
    }
    batch
        .iter()
        .zip(answers)
        .map(|(question, answer)| answer.finish(&question.id))
        .collect::<Result<_, _>>()
        .map(Some)
}

fn request(question: &Question, asking: &Asking) -> Request {
    Request {
        messages: question.messages.clone(),
        tools: question.tools.clone(),
        sampling: asking.sampling.clone(),
        adapter: asking.adapter.clone(),
        cancel: asking.cancel.clone(),
        ..Request::default()
    }
}

/// An answer on its way.
#[derive(Default)]
struct Pending {
    text: String,
    tool_calls: Vec<ToolCall>,
    done: Option<(Finish, chat::Usage)>,
    cancelled: bool,
}

impl Pending {
    fn take(&mut self, event: Event) {
        match event {
            Event::Text(piece) => self.text.push_str(&piece),
            Event::ToolCall(call) => self.tool_calls.push(call),
            Event::Token { .. } => {}
            Event::Done { finish, usage } => {
                let finish = match finish {
                    FinishReason::Stop => Finish::Stop,
                    FinishReason::Length => Finish::Length,
                    FinishReason::ToolCalls => Finish::ToolCalls,
                    FinishReason::Failed(why) => Finish::Failed(why),
                    FinishReason::Cancelled => {
                        self.cancelled = true;
                        return;
                    }
                };
                self.done = Some((finish, usage));
            }
        }
    }

    fn finish(self, id: &str) -> Result<Answer, EvalError> {
        let (finish, usage) = self.done.ok_or_else(|| EvalError::Unfinished { id: id.to_owned() })?;
        Ok(Answer {
            id: id.to_owned(),
            text: self.text,
            tool_calls: self.tool_calls,
            finish,
            prompt_tokens: usage.prompt_tokens,
            completion_tokens: usage.completion_tokens,
        })
    }
}
