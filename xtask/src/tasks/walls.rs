//! The walls between rooms: who may depend on whom, and what a room may never do.
//!
//! Edges are read from `cargo metadata`, habits from the source text. A new edge needs a page in
//! `docs/adr/` and a change of the table below.

use std::path::Path;
use std::process::Command;

use serde_json::Value;

use super::{files_under, has_extension, relative};
use crate::Faults;

/// Each room and the rooms it may depend on.
const EDGES: &[(&str, &[&str])] = &[
    ("kernels", &[]),
    ("model", &["kernels"]),
    ("chat", &[]),
    ("data", &["chat"]),
    ("synth", &["chat", "data"]),
    ("train", &["kernels", "model", "chat"]),
    ("eval", &["chat"]),
    ("hub", &[]),
    ("serve", &["model", "chat"]),
    ("pipeline", &[]),
    ("moru", &["kernels", "model", "chat", "data", "synth", "train", "eval", "hub", "serve", "pipeline"]),
    ("testing", &[]),
    ("xtask", &[]),
];

/// Outside crates that only some rooms may use, and the reason.
const RESERVED: &[(&[&str], &[&str], &str)] = &[
    (
        &["tokio", "sqlx", "reqwest", "hyper", "axum", "futures", "futures-util"],
        &["serve", "synth", "data"],
        "async runtimes live in serve, synth and data::sources::sql",
    ),
    (
        &["clap", "clap_complete", "indicatif", "anyhow", "anstream", "crossterm", "ratatui"],
        &["moru"],
        "the terminal lives in moru",
    ),
    (&["gemm", "rayon"], &["kernels"], "arithmetic and its threads live in kernels"),
];

/// A word that may stand only in some places of the source.
struct Habit {
    word: &'static str,
    allowed: &'static [&'static str],
    why: &'static str,
}

const HABITS: &[Habit] = &[
    Habit {
        word: "unsafe",
        allowed: &["crates/kernels/", "platform.rs", "/platform/"],
        why: "unsafe code lives in kernels and in platform modules (memory maps, locks)",
    },
    Habit {
        word: "target_arch",
        allowed: &["crates/kernels/", "crates/moru/src/commands/doctor"],
        why: "the instruction set is known to kernels alone",
    },
    Habit {
        word: "println!",
        allowed: &["crates/moru/", "tools/", "xtask/"],
        why: "libraries do not print; stdout lives in moru",
    },
    Habit {
        word: "eprintln!",
        allowed: &["crates/moru/", "tools/", "xtask/"],
        why: "libraries do not print; stderr lives in moru",
    },
    Habit {
        word: "env::var",
        allowed: &["crates/moru/", "tools/", "xtask/"],
        why: "the environment is read in moru and handed down",
    },
    Habit {
        word: "async fn",
        allowed: &["crates/serve/", "crates/synth/", "crates/data/src/sources/sql"],
        why: "async stays in serve, synth and data::sources::sql",
    },
];

/// Checks every wall of the checkout at `root`.
pub fn run(root: &Path) -> Result<(), Faults> {
    let metadata = metadata(root)?;
    let mut faults = edge_faults(&metadata);
    faults.extend(habit_faults(root));
    if faults.is_empty() {
        println!("walls: {} rooms, {} habits, all standing", EDGES.len(), HABITS.len());
        return Ok(());
    }
    Err(faults)
}

fn metadata(root: &Path) -> Result<Value, Faults> {
    let out = Command::new("cargo")
        .args(["metadata", "--format-version", "1", "--no-deps", "--offline"])
        .current_dir(root)
        .output()
        .map_err(|e| vec![format!("cannot run `cargo metadata`: {e}")])?;
    if !out.status.success() {
        return Err(vec![format!(
            "`cargo metadata` failed: {}",
            String::from_utf8_lossy(&out.stderr).trim()
        )]);
    }
    serde_json::from_slice(&out.stdout).map_err(|e| vec![format!("`cargo metadata` is not JSON: {e}")])
}

