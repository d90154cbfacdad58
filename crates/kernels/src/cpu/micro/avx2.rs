//! Products with 256-bit vectors: six rows by two vectors of columns in 12 of the 16 registers.
//!
//! Four rows by three vectors would need all 16 for sums, columns and one factor; compilers then keep a sum in memory,
//! and the loop waits for its way there and back: measured at half the speed.

use std::arch::x86_64::{
    __m256, _mm256_fmadd_ps, _mm256_loadu_ps, _mm256_mul_ps, _mm256_permute2f128_ps, _mm256_set1_ps,
    _mm256_setzero_ps, _mm256_shuffle_ps, _mm256_storeu_ps, _mm256_unpackhi_ps, _mm256_unpacklo_ps,
};

use super::{DEPTH, LINE, Tile};
use crate::cpu::gemm::Operand;

/// Numbers of a vector.
const LANES: usize = 8;
/// Columns of a strip.
pub const STRIP: usize = 2 * LANES;
/// Rows whose sums are held at a time.
const ROWS: usize = 6;

/// Rows of a that are packed at a time: with their terms, half of a small second cache.
const BLOCK_ROWS: usize = 16 * ROWS;

/// Whether a product has rows and columns enough that packing its rows, too, is little beside it.
pub fn is_blocked(m: usize, n: usize) -> bool {
    m >= 2 * ROWS && n > 2 * STRIP
}

/// As [`super::product`], with a packed as well as b: every number is read where the last one was, however far apart
/// the rows of a lie – those of logits are a whole number of cache sets apart and would drive each other out.
///
/// # Safety
/// As of [`super::product`]; the processor has AVX2 and FMA.
pub unsafe fn blocked_product(
    out: *mut f32,
    stride: usize,
    [m, n, k]: [usize; 3],
    a: Operand,
    b: Operand,
    factor: f32,
    accumulate: bool,
) {
    // Panels are one line further apart than they are long, so that they do not share the sets of a cache.
    let panel = DEPTH.min(k) * ROWS + LINE;
    let strip = DEPTH.min(k) * STRIP;
    let panels = BLOCK_ROWS.min(m).div_ceil(ROWS);
    super::with_strip(n.div_ceil(STRIP) * strip + panels * panel, |strips| {
        // SAFETY: the room is for that many strips, then as many panels.
        let rows = unsafe { strips.add(n.div_ceil(STRIP) * strip) };
        for (block, from) in (0..k.max(1)).step_by(DEPTH).enumerate() {
            let depth = DEPTH.min(k - from);
            for (i, column) in (0..n).step_by(STRIP).enumerate() {
                // SAFETY: as above; b has the terms and columns.
                unsafe { pack(strips.add(i * strip), b.from(from, column), depth, STRIP.min(n - column)) }
            }
            for row in (0..m).step_by(BLOCK_ROWS) {
                let block_rows = BLOCK_ROWS.min(m - row);
                // SAFETY: as above; a has the rows and terms.
                unsafe { pack_rows(rows, panel, a.from(row, from), block_rows, depth) }
                for (i, column) in (0..n).step_by(STRIP).enumerate() {
                    let tile = Tile {
                        a: rows,
                        a_row: 1,
                        a_term: ROWS as isize,
                        rows: block_rows,
                        // SAFETY: a strip of the room.
                        strip: unsafe { strips.add(i * strip) },
                        columns: STRIP.min(n - column),
                        depth,
                        // SAFETY: the row and the column are the tile's.
                        out: unsafe { out.add(row * stride + column) },
                        out_row: stride,
                        factor,
                        accumulate: accumulate || block > 0,
                    };
                    // SAFETY: panels and strip are packed; the rest by the caller.
                    unsafe {
                        if tile.columns > LANES {
                            each_panel::<2>(tile, panel);
                        } else {
                            each_panel::<1>(tile, panel);
                        }
                    }
                }
            }
        }
    });
}

/// Panels of [`ROWS`] packed rows, `panel` numbers apart.
#[target_feature(enable = "avx2,fma")]
unsafe fn each_panel<const V: usize>(tile: Tile, panel: usize) {
    for (i, row) in (0..tile.rows).step_by(ROWS).enumerate() {
        let rows = ROWS.min(tile.rows - row);
        // SAFETY: the panel and its rows are the tile's.
        unsafe {
            let out = tile.out.add(row * tile.out_row);
            each_rows::<V>(Tile { a: tile.a.add(i * panel), rows, out, ..tile });
        }
    }
}

