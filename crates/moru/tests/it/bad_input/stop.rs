//! Ctrl-C: the first asks the run to end where it can be continued, the second ends it at once.
#![cfg(unix)]

use std::io::{BufRead, BufReader};
use std::net::TcpListener;
use std::process::{Child, Command, Output, Stdio};
use std::sync::mpsc;
use std::time::{Duration, Instant};

use super::{assert_tidy, project, said, undisturbed, wait, works};
use crate::support::Scratch;

fn interrupt(child: &Child) {
    assert!(Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap().success());
}

/// A running child, and what it says line by line.
struct Running {
    child: Child,
    lines: mpsc::Receiver<String>,
    heard: String,
}

impl Running {
    fn start(scratch: &Scratch, args: &[&str]) -> Self {
        let mut child = scratch.command(args).stderr(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let stderr = BufReader::new(child.stderr.take().unwrap());
        let (sender, lines) = mpsc::channel();
        std::thread::spawn(move || {
            stderr.lines().map_while(Result::ok).try_for_each(|line| sender.send(line))
        });
        Self { child, lines, heard: String::new() }
    }

    /// Waits for a line that has the text; false when the child ended before.
    fn hear(&mut self, text: &str) -> bool {
        while let Ok(line) = self.lines.recv_timeout(Duration::from_mins(1)) {
            self.heard += &line;
            self.heard += "\n";
            if line.contains(text) {
                return true;
            }
        }
        false
    }

    /// Waits for the end. The exit code, and all that was said on stderr.
    fn end(mut self, seconds: u64) -> (Option<i32>, String) {
        let mut output: Output = wait(self.child, seconds);
        self.heard.extend(self.lines.iter().map(|line| line + "\n"));
        output.stderr = self.heard.into_bytes();
        (output.status.code(), said(&output))
    }
}

/// Interrupts a run in a stage, expects the next run to end as an undisturbed one.
fn interrupted_in(scratch: &Scratch, stage: &str, args: &[&str], lock: &str) -> String {
    let mut running = Running::start(scratch, args);
    assert!(running.hear(&format!("{stage}  first run")), "{stage}: {}", running.heard);
    if stage == "train:main" {
        assert!(running.hear("validation loss"), "{}", running.heard);
    }
    interrupt(&running.child);
    let (code, talk) = running.end(60);
    assert_eq!(code, Some(2), "{stage}: {talk}");
    if stage == "train:main" {
        let says = "and a checkpoint is written: `moru run` or `moru train` goes on from there";
        assert!(talk.contains("stopped after step ") && talk.contains(says), "{talk}");
    }
    for says in ["stopping where the work can be continued", "error: stopped", "hint: `moru run` continues"] {
        assert!(talk.contains(says), "{stage}: no {says:?} in: {talk}");
    }
    let again = works(scratch, args);
    assert_eq!(scratch.read("moru.lock"), lock, "interrupted in {stage}: the same digests");
    assert_tidy(scratch.root());
    again
}

/// Many rows, of which few are examples: reading and preparing take a moment, and nothing else does.
fn many_rows() -> Scratch {
    let scratch = project();
    let mut text = crate::support::table(60);
    for i in 61..60_000 {
        text += &format!("{i},배송,택배 {i}번은 언제쯤 도착하나요? 주문한 지 며칠이 지났습니다.,\n");
    }
    scratch.write("data/rows.csv", &text);
    scratch
}

#[test]
fn in_ingest_and_in_prepare() {
    let args = ["run", "--until", "prepare"];
    let lock = undisturbed(&many_rows(), &args);
    for stage in ["ingest:rows", "prepare"] {
        let again = interrupted_in(&many_rows(), stage, &args, &lock);
        assert!(again.contains("     prepare  first run"), "it had not been prepared: {again}");
    }
}

#[test]
fn in_training_and_in_answering() {
    let args = [
        "run",
        "--set",
        "train.steps=150",
        "--set",
        "train.save_every=500",
        "--set",
        "train.micro_tokens=512",
        "--set",
        "evaluate.max_new_tokens=100",
    ];
    let lock = undisturbed(&project(), &args);
    for stage in ["train:main", "answer:main"] {
        let again = interrupted_in(&project(), stage, &args, &lock);
        assert!(!again.contains("prepare  first run"), "{stage}: what was done is kept: {again}");
        if stage == "train:main" {
            assert!(again.contains("continues after step"), "{again}");
        }
    }
}

#[test]
fn a_second_one_ends_at_once() {
    // A server that takes the call and never speaks: there is nothing to be ended in good order.
    let server = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = server.local_addr().unwrap().port();
    let scratch = project();
    scratch.edit(
        "moru.toml",
        "kind = \"csv\"\npath = \"data/rows.csv\"",
        &format!(
            "kind = \"sql\"\nquery = \"select 1\"\nurl = \"mysql://u:p@127.0.0.1:{port}/x\"\nprobe = false"
        ),
    );
    let mut running = Running::start(&scratch, &["run"]);
    let (call, _) = server.accept().unwrap();
    interrupt(&running.child);
    assert!(running.hear("Ctrl-C again ends at once"), "{}", running.heard);
    assert!(running.child.try_wait().unwrap().is_none(), "the first waits for a good moment");
    let second = Instant::now();
    interrupt(&running.child);
    let (code, talk) = running.end(10);
    assert_eq!(code, Some(130), "{talk}");
    assert!(second.elapsed() < Duration::from_secs(5), "{:?}", second.elapsed());
    drop(call);
    assert!(!scratch.path("out").exists());
}
