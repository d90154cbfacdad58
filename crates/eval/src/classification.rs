//! How a classifier did: predicted labels against true ones, and what scikit-learn's `classification_report` makes
//! of them.
//!
//! A share of nothing is 0, as with scikit-learn's `zero_division=0`. Means over labels leave out those that neither
//! occur nor are predicted.

use crate::report::ClassScore;

/// Counts by true and by predicted label.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Confusion {
    labels: Vec<String>,
    /// `[true][predicted]`.
    counts: Vec<Vec<u64>>,
}

impl Confusion {
    /// Of so many labels, nothing counted yet.
    pub fn new(labels: &[String]) -> Self {
        Self { labels: labels.to_vec(), counts: vec![vec![0; labels.len()]; labels.len()] }
    }

    /// Counts one row, by the numbers of its labels.
    pub fn add(&mut self, truth: usize, predicted: usize) {
        self.counts[truth][predicted] += 1;
    }

    /// `[true][predicted]`.
    pub fn counts(&self) -> &[Vec<u64>] {
        &self.counts
    }

    /// Rows that were counted.
    pub fn rows(&self) -> u64 {
        self.counts.iter().flatten().sum()
    }

    /// The share of rows whose label was found, 0 to 1.
    pub fn accuracy(&self) -> f64 {
        let found = (0..self.labels.len()).map(|n| self.counts[n][n]).sum();
        share(found, self.rows())
    }

    /// Precision, recall and F1 of each label, 0 to 1.
    pub fn by_class(&self) -> Vec<ClassScore> {
        let of = |(n, label): (usize, &String)| {
            let support: u64 = self.counts[n].iter().sum();
            let predicted: u64 = self.counts.iter().map(|row| row[n]).sum();
            let found = self.counts[n][n];
            ClassScore {
                label: label.clone(),
                precision: share(found, predicted),
                recall: share(found, support),
                f1: share(2 * found, support + predicted),
                support,
                predicted,
            }
        };
        self.labels.iter().enumerate().map(of).collect()
    }

    /// The mean F1 of the labels, each counted alike.
    pub fn macro_f1(&self) -> f64 {
        let present: Vec<_> = self.by_class().into_iter().filter(|c| c.support + c.predicted > 0).collect();
        let sum: f64 = present.iter().map(|c| c.f1).sum();
        if present.is_empty() { 0.0 } else { sum / present.len() as f64 }
    }

    /// The mean F1 of the labels, each counted by its rows.
    pub fn weighted_f1(&self) -> f64 {
        let sum: f64 = self.by_class().iter().map(|c| c.f1 * c.support as f64).sum();
        if self.rows() == 0 { 0.0 } else { sum / self.rows() as f64 }
    }
}

fn share(part: u64, whole: u64) -> f64 {
    if whole == 0 { 0.0 } else { part as f64 / whole as f64 }
}

/// Probabilities of logits, computed so that none overflows.
pub fn softmax(logits: &[f32]) -> Vec<f64> {
    let greatest = logits.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    let raised: Vec<f64> = logits.iter().map(|&logit| f64::from(logit - greatest).exp()).collect();
    let sum: f64 = raised.iter().sum();
    raised.into_iter().map(|p| p / sum).collect()
}

/// The index of the greatest value; the first of equals.
pub fn greatest(values: &[f64]) -> usize {
    (1..values.len()).fold(0, |best, n| if values[n] > values[best] { n } else { best })
}

/// Bins of [`calibration_error`].
const BINS: usize = 10;

/// The expected calibration error (Naeini et al. 2015) of (confidence, whether it was right): rows are binned by
/// their confidence in tenths, and the distance between a bin's mean confidence and its share of right rows is
/// weighted by its rows. 0 of nothing.
pub fn calibration_error(rows: &[(f64, bool)]) -> f64 {
    let mut bins = [(0.0, 0.0); BINS];
    for &(confidence, right) in rows {
        let bin = &mut bins[((confidence * BINS as f64) as usize).min(BINS - 1)];
        bin.0 += confidence;
        bin.1 += f64::from(u8::from(right));
    }
    let apart: f64 = bins.iter().map(|(confidence, right)| (confidence - right).abs()).sum();
    if rows.is_empty() { 0.0 } else { apart / rows.len() as f64 }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn confusion(labels: &[&str], rows: &[(usize, usize)]) -> Confusion {
        let labels: Vec<_> = labels.iter().map(|&l| l.to_owned()).collect();
        let mut confusion = Confusion::new(&labels);
        for &(truth, predicted) in rows {
            confusion.add(truth, predicted);
        }
        confusion
    }

    #[track_caller]
    fn close(found: f64, expected: f64) {
        assert!((found - expected).abs() < 1e-12, "{found}, expected {expected}");
    }

    #[test]
    fn numbers_are_those_of_the_definitions_worked_by_hand() {
        // True 0 0 1 1 2 2 2, predicted 0 2 1 1 2 2 1.
        let c = confusion(&["a", "b", "c"], &[(0, 0), (0, 2), (1, 1), (1, 1), (2, 2), (2, 2), (2, 1)]);
        close(c.accuracy(), 5.0 / 7.0);
        let [a, b, last] = c.by_class().try_into().unwrap();
        for (class, precision, recall, f1, support) in [
            (a, 1.0, 0.5, 2.0 / 3.0, 2),
            (b, 2.0 / 3.0, 1.0, 0.8, 2),
            (last, 2.0 / 3.0, 2.0 / 3.0, 2.0 / 3.0, 3),
        ] {
            close(class.precision, precision);
            close(class.recall, recall);
            close(class.f1, f1);
            assert_eq!(class.support, support);
        }
        close(c.macro_f1(), (2.0 / 3.0 + 0.8 + 2.0 / 3.0) / 3.0);
        close(c.weighted_f1(), (2.0 * 2.0 / 3.0 + 2.0 * 0.8 + 3.0 * 2.0 / 3.0) / 7.0);
        assert_eq!(c.counts(), [[1, 0, 1], [0, 2, 0], [0, 1, 2]]);
    }

    #[test]
    fn what_never_occurs_divides_nothing() {
        let c = confusion(&["a", "b", "never"], &[(0, 0), (0, 1)]);
        close(c.macro_f1(), 1.0 / 3.0);
        close(c.by_class()[1].precision, 0.0);
        close(c.by_class()[2].f1, 0.0);
        let nothing = confusion(&["a", "b"], &[]);
        assert_eq!((nothing.accuracy(), nothing.macro_f1(), nothing.weighted_f1()), (0.0, 0.0, 0.0));
    }

    #[test]
    fn probabilities_sum_to_one_at_any_size() {
        for logits in [[0.0f32, 0.0, 0.0], [1000.0, 999.0, -1000.0], [-1e30, 0.0, 1.0]] {
            close(softmax(&logits).iter().sum(), 1.0);
        }
        close(
            softmax(&[0.0, 3f32.ln()])[1],
            0.75_f64 + f64::from(3f32.ln()).exp() / (1.0 + f64::from(3f32.ln()).exp()) - 0.75,
        );
        assert_eq!(greatest(&[0.2, 0.4, 0.4]), 1);
    }

    #[test]
    fn calibration_compares_what_is_believed_with_what_is_right() {
        close(calibration_error(&[]), 0.0);
        close(calibration_error(&[(1.0, true), (1.0, true)]), 0.0);
        close(calibration_error(&[(0.8, true), (0.8, false)]), 0.3);
        // Two bins: 0.95 twice, right once; 0.55 once, right.
        close(calibration_error(&[(0.95, true), (0.95, false), (0.55, true)]), (0.9 + 0.45) / 3.0);
    }
}
