//! Bad input of every kind, driven through the binary: the message names the place and the next step, says
//! no secret and no personal value, the exit code is 2, and nothing half-written is taken for whole.

mod models;
mod recipes;
mod sources;
mod space;
mod stop;

use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

use crate::support::Scratch;

/// A person that no message may name, and a telephone number that none may give.
const NAME: &str = "독고영재";
const PHONE: &str = "010-8765-4321";

/// The digits of telephone numbers of [`crate::support::table`] begin so.
const TABLE_PHONE: &str = "010-2345-";

/// Waits for a child's end, but not for ever: what hangs is killed, and the test fails.
fn wait(mut child: std::process::Child, seconds: u64) -> Output {
    let end = Instant::now() + Duration::from_secs(seconds);
    while child.try_wait().unwrap().is_none() {
        if Instant::now() > end {
            child.kill().unwrap();
            let output = child.wait_with_output().unwrap();
            panic!("still running after {seconds} s: {}", String::from_utf8_lossy(&output.stderr));
        }
        std::thread::sleep(Duration::from_millis(10));
    }
    child.wait_with_output().unwrap()
}

/// Runs a command to its end.
fn finish(mut command: Command, seconds: u64) -> Output {
    wait(command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap(), seconds)
}

/// What was said on both streams, without values that nobody may see.
fn said(output: &Output) -> String {
    let text =
        format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    for private in [NAME, PHONE, TABLE_PHONE] {
        assert!(!text.contains(private), "{private} is shown: {text}");
    }
    text
}

/// Runs, expects an error with a hint and these words. Gives all that was said.
fn refused(scratch: &Scratch, args: &[&str], words: &[&str]) -> String {
    let output = finish(scratch.command(args), 120);
    let talk = said(&output);
    assert_eq!(output.status.code(), Some(2), "moru {args:?}: {talk}");
    for word in words.iter().chain(&["error: ", "\nhint: "]) {
        assert!(talk.contains(word), "moru {args:?}: no {word:?} in: {talk}");
    }
    talk
}

/// As [`refused`], before any stage began and with nothing in `out/`.
fn refused_at_once(scratch: &Scratch, args: &[&str], words: &[&str]) -> String {
    let talk = refused(scratch, args, words);
    assert!(!talk.contains("first run"), "a stage began: {talk}");
    assert!(!scratch.path("out/dataset.jsonl").exists(), "{args:?}: nothing is written");
    talk
}

/// Runs to the end and gives what was said.
fn works(scratch: &Scratch, args: &[&str]) -> String {
    let output = finish(scratch.command(args), 120);
    let talk = said(&output);
    assert_eq!(output.status.code(), Some(0), "moru {args:?}: {talk}");
    talk
}

/// The small project under a secret of its own, so that two of them have the same digests.
fn project() -> Scratch {
    let scratch = Scratch::project();
    scratch.write(".env", "MORU_SECRET=the same\n");
    scratch
}

/// The lock file of an undisturbed run.
fn undisturbed(prepared: &Scratch, args: &[&str]) -> String {
    works(prepared, args);
    prepared.read("moru.lock")
}

/// No temporary file and no unfinished one lies in the project.
fn assert_tidy(folder: &std::path::Path) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let end = path.extension().unwrap_or_default();
        assert!(
            !["tmp", "part", "partial"].iter().any(|unfinished| end == *unfinished),
            "{}",
            path.display()
        );
        if path.is_dir() {
            assert_tidy(&path);
        }
    }
}
