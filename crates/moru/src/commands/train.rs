//! `moru train`: run everything up to the trainings, or test one on its own rows.

use clap::Args;
use pipeline::Request;

use crate::cli::ProjectArgs;
use crate::console::error::fail;
use crate::console::{Console, Outcome};
use crate::project::Project;
use crate::stages::verify::{self, Check, Found};
use crate::stages::{self, Names, model_of};

/// Run everything up to the trainings, without evaluating
///
/// A training that was killed continues from its last checkpoint (every [train] save_every steps).
///
/// With --verify-… nothing is trained: the engine is tested on the recipe's own model and rows, with all trained
/// numbers moved at random and dropout left out. Each test prints the largest relative deviation of a tensor, and ends
/// with 2 where that is more than rounding explains.
#[derive(Debug, Args)]
pub struct Train {
    /// Only this training of the recipe
    #[arg(value_name = "NAME")]
    name: Option<String>,
    /// Test that rows laid as trees (their common beginning computed once) have the gradient of the rows one by
    /// one: ‖difference‖ / ‖gradient‖ of each tensor, at most 1e-5
    #[arg(long)]
    verify_prefix: bool,
    /// Test that rows packed side by side have the gradient of the rows one by one, at most 1e-5 apart
    #[arg(long)]
    verify_packing: bool,
    /// Test the gradient against finite differences of the loss over a few rows, at most 1e-2 apart: some hundred
    /// parameters of each tensor are moved along their gradient and at random
    #[arg(long)]
    verify_gradients: bool,
    /// Report as JSON
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    project: ProjectArgs,
}

impl Train {
    pub fn run(self, console: &Console) -> anyhow::Result<Outcome> {
        let project = Project::open(&self.project)?;
        let checks = self.checks();
        if !checks.is_empty() {
            return self.verify(&project, &checks, console);
        }
        let target = self.name.map_or_else(|| "train".to_owned(), |name| Names::train(&name));
        let request = Request { targets: Some(vec![target]), ..Request::default() };
        let done = stages::run(&project, &request, console)?;
        if self.json {
            console.print_json(&done);
        } else {
            console.print(done.text());
        }
        Ok(Outcome::Good)
    }

    fn checks(&self) -> Vec<Check> {
        let asked = [
            (self.verify_prefix, Check::Prefix),
            (self.verify_packing, Check::Packing),
            (self.verify_gradients, Check::Gradients),
        ];
        asked.into_iter().filter_map(|(asked, check)| asked.then_some(check)).collect()
    }

    fn verify(&self, project: &Project, checks: &[Check], console: &Console) -> anyhow::Result<Outcome> {
        let name = self.name.as_deref().unwrap_or_else(|| model_of::first(project));
        let shards = match project.resolved().train.get(name) {
            Some(train) => Names::shards_of(name, train),
            None => Names::TOKENIZE.to_owned(),
        };
        let request = Request { targets: Some(vec![shards]), ..Request::default() };
        stages::run(project, &request, console)?;
        let mut all: Vec<Found> = Vec::new();
        for &check in checks {
            let found = verify::run(project, self.name.as_deref(), check, console)?;
            if !self.json {
                console.print(found.text());
            }
            all.push(found);
        }
        if self.json {
            console.print_json(&all);
        }
        match all.iter().find(|found| !found.is_good()) {
            None => Ok(Outcome::Good),
            Some(bad) => Err(fail(
                format!(
                    "--verify-{} is over its bound: {:.2e} in {}, at most {:.0e} is rounding",
                    bad.check, bad.largest, bad.of, bad.bound
                ),
                "this is a fault of the program, not of your data: please report it with the model's config.json",
            )),
        }
    }
}
