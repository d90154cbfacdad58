//! `moru plan`: which stages will run, and why.

use clap::Args;
use pipeline::{Action, Planned};

use super::run::Which;
use crate::console::{Console, Outcome, table};
use crate::project::Project;
use crate::stages;

/// Tell which stages a run would do, and why
///
/// A stage runs when something that it reads has changed: a parameter, an input, the stage itself. A
/// stage behind one that runs is marked "maybe": it runs only if what it reads comes out different.
#[derive(Debug, Args)]
pub struct Plan {
    #[command(flatten)]
    which: Which,
    /// Report as JSON
    #[arg(long)]
    json: bool,
}

impl Plan {
    pub fn run(self, console: &Console) -> anyhow::Result<Outcome> {
        let project = Project::open(&self.which.project)?;
        let graph = stages::graph(&project)?;
        let plan = project.results()?.plan(&graph, &project.recipe.params(), &self.which.request())?;
        if self.json {
            console.print_json(&plan);
        } else {
            console.print(text(&plan));
        }
        Ok(Outcome::Good)
    }
}

fn text(plan: &[Planned]) -> String {
    let mut rows = Vec::new();
    for planned in plan {
        let action = match planned.action {
            Action::Keep => "up to date",
            Action::Restore => "restore",
            Action::Run => "run",
            Action::Depends => "maybe",
        };
        let mut why: Vec<_> = planned.reasons.iter().map(ToString::to_string).collect();
        if planned.action == Action::Restore {
            why.push("an earlier run's result fits".into());
        }
        why.extend(planned.notes.iter().map(ToString::to_string));
        let mut name = planned.stage.clone();
        let mut action = action.to_owned();
        if why.is_empty() {
            rows.push(vec![name, action]);
            continue;
        }
        for why in why {
            rows.push(vec![std::mem::take(&mut name), std::mem::take(&mut action), why]);
        }
    }
    table::render(&rows, &[])
}
