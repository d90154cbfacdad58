//! Random numbers that depend on a seed and a counter only, never on what was drawn before elsewhere.

/// SplitMix64: the `counter`-th number of the stream `seed`
/// (Steele, Lea, Flood: "Fast splittable pseudorandom number generators", 2014).
pub fn at(seed: u64, counter: u64) -> u64 {
    let mut z = seed.wrapping_add(counter.wrapping_add(1).wrapping_mul(0x9E37_79B9_7F4A_7C15));
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}

/// A number in `[0, 1)` with 53 random bits.
pub fn unit(seed: u64, counter: u64) -> f64 {
    (at(seed, counter) >> 11) as f64 / (1u64 << 53) as f64
}

/// Shuffles in place (Fisher–Yates); `stream` tells apart shuffles of one seed.
pub fn shuffle<T>(items: &mut [T], seed: u64, stream: u64) {
    let seed = at(seed, stream);
    for i in (1..items.len()).rev() {
        // The bias of the product is below 2⁻³² for any list that fits in memory.
        let j = ((u128::from(at(seed, i as u64)) * (i as u128 + 1)) >> 64) as usize;
        items.swap(i, j);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shuffles_are_permutations_that_depend_on_seed_and_stream() {
        let shuffled = |seed, stream| {
            let mut items: Vec<u32> = (0..100).collect();
            shuffle(&mut items, seed, stream);
            items
        };
        let mut sorted = shuffled(1, 0);
        sorted.sort_unstable();
        assert_eq!(sorted, (0..100).collect::<Vec<_>>());
        assert_eq!(shuffled(1, 0), shuffled(1, 0));
        assert_ne!(shuffled(1, 0), shuffled(2, 0));
        assert_ne!(shuffled(1, 0), shuffled(1, 1));
    }

    #[test]
    fn units_fill_the_interval_evenly() {
        let mut bins = [0; 10];
        for counter in 0..100_000 {
            bins[(unit(7, counter) * 10.0) as usize] += 1;
        }
        assert!(bins.iter().all(|&n: &i32| (9_500..10_500).contains(&n)), "{bins:?}");
    }
}
