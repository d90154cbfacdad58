//! Chores of the workspace. Run as `cargo xtask TASK`; never links the product, so it builds in seconds.

mod tasks;

use std::path::PathBuf;
use std::process::ExitCode;

const HELP: &str = "\
cargo xtask TASK

  check     formatting, walls, tidiness, clippy and licences: cheapest first
  walls     who may depend on whom, and what each room may never do
            [--root DIR] checks another checkout
  tidy      long files, unfinished marks, machine paths, unexplained allows
            [--root DIR] checks another checkout
  test      every test of the workspace
  golden    the numbers that tests compare with, made again by the reference programs
            [--python PATH] an interpreter with the packages of tools/golden/requirements.txt
  gen       generated text, measured: the example shop and the pretraining text
  soak      the long versions of short tests: kill -9, mutation, large inputs
            [NAME] only those named soak_NAME…: `thousand` changes a thousand documents
  bench     the product beside its peers [--python PATH]
";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let rest = arguments.get(1..).unwrap_or_default();
    let root = option(rest, "--root").map_or_else(workspace_root, PathBuf::from);
    let python = option(rest, "--python").unwrap_or_else(|| "python3".into());
    let name = rest.first().map(String::as_str).filter(|name| !name.starts_with('-'));
    let outcome = match arguments.first().map(String::as_str) {
        Some("check") => tasks::check::run(&root),
        Some("walls") => tasks::walls::run(&root),
        Some("tidy") => tasks::tidy::run(&root),
        Some("test") => tasks::test::run(&root),
        Some("golden") => tasks::golden::run(&root, &python),
        Some("gen") => tasks::product::generate(&root),
        Some("soak") => tasks::product::soak(&root, name.unwrap_or_default()),
        Some("bench") => tasks::product::bench(&root, &python),
        Some("help" | "--help" | "-h") => {
            print!("{HELP}");
            Ok(())
        }
        Some(other) => Err(vec![format!("unknown task `{other}`; `cargo xtask help` lists them")]),
        None => Err(vec![format!("name a task\n\n{HELP}")]),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(faults) => {
            for fault in &faults {
                eprintln!("error: {fault}");
            }
            ExitCode::FAILURE
        }
    }
}

/// What went wrong, one line each.
type Faults = Vec<String>;

fn option(arguments: &[String], name: &str) -> Option<String> {
    let at = arguments.iter().position(|a| a == name)?;
    arguments.get(at + 1).cloned()
}

fn workspace_root() -> PathBuf {
    let manifest = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    manifest.parent().map_or(manifest.clone(), std::path::Path::to_path_buf)
}
