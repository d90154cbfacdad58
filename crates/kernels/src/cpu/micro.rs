//! The matrix product of one tile on one thread.
//!
//! 1. A strip of b's columns is packed: for each step of the sum, the strip's numbers side by side, padded with zeros.
//! 2. A few rows of a are taken at a time; each of their numbers is multiplied with the strip's vectors, and the
//!    sums stay in registers over the whole depth of the block.
//!
//! Every sum runs over its terms in order, in blocks of [`DEPTH`], and multiplications and additions are fused where
//! there are vectors: a number of the result does not depend on how many rows or columns are computed with it, nor on
//! whether vectors have 256 or 512 bits.

#[cfg(target_arch = "x86_64")]
mod avx2;
#[cfg(target_arch = "x86_64")]
mod avx512;
mod portable;

use std::cell::RefCell;

use super::gemm::Operand;

/// Terms of a sum that are added in registers before they are added to the result.
const DEPTH: usize = 512;

/// A strip of columns: its vectors and rows, and what multiplies it.
#[derive(Clone, Copy)]
struct Tile {
    /// The first of `rows` rows of a, and the distances of rows and of terms.
    a: *const f32,
    a_row: isize,
    a_term: isize,
    rows: usize,
    /// The packed strip, and how many of its columns there are.
    strip: *const f32,
    columns: usize,
    /// Terms.
    depth: usize,
    /// Where the result goes, and the distance of its rows.
    out: *mut f32,
    out_row: usize,
    factor: f32,
    accumulate: bool,
}

/// The instruction set that products use.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Isa {
    /// 512-bit vectors.
    #[cfg(target_arch = "x86_64")]
    Avx512,
    /// 256-bit vectors with fused multiplication.
    #[cfg(target_arch = "x86_64")]
    Avx2,
    /// What the compiler makes of plain loops.
    Portable,
}

impl Isa {
    /// The best that this processor has.
    pub fn best() -> Self {
        #[cfg(target_arch = "x86_64")]
        {
            if std::is_x86_feature_detected!("avx512f") {
                return Self::Avx512;
            }
            if std::is_x86_feature_detected!("avx2") && std::is_x86_feature_detected!("fma") {
                return Self::Avx2;
            }
        }
        Self::Portable
    }

    /// All that this processor has, the best first.
    #[cfg(test)]
    fn all() -> Vec<Self> {
        #[cfg(target_arch = "x86_64")]
        let wide = [Self::Avx512, Self::Avx2];
        #[cfg(not(target_arch = "x86_64"))]
        let wide = [];
        let best = Self::best();
        wide.into_iter().skip_while(|isa| *isa != best).chain([Self::Portable]).collect()
    }

    /// Columns of a strip.
    fn strip(self) -> usize {
        match self {
            #[cfg(target_arch = "x86_64")]
            Self::Avx512 => avx512::STRIP,
            #[cfg(target_arch = "x86_64")]
            Self::Avx2 => avx2::STRIP,
            Self::Portable => portable::STRIP,
        }
    }
}

/// `out = [out +] factor · a · b`, where `out` is (m, n) with rows `stride` apart, a is (m, k), b is (k, n).
///
/// # Safety
/// `out` points to the numbers of the tile, of which no other thread uses any; `a` and `b` have the said sizes; the
/// processor has the instruction set.
pub unsafe fn product(
    isa: Isa,
    out: *mut f32,
    stride: usize,
    [m, n, k]: [usize; 3],
    a: Operand,
    b: Operand,
    factor: f32,
    accumulate: bool,
) {
    #[cfg(target_arch = "x86_64")]
    if isa == Isa::Avx2 && avx2::is_blocked(m, n) {
        // SAFETY: by the caller.
        return unsafe { avx2::blocked_product(out, stride, [m, n, k], a, b, factor, accumulate) };
    }
    let width = isa.strip();
    with_strip(DEPTH * width, |strip| {
        // A product without terms is nothing, and has to be written like any other.
        let blocks = k.div_ceil(DEPTH).max(1);
        for block in 0..blocks {
            let from = block * DEPTH;
            let depth = DEPTH.min(k - from);
            for column in (0..n).step_by(width) {
                let columns = width.min(n - column);
                let b = b.from(from, column);
                let tile = Tile {
                    a: a.from(0, from).start(),
                    a_row: a.row_distance(),
                    a_term: a.column_distance(),
                    rows: m,
                    strip,
                    columns,
                    depth,
                    // SAFETY: the column is one of the tile's.
                    out: unsafe { out.add(column) },
                    out_row: stride,
                    factor,
                    accumulate: accumulate || block > 0,
                };
                // SAFETY: the strip has room for `depth` by `width`; b has the terms and columns; sizes and
                // exclusiveness of the rest by the caller.
                unsafe { strip_product(isa, strip, b, tile) }
            }
        }
    });
}

/// Calls `body` with a thread's own room for `len` packed numbers, which begins where a line of cache does.
fn with_strip(len: usize, body: impl FnOnce(*mut f32)) {
    thread_local! {
        /// A thread packs for one product at a time, and keeps the memory.
        static STRIP: RefCell<Vec<Line>> = const { RefCell::new(Vec::new()) };
    }
    STRIP.with_borrow_mut(|lines| {
        let wanted = len.div_ceil(LINE);
        if lines.len() < wanted {
            lines.resize(wanted, Line([0.0; LINE]));
        }
        body(lines.as_mut_ptr().cast::<f32>());
    });
}

