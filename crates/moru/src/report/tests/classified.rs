//! A classifier that a report tells of.

use eval::report::{ClassScore, Classification};

/// Three labels, with a few mistakes.
pub(super) fn classification() -> Classification {
    let labels = ["배송", "환불/반품", "적립금/쿠폰"];
    let confusion = vec![vec![41, 2, 0], vec![3, 30, 1], vec![0, 0, 20]];
    let class = |(n, label): (usize, &&str)| ClassScore {
        label: (*label).into(),
        precision: 0.9,
        recall: 0.95,
        f1: 0.924,
        support: confusion[n].iter().sum(),
        predicted: confusion.iter().map(|row| row[n]).sum(),
    };
    Classification {
        name: "main".into(),
        rows: 97,
        accuracy: 0.938,
        macro_f1: 0.941,
        weighted_f1: 0.938,
        log_loss: 0.21,
        calibration_error: 0.034,
        majority_accuracy: 0.443,
        majority_label: "배송".into(),
        classes: labels.iter().enumerate().map(class).collect(),
        confusion,
    }
}
