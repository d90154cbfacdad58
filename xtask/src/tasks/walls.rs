//! The walls between rooms: who may depend on whom, and what a room may never do.
//!
//! Edges are read from `cargo metadata`, habits from the source text. A new edge needs a page in
//! `docs/adr/` and a change of the table below.

use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

use super::source::Code;
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

/// Words that may stand only in some places of the source.
struct Habit {
    words: &'static [&'static str],
    allowed: &'static [&'static str],
    why: &'static str,
}

/// Where things reach the outside: the front door and what builds and tests it.
const DOORS: &[&str] = &["crates/moru/", "tools/", "xtask/"];

const HABITS: &[Habit] = &[
    Habit {
        words: &["unsafe"],
        allowed: &["crates/kernels/", "platform.rs", "/platform/"],
        why: "unsafe code lives in kernels and in platform modules (memory maps, locks)",
    },
    Habit {
        words: &["target_arch"],
        allowed: &["crates/kernels/", "crates/moru/src/commands/doctor"],
        why: "the instruction set is known to kernels alone",
    },
    Habit {
        words: &["print!", "println!", "io::stdout"],
        allowed: DOORS,
        why: "libraries do not print; stdout lives in moru",
    },
    Habit {
        words: &["eprint!", "eprintln!", "dbg!", "io::stderr"],
        allowed: DOORS,
        why: "libraries do not print; stderr lives in moru",
    },
    Habit {
        words: &["env::var", "env::var_os", "env::vars", "env::vars_os", "env::args", "env::args_os"],
        allowed: DOORS,
        why: "the environment is read in moru and handed down",
    },
    Habit {
        words: &["SystemTime::now", "UNIX_EPOCH.elapsed"],
        allowed: DOORS,
        why: "digests never include wall times; the door hands the time of day down",
    },
    Habit {
        words: &["Instant::now"],
        allowed: &[
            "crates/moru/",
            "tools/",
            "xtask/",
            "crates/pipeline/src/run.rs",
            "crates/data/src/sources/sql/",
        ],
        why: "how long something takes is measured in moru; the runner tells it of stages, and databases have a time limit",
    },
    Habit {
        words: &["async fn"],
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
    let sources = files_under(&root.join("crates")).into_iter().chain(files_under(&root.join("tools")));
    let files: Vec<_> = sources
        .filter(|path| has_extension(path, "rs") && relative(root, path).contains("/src/"))
        .filter_map(|path| Some((Code::of(&std::fs::read_to_string(&path).ok()?), path)))
        .collect();
    let tests: HashSet<PathBuf> = files.iter().flat_map(|(code, path)| code.test_places(path)).collect();
    let mut faults = Vec::new();
    for (code, path) in files.iter().filter(|(_, path)| !path.ancestors().any(|place| tests.contains(place)))
    {
        let shown = relative(root, path);
        for (number, line) in (1..).zip(code.text.lines()) {
            for habit in
                HABITS.iter().filter(|habit| !habit.allowed.iter().any(|place| shown.contains(place)))
            {
                for word in habit.words.iter().filter(|word| has_word(line, word)) {
                    faults.push(format!("{shown}:{number}: `{word}` here: {}", habit.why));
                }
            }
        }
    }
    faults
}

/// Whether `word` stands in `line` as a word of its own (`unsafe` but not `unsafe_code`).
fn has_word(line: &str, word: &str) -> bool {
    let is_part = |c: char| c.is_alphanumeric() || c == '_';
    line.match_indices(word).any(|(at, _)| {
        let before = line[..at].chars().next_back();
        let after = line[at + word.len()..].chars().next();
        !before.is_some_and(is_part) && !after.is_some_and(is_part)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_is_whole() {
        assert!(has_word("    unsafe { x() }", "unsafe"));
        assert!(!has_word("#![deny(unsafe_code)]", "unsafe"));
        assert!(has_word("println!(\"x\")", "println!"));
        assert!(!has_word("eprintln!(\"x\")", "println!"));
        assert!(has_word("std::env::var(name)", "env::var"));
        assert!(!has_word("std::env::var_os(name)", "env::var"));
    }
}
