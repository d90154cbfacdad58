//! The committed golden numbers, made again by the reference programs under `tools/golden/`.

use std::path::Path;

use super::{files_under, has_extension, relative, run as exec};
use crate::Faults;

/// Reads what the engine wrote, in the other direction than the others: it needs the folder of the engine's results.
const READS_OURS: &str = "tools/golden/peft_reads_ours.py";

/// Where the engine's results go.
const OURS: &str = "target/golden-twins";

/// Runs every script of `tools/golden` with `python`. `git diff` then shows whether a number moved.
pub fn run(root: &Path, python: &str) -> Result<(), Faults> {
    let scripts: Vec<String> = files_under(&root.join("tools/golden"))
        .iter()
        .filter(|p| has_extension(p, "py"))
        .map(|p| relative(root, p))
        .collect();
    if !scripts.iter().any(|script| script == READS_OURS) {
        return Err(vec![format!("{READS_OURS} is not there")]);
    }
    for script in scripts.iter().filter(|script| *script != READS_OURS) {
        exec(root, python, &[script])?;
    }
    // Trained on the twins as they are now.
    let example = ["run", "--release", "--locked", "-p", "train", "--example", "twin_adapters", "--"];
    exec(root, "cargo", &[&example[..], &["tools/golden", OURS]].concat())?;
    exec(root, python, &[READS_OURS, OURS])?;
    println!("golden: {} scripts ran; `git diff --stat` shows what moved", scripts.len());
    Ok(())
}
