//! GGUF's `Q5_K`, which is read only: as `Q4_K` ([`super::q4_k`]), with a fifth bit for each code. Behind the twelve
//! bytes of scales and minima stand 32 bytes of fifth bits, bit `g` of byte `j` being that of number `j` of group `g`,
//! and then the lower four bits as in `Q4_K`.

use super::half_at;
use super::q4_k::{GROUP, scales};

/// Numbers of a block.
pub const BLOCK: usize = 256;
/// Bytes of a block.
pub const BYTES: usize = 176;
/// Numbers that are expanded at a time: two groups.
pub const UNIT: usize = 64;
/// Units of a block.
pub const UNITS: usize = BLOCK / UNIT;

/// `d · s · q − e · m` for two groups.
#[inline(always)]
pub fn expand(out: &mut [f32; UNIT], block: &[u8; BYTES], unit: usize) {
    let (d, e) = (half_at(block, 0), half_at(block, 2));
    let packed = &block[4..16];
    let ((s0, m0), (s1, m1)) = (scales(packed, 2 * unit), scales(packed, 2 * unit + 1));
    let (s0, m0, s1, m1) = (d * s0, e * m0, d * s1, e * m1);
    let (low, high) = out.split_at_mut(GROUP);
    let (fifth, codes) = (&block[16..48], &block[48 + unit * GROUP..][..GROUP]);
    for (((low, high), byte), fifth) in low.iter_mut().zip(high).zip(codes).zip(fifth) {
        let fifth = fifth >> (2 * unit);
        *low = f32::from(byte & 15 | (fifth & 1) << 4) * s0 - m0;
        *high = f32::from(byte >> 4 | (fifth & 2) << 3) * s1 - m1;
    }
}
