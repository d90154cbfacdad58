//! `moru status`: what has been done, with counts.

use clap::Args;
use serde_json::json;

use crate::cli::ProjectArgs;
use crate::console::{Console, Outcome, format, table};
use crate::project::Project;
use crate::stages;

/// Show what has been done: counts, sizes and times of each stage
#[derive(Debug, Args)]
pub struct Status {
    /// Report as JSON
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    project: ProjectArgs,
}

impl Status {
    pub fn run(self, console: &Console) -> anyhow::Result<Outcome> {
        let project = Project::open(&self.project)?;
        let results = project.results()?;
        let graph = stages::graph(&project)?;
        let costs = stages::costs::read(&results);
        let usage = results.usage()?;
        let mut rows = Vec::new();
        let mut values = Vec::new();
        for stage in graph.stages() {
            let record = results.lock().stages.get(&stage.id);
            let bytes = record.map(|r| r.outputs.values().map(|a| a.bytes).sum::<u64>());
            let cost = costs.get(&stage.id);
            values.push(json!({
                "stage": stage.id,
                "done": record.is_some(),
                "counts": record.map(|r| &r.counts),
                "bytes": bytes,
                "seconds": cost.map(|c| c.seconds),
                "peak_rss_bytes": cost.map(|c| c.peak_rss_bytes),
            }));
            let Some(record) = record else {
                rows.push(vec![stage.id.clone(), "not run yet".into()]);
                continue;
            };
            let counts: Vec<_> = record.counts.iter().map(ToString::to_string).collect();
            let took = cost.map_or(String::new(), |c| format::duration(c.time()));
            rows.push(vec![stage.id.clone(), took, format::bytes(bytes.unwrap_or(0)), counts.join("; ")]);
        }
        if self.json {
            console.print_json(&json!({ "stages": values, "store": usage }));
        } else {
            console.print(table::render(&rows, &[]));
            let bytes = format::bytes;
            console.print(format!(
                "\nstore: {} in use, {} of earlier runs, {} of unfinished work",
                bytes(usage.used_bytes),
                bytes(usage.unused_bytes),
                bytes(usage.work_bytes)
            ));
        }
        Ok(Outcome::Good)
    }
}
