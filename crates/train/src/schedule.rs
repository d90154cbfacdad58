//! The learning rate of each step, by the formulas of `transformers.optimization`.

use std::f64::consts::PI;

/// How the learning rate falls after the warm-up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Schedule {
    /// It stays.
    Constant,
    /// In a straight line to 0.
    Linear,
    /// Along half a cosine to 0.
    Cosine,
}

/// How long the learning rate rises in a straight line from 0.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Warmup {
    /// So many steps.
    Steps(u64),
    /// This share of all steps, rounded up.
    Share(f64),
}

impl Warmup {
    /// The number of steps, of `total`.
    pub fn steps(self, total: u64) -> u64 {
        match self {
            Self::Steps(steps) => steps,
            Self::Share(share) => (share * total as f64).ceil() as u64,
        }
    }
}

impl Schedule {
    /// Its name in recipes and outputs.
    pub fn name(self) -> &'static str {
        match self {
            Self::Constant => "constant",
            Self::Linear => "linear",
            Self::Cosine => "cosine",
        }
    }

    /// What the greatest learning rate is multiplied with at the step after `done` steps, of `total`.
    pub fn factor(self, done: u64, warmup: u64, total: u64) -> f64 {
        if done < warmup {
            return done as f64 / warmup as f64;
        }
        let progress = (done - warmup) as f64 / (total.saturating_sub(warmup)).max(1) as f64;
        match self {
            Self::Constant => 1.0,
            Self::Linear => (1.0 - progress).max(0.0),
            Self::Cosine => (0.5 * (1.0 + (PI * progress).cos())).max(0.0),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(schedule: Schedule, expected: [f64; 6]) {
        let found: Vec<f64> = (0..6).map(|done| schedule.factor(done, 2, 6)).collect();
        for (found, expected) in found.iter().zip(expected) {
            assert!((found - expected).abs() < 1e-12, "{found} {expected}");
        }
    }

    #[test]
    fn factors_rise_and_fall() {
        let half = 0.5f64.sqrt() / 2.0;
        check(Schedule::Constant, [0.0, 0.5, 1.0, 1.0, 1.0, 1.0]);
        check(Schedule::Linear, [0.0, 0.5, 1.0, 0.75, 0.5, 0.25]);
        check(Schedule::Cosine, [0.0, 0.5, 1.0, 0.5 + half, 0.5, 0.5 - half]);
    }

    #[test]
    fn a_warm_up_longer_than_the_training_divides_by_nothing() {
        assert_eq!(Schedule::Linear.factor(3, 10, 4), 0.3);
        assert_eq!(Warmup::Share(0.03).steps(10), 1);
        assert_eq!(Warmup::Share(0.0).steps(10), 0);
    }
}
