//! BLEU (Papineni et al. 2002), computed as sacreBLEU 2.6 does.

use std::collections::HashMap;

pub use super::bleu_tokenizer::Tokenizer;
use super::{Row, Scorer};
use crate::text::number;

/// Longest n-gram.
const ORDER: usize = 4;

/// What a precision of zero becomes (Chen and Cherry 2014).
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub enum Smoothing {
    /// It stays zero, and so does the score.
    None,
    /// Halved once more at each order without a match; mteval's way, and the default.
    #[default]
    Exp,
    /// The count becomes this small number.
    Floor(f64),
    /// This is added to counts and totals above order 1.
    AddK(f64),
}

/// The settings of BLEU.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Bleu {
    /// How text is cut.
    pub tokenizer: Tokenizer,
    /// What zeros become.
    pub smoothing: Smoothing,
    /// Whether case is ignored.
    pub lowercase: bool,
    /// Leave out orders the answers are too short for; meant for single answers.
    pub effective_order: bool,
}

/// A BLEU score with its parts.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct BleuScore {
    /// 0 to 100.
    pub score: f64,
    /// Precision by order, in percent, after smoothing.
    pub precisions: [f64; ORDER],
    /// Factor for answers that are too short.
    pub brevity_penalty: f64,
    /// Tokens of the answers.
    pub prediction_len: f64,
    /// Tokens of the references that are nearest in length.
    pub reference_len: f64,
}

impl Bleu {
    /// The score of one answer; set `effective_order` unless zeros for short answers are wanted.
    pub fn sentence(&self, prediction: &str, references: &[String]) -> BleuScore {
        self.score(&self.counts(prediction, references))
    }

    /// The score of many answers together, each with its references.
    pub fn corpus<'a>(&self, rows: impl IntoIterator<Item = (&'a str, &'a [String])>) -> BleuScore {
        let mut sum = [0.0; 2 + 2 * ORDER];
        for (prediction, references) in rows {
            for (total, count) in sum.iter_mut().zip(self.counts(prediction, references)) {
                *total += count;
            }
        }
        self.score(&sum)
    }

    /// The score of summed counts: lengths of prediction and reference, matches by order, totals by order.
    pub fn score(&self, sum: &[f64]) -> BleuScore {
        let [prediction_len, reference_len] = [sum[0], sum[1]];
        let (mut correct, mut total) = ([0.0; ORDER], [0.0; ORDER]);
        correct.copy_from_slice(&sum[2..2 + ORDER]);
        total.copy_from_slice(&sum[2 + ORDER..2 + 2 * ORDER]);
        let brevity_penalty = brevity_penalty(prediction_len, reference_len);
        let mut result = BleuScore {
            score: 0.0,
            precisions: [0.0; ORDER],
            brevity_penalty,
            prediction_len,
            reference_len,
        };
        if correct.iter().all(|&c| c == 0.0) {
            return result;
        }
        let (precisions, orders) = self.precisions(correct, total);
        result.precisions = precisions;
        let log_sum: f64 = result.precisions[..orders].iter().map(|&p| floored_ln(p)).sum();
        result.score = brevity_penalty * (log_sum / orders as f64).exp();
        result
    }

    /// The smoothed precisions in percent, and how many orders count.
    fn precisions(&self, mut correct: [f64; ORDER], mut total: [f64; ORDER]) -> ([f64; ORDER], usize) {
        let mut precisions = [0.0; ORDER];
        let mut halvings = 1.0;
        let mut orders = ORDER;
        for n in 0..ORDER {
            if let (Smoothing::AddK(k), 1..) = (self.smoothing, n) {
                correct[n] += k;
                total[n] += k;
            }
            if total[n] == 0.0 {
                break;
            }
            if self.effective_order {
                orders = n + 1;
            }
            precisions[n] = match (correct[n] == 0.0, self.smoothing) {
                (false, _) => 100.0 * correct[n] / total[n],
                (true, Smoothing::Exp) => {
                    halvings *= 2.0;
                    100.0 / (halvings * total[n])
                }
                (true, Smoothing::Floor(count)) => 100.0 * count / total[n],
                (true, Smoothing::None | Smoothing::AddK(_)) => 0.0,
            };
        }
        (precisions, orders)
    }

    fn counts(&self, prediction: &str, references: &[String]) -> [f64; 2 + 2 * ORDER] {
        let tokens = |text: &str| {
            if self.lowercase {
                self.tokenizer.tokens(&text.to_lowercase())
            } else {
                self.tokenizer.tokens(text)
            }
        };
        let prediction = tokens(prediction);
        let references: Vec<Vec<String>> = references.iter().map(|r| tokens(r)).collect();
        let mut known = HashMap::new();
        let prediction = number(&mut known, &prediction);
        let references: Vec<Vec<u32>> = references.iter().map(|r| number(&mut known, r)).collect();
        let mut counts = [0.0; 2 + 2 * ORDER];
        counts[0] = prediction.len() as f64;
        counts[1] = closest_len(prediction.len(), references.iter().map(Vec::len)) as f64;
        for n in 1..=ORDER {
            let of_references = greatest_counts(&references, n);
            for (gram, count) in window_counts(&prediction, n) {
                let matched = of_references.get(gram).map_or(0, |&r| r.min(count));
                counts[1 + n] += f64::from(matched);
                counts[1 + ORDER + n] += f64::from(count);
            }
        }
        counts
    }
}

