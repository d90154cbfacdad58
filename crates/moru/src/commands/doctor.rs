//! `moru doctor`: what this machine can do, and what would be run on it.

use std::path::Path;

use clap::Args;
use serde::Serialize;

use crate::cli::ProjectArgs;
use crate::console::{Console, Outcome, format, table};
use crate::machine::{self, Machine};
use crate::project::Project;
use crate::stages::check::{self, Finding};

/// Show what this machine can do, which databases of the recipe answer, and what would run
#[derive(Debug, Args)]
pub struct Doctor {
    /// Report as JSON
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    project: ProjectArgs,
}

#[derive(Serialize)]
struct Diagnosis {
    machine: Machine,
    disk_free_bytes: Option<u64>,
    runs_on: String,
    /// What the recipe names, where there is a recipe.
    recipe: Option<Vec<Finding>>,
}

impl Doctor {
    pub fn run(self, console: &Console) -> anyhow::Result<Outcome> {
        let folder = &self.project.folder;
        let recipe = if folder.join("moru.toml").exists() {
            Some(check::environment(&Project::open(&self.project)?))
        } else {
            None
        };
        let machine = Machine::here();
        let diagnosis = Diagnosis {
            runs_on: runs_on(&machine),
            disk_free_bytes: machine::disk_free_bytes(folder),
            machine,
            recipe,
        };
        if self.json {
            console.print_json(&diagnosis);
        } else {
            console.print(text(&diagnosis, folder));
        }
        let bad = diagnosis.recipe.iter().flatten().any(|finding| finding.error.is_some());
        Ok(if bad { Outcome::Negative } else { Outcome::Good })
    }
}

/// What training and serving would run on.
fn runs_on(machine: &Machine) -> String {
    format!("{} threads of the processor, 32-bit floating point", machine.cores)
}

fn text(diagnosis: &Diagnosis, folder: &Path) -> String {
    let Diagnosis { machine, disk_free_bytes, runs_on, recipe } = diagnosis;
    let unknown = || "cannot be told on this system".to_owned();
    let size = |bytes: Option<u64>| bytes.map_or_else(unknown, format::bytes);
    let gpus = if machine.gpus.is_empty() {
        "none found".to_owned()
    } else {
        format!("{} (not used: this version computes on the processor)", machine.gpus.join(", "))
    };
    let memory = match (machine.memory_bytes, machine.memory_free_bytes) {
        (Some(all), Some(free)) => format!("{}, {} free", format::bytes(all), format::bytes(free)),
        _ => unknown(),
    };
    let mut rows = vec![
        vec!["system".into(), machine.system.clone()],
        vec!["processor".into(), machine.processor.clone().unwrap_or_else(unknown)],
        vec!["cores".into(), machine.cores.to_string()],
        vec!["instructions".into(), machine.instructions.join(" ")],
        vec!["memory".into(), memory],
        vec![format!("disk of {}", folder.display()), format!("{} free", size(*disk_free_bytes))],
        vec!["gpu".into(), gpus],
        vec!["runs on".into(), runs_on.clone()],
    ];
    match recipe {
        None => rows.push(vec!["recipe".into(), "none here (--project DIR names a project)".into()]),
        Some(findings) => rows.extend(findings.iter().map(|finding| {
            let text = finding
                .error
                .as_ref()
                .map_or_else(|| finding.found.clone(), |e| format!("not reachable: {e}"));
            vec![finding.subject.clone(), text]
        })),
    }
    table::render(&rows, &[])
}
