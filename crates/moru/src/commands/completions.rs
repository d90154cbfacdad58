//! `moru completions`: completions for a shell.

use clap::{Args, CommandFactory};
use clap_complete::Shell;

use crate::cli::Cli;
use crate::console::{Console, Outcome};

/// Write completions for a shell to stdout
///
/// For example: moru completions bash > ~/.local/share/bash-completion/completions/moru
#[derive(Debug, Args)]
pub struct Completions {
    /// bash, zsh, fish, elvish or powershell
    shell: Shell,
}

impl Completions {
    pub fn run(self, console: &Console) -> anyhow::Result<Outcome> {
        let mut script = Vec::new();
        clap_complete::generate(self.shell, &mut Cli::command(), "moru", &mut script);
        console.print(String::from_utf8(script)?.trim_end());
        Ok(Outcome::Good)
    }
}
