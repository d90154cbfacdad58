//! `moru check`: is the recipe right, and is everything there that it names?

use clap::Args;
use serde::Serialize;

use crate::cli::ProjectArgs;
use crate::console::{Console, Outcome, table};
use crate::project::Project;
use crate::recipe::Origin;
use crate::stages::check;

/// Check the recipe, then everything that it names: files, databases, columns, the model
///
/// The first part needs no disk and no network. Exit code 0: a run can begin; 1: something is wrong or missing.
#[derive(Debug, Args)]
pub struct Check {
    /// Only the recipe itself: touch no source, no model
    #[arg(long)]
    structure: bool,
    /// Show every value of the recipe, and where it comes from
    #[arg(long)]
    values: bool,
    /// Report as JSON
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    project: ProjectArgs,
}

#[derive(Serialize)]
struct Known<'a> {
    key: &'a str,
    value: &'a serde_json::Value,
    origin: &'a Origin,
}

impl Check {
    pub fn run(self, console: &Console) -> anyhow::Result<Outcome> {
        let project = Project::open(&self.project)?;
        let all = project.recipe.values();
        let at = |path: &str| path.split('.').try_fold(&all, |v, key| v.get(key));
        let values: Vec<_> = (project.recipe.origins.iter())
            .filter_map(|(key, origin)| Some(Known { key, value: at(key)?, origin }))
            .collect();
        let mut findings = check::structure(&project);
        if !self.structure {
            // What is wrong with the recipe itself is not told twice.
            let told: Vec<_> = findings.iter().filter_map(|finding| finding.error.clone()).collect();
            let is_new = |error: &String| !told.contains(error);
            let more = check::environment(&project).into_iter();
            findings.extend(more.filter(|finding| finding.error.as_ref().is_none_or(is_new)));
        }
        let good = findings.iter().all(|finding| finding.error.is_none());
        if self.json {
            console.print_json(&serde_json::json!({ "good": good, "values": values, "findings": findings }));
        } else {
            if self.values {
                let rows: Vec<_> = values.iter().map(|v| row(v)).collect();
                console.print(table::render(&rows, &[]));
            }
            for finding in &findings {
                let (mark, text) = match &finding.error {
                    None => ("ok", &finding.found),
                    Some(error) => ("--", error),
                };
                let text = text.replace('\n', "\n    ");
                console.print(format!("{mark}  {}: {text}", finding.subject));
                if let Some(hint) = &finding.hint {
                    console.print(format!("    hint: {hint}"));
                }
                for note in &finding.notes {
                    console.print(format!("    note: {note}"));
                }
            }
            if good {
                console.print(if self.structure { "the recipe is right" } else { "a run can begin" });
            }
        }
        Ok(if good { Outcome::Good } else { Outcome::Negative })
    }
}

fn row(value: &Known<'_>) -> Vec<String> {
    let origin = match value.origin {
        Origin::Default => "default".to_owned(),
        Origin::Recipe(line) => format!("moru.toml:{line}"),
        Origin::Flag => "--set".to_owned(),
    };
    vec![value.key.to_owned(), crate::console::format::clipped(&value.value.to_string(), 60), origin]
}
