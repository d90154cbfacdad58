//! Macro-F1: the mean over labels of the harmonic mean of precision and recall, `2·found / (true + predicted)`.

use super::{Row, Scorer};

/// Macro-F1 over known labels; those that neither occur nor are predicted are left out of the mean.
#[derive(Debug, Clone)]
pub struct MacroF1 {
    labels: Vec<String>,
}

impl MacroF1 {
    /// Over these labels.
    pub fn new(labels: &[String]) -> Self {
        Self { labels: labels.to_vec() }
    }
}

impl Scorer for MacroF1 {
    fn measures(&self) -> Vec<String> {
        vec!["macro_f1".to_owned()]
    }

    fn signature(&self, n_references: usize) -> String {
        format!("nrefs:{n_references}|labels:{}|average:macro|version:1", self.labels.len())
    }

    /// Of each label: whether it was found, whether it is true, whether it was predicted.
    fn statistics(&self, row: &Row) -> Vec<f64> {
        let number = |is: bool| f64::from(u8::from(is));
        let of = |label: &String| {
            let (truth, predicted) = (row.references.contains(label), row.prediction == label);
            [number(truth && predicted), number(truth), number(predicted)]
        };
        self.labels.iter().flat_map(of).collect()
    }

    fn scores(&self, sum: &[f64]) -> Vec<f64> {
        let labels = sum.chunks_exact(3).filter(|label| label[1] + label[2] > 0.0);
        let f1: Vec<f64> = labels.map(|label| 2.0 * label[0] / (label[1] + label[2])).collect();
        vec![if f1.is_empty() { 0.0 } else { 100.0 * f1.iter().sum::<f64>() / f1.len() as f64 }]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::classification::Confusion;

    #[test]
    fn it_is_the_confusion_matrix_s() {
        let labels: Vec<String> = ["a", "b", "c", "never"].map(str::to_owned).to_vec();
        let rows = [(0, 0), (0, 2), (1, 1), (1, 1), (2, 2), (2, 2), (2, 1)];
        let (scorer, mut confusion) = (MacroF1::new(&labels), Confusion::new(&labels));
        let mut sum = vec![0.0; 12];
        for (truth, predicted) in rows {
            confusion.add(truth, predicted);
            let references = [labels[truth].clone()];
            let row = Row { prediction: &labels[predicted], references: &references, facts: &[] };
            sum.iter_mut().zip(scorer.statistics(&row)).for_each(|(s, v)| *s += v);
        }
        assert!((scorer.scores(&sum)[0] - 100.0 * confusion.macro_f1()).abs() < 1e-12);
        assert_eq!(scorer.scores(&[0.0; 12]), [0.0]);
    }
}
