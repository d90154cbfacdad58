//! A plan with all that is needed to ask it: its answers so far, prices, a budget, and how tokens are counted.

use std::time::Duration;

use chat::{CancelToken, Usage};

use super::error::Kept;
use super::reply::Tokens;
use super::round::Open;
use super::{Money, Plan, Prices, Standing, State};

/// Tokens that a chat template puts round a message, and before the answer.
const PER_MESSAGE: usize = 4;

/// A plan to be asked.
#[derive(Clone, Copy)]
pub struct Job<'a> {
    /// What is asked.
    pub plan: &'a Plan,
    /// What was answered.
    pub state: &'a State,
    /// What it costs.
    pub prices: Prices,
    /// What may be spent with this state in all; None is anything, zero asks nothing that is not answered already.
    pub budget: Option<Money>,
    /// The tokens of a text, as nearly as they are known.
    pub count: &'a (dyn Fn(&str) -> usize + Sync),
    /// Ends it early; answers under way are waited for, because they are paid for.
    pub cancel: &'a CancelToken,
}

/// What happens while a plan is asked.
#[derive(Debug, Clone, PartialEq)]
pub enum Event {
    /// Requests are about to be made.
    Round {
        /// How many.
        open: usize,
        /// Of these, ones that were asked before and answered badly.
        asked_again: usize,
    },
    /// A request was answered.
    Answered {
        /// Requests of this round that are done.
        done: usize,
        /// Requests of this round.
        of: usize,
        /// The tokens used.
        tokens: Option<Tokens>,
        /// What it cost.
        cost: Money,
    },
    /// A request will not be answered.
    Refused {
        /// The HTTP status.
        status: u16,
        /// What the endpoint says.
        said: String,
    },
    /// A failure is waited out.
    Waiting {
        /// What failed.
        why: String,
        /// How long it is waited.
        wait: Duration,
    },
    /// A batch went one step further.
    Batch(super::batch::Seen),
}

impl Job<'_> {
    /// The tokens of a request's prompt, as they are counted here, with its form.
    pub fn prompt_tokens(&self, open: &Open) -> usize {
        let messages = open.request.messages.iter().map(|m| (self.count)(&m.content) + PER_MESSAGE);
        let schema = open.request.schema.as_ref().map_or(0, |schema| (self.count)(&schema.to_string()));
        messages.sum::<usize>() + schema + PER_MESSAGE
    }

    /// The most tokens that a request may use.
    pub(super) fn most(&self, open: &Open) -> Usage {
        Usage { prompt_tokens: self.prompt_tokens(open), completion_tokens: open.request.sampling.max_tokens }
    }

    /// How far the plan has come.
    pub(super) fn kept(&self) -> Kept {
        let of = self.plan.asks.len();
        let standing = Standing::of(self.plan, self.state);
        Kept { answered: standing.map_or(0, |standing| standing.settled.len()), of }
    }
}
