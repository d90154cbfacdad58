//! Generation: a few rows, each computed on its own, so that a reply does not depend on its neighbours.

use super::buffer::{Buffer, Shared};
use super::linear::{Extras, Scratch};
use super::math::{dot, exp, max, sum};
use super::panel::Source;
use super::pool::Pool;
use super::{chunk, simd};
use crate::{AttentionShape, CacheShape, Layout, LinearShape, LoraTerm, Place};

/// Outputs of one task.
const OUTPUTS: usize = 32;

/// Numbers of scratch that a thread needs for a row of a matrix.
pub fn row_len(width: usize) -> usize {
    width.max(OUTPUTS)
}

/// `out = residual + x·Wᵀ + bias + Σ lora`, one dot product after the other.
pub fn linear(
    pool: &Pool,
    out: &mut [f32],
    middles: &mut [f32],
    x: &[f32],
    w: Source<'_>,
    extras: Extras<'_>,
    shape: LinearShape,
    scratch: &mut [f32],
) {
    for term in extras.lora {
        middle(pool, &mut middles[term.middle..], x, term, shape);
    }
    let middles = &*middles;
    let (_, lanes) = Scratch::split(scratch, 0, row_len(shape.inputs), pool.threads()).parts();
    let out = Shared::new(out);
    pool.run(shape.outputs.div_ceil(OUTPUTS), |task, thread| {
        let outputs = chunk(task, OUTPUTS, shape.outputs);
        let lane = lanes.of(thread);
        // SAFETY: a task's outputs are its own.
        let put = |n: usize, o: usize, v: f32| unsafe { out.part(n * shape.outputs + o, 1)[0] = v };
        simd(
            #[inline(always)]
            || match w {
                Source::Plain(values, Layout::InOut) => {
                    columns(values, x, shape, outputs, lane, |n, o, dot| {
                        put(n, o, dot + extra(extras, middles, shape, n, o))
                    });
                }
                _ => {
                    for o in outputs {
                        let row = match w {
                            Source::Plain(values, _) => &values[o * shape.inputs..][..shape.inputs],
                            Source::Narrow(weight) => {
                                weight.expand_row(lane, o, 0..shape.inputs);
                                &lane[..shape.inputs]
                            }
                        };
                        for n in 0..shape.rows {
                            let dot = dot(row, &x[n * shape.inputs..][..shape.inputs]);
                            put(n, o, dot + extra(extras, middles, shape, n, o));
                        }
                    }
                }
            },
        );
    });
}

/// The product with a matrix whose columns are outputs: sums run down the columns.
#[inline(always)]
fn columns(
    values: &[f32],
    x: &[f32],
    shape: LinearShape,
    outputs: std::ops::Range<usize>,
    lane: &mut [f32],
    put: impl Fn(usize, usize, f32),
) {
    for n in 0..shape.rows {
        let sums = &mut lane[..outputs.len()];
        sums.fill(0.0);
        for (i, &x) in x[n * shape.inputs..][..shape.inputs].iter().enumerate() {
            let row = &values[i * shape.outputs + outputs.start..][..sums.len()];
            for (s, w) in sums.iter_mut().zip(row) {
                *s += x * w;
            }
        }
        for (o, &s) in outputs.clone().zip(&*sums) {
            put(n, o, s);
        }
    }
}

/// What is added to a dot product.
#[inline(always)]
fn extra(extras: Extras<'_>, middles: &[f32], shape: LinearShape, n: usize, o: usize) -> f32 {
    let mut value =
        extras.residual.map_or(0.0, |r| r[n * shape.outputs + o]) + extras.bias.map_or(0.0, |b| b[o]);
    for term in extras.lora {
        if term.rows.contains(&n) && term.columns.contains(&o) {
            let at = term.b.offset + (o - term.columns.start) * term.rank;
            let middle = &middles[term.middle + n * term.rank..][..term.rank];
            value += term.scale * dot(middle, &term.b.buffer[at..at + term.rank]);
        }
    }
    value
}

fn middle(pool: &Pool, out: &mut [f32], x: &[f32], term: &LoraTerm<'_, Buffer>, shape: LinearShape) {
    let (rank, inputs) = (term.rank, shape.inputs);
    let a = &term.a.buffer[term.a.offset..][..rank * inputs];
    let out = Shared::new(out);
    pool.run(term.rows.len(), |task, _| {
        let n = term.rows.start + task;
        // SAFETY: rows are disjoint.
        let out = unsafe { out.part(n * rank, rank) };
        simd(
            #[inline(always)]
            || {
                for (o, a) in out.iter_mut().zip(a.chunks(inputs)) {
                    *o = dot(a, &x[n * inputs..][..inputs]);
                }
            },
        );
    });
}

/// One query a row over the first `lengths[n]` keys of slot `slots[n]`. A task is one row and one head.
pub fn attention(
    pool: &Pool,
    out: &mut [f32],
    q: (&[f32], Place),
    [keys, values]: [&[f32]; 2],
    cache: CacheShape,
    [slots, lengths]: [&[u32]; 2],
    shape: AttentionShape,
    scratch: &mut [f32],
) {
    let (heads, width) = (shape.heads, shape.head_dim);
    let longest = lengths.iter().max().map_or(0, |&l| l as usize);
    let (_, lanes) = Scratch::split(scratch, 0, longest, pool.threads()).parts();
    let out = Shared::new(out);
    pool.run(slots.len() * heads, |task, thread| {
        let (n, head) = (task / heads, task % heads);
        let length = lengths[n] as usize;
        let start = slots[n] as usize * cache.capacity * cache.width + head * shape.kv_heads / heads * width;
        let vector = |rows: &'_ [f32], k: usize| {
            start + k * cache.width..(start + k * cache.width + width).min(rows.len())
        };
        let q = &q.0[q.1.offset + n * q.1.stride + head * width..][..width];
        // SAFETY: rows and heads are disjoint.
        let out = unsafe { out.part(task * width, width) };
        let scores = &mut lanes.of(thread)[..length];
        simd(
            #[inline(always)]
            || {
                for (k, score) in scores.iter_mut().enumerate() {
                    *score = shape.scale * dot(q, &keys[vector(keys, k)]);
                }
                let greatest = max(scores);
                scores.iter_mut().for_each(|s| *s = exp(*s - greatest));
                let total = sum(length, |k| scores[k]);
                out.fill(0.0);
                for (k, &score) in scores.iter().enumerate() {
                    let p = score / total;
                    for (o, v) in out.iter_mut().zip(&values[vector(values, k)]) {
                        *o += p * v;
                    }
                }
            },
        );
    });
}
