//! What asking will take, before it begins: tokens, cost and time, with what they rest on.

use std::time::Duration;

use chat::Usage;
use serde::{Deserialize, Serialize};

use super::job::Job;
use super::{Money, Settings, Standing, TeacherError};

/// What an estimate rests on besides the prompts.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Assumed {
    /// Tokens of an answer; an answer is never taken to be longer than its limit.
    pub answer_tokens: usize,
    /// The time that an answer takes.
    pub answer_time: Duration,
}

impl Default for Assumed {
    fn default() -> Self {
        Self { answer_tokens: 300, answer_time: Duration::from_secs(5) }
    }
}

/// What asking will take, if every answer is as long as assumed and none has to be asked for again.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
pub struct Estimate {
    /// Asks of the plan.
    pub asks: usize,
    /// Requests to be made; the others are answered, or the same.
    pub requests: usize,
    /// Tokens of their prompts.
    pub prompt_tokens: usize,
    /// Tokens of their answers, as assumed.
    pub answer_tokens: usize,
    /// What they cost online.
    pub cost: Money,
    /// What they cost online at most, if every answer is as long as it may be.
    pub most: Money,
    /// What they cost in a batch.
    pub batch_cost: Money,
    /// What they cost in a batch at most.
    pub batch_most: Money,
    /// Seconds that it takes online: what concurrency and the limits of requests and tokens allow. A batch takes up to
    /// a day.
    pub seconds: f64,
    /// What was spent before.
    pub spent: Money,
}

impl Estimate {
    /// Estimates what is open of a plan.
    ///
    /// # Errors
    /// [`TeacherError::Io`] where answers cannot be read.
    pub fn of(job: &Job<'_>, settings: &Settings, assumed: Assumed) -> Result<Self, TeacherError> {
        let open = Standing::of(job.plan, job.state)?.open;
        let mut estimate = Self {
            asks: job.plan.asks.len(),
            requests: open.len(),
            spent: job.state.spent(),
            ..Self::default()
        };
        for open in &open {
            let most = job.most(open);
            let answer = assumed.answer_tokens.min(most.completion_tokens);
            let usage = Usage { completion_tokens: answer, ..most };
            estimate.prompt_tokens += most.prompt_tokens;
            estimate.answer_tokens += answer;
            estimate.cost += job.prices.of(usage);
            estimate.most += job.prices.of(most);
            estimate.batch_cost += job.prices.in_batch(usage);
            estimate.batch_most += job.prices.in_batch(most);
        }
        let rounds = open.len().div_ceil(settings.concurrency.max(1)) as f64;
        let a_minute = |n: usize, limit: Option<u32>| {
            limit.map_or(0.0, |limit| n as f64 * 60.0 / f64::from(limit.max(1)))
        };
        let tokens = estimate.prompt_tokens + estimate.answer_tokens;
        estimate.seconds = (rounds * assumed.answer_time.as_secs_f64())
            .max(a_minute(open.len(), settings.requests_per_minute))
            .max(a_minute(tokens, settings.tokens_per_minute));
        Ok(estimate)
    }
}
