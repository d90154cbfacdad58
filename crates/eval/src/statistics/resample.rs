//! Intervals and tests of what is no corpus metric: any number that follows from rows.

use super::random::Random;
use super::{Resampling, percentile_interval};
use crate::report::Interval;

/// Where a statistic of `n` rows lies when rows are drawn again, with replacement: the percentile bootstrap
/// (Efron 1979). None for fewer than two rows, and where more than half of the draws leave it undefined.
pub fn interval(
    n: usize,
    resampling: &Resampling,
    mut statistic: impl FnMut(&[usize]) -> Option<f64>,
) -> Option<Interval> {
    if n < 2 {
        return None;
    }
    let mut random = Random::new(resampling.seed, 2);
    let mut rows = vec![0; n];
    let mut draws = Vec::with_capacity(resampling.trials as usize);
    for _ in 0..resampling.trials {
        rows.fill_with(|| random.below(n));
        draws.extend(statistic(&rows));
    }
    if draws.is_empty() || draws.len() * 2 < resampling.trials as usize {
        return None;
    }
    let (low, high) = percentile_interval(&mut draws, resampling.confidence);
    Some(Interval { low, high, confidence: resampling.confidence })
}

/// The mean; None of nothing.
pub fn mean(values: &[f64]) -> Option<f64> {
    (!values.is_empty()).then(|| values.iter().sum::<f64>() / values.len() as f64)
}

/// Where a mean lies.
pub fn mean_interval(values: &[f64], resampling: &Resampling) -> Option<Interval> {
    interval(values.len(), resampling, |rows| {
        Some(rows.iter().map(|&row| values[row]).sum::<f64>() / rows.len() as f64)
    })
}

/// Two-sided p-value of paired differences whose mean is zero by chance: the share of draws in which every difference
/// takes its sign from a fair coin and their sum is at least as far from zero (Noreen 1989, paired approximate
/// randomisation). The true sum counts as one more draw, so that p is never zero.
pub fn randomisation(differences: &[f64], resampling: &Resampling) -> f64 {
    let truth = differences.iter().sum::<f64>().abs();
    let mut random = Random::new(resampling.seed, 3);
    let mut extreme = 0;
    for _ in 0..resampling.trials {
        let sum: f64 = differences.iter().map(|d| if random.next_u64() & 1 == 0 { *d } else { -d }).sum();
        extreme += u32::from(sum.abs() >= truth - 1e-9);
    }
    f64::from(extreme + 1) / f64::from(resampling.trials + 1)
}

/// Two-sided p-value of so many wins and losses between equals: the sign test (Dixon and Mood 1946), exact; ties tell
/// nothing and are left out.
pub fn sign_test(wins: u64, losses: u64) -> f64 {
    let n = wins + losses;
    // ln C(n, k) from one k to the next.
    let (mut ln_choose, mut tail) = (0.0, 0.0);
    for k in 0..=wins.min(losses) {
        if k > 0 {
            ln_choose += ((n - k + 1) as f64).ln() - (k as f64).ln();
        }
        tail += (ln_choose - n as f64 * std::f64::consts::LN_2).exp();
    }
    (2.0 * tail).min(1.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sign_test_is_that_of_the_tables() {
        for (wins, losses, p) in [
            (0, 0, 1.0),
            (1, 0, 1.0),
            (6, 0, 0.03125),
            (8, 2, 0.109_375),
            (2, 8, 0.109_375),
            (15, 5, 0.041_389_47),
            (10, 10, 1.0),
        ] {
            assert!(
                (sign_test(wins, losses) - p).abs() < 1e-7,
                "{wins}:{losses} {}",
                sign_test(wins, losses)
            );
        }
        assert!(sign_test(900, 100) < 1e-100);
    }

    #[test]
    fn a_mean_lies_where_the_normal_distribution_has_it() {
        let values: Vec<f64> = (0..200).map(|i| f64::from(i % 10)).collect();
        let interval = mean_interval(&values, &Resampling::default()).unwrap();
        // The standard deviation is 2.872, so 1.96 standard errors are 0.398.
        assert!((interval.low - 4.10).abs() < 0.06 && (interval.high - 4.90).abs() < 0.06, "{interval:?}");
        assert_eq!(mean_interval(&[1.0], &Resampling::default()), None);
        assert_eq!(mean(&[]), None);
    }

    #[test]
    fn differences_of_one_sign_are_no_chance() {
        let resampling = Resampling::default();
        assert!(randomisation(&[1.0; 20], &resampling) < 0.002);
        let even: Vec<f64> = (0..20).map(|i| if i % 2 == 0 { 1.0 } else { -1.0 }).collect();
        assert!(randomisation(&even, &resampling) > 0.99);
    }
}
