//! What to do next, for each error of a library that can reach a person.
//!
//! One file a library. The matches name every variant, so that a new one cannot go without a thought. An
//! error whose message already ends with the next step, or whose cause has the better hint, gives none.

mod chat;
mod data;
mod model;
mod pipeline;
mod sql;
mod system;

use std::error::Error;

use super::error::Failure;
use crate::recipe::RecipeError;

/// The first hint along an error's causes. A transparent layer hides the error in it from the causes, so
/// each file looks through its own.
pub fn of(error: &anyhow::Error) -> Option<String> {
    error.chain().find_map(of_one)
}

fn of_one(error: &(dyn Error + 'static)) -> Option<String> {
    let front = || error.downcast_ref::<Failure>().and_then(Failure::hint);
    let recipe = || error.downcast_ref::<RecipeError>().map(RecipeError::hint);
    front()
        .or_else(recipe)
        .or_else(|| data::of(error))
        .or_else(|| sql::of(error))
        .or_else(|| pipeline::of(error))
        .or_else(|| model::of(error))
        .or_else(|| chat::of(error))
        .or_else(|| error.downcast_ref::<std::io::Error>().and_then(|e| system::of(e, None)))
}

#[cfg(test)]
mod tests;
