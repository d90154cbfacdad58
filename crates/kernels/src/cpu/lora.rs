//! Low-rank terms (Hu et al. 2021): the skinny products x·Aᵀ and dout·B once for all rows, the wide ones tile by tile.

use std::ops::Range;

use super::buffer::{Buffer, Shared};
use super::gemm::{Operand, product, span};
use super::pool::Pool;
use super::{chunk, rows_per_task, simd};
use crate::random;
use crate::{Dropout, LinearShape, LoraTerm};

/// Rows of one task of a skinny product.
const ROWS: usize = 64;
/// Columns of one task of a gradient.
const COLUMNS: usize = 128;

/// A's numbers of a term.
fn a<'a>(term: &LoraTerm<'a, Buffer>, inputs: usize) -> &'a [f32] {
    &term.a.buffer[term.a.offset..][..term.rank * inputs]
}

/// B's numbers of a term.
fn b<'a>(term: &LoraTerm<'a, Buffer>) -> &'a [f32] {
    &term.b.buffer[term.b.offset..][..term.columns.len() * term.rank]
}

/// Writes x with some inputs removed.
fn mask(pool: &Pool, out: &mut [f32], x: &[f32], dropout: Dropout, shape: LinearShape) {
    let (width, per) = (shape.inputs, rows_per_task(shape.inputs));
    let out = Shared::new(out);
    pool.run(shape.rows.div_ceil(per), |task, _| {
        let rows = chunk(task, per, shape.rows);
        let at = rows.start * width..rows.end * width;
        // SAFETY: chunks are disjoint.
        let out = unsafe { out.part(at.start, at.len()) };
        simd(
            #[inline(always)]
            || {
                for (i, (o, &x)) in at.clone().zip(out.iter_mut().zip(&x[at.clone()])) {
                    *o = x * random::keep(dropout, i);
                }
            },
        );
    });
}

/// x as a term sees it: itself, or masked in scratch.
fn seen<'a>(
    pool: &Pool,
    x: &'a [f32],
    term: &LoraTerm<'_, Buffer>,
    shape: LinearShape,
    scratch: &'a mut [f32],
) -> &'a [f32] {
    match term.dropout {
        None => x,
        Some(dropout) => {
            let masked = &mut scratch[..shape.rows * shape.inputs];
            mask(pool, masked, x, dropout, shape);
            masked
        }
    }
}