/// Packs rows in panels: `panels[i · panel + term · ROWS + r]` is the term of row `i · ROWS + r`.
///
/// # Safety
/// The processor has AVX2; there is room for all panels and two numbers more; a has the rows and terms.
#[target_feature(enable = "avx2,fma")]
unsafe fn pack_rows(panels: *mut f32, panel: usize, a: Operand, rows: usize, depth: usize) {
    let whole = rows / ROWS * ROWS;
    // SAFETY: by the caller.
    unsafe {
        if a.row_distance() == 1 {
            // A term's rows lie side by side: all panels of a term at once, so that a line is read once.
            for term in 0..depth {
                let from = a.start().offset(term as isize * a.column_distance());
                for (i, row) in (0..whole).step_by(ROWS).enumerate() {
                    from.add(row).copy_to_nonoverlapping(panels.add(i * panel + term * ROWS), ROWS);
                }
            }
        } else {
            for (i, row) in (0..whole).step_by(ROWS).enumerate() {
                pack_panel(panels.add(i * panel), a.from(row, 0), depth);
            }
        }
        let last = panels.add(whole / ROWS * panel);
        for row in whole..rows {
            let from = a.from(row, 0);
            for term in 0..depth {
                *last.add(term * ROWS + row - whole) =
                    *from.start().offset(term as isize * from.column_distance());
            }
        }
    }
}

/// One panel of whole rows whose terms lie side by side, or anywhere.
#[target_feature(enable = "avx2,fma")]
unsafe fn pack_panel(panel: *mut f32, a: Operand, depth: usize) {
    let turned = if a.column_distance() == 1 { depth / LANES * LANES } else { 0 };
    // SAFETY: by the caller. Eight numbers are written where six are meant; the next ones write over the other two,
    // and behind the last there is room.
    unsafe {
        for term in (0..turned).step_by(LANES) {
            let mut block = [_mm256_setzero_ps(); LANES];
            for (r, row) in block.iter_mut().take(ROWS).enumerate() {
                *row = _mm256_loadu_ps(a.from(r, term).start());
            }
            for (t, terms) in turn(block).iter().enumerate() {
                _mm256_storeu_ps(panel.add((term + t) * ROWS), *terms);
            }
        }
        for term in turned..depth {
            for r in 0..ROWS {
                *panel.add(term * ROWS + r) = *a.from(r, term).start();
            }
        }
    }
}

/// All rows of a tile.
///
/// # Safety
/// The processor has AVX2 and FMA; the tile's sizes and exclusiveness.
#[target_feature(enable = "avx2,fma")]
pub unsafe fn multiply(tile: Tile) {
    // SAFETY: by the caller.
    unsafe {
        match tile.columns.div_ceil(LANES) {
            1 => each_rows::<1>(tile),
            _ => each_rows::<2>(tile),
        }
    }
}

#[target_feature(enable = "avx2,fma")]
unsafe fn each_rows<const V: usize>(tile: Tile) {
    let mut row = 0;
    while row < tile.rows {
        // SAFETY: the rows are the tile's.
        unsafe {
            let part = Tile {
                a: tile.a.offset(row as isize * tile.a_row),
                out: tile.out.add(row * tile.out_row),
                ..tile
            };
            match tile.rows - row {
                1 => some_rows::<1, V>(part),
                2 => some_rows::<2, V>(part),
                3 => some_rows::<3, V>(part),
                4 => some_rows::<4, V>(part),
                5 => some_rows::<5, V>(part),
                _ => some_rows::<ROWS, V>(part),
            }
        }
        row += ROWS;
    }
}

/// `M` rows by `V` vectors.
#[target_feature(enable = "avx2,fma")]
unsafe fn some_rows<const M: usize, const V: usize>(tile: Tile) {
    let mut sums = [[_mm256_setzero_ps(); V]; M];
    let (mut a, mut strip) = (tile.a, tile.strip);
    for _ in 0..tile.depth {
        // SAFETY: the strip has `depth` terms of `V` vectors, a has `depth` terms of `M` rows.
        unsafe {
            let mut b = [_mm256_setzero_ps(); V];
            for (v, b) in b.iter_mut().enumerate() {
                *b = _mm256_loadu_ps(strip.add(v * LANES));
            }
            for (i, sums) in sums.iter_mut().enumerate() {
                let factor = _mm256_set1_ps(*a.offset(i as isize * tile.a_row));
                for (sum, b) in sums.iter_mut().zip(b) {
                    *sum = _mm256_fmadd_ps(factor, b, *sum);
                }
            }
            a = a.offset(tile.a_term);
            strip = strip.add(V * LANES);
        }
    }
    for (i, sums) in sums.iter().enumerate() {
        for (v, sum) in sums.iter().enumerate() {
            let columns = (tile.columns - v * LANES).min(LANES);
            // SAFETY: the place and so many columns are the tile's.
            unsafe { put(tile.out.add(i * tile.out_row + v * LANES), *sum, columns, tile) }
        }
    }
}

