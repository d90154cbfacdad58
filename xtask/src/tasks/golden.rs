//! The committed golden numbers, made again by the reference programs under `tools/golden/`.

use std::path::Path;

use super::{files_under, has_extension, relative, run as exec};
use crate::Faults;

/// Runs every script of `tools/golden` with `python`. `git diff` then shows whether a number moved.
pub fn run(root: &Path, python: &str) -> Result<(), Faults> {
    let scripts: Vec<String> = files_under(&root.join("tools/golden"))
        .iter()
        .filter(|p| has_extension(p, "py"))
        .map(|p| relative(root, p))
        .filter(|p| !p.rsplit('/').next().is_some_and(|name| name.starts_with('_')))
        .collect();
    if scripts.is_empty() {
        return Err(vec!["tools/golden holds no scripts".into()]);
    }
    for script in &scripts {
        exec(root, python, &[script])?;
    }
    println!("golden: {} scripts ran; `git diff --stat` shows what moved", scripts.len());
    Ok(())
}
