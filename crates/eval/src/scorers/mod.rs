//! Metrics, one a file.
//!
//! 1. A [`Scorer`] reduces each row to a few numbers that add up over rows.
//! 2. The numbers of all rows are summed, and the sum is turned into scores.
//!
//! Resampling needs only the second step, so intervals and tests cost no text processing,
//! and a corpus metric is resampled as a corpus metric.

pub mod accuracy;
pub mod bleu;
mod bleu_tokenizer;
pub mod chrf;
pub mod exact;
pub mod key_facts;
mod korean;
pub mod macro_f1;
mod normalise;
mod porter;
pub mod refusal;
pub mod rouge;
pub mod rouge_ko;

pub use key_facts::KeyFact;

use crate::error::EvalError;

/// What a row's answer is scored on.
#[derive(Debug, Clone, Copy)]
pub struct Row<'a> {
    /// The answer.
    pub prediction: &'a str,
    /// What it is compared with; at least one.
    pub references: &'a [String],
    /// What it has to contain.
    pub facts: &'a [KeyFact],
}

/// A metric.
pub trait Scorer {
    /// Names of its scores, in the order of [`Scorer::scores`].
    fn measures(&self) -> Vec<String>;

    /// How it computes, in the form of its reference implementation.
    fn signature(&self, n_references: usize) -> String;

    /// The sufficient statistics of a row. Always of the same length; they add up over rows.
    fn statistics(&self, row: &Row) -> Vec<f64>;

    /// The scores of summed statistics, each from 0 (worst) to 100 (best).
    fn scores(&self, sum: &[f64]) -> Vec<f64>;

    /// Hits and trials, where there is one score and it is a share of rows, `100 · hits / trials`.
    /// Such a score has an exact interval ([`crate::statistics::wilson`]); others are resampled.
    fn proportion(&self, _sum: &[f64]) -> Option<(f64, f64)> {
        None
    }
}

/// The names that [`by_name`] knows.
pub const NAMES: [&str; 7] = ["chrf", "bleu", "rouge", "rouge-ko", "exact", "key-facts", "refusal"];

/// The scorer of that name with its usual settings.
///
/// # Errors
/// When there is none.
pub fn by_name(name: &str) -> Result<Box<dyn Scorer>, EvalError> {
    Ok(match name {
        "chrf" => Box::new(chrf::Chrf::default()),
        "chrf++" => Box::new(chrf::Chrf { word_order: 2, ..chrf::Chrf::default() }),
        "bleu" => Box::new(bleu::Bleu::default()),
        "bleu-char" => Box::new(bleu::Bleu { tokenizer: bleu::Tokenizer::Char, ..bleu::Bleu::default() }),
        "rouge" => Box::new(rouge::Rouge::default()),
        "rouge-ko" => Box::new(rouge_ko::RougeKo),
        "exact" => Box::new(exact::Exact),
        "key-facts" => Box::new(key_facts::KeyFacts),
        "refusal" => Box::new(refusal::Refusal),
        _ => return Err(EvalError::UnknownMetric { name: name.to_owned(), known: NAMES.to_vec() }),
    })
}

/// The scorers of a recipe's `metrics`, in its order, each once.
///
/// # Errors
/// When one is unknown, when there is none, or when `rouge` alone is asked to judge text that it
/// cannot see (more than a fifth of the letters and digits of `references`).
pub fn from_recipe<'a>(
    names: &[String],
    references: impl IntoIterator<Item = &'a str>,
) -> Result<Vec<Box<dyn Scorer>>, EvalError> {
    let mut scorers: Vec<Box<dyn Scorer>> = Vec::new();
    let mut taken: Vec<&str> = Vec::new();
    for name in names {
        if !taken.contains(&name.as_str()) {
            taken.push(name);
            scorers.push(by_name(name)?);
        }
    }
    match taken.as_slice() {
        [] => Err(EvalError::NoMetric { known: NAMES.to_vec() }),
        ["rouge"] => {
            let unseen_percent = rouge::unseen_percent(references);
            if unseen_percent > 20 { Err(EvalError::RougeIsBlind { unseen_percent }) } else { Ok(scorers) }
        }
        _ => Ok(scorers),
    }
}
