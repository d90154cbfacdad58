//! GGUF's `Q5_0`: 32 numbers as a scale `d` in f16 and multiples of it from −16 to 15. The codes' fifth bits are one
//! word of 32 bits; byte `j` behind it holds the rest of code `j` in its lower and of code `j + 16` in its upper half.

use half::f16;

use super::{fifth_bits, half_at};

/// Numbers of a block.
pub const BLOCK: usize = 32;
/// Bytes of a block.
pub const BYTES: usize = 22;

/// `d = x / −16` of the number `x` with the greatest magnitude. False where `d` is beyond f16.
#[inline(always)]
pub fn quantise(from: &[f32], to: &mut [u8]) -> bool {
    let greatest = from.iter().fold(0.0f32, |a, x| if x.abs() > a.abs() { *x } else { a });
    let step = greatest / -16.0;
    let inverse = if step == 0.0 { 0.0 } else { 1.0 / step };
    let scale = f16::from_f32(step);
    to[..2].copy_from_slice(&scale.to_le_bytes());
    put_codes(&mut to[2..], |j| ((from[j] * inverse + 16.5) as u8).min(31));
    scale.is_finite()
}

/// Writes fifth bits and the rest of 32 codes.
#[inline(always)]
pub fn put_codes(to: &mut [u8], code: impl Fn(usize) -> u8) {
    let mut upper = 0u32;
    for j in 0..BLOCK {
        upper |= u32::from(code(j) >> 4) << j;
    }
    to[..4].copy_from_slice(&upper.to_le_bytes());
    for (j, byte) in to[4..].iter_mut().enumerate() {
        *byte = code(j) & 15 | (code(j + 16) & 15) << 4;
    }
}

/// `d · (q − 16)`, which f32 holds exactly.
#[inline(always)]
pub fn expand(out: &mut [f32; BLOCK], block: &[u8; BYTES]) {
    let (scale, upper) = (half_at(block, 0), fifth_bits(block, 2));
    let (low, high) = out.split_at_mut(16);
    for (j, byte) in block[6..].iter().enumerate() {
        low[j] = (f32::from(byte & 15 | upper(j)) - 16.0) * scale;
        high[j] = (f32::from(byte >> 4 | upper(j + 16)) - 16.0) * scale;
    }
}
