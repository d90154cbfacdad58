//! What can go wrong between a plan and its answers. Every message says what to do next; none holds a key.

use std::path::PathBuf;
use std::time::Duration;

use super::Money;

/// Why asking ended. What was answered before is kept.
#[derive(Debug, thiserror::Error)]
pub enum TeacherError {
    /// A plan that cannot be asked.
    #[error("the plan cannot be asked: {}{why}", if id.is_empty() { String::new() } else { format!("`{id}`: ") })]
    Plan {
        /// The ask; empty for the plan itself.
        id: String,
        /// What is wrong.
        why: &'static str,
    },
    /// A setting cannot be used.
    #[error("{setting} is not {allowed}")]
    Setting {
        /// The setting's name.
        setting: &'static str,
        /// What it has to be.
        allowed: &'static str,
    },
    /// Nothing answers there.
    #[error("{url} cannot be reached: {cause}. Is the endpoint running, and is its address right? {kept}")]
    Unreachable {
        /// What was asked.
        url: String,
        /// What the system says.
        cause: String,
        /// What is kept.
        kept: Kept,
    },
    /// The endpoint goes on failing.
    #[error("{url} failed {}, at last with {last}. Try again later: {kept}", often(*requests, *attempts))]
    Failing {
        /// What was asked.
        url: String,
        /// Requests that failed one after the other.
        requests: u32,
        /// How often each was tried.
        attempts: u32,
        /// The last failure.
        last: String,
        /// What is kept.
        kept: Kept,
    },
    /// The endpoint asks for a longer wait than is allowed.
    #[error("{url} asks to wait for {} s before the next request. Try again then: {kept}", wait.as_secs())]
    TooBusy {
        /// What was asked.
        url: String,
        /// How long.
        wait: Duration,
        /// What is kept.
        kept: Kept,
    },
    /// The key is missing or wrong.
    #[error("{url} refuses the key ({status}): {said}. {} {kept}", if *with_key { "Look at the key in the environment or in .env." } else { "No key was given: put it into the environment or into .env." })]
    Denied {
        /// What was asked.
        url: String,
        /// The HTTP status.
        status: u16,
        /// What the endpoint says.
        said: String,
        /// Whether a key was sent.
        with_key: bool,
        /// What is kept.
        kept: Kept,
    },
    /// No such model, or no such address.
    #[error(
        "{url} knows no model `{model}`, or is no endpoint (404): {said}. Look at the model's name, and whether the address ends as the server says, in /v1 for instance. {kept}"
    )]
    NotFound {
        /// What was asked.
        url: String,
        /// The model's name.
        model: String,
        /// What the endpoint says.
        said: String,
        /// What is kept.
        kept: Kept,
    },
    /// The account has nothing left.
    #[error(
        "the account at {url} has no credit left, or has reached its limit: {said}. Top it up, then run again: {kept}"
    )]
    NoCredit {
        /// What was asked.
        url: String,
        /// What the endpoint says.
        said: String,
        /// What is kept.
        kept: Kept,
    },
    /// The endpoint sends on to another address, where the key does not go.
    #[error("{url} sends on to {to}: write that address into the recipe if you trust it with the key")]
    Redirect {
        /// What was asked.
        url: String,
        /// Where it leads.
        to: String,
    },
    /// Every request is refused, so the plan or the settings are wrong.
    #[error(
        "{url} refuses every request ({status}): {said}. {} {kept}", otherwise(said).unwrap_or("A parameter it does not know, or a form it cannot follow?")
    )]
    Refusing {
        /// What was asked.
        url: String,
        /// The HTTP status.
        status: u16,
        /// What the endpoint says.
        said: String,
        /// What is kept.
        kept: Kept,
    },
    /// An answer that is none.
    #[error("the answer of {url} cannot be used: {why}. Is it an OpenAI-compatible endpoint?")]
    Answer {
        /// What was asked.
        url: String,
        /// What is wrong with it.
        why: String,
    },
    /// The next request could cost more than is left.
    #[error(
        "the budget of {budget} is used up: {spent} is spent, and the next request may cost {next}. {kept}"
    )]
    Budget {
        /// What may be spent.
        budget: Money,
        /// What is spent, with what is under way.
        spent: Money,
        /// What the next request may cost.
        next: Money,
        /// What is kept.
        kept: Kept,
    },
    /// Some requests failed for now.
    #[error(
        "{open} requests could not be answered for now, the last because of {last}. Run again to ask them once more: {kept}"
    )]
    Unanswered {
        /// How many.
        open: usize,
        /// The last failure.
        last: String,
        /// What is kept.
        kept: Kept,
    },
    /// It was cancelled.
    #[error("cancelled: {kept}")]
    Cancelled {
        /// What is kept.
        kept: Kept,
    },
    /// An endpoint that answers request by request alone, as vLLM does.
    #[error(
        "{url} is not there ({status}): the endpoint takes no batches. Set mode = \"online\" in its [endpoint.NAME], which asks it request by request. {kept}"
    )]
    NoBatches {
        /// What was asked.
        url: String,
        /// The HTTP status.
        status: u16,
        /// What is kept.
        kept: Kept,
    },
    /// The answers of a batch are not where the endpoint says.
    #[error(
        "the answers of batch {number} are not at {url} (404): endpoints keep files for a time. `moru batch give-up {number}` lets them be asked for, and paid, once more. {kept}"
    )]
    FileGone {
        /// What was asked.
        url: String,
        /// The batch's number in this folder.
        number: u32,
        /// What is kept.
        kept: Kept,
    },
    /// A file that holds no answers.
    #[error(
        "line {line} of {} {what}: expected is the file that `vllm run-batch -o` wrote, a line for each answer with `custom_id` and `response`", path.display()
    )]
    NoAnswers {
        /// The file.
        path: PathBuf,
        /// The first line that is no answer, from 1.
        line: usize,
        /// What is wrong with it.
        what: &'static str,
    },
    /// A batch cannot be run.
    #[error("batch {id} cannot be run ({code}): {said}. Mend that, then run again: {kept}")]
    Batch {
        /// The batch, as the endpoint names it.
        id: String,
        /// The endpoint's code.
        code: String,
        /// What the endpoint says.
        said: String,
        /// What is kept.
        kept: Kept,
    },
    /// A batch that this key does not see.
    #[error(
        "{url} does not know batch {id}. A batch belongs to the key that made it: use that key and that endpoint; or `moru batch give-up {number}` gives it up, and what it holds is asked anew"
    )]
    ForeignBatch {
        /// What was asked.
        url: String,
        /// The batch, as the endpoint names it.
        id: String,
        /// Its number in this folder.
        number: u32,
    },
    /// A line does not fit into any file.
    #[error("the request of `{id}` takes {bytes} bytes, and a batch file may have {most}: shorten its text")]
    LineTooLong {
        /// The line's name.
        id: String,
        /// Its bytes.
        bytes: u64,
        /// Bytes of a file.
        most: u64,
    },
    /// Another run is at work with the same answers.
    #[error("{} is in use by another run: wait until it has ended", folder.display())]
    Busy {
        /// The folder.
        folder: PathBuf,
    },
    /// A file of the state cannot be understood.
    #[error("{} is not as it was written ({why}): restore it, or remove it to begin anew", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        why: String,
    },
    /// A file of the state cannot be read or written.
    #[error("cannot {action} {}", path.display())]
    Io {
        /// What was attempted.
        action: &'static str,
        /// Where.
        path: PathBuf,
        /// Why not.
        source: std::io::Error,
    },
    /// The local model failed.
    #[error("the model that answers failed: {source}. {kept}")]
    Responder {
        /// What it says.
        source: chat::ResponderError,
        /// What is kept.
        kept: Kept,
    },
}

