//! The product of a tile with a few rows, for each format.
//!
//! For each block along the rows, products of codes are summed up in integers, which is exact; the sum is multiplied
//! with the block's scales and added in f32, block after block. A row's numbers do not depend on the rows beside it.

use super::lanes::Lanes;
use super::rows::X;
use crate::quant::Format;

/// One tile of a matrix.
#[derive(Clone, Copy)]
pub struct Tile {
    /// How its numbers are held.
    pub format: Format,
    /// Blocks of a row.
    pub blocks: usize,
    /// Its codes, and its scales.
    pub codes: *const u8,
    /// As above.
    pub scales: *const u8,
    /// Of NF4 the scales of sixteen rows, block by block.
    pub magnitudes: *const f32,
}

/// Writes sixteen sums for each of R rows.
///
/// # Safety
/// The processor has the instruction set; the tile has its blocks, x as many numbers, `out` room for R · 16.
#[inline(always)]
pub unsafe fn product<I: Lanes, const R: usize>(tile: Tile, x: X, out: *mut f32) {
    // SAFETY: by the caller.
    unsafe {
        let sums = match tile.format {
            Format::Q8_0 => q8_0::<I, R>(tile, x),
            Format::Q4_0 => q4_0::<I, R>(tile, x),
            Format::Q4K => q4_k::<I, R>(tile, x),
            Format::Q6K => q6_k::<I, R>(tile, x),
            Format::Nf4 => nf4::<I, R>(tile, x),
            Format::Q4_1 | Format::Q5_0 | Format::Q5_1 | Format::Q5K => unreachable!("kept row by row"),
        };
        for r in 0..R {
            I::store(out.add(r * 16), sums[r]);
        }
    }
}

/// Adds `dot · scale · d` of block `block` of x to each row's sum.
#[inline(always)]
unsafe fn add<I: Lanes, const R: usize>(
    sums: &mut [I::Float; R],
    dots: [I::Int; R],
    scale: I::Float,
    x: X,
    block: usize,
) {
    unsafe {
        for r in 0..R {
            let step = I::mul(scale, I::splat(x.step::<R>(block, r)));
            sums[r] = I::add(sums[r], I::mul(I::float(dots[r]), step));
        }
    }
}

#[inline(always)]
unsafe fn q8_0<I: Lanes, const R: usize>(tile: Tile, x: X) -> [I::Float; R] {
    unsafe {
        let mut sums = [I::splat(0.0); R];
        for block in 0..tile.blocks {
            let mut dots = [I::int(0); R];
            for r in 0..R {
                dots[r] = I::offset_start(x.sum::<R>(block, r));
            }
            for line in 0..8 {
                // Signed codes, with the sign turned, are codes from 0 on.
                let w = I::flip_signs(I::bytes(tile.codes.add(block * 512 + line * 64)));
                for r in 0..R {
                    dots[r] = I::dot_offset(dots[r], w, x.codes::<R>(block, r, 4 * line));
                }
            }
            add::<I, R>(&mut sums, dots, I::halves(tile.scales.add(block * 32)), x, block);
        }
        sums
    }
}

#[inline(always)]
unsafe fn q4_0<I: Lanes, const R: usize>(tile: Tile, x: X) -> [I::Float; R] {
    unsafe {
        let mut sums = [I::splat(0.0); R];
        for block in 0..tile.blocks {
            let mut dots = [I::int(0); R];
            for r in 0..R {
                dots[r] = I::int(-8 * x.sum::<R>(block, r));
            }
            for line in 0..4 {
                let w = I::bytes(tile.codes.add(block * 256 + line * 64));
                let (low, high) = (I::low(w), I::high(w));
                for r in 0..R {
                    dots[r] = I::dot(dots[r], low, x.codes::<R>(block, r, 4 * line));
                    dots[r] = I::dot(dots[r], high, x.codes::<R>(block, r, 16 + 4 * line));
                }
            }
            add::<I, R>(&mut sums, dots, I::halves(tile.scales.add(block * 32)), x, block);
        }
        sums
    }
}

#[inline(always)]
unsafe fn q4_k<I: Lanes, const R: usize>(tile: Tile, x: X) -> [I::Float; R] {
    unsafe {
        let mut sums = [I::splat(0.0); R];
        for block in 0..tile.blocks {
            let (codes, scales) = (tile.codes.add(block * 2048), tile.scales.add(block * 256));
            let (d, e) = (I::halves(scales), I::halves(scales.add(32)));
            for unit in 0..4 {
                let mut dots = [[I::int(0); R]; 2];
                let first = 8 * block + 2 * unit;
                for line in 0..8 {
                    let w = I::bytes(codes.add(unit * 512 + line * 64));
                    let (low, high) = (I::low(w), I::high(w));
                    for r in 0..R {
                        dots[0][r] = I::dot(dots[0][r], low, x.codes::<R>(first, r, 4 * line));
                        dots[1][r] = I::dot(dots[1][r], high, x.codes::<R>(first + 1, r, 4 * line));
                    }
                }
                for half in 0..2 {
                    let (s, m) = scale_and_minimum::<I>(scales.add(64), 2 * unit + half);
                    let (s, m) = (I::mul(d, I::float(s)), I::mul(e, I::float(m)));
                    for r in 0..R {
                        let sum = I::splat(x.sum::<R>(first + half, r) as f32);
                        let value = I::sub(I::mul(s, I::float(dots[half][r])), I::mul(m, sum));
                        let step = I::splat(x.step::<R>(first + half, r));
                        sums[r] = I::add(sums[r], I::mul(value, step));
                    }
                }
            }
        }
        sums
    }
}