/// Writes the first `columns` of a vector of sums.
#[target_feature(enable = "avx2,fma")]
#[inline]
unsafe fn put(out: *mut f32, sum: __m256, columns: usize, tile: Tile) {
    let factor = _mm256_set1_ps(tile.factor);
    // SAFETY: by the caller; a part of a vector goes by way of the stack.
    unsafe {
        if columns == LANES {
            let value = if tile.accumulate {
                _mm256_fmadd_ps(sum, factor, _mm256_loadu_ps(out))
            } else {
                _mm256_mul_ps(sum, factor)
            };
            return _mm256_storeu_ps(out, value);
        }
        let mut numbers = [0.0f32; LANES];
        _mm256_storeu_ps(numbers.as_mut_ptr(), sum);
        for (c, sum) in numbers.iter().enumerate().take(columns) {
            let out = &mut *out.add(c);
            *out = if tile.accumulate { sum.mul_add(tile.factor, *out) } else { tile.factor * sum };
        }
    }
}

/// Packs `depth` terms of a strip of `columns`, in whole vectors.
///
/// # Safety
/// The processor has AVX2; the strip has room; b has the terms and columns.
#[target_feature(enable = "avx2,fma")]
pub unsafe fn pack(strip: *mut f32, b: Operand, depth: usize, columns: usize) {
    let width = super::padded(columns, LANES);
    let (whole, terms) = (columns / LANES * LANES, depth / LANES * LANES);
    // SAFETY: by the caller.
    unsafe {
        if b.column_distance() == 1 && columns == STRIP {
            for term in 0..depth {
                let from = b.start().offset(term as isize * b.row_distance());
                from.copy_to_nonoverlapping(strip.add(term * STRIP), STRIP);
            }
            return;
        }
        if b.row_distance() != 1 || b.column_distance() == 1 {
            return super::pack_any(strip, b, depth, columns, width);
        }
        for first in (0..whole).step_by(LANES) {
            for term in (0..terms).step_by(LANES) {
                let mut block = [_mm256_setzero_ps(); LANES];
                for (c, row) in block.iter_mut().enumerate() {
                    let from = b.start().offset((first + c) as isize * b.column_distance()).add(term);
                    *row = _mm256_loadu_ps(from);
                }
                for (t, row) in turn(block).iter().enumerate() {
                    _mm256_storeu_ps(strip.add((term + t) * width + first), *row);
                }
            }
        }
        // What is left of terms, then of columns.
        let one = |term: usize, c: usize| {
            let value = if c < columns {
                *b.start().offset(term as isize + c as isize * b.column_distance())
            } else {
                0.0
            };
            *strip.add(term * width + c) = value;
        };
        (terms..depth).for_each(|term| (0..whole).for_each(|c| one(term, c)));
        (0..depth).for_each(|term| (whole..width).for_each(|c| one(term, c)));
    }
}

/// The transpose of 8 by 8 numbers.
#[target_feature(enable = "avx2,fma")]
#[inline]
fn turn(rows: [__m256; LANES]) -> [__m256; LANES] {
    let mut pairs = rows;
    for i in (0..LANES).step_by(2) {
        pairs[i] = _mm256_unpacklo_ps(rows[i], rows[i + 1]);
        pairs[i + 1] = _mm256_unpackhi_ps(rows[i], rows[i + 1]);
    }
    let mut fours = pairs;
    for i in (0..LANES).step_by(4) {
        fours[i] = _mm256_shuffle_ps::<0x44>(pairs[i], pairs[i + 2]);
        fours[i + 1] = _mm256_shuffle_ps::<0xEE>(pairs[i], pairs[i + 2]);
        fours[i + 2] = _mm256_shuffle_ps::<0x44>(pairs[i + 1], pairs[i + 3]);
        fours[i + 3] = _mm256_shuffle_ps::<0xEE>(pairs[i + 1], pairs[i + 3]);
    }
    let mut turned = fours;
    for i in 0..4 {
        turned[i] = _mm256_permute2f128_ps::<0x20>(fours[i], fours[4 + i]);
        turned[4 + i] = _mm256_permute2f128_ps::<0x31>(fours[i], fours[4 + i]);
    }
    turned
}
