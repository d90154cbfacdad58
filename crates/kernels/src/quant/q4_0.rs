//! GGUF's `Q4_0`: 32 numbers as a scale `d` in f16 and 32 multiples of it from −8 to 7, of which byte `j` holds number
//! `j` in its lower and number `j + 16` in its upper half.

use half::f16;

use crate::weight::half_to_single;

/// Numbers of a block.
pub const BLOCK: usize = 32;
/// Bytes of a block.
pub const BYTES: usize = 18;

/// `d = x / −8` of the number `x` with the greatest magnitude, so that it is held best. False where `d` is beyond f16.
#[inline(always)]
pub fn quantise(from: &[f32], to: &mut [u8]) -> bool {
    let greatest = from.iter().fold(0.0f32, |a, x| if x.abs() > a.abs() { *x } else { a });
    let step = greatest / -8.0;
    let inverse = if step == 0.0 { 0.0 } else { 1.0 / step };
    let scale = f16::from_f32(step);
    to[..2].copy_from_slice(&scale.to_le_bytes());
    let code = |x: f32| ((x * inverse + 8.5) as u8).min(15);
    for (j, byte) in to[2..].iter_mut().enumerate() {
        *byte = code(from[j]) | code(from[j + 16]) << 4;
    }
    scale.is_finite()
}

/// `d · (q − 8)`, which f32 holds exactly.
#[inline(always)]
pub fn expand(out: &mut [f32; BLOCK], block: &[u8; BYTES]) {
    let scale = half_to_single(u16::from_le_bytes([block[0], block[1]]));
    let (low, high) = out.split_at_mut(16);
    for ((low, high), byte) in low.iter_mut().zip(high).zip(&block[2..]) {
        *low = (f32::from(byte & 15) - 8.0) * scale;
        *high = (f32::from(byte >> 4) - 8.0) * scale;
    }
}
