//! Generation: a few rows, each computed on its own, so that a reply does not depend on its neighbours.

use std::ops::Range;

use super::buffer::{Buffer, Shared};
use super::integer;
use super::linear::{Extras, Scratch};
use super::math::dot;
use super::panel::Source;
use super::pool::Pool;
use super::{chunk, lora, simd};
use crate::quant::Blocks;
use crate::weight::{HostWeight, Numbers};
use crate::{Layout, LinearShape, LoraTerm, Phase, ScratchNeed};

/// Outputs of one task.
const OUTPUTS: usize = 32;
/// Rows that one expansion of a row of the matrix serves.
const ROWS: usize = 16;
/// Products of a row with a term's A in one task.
const MIDDLES: usize = 4;

/// Numbers of scratch that a thread needs: for a row of a matrix, and for the scores of heads that share keys.
pub fn lane_len(need: &ScratchNeed) -> usize {
    row_len(need.width).max(need.cached * need.group.max(1))
}

fn row_len(width: usize) -> usize {
    width.max(OUTPUTS)
}

/// `out = residual + x·Wᵀ + bias + Σ lora`. Matrices in blocks are multiplied in integers.
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
    if shape.phase == Phase::Prompt {
        lora::middles(pool, middles, x, extras.lora, shape, scratch);
    } else {
        middles_of(pool, middles, x, extras.lora, shape);
    }
    let middles = &*middles;
    let (_, lanes) = Scratch::split(scratch, 0, row_len(shape.inputs), pool.threads()).parts();
    let out = Shared::new(out);
    let put = |n: usize, outputs: Range<usize>, dots: &[f32]| {
        // SAFETY: a task's outputs are its own.
        let out = unsafe { out.part(n * shape.outputs + outputs.start, outputs.len()) };
        simd(
            #[inline(always)]
            || {
                put_extras(out, extras, middles, shape, n, outputs);
                out.iter_mut().zip(dots).for_each(|(o, dot)| *o += dot);
            },
        );
    };
    if let Some(blocks) = integers(w) {
        return integer::products(pool, blocks, x, [shape.rows, shape.inputs], lanes, put);
    }
    pool.run(shape.outputs.div_ceil(OUTPUTS), |task, thread| {
        let outputs = chunk(task, OUTPUTS, shape.outputs);
        let lane = lanes.of(thread);
        if let Source::Plain(values, Layout::InOut) = w {
            for n in 0..shape.rows {
                let sums = &mut lane[..outputs.len()];
                simd(
                    #[inline(always)]
                    || columns(sums, values, &x[n * shape.inputs..][..shape.inputs], shape, outputs.start),
                );
                put(n, outputs.clone(), sums);
            }
            return;
        }
        let mut dots = [[0.0; OUTPUTS]; ROWS];
        for rows in (0..shape.rows).step_by(ROWS).map(|first| first..(first + ROWS).min(shape.rows)) {
            simd(
                #[inline(always)]
                || each_output(&mut dots, x, w, shape, rows.clone(), outputs.clone(), lane),
            );
            for (n, dots) in rows.zip(&dots) {
                put(n, outputs.clone(), &dots[..outputs.len()]);
            }
        }
    });
}

/// The blocks of a matrix that has products in integers.
pub fn integers(w: Source<'_>) -> Option<&Blocks> {
    match w {
        Source::Narrow(HostWeight { numbers: Numbers::Blocks(blocks), .. }) => {
            integer::has_products(blocks).then_some(blocks)
        }
        _ => None,
    }
}

/// Dot products of some rows with some outputs, each row of the matrix being expanded once.
#[inline(always)]
fn each_output(
    dots: &mut [[f32; OUTPUTS]; ROWS],
    x: &[f32],
    w: Source<'_>,
    shape: LinearShape,
    rows: Range<usize>,
    outputs: Range<usize>,
    lane: &mut [f32],
) {
    for (k, o) in outputs.enumerate() {
        let row = match w {
            Source::Plain(values, _) => &values[o * shape.inputs..][..shape.inputs],
            Source::Narrow(weight) => {
                weight.expand_row(lane, o, 0..shape.inputs);
                &lane[..shape.inputs]
            }
        };
        for (n, dots) in rows.clone().zip(dots.iter_mut()) {
            dots[k] = dot(row, &x[n * shape.inputs..][..shape.inputs]);
        }
    }
}

