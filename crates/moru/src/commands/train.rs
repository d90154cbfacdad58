//! `moru train`.

use clap::Args;

use crate::console::error::fail;
use crate::console::{Console, Outcome};

/// Train only: run everything up to the trainings
#[derive(Debug, Args)]
pub struct Train {}

impl Train {
    pub fn run(self, _: &Console) -> anyhow::Result<Outcome> {
        Err(fail("`moru train` is not built into this version", "`moru --help` lists what is"))
    }
}
