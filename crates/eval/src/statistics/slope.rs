//! How much one number goes with another.

use super::{Resampling, resample};
use crate::report::Slope;

/// The slope of `y` on `x` by least squares, Σ(x−x̄)(y−ȳ) / Σ(x−x̄)². None where all `x` are the same.
pub fn least_squares(points: impl Iterator<Item = (f64, f64)> + Clone) -> Option<f64> {
    let (mut n, mut sum_x, mut sum_y) = (0.0, 0.0, 0.0);
    for (x, y) in points.clone() {
        (n, sum_x, sum_y) = (n + 1.0, sum_x + x, sum_y + y);
    }
    let (mean_x, mean_y) = (sum_x / n, sum_y / n);
    let (mut across, mut square) = (0.0, 0.0);
    for (x, y) in points {
        across += (x - mean_x) * (y - mean_y);
        square += (x - mean_x) * (x - mean_x);
    }
    (square > 1e-12).then(|| across / square)
}

/// The slope with its interval when points are drawn again (Freedman 1981: points and not residuals, because their
/// spread need not be the same everywhere). None for fewer than three points, and where it is not defined.
pub fn slope(points: &[(f64, f64)], resampling: &Resampling) -> Option<Slope> {
    if points.len() < 3 {
        return None;
    }
    let value = least_squares(points.iter().copied())?;
    let interval = resample::interval(points.len(), resampling, |rows| {
        least_squares(rows.iter().map(|&row| points[row]))
    })?;
    Some(Slope { value, interval, rows: points.len() as u64 })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slope_is_that_worked_by_hand() {
        let points = [(1.0, 2.0), (2.0, 3.0), (3.0, 5.0), (4.0, 4.0)];
        assert!((least_squares(points.into_iter()).unwrap() - 0.8).abs() < 1e-12);
        assert_eq!(least_squares([(2.0, 1.0), (2.0, 9.0)].into_iter()), None);
        assert_eq!(slope(&points[..2], &Resampling::default()), None);
    }

    #[test]
    fn a_slope_that_is_there_is_found_and_none_is_not() {
        let noise = |i: usize| ((i * 7919) % 13) as f64 / 13.0 - 0.46;
        let tilted: Vec<_> = (0..60).map(|i| (i as f64 / 10.0, 0.5 * i as f64 / 10.0 + noise(i))).collect();
        let found = slope(&tilted, &Resampling::default()).unwrap();
        assert!(found.interval.low > 0.4 && found.interval.high < 0.6, "{found:?}");
        let flat: Vec<_> = (0..60).map(|i| (i as f64 / 10.0, noise(i))).collect();
        let none = slope(&flat, &Resampling::default()).unwrap();
        assert!(none.interval.low < 0.0 && none.interval.high > 0.0, "{none:?}");
    }
}
