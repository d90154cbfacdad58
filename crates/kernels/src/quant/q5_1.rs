//! GGUF's `Q5_1`: 32 numbers as a scale `d` and a least number `m` in f16 and codes from 0 to 31, laid out as those of
//! `Q5_0`.

use half::f16;

use super::{fifth_bits, half_at, q5_0, range_of};

/// Numbers of a block.
pub const BLOCK: usize = 32;
/// Bytes of a block.
pub const BYTES: usize = 24;

/// `d = (max − min) / 31`, `m = min`. False where one of them is beyond f16.
#[inline(always)]
pub fn quantise(from: &[f32], to: &mut [u8]) -> bool {
    let (least, most) = range_of(from);
    let step = (most - least) / 31.0;
    let inverse = if step == 0.0 { 0.0 } else { 1.0 / step };
    let (scale, least_held) = (f16::from_f32(step), f16::from_f32(least));
    to[..2].copy_from_slice(&scale.to_le_bytes());
    to[2..4].copy_from_slice(&least_held.to_le_bytes());
    q5_0::put_codes(&mut to[4..], |j| (((from[j] - least) * inverse + 0.5) as u8).min(31));
    scale.is_finite() && least_held.is_finite()
}

/// `d · q + m`.
#[inline(always)]
pub fn expand(out: &mut [f32; BLOCK], block: &[u8; BYTES]) {
    let (scale, least, upper) = (half_at(block, 0), half_at(block, 2), fifth_bits(block, 4));
    let (low, high) = out.split_at_mut(16);
    for (j, byte) in block[8..].iter().enumerate() {
        low[j] = f32::from(byte & 15 | upper(j)) * scale + least;
        high[j] = f32::from(byte >> 4 | upper(j + 16)) * scale + least;
    }
}
