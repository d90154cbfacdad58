//! `moru plan`: which stages will run, and why.

use std::collections::BTreeMap;

use clap::Args;
use pipeline::{Action, Planned};

use super::run::Which;
use crate::console::{Console, Outcome, table};
use crate::project::Project;
use crate::recipe::hidden;
use crate::stages::forecast::{Forecast, Forecasts};
use crate::stages::{self, Names};

/// Tell which stages a run would do, and why
///
/// A stage runs when something that it reads has changed: a parameter, an input, the stage itself. A
/// stage behind one that runs is marked "maybe": it runs only if what it reads comes out different.
/// Of trainings ahead it tells the time and the memory that they are going to take here, which is an estimate: the
/// arithmetic of their steps at the rate of a few matrix products.
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
        let forecasts = forecasts(&project, &plan)?;
        if self.json {
            let with_forecast = |planned: &Planned| {
                let mut value = serde_json::json!(planned);
                if let Some(Ok(forecast)) = forecasts.get(&planned.stage) {
                    value["forecast"] = serde_json::json!(forecast);
                }
                value
            };
            console.print_json(&plan.iter().map(with_forecast).collect::<Vec<_>>());
            return Ok(Outcome::Good);
        }
        console.print(text(&plan));
        let mut lines = forecasts.iter().map(|(stage, forecast)| match forecast {
            Ok(forecast) => format!("{stage}: {}", forecast.text()),
            Err(error) => format!("{stage}: what it will take is not known: {error:#}"),
        });
        if let Some(first) = lines.next() {
            console.print(format!("\n{first}"));
        }
        lines.for_each(|line| console.print(line));
        Ok(Outcome::Good)
    }
}

/// What the trainings that are going to run will take, by their stages.
fn forecasts(
    project: &Project,
    plan: &[Planned],
) -> anyhow::Result<BTreeMap<String, anyhow::Result<Forecast>>> {
    let runs = |id: &str| {
        let may = [Action::Run, Action::Depends];
        plan.iter().any(|planned| planned.stage == id && may.contains(&planned.action))
    };
    let trainings = &project.resolved().train;
    let ahead: Vec<_> = trainings.iter().filter(|(name, _)| runs(&Names::train(name))).collect();
    if ahead.is_empty() {
        return Ok(BTreeMap::new());
    }
    let mut forecasts = Forecasts::new(project, plan)?;
    Ok(ahead.into_iter().map(|(name, train)| (Names::train(name), forecasts.of(name, train))).collect())
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
        let mut why: Vec<_> = planned.reasons.iter().map(|reason| hidden(&reason.to_string())).collect();
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
