//! `moru report`: write the report again, and tell what is in it.

use clap::Args;
use eval::report::SystemRole;

use crate::cli::ProjectArgs;
use crate::console::{Console, Outcome, table};
use crate::project::Project;
use crate::stages;

/// Write out/report.html and out/report.json again, and show the scores
#[derive(Debug, Args)]
pub struct Report {
    /// Write the report to stdout as JSON
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    project: ProjectArgs,
}

impl Report {
    pub fn run(self, console: &Console) -> anyhow::Result<Outcome> {
        let project = Project::open(&self.project)?;
        let results = project.results()?;
        let report = stages::publish_report(&project, &results)?;
        if self.json {
            console.print_json(&report);
        } else {
            console.print(scores(&report));
            if let Some(line) = key_facts(&report) {
                console.print(format!("\n{line}"));
            }
            console.print(format!("\nwrote {}", project.folder.join("out/report.html").display()));
        }
        Ok(Outcome::Good)
    }
}

/// How many answers of the recipe's own questions state their facts: `key facts 15 of 20 (base 0)`.
pub fn key_facts(report: &eval::report::Report) -> Option<String> {
    let evaluation = report.evaluation.iter().rfind(|evaluation| !evaluation.key_facts.is_empty())?;
    let of = |role: SystemRole| {
        let system = evaluation.systems.iter().find(|system| system.role == role)?;
        evaluation.key_facts.iter().find(|score| score.system == system.id)
    };
    let tuned = of(SystemRole::Tuned)?;
    let base =
        of(SystemRole::Base).map_or_else(String::new, |base| format!(" (base {})", base.rows_with_all));
    Some(format!("key facts {} of {}{base}", tuned.rows_with_all, tuned.rows))
}

/// The scores of a report as a table, one system a column.
pub fn scores(report: &eval::report::Report) -> String {
    let mut parts = Vec::new();
    for evaluation in &report.evaluation {
        let systems: Vec<_> = evaluation.systems.iter().map(|system| system.id.as_str()).collect();
        let mut rows = vec![
            std::iter::once(format!("{} ({} rows)", evaluation.name, evaluation.rows))
                .chain(systems.iter().map(|&id| id.to_owned()))
                .collect::<Vec<_>>(),
        ];
        for measure in &evaluation.measures {
            let score = |id: &&str| {
                measure.score_of(id).map_or_else(String::new, |s| {
                    format!("{:.1} [{:.1}, {:.1}]", s.value, s.interval.low, s.interval.high)
                })
            };
            rows.push(std::iter::once(measure.name.clone()).chain(systems.iter().map(score)).collect());
        }
        if !evaluation.key_facts.is_empty() {
            let facts = |id: &&str| {
                let found = evaluation.key_facts.iter().find(|score| score.system == **id);
                found.map_or_else(String::new, |s| format!("{} of {}", s.rows_with_all, s.rows))
            };
            let name = "answers with their key fact".to_owned();
            rows.push(std::iter::once(name).chain(systems.iter().map(facts)).collect());
        }
        parts.push(table::render(&rows, &(1..=systems.len()).collect::<Vec<_>>()));
    }
    if parts.is_empty() { "nothing is evaluated yet: moru run".to_owned() } else { parts.join("\n\n") }
}
