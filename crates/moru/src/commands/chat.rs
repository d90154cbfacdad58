//! `moru chat`.

use clap::Args;

use crate::console::error::fail;
use crate::console::{Console, Outcome};

/// Talk to a tuned model
#[derive(Debug, Args)]
pub struct Chat {}

impl Chat {
    pub fn run(self, _: &Console) -> anyhow::Result<Outcome> {
        Err(fail("`moru chat` is not built into this version", "`moru --help` lists what is"))
    }
}
