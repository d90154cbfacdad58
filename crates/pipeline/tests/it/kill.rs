//! A process that dies at each point of a run: the next run finishes with the same bytes.

use std::path::Path;
use std::process::Command;
use std::sync::atomic::AtomicBool;

use pipeline::{Project, Request};

use crate::toy::*;

const FOLDER: &str = "PIPELINE_TEST_FOLDER";
const DIES_AFTER: &str = "PIPELINE_TEST_DIES_AFTER";

/// The process that dies: this test binary, started anew with only this test.
#[test]
#[ignore = "started by the other tests"]
#[expect(clippy::disallowed_methods, reason = "the parent tells the child through its environment")]
fn child() {
    let (folder, last) = (std::env::var(FOLDER).unwrap(), std::env::var(DIES_AFTER).unwrap());
    let mut project = Project::open(Path::new(&folder)).unwrap();
    let result =
        project.run(&graph(), &params(), &Request::default(), &AtomicBool::new(false), &mut |event| {
            if step(event).as_deref() == Some(&last) {
                std::process::abort();
            }
        });
    panic!("`{last}` never happened: {result:?}");
}

fn die_after(folder: &Path, step: &str) {
    let output = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "kill::child", "--ignored"])
        .env(FOLDER, folder)
        .env(DIES_AFTER, step)
        .output()
        .unwrap();
    assert!(!output.status.success());
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(!said.contains("panicked"), "{said}");
}

fn steps(folder: &Path) -> Vec<String> {
    let mut steps = Vec::new();
    let mut project = Project::open(folder).unwrap();
    project
        .run(&graph(), &params(), &Request::default(), &AtomicBool::new(false), &mut |event| {
            steps.extend(step(event));
        })
        .unwrap();
    steps
}

#[test]
fn killed_at_each_point() {
    let whole = folder();
    let all = steps(whole.path());
    let lock = std::fs::read(whole.path().join("moru.lock")).unwrap();
    assert_eq!(all.len(), 5 + 10 + 5, "every point of the toy run is known: {all:?}");
    for last in &all {
        let dir = folder();
        die_after(dir.path(), last);
        let after = steps(dir.path());
        assert_eq!(joined(dir.path()), joined(whole.path()), "killed after `{last}`");
        assert_eq!(std::fs::read(dir.path().join("moru.lock")).unwrap(), lock, "killed after `{last}`");
        // What was recorded is not done again, and numbering repeats no more than one checkpoint.
        let again = |step: &str| after.iter().any(|s| s == step);
        if last.ends_with("recorded") || last.ends_with("finished") {
            assert!(!again(&last.replace("recorded", "started").replace("finished", "started")), "{last}");
        }
        if last == "number:main at 3" || last == "number:main at 4" {
            assert!(
                !again("number:main at 2") && !again("filter started"),
                "killed after `{last}`: {after:?}"
            );
        }
        assert!(steps(dir.path()).is_empty(), "then there is nothing to do");
    }
}
