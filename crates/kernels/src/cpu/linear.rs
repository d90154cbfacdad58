//! Linear layers over tiles of rows and columns; low-rank terms are added to a tile while it is in the cache.

use super::buffer::{Buffer, Shared};
use super::gemm::{Operand, pieces, pieces_of, product, span};
use super::panel::{DEPTH, Source};
use super::pool::Pool;
use super::{lora, rows_per_task};
use crate::{Layout, LinearShape, LoraTerm};

/// Rows and columns of a tile of the output.
const TILE_ROWS: usize = 512;
/// As above.
pub const TILE_COLUMNS: usize = 192;

/// Numbers of scratch that a thread needs for an expanded panel.
pub fn panel_len() -> usize {
    DEPTH * TILE_COLUMNS
}

/// The tiles of an output of `rows` by `columns`, as tasks.
#[derive(Clone, Copy)]
struct Tiles {
    rows: (usize, usize),
    columns: (usize, usize),
    extent: [usize; 2],
}

impl Tiles {
    fn of(rows: usize, columns: usize) -> Self {
        Self {
            rows: pieces(rows, TILE_ROWS),
            columns: pieces(columns, TILE_COLUMNS),
            extent: [rows, columns],
        }
    }

    fn count(&self) -> usize {
        self.rows.0 * self.columns.0
    }

    /// Rows and columns of a tile. Neighbouring tasks share a panel of the matrix.
    fn of_task(&self, task: usize) -> [std::ops::Range<usize>; 2] {
        let (c, r) = (task / self.rows.0, task % self.rows.0);
        let range = |i: usize, length: usize, extent: usize| i * length..((i + 1) * length).min(extent);
        [range(r, self.rows.1, self.extent[0]), range(c, self.columns.1, self.extent[1])]
    }
}

/// Scratch of one operation: some numbers for all, then as many for each thread.
pub struct Scratch<'a> {
    common: &'a mut [f32],
    threads: Shared<'a>,
    each: usize,
}

impl<'a> Scratch<'a> {
    /// Splits a buffer.
    pub fn split(scratch: &'a mut [f32], common: usize, each: usize, threads: usize) -> Self {
        assert!(
            scratch.len() >= common + each * threads,
            "scratch of {}, {} wanted",
            scratch.len(),
            common + each * threads
        );
        let (common, rest) = scratch.split_at_mut(common);
        Self { common, threads: Shared::new(rest), each }
    }

    /// The numbers for all, and the threads' own.
    pub fn parts(self) -> (&'a mut [f32], Lanes<'a>) {
        (self.common, Lanes { threads: self.threads, each: self.each })
    }
}

/// The threads' own scratch.
#[derive(Clone, Copy)]
pub struct Lanes<'a> {
    threads: Shared<'a>,
    each: usize,
}

impl<'a> Lanes<'a> {
    /// That of one thread.
    pub fn of(&self, thread: usize) -> &'a mut [f32] {
        // SAFETY: a thread runs one task at a time, and each has a part of its own.
        unsafe { self.threads.part(thread * self.each, self.each) }
    }
}

/// What a linear layer adds to its product.
#[derive(Clone, Copy)]
pub struct Extras<'a> {
    /// (O).
    pub bias: Option<&'a [f32]>,
    /// (N, O).
    pub residual: Option<&'a [f32]>,
    /// Low-rank terms, and their scratch of masked inputs.
    pub lora: &'a [LoraTerm<'a, Buffer>],
}

/// `out = residual + x·Wᵀ + bias + Σ lora`.
pub fn forward(
    pool: &Pool,
    out: &mut [f32],
    middles: &mut [f32],
    x: &[f32],
    w: Source<'_>,
    extras: Extras<'_>,
    shape: LinearShape,
    scratch: &mut [f32],
) {
    lora::middles(pool, middles, x, extras.lora, shape, scratch);
    let middles = &*middles;
    let tiles = Tiles::of(shape.rows, shape.outputs);
    let (_, lanes) = Scratch::split(scratch, 0, panel_len(), pool.threads()).parts();
    let out = Shared::new(out);
    pool.run(tiles.count(), |task, thread| {
        let [rows, columns] = tiles.of_task(task);
        for row in rows.clone() {
            // SAFETY: tiles are disjoint.
            let out = unsafe { out.part(row * shape.outputs + columns.start, columns.len()) };
            begin(out, row * shape.outputs + columns.start, columns.start, extras);
        }
        let offset = rows.start * shape.outputs + columns.start;
        let start = out.at(offset, span(shape.outputs, rows.len(), columns.len()));
        let a = &x[rows.start * shape.inputs..];
        let depth = w.depth(shape.inputs);
        for from in (0..shape.inputs).step_by(depth) {
            let inputs = from..(from + depth).min(shape.inputs);
            let a = Operand::rows(&a[from..], shape.inputs, rows.len(), inputs.len());
            let size = [rows.len(), columns.len(), inputs.len()];
            let b =
                w.tile(lanes.of(thread), columns.clone(), inputs, [shape.outputs, shape.inputs]).transposed();
            // SAFETY: the tile is this task's; operands have the sizes given.
            unsafe { product(start, shape.outputs, size, a, b, 1.0, true) }
        }
        for term in extras.lora {
            lora::add_to_tile(out, middles, term, shape, &rows, &columns);
        }
    });
}

