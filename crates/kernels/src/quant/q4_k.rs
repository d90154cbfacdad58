//! GGUF's `Q4_K`: 256 numbers as eight groups of 32, each with a scale `s` and a minimum `m` of six bits, and for the
//! block `d` and `e` in f16 that multiply them.
//!
//! | bytes | hold |
//! |---|---|
//! | 0–1, 2–3 | `d`, `e` |
//! | 4–7 | `s` of groups 0–3, and in the upper two bits those of `s` of groups 4–7 |
//! | 8–11 | `m` of groups 0–3, and in the upper two bits those of `m` of groups 4–7 |
//! | 12–15 | the lower four bits of `s` (lower half) and of `m` (upper half) of groups 4–7 |
//! | 16–143 | 32 bytes for each two groups: the first in the lower halves, the second in the upper |

use half::f16;

use crate::weight::half_to_single;

/// Numbers of a block.
pub const BLOCK: usize = 256;
/// Bytes of a block.
pub const BYTES: usize = 144;
/// Numbers that are expanded at a time: two groups.
pub const UNIT: usize = 64;
/// Units of a block.
pub const UNITS: usize = BLOCK / UNIT;
/// Numbers of a group.
pub const GROUP: usize = 32;

/// The greatest code of a number, and of a scale.
const MOST: f32 = 15.0;
const MOST_SCALE: f32 = 63.0;

/// Fits each group, then rounds scales and minima to the block's, and the numbers to what these give. False where
/// `d` or `e` is beyond f16.
#[inline(always)]
pub fn quantise(from: &[f32], to: &mut [u8]) -> bool {
    let mut scales = [0.0f32; 8];
    let mut minima = [0.0f32; 8];
    for (group, x) in from.as_chunks::<GROUP>().0.iter().enumerate() {
        (scales[group], minima[group]) = fit(x);
    }
    let unit = |values: &[f32; 8]| f16::from_f32(values.iter().fold(0.0f32, |a, v| a.max(*v)) / MOST_SCALE);
    let (d, e) = (unit(&scales), unit(&minima));
    to[..2].copy_from_slice(&d.to_le_bytes());
    to[2..4].copy_from_slice(&e.to_le_bytes());
    let round = |value: f32, unit: f32| {
        if unit > 0.0 { (value / unit).round().min(MOST_SCALE) as u8 } else { 0 }
    };
    let (d, e) = (d.to_f32(), e.to_f32());
    to[4..].fill(0);
    for group in 0..8 {
        let (s, m) = (round(scales[group], d), round(minima[group], e));
        put_scales(&mut to[4..16], group, s, m);
        let (step, low) = (d * f32::from(s), e * f32::from(m));
        let inverse = if step > 0.0 { 1.0 / step } else { 0.0 };
        let codes = &mut to[16 + group / 2 * GROUP..][..GROUP];
        for (code, x) in codes.iter_mut().zip(&from[group * GROUP..]) {
            let q = ((x + low) * inverse).round().clamp(0.0, MOST) as u8;
            *code |= q << (4 * (group % 2));
        }
    }
    d.is_finite() && e.is_finite()
}

/// Scale `s` and minimum `m` ≥ 0 with `x ≈ s · q − m`: of several ranges, with codes rounded in each and `s` and `m`
/// then the least squares for these codes, the one with the least squared error.
#[inline(always)]
fn fit(x: &[f32; GROUP]) -> (f32, f32) {
    let low = x.iter().fold(0.0f32, |a, v| a.min(*v));
    let high = x.iter().fold(low, |a, v| a.max(*v));
    if high <= low {
        return (0.0, -low);
    }
    let mut best = ((high - low) / MOST, -low);
    let mut least = error(x, best);
    for step in 0..12 {
        // From a range wider than the numbers' to one that cuts the greatest off.
        let inverse = (MOST - 1.0 + 0.2 * step as f32) / (high - low);
        let candidate = squares(x, low, inverse);
        let error = error(x, candidate);
        if error < least {
            (best, least) = (candidate, error);
        }
    }
    best
}

/// The least squares of `s · q − m` for the codes of one range.
#[inline(always)]
fn squares(x: &[f32; GROUP], low: f32, inverse: f32) -> (f32, f32) {
    let code = |v: f32| ((v - low) * inverse).round().clamp(0.0, MOST);
    let n = GROUP as f32;
    let (mut q1, mut q2, mut x1, mut qx) = (0.0, 0.0, 0.0, 0.0);
    for &v in x {
        let q = code(v);
        q1 += q;
        q2 += q * q;
        x1 += v;
        qx += q * v;
    }
    let spread = n * q2 - q1 * q1;
    if spread <= 0.0 {
        return (0.0, -low);
    }
    let (scale, minimum) = ((n * qx - q1 * x1) / spread, (q1 * qx - q2 * x1) / spread);
    // A minimum above zero cannot be held.
    let (scale, minimum) = if minimum >= 0.0 { (scale, minimum) } else { (qx / q2, 0.0) };
    (scale.max(0.0), minimum)
}

#[inline(always)]
fn error(x: &[f32; GROUP], (scale, minimum): (f32, f32)) -> f32 {
    let inverse = if scale > 0.0 { 1.0 / scale } else { 0.0 };
    x.iter().fold(0.0, |sum, v| {
        let q = ((v + minimum) * inverse).round().clamp(0.0, MOST);
        let off = scale * q - minimum - v;
        sum + off * off
    })
}

fn put_scales(to: &mut [u8], group: usize, s: u8, m: u8) {
    if group < 4 {
        to[group] |= s;
        to[group + 4] |= m;
    } else {
        to[group - 4] |= (s >> 4) << 6;
        to[group] |= (m >> 4) << 6;
        to[group + 4] |= (s & 15) | (m & 15) << 4;
    }
}

/// Scale and minimum of a group.
#[inline(always)]
pub fn scales(from: &[u8], group: usize) -> (f32, f32) {
    let (s, m) = if group < 4 {
        (from[group] & 63, from[group + 4] & 63)
    } else {
        let low = from[group + 4];
        (low & 15 | (from[group - 4] >> 6) << 4, low >> 4 | (from[group] >> 6) << 4)
    };
    (f32::from(s), f32::from(m))
}

/// `d · s · q − e · m` for two groups.
#[inline(always)]
pub fn expand(out: &mut [f32; UNIT], block: &[u8; BYTES], unit: usize) {
    let half = |at: usize| half_to_single(u16::from_le_bytes([block[at], block[at + 1]]));
    let (d, e) = (half(0), half(2));
    let packed = &block[4..16];
    let ((s0, m0), (s1, m1)) = (scales(packed, 2 * unit), scales(packed, 2 * unit + 1));
    let (s0, m0, s1, m1) = (d * s0, e * m0, d * s1, e * m1);
    let (low, high) = out.split_at_mut(GROUP);
    let codes = &block[16 + unit * GROUP..][..GROUP];
    for ((low, high), byte) in low.iter_mut().zip(high).zip(codes) {
        *low = f32::from(byte & 15) * s0 - m0;
        *high = f32::from(byte >> 4) * s1 - m1;
    }
}
