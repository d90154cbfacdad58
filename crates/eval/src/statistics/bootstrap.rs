//! Bootstrap confidence intervals (Efron 1979; for corpus metrics: Koehn 2004).

use super::random::Random;
use super::{Resampling, RowStatistics, percentile_interval, sum_of};
use crate::report::Interval;
use crate::scorers::Scorer;

/// Percentile intervals of every score of a scorer, in the order of its measures.
/// Zero wide at the score itself where there are fewer than two rows.
pub fn intervals(scorer: &dyn Scorer, rows: &RowStatistics, resampling: &Resampling) -> Vec<Interval> {
    let point = scorer.scores(&super::sum(rows));
    let trials = if rows.len() < 2 { 0 } else { resampling.trials };
    let mut draws: Vec<Vec<f64>> = vec![Vec::with_capacity(trials as usize); point.len()];
    let mut random = Random::new(resampling.seed, 0);
    for _ in 0..trials {
        let sum = sum_of(rows, (0..rows.len()).map(|_| random.below(rows.len())));
        for (draws, score) in draws.iter_mut().zip(scorer.scores(&sum)) {
            draws.push(score);
        }
    }
    let confidence = resampling.confidence;
    draws
        .iter_mut()
        .zip(point)
        .map(|(draws, point)| {
            let (low, high) =
                if draws.is_empty() { (point, point) } else { percentile_interval(draws, confidence) };
            Interval { low, high, confidence }
        })
        .collect()
}