fn brevity_penalty(prediction_len: f64, reference_len: f64) -> f64 {
    if prediction_len >= reference_len {
        1.0
    } else if prediction_len > 0.0 {
        (1.0 - reference_len / prediction_len).exp()
    } else {
        0.0
    }
}

/// sacreBLEU's logarithm of nothing is a number so low that its exponential is zero.
fn floored_ln(x: f64) -> f64 {
    if x == 0.0 { -9_999_999_999.0 } else { x.ln() }
}

/// The reference length nearest to `len`; the shorter of two that are equally near.
fn closest_len(len: usize, references: impl Iterator<Item = usize>) -> usize {
    references.min_by_key(|&r| (r.abs_diff(len), r)).unwrap_or(0)
}

fn window_counts(tokens: &[u32], n: usize) -> HashMap<&[u32], u32> {
    let mut counts = HashMap::new();
    for window in tokens.windows(n) {
        *counts.entry(window).or_insert(0) += 1;
    }
    counts
}

/// How often an n-gram stands in the reference that has most of it.
fn greatest_counts(references: &[Vec<u32>], n: usize) -> HashMap<&[u32], u32> {
    let mut greatest: HashMap<&[u32], u32> = HashMap::new();
    for reference in references {
        for (gram, count) in window_counts(reference, n) {
            let entry = greatest.entry(gram).or_insert(0);
            *entry = count.max(*entry);
        }
    }
    greatest
}

impl Scorer for Bleu {
    fn measures(&self) -> Vec<String> {
        vec![if self.tokenizer == Tokenizer::Char { "BLEU-char".into() } else { "BLEU".into() }]
    }

    fn signature(&self, n_references: usize) -> String {
        let smoothing = match self.smoothing {
            Smoothing::None => "none".to_owned(),
            Smoothing::Exp => "exp".to_owned(),
            Smoothing::Floor(value) => format!("floor[{value:.2}]"),
            Smoothing::AddK(value) => format!("add-k[{value:.2}]"),
        };
        format!(
            "nrefs:{n_references}|case:{}|eff:{}|tok:{}|smooth:{smoothing}|version:2.6.0",
            if self.lowercase { "lc" } else { "mixed" },
            if self.effective_order { "yes" } else { "no" },
            self.tokenizer.name()
        )
    }

    fn statistics(&self, row: &Row) -> Vec<f64> {
        self.counts(row.prediction, row.references).to_vec()
    }

    fn scores(&self, sum: &[f64]) -> Vec<f64> {
        vec![self.score(sum).score]
    }
}
