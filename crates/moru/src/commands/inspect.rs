//! `moru inspect`.

use clap::Args;

use crate::console::error::fail;
use crate::console::{Console, Outcome};

/// Look into a model, an adapter, a shard or a file
#[derive(Debug, Args)]
pub struct Inspect {}

impl Inspect {
    pub fn run(self, _: &Console) -> anyhow::Result<Outcome> {
        Err(fail("`moru inspect` is not built into this version", "`moru --help` lists what is"))
    }
}
