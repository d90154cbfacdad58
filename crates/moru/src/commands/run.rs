//! `moru run`: bring the results up to date.

use clap::Args;
use pipeline::{Refresh, Request};

use crate::cli::ProjectArgs;
use crate::console::{Console, Outcome};
use crate::project::Project;
use crate::stages;

/// Run the stages whose recipe or input has changed, and write out/
///
/// Stages run in order: ingest, prepare, split, tokenize, train, evaluate, report. What is up to date
/// is not done again. A run that was killed continues where it was; a training from its last checkpoint.
#[derive(Debug, Args)]
pub struct Run {
    #[command(flatten)]
    which: Which,
    /// Report as JSON
    #[arg(long)]
    json: bool,
}

/// Which stages, of which project.
#[derive(Debug, Clone, Args)]
pub struct Which {
    /// Only this stage and what it needs: `train`, or one instance such as `train:main`
    #[arg(value_name = "STAGE")]
    stage: Option<String>,
    /// Stop after this stage
    #[arg(long, value_name = "STAGE", conflicts_with = "stage")]
    until: Option<String>,
    /// Read the databases anew, although nothing tells that they changed; with a STAGE, run that one anew
    #[arg(long)]
    refresh: bool,
    #[command(flatten)]
    pub project: ProjectArgs,
}

impl Which {
    /// What is asked of the pipeline.
    pub fn request(&self) -> Request {
        let refresh = match (&self.stage, self.refresh) {
            (_, false) => Refresh::No,
            (None, true) => Refresh::Pinned,
            (Some(stage), true) => Refresh::Stages(vec![stage.clone()]),
        };
        let target = self.stage.clone().or_else(|| self.until.clone());
        Request { targets: target.map(|stage| vec![stage]), refresh }
    }
}

impl Run {
    pub fn run(self, console: &Console) -> anyhow::Result<Outcome> {
        let project = Project::open(&self.which.project)?;
        let done = stages::run(&project, &self.which.request(), console)?;
        if self.json {
            console.print_json(&done);
        } else {
            console.print(done.text());
        }
        Ok(if done.leaked == 0 { Outcome::Good } else { Outcome::Negative })
    }
}
