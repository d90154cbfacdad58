//! Long runs of the product, which is called as a program and never linked.

use std::path::Path;

use super::run as exec;
use crate::Faults;

/// The ignored tests named `measure_…` print what the generators make and how varied it is.
pub fn generate(root: &Path) -> Result<(), Faults> {
    ignored_tests(root, &["synth"], "measure_")
}

/// The ignored tests named `soak_…`: the long versions of what the tests do in small.
pub fn soak(root: &Path) -> Result<(), Faults> {
    ignored_tests(root, &["data", "pipeline", "train", "moru"], "soak_")
}

/// The peers' programs beside ours, through `tools/peers/run.py`.
pub fn bench(root: &Path, python: &str) -> Result<(), Faults> {
    exec(root, "cargo", &["build", "--release", "--locked", "--package", "moru"])?;
    exec(root, python, &["tools/peers/run.py"])
}

fn ignored_tests(root: &Path, packages: &[&str], prefix: &str) -> Result<(), Faults> {
    let mut arguments = vec!["test", "--release", "--locked"];
    for package in packages {
        arguments.extend(["--package", package]);
    }
    arguments.extend(["--", "--ignored", "--nocapture", "--test-threads", "1", prefix]);
    exec(root, "cargo", &arguments)
}
