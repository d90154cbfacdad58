//! Long runs of the product, which is called as a program and never linked.

use std::path::Path;

use super::{files_under, run as exec};
use crate::Faults;

/// The ignored tests named `measure_…` print what the generators make and how varied it is.
pub fn generate(root: &Path) -> Result<(), Faults> {
    ignored_tests(root, &["synth"], "measure_")
}

/// The ignored tests named `soak_…`: the long versions of what the tests do in small; with a name those of
/// `soak_NAME…`.
pub fn soak(root: &Path, name: &str) -> Result<(), Faults> {
    let rooms = ["data", "chat", "model", "serve", "synth", "moru"];
    ignored_tests(root, &rooms, &format!("soak_{name}"))
}

/// The product beside its peers: `tools/peers/run.py` measures and writes `docs/reference/results.md`.
/// Peers whose packages `python` does not have are written down as not measured.
pub fn bench(root: &Path, python: &str) -> Result<(), Faults> {
    exec(root, "cargo", &["build", "--release", "--locked", "--package", "moru"])?;
    exec(root, python, &["tools/peers/run.py"])
}

fn ignored_tests(root: &Path, packages: &[&str], prefix: &str) -> Result<(), Faults> {
    // A run that matches no test would pass, and would have shown nothing.
    let is_written = packages.iter().any(|package| {
        let files = files_under(&root.join("crates").join(package));
        files.iter().any(|file| {
            let text = std::fs::read_to_string(file).unwrap_or_default();
            text.contains(&format!("fn {prefix}"))
        })
    });
    if !is_written {
        let places = packages.join(", ");
        return Err(vec![format!("no test named `{prefix}…` is written yet in {places}: nothing was run")]);
    }
    let mut arguments = vec!["test", "--release", "--locked"];
    for package in packages {
        arguments.extend(["--package", package]);
    }
    arguments.extend(["--", "--ignored", "--nocapture", "--test-threads", "1", prefix]);
    exec(root, "cargo", &arguments)
}