/// The product with a matrix whose columns are outputs: sums run down the columns.
#[inline(always)]
fn columns(sums: &mut [f32], values: &[f32], x: &[f32], shape: LinearShape, first: usize) {
    sums.fill(0.0);
    for (i, &x) in x.iter().enumerate() {
        let row = &values[i * shape.outputs + first..][..sums.len()];
        for (s, w) in sums.iter_mut().zip(row) {
            *s += x * w;
        }
    }
}

/// Writes what is added to the products: residual, bias and low-rank terms of some outputs of row `n`.
#[inline(always)]
fn put_extras(
    out: &mut [f32],
    extras: Extras<'_>,
    middles: &[f32],
    shape: LinearShape,
    n: usize,
    outputs: Range<usize>,
) {
    match extras.residual {
        Some(residual) => out.copy_from_slice(&residual[n * shape.outputs + outputs.start..][..out.len()]),
        None => out.fill(0.0),
    }
    if let Some(bias) = extras.bias {
        out.iter_mut().zip(&bias[outputs.clone()]).for_each(|(o, b)| *o += b);
    }
    for term in extras.lora.iter().filter(|term| term.rows.contains(&n)) {
        let columns = term.columns.start.max(outputs.start)..term.columns.end.min(outputs.end);
        if columns.is_empty() {
            continue;
        }
        let at = term.b.offset + (columns.start - term.columns.start) * term.rank;
        let b = &term.b.buffer[at..][..columns.len() * term.rank];
        let middle = &middles[term.middle + n * term.rank..][..term.rank];
        let out = &mut out[columns.start - outputs.start..][..columns.len()];
        for (o, b) in out.iter_mut().zip(b.chunks_exact(term.rank)) {
            *o += term.scale * short_dot(middle, b);
        }
    }
}

/// Σ a·b of a few numbers, in eight lanes.
#[inline(always)]
fn short_dot(a: &[f32], b: &[f32]) -> f32 {
    let mut lanes = [0.0f32; 8];
    let ((a8, a_rest), (b8, b_rest)) = (a.as_chunks::<8>(), b.as_chunks::<8>());
    for (a, b) in a8.iter().zip(b8) {
        for i in 0..8 {
            lanes[i] += a[i] * b[i];
        }
    }
    let four: [f32; 4] = std::array::from_fn(|i| lanes[i] + lanes[i + 4]);
    let mut total = (four[0] + four[2]) + (four[1] + four[3]);
    for (a, b) in a_rest.iter().zip(b_rest) {
        total += a * b;
    }
    total
}

/// `x·Aᵀ` of each term's rows.
fn middles_of(
    pool: &Pool,
    middles: &mut [f32],
    x: &[f32],
    terms: &[LoraTerm<'_, Buffer>],
    shape: LinearShape,
) {
    let inputs = shape.inputs;
    let middles = Shared::new(middles);
    let rows: usize = terms.iter().map(|term| term.rows.len()).sum();
    pool.run(rows.div_ceil(MIDDLES), |task, _| {
        for at in chunk(task, MIDDLES, rows) {
            let mut at = at;
            let mut terms = terms.iter();
            let term = loop {
                let term = terms.next().expect("as many rows as terms have");
                if at < term.rows.len() {
                    break term;
                }
                at -= term.rows.len();
            };
            let n = term.rows.start + at;
            // SAFETY: rows of terms are disjoint.
            let out = unsafe { middles.part(term.middle + n * term.rank, term.rank) };
            let a = &term.a.buffer[term.a.offset..][..term.rank * inputs];
            simd(
                #[inline(always)]
                || {
                    for (o, a) in out.iter_mut().zip(a.chunks_exact(inputs)) {
                        *o = dot(a, &x[n * inputs..][..inputs]);
                    }
                },
            );
        }
    });
}