/// Writes each term's middle, `x·Aᵀ`, (N, R).
pub fn middles(
    pool: &Pool,
    middles: &mut [f32],
    x: &[f32],
    lora: &[LoraTerm<'_, Buffer>],
    shape: LinearShape,
    scratch: &mut [f32],
) {
    for term in lora {
        let x = seen(pool, x, term, shape, scratch);
        let out = &mut middles[term.middle..][..shape.rows * term.rank];
        let b = Operand::rows(a(term, shape.inputs), shape.inputs, term.rank, shape.inputs).transposed();
        skinny(pool, out, shape.rows, term.rank, shape.inputs, 1.0, b, |rows| {
            Operand::rows(&x[rows.start * shape.inputs..], shape.inputs, rows.len(), shape.inputs)
        });
    }
}

/// Writes each term's gradient by its middle, `scale · dout·B`, one after the other.
pub fn middle_gradients(
    pool: &Pool,
    out: &mut [f32],
    dout: &[f32],
    lora: &[LoraTerm<'_, Buffer>],
    shape: LinearShape,
) {
    let mut at = 0;
    for term in lora {
        let len = shape.rows * term.rank;
        let columns = &term.columns;
        let b = Operand::rows(b(term), term.rank, columns.len(), term.rank);
        skinny(pool, &mut out[at..at + len], shape.rows, term.rank, columns.len(), term.scale, b, |rows| {
            let dout = &dout[rows.start * shape.outputs + columns.start..];
            Operand::rows(dout, shape.outputs, rows.len(), columns.len())
        });
        at += len;
    }
}

/// `out = factor · a·b`, (rows, rank), threads sharing out the rows.
fn skinny(
    pool: &Pool,
    out: &mut [f32],
    rows: usize,
    rank: usize,
    depth: usize,
    factor: f32,
    b: Operand,
    a: impl Fn(&Range<usize>) -> Operand + Sync,
) {
    struct Both(Operand);
    // SAFETY: an operand is read only, and lives in slices that outlive the job.
    unsafe impl Sync for Both {}
    let b = Both(b);
    let out = Shared::new(out);
    pool.run(rows.div_ceil(ROWS), |task, _| {
        let b = &b;
        let rows = chunk(task, ROWS, rows);
        let start = out.at(rows.start * rank, rows.len() * rank);
        // SAFETY: chunks are disjoint; operands have the sizes given.
        unsafe { product(start, rank, [rows.len(), rank, depth], a(&rows), b.0, factor, false) }
    });
}

/// `out[rows, columns] += scale · middle·Bᵀ` where tile and term meet.
pub fn add_to_tile(
    out: Shared<'_>,
    middles: &[f32],
    term: &LoraTerm<'_, Buffer>,
    shape: LinearShape,
    rows: &Range<usize>,
    columns: &Range<usize>,
) {
    let meet = columns.start.max(term.columns.start)..columns.end.min(term.columns.end);
    if meet.is_empty() {
        return;
    }
    let rank = term.rank;
    let middle = &middles[term.middle + rows.start * rank..];
    let first = (meet.start - term.columns.start) * rank;
    let b = Operand::rows(&b(term)[first..], rank, meet.len(), rank).transposed();
    let start = out.at(rows.start * shape.outputs + meet.start, span(shape.outputs, rows.len(), meet.len()));
    let size = [rows.len(), meet.len(), rank];
    let a = Operand::rows(middle, rank, rows.len(), rank);
    // SAFETY: the tile belongs to the calling task; operands have the sizes given.
    unsafe { product(start, shape.outputs, size, a, b, term.scale, true) }
}

/// `dx[rows, columns] += mask ∘ (dmiddle·A)`.
pub fn add_to_input_tile(
    dx: Shared<'_>,
    dmiddle: &[f32],
    term: &LoraTerm<'_, Buffer>,
    shape: LinearShape,
    rows: &Range<usize>,
    columns: &Range<usize>,
    lane: &mut [f32],
) {
    let (inputs, rank) = (shape.inputs, term.rank);
    let b = Operand::rows(&a(term, inputs)[columns.start..], inputs, rank, columns.len());
    let Some(dropout) = term.dropout else {
        let a = Operand::rows(&dmiddle[rows.start * rank..], rank, rows.len(), rank);
        let start = dx.at(rows.start * inputs + columns.start, span(inputs, rows.len(), columns.len()));
        // SAFETY: the tile belongs to the calling task; operands have the sizes given.
        return unsafe { product(start, inputs, [rows.len(), columns.len(), rank], a, b, 1.0, true) };
    };
    for row in rows.clone() {
        let a = Operand::rows(&dmiddle[row * rank..], rank, 1, rank);
        let lane = &mut lane[..columns.len()];
        // SAFETY: the lane belongs to the calling thread; operands have the sizes given.
        unsafe { product(lane.as_mut_ptr(), columns.len(), [1, columns.len(), rank], a, b, 1.0, false) }
        let at = row * inputs + columns.start;
        // SAFETY: the tile belongs to the calling task.
        let dx = unsafe { dx.part(at, columns.len()) };
        for (i, (dx, d)) in dx.iter_mut().zip(&*lane).enumerate() {
            *dx += d * random::keep(dropout, at + i);
        }
    }
}

/// Adds each term's dA and dB to `grads` at their offsets.
pub fn weight_gradients(
    pool: &Pool,
    grads: &mut [f32],
    dout: &[f32],
    x: &[f32],
    middles: &[f32],
    dmiddles: &[f32],
    lora: &[LoraTerm<'_, Buffer>],
    shape: LinearShape,
    scratch: &mut [f32],
) {
    let (n, inputs) = (shape.rows, shape.inputs);
    let mut at = 0;
    for term in lora {
        let rank = term.rank;
        let dmiddle = &dmiddles[at..][..n * rank];
        at += n * rank;
        let x = seen(pool, x, term, shape, scratch);
        let da = Shared::new(&mut grads[term.a.offset..][..rank * inputs]);
        pool.run(inputs.div_ceil(COLUMNS), |task, _| {
            let columns = chunk(task, COLUMNS, inputs);
            let a = Operand::rows(dmiddle, rank, n, rank).transposed();
            let b = Operand::rows(&x[columns.start..], inputs, n, columns.len());
            let start = da.at(columns.start, span(inputs, rank, columns.len()));
            // SAFETY: columns are disjoint; operands have the sizes given.
            unsafe { product(start, inputs, [rank, columns.len(), n], a, b, 1.0, true) }
        });
        let middle = &middles[term.middle..][..n * rank];
        let width = term.columns.len();
        let db = Shared::new(&mut grads[term.b.offset..][..width * rank]);
        pool.run(width.div_ceil(COLUMNS), |task, _| {
            let columns = chunk(task, COLUMNS, width);
            let dout = &dout[term.columns.start + columns.start..];
            let a = Operand::rows(dout, shape.outputs, n, columns.len()).transposed();
            let b = Operand::rows(middle, rank, n, rank);
            let start = db.at(columns.start * rank, columns.len() * rank);
            // SAFETY: chunks are disjoint; operands have the sizes given.
            unsafe { product(start, rank, [columns.len(), rank, n], a, b, term.scale, true) }
        });
    }
}
