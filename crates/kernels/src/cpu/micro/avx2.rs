//! Products with 256-bit vectors: six rows by two vectors of columns in 12 of the 16 registers.
//!
//! Four rows by three vectors would need all 16 for sums, columns and one factor; compilers then keep a sum in memory,
//! and the loop waits for its way there and back: measured at half the speed.

use std::arch::x86_64::{
    __m256, _mm256_fmadd_ps, _mm256_loadu_ps, _mm256_mul_ps, _mm256_permute2f128_ps, _mm256_set1_ps,
    _mm256_setzero_ps, _mm256_shuffle_ps, _mm256_storeu_ps, _mm256_unpackhi_ps, _mm256_unpacklo_ps,
};

use super::Tile;
use crate::cpu::gemm::Operand;

/// Numbers of a vector.
const LANES: usize = 8;
/// Columns of a strip.
pub const STRIP: usize = 2 * LANES;
/// Rows whose sums are held at a time.
const ROWS: usize = 6;

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
