//! A training is watched, running or finished; its memory is foretold, tried and refused.

use serde_json::Value;

use crate::support::Scratch;

const STEPS: [&str; 4] = ["--set", "train.steps=8", "--set", "train.save_every=2"];

fn train(scratch: &Scratch, more: &[&str]) -> (Option<i32>, String) {
    let args: Vec<_> = ["train"].into_iter().chain(STEPS).chain(more.iter().copied()).collect();
    let output = scratch.output(&args);
    (output.status.code(), String::from_utf8(output.stderr).unwrap())
}

#[test]
fn a_finished_training_is_told_as_text_and_as_json() {
    let scratch = Scratch::project();
    let none = scratch.output(&["top"]);
    let said = String::from_utf8(none.stderr).unwrap();
    assert_eq!(none.status.code(), Some(2));
    assert!(
        said.contains("error: no training was begun in .") && said.contains("hint: `moru run`"),
        "{said}"
    );

    let (code, talk) = train(&scratch, &[]);
    assert_eq!(code, Some(0), "{talk}");
    for says in ["memory: ", "weights ", "optimizer ", "tried its largest pass, ", " predicted"] {
        assert!(talk.contains(says), "no {says:?} in {talk}");
    }
    // Without a terminal it prints and ends, whether asked for it or not.
    for args in [&["top"][..], &["top", "main", "--once"]] {
        let text = scratch.stdout(args, 0);
        assert!(text.starts_with("main: finished\nstep 8 of 8  epoch "), "{text}");
        assert!(text.contains("\ncheckpoint      after step 8\n") && text.contains("\nloss   "), "{text}");
        assert!(!text.contains('\u{1b}'), "{text:?}");
    }
    let told: Value = serde_json::from_str(&scratch.stdout(&["top", "--json"], 0)).unwrap();
    let (figures, curves) = (&told["figures"], &told["curves"]);
    assert_eq!((figures["step"].as_u64(), figures["state"].as_str()), (Some(8), Some("finished")));
    for curve in ["loss", "learning_rate", "grad_norm"] {
        assert_eq!(curves[curve].as_array().unwrap().len(), 8, "{curve}");
    }
    assert_eq!(curves["loss"][7][1], figures["loss"]);
    assert!(!curves["eval_loss"].as_array().unwrap().is_empty());

    let other = scratch.output(&["top", "other"]);
    let said = String::from_utf8(other.stderr).unwrap();
    assert!(said.contains("no training `other`") && said.contains("begun: main"), "{said}");
    let nowhere = String::from_utf8(scratch.output(&["top", "-C", "nowhere"]).stderr).unwrap();
    assert!(nowhere.contains("there is no folder nowhere"), "{nowhere}");
}

#[test]
#[cfg(target_os = "linux")]
fn the_report_compares_the_memory_that_was_foretold_with_what_was_held() {
    let scratch = Scratch::project();
    assert_eq!(train(&scratch, &[]).0, Some(0));
    scratch.stdout(&["report"], 0);
    let report: Value = serde_json::from_str(&scratch.read("out/report.json")).unwrap();
    let training = &report["training"][0];
    let (peak, predicted) = (&training["peak_memory_bytes"], &training["predicted_memory_bytes"]);
    let share = predicted.as_f64().unwrap() / peak.as_f64().unwrap();
    assert!((0.5..2.0).contains(&share), "predicted {predicted}, held {peak}");
}

#[test]
fn a_training_that_does_not_fit_is_refused_with_its_parts_and_what_to_change() {
    let scratch = Scratch::project();
    let (code, talk) = train(&scratch, &["--set", "train.memory_gb=0.001"]);
    assert_eq!(code, Some(2), "{talk}");
    for says in [
        "the training would take ",
        "and may take 1.0 MB: ",
        "activations ",
        "weights ",
        "every layer is recomputed already",
        "\nhint: fewer [train] micro_tokens",
        "memory_gb",
    ] {
        assert!(talk.contains(says), "no {says:?} in {talk}");
    }
    let (code, talk) = train(&scratch, &["--set", "train.memory_gb=0.001", "--set", "train.recompute=never"]);
    assert_eq!(code, Some(2), "{talk}");
    assert!(
        talk.contains("with every layer recomputed it would take ") && talk.contains("\"auto\""),
        "{talk}"
    );
    // Neither key changes the result, so that neither makes a training run again.
    assert_eq!(train(&scratch, &["--set", "train.recompute=layer"]).0, Some(0));
    let (code, talk) = train(&scratch, &["--set", "train.memory_gb=0.001"]);
    assert!(code == Some(0) && !talk.contains("train:main"), "it would be refused if it ran: {talk}");
}
