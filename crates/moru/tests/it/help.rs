//! Help that teaches, for every verb.

use std::process::Command;
use std::time::{Duration, Instant};

use crate::support::{Scratch, snapshot};

const VERBS: [&str; 25] = [
    "quickstart",
    "init",
    "check",
    "plan",
    "run",
    "train",
    "status",
    "top",
    "tap",
    "why",
    "chat",
    "generate",
    "classify",
    "report",
    "judge",
    "inspect",
    "merge",
    "quantize",
    "export",
    "doctor",
    "explain",
    "clean",
    "batch",
    "bench",
    "completions",
];

#[test]
fn the_first_page() {
    let scratch = Scratch::new();
    snapshot!("help", scratch.seen(&["--help"]));
}

#[test]
fn every_verb_explains_itself() {
    let scratch = Scratch::new();
    let first = scratch.stdout(&["--help"], 0);
    for verb in VERBS {
        assert!(first.contains(&format!("\n  {verb} ")), "{verb} is not on the first page");
        let help = scratch.stdout(&[verb, "--help"], 0);
        assert!(help.contains("Usage: moru "), "{verb}: {help}");
        assert!(help.lines().next().is_some_and(|line| line.len() > 20), "{verb} says nothing of itself");
    }
    snapshot!("help-run", scratch.seen(&["run", "--help"]));
}

#[test]
fn help_is_there_at_once() {
    let scratch = Scratch::new();
    let timed = |work: &dyn Fn()| {
        let start = Instant::now();
        work();
        start.elapsed()
    };
    // In turn, so that both meet the same load; a process that does nothing is the measure.
    let (mut help, mut nothing) = (Duration::MAX, Duration::MAX);
    for _ in 0..10 {
        help = help.min(timed(&|| drop(scratch.stdout(&["--help"], 0))));
        nothing = nothing.min(timed(&|| assert!(Command::new("true").output().is_ok())));
    }
    assert!(help < 12 * nothing, "{help:?} beside {nothing:?} of a process that does nothing");
}

#[test]
fn topics_and_completions() {
    let scratch = Scratch::new();
    for (section, words) in [("train", "cosine, linear, constant"), ("prepare", "greetings, closings")] {
        let said = scratch.stdout(&["explain", section], 0);
        assert!(said.contains(words), "the words that a key of [{section}] may hold: {said}");
    }
    snapshot!("explain-split", scratch.seen(&["explain", "split"]));
    snapshot!("explain-unknown", scratch.seen(&["explain", "splti"]));
    for topic in [
        "stages",
        "privacy",
        "lock",
        "counts",
        "env",
        "mask",
        "baselines",
        "recipe",
        "train",
        "source",
        "teacher",
        "judge",
        "endpoint",
    ] {
        assert!(scratch.stdout(&["explain", topic], 0).lines().count() > 1, "{topic}");
    }
    for shell in ["bash", "zsh", "fish"] {
        assert!(scratch.stdout(&["completions", shell], 0).contains("quickstart"), "{shell}");
    }
}

#[test]
fn the_doctor_tells_what_is_there() {
    let scratch = Scratch::project();
    let text = scratch.stdout(&["doctor", "--json"], 0);
    let diagnosis: serde_json::Value = serde_json::from_str(&text).unwrap();
    assert!(diagnosis["machine"]["cores"].as_u64().unwrap() >= 1);
    assert_eq!(diagnosis["recipe"][0]["subject"], "source.rows");
    std::fs::remove_file(scratch.path("data/rows.csv")).unwrap();
    assert!(scratch.stdout(&["doctor"], 1).contains("not reachable"));
}
