//! Every test of the workspace, as the README runs them.

use std::path::Path;

use super::run as exec;
use crate::Faults;

/// `cargo test` over the workspace in the one profile.
pub fn run(root: &Path) -> Result<(), Faults> {
    exec(root, "cargo", &["test", "--release", "--locked", "--workspace"])
}
