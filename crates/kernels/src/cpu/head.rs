//! The head and its loss in chunks of rows: logits, softmax and cross-entropy in place, then both products backwards.

use super::buffer::Shared;
use super::linear::{self, Extras, panel_len};
use super::math::{exp, max, sum};
use super::panel::Source;
use super::pool::Pool;
use super::simd;
use crate::plan::HostLossPlan;
use crate::{HeadShape, Layout, LinearShape, Phase};

/// Rows whose logits are held at a time.
pub const CHUNK: usize = 256;

/// Numbers of scratch beside the threads' panels.
pub fn chunk_len(rows: usize, vocab: usize) -> usize {
    rows.min(CHUNK) * vocab
}

/// Writes `losses`; with `dx` its gradient; with `dw` adds the matrix's.
pub fn loss(
    pool: &Pool,
    losses: &mut [f32],
    mut dx: Option<&mut [f32]>,
    mut dw: Option<(&mut [f32], Layout)>,
    x: &[f32],
    w: Source<'_>,
    shape: HeadShape,
    plan: &HostLossPlan,
    scratch: &mut [f32],
) {
    let (c, v) = (shape.hidden, shape.vocab);
    let (logits, panels) = scratch.split_at_mut(chunk_len(shape.rows, v));
    for start in (0..shape.rows).step_by(CHUNK) {
        let rows = CHUNK.min(shape.rows - start);
        let (x, logits) = (&x[start * c..][..rows * c], &mut logits[..rows * v]);
        let size = LinearShape { rows, inputs: c, outputs: v, phase: Phase::Many };
        let extras = Extras { bias: None, residual: None, lora: &[] };
        linear::forward(pool, logits, &mut [], x, w, extras, size, panels);
        cross_entropy(pool, losses, logits, v, start, plan, dx.is_some() || dw.is_some());
        if let Some(dx) = dx.as_deref_mut() {
            linear::input_backward(pool, &mut dx[start * c..][..rows * c], logits, &[], w, &[], size, panels);
        }
        if let Some((dw, layout)) = &mut dw {
            linear::weight_backward(pool, dw, *layout, logits, x, size);
        }
    }
}

/// Writes the losses of the rows from `start` on, and replaces their logits by the gradient.
fn cross_entropy(
    pool: &Pool,
    losses: &mut [f32],
    logits: &mut [f32],
    vocab: usize,
    start: usize,
    plan: &HostLossPlan,
    differentiate: bool,
) {
    let rows = logits.len() / vocab;
    let (losses, logits) = (Shared::new(losses), Shared::new(logits));
    pool.run(rows, |task, _| {
        // SAFETY: rows and their targets are disjoint.
        let row = unsafe { logits.part(task * vocab, vocab) };
        let targets = plan.of(start + task);
        // SAFETY: as above.
        let losses = unsafe { losses.part(plan.rows[start + task].first as usize, targets.len()) };
        simd(
            #[inline(always)]
            || {
                let greatest = max(row);
                let total = sum(vocab, |i| exp(row[i] - greatest));
                let lse = greatest + total.ln();
                for (loss, &(token, weight)) in losses.iter_mut().zip(targets) {
                    *loss = weight * (lse - row[token as usize]);
                }
                if differentiate {
                    let weight: f32 = targets.iter().map(|t| t.1).sum();
                    row.iter_mut().for_each(|v| *v = weight * exp(*v - lse));
                    for &(token, weight) in targets {
                        row[token as usize] -= weight;
                    }
                }
            },
        );
    });
}

/// Scratch of the head: logits, then panels.
pub fn scratch_len(rows: usize, vocab: usize, threads: usize) -> usize {
    chunk_len(rows, vocab) + threads * panel_len()
}
