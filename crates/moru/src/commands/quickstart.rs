//! `moru quickstart`.

use clap::Args;

use crate::console::error::fail;
use crate::console::{Console, Outcome};

/// Make an example shop, tune a bot on it, and show before and after
#[derive(Debug, Args)]
pub struct Quickstart {}

impl Quickstart {
    pub fn run(self, _: &Console) -> anyhow::Result<Outcome> {
        Err(fail("`moru quickstart` is not built into this version", "`moru --help` lists what is"))
    }
}
