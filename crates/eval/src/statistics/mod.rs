//! How sure a score is.
//!
//! 1. [`random`] – a seeded source of draws, the same on every machine.
//! 2. [`bootstrap`] – where a score lies when the rows are drawn again.
//! 3. [`wilson`] – where a share of rows lies, without drawing.
//! 4. [`paired`] – whether two systems differ on the same rows.
//! 5. [`resample`], [`slope`] and [`kappa`] – intervals of any number, how much one goes with another, and how far two
//!    judges agree.
//!
//! The first four work on sufficient statistics (see [`crate::scorers`]), one vector a row: a resample sums
//! vectors and scores the sum, so a corpus metric is never mistaken for a mean over rows.

pub mod bootstrap;
pub mod kappa;
pub mod paired;
pub mod random;
pub mod resample;
pub mod slope;
pub mod wilson;

use crate::report::Interval;
use crate::scorers::Scorer;

/// How often to draw, how sure to be, and from which seed.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Resampling {
    /// Draws.
    pub trials: u32,
    /// Share of the draws inside an interval.
    pub confidence: f64,
    /// Same seed, same interval.
    pub seed: u64,
}

impl Default for Resampling {
    fn default() -> Self {
        Self { trials: 1000, confidence: 0.95, seed: 42 }
    }
}

/// Where every score of a scorer lies: Wilson's interval for a share of rows, the bootstrap's for others.
pub fn intervals(scorer: &dyn Scorer, rows: &RowStatistics, resampling: &Resampling) -> Vec<Interval> {
    match scorer.proportion(&sum(rows)) {
        Some((hits, trials)) => vec![wilson::interval(hits, trials, resampling.confidence)],
        None => bootstrap::intervals(scorer, rows, resampling),
    }
}

/// The statistics of all rows of one system under one scorer: `rows[i]` are those of row `i`.
pub type RowStatistics = [Vec<f64>];

/// The sum over all rows.
pub fn sum(rows: &RowStatistics) -> Vec<f64> {
    sum_of(rows, 0..rows.len())
}

fn sum_of(rows: &RowStatistics, picked: impl Iterator<Item = usize>) -> Vec<f64> {
    let mut total = vec![0.0; rows.first().map_or(0, Vec::len)];
    for row in picked {
        for (sum, value) in total.iter_mut().zip(&rows[row]) {
            *sum += value;
        }
    }
    total
}

/// The two ends between which `confidence` of the values lie, interpolated between neighbours.
fn percentile_interval(values: &mut [f64], confidence: f64) -> (f64, f64) {
    values.sort_by(f64::total_cmp);
    let at = |share: f64| {
        let place = share * (values.len() - 1) as f64;
        let below = place.floor() as usize;
        let above = (below + 1).min(values.len() - 1);
        values[below] + (values[above] - values[below]) * (place - below as f64)
    };
    let tail = (1.0 - confidence) / 2.0;
    (at(tail), at(1.0 - tail))
}