impl TeacherError {
    /// The same, saying how far the plan has come.
    pub(super) fn keeping(mut self, now: Kept) -> Self {
        if let Some(kept) = self.kept_mut() {
            *kept = now;
        }
        self
    }

    /// The same, counting what was answered before this plan as well.
    #[must_use]
    pub fn after(mut self, earlier: Kept) -> Self {
        if let Some(kept) = self.kept_mut() {
            kept.answered += earlier.answered;
            kept.of += earlier.of;
        }
        self
    }

    fn kept_mut(&mut self) -> Option<&mut Kept> {
        match self {
            Self::Unreachable { kept, .. }
            | Self::Failing { kept, .. }
            | Self::TooBusy { kept, .. }
            | Self::Denied { kept, .. }
            | Self::NotFound { kept, .. }
            | Self::NoCredit { kept, .. }
            | Self::Refusing { kept, .. }
            | Self::Budget { kept, .. }
            | Self::Unanswered { kept, .. }
            | Self::Cancelled { kept }
            | Self::NoBatches { kept, .. }
            | Self::FileGone { kept, .. }
            | Self::Batch { kept, .. }
            | Self::Responder { kept, .. } => Some(kept),
            _ => None,
        }
    }
}

/// How far a plan has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Kept {
    /// Requests that are answered, earlier ones included.
    pub answered: usize,
    /// Requests that were to be answered.
    pub of: usize,
}

impl std::fmt::Display for Kept {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.of {
            0 => f.write_str("no answer is lost"),
            of => write!(f, "{} of {of} answers are kept", self.answered),
        }
    }
}

/// How the form of an answer can be told otherwise, where an endpoint's refusal names the way in which it is told.
pub fn otherwise(said: &str) -> Option<&'static str> {
    ["response_format", "json_schema"].iter().any(|word| said.contains(word)).then_some(
        "`structure` in its [endpoint.NAME] tells the form of an answer otherwise: \"json_object_schema\" (llama-cpp-python), \
         \"json_object\" or \"prompt\".",
    )
}

/// How often it failed, in words.
fn often(requests: u32, attempts: u32) -> String {
    let times = |n: u32| if n == 1 { "once".to_owned() } else { format!("{n} times") };
    match (requests, attempts) {
        (0 | 1, 1) => "once".to_owned(),
        (0 | 1, _) => format!("{} in a row", times(attempts)),
        _ => format!("on {requests} requests in a row, each tried {}", times(attempts)),
    }
}

/// Adds the place to a fault of the file system.
pub(super) fn io(
    action: &'static str,
    path: impl Into<PathBuf>,
) -> impl FnOnce(std::io::Error) -> TeacherError {
    let path = path.into();
    move |source| TeacherError::Io { action, path, source }
}