fn edge_faults(metadata: &Value) -> Faults {
    let mut faults = Vec::new();
    let packages = metadata["packages"].as_array().cloned().unwrap_or_default();
    let rooms: Vec<&str> = packages.iter().filter_map(|p| p["name"].as_str()).collect();
    for package in &packages {
        let name = package["name"].as_str().unwrap_or_default();
        let Some((_, allowed)) = EDGES.iter().find(|(room, _)| *room == name) else {
            faults
                .push(format!("`{name}` is not a room of this house (xtask/src/tasks/walls.rs lists them)"));
            continue;
        };
        for dependency in package["dependencies"].as_array().into_iter().flatten() {
            let target = dependency["name"].as_str().unwrap_or_default();
            let is_dev = dependency["kind"].as_str() == Some("dev");
            if rooms.contains(&target) {
                let is_test_tool = is_dev && target == "testing";
                // An executable's own name may stand in its dev-dependencies to reach its tests' fixtures.
                if !is_test_tool && !allowed.contains(&target) {
                    faults.push(format!(
                        "`{name}` must not depend on `{target}`; it may depend on: {}",
                        if allowed.is_empty() { "nothing inside".into() } else { allowed.join(", ") }
                    ));
                }
                continue;
            }
            for (crates, allowed_rooms, why) in RESERVED {
                if crates.contains(&target) && !allowed_rooms.contains(&name) {
                    faults.push(format!("`{name}` must not depend on `{target}`: {why}"));
                }
            }
        }
    }
    faults
}

fn habit_faults(root: &Path) -> Faults {
    let mut faults = Vec::new();
    for path in files_under(&root.join("crates")) {
        let shown = relative(root, &path);
        if !has_extension(&path, "rs") || !shown.contains("/src/") {
            continue;
        }
        let Ok(text) = std::fs::read_to_string(&path) else { continue };
        for (number, line) in production_lines(&text) {
            for habit in HABITS {
                if !habit.allowed.iter().any(|place| shown.contains(place)) && has_word(line, habit.word) {
                    faults.push(format!("{shown}:{number}: `{}` here: {}", habit.word, habit.why));
                }
            }
        }
    }
    faults
}

/// Lines of code with their numbers: comments are left out, and so is a file's test module,
/// which by convention is the last item.
fn production_lines(text: &str) -> impl Iterator<Item = (usize, &str)> {
    text.lines()
        .enumerate()
        .map(|(i, line)| (i + 1, line.trim_start()))
        .take_while(|(_, line)| !line.starts_with("#[cfg(test)]"))
        .filter(|(_, line)| !line.starts_with("//"))
}

/// Whether `word` stands in `line` as a word of its own (`unsafe` but not `unsafe_code`), outside a trailing comment.
fn has_word(line: &str, word: &str) -> bool {
    let code = line.split(" // ").next().unwrap_or_default();
    let is_part = |c: char| c.is_alphanumeric() || c == '_';
    code.match_indices(word).any(|(at, _)| {
        let before = code[..at].chars().next_back();
        let after = code[at + word.len()..].chars().next();
        let quoted = code[..at].matches('"').count() % 2 == 1;
        !before.is_some_and(is_part) && !after.is_some_and(is_part) && !quoted
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_is_whole_and_not_in_a_comment_or_string() {
        assert!(has_word("    unsafe { x() }", "unsafe"));
        assert!(!has_word("#![deny(unsafe_code)]", "unsafe"));
        assert!(!has_word("let x = 1; // unsafe would be wrong", "unsafe"));
        assert!(!has_word("let s = \"unsafe\";", "unsafe"));
        assert!(has_word("println!(\"x\")", "println!"));
        assert!(!has_word("eprintln!(\"x\")", "println!"));
    }

    #[test]
    fn code_ends_where_the_tests_begin() {
        let text = "fn a() {}\n// println! in words\n#[cfg(test)]\nmod tests { fn b() { println!(); } }\n";
        let lines: Vec<_> = production_lines(text).collect();
        assert_eq!(lines, [(1, "fn a() {}")]);
    }
}
