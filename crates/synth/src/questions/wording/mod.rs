//! Facts as questions and answers, in several wordings.

mod english;
mod forms;
mod korean;

use super::facts::Fact;
use crate::rng::Rng;

pub(super) use forms::key_facts;

/// A question and its answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Wording {
    pub question: String,
    pub answer: String,
}

/// Wordings of a fact that differ in more than politeness, the plainest first. `rng` picks endings and openings.
pub(super) fn wordings(fact: &Fact, rng: &mut Rng) -> Vec<Wording> {
    let mut all = if fact.is_korean { korean::wordings(fact, rng) } else { english::wordings(fact, rng) };
    all.retain(|wording| wording.question.chars().count() <= 160);
    all
}
