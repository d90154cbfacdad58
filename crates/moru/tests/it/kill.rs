//! A run that is killed continues; two runs at once are refused.

use std::io::{BufRead, BufReader};
use std::process::{Child, Stdio};

use serde_json::Value;

use crate::support::{Scratch, snapshot};

/// Slow enough to be met on the way.
const SLOW: [&str; 6] =
    ["--set", "train.steps=400", "--set", "train.save_every=20", "--set", "train.micro_tokens=512"];

fn args<'a>(rest: &[&'a str]) -> Vec<&'a str> {
    let mut all = vec!["run"];
    all.extend(rest);
    all.extend(SLOW);
    all
}

/// Starts a run and waits until a stage has begun.
fn start(scratch: &Scratch, stage: &str) -> Child {
    let mut child = scratch.command(&args(&[])).stderr(Stdio::piped()).stdout(Stdio::null()).spawn().unwrap();
    let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
    while let Some(Ok(line)) = lines.next() {
        if line.trim_start().starts_with(stage) {
            // The rest is read, so that the child never waits for us.
            std::thread::spawn(move || lines.count());
            return child;
        }
    }
    child.wait().unwrap();
    panic!("{stage} never began");
}

fn outcome(scratch: &Scratch) -> (String, Value) {
    let done = serde_json::from_str(&scratch.stdout(&args(&["--json"]), 0)).unwrap();
    (scratch.read("moru.lock"), done)
}

fn project() -> Scratch {
    let scratch = Scratch::project();
    scratch.write(".env", "MORU_SECRET=the same\n");
    scratch
}

#[test]
fn killed_in_ingest_in_training_and_in_evaluation() {
    let (whole, _) = outcome(&project());
    for stage in ["ingest:rows", "train:main", "answer:main"] {
        let scratch = project();
        let mut child = start(&scratch, stage);
        if stage == "train:main" {
            let work = scratch.path(".moru/work");
            let checkpoint = || {
                let folders = std::fs::read_dir(&work).into_iter().flatten().filter_map(Result::ok);
                folders
                    .filter_map(|f| std::fs::read_dir(f.path()).ok())
                    .flatten()
                    .filter_map(Result::ok)
                    .any(|entry| entry.file_name().to_string_lossy().starts_with("checkpoint-"))
            };
            let start = std::time::Instant::now();
            while !checkpoint() && start.elapsed().as_secs() < 60 {
                std::thread::sleep(std::time::Duration::from_millis(5));
            }
        }
        child.kill().unwrap();
        child.wait().unwrap();
        let (lock, done) = outcome(&scratch);
        assert_eq!(lock, whole, "killed in {stage}: the same digests");
        let ran: Vec<_> = done["ran"].as_array().unwrap().iter().filter_map(Value::as_str).collect();
        if stage != "ingest:rows" {
            assert!(!ran.contains(&"prepare"), "killed in {stage}: what was done is kept, ran {ran:?}");
        }
    }
}

#[test]
fn two_runs_at_once() {
    let scratch = project();
    let mut child = start(&scratch, "train:main");
    snapshot!("busy", scratch.seen(&args(&[])).replace(&args(&[]).join(" "), "run"));
    child.kill().unwrap();
    child.wait().unwrap();
    scratch.stdout(&["plan"], 0);
    outcome(&scratch);
}