/// Scale and minimum of a group of `Q4_K`: see the table of that format.
#[inline(always)]
unsafe fn scale_and_minimum<I: Lanes>(packed: *const u8, group: usize) -> (I::Int, I::Int) {
    unsafe {
        let at = |byte: usize| packed.add(16 * byte);
        if group < 4 {
            return (I::and(I::widen(at(group)), 63), I::and(I::widen(at(group + 4)), 63));
        }
        let low = I::widen(at(group + 4));
        let upper_s = I::left::<4>(I::right::<6>(I::widen(at(group - 4))));
        let upper_m = I::left::<4>(I::right::<6>(I::widen(at(group))));
        (I::or(I::and(low, 15), upper_s), I::or(I::right::<4>(low), upper_m))
    }
}

#[inline(always)]
unsafe fn q6_k<I: Lanes, const R: usize>(tile: Tile, x: X) -> [I::Float; R] {
    unsafe {
        let mut sums = [I::splat(0.0); R];
        for block in 0..tile.blocks {
            let (codes, scales) = (tile.codes.add(block * 3072), tile.scales.add(block * 288));
            let d = I::halves(scales.add(256));
            for part in 0..4 {
                // Sixteen numbers of each quarter of half a block.
                let (unit, half) = (part / 2, part % 2);
                let mut dots = [[I::int(0); R]; 4];
                for quarter in 0..4 {
                    for r in 0..R {
                        let sum = x.half_sum::<R>(8 * block + 4 * unit + quarter, half, r);
                        dots[quarter][r] = I::int(-32 * sum);
                    }
                }
                for line in 4 * half..4 * half + 4 {
                    let low = [
                        I::bytes(codes.add((unit * 16 + line) * 64)),
                        I::bytes(codes.add((unit * 16 + 8 + line) * 64)),
                    ];
                    let high = I::bytes(codes.add((32 + unit * 8 + line) * 64));
                    let w = [
                        I::join(I::low(low[0]), I::two_bits::<0>(high)),
                        I::join(I::low(low[1]), I::two_bits::<1>(high)),
                        I::join(I::high(low[0]), I::two_bits::<2>(high)),
                        I::join(I::high(low[1]), I::two_bits::<3>(high)),
                    ];
                    for quarter in 0..4 {
                        let index = 8 * block + 4 * unit + quarter;
                        for r in 0..R {
                            let x = x.codes::<R>(index, r, 4 * line);
                            dots[quarter][r] = I::dot(dots[quarter][r], w[quarter], x);
                        }
                    }
                }
                for quarter in 0..4 {
                    let s = I::widen_signed(scales.add((unit * 8 + quarter * 2 + half) * 16));
                    let scale = I::mul(d, I::float(s));
                    add::<I, R>(&mut sums, dots[quarter], scale, x, 8 * block + 4 * unit + quarter);
                }
            }
        }
        sums
    }
}

/// Levels of NF4 in steps of 1/127 from −128 on, and what these leave of them in steps of 1/(127 · 254).
const COARSE: [u8; 16] = levels(false);
const FINE: [u8; 16] = levels(true);
/// What the sum of both is divided by.
const LEVEL_STEP: f32 = 1.0 / (127.0 * 254.0);

const fn levels(fine: bool) -> [u8; 16] {
    let mut table = [0; 16];
    let mut i = 0;
    while i < 16 {
        let level = crate::quant::NF4_LEVELS[i] as f64 * 127.0;
        let coarse = nearest(level);
        let rest = nearest((level - coarse as f64) * 254.0);
        table[i] = (128 + if fine { rest } else { coarse }) as u8;
        i += 1;
    }
    table
}

const fn nearest(x: f64) -> i32 {
    if x < 0.0 { (x - 0.5) as i32 } else { (x + 0.5) as i32 }
}

/// Codes have even numbers in their upper halves and odd ones in their lower; x is ordered likewise.
#[inline(always)]
unsafe fn nf4<I: Lanes, const R: usize>(tile: Tile, x: X) -> [I::Float; R] {
    unsafe {
        let mut sums = [I::splat(0.0); R];
        for block in 0..tile.blocks {
            let scale = I::mul(I::load(tile.magnitudes.add(block * 16)), I::splat(LEVEL_STEP));
            for half in 0..2 {
                let index = 2 * block + half;
                let mut dots = [[I::int(0); R]; 2];
                for r in 0..R {
                    let start = I::offset_start(x.sum::<R>(index, r));
                    dots[0][r] = start;
                    dots[1][r] = start;
                }
                for line in 0..4 {
                    let w = I::bytes(tile.codes.add(block * 512 + half * 256 + line * 64));
                    let parts = [I::high(w), I::low(w)];
                    for odd in 0..2 {
                        let (coarse, fine) = (I::look_up(&COARSE, parts[odd]), I::look_up(&FINE, parts[odd]));
                        for r in 0..R {
                            let x = x.codes::<R>(index, r, 8 * line + 4 * odd);
                            dots[0][r] = I::dot_offset(dots[0][r], coarse, x);
                            dots[1][r] = I::dot_offset(dots[1][r], fine, x);
                        }
                    }
                }
                for r in 0..R {
                    // 254 · coarse + fine.
                    let double = I::sub_int(I::left::<8>(dots[0][r]), I::left::<1>(dots[0][r]));
                    dots[0][r] = I::add_int(double, dots[1][r]);
                }
                add::<I, R>(&mut sums, dots[0], scale, x, index);
            }
        }
        sums
    }
}
