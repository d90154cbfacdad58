//! Asking by batches: files of requests that an endpoint answers within a day, at a lower price.
//!
//! 1. [`Step::Submit`] puts what is open into files, uploads them and has batches made, as many as the endpoint's queue of
//!    tokens takes.
//! 2. [`Step::Wait`] looks after them until all have ended, and submits what was queued.
//! 3. [`Step::Retrieve`] fetches what has ended and keeps the answers. What a batch did not answer is open again.
//! 4. [`status`] says how it stands, without a word to the endpoint.
//!
//! [`ask`] does all of it until a plan is settled. Where a batch stands is written down before and after every step, so
//! that a process that is killed goes on where it was; a batch whose creation was not heard of is looked for before
//! another is made.

mod chunk;
mod output;
mod run_batch;
mod server;
mod steps;
mod store;

use serde::{Deserialize, Serialize};

pub use run_batch::{read_run_batch, write_run_batch};
pub use steps::{Step, ask, give_up, step};
pub use store::status;

use super::Money;

/// How batches are cut and looked after. The default is what OpenAI takes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BatchSettings {
    /// Most requests of a file.
    pub lines: usize,
    /// Most bytes of a file.
    pub bytes: u64,
    /// Tokens of prompts that may be in unfinished batches together; None is learned where the endpoint refuses.
    pub enqueued_tokens: Option<u64>,
    /// How long a batch may take, in the endpoint's words.
    pub window: String,
    /// The path that a line names.
    pub url: String,
    /// The time between two looks at a batch.
    pub poll: std::time::Duration,
}

impl Default for BatchSettings {
    fn default() -> Self {
        Self {
            lines: 50_000,
            bytes: 200_000_000,
            enqueued_tokens: None,
            window: "24h".to_owned(),
            url: "/v1/chat/completions".to_owned(),
            poll: std::time::Duration::from_mins(1),
        }
    }
}

/// A batch as it stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BatchState {
    /// Its number in this folder.
    pub number: u32,
    /// Its requests.
    pub lines: usize,
    /// Tokens of its prompts, as they are counted here.
    pub tokens: u64,
    /// What it may cost.
    pub most: Money,
    /// The input file, as the endpoint names it.
    pub file: Option<String>,
    /// The batch, as the endpoint names it.
    pub batch: Option<String>,
    /// Earlier batches of the same file that could not be run.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub past: Vec<String>,
    /// Where it stands.
    pub stage: Stage,
}

/// Where a batch stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "is", rename_all = "snake_case")]
pub enum Stage {
    /// It waits to be submitted.
    Queued,
    /// It is being made, and whether it was is not known yet.
    Creating,
    /// The endpoint has it.
    Running {
        /// In the endpoint's word: `validating`, `in_progress`, `finalizing`, `cancelling`.
        status: String,
        /// Requests that are done.
        done: u64,
        /// Requests that failed.
        failed: u64,
    },
    /// The endpoint is done with it, and its files are to be fetched.
    Ended {
        /// In the endpoint's word: `completed`, `expired`, `cancelled`.
        status: String,
        /// The file of answers.
        output: Option<String>,
        /// The file of failures.
        errors: Option<String>,
    },
    /// What there was to fetch is here.
    Over {
        /// In the endpoint's word, or `given_up`.
        status: String,
        /// What its files held.
        #[serde(flatten)]
        read: Read,
    },
}

/// What the files of a batch held. answered + refused + missing = requests.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Read {
    /// Requests that were answered.
    pub answered: usize,
    /// Requests that will never be answered.
    pub refused: usize,
    /// Requests to be asked again: they never ran, failed for now, or are not in the files.
    pub missing: usize,
    /// Lines that name a request twice.
    pub duplicates: usize,
    /// Lines that name no request of this batch.
    pub strangers: usize,
    /// Lines that cannot be read.
    pub unreadable: usize,
}

/// How the batches of a plan stand.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct BatchReport {
    /// Every batch, oldest first.
    pub batches: Vec<BatchState>,
    /// Requests in batches that are not over.
    pub under_way: usize,
    /// Tokens of prompts that the endpoint has in unfinished batches.
    pub enqueued_tokens: u64,
    /// Requests that the budget does not allow.
    pub over_budget: usize,
    /// What is spent.
    pub spent: Money,
}

/// A step of a batch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seen {
    /// The batch after it.
    pub state: BatchState,
    /// Why it went back into the queue, where it did.
    pub why: Option<String>,
}

impl BatchState {
    /// Whether nothing more comes of it.
    pub fn is_over(&self) -> bool {
        matches!(self.stage, Stage::Over { .. })
    }

    /// Whether the endpoint's queue holds it.
    fn is_enqueued(&self) -> bool {
        matches!(self.stage, Stage::Creating | Stage::Running { .. })
    }
}
