//! Numbers that depend on a seed and a position only, so that they can be asked for in any order and again.

/// 64 well-mixed bits from a seed and a counter (the finaliser of SplitMix64, Steele et al. 2014, applied twice).
#[inline(always)]
pub fn mix(seed: u64, counter: u64) -> u64 {
    finalise(
        finalise(seed.wrapping_add(0x9E37_79B9_7F4A_7C15))
            .wrapping_add(counter.wrapping_mul(0x9E37_79B9_7F4A_7C15)),
    )
}

#[inline(always)]
fn finalise(mut z: u64) -> u64 {
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}

/// Uniform in [0, 1), a multiple of 2⁻²⁴.
#[inline(always)]
pub fn uniform(seed: u64, counter: u64) -> f32 {
    (mix(seed, counter) >> 40) as f32 * (1.0 / 16_777_216.0)
}

/// Standard normal, by Box and Muller from two uniforms.
pub fn normal(seed: u64, counter: u64) -> f32 {
    let bits = mix(seed, counter);
    let radius = ((bits >> 40) + 1) as f32 * (1.0 / 16_777_216.0);
    let turn = (bits & 0xFF_FFFF) as f32 * (std::f32::consts::TAU / 16_777_216.0);
    (-2.0 * radius.ln()).sqrt() * turn.cos()
}

/// What dropout multiplies element `index` with: 0, or `1 / (1 - rate)`.
#[inline(always)]
pub fn keep(dropout: crate::Dropout, index: usize) -> f32 {
    if uniform(dropout.seed, index as u64) < dropout.rate { 0.0 } else { 1.0 / (1.0 - dropout.rate) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_are_those_of_the_distribution() {
        let n = 200_000;
        let (mut sum, mut square, mut flat) = (0.0f64, 0.0f64, 0.0f64);
        for i in 0..n {
            let x = f64::from(normal(7, i));
            sum += x;
            square += x * x;
            flat += f64::from(uniform(7, i));
        }
        let n = n as f64;
        assert!((sum / n).abs() < 0.01, "mean {}", sum / n);
        assert!((square / n - 1.0).abs() < 0.02, "variance {}", square / n);
        assert!((flat / n - 0.5).abs() < 0.005, "mean of the uniform {}", flat / n);
    }

    #[test]
    fn dropout_keeps_the_share_it_promises_and_its_mean() {
        let dropout = crate::Dropout { rate: 0.1, seed: 3 };
        let kept: Vec<f32> = (0..100_000).map(|i| keep(dropout, i)).collect();
        let mean = kept.iter().sum::<f32>() / kept.len() as f32;
        let zeros = kept.iter().filter(|v| **v == 0.0).count();
        assert!((mean - 1.0).abs() < 0.01, "{mean}");
        assert!((9_500..10_500).contains(&zeros), "{zeros}");
    }
}
