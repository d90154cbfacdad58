//! A project's own files changed at random: the recipe, the lock, the private index, stored content. The program says
//! what is wrong and exits with 2, or works; it never panics, hangs or asks for memory without end, and what it
//! does not refuse it finishes with the right digests.

use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::{Output, Stdio};
use std::time::{Duration, Instant};

use testing::mutation::{Draws, mutated};

use crate::support::{RECIPE, Scratch};

/// How long a verb may take on a machine that has other things to do as well.
const DEADLINE: Duration = Duration::from_secs(30);

/// Address space in KiB: threads' stacks and a small model fit, a number from a damaged file does not.
const MEMORY_KIB: u64 = 4 << 20;

#[test]
fn recipes_changed_at_random() {
    recipes(0..80);
}

#[test]
#[ignore = "thousands of cases; `cargo xtask soak`"]
fn soak_recipes_changed_at_random() {
    recipes(0..4000);
}

#[test]
fn private_files_changed_at_random() {
    private_files(0..30);
}

#[test]
#[ignore = "a thousand cases; `cargo xtask soak`"]
fn soak_private_files_changed_at_random() {
    private_files(0..1000);
}

/// Runs a verb with bounded time and memory, and checks how it ended.
fn verb(scratch: &Scratch, case: u64, args: &[&str]) -> Output {
    let plain = scratch.command(args);
    let mut command = if cfg!(unix) {
        let mut shell = scratch.shell(&format!("ulimit -v {MEMORY_KIB}; exec \"$0\" \"$@\""));
        shell.arg(plain.get_program()).args(plain.get_args());
        shell
    } else {
        plain
    };
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let (out, err) = (read(child.stdout.take()), read(child.stderr.take()));
    let start = Instant::now();
    let status = loop {
        match child.try_wait().unwrap() {
            Some(status) => break status,
            None if start.elapsed() > DEADLINE => {
                child.kill().unwrap();
                panic!("case {case}: {args:?} is still at it after {} s", DEADLINE.as_secs());
            }
            None => std::thread::sleep(Duration::from_millis(2)),
        }
    };
    let output = Output { status, stdout: out.join().unwrap(), stderr: err.join().unwrap() };
    let talk = String::from_utf8_lossy(&output.stderr);
    assert!(
        matches!(status.code(), Some(0..=2)) && !talk.contains("panicked"),
        "case {case}: {args:?} ends with {status}: {talk}"
    );
    if status.code() == Some(2) {
        assert!(talk.contains("error:"), "case {case}: {args:?} says nothing: {talk}");
    }
    output
}

/// Reads a pipe to its end beside us, so that the child never waits.
fn read(pipe: Option<impl Read + Send + 'static>) -> std::thread::JoinHandle<Vec<u8>> {
    std::thread::spawn(move || {
        let mut bytes = Vec::new();
        let _ = pipe.expect("a pipe").read_to_end(&mut bytes);
        bytes
    })
}

/// Recipes are planned, shown and checked; none reaches a run, so that nothing is trained for hours.
fn recipes(cases: std::ops::Range<u64>) {
    let scratch = Scratch::project();
    let support = include_str!("../../../../examples/support/moru.toml");
    let nano = include_str!("../../../../examples/nano/moru.toml");
    let (mut planned, mut refused) = (0, 0);
    for case in cases {
        let mut draws = Draws::new(case);
        let whole = *draws.one(&[RECIPE, RECIPE, support, nano]);
        put(&scratch.path("moru.toml"), &mutated(whole.as_bytes(), &mut draws));
        match verb(&scratch, case, &["plan"]).status.code() {
            Some(0) => planned += 1,
            _ => refused += 1,
        }
        if case % 4 == 0 {
            verb(&scratch, case, &["check", "--values"]);
        }
    }
    assert!(planned > 0 && refused > 0, "{planned} planned, {refused} refused");
}

/// One file of a finished project is changed; what can still run ends with the same lock.
fn private_files(cases: std::ops::Range<u64>) {
    let whole = Scratch::project();
    whole.write(".env", "MORU_SECRET=the same\n");
    whole.stdout(&["run"], 0);
    let lock = whole.read("moru.lock");
    let names = files(whole.root(), whole.root());
    assert!(names.iter().any(|name| name.ends_with("stamps.json")) && names.len() > 20, "{names:?}");
    let (mut healed, mut refused) = (0, 0);
    for case in cases {
        let mut draws = Draws::new(case);
        // The lock and the index are few among many stored files: they are chosen as often as all others.
        let index: Vec<&PathBuf> = names.iter().filter(|name| !name.starts_with(".moru/store")).collect();
        let name = if draws.below(2) == 0 { *draws.one(&index) } else { draws.one(&names) };
        let scratch = Scratch::new();
        copy(whole.root(), scratch.root());
        let bytes = std::fs::read(whole.path(&name.to_string_lossy())).unwrap();
        put(&scratch.root().join(name), &mutated(&bytes, &mut draws));
        for args in [&["plan"][..], &["status"], &["why", "rows#3"], &["inspect", "out/adapter"]] {
            verb(&scratch, case, args);
        }
        if verb(&scratch, case, &["run"]).status.code() == Some(0) {
            healed += 1;
            assert!(
                scratch.read("moru.lock") == lock,
                "case {case}: another lock after a change of {}",
                name.display()
            );
        } else {
            refused += 1;
        }
    }
    println!("{healed} runs ended with the same lock, {refused} changes were refused");
    assert!(healed > 0, "no run healed");
}

/// The lock and what the private folder holds, by their paths in the project. Views are links to what is stored.
fn files(root: &Path, folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap().flatten() {
        let (path, kind) = (entry.path(), entry.file_type().unwrap());
        let name = path.strip_prefix(root).unwrap().to_owned();
        if kind.is_dir() && !name.starts_with("out") && !name.starts_with("data") && !name.ends_with("views")
        {
            found.extend(files(root, &path));
        } else if kind.is_file() && (name.starts_with(".moru") || name.ends_with("moru.lock")) {
            found.push(name);
        }
    }
    found.sort();
    found
}

/// Copies a project as `cp -a` does, times included, so that files are recognised as they were.
fn copy(from: &Path, to: &Path) {
    let status = std::process::Command::new("cp").arg("-a").arg(from.join(".")).arg(to).status().unwrap();
    assert!(status.success());
}

/// Writes into place, as a careless hand would.
#[expect(clippy::disallowed_methods, reason = "what is written here is meant to be broken")]
fn put(path: &Path, bytes: &[u8]) {
    let _ = std::fs::remove_file(path);
    std::fs::write(path, bytes).unwrap();
}
