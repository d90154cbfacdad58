//! Asks a judge for verdicts, and keeps what it says.
//!
//! Nothing but replies is kept. What is asked again follows from the reply that could not be used: the same turns,
//! that reply, and what is wrong with it. So a judging that was killed stands where it stood.

use std::collections::{HashMap, HashSet};
use std::path::Path;

use chat::{CancelToken, Event, FinishReason, Message, Request, Responder, Role, Usage};

use super::case::{Case, Task};
use super::log::{Key, Reply, ReplyLog};
use super::prompts::Prompts;
use super::verdict::{Fault, Verdict, read};
use crate::error::EvalError;

/// How often the same thing is asked again with what was wrong.
const RE_ASKS: u32 = 1;

/// How a judge is asked.
#[derive(Debug, Clone)]
pub struct Settings<'a> {
    /// The words.
    pub prompts: &'a Prompts,
    /// Names the judge and whatever else makes its verdicts its own: its model or the digest of its weights, and the
    /// settings that it answers under. Verdicts of another identity are not taken.
    pub identity: &'a str,
    /// Most tokens of a reply; one that is cut off is asked again with twice as many.
    pub max_tokens: usize,
    /// Requests that are handed to the responder at once; at least one. What was heard is on the disk before the next
    /// ones are.
    pub batch: usize,
    /// Requests that may fail while none is answered, before it is believed that none will be; none is no limit.
    pub patience: Option<usize>,
    /// Ends the judging between two batches.
    pub cancel: CancelToken,
}

impl<'a> Settings<'a> {
    /// Replies of at most 512 tokens, sixteen at once, however many fail.
    pub fn new(prompts: &'a Prompts, identity: &'a str) -> Self {
        Self { prompts, identity, max_tokens: 512, batch: 16, patience: None, cancel: CancelToken::default() }
    }
}

/// What came of a task.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Heard {
    /// The task.
    pub task: Task,
    /// The verdict, or why there is none.
    pub verdict: Result<Verdict, Fault>,
    /// How often the judge was asked: 1, or 2 where its first reply could not be used.
    pub asked: u32,
    /// Tokens of the prompts and replies.
    pub tokens: Usage,
}

/// How far a judging is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress {
    /// Verdicts that are settled.
    pub settled: usize,
    /// All that are asked for.
    pub tasks: usize,
    /// Those that were settled when the run began.
    pub continued: usize,
}

/// Asks for a verdict on each task, in their order. What `path` holds already is not asked again; every batch is
/// appended to it and flushed to the disk. Tasks that ask the same are asked once. A request that failed is not kept:
/// it is an error of this run, and asked anew by the next.
///
/// # Errors
/// When the responder fails as a whole or answers nothing for longer than it has patience, when a file cannot be written, and when the run is cancelled. What was heard
/// before stays in the file.
pub fn judge_all(
    responder: &mut dyn Responder,
    cases: &[Case],
    tasks: &[Task],
    settings: &Settings<'_>,
    path: &Path,
    on_progress: &mut dyn FnMut(Progress),
) -> Result<Vec<Heard>, EvalError> {
    let log = ReplyLog::open(path)?;
    let mut run = Run { cases, settings, log, failed: HashMap::new(), n_heard: 0 };
    let settled = tasks.iter().filter(|task| matches!(run.follow(**task), Step::Settled(_))).count();
    let mut progress = Progress { settled, tasks: tasks.len(), continued: settled };
    on_progress(progress);
    loop {
        let open = run.open(tasks);
        if open.is_empty() {
            break;
        }
        for batch in open.chunks(settings.batch.max(1)) {
            if settings.cancel.is_cancelled() || !run.ask(responder, batch)? {
                return Err(EvalError::Cancelled { answered: progress.settled, questions: progress.tasks });
            }
            progress.settled =
                tasks.iter().filter(|task| matches!(run.follow(**task), Step::Settled(_))).count();
            on_progress(progress);
        }
    }
    let heard = tasks.iter().filter_map(|&task| match run.follow(task) {
        Step::Settled(heard) => Some(heard),
        Step::Open(_) => None,
    });
    Ok(heard.collect())
}

struct Run<'a> {
    cases: &'a [Case],
    settings: &'a Settings<'a>,
    log: ReplyLog,
    /// What failed in this run.
    failed: HashMap<Key, String>,
    /// What was heard in this run.
    n_heard: usize,
}

/// Where a task stands.
enum Step {
    Settled(Heard),
    Open(Box<Open>),
}

/// A request that waits.
struct Open {
    task: Task,
    key: Key,
    request: Request,
}

