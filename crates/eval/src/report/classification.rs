//! What a classifier found and what it took for what.

use serde::{Deserialize, Serialize};

/// One classifier on the test split.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Classification {
    /// The training's name: `main`.
    pub name: String,
    /// Rows of the test split.
    pub rows: u64,
    /// The share of rows whose label was found, 0 to 1.
    pub accuracy: f64,
    /// The mean F1 of the labels, each counted alike.
    pub macro_f1: f64,
    /// The mean F1 of the labels, each counted by its rows.
    pub weighted_f1: f64,
    /// Mean negative log-likelihood of the true labels, natural logarithm.
    pub log_loss: f64,
    /// The expected calibration error in ten bins: how far confidence is from being right.
    pub calibration_error: f64,
    /// The accuracy of always saying the label that is commonest in the training split.
    pub majority_accuracy: f64,
    /// That label.
    pub majority_label: String,
    /// One a label, in the order of their numbers.
    pub classes: Vec<ClassScore>,
    /// `[true][predicted]`, in the order of `classes`.
    pub confusion: Vec<Vec<u64>>,
}

/// How one label did.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct ClassScore {
    /// The label.
    pub label: String,
    /// The share of rows so labelled that are so, 0 to 1; 0 where none is.
    pub precision: f64,
    /// The share of such rows that were found, 0 to 1; 0 where there are none.
    pub recall: f64,
    /// Their harmonic mean.
    pub f1: f64,
    /// Such rows.
    pub support: u64,
    /// Rows so labelled.
    pub predicted: u64,
}
