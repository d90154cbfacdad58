//! `moru generate`.

use clap::Args;

use crate::console::error::fail;
use crate::console::{Console, Outcome};

/// Answer prompts from stdin, one a line
#[derive(Debug, Args)]
pub struct Generate {}

impl Generate {
    pub fn run(self, _: &Console) -> anyhow::Result<Outcome> {
        Err(fail("`moru generate` is not built into this version", "`moru --help` lists what is"))
    }
}
