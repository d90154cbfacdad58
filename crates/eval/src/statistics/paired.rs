//! Paired tests: do two systems differ on the same rows?

use super::random::Random;
use super::{Resampling, RowStatistics, percentile_interval, sum, sum_of};
use crate::report::Interval;
use crate::scorers::Scorer;

/// What a paired comparison found for one score.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Paired {
    /// Score of the first system less that of the second.
    pub difference: f64,
    /// Where the difference lies when the same rows are drawn for both.
    pub interval: Interval,
    /// Two-sided p-value of the paired bootstrap test.
    pub p_bootstrap: f64,
    /// Two-sided p-value of paired approximate randomisation.
    pub p_randomisation: f64,
}

/// Sums in another order differ in the last digits; differences this close count as the same.
const SAME: f64 = 1e-9;

/// Compares two systems on every score of a scorer, in the order of its measures.
///
/// - Paired bootstrap (Koehn 2004; as a shifted test: Noreen 1989): rows are drawn with replacement, the
///   same for both; p is the share of draws whose difference is farther from the mean difference of all
///   draws than the true one is from zero.
/// - Paired approximate randomisation (Noreen 1989; Riezler and Maxwell 2005): answers of a row are
///   swapped or not by a fair coin; p is the share of draws with at least the true difference.
///
/// Both count the true difference as one more draw, so that p is never zero.
///
/// # Panics
/// Where the systems have different numbers of rows.
pub fn compare(
    scorer: &dyn Scorer,
    first: &RowStatistics,
    second: &RowStatistics,
    resampling: &Resampling,
) -> Vec<Paired> {
    assert_eq!(first.len(), second.len(), "paired systems answer the same rows");
    let difference = differences(scorer, &sum(first), &sum(second));
    if first.len() < 2 || resampling.trials == 0 {
        return difference.into_iter().map(|d| undecided(d, resampling.confidence)).collect();
    }
    let redrawn = draw(resampling, difference.len(), 0, |random| {
        let rows: Vec<usize> = first.iter().map(|_| random.below(first.len())).collect();
        differences(scorer, &sum_of(first, rows.iter().copied()), &sum_of(second, rows.iter().copied()))
    });
    let swapped = draw(resampling, difference.len(), 1, |random| {
        let (a, b) = swap(first, second, random);
        differences(scorer, &a, &b)
    });
    difference
        .into_iter()
        .zip(redrawn.into_iter().zip(swapped))
        .map(|(difference, (mut redrawn, swapped))| {
            let mean = redrawn.iter().sum::<f64>() / redrawn.len() as f64;
            let p_bootstrap = share_at_least(difference, redrawn.iter().map(|d| d - mean));
            let (low, high) = percentile_interval(&mut redrawn, resampling.confidence);
            Paired {
                difference,
                interval: Interval { low, high, confidence: resampling.confidence },
                p_bootstrap,
                p_randomisation: share_at_least(difference, swapped.into_iter()),
            }
        })
        .collect()
}

fn undecided(difference: f64, confidence: f64) -> Paired {
    let interval = Interval { low: difference, high: difference, confidence };
    Paired { difference, interval, p_bootstrap: 1.0, p_randomisation: 1.0 }
}

fn differences(scorer: &dyn Scorer, first: &[f64], second: &[f64]) -> Vec<f64> {
    scorer.scores(first).iter().zip(scorer.scores(second)).map(|(a, b)| a - b).collect()
}

/// For each score, what `trial` gave in every trial.
fn draw(
    resampling: &Resampling,
    scores: usize,
    stream: u64,
    mut trial: impl FnMut(&mut Random) -> Vec<f64>,
) -> Vec<Vec<f64>> {
    let mut random = Random::new(resampling.seed, stream);
    let mut draws = vec![Vec::with_capacity(resampling.trials as usize); scores];
    for _ in 0..resampling.trials {
        for (draws, value) in draws.iter_mut().zip(trial(&mut random)) {
            draws.push(value);
        }
    }
    draws
}

/// The sums of two made-up systems, each of which has either system's answer to each row.
fn swap(first: &RowStatistics, second: &RowStatistics, random: &mut Random) -> (Vec<f64>, Vec<f64>) {
    let width = first[0].len();
    let (mut a, mut b) = (vec![0.0; width], vec![0.0; width]);
    let mut coins = 0;
    for (row, (x, y)) in first.iter().zip(second).enumerate() {
        if row % 64 == 0 {
            coins = random.next_u64();
        }
        let (x, y) = if coins & 1 == 0 { (x, y) } else { (y, x) };
        coins >>= 1;
        for i in 0..width {
            a[i] += x[i];
            b[i] += y[i];
        }
    }
    (a, b)
}

fn share_at_least(difference: f64, draws: impl ExactSizeIterator<Item = f64>) -> f64 {
    let trials = draws.len();
    let extreme = draws.filter(|d| d.abs() >= difference.abs() - SAME).count();
    (extreme + 1) as f64 / (trials + 1) as f64
}