/// What stands in a tile's row before the product is added.
fn begin(out: &mut [f32], at: usize, column: usize, extras: Extras<'_>) {
    let len = out.len();
    match extras.residual {
        Some(residual) => out.copy_from_slice(&residual[at..at + len]),
        None => match extras.bias {
            Some(bias) => return out.copy_from_slice(&bias[column..column + len]),
            None => return out.fill(0.0),
        },
    }
    if let Some(bias) = extras.bias {
        for (o, b) in out.iter_mut().zip(&bias[column..]) {
            *o += b;
        }
    }
}

/// `dx = dout·W + Σ lora`; `dmiddles` are the terms' gradients by their middles.
pub fn input_backward(
    pool: &Pool,
    dx: &mut [f32],
    dout: &[f32],
    dmiddles: &[f32],
    w: Source<'_>,
    lora: &[LoraTerm<'_, Buffer>],
    shape: LinearShape,
    scratch: &mut [f32],
) {
    let tiles = Tiles {
        columns: pieces_of(shape.inputs, TILE_COLUMNS, w.alignment()),
        ..Tiles::of(shape.rows, shape.inputs)
    };
    let (_, lanes) = Scratch::split(scratch, 0, panel_len(), pool.threads()).parts();
    let dx = Shared::new(dx);
    pool.run(tiles.count(), |task, thread| {
        let [rows, columns] = tiles.of_task(task);
        let offset = rows.start * shape.inputs + columns.start;
        let start = dx.at(offset, span(shape.inputs, rows.len(), columns.len()));
        let a = &dout[rows.start * shape.outputs..];
        let depth = w.depth(shape.outputs);
        for from in (0..shape.outputs).step_by(depth) {
            let outputs = from..(from + depth).min(shape.outputs);
            let a = Operand::rows(&a[from..], shape.outputs, rows.len(), outputs.len());
            let size = [rows.len(), columns.len(), outputs.len()];
            let b = w.tile(lanes.of(thread), outputs, columns.clone(), [shape.outputs, shape.inputs]);
            // SAFETY: the tile is this task's; operands have the sizes given.
            unsafe { product(start, shape.inputs, size, a, b, 1.0, from > 0) }
        }
        let mut at = 0;
        for term in lora {
            let dmiddle = &dmiddles[at..][..shape.rows * term.rank];
            lora::add_to_input_tile(dx, dmiddle, term, shape, &rows, &columns, lanes.of(thread));
            at += shape.rows * term.rank;
        }
    });
}

/// `dw += doutᵀ·x`, in the layout of W.
pub fn weight_backward(
    pool: &Pool,
    dw: &mut [f32],
    layout: Layout,
    dout: &[f32],
    x: &[f32],
    shape: LinearShape,
) {
    let (n, i, o) = (shape.rows, shape.inputs, shape.outputs);
    let (outer, inner, left, right) = match layout {
        Layout::OutIn => (o, i, dout, x),
        Layout::InOut => (i, o, x, dout),
    };
    let tiles = Tiles::of(outer, inner);
    let dw = Shared::new(dw);
    pool.run(tiles.count(), |task, _| {
        let [rows, columns] = tiles.of_task(task);
        let start = dw.at(rows.start * inner + columns.start, span(inner, rows.len(), columns.len()));
        let a = Operand::rows(&left[rows.start..], outer, n, rows.len()).transposed();
        let b = Operand::rows(&right[columns.start..], inner, n, columns.len());
        // SAFETY: the tile is this task's; operands have the sizes given.
        unsafe { product(start, inner, [rows.len(), columns.len(), n], a, b, 1.0, true) }
    });
}

/// `dbias += Σ rows of dout`.
pub fn bias_backward(pool: &Pool, dbias: &mut [f32], dout: &[f32], shape: LinearShape) {
    column_sums(pool, dbias, shape.rows, |sums, columns, row| {
        for (s, d) in sums.iter_mut().zip(&dout[row * shape.outputs + columns.start..]) {
            *s += d;
        }
    });
}

/// Adds `add(sums, columns, row)` over all rows in order, threads sharing out the columns.
pub fn column_sums(
    pool: &Pool,
    sums: &mut [f32],
    rows: usize,
    add: impl Fn(&mut [f32], std::ops::Range<usize>, usize) + Sync,
) {
    let len = sums.len();
    let chunk = 64;
    let sums = Shared::new(sums);
    pool.run(len.div_ceil(chunk), |task, _| {
        let columns = super::chunk(task, chunk, len);
        // SAFETY: chunks are disjoint.
        let sums = unsafe { sums.part(columns.start, columns.len()) };
        super::simd(
            #[inline(always)]
            || (0..rows).for_each(|row| add(sums, columns.clone(), row)),
        );
    });
}

/// Runs `body(row)` for all rows of `width` numbers, in tasks of several rows.
pub fn each_row(pool: &Pool, rows: usize, width: usize, body: impl Fn(usize) + Sync) {
    let per = rows_per_task(width);
    pool.run(rows.div_ceil(per), |task, _| super::chunk(task, per, rows).for_each(&body));
}
