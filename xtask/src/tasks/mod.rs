//! One task a file.

pub mod check;
pub mod golden;
pub mod product;
mod source;
pub mod test;
pub mod tidy;
pub mod walls;

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::Faults;

/// Runs a program in `root` and turns a failure into a fault that names it.
fn run(root: &Path, program: &str, arguments: &[&str]) -> Result<(), Faults> {
    let shown = format!("{program} {}", arguments.join(" "));
    println!("$ {shown}");
    match Command::new(program).args(arguments).current_dir(root).status() {
        Ok(status) if status.success() => Ok(()),
        Ok(status) => Err(vec![format!("`{shown}` failed: {status}")]),
        Err(cause) => Err(vec![format!("cannot run `{shown}`: {cause}")]),
    }
}

/// Whether a program can be started at all.
fn is_installed(program: &str, argument: &str) -> bool {
    Command::new(program).arg(argument).output().is_ok_and(|out| out.status.success())
}

/// Files under `folder`, depth first in name order; `target` and hidden folders are left out.
fn files_under(folder: &Path) -> Vec<PathBuf> {
    let Ok(entries) = std::fs::read_dir(folder) else { return Vec::new() };
    let mut paths: Vec<PathBuf> = entries.filter_map(|e| e.ok().map(|e| e.path())).collect();
    paths.sort();
    let mut files = Vec::new();
    for path in paths {
        let name = path.file_name().and_then(|n| n.to_str()).unwrap_or_default();
        if path.is_dir() {
            if name != "target" && !name.starts_with('.') {
                files.extend(files_under(&path));
            }
        } else {
            files.push(path);
        }
    }
    files
}

fn has_extension(path: &Path, extension: &str) -> bool {
    path.extension().is_some_and(|e| e == extension)
}

/// The path below `root`, with forward slashes.
fn relative(root: &Path, path: &Path) -> String {
    path.strip_prefix(root).unwrap_or(path).to_string_lossy().replace('\\', "/")
}