/// Packs a strip and multiplies all rows with it.
unsafe fn strip_product(isa: Isa, strip: *mut f32, b: Operand, tile: Tile) {
    // SAFETY: by the caller.
    unsafe {
        match isa {
            #[cfg(target_arch = "x86_64")]
            Isa::Avx512 => {
                avx512::pack(strip, b, tile.depth, tile.columns);
                avx512::multiply(tile);
            }
            #[cfg(target_arch = "x86_64")]
            Isa::Avx2 => {
                avx2::pack(strip, b, tile.depth, tile.columns);
                avx2::multiply(tile);
            }
            Isa::Portable => {
                pack_any(strip, b, tile.depth, tile.columns, portable::STRIP);
                portable::multiply(tile);
            }
        }
    }
}

/// Columns as packed: whole vectors.
fn padded(columns: usize, vector: usize) -> usize {
    columns.next_multiple_of(vector)
}

/// Packs number by number: `strip[term · width + column]`.
///
/// # Safety
/// The strip has room for `depth` by `width`, `width` ≥ `columns`; b has the terms and columns.
#[inline(always)]
unsafe fn pack_any(strip: *mut f32, b: Operand, depth: usize, columns: usize, width: usize) {
    let (row, column) = (b.row_distance(), b.column_distance());
    for term in 0..depth {
        for c in 0..width {
            // SAFETY: by the caller.
            unsafe {
                let value = if c < columns {
                    *b.start().offset(term as isize * row + c as isize * column)
                } else {
                    0.0
                };
                *strip.add(term * width + c) = value;
            }
        }
    }
}

/// Numbers of a line of cache.
const LINE: usize = 16;

/// Memory that begins where a line of cache does.
#[derive(Clone, Copy)]
#[repr(align(64))]
struct Line(#[expect(dead_code, reason = "read through pointers")] [f32; LINE]);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random;

    fn numbers(len: usize, seed: u64) -> Vec<f32> {
        (0..len).map(|i| random::uniform(seed, i as u64) - 0.5).collect()
    }

    /// The same sums, term by term, in blocks.
    fn reference(
        fused: fn(f32, f32, f32) -> f32,
        out: &mut [f32],
        stride: usize,
        [m, n, k]: [usize; 3],
        at: &dyn Fn(usize, usize) -> f32,
        bt: &dyn Fn(usize, usize) -> f32,
        factor: f32,
        accumulate: bool,
    ) {
        for i in 0..m {
            for j in 0..n {
                let mut value = if accumulate { Some(out[i * stride + j]) } else { None };
                for from in (0..k.max(1)).step_by(DEPTH) {
                    let terms = from..k.min(from + DEPTH);
                    let sum = terms.fold(0.0f32, |sum, p| fused(at(i, p), bt(p, j), sum));
                    value = Some(value.map_or(factor * sum, |v| fused(sum, factor, v)));
                }
                out[i * stride + j] = value.unwrap_or(0.0);
            }
        }
    }

    #[test]
    fn every_shape_layout_and_instruction_set_gives_the_same_bits() {
        let sizes = [
            [1, 1, 1],
            [3, 5, 7],
            [8, 48, 16],
            [9, 49, 33],
            [17, 100, 40],
            [4, 24, 513],
            [2, 3, 0],
            [31, 16, 1030],
            [100, 65, 513],
            [203, 193, 30],
        ];
        for isa in Isa::all() {
            let fused = if isa == Isa::Portable { portable::fused } else { f32::mul_add };
            for [m, n, k] in sizes {
                for (layout, accumulate) in [(0, false), (1, true), (2, false), (3, true)] {
                    let (a, b) = (numbers(m * k + 1, 1), numbers(k * n + 1, 2));
                    let (a_turned, b_turned) = (layout & 1 != 0, layout & 2 != 0);
                    let at = |i: usize, p: usize| if a_turned { a[p * m + i] } else { a[i * k + p] };
                    let bt = |p: usize, j: usize| if b_turned { b[j * k + p] } else { b[p * n + j] };
                    let left = if a_turned {
                        Operand::rows(&a, m, k, m).transposed()
                    } else {
                        Operand::rows(&a, k, m, k)
                    };
                    let right = if b_turned {
                        Operand::rows(&b, k, n, k).transposed()
                    } else {
                        Operand::rows(&b, n, k, n)
                    };
                    let stride = n + 3;
                    let mut ours = numbers(m * stride, 3);
                    let mut theirs = ours.clone();
                    reference(fused, &mut theirs, stride, [m, n, k], &at, &bt, 0.75, accumulate);
                    // SAFETY: the vectors have the sizes; the instruction set is one of the processor's.
                    unsafe {
                        product(isa, ours.as_mut_ptr(), stride, [m, n, k], left, right, 0.75, accumulate)
                    }
                    let same = ours.iter().zip(&theirs).all(|(a, b)| a.to_bits() == b.to_bits());
                    assert!(same, "{isa:?} {m} {n} {k} {layout}");
                }
            }
        }
    }
}
