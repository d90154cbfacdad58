//! RMSNorm and LayerNorm, as in [`crate::reference::norm`], over rows on several threads.

use super::buffer::Shared;
use super::linear::{column_sums, each_row};
use super::math::sum;
use super::pool::Pool;
use super::simd;
use crate::reference::norm::Weights;
use crate::{Groups, Place};

/// Writes `out` and `stats`.
pub fn forward(
    pool: &Pool,
    out: &mut [f32],
    out_place: Place,
    stats: &mut [f32],
    x: &[f32],
    shape: Groups,
    w: Weights<'_, f32>,
) {
    let (out, stats) = (Shared::new(out), Shared::new(stats));
    let to = Groups { place: out_place, ..shape };
    each_row(pool, shape.rows, shape.groups * shape.width, |row| {
        for group in 0..shape.groups {
            let x = &x[shape.start(row, group)..][..shape.width];
            // SAFETY: vectors are disjoint.
            let out = unsafe { out.part(to.start(row, group), shape.width) };
            // SAFETY: as above.
            let stats = unsafe { stats.part(2 * (row * shape.groups + group), 2) };
            simd(
                #[inline(always)]
                || vector(out, stats, x, w),
            );
        }
    });
}

#[inline(always)]
fn vector(out: &mut [f32], stats: &mut [f32], x: &[f32], w: Weights<'_, f32>) {
    let width = x.len();
    let mean = if w.bias.is_some() { sum(width, |i| x[i]) / width as f32 } else { 0.0 };
    let variance = sum(width, |i| (x[i] - mean) * (x[i] - mean)) / width as f32;
    let rstd = 1.0 / (variance + w.eps as f32).sqrt();
    match w.bias {
        Some(bias) => {
            for i in 0..width {
                out[i] = (x[i] - mean) * rstd * (w.weight[i] + w.added) + bias[i];
            }
        }
        None => {
            for i in 0..width {
                out[i] = x[i] * rstd * (w.weight[i] + w.added);
            }
        }
    }
    stats[0] = mean;
    stats[1] = rstd;
}

/// The derivative by element i of one vector, given i and its `dout`.
#[inline(always)]
fn input_gradient<'a>(
    dout: &[f32],
    x: &'a [f32],
    stats: &[f32],
    w: Weights<'a, f32>,
) -> impl Fn(usize, f32) -> f32 + use<'a> {
    let width = x.len();
    let (mean, rstd) = (stats[0], stats[1]);
    let mean_dhat =
        if w.bias.is_some() { sum(width, |i| dout[i] * (w.weight[i] + w.added)) / width as f32 } else { 0.0 };
    let mean_both = sum(width, |i| dout[i] * (w.weight[i] + w.added) * ((x[i] - mean) * rstd)) / width as f32;
    move |i, d| rstd * (d * (w.weight[i] + w.added) - mean_dhat - (x[i] - mean) * rstd * mean_both)
}

/// Adds to `dx`; `dout` lies at `shape.place`.
pub fn backward(
    pool: &Pool,
    dx: &mut [f32],
    dx_place: Place,
    dout: &[f32],
    x: (&[f32], Place),
    stats: &[f32],
    shape: Groups,
    w: Weights<'_, f32>,
) {
    let (to, from) = (Groups { place: dx_place, ..shape }, Groups { place: x.1, ..shape });
    let dx = Shared::new(dx);
    each_row(pool, shape.rows, shape.groups * shape.width, |row| {
        for group in 0..shape.groups {
            // SAFETY: vectors are disjoint.
            let dx = unsafe { dx.part(to.start(row, group), shape.width) };
            let dout = &dout[shape.start(row, group)..][..shape.width];
            let x = &x.0[from.start(row, group)..][..shape.width];
            let stats = &stats[2 * (row * shape.groups + group)..][..2];
            simd(
                #[inline(always)]
                || {
                    let gradient = input_gradient(dout, x, stats, w);
                    for i in 0..dout.len() {
                        dx[i] += gradient(i, dout[i]);
                    }
                },
            );
        }
    });
}

/// Replaces `dout` by the derivative by the input.
pub fn backward_in_place(
    pool: &Pool,
    dout: &mut [f32],
    x: (&[f32], Place),
    stats: &[f32],
    shape: Groups,
    w: Weights<'_, f32>,
) {
    let from = Groups { place: x.1, ..shape };
    let dout = Shared::new(dout);
    each_row(pool, shape.rows, shape.groups * shape.width, |row| {
        for group in 0..shape.groups {
            // SAFETY: vectors are disjoint.
            let dout = unsafe { dout.part(shape.start(row, group), shape.width) };
            let x = &x.0[from.start(row, group)..][..shape.width];
            let stats = &stats[2 * (row * shape.groups + group)..][..2];
            simd(
                #[inline(always)]
                || {
                    let gradient = input_gradient(dout, x, stats, w);
                    for i in 0..dout.len() {
                        dout[i] = gradient(i, dout[i]);
                    }
                },
            );
        }
    });
}

/// Adds to `dweight`.
pub fn weights_backward(
    pool: &Pool,
    dweight: &mut [f32],
    dout: &[f32],
    x: (&[f32], Place),
    stats: &[f32],
    shape: Groups,
) {
    let from = Groups { place: x.1, ..shape };
    column_sums(pool, dweight, shape.rows, |sums, columns, row| {
        for group in 0..shape.groups {
            let dout = &dout[shape.start(row, group) + columns.start..][..sums.len()];
            let x = &x.0[from.start(row, group) + columns.start..][..sums.len()];
            let at = 2 * (row * shape.groups + group);
            let (mean, rstd) = (stats[at], stats[at + 1]);
            for i in 0..sums.len() {
                sums[i] += dout[i] * (x[i] - mean) * rstd;
            }
        }
    });
}

/// Adds to `dbias`.
pub fn bias_backward(pool: &Pool, dbias: &mut [f32], dout: &[f32], shape: Groups) {
    column_sums(pool, dbias, shape.rows, |sums, columns, row| {
        for group in 0..shape.groups {
            let dout = &dout[shape.start(row, group) + columns.start..][..sums.len()];
            for (s, d) in sums.iter_mut().zip(dout) {
                *s += d;
            }
        }
    });
}
