//! Wilson's interval of a share (Wilson 1927): right for few rows and for shares near 0 and 1, where the
//! bootstrap's has no width.

use crate::report::Interval;

/// Where a share of `hits` in `trials` lies, in percent. All of 0 to 100 where there were no trials.
pub fn interval(hits: f64, trials: f64, confidence: f64) -> Interval {
    if trials <= 0.0 {
        return Interval { low: 0.0, high: 100.0, confidence };
    }
    let z = normal_quantile(0.5 + confidence / 2.0);
    let (share, spread) = (hits / trials, z * z / trials);
    let centre = (share + spread / 2.0) / (1.0 + spread);
    let half = z * (share * (1.0 - share) / trials + spread / (4.0 * trials)).sqrt() / (1.0 + spread);
    // Rounding must not put the share itself outside.
    let low = (centre - half).clamp(0.0, share);
    let high = (centre + half).clamp(share, 1.0);
    Interval { low: 100.0 * low, high: 100.0 * high, confidence }
}

/// The value that a normal variable stays below with this probability, between 0.5 and 1.
fn normal_quantile(probability: f64) -> f64 {
    let (mut low, mut high) = (0.0, 8.0);
    for _ in 0..60 {
        let middle = f64::midpoint(low, high);
        if normal_share(middle) < probability { low = middle } else { high = middle }
    }
    low
}

/// The probability that a normal variable stays below `x`, by the series of Marsaglia (2004).
fn normal_share(x: f64) -> f64 {
    let (mut sum, mut term, mut n) = (x, x, 1.0);
    while term.abs() > 1e-17 {
        n += 2.0;
        term *= x * x / n;
        sum += term;
    }
    0.5 + sum * (-0.5 * x * x).exp() / (2.0 * std::f64::consts::PI).sqrt()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_are_those_of_the_tables() {
        for (probability, z) in
            [(0.5, 0.0), (0.95, 1.644_853_627), (0.975, 1.959_963_985), (0.995, 2.575_829_304)]
        {
            assert!((normal_quantile(probability) - z).abs() < 1e-8, "{probability}");
        }
    }

    #[test]
    fn intervals_are_those_of_the_formula_worked_by_hand() {
        let cases = [
            (15.0, 20.0, 53.13, 88.81),
            (0.0, 20.0, 0.0, 16.11),
            (20.0, 20.0, 83.89, 100.0),
            (1.0, 1.0, 20.65, 100.0),
            (0.0, 0.0, 0.0, 100.0),
            (75.0, 150.0, 42.10, 57.90),
        ];
        for (hits, trials, low, high) in cases {
            let interval = interval(hits, trials, 0.95);
            assert!((interval.low - low).abs() < 0.006, "{hits} of {trials}: {interval:?}");
            assert!((interval.high - high).abs() < 0.006, "{hits} of {trials}: {interval:?}");
        }
    }
}
