//! The head: logits at the rows that have targets, softmax and cross-entropy, and their gradients.
//!
//! `losses[t] = weight_t · (ln Σ exp(logits) - logits[token_t])`. A row may have several targets.

use super::Real;
use super::linear::{self, Weights};
use crate::plan::HostLossPlan;
use crate::{HeadShape, LinearShape, Phase};

/// Logits of all rows, (L, V).
pub fn logits<R: Real>(x: &[R], w: Weights<'_, R>, shape: HeadShape) -> Vec<R> {
    let mut out = vec![R::default(); shape.rows * shape.vocab];
    linear::forward(&mut out, x, w, None, None, linear_shape(shape));
    out
}

/// The head as a linear layer.
pub fn linear_shape(shape: HeadShape) -> LinearShape {
    LinearShape { rows: shape.rows, inputs: shape.hidden, outputs: shape.vocab, phase: Phase::Many }
}

/// Writes `losses`, and replaces the logits by their gradient: `Σw · softmax - Σ w_t · onehot(t)`.
pub fn cross_entropy<R: Real>(losses: &mut [R], logits: &mut [R], vocab: usize, plan: &HostLossPlan) {
    let mut target = 0;
    for (index, row) in logits.chunks_mut(vocab).enumerate() {
        let max = row.iter().copied().fold(row[0], |a, b| if b > a { b } else { a });
        let lse = max + row.iter().map(|&v| (v - max).exp()).sum::<R>().ln();
        let total: R = plan.of(index).iter().map(|t| R::of(f64::from(t.1))).sum();
        for &(token, weight) in plan.of(index) {
            losses[target] = R::of(f64::from(weight)) * (lse - row[token as usize]);
            target += 1;
        }
        for v in row.iter_mut() {
            *v = total * (*v - lse).exp();
        }
        for &(token, weight) in plan.of(index) {
            row[token as usize] -= R::of(f64::from(weight));
        }
    }
}
