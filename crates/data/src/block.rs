//! Bytes of a text told apart sixty-four at a time.
//!
//! Most rules look for a few bytes among many. Asking all bytes of a block at once, without a jump, and then
//! visiting the few found costs far less than a look at every byte.

/// Bytes of a block.
pub(crate) const BLOCK: usize = 64;

/// One bit for each byte of a block, the first the lowest: whether `is` holds for it. `is` should have no jump,
/// so that many bytes are asked at once.
#[inline(always)]
#[expect(
    clippy::inline_always,
    reason = "the question is asked of many bytes at once only where it is known"
)]
pub(crate) fn bits(block: &[u8; BLOCK], is: impl Fn(u8) -> bool) -> u64 {
    pack(&block.map(|byte| u8::from(is(byte))))
}

/// The lowest bit of each byte, the first byte's the lowest. Every byte is 0 or 1.
#[inline(always)]
#[expect(clippy::inline_always, reason = "the flags are made right before")]
pub(crate) fn pack(flags: &[u8; BLOCK]) -> u64 {
    let (eights, _) = flags.as_chunks::<8>();
    let mut packed = 0;
    for (i, eight) in eights.iter().enumerate() {
        // Byte `k` moves to bit `56 + k`: it is multiplied by 2^(56 - 7k), and no two sums meet.
        let bits = u64::from_le_bytes(*eight).wrapping_mul(0x0102_0408_1020_4080) >> 56;
        packed |= bits << (8 * i);
    }
    packed
}

/// `N` bytes from a place on, which lies inside; behind the end they are zero, and stand in `spare`.
#[inline]
pub(crate) fn window<'a, const N: usize>(bytes: &'a [u8], at: usize, spare: &'a mut [u8; N]) -> &'a [u8; N] {
    let rest = &bytes[at..];
    if let Some(window) = rest.first_chunk() {
        return window;
    }
    spare.fill(0);
    spare[..rest.len()].copy_from_slice(rest);
    spare
}

/// The bits of the first `n` bytes of a block; all where there are more.
#[inline]
pub(crate) fn first(n: usize) -> u64 {
    if n >= BLOCK { u64::MAX } else { (1 << n) - 1 }
}

/// The places of the bits of a block that starts at `at`.
#[inline]
pub(crate) fn places(at: usize, mut bits: u64) -> impl Iterator<Item = usize> {
    std::iter::from_fn(move || {
        let place = (bits != 0).then(|| at + bits.trailing_zeros() as usize);
        bits &= bits.wrapping_sub(1);
        place
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_byte_has_its_bit() {
        for at in 0..BLOCK {
            let mut block = [b'a'; BLOCK];
            block[at] = b'1';
            assert_eq!(bits(&block, |b| b.is_ascii_digit()), 1 << at);
            assert_eq!(bits(&block, |b| b == b'a'), !(1 << at));
        }
        assert_eq!(bits(&[0xFF; BLOCK], |b| b == 0xFF), u64::MAX);
    }

    #[test]
    fn places_are_those_of_the_bits() {
        assert_eq!(places(100, 1 << 63 | 0b101).collect::<Vec<_>>(), [100, 102, 163]);
        assert_eq!(places(7, 0).count(), 0);
        assert_eq!((first(0), first(3), first(64), first(99)), (0, 7, u64::MAX, u64::MAX));
    }

    #[test]
    fn a_window_over_the_end_is_filled_up() {
        let mut spare = [9; 4];
        assert_eq!(window(b"abcdef", 2, &mut spare), b"cdef");
        assert_eq!(window(b"abcdef", 5, &mut spare), b"f\0\0\0");
        assert_eq!(window(b"abcdef", 6, &mut spare), b"\0\0\0\0");
    }
}
