//! `[split]`: which examples are trained on, watched and scored.

use serde::{Deserialize, Serialize};

use super::reader::Section;

/// `[split]`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Split {
    /// The share to train on.
    pub train: f64,
    /// The share to watch the training with.
    pub valid: f64,
    /// The share to score.
    pub test: f64,
    /// The column whose equal values stay together, where there is one.
    pub group: String,
    /// The column whose values are split in the same proportions, where there is one.
    pub stratify: String,
    /// The column with the split's name, where the source has its own.
    pub column: String,
}

impl Split {
    pub(super) fn read(mut s: Section<'_>) -> Self {
        let (range, faults_before) = (0.0..=1.0, s.n_faults());
        let split = Self {
            train: s.within("train", 0.8, range.clone(), "the share of examples to train on"),
            valid: s.within("valid", 0.1, range.clone(), "the share to watch the training with"),
            test: s.within("test", 0.1, range, "the share to score; never trained on"),
            group: s.value(
                "group",
                String::new(),
                "a column whose equal values stay in one split, such as the customer",
            ),
            stratify: s.value("stratify", String::new(), "a column of [prepare] meta whose values are split in the same proportions, such as the category"),
            column: s.value(
                "column",
                String::new(),
                "a column that names each row's split itself: train, valid or test",
            ),
        };
        let sum = split.train + split.valid + split.test;
        // A share that is wrong by itself was told; the default in its place proves nothing.
        let is_meant = s.n_faults() == faults_before;
        if is_meant && split.column.is_empty() && (sum - 1.0).abs() > 1e-6 {
            let Self { train, valid, test, .. } = &split;
            s.impossible(
                "train",
                format!("[split] train {train} + valid {valid} + test {test} is {sum:.3}; it has to be 1"),
            );
        }
        if split.column.is_empty() && split.train == 0.0 {
            s.impossible("train", "[split] `train` is 0: nothing would be trained on");
        }
        if !split.column.is_empty() && !split.group.is_empty() {
            s.impossible(
                "group",
                "[split] has both `group` and `column`; a column that names the split decides alone",
            );
        }
        s.finish(false);
        split
    }
}
