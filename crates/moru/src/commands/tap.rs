//! `moru tap`.

use clap::Args;

use crate::console::error::fail;
use crate::console::{Console, Outcome};

/// Show what flows out of a stage
#[derive(Debug, Args)]
pub struct Tap {}

impl Tap {
    pub fn run(self, _: &Console) -> anyhow::Result<Outcome> {
        Err(fail("`moru tap` is not built into this version", "`moru --help` lists what is"))
    }
}
