//! A stable hash for ids, orders and splits: the same on every machine and in every version.

/// FNV-1a over 64 bits, with the length of each part mixed in, then SplitMix64's finaliser.
pub(crate) fn hash64(seed: u64, parts: &[&[u8]]) -> u64 {
    let mut h = 0xcbf2_9ce4_8422_2325 ^ mix(seed.wrapping_add(0x9e37_79b9_7f4a_7c15));
    for part in parts {
        for &byte in *part {
            h = (h ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3);
        }
        h = mix(h ^ part.len() as u64);
    }
    mix(h)
}

/// Two independent 64-bit hashes side by side.
pub(crate) fn hash128(seed: u64, parts: &[&[u8]]) -> u128 {
    let low = hash64(seed, parts);
    let high = hash64(seed ^ 0x5851_f42d_4c95_7f2d, parts);
    (u128::from(high) << 64) | u128::from(low)
}

/// The finaliser of SplitMix64 (Steele, Lea, Flood 2014).
fn mix(mut z: u64) -> u64 {
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stable_and_sensitive() {
        let fixed = hash64(42, &[b"inquiries", b"1042"]);
        assert_eq!(fixed, hash64(42, &[b"inquiries", b"1042"]));
        for other in [
            hash64(43, &[b"inquiries", b"1042"]),
            hash64(42, &[b"inquiries1", b"042"]),
            hash64(42, &[b"inquiries", b"1043"]),
            hash64(42, &[b"inquiries"]),
        ] {
            assert_ne!(fixed, other);
        }
    }

    #[test]
    fn spread_over_buckets() {
        let mut buckets = [0u32; 10];
        for i in 0..10_000u32 {
            buckets[(hash64(7, &[&i.to_le_bytes()]) % 10) as usize] += 1;
        }
        assert!(buckets.iter().all(|&n| (900..1100).contains(&n)), "{buckets:?}");
    }
}
