//! What a budget does not allow, with the ways out of it.

use synth::teacher::{Estimate, Kept, Money, Tally, TeacherError};

use crate::console::error::fail;
use crate::stages::endpoint::Opened;

/// What else to do than raise the budget.
pub const CHEAPER: &str = "lower the quotas in [questions], or set [questions] partial = true to ask until the budget is \
                           used up and go on with what there is";

/// Refuses what will surely cost more than is left; `cheaper` says what else to do than raise the budget.
pub fn within_budget(
    estimate: &Estimate,
    opened: &Opened,
    is_batch: bool,
    cheaper: &str,
) -> anyhow::Result<()> {
    let Some(budget) = opened.budget else { return Ok(()) };
    let cost = if is_batch { estimate.batch_cost } else { estimate.cost };
    if estimate.spent + cost <= budget && budget > Money::ZERO {
        return Ok(());
    }
    Err(fail(
        format!(
            "the budget of {budget} does not allow it: asking takes about {cost}, and {} is spent; nothing was asked",
            estimate.spent
        ),
        format!("raise the endpoint's `budget`, {cheaper}"),
    ))
}

/// An error of one round, counting what the rounds before it brought.
pub fn after(error: anyhow::Error, earlier: &Tally) -> anyhow::Error {
    let kept = Kept { answered: earlier.asks - earlier.open, of: earlier.asks };
    error.downcast::<TeacherError>().map_or_else(|other| other, |error| error.after(kept).into())
}

/// A budget that ended a round names what can be done; `cheaper` says what else than raise it.
pub fn with_way_out(error: anyhow::Error, cheaper: &str) -> anyhow::Error {
    match error.downcast::<TeacherError>() {
        Ok(error @ TeacherError::Budget { .. }) => {
            fail(error.to_string(), format!("raise the endpoint's `budget`, {cheaper}"))
        }
        Ok(error) => error.into(),
        Err(other) => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::console::error::render;

    #[test]
    fn a_budget_that_ends_a_round_counts_all_rounds_and_names_the_ways_out() {
        let kept = Kept { answered: 3, of: 5 };
        let cents = |n: f64| Money::of(n / 100.0);
        let error = TeacherError::Budget { budget: cents(9.0), spent: cents(8.0), next: cents(2.0), kept };
        let earlier = Tally { asks: 6, used: 4, open: 1, ..Tally::default() };
        let said = render(&with_way_out(after(error.into(), &earlier), CHEAPER), "error", "hint");
        assert!(said.contains("8 of 11 answers are kept"), "{said}");
        assert!(
            said.contains("hint: raise the endpoint's `budget`") && said.contains("partial = true"),
            "{said}"
        );
        let other = render(&with_way_out(after(anyhow::anyhow!("no"), &earlier), CHEAPER), "error", "hint");
        assert_eq!(other, "error: no");
    }
}
