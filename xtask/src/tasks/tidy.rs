//! What a reader trips over: long files, unfinished marks, machine paths, unexplained allows.

use std::path::Path;

use super::{files_under, has_extension, relative};
use crate::Faults;

/// Longest source file. A straight story that needs more says so in a line beginning `// tidy: long`.
const MAX_LINES: usize = 500;

/// Marks of unfinished work. Split, so that this file does not find itself.
const UNFINISHED: &[&str] =
    &[concat!("to", "do!("), concat!("unimple", "mented!("), concat!("FIX", "ME"), concat!("X", "XX")];

/// Paths that belong to a machine and not to the project.
const MACHINE_PATHS: &[&str] = &[concat!("/wo", "rk/"), concat!("/ro", "ot/"), concat!("/op", "t/")];

/// Files that are read as text and held to these rules.
const TEXT: &[&str] = &["rs", "md", "toml", "py", "sh", "html", "css", "js", "sql"];

/// Checks the checkout at `root`.
pub fn run(root: &Path) -> Result<(), Faults> {
    let mut faults = Vec::new();
    let mut n_files = 0;
    for path in files_under(root) {
        if !TEXT.iter().any(|e| has_extension(&path, e)) {
            continue;
        }
        let Ok(text) = std::fs::read_to_string(&path) else {
            faults.push(format!("{}: not UTF-8", relative(root, &path)));
            continue;
        };
        n_files += 1;
        faults.extend(file_faults(&relative(root, &path), &text));
    }
    faults.extend(adr_faults(root));
    faults.extend(readme_faults(root));
    if faults.is_empty() {
        println!("tidy: {n_files} files");
        return Ok(());
    }
    Err(faults)
}

fn file_faults(shown: &str, text: &str) -> Faults {
    let mut faults = Vec::new();
    let n_lines = text.lines().count();
    let is_source = has_extension(Path::new(shown), "rs");
    if is_source && n_lines > MAX_LINES && !text.lines().any(|l| l.starts_with("// tidy: long")) {
        faults.push(format!(
            "{shown}: {n_lines} lines (at most {MAX_LINES}); split it, or give the reason in a line \
             beginning `// tidy: long`"
        ));
    }
    if is_source && shown.ends_with("src/lib.rs") && !text.starts_with("//!") {
        faults.push(format!("{shown}: begins without a crate doc"));
    }
    for (i, line) in text.lines().enumerate() {
        let number = i + 1;
        for mark in UNFINISHED.iter().filter(|m| line.contains(**m)) {
            faults.push(format!("{shown}:{number}: unfinished: {mark}"));
        }
        for path in MACHINE_PATHS.iter().filter(|p| line.contains(**p)) {
            faults.push(format!("{shown}:{number}: a machine's path: {path}"));
        }
        let is_allow =
            line.trim_start().starts_with("#[allow(") || line.trim_start().starts_with("#![allow(");
        if is_source && is_allow && !line.contains("reason") {
            faults.push(format!(
                "{shown}:{number}: `allow` without a reason; use `#[expect(…, reason = \"…\")]`"
            ));
        }
    }
    faults
}

/// Every decision page is in the index.
fn adr_faults(root: &Path) -> Faults {
    let folder = root.join("docs/adr");
    let index = std::fs::read_to_string(folder.join("README.md")).unwrap_or_default();
    files_under(&folder)
        .iter()
        .filter_map(|p| p.file_name().and_then(|n| n.to_str()))
        .filter(|name| *name != "README.md" && !index.contains(*name))
        .map(|name| format!("docs/adr/README.md does not list {name}"))
        .collect()
}

/// Both READMEs show the same commands.
fn readme_faults(root: &Path) -> Faults {
    let commands = |name: &str| -> Vec<String> {
        let text = std::fs::read_to_string(root.join(name)).unwrap_or_default();
        let mut inside = false;
        let mut found = Vec::new();
        for line in text.lines() {
            if line.starts_with("```") {
                inside = !inside;
            } else if inside && line.starts_with("cargo ") {
                found.push(line.to_string());
            }
        }
        found
    };
    if commands("README.md") == commands("README.ko.md") {
        return Vec::new();
    }
    vec!["README.md and README.ko.md show different cargo commands".to_string()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn faults_name_file_line_and_cause() {
        let long = "fn a() {}\n".repeat(MAX_LINES + 1);
        assert_eq!(file_faults("src/a.rs", &long).len(), 1);
        assert!(file_faults("src/a.rs", &format!("// tidy: long, a table\n{long}")).is_empty());
        let unfinished = format!("fn a() {{ {}) }}\n", UNFINISHED[0]);
        assert_eq!(
            file_faults("src/a.rs", &unfinished),
            [format!("src/a.rs:1: unfinished: {}", UNFINISHED[0])]
        );
        assert_eq!(file_faults("docs/a.md", &format!("see {}x\n", MACHINE_PATHS[0])).len(), 1);
        assert_eq!(file_faults("src/a.rs", "#[allow(dead_code)]\nfn a() {}\n").len(), 1);
    }
}
