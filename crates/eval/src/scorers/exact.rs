//! Exact match after normalisation: the share of answers that say the same as a reference.

use super::normalise::normalise;
use super::{Row, Scorer};

/// Exact match.
#[derive(Debug, Clone, Copy, Default)]
pub struct Exact;

impl Exact {
    /// Whether two texts are the same but for case, width, punctuation, thousands separators and blanks
    /// around anything but ASCII words.
    pub fn same(a: &str, b: &str) -> bool {
        normalise(a) == normalise(b)
    }
}

impl Scorer for Exact {
    fn measures(&self) -> Vec<String> {
        vec!["exact".to_owned()]
    }

    fn signature(&self, n_references: usize) -> String {
        format!("nrefs:{n_references}|norm:nfkc+lower+marks+blanks|version:1")
    }

    fn statistics(&self, row: &Row) -> Vec<f64> {
        let prediction = normalise(row.prediction);
        let same = row.references.iter().any(|reference| normalise(reference) == prediction);
        vec![f64::from(u8::from(same)), 1.0]
    }

    fn scores(&self, sum: &[f64]) -> Vec<f64> {
        vec![100.0 * sum[0] / sum[1].max(1.0)]
    }

    fn proportion(&self, sum: &[f64]) -> Option<(f64, f64)> {
        Some((*sum.first()?, *sum.get(1)?))
    }
}
