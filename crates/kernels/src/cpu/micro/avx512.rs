//! Products with 512-bit vectors: eight rows by three vectors of columns in 24 of the 32 registers.

use std::arch::x86_64::{
    __m512, _mm512_castpd_ps, _mm512_castps_pd, _mm512_fmadd_ps, _mm512_loadu_ps, _mm512_mask_storeu_ps,
    _mm512_maskz_loadu_ps, _mm512_mul_ps, _mm512_set1_ps, _mm512_setzero_ps, _mm512_shuffle_f32x4,
    _mm512_storeu_ps, _mm512_unpackhi_pd, _mm512_unpackhi_ps, _mm512_unpacklo_pd, _mm512_unpacklo_ps,
};

use super::Tile;
use crate::cpu::gemm::Operand;

/// Numbers of a vector.
const LANES: usize = 16;
/// Columns of a strip.
pub const STRIP: usize = 3 * LANES;
/// Rows whose sums are held at a time.
const ROWS: usize = 8;

/// All rows of a tile.
///
/// # Safety
/// The processor has AVX-512F; the tile's sizes and exclusiveness.
#[target_feature(enable = "avx512f")]
pub unsafe fn multiply(tile: Tile) {
    // SAFETY: by the caller.
    unsafe {
        match tile.columns.div_ceil(LANES) {
            1 => each_rows::<1>(tile),
            2 => each_rows::<2>(tile),
            _ => each_rows::<3>(tile),
        }
    }
}

#[target_feature(enable = "avx512f")]
unsafe fn each_rows<const V: usize>(tile: Tile) {
    let mut row = 0;
    while row < tile.rows {
        let left = tile.rows - row;
        // SAFETY: the rows are the tile's.
        unsafe {
            let part = Tile {
                a: tile.a.offset(row as isize * tile.a_row),
                out: tile.out.add(row * tile.out_row),
                ..tile
            };
            match left {
                1 => some_rows::<1, V>(part),
                2 => some_rows::<2, V>(part),
                3 => some_rows::<3, V>(part),
                4 => some_rows::<4, V>(part),
                5 => some_rows::<5, V>(part),
                6 => some_rows::<6, V>(part),
                7 => some_rows::<7, V>(part),
                _ => some_rows::<ROWS, V>(part),
            }
        }
        row += ROWS;
    }
}

/// `M` rows by `V` vectors.
#[target_feature(enable = "avx512f")]
unsafe fn some_rows<const M: usize, const V: usize>(tile: Tile) {
    let mut sums = [[_mm512_setzero_ps(); V]; M];
    let (mut a, mut strip) = (tile.a, tile.strip);
    for _ in 0..tile.depth {
        // SAFETY: the strip has `depth` terms of `V` vectors, a has `depth` terms of `M` rows.
        unsafe {
            let mut b = [_mm512_setzero_ps(); V];
            for (v, b) in b.iter_mut().enumerate() {
                *b = _mm512_loadu_ps(strip.add(v * LANES));
            }
            for (i, sums) in sums.iter_mut().enumerate() {
                let factor = _mm512_set1_ps(*a.offset(i as isize * tile.a_row));
                for (sum, b) in sums.iter_mut().zip(b) {
                    *sum = _mm512_fmadd_ps(factor, b, *sum);
                }
            }
            a = a.offset(tile.a_term);
            strip = strip.add(V * LANES);
        }
    }
    let rest = tile.columns - (V - 1) * LANES;
    let last = if rest >= LANES { u16::MAX } else { (1 << rest) - 1 };
    let factor = _mm512_set1_ps(tile.factor);
    for (i, sums) in sums.iter().enumerate() {
        for (v, sum) in sums.iter().enumerate() {
            let mask = if v + 1 == V { last } else { u16::MAX };
            // SAFETY: the mask keeps to the tile's columns.
            unsafe {
                let out = tile.out.add(i * tile.out_row + v * LANES);
                let value = if tile.accumulate {
                    _mm512_fmadd_ps(*sum, factor, _mm512_maskz_loadu_ps(mask, out))
                } else {
                    _mm512_mul_ps(*sum, factor)
                };
                _mm512_mask_storeu_ps(out, mask, value);
            }
        }
    }
}

