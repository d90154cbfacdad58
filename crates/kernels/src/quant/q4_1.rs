//! GGUF's `Q4_1`: 32 numbers as a scale `d` and a least number `m` in f16 and codes from 0 to 15, of which byte `j`
//! holds code `j` in its lower and code `j + 16` in its upper half.

use half::f16;

use super::{half_at, range_of};

/// Numbers of a block.
pub const BLOCK: usize = 32;
/// Bytes of a block.
pub const BYTES: usize = 20;

/// `d = (max − min) / 15`, `m = min`. False where one of them is beyond f16.
#[inline(always)]
pub fn quantise(from: &[f32], to: &mut [u8]) -> bool {
    let (least, most) = range_of(from);
    let step = (most - least) / 15.0;
    let inverse = if step == 0.0 { 0.0 } else { 1.0 / step };
    let (scale, least_held) = (f16::from_f32(step), f16::from_f32(least));
    to[..2].copy_from_slice(&scale.to_le_bytes());
    to[2..4].copy_from_slice(&least_held.to_le_bytes());
    let code = |x: f32| (((x - least) * inverse + 0.5) as u8).min(15);
    for (j, byte) in to[4..].iter_mut().enumerate() {
        *byte = code(from[j]) | code(from[j + 16]) << 4;
    }
    scale.is_finite() && least_held.is_finite()
}

/// `d · q + m`.
#[inline(always)]
pub fn expand(out: &mut [f32; BLOCK], block: &[u8; BYTES]) {
    let (scale, least) = (half_at(block, 0), half_at(block, 2));
    let (low, high) = out.split_at_mut(16);
    for ((low, high), byte) in low.iter_mut().zip(high).zip(&block[4..]) {
        *low = f32::from(byte & 15) * scale + least;
        *high = f32::from(byte >> 4) * scale + least;
    }
}
