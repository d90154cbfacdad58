//! Scores answers, says how sure the scores are, and gathers what a report shows.
//!
//! The principal types are [`Scorer`](scorers::Scorer) (a metric that is additive over rows),
//! [`Question`](run::Question) and [`Answer`](run::Answer) (what is asked of a
//! [`chat::Responder`] and what comes back), and [`Report`](report::Report).
//!
//! ```
//! use eval::scorers::{Row, Scorer, by_name};
//!
//! let chrf = by_name("chrf")?;
//! let references = ["배송은 2일 걸립니다.".to_owned()];
//! let row = Row { prediction: "배송은 3일 걸립니다.", references: &references, facts: &[] };
//! let score = chrf.scores(&chrf.statistics(&row))[0];
//! assert!(score > 50.0 && score < 100.0);
//! # Ok::<(), eval::EvalError>(())
//! ```
//!
//! Never depends on models or servers: a judge cannot see whom it judges.

pub mod baselines;
pub mod classification;
pub mod compare;
pub mod error;
pub mod judge;
pub mod rank;
pub mod report;
pub mod run;
pub mod scorers;
pub mod statistics;
mod text;

pub use error::EvalError;
