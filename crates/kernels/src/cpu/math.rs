//! Elementary functions and sums that vectorise: no branches, no calls, fixed lanes.

/// Lanes of a sum. Partial sums are added in one order whatever the instruction set is.
pub const LANES: usize = 16;

/// eˣ to about one unit in the last place; 0 below -87.3 and infinite above 88.3, just inside what f32 can hold.
/// Range reduction by powers of two and Cephes' polynomial (Moshier, `expf`).
#[inline(always)]
pub fn exp(x: f32) -> f32 {
    const ROUND: f32 = 12_582_912.0; // 1.5 · 2²³: adding it rounds to an integer.
    let clamped = x.clamp(-87.5, 88.3);
    let n = clamped * std::f32::consts::LOG2_E + ROUND;
    let power = f32::from_bits((n.to_bits().wrapping_sub(ROUND.to_bits()).wrapping_add(127)) << 23);
    let n = n - ROUND;
    let r = clamped - n * 0.693_359_4 + n * 2.121_944_4e-4;
    let p = 1.987_569_1e-4;
    let p = p * r + 1.398_199_9e-3;
    let p = p * r + 8.333_452e-3;
    let p = p * r + 4.166_579_6e-2;
    let p = p * r + 1.666_666_5e-1;
    let p = p * r + 0.5;
    let value = (p * r * r + r + 1.0) * power;
    let value = if x < -87.3 { 0.0 } else { value };
    let value = if x > 88.3 { f32::INFINITY } else { value };
    if x.is_nan() { x } else { value }
}

/// Hyperbolic tangent to about 1e-7 absolute.
#[inline(always)]
pub fn tanh(x: f32) -> f32 {
    1.0 - 2.0 / (exp(2.0 * x) + 1.0)
}

/// Logistic function.
#[inline(always)]
pub fn sigmoid(x: f32) -> f32 {
    1.0 / (1.0 + exp(-x))
}

/// Error function to 1.5e-7 absolute (Abramowitz and Stegun, 7.1.26).
#[inline(always)]
pub fn erf(x: f32) -> f32 {
    let z = x.abs();
    let t = 1.0 / (1.0 + 0.327_591_1 * z);
    let p = 1.061_405_4;
    let p = p * t - 1.453_152;
    let p = p * t + 1.421_413_7;
    let p = p * t - 0.284_496_74;
    let p = p * t + 0.254_829_6;
    (1.0 - p * t * exp(-z * z)).copysign(x)
}

/// Adds up lanes, pair by pair.
#[inline(always)]
fn fold(lanes: [f32; LANES]) -> f32 {
    let mut v = lanes;
    let mut width = LANES / 2;
    while width > 0 {
        for i in 0..width {
            v[i] += v[i + width];
        }
        width /= 2;
    }
    v[0]
}

/// Σ f(i) over `0..len`.
#[inline(always)]
pub fn sum(len: usize, f: impl Fn(usize) -> f32) -> f32 {
    let mut lanes = [0.0; LANES];
    let whole = len / LANES * LANES;
    let mut start = 0;
    while start < whole {
        for (lane, value) in lanes.iter_mut().enumerate() {
            *value += f(start + lane);
        }
        start += LANES;
    }
    let mut total = fold(lanes);
    for i in whole..len {
        total += f(i);
    }
    total
}

/// Σ a·b.
#[inline(always)]
pub fn dot(a: &[f32], b: &[f32]) -> f32 {
    let len = a.len().min(b.len());
    let (a, b) = (&a[..len], &b[..len]);
    let mut lanes = [[0.0; LANES]; 2];
    let (a2, a_rest) = a.as_chunks::<{ 2 * LANES }>();
    let (b2, b_rest) = b.as_chunks::<{ 2 * LANES }>();
    for (a, b) in a2.iter().zip(b2) {
        for i in 0..LANES {
            lanes[0][i] += a[i] * b[i];
            lanes[1][i] += a[LANES + i] * b[LANES + i];
        }
    }
    let mut both = [0.0; LANES];
    for i in 0..LANES {
        both[i] = lanes[0][i] + lanes[1][i];
    }
    let mut total = fold(both);
    for (a, b) in a_rest.iter().zip(b_rest) {
        total += a * b;
    }
    total
}

/// The greatest element; -∞ of nothing.
#[inline(always)]
pub fn max(values: &[f32]) -> f32 {
    let mut lanes = [f32::NEG_INFINITY; LANES];
    let (chunks, rest) = values.as_chunks::<LANES>();
    for chunk in chunks {
        for i in 0..LANES {
            lanes[i] = if chunk[i] > lanes[i] { chunk[i] } else { lanes[i] };
        }
    }
    lanes.iter().chain(rest).fold(f32::NEG_INFINITY, |a, &b| if b > a { b } else { a })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn worst(
        range: std::ops::Range<i32>,
        step: f32,
        ours: fn(f32) -> f32,
        exact: fn(f64) -> f64,
        relative: bool,
    ) -> f64 {
        range
            .map(|i| i as f32 * step)
            .map(|x| {
                let (a, b) = (f64::from(ours(x)), exact(f64::from(x)));
                if relative { (a - b).abs() / b.abs() } else { (a - b).abs() }
            })
            .fold(0.0, f64::max)
    }

    #[test]
    fn functions_are_as_near_as_they_say() {
        let found = worst(-8720..8830, 0.01, exp, f64::exp, true);
        assert!(found < 2.0e-7, "{found}");
        let found = worst(-4000..4000, 0.01, tanh, f64::tanh, false);
        assert!(found < 2.0e-7, "{found}");
        let found = worst(-4000..4000, 0.01, sigmoid, |x| 1.0 / (1.0 + (-x).exp()), false);
        assert!(found < 2.0e-7, "{found}");
        let found = worst(-600..600, 0.01, erf, crate::reference::erf, false);
        assert!(found < 4.0e-7, "{found}");
    }

    #[test]
    fn the_ends_of_exp() {
        assert_eq!(exp(f32::NEG_INFINITY), 0.0);
        assert_eq!(exp(-1e30), 0.0);
        assert_eq!(exp(f32::INFINITY), f32::INFINITY);
        assert_eq!(exp(0.0), 1.0);
        assert!(exp(f32::NAN).is_nan());
    }

    #[test]
    fn sums_of_any_length() {
        for len in [0, 1, 15, 16, 31, 32, 33, 100] {
            let values: Vec<f32> = (0..len).map(|i| i as f32).collect();
            let expected: f32 = values.iter().sum();
            assert_eq!(sum(len, |i| values[i]), expected);
            assert_eq!(dot(&values, &vec![1.0; len]), expected);
            assert_eq!(max(&values), values.last().copied().unwrap_or(f32::NEG_INFINITY));
        }
    }
}
