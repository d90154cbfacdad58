//! The golden twins of `tools/golden`, shared by the tests that compare with them.

use std::path::PathBuf;

/// The twins' names.
pub const TWINS: [&str; 4] = ["gpt2", "llama", "qwen2", "qwen3"];

/// The folder of one twin.
pub fn folder(twin: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../tools/golden").join(twin)
}
