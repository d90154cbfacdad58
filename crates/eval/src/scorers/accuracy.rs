//! Accuracy: the share of rows whose label was found, letter by letter.

use super::{Row, Scorer};

/// Accuracy.
#[derive(Debug, Clone, Copy, Default)]
pub struct Accuracy;

impl Scorer for Accuracy {
    fn measures(&self) -> Vec<String> {
        vec!["accuracy".to_owned()]
    }

    fn signature(&self, n_references: usize) -> String {
        format!("nrefs:{n_references}|version:1")
    }

    fn statistics(&self, row: &Row) -> Vec<f64> {
        let right = row.references.iter().any(|reference| reference == row.prediction);
        vec![f64::from(u8::from(right)), 1.0]
    }

    fn scores(&self, sum: &[f64]) -> Vec<f64> {
        vec![100.0 * sum[0] / sum[1].max(1.0)]
    }

    fn proportion(&self, sum: &[f64]) -> Option<(f64, f64)> {
        Some((*sum.first()?, *sum.get(1)?))
    }
}
