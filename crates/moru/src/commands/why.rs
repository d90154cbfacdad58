//! `moru why`.

use clap::Args;

use crate::console::error::fail;
use crate::console::{Console, Outcome};

/// Follow one example back to its row and forward to its tokens
#[derive(Debug, Args)]
pub struct Why {}

impl Why {
    pub fn run(self, _: &Console) -> anyhow::Result<Outcome> {
        Err(fail("`moru why` is not built into this version", "`moru --help` lists what is"))
    }
}
