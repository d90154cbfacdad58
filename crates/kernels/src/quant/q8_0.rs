//! GGUF's `Q8_0`: 32 numbers as a scale `d` in f16 and 32 multiples of it in eight bits.

use half::f16;

use crate::weight::half_to_single;

/// Numbers of a block.
pub const BLOCK: usize = 32;
/// Bytes of a block.
pub const BYTES: usize = 34;

/// `d = max |x| / 127`, `q = round(x / d)`. False where `d` is beyond f16.
#[inline(always)]
pub fn quantise(from: &[f32], to: &mut [u8]) -> bool {
    let greatest = from.iter().fold(0.0f32, |a, x| a.max(x.abs()));
    let step = greatest / 127.0;
    let inverse = if step == 0.0 { 0.0 } else { 1.0 / step };
    let scale = f16::from_f32(step);
    to[..2].copy_from_slice(&scale.to_le_bytes());
    for (q, x) in to[2..].iter_mut().zip(from) {
        // A step beneath f32's normal numbers has an infinite inverse; its scale is 0 in f16.
        *q = ((x * inverse).round() as i8).cast_unsigned();
    }
    scale.is_finite()
}

/// `d · q`, which f32 holds exactly.
#[inline(always)]
pub fn expand(out: &mut [f32; BLOCK], block: &[u8; BYTES]) {
    let scale = half_to_single(u16::from_le_bytes([block[0], block[1]]));
    for (out, q) in out.iter_mut().zip(&block[2..]) {
        *out = f32::from(q.cast_signed()) * scale;
    }
}
