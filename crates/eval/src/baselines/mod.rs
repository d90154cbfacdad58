//! Answers that need no model. A tuned model that does not beat them has learnt nothing.

mod commonest;
mod lead;
mod nearest;

pub use commonest::commonest_answer;
pub use lead::lead_sentence;
pub use nearest::NearestQuestion;
