//! Answers that need no model. A tuned model that does not beat them has learnt nothing.

mod commonest;
mod nearest;

pub use commonest::commonest_answer;
pub use nearest::NearestQuestion;
