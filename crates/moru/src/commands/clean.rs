//! `moru clean`: what the private folder holds, and what of it can go.

use clap::Args;

use crate::cli::ProjectArgs;
use crate::console::{Console, Outcome, format};
use crate::project::Project;

/// Remove stored results that moru.lock does not name
///
/// What the last run wrote stays, so the next run still has nothing to do. Without --yes, only tells
/// what would be removed.
#[derive(Debug, Args)]
pub struct Clean {
    /// Remove, instead of telling what would be removed
    #[arg(long)]
    yes: bool,
    /// Also remove the checkpoints of stages that did not finish
    #[arg(long)]
    work: bool,
    /// Report as JSON
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    project: ProjectArgs,
}

impl Clean {
    pub fn run(self, console: &Console) -> anyhow::Result<Outcome> {
        let mut results = Project::open(&self.project)?.results()?;
        let usage = results.usage()?;
        let cleaned = if self.yes { Some(results.clean(self.work)?) } else { None };
        if self.json {
            console.print_json(&serde_json::json!({ "before": usage, "removed": cleaned }));
            return Ok(Outcome::Good);
        }
        let bytes = format::bytes;
        match cleaned {
            Some(cleaned) => console.print(format!("removed {} ({} files)", bytes(cleaned.bytes), cleaned.files)),
            None => console.print(format!(
                "{} are results of the last run and stay\n{} are results of earlier runs and can go: moru clean --yes\n{} are checkpoints of stages that did not finish: moru clean --yes --work",
                bytes(usage.used_bytes),
                bytes(usage.unused_bytes),
                bytes(usage.work_bytes)
            )),
        }
        Ok(Outcome::Good)
    }
}
