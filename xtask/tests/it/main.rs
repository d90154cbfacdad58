//! The walls hold here, and fall where a forbidden edge is added.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("xtask lies in the workspace").to_path_buf()
}

fn xtask(task: &str, root: &Path) -> Output {
    Command::new(env!("CARGO_BIN_EXE_xtask")).args([task, "--root"]).arg(root).output().expect("xtask starts")
}

fn stderr(out: &Output) -> String {
    String::from_utf8_lossy(&out.stderr).into_owned()
}

/// The manifests and sources of the workspace, copied: enough for the walls to be read.
fn copy_of_the_house() -> tempfile::TempDir {
    let copy = tempfile::tempdir().expect("a temporary folder");
    copy_tree(&root(), copy.path());
    copy
}

fn copy_tree(from: &Path, to: &Path) {
    for entry in std::fs::read_dir(from).expect("readable").flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        let (source, place) = (entry.path(), to.join(&name));
        if source.is_dir() {
            if name != "target" && !name.starts_with('.') && name != "docs" {
                std::fs::create_dir_all(&place).expect("a folder");
                copy_tree(&source, &place);
            }
        } else if place.extension().is_some_and(|e| e == "toml" || e == "rs" || e == "lock") {
            std::fs::copy(&source, &place).expect("a copy");
        }
    }
}

#[expect(clippy::disallowed_methods, reason = "a scratch copy")]
fn edit(path: &Path, change: impl Fn(&str) -> String) {
    let text = std::fs::read_to_string(path).expect("readable");
    let changed = change(&text);
    assert_ne!(text, changed, "the edit of {} changed nothing", path.display());
    std::fs::write(path, changed).expect("writable");
}

#[test]
fn walls_hold() {
    let out = xtask("walls", &root());
    assert!(out.status.success(), "{}", stderr(&out));
}

#[test]
fn tidy_holds() {
    let out = xtask("tidy", &root());
    assert!(out.status.success(), "{}", stderr(&out));
}

#[test]
fn a_forbidden_edge_fails() {
    let copy = copy_of_the_house();
    assert!(xtask("walls", copy.path()).status.success(), "the untouched copy must pass");
    edit(&copy.path().join("crates/eval/Cargo.toml"), |text| {
        text.replace("[dependencies]", "[dependencies]\nmodel.workspace = true")
    });
    let out = xtask("walls", copy.path());
    assert!(!out.status.success());
    assert!(stderr(&out).contains("`eval` must not depend on `model`"), "{}", stderr(&out));
}

#[test]
fn a_new_room_needs_a_place_in_the_table() {
    let copy = copy_of_the_house();
    std::fs::create_dir_all(copy.path().join("crates/utils/src")).expect("a folder");
    std::fs::copy(copy.path().join("crates/hub/src/lib.rs"), copy.path().join("crates/utils/src/lib.rs"))
        .expect("a copy");
    std::fs::copy(copy.path().join("crates/hub/Cargo.toml"), copy.path().join("crates/utils/Cargo.toml"))
        .expect("a copy");
    edit(&copy.path().join("crates/utils/Cargo.toml"), |t| t.replace("name = \"hub\"", "name = \"utils\""));
    let out = xtask("walls", copy.path());
    assert!(stderr(&out).contains("`utils` is not a room"), "{}", stderr(&out));
}

/// Each offence by itself in a room that has none, before and behind a module of tests.
#[test]
#[expect(clippy::disallowed_methods, reason = "a scratch copy")]
fn a_library_that_prints_reads_the_environment_or_the_clock_fails() {
    let offences = [
        ("print!(\"x\")", "print!"),
        ("println!(\"x\")", "println!"),
        ("eprint!(\"x\")", "eprint!"),
        ("eprintln!(\"x\")", "eprintln!"),
        ("dbg!(1)", "dbg!"),
        ("std::io::stdout()", "io::stdout"),
        ("std::io::stderr()", "io::stderr"),
        ("std::env::var(\"X\")", "env::var"),
        ("std::env::var_os(\"X\")", "env::var_os"),
        ("std::env::vars()", "env::vars"),
        ("std::time::SystemTime::now()", "SystemTime::now"),
        ("std::time::Instant::now()", "Instant::now"),
    ];
    let copy = copy_of_the_house();
    let lib = copy.path().join("crates/hub/src/lib.rs");
    let whole = std::fs::read_to_string(&lib).expect("readable");
    for (offence, word) in offences {
        let loud = format!("fn loud() {{ let _ = {offence}; }}\n");
        let tests = format!("#[cfg(test)]\nmod quiet {{ {loud} }}\n#[cfg(test)]\nmod more;\n");
        let innocent = format!("{whole}\n// {loud}const WORD: &str = r#\"{loud}\"#;\n{tests}");
        edit(&lib, |_| innocent.clone());
        std::fs::write(copy.path().join("crates/hub/src/more.rs"), &loud).expect("writable");
        let out = xtask("walls", copy.path());
        assert!(out.status.success(), "{word} in words and tests: {}", stderr(&out));
        edit(&lib, |_| format!("{innocent}{loud}"));
        let out = xtask("walls", copy.path());
        let line = innocent.lines().count() + 1;
        let told = format!("crates/hub/src/lib.rs:{line}: `{word}` here");
        assert!(!out.status.success() && stderr(&out).contains(&told), "{told}: {}", stderr(&out));
    }
}

#[test]
fn a_printing_library_fails() {
    let copy = copy_of_the_house();
    edit(&copy.path().join("crates/hub/src/lib.rs"), |t| {
        let first_item =
            t.lines().position(|line| line.starts_with("pub use ")).expect("the room shows something");
        let mut lines: Vec<&str> = t.lines().collect();
        lines.insert(first_item, "fn loud() { println!(\"x\"); }");
        lines.join("\n")
    });
    let out = xtask("walls", copy.path());
    assert!(!out.status.success());
    assert!(stderr(&out).contains("crates/hub/src/lib.rs"), "{}", stderr(&out));
}
