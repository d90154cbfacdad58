//! `moru report`.

use clap::Args;

use crate::console::error::fail;
use crate::console::{Console, Outcome};

/// Write the report again
#[derive(Debug, Args)]
pub struct Report {}

impl Report {
    pub fn run(self, _: &Console) -> anyhow::Result<Outcome> {
        Err(fail("`moru report` is not built into this version", "`moru --help` lists what is"))
    }
}
