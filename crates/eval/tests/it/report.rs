//! `report.json` keeps all it is given, and is read back from what an older version left out.

use eval::report::{Count, FORMAT, Histogram, Language, Report, Stage, StepPoint, Training, ValidPoint};

fn report() -> Report {
    let mut report: Report =
        serde_json::from_str(r#"{"format":1,"project":"가게","language":"ko","provenance":{"seed":42}}"#)
            .unwrap();
    report.stages.push(Stage {
        id: "prepare".into(),
        rows_in: Some(100),
        rows_out: Some(90),
        rejected: vec![Count { name: "too_short".into(), count: 7 }],
        failed: 3,
        seconds: Some(1.25),
        ..Stage::default()
    });
    report.data.lengths.push(Histogram::of("prompt", "tokens", &[1, 2, 30], 8));
    report.training.push(Training {
        name: "main".into(),
        steps: vec![StepPoint { step: 1, epoch: 0.1, loss: 2.5, learning_rate: 1e-4, grad_norm: None }],
        valid: vec![ValidPoint { step: 0, loss: 3.0 }],
        ..Training::default()
    });
    report
}

#[test]
fn json_there_and_back() {
    let report = report();
    assert_eq!((report.format, report.language), (FORMAT, Language::Korean));
    let json = serde_json::to_string_pretty(&report).unwrap();
    assert_eq!(serde_json::from_str::<Report>(&json).unwrap(), report);
    assert_eq!(json, serde_json::to_string_pretty(&report).unwrap());
}

#[test]
fn counts_add_up_or_are_told() {
    let mut stage = report().stages.remove(0);
    assert!(stage.adds_up());
    stage.failed = 2;
    assert!(!stage.adds_up());
    stage.rows_in = None;
    assert!(stage.adds_up());
}
