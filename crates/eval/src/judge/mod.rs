//! A model that judges answers: grades from 1 to 10, and pairs of answers in both orders.
//!
//! 1. [`Prompts`]: the words that the judge is asked with, files that a person can edit. What is judged stands in
//!    fences with a mark that no text can foresee, and is named as data.
//! 2. [`Case`] and [`Task`]: a question with everybody's answers, and what of it is to be judged. No name of a system
//!    gets into a prompt.
//! 3. [`judge_all`] asks a [`chat::Responder`]. Replies are kept by the digest of their request, so that nothing is
//!    asked twice; a reply that cannot be used is asked for once more with what is wrong, and then counted as an error.
//! 4. [`Findings`] turns the verdicts into what a report shows: means, wins, flips, the pull of length and place, and
//!    how far the judge agrees with a person.
//!
//! ```
//! use chat::{Script, ScriptedResponder};
//! use eval::judge::{Case, Prompts, Ruling, Settings, Task, judge_all};
//!
//! let case = Case {
//!     id: "rules#1".into(),
//!     question: "How many days of leave?".into(),
//!     reference: Some("15 days.".into()),
//!     answers: vec!["Ten days.".into()],
//! };
//! let mut judge = ScriptedResponder::new([Script::Say(r#"{"reason": "10 is not 15.", "score": 2}"#.into())]);
//! let prompts = Prompts::defaults(false);
//! let folder = std::env::temp_dir().join(format!("judge-{}", std::process::id()));
//! std::fs::create_dir_all(&folder)?;
//! let heard = judge_all(
//!     &mut judge,
//!     &[case],
//!     &[Task::Grade { case: 0, system: 0 }],
//!     &Settings::new(&prompts, "scripted"),
//!     &folder.join("verdicts.jsonl"),
//!     &mut |_| {},
//! )?;
//! assert_eq!(heard[0].verdict.as_ref().unwrap().ruling, Ruling::Score(2));
//! # std::fs::remove_dir_all(&folder).ok();
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod case;
mod findings;
mod log;
mod prompts;
mod run;
#[cfg(test)]
mod tests;
mod verdict;

pub use case::{Case, Task, duels, grades};
pub use findings::{Findings, Label, Labelled, principal};
pub use prompts::{FILES, PromptKind, Prompts};
pub use run::{Heard, Progress, Settings, judge_all};
pub use verdict::{Fault, Ruling, Verdict};
