//! `moru train`: run everything up to the trainings.

use clap::Args;
use pipeline::Request;

use crate::cli::ProjectArgs;
use crate::console::{Console, Outcome};
use crate::project::Project;
use crate::stages;

/// Run everything up to the trainings, without evaluating
///
/// A training that was killed continues from its last checkpoint (every [train] save_every steps).
#[derive(Debug, Args)]
pub struct Train {
    /// Only this training of the recipe
    #[arg(value_name = "NAME")]
    name: Option<String>,
    /// Report as JSON
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    project: ProjectArgs,
}

impl Train {
    pub fn run(self, console: &Console) -> anyhow::Result<Outcome> {
        let project = Project::open(&self.project)?;
        let target = self.name.map_or_else(|| "train".to_owned(), |name| stages::Names::train(&name));
        let request = Request { targets: Some(vec![target]), ..Request::default() };
        let done = stages::run(&project, &request, console)?;
        if self.json {
            console.print_json(&done);
        } else {
            console.print(done.text());
        }
        Ok(Outcome::Good)
    }
}
