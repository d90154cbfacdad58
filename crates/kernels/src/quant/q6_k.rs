//! GGUF's `Q6_K`: 256 numbers as sixteen groups of 16, each with a scale `s` of eight bits, and for the block `d` in
//! f16 that multiplies them; codes from −32 to 31.
//!
//! | bytes | hold |
//! |---|---|
//! | 0–127 | lower four bits: of each half of the block 64 bytes, number `j` in the lower and `j + 64` in the upper half |
//! | 128–191 | upper two bits: of each half of the block 32 bytes, numbers `j`, `j + 32`, `j + 64`, `j + 96` |
//! | 192–207 | `s` of each group |
//! | 208–209 | `d` |

use half::f16;

use super::half_at;

/// Numbers of a block.
pub const BLOCK: usize = 256;
/// Bytes of a block.
pub const BYTES: usize = 210;
/// Numbers of half a block, the unit of the layout; they are expanded at a time.
pub const UNIT: usize = 128;
/// Units of a block.
pub const UNITS: usize = BLOCK / UNIT;
/// Numbers of a group.
const GROUP: usize = 16;
/// Groups of a block.
const GROUPS: usize = BLOCK / GROUP;
/// Magnitudes beneath this are zero.
const LEAST: f32 = 1e-15;

/// Fits a scale to each group, rounds the scales to multiples of `d`, and the numbers to multiples of these. False
/// where `d` is beyond f16.
#[inline(always)]
pub fn quantise(from: &[f32], to: &mut [u8]) -> bool {
    let groups = from.as_chunks::<GROUP>().0;
    let mut scales = [0.0f32; GROUPS];
    for (scale, group) in scales.iter_mut().zip(groups) {
        *scale = fit(group);
    }
    let greatest = scales.iter().fold(0.0f32, |a, s| if s.abs() > a.abs() { *s } else { a });
    to.fill(0);
    let mut codes = [32u8; BLOCK];
    let mut d = f16::ZERO;
    if greatest.abs() >= LEAST {
        let inverse = -128.0 / greatest;
        d = f16::from_f32(1.0 / inverse);
        let step = d.to_f32();
        for (g, group) in groups.iter().enumerate() {
            let s = (inverse * scales[g]).round_ties_even().clamp(-128.0, 127.0);
            to[192 + g] = (s as i8).cast_unsigned();
            let step = step * s;
            for (code, x) in codes[g * GROUP..].iter_mut().zip(group) {
                let q = if step == 0.0 { 0.0 } else { (x / step).round_ties_even().clamp(-32.0, 31.0) };
                *code = (q + 32.0) as u8;
            }
        }
    } else {
        codes.fill(0);
    }
    to[208..].copy_from_slice(&d.to_le_bytes());
    put_codes(&codes, to);
    d.is_finite() && scales.iter().all(|s| s.is_finite())
}

/// The scale `s` with `x ≈ s · q`, −32 ≤ q ≤ 31: of nineteen ranges near the greatest magnitude's, with codes rounded
/// in each, the one whose least squares, weighted with `x²`, leave the least error.
#[inline(always)]
fn fit(x: &[f32; GROUP]) -> f32 {
    let greatest = x.iter().fold(0.0f32, |a, v| if v.abs() > a.abs() { *v } else { a });
    if greatest.abs() < LEAST {
        return 0.0;
    }
    // The first has codes up to −32 exactly; it stays unless another is better.
    let sums = |range: f32| {
        let inverse = -range / greatest;
        let (mut xq, mut qq) = (0.0f32, 0.0f32);
        for v in x {
            let q = (inverse * v).round_ties_even().clamp(-32.0, 31.0);
            let weight = v * v;
            xq += weight * v * q;
            qq += weight * q * q;
        }
        (xq, qq)
    };
    let (xq, qq) = sums(32.0);
    let mut scale = if qq > 0.0 { xq / qq } else { 0.0 };
    let mut best = scale * xq;
    for step in (-9i8..=9).filter(|step| *step != 0) {
        let (xq, qq) = sums(32.0 + 0.1 * f32::from(step));
        if qq > 0.0 && xq * xq > best * qq {
            scale = xq / qq;
            best = scale * xq;
        }
    }
    scale
}

#[inline(always)]
fn put_codes(codes: &[u8; BLOCK], to: &mut [u8]) {
    for unit in 0..UNITS {
        let codes = &codes[unit * UNIT..][..UNIT];
        for j in 0..64 {
            to[unit * 64 + j] = codes[j] & 15 | (codes[j + 64] & 15) << 4;
        }
        for j in 0..32 {
            to[128 + unit * 32 + j] =
                codes[j] >> 4 | codes[j + 32] >> 4 << 2 | codes[j + 64] >> 4 << 4 | codes[j + 96] >> 4 << 6;
        }
    }
}

/// `d · s · (q − 32)` for half a block.
#[inline(always)]
pub fn expand(out: &mut [f32; UNIT], block: &[u8; BYTES], unit: usize) {
    let d = half_at(block, 208);
    let low = &block[unit * 64..][..64];
    let high = &block[128 + unit * 32..][..32];
    for (quarter, out) in out.as_chunks_mut::<32>().0.iter_mut().enumerate() {
        let (lower, upper) = (&low[quarter % 2 * 32..][..32], 4 * (quarter as u32 / 2));
        for (half, out) in out.as_chunks_mut::<GROUP>().0.iter_mut().enumerate() {
            let scale = d * f32::from(block[192 + unit * 8 + quarter * 2 + half].cast_signed());
            for (j, out) in out.iter_mut().enumerate() {
                let j = half * GROUP + j;
                let q = (lower[j] >> upper) & 15 | (high[j] >> (2 * quarter) & 3) << 4;
                *out = (f32::from(q) - 32.0) * scale;
            }
        }
    }
}