impl Run<'_> {
    /// The requests that wait, each once.
    fn open(&self, tasks: &[Task]) -> Vec<Open> {
        let mut wanted = HashSet::new();
        let open = tasks.iter().filter_map(|&task| match self.follow(task) {
            Step::Open(open) if wanted.insert(open.key.clone()) => Some(*open),
            _ => None,
        });
        open.collect()
    }

    /// Goes through what was asked and said of a task.
    fn follow(&self, task: Task) -> Step {
        let mut messages = task.messages(self.cases, self.settings.prompts);
        let (mut max_tokens, mut asked, mut tokens) = (self.settings.max_tokens, 1, Usage::default());
        loop {
            let request = task.request(messages.clone(), max_tokens);
            let key = Key::of(self.settings.identity, &request);
            let settled = |verdict, tokens| Step::Settled(Heard { task, verdict, asked, tokens });
            if let Some(why) = self.failed.get(&key) {
                return settled(Err(Fault::Unanswered { why: why.clone() }), tokens);
            }
            let Some(reply) = self.log.get(&key) else {
                return Step::Open(Box::new(Open { task, key, request }));
            };
            tokens.prompt_tokens += reply.prompt_tokens as usize;
            tokens.completion_tokens += reply.completion_tokens as usize;
            let verdict = read(task, &reply.text, reply.is_cut, max_tokens);
            let Err(fault) = &verdict else { return settled(verdict, tokens) };
            if asked > RE_ASKS {
                return settled(verdict, tokens);
            }
            asked += 1;
            if matches!(fault, Fault::CutOff { .. }) {
                max_tokens *= 2;
            }
            messages.push(Message::new(Role::Assistant, reply.text.clone()));
            let complaint = self.settings.prompts.complaint(&fault.to_string());
            messages.push(Message::new(Role::User, complaint));
        }
    }

    /// Asks, and keeps what was said; false where it was cancelled.
    fn ask(&mut self, responder: &mut dyn Responder, batch: &[Open]) -> Result<bool, EvalError> {
        let requests: Vec<Request> = batch
            .iter()
            .map(|open| Request { cancel: self.settings.cancel.clone(), ..open.request.clone() })
            .collect();
        let mut pending = vec![Pending::default(); batch.len()];
        let mut unknown = None;
        let ended = responder.respond(&requests, &mut |index, event| match pending.get_mut(index) {
            Some(reply) => reply.take(event),
            None => unknown = Some(index),
        });
        // What was said before a fault was said, and may have been paid for.
        let reply = |(open, reply): (&Open, &Pending)| Some((open.key.clone(), reply.reply()?));
        let heard: Vec<(Key, Reply)> = batch.iter().zip(&pending).filter_map(reply).collect();
        self.n_heard += heard.len();
        self.log.append(heard)?;
        ended?;
        if let Some(index) = unknown {
            return Err(EvalError::NoSuchRequest { index, batch: batch.len() });
        }
        for (open, reply) in batch.iter().zip(pending) {
            match reply.done {
                Some((FinishReason::Failed(why), _)) => drop(self.failed.insert(open.key.clone(), why)),
                Some((FinishReason::Cancelled, _)) => return Ok(false),
                Some(_) => {}
                None => {
                    return Err(EvalError::UnfinishedVerdict { id: self.cases[open.task.case()].id.clone() });
                }
            }
        }
        let patience = self.settings.patience.filter(|most| self.n_heard == 0 && self.failed.len() >= *most);
        if patience.is_some() {
            let why = self.failed.values().next().cloned().unwrap_or_default();
            return Err(EvalError::SilentJudge { failed: self.failed.len(), why });
        }
        Ok(true)
    }
}

/// A reply on its way.
#[derive(Clone, Default)]
struct Pending {
    text: String,
    done: Option<(FinishReason, Usage)>,
}

impl Pending {
    fn take(&mut self, event: Event) {
        match event {
            Event::Text(piece) => self.text.push_str(&piece),
            Event::Done { finish, usage } => self.done = Some((finish, usage)),
            Event::Token { .. } | Event::ToolCall(_) => {}
        }
    }

    /// What was said, where the judge came to an end with it.
    fn reply(&self) -> Option<Reply> {
        let (finish, usage) = self.done.as_ref()?;
        let is_cut = match finish {
            FinishReason::Stop | FinishReason::ToolCalls => false,
            FinishReason::Length => true,
            FinishReason::Cancelled | FinishReason::Failed(_) => return None,
        };
        Some(Reply {
            text: self.text.clone(),
            is_cut,
            prompt_tokens: usage.prompt_tokens as u64,
            completion_tokens: usage.completion_tokens as u64,
        })
    }
}
