//! Refusals: whether a system says "the documents do not say" where that is right, and only there.
//!
//! Of the answers that refuse, the share that should is the precision; of those that should, the share that does is
//! the recall; F1 is their harmonic mean. A row should be refused where its first reference is a refusal.

use chat::refusal::is_refusal;

use super::{Row, Scorer};

/// Precision, recall and F1 of refusals.
#[derive(Debug, Clone, Copy, Default)]
pub struct Refusal;

impl Scorer for Refusal {
    fn measures(&self) -> Vec<String> {
        ["refusal-f1", "refusal-precision", "refusal-recall"].map(str::to_owned).into()
    }

    fn signature(&self, n_references: usize) -> String {
        format!("nrefs:{n_references}|refusal:by phrases|version:1")
    }

    /// Refusals that are right, refusals that are not, and answers that should have been refusals.
    fn statistics(&self, row: &Row) -> Vec<f64> {
        let said = is_refusal(row.prediction);
        let wanted = row.references.first().is_some_and(|reference| is_refusal(reference));
        [said && wanted, said && !wanted, !said && wanted].map(|is| f64::from(u8::from(is))).into()
    }

    fn scores(&self, sum: &[f64]) -> Vec<f64> {
        let &[right, wrong, missed] = sum else { return vec![0.0; 3] };
        let share = |of: f64| if of > 0.0 { 100.0 * right / of } else { 0.0 };
        let f1 = 2.0f64.mul_add(right, wrong + missed);
        vec![share(f1 / 2.0), share(right + wrong), share(right + missed)]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn precision_and_recall_of_refusals() {
        let (no, yes) = ("규정에 없습니다.".to_owned(), "연차휴가는 15일입니다.".to_owned());
        let mut sum = vec![0.0; 3];
        // Two right refusals, one that is wrong, one that is missing, and an answer.
        for (said, wanted) in [(&no, &no), (&no, &no), (&no, &yes), (&yes, &no), (&yes, &yes)] {
            let references = [wanted.clone()];
            let row = Row { prediction: said, references: &references, facts: &[] };
            for (all, one) in sum.iter_mut().zip(Refusal.statistics(&row)) {
                *all += one;
            }
        }
        assert_eq!(sum, [2.0, 1.0, 1.0]);
        let scores = Refusal.scores(&sum);
        assert!(scores.iter().all(|score| (score - 200.0 / 3.0).abs() < 1e-9), "{scores:?}");
        assert_eq!(Refusal.scores(&[0.0, 0.0, 5.0]), [0.0; 3]);
    }
}
