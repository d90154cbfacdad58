//! Questions about documents, with their answers and where these stand.
//!
//! 1. [`facts`]: what the documents say that can be asked: values, definitions, documents, responsibles, lists, duties.
//! 2. [`plan`]: how many questions of which kind, spread so that every fact is asked before any is asked twice.
//! 3. [`extractive`]: questions and answers without any model: Korean asks in place (며칠의 유급휴가를 주나요?), English
//!    by fronting. [`teacher`] makes the requests for a model that writes them instead, and [`lesson`] puts what it
//!    answers beside the quotas, round by round.
//! 4. [`absent`]: questions that the documents do not answer, proven so by searching all chunks.
//! 5. [`judge`] and [`review`]: a model that sees the source, and a person, may correct what the validators let pass.
//! 6. [`slices`]: training, validation, test, unseen leaves, and further questions for refusal and key facts.

pub mod absent;
pub mod extractive;
pub mod facts;
pub mod judge;
mod known;
pub mod lesson;
pub mod plan;
pub mod prompts;
pub mod question;
pub mod review;
pub mod slices;
pub mod teacher;
mod wording;

pub use extractive::{Drafts, Setting, write};
pub use facts::{Fact, FactKind, Leaf, facts};
pub use lesson::Lesson;
pub use plan::{Coverage, Plan, Quotas};
pub use question::{Asker, Question};

/// Lines of a section of a file of frames: `@section`, then one frame a line; `#` begins a comment.
fn wording_frames(text: &'static str, section: &str) -> Vec<&'static str> {
    let lines = text.lines().skip_while(|line| line.strip_prefix('@') != Some(section)).skip(1);
    let lines = lines.take_while(|line| !line.starts_with('@'));
    lines.filter(|line| !line.trim().is_empty() && !line.starts_with('#')).collect()
}