/// Packs `depth` terms of a strip of `columns`, in whole vectors.
///
/// # Safety
/// The processor has AVX-512F; the strip has room; b has the terms and columns.
#[target_feature(enable = "avx512f")]
pub unsafe fn pack(strip: *mut f32, b: Operand, depth: usize, columns: usize) {
    let width = super::padded(columns, LANES);
    // SAFETY: by the caller.
    unsafe {
        if b.column_distance() == 1 {
            pack_rows(strip, b, depth, columns, width);
        } else if b.row_distance() == 1 {
            pack_turned(strip, b, depth, columns, width);
        } else {
            super::pack_any(strip, b, depth, columns, width);
        }
    }
}

/// A term's columns lie side by side.
#[target_feature(enable = "avx512f")]
unsafe fn pack_rows(strip: *mut f32, b: Operand, depth: usize, columns: usize, width: usize) {
    for term in 0..depth {
        for first in (0..width).step_by(LANES) {
            let rest = (columns - first).min(LANES);
            let mask = ((1u32 << rest) - 1) as u16;
            // SAFETY: the mask keeps to b's columns.
            unsafe {
                let from = b.start().offset(term as isize * b.row_distance()).add(first);
                _mm512_storeu_ps(strip.add(term * width + first), _mm512_maskz_loadu_ps(mask, from));
            }
        }
    }
}

/// A column's terms lie side by side.
#[target_feature(enable = "avx512f")]
unsafe fn pack_turned(strip: *mut f32, b: Operand, depth: usize, columns: usize, width: usize) {
    for first in (0..width).step_by(LANES) {
        for term in (0..depth).step_by(LANES) {
            let terms = (depth - term).min(LANES);
            let mask = ((1u32 << terms) - 1) as u16;
            let mut block = [_mm512_setzero_ps(); LANES];
            for (c, row) in block.iter_mut().enumerate().take(columns - first) {
                // SAFETY: the column is one of b's, and the mask keeps to its terms.
                unsafe {
                    let from = b.start().offset((first + c) as isize * b.column_distance()).add(term);
                    *row = _mm512_maskz_loadu_ps(mask, from);
                }
            }
            let turned = turn(&block);
            for (t, row) in turned.iter().enumerate().take(terms) {
                // SAFETY: the strip has the term and the vector.
                unsafe { _mm512_storeu_ps(strip.add((term + t) * width + first), *row) }
            }
        }
    }
}

/// The transpose of 16 by 16 numbers: pairs, fours, then quarters of vectors change places.
#[target_feature(enable = "avx512f")]
#[inline]
fn turn(rows: &[__m512; LANES]) -> [__m512; LANES] {
    let mut pairs = *rows;
    for i in (0..LANES).step_by(2) {
        pairs[i] = _mm512_unpacklo_ps(rows[i], rows[i + 1]);
        pairs[i + 1] = _mm512_unpackhi_ps(rows[i], rows[i + 1]);
    }
    let low = |a, b| _mm512_castpd_ps(_mm512_unpacklo_pd(_mm512_castps_pd(a), _mm512_castps_pd(b)));
    let high = |a, b| _mm512_castpd_ps(_mm512_unpackhi_pd(_mm512_castps_pd(a), _mm512_castps_pd(b)));
    let mut fours = pairs;
    for i in (0..LANES).step_by(4) {
        fours[i] = low(pairs[i], pairs[i + 2]);
        fours[i + 1] = high(pairs[i], pairs[i + 2]);
        fours[i + 2] = low(pairs[i + 1], pairs[i + 3]);
        fours[i + 3] = high(pairs[i + 1], pairs[i + 3]);
    }
    let mut turned = fours;
    for i in 0..4 {
        let [a, b, c, d] = [fours[i], fours[4 + i], fours[8 + i], fours[12 + i]];
        let (ab, cd) = (_mm512_shuffle_f32x4::<0x88>(a, b), _mm512_shuffle_f32x4::<0x88>(c, d));
        let (ab_odd, cd_odd) = (_mm512_shuffle_f32x4::<0xDD>(a, b), _mm512_shuffle_f32x4::<0xDD>(c, d));
        turned[i] = _mm512_shuffle_f32x4::<0x88>(ab, cd);
        turned[4 + i] = _mm512_shuffle_f32x4::<0x88>(ab_odd, cd_odd);
        turned[8 + i] = _mm512_shuffle_f32x4::<0xDD>(ab, cd);
        turned[12 + i] = _mm512_shuffle_f32x4::<0xDD>(ab_odd, cd_odd);
    }
    turned
}
