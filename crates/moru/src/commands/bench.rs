//! `moru bench`.

use clap::Args;

use crate::console::error::fail;
use crate::console::{Console, Outcome};

/// Measure this machine at work
#[derive(Debug, Args)]
pub struct Bench {}

impl Bench {
    pub fn run(self, _: &Console) -> anyhow::Result<Outcome> {
        Err(fail("`moru bench` is not built into this version", "`moru --help` lists what is"))
    }
}
