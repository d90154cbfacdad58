//! The example shop as a SQLite file.

use std::path::Path;

use crate::console::error::fail;

/// Writes `data/shop.db` of a seed into a project folder.
pub fn write(_folder: &Path, _seed: u64) -> anyhow::Result<()> {
    Err(fail("the example shop is not built into this version", "`moru init support DIR --no-example`"))
}
