//! Everything that must hold before a commit lands, cheapest first.

use std::path::Path;

use super::{is_installed, run as exec, tidy, walls};
use crate::Faults;

/// Formatting, walls, tidiness, clippy, licences. Stops at the first that fails.
pub fn run(root: &Path) -> Result<(), Faults> {
    exec(root, "cargo", &["fmt", "--all", "--check"])?;
    walls::run(root)?;
    tidy::run(root)?;
    exec(
        root,
        "cargo",
        &["clippy", "--release", "--locked", "--workspace", "--all-targets", "--", "-D", "warnings"],
    )?;
    if is_installed("cargo-deny", "--version") {
        return exec(root, "cargo", &["deny", "--offline", "check", "bans", "licenses", "sources"]);
    }
    println!("skipped: cargo-deny is not installed (`cargo install --locked cargo-deny`)");
    Ok(())
}
