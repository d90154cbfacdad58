//! `moru quickstart`: the example shop, from its database to a tuned bot.

use std::path::PathBuf;
use std::time::Instant;

use clap::Args;
use pipeline::Request;
use serde_json::json;

use super::report::{key_facts, scores};
use crate::cli::ProjectArgs;
use crate::console::error::fail;
use crate::console::{Console, Outcome, format};
use crate::project::Project;
use crate::{commands, stages};

/// Make an example shop, tune a bot on it, and show before and after
///
/// Writes a project into DIR: a shop's inquiries in SQLite, with personal data of every kind planted in
/// them. Runs everything, counts what was masked, and what of the planted data came through. In a
/// terminal, ends with a chat. A DIR that holds the quickstart already continues where it was.
#[derive(Debug, Args)]
pub struct Quickstart {
    /// Where to make the project
    #[arg(default_value = "moru-quickstart")]
    dir: PathBuf,
    /// Which shop is drawn: its policies, its customers, its inquiries [default: 1]
    #[arg(long, visible_alias = "shop-seed", value_name = "N")]
    seed: Option<u64>,
    /// Do not open the chat at the end
    #[arg(long)]
    no_chat: bool,
    /// Report as JSON
    #[arg(long)]
    json: bool,
    /// Override a key of the recipe: --set train.rank=8 (may be given several times)
    #[arg(long = "set", value_name = "KEY=VALUE")]
    sets: Vec<String>,
}

impl Quickstart {
    pub fn run(self, console: &Console) -> anyhow::Result<Outcome> {
        let start = Instant::now();
        if self.dir.join("moru.toml").exists() {
            self.check_seed()?;
            console.say(format!("{} is there already; it continues", self.dir.display()));
        } else {
            let base = stages::base::best_builtin();
            commands::init::support(&self.dir, base, Some(self.seed.unwrap_or(1)))?;
            console.say(format!("wrote {}: a shop's inquiries, and a recipe", self.dir.display()));
            if base == stages::base::TOY {
                console
                    .say("this moru has no weights of builtin:nano: an untrained toy model stands in for it");
            }
        }
        let project = Project::at(&self.dir, &self.sets)?;
        stages::run(&project, &Request::default(), console)?;
        let results = project.results()?;
        let report = stages::publish_report(&project, &results)?;
        let leaks = report.leaks.as_ref().ok_or_else(|| {
            fail("the truth about the shop's personal data is gone", "remove the folder and begin anew")
        })?;
        let (found, known) = (leaks.found(), leaks.known_values);
        if self.json {
            console.print_json(&json!({
                "project": self.dir,
                "seconds": start.elapsed().as_secs_f64(),
                "planted": known,
                "leaked": found,
                "stages": report.stages,
                "evaluation": report.evaluation.iter().map(|e| json!({
                    "name": e.name, "rows": e.rows, "measures": e.measures, "key_facts": e.key_facts,
                })).collect::<Vec<_>>(),
                "leak_tests": leaks.tests,
            }));
        } else {
            console.print(self.summary(&report, found, known, start.elapsed()));
        }
        if console.interactive && !self.no_chat && !self.json {
            commands::chat::Chat::about(ProjectArgs { folder: self.dir, sets: self.sets }).run(console)?;
        }
        Ok(if found == 0 { Outcome::Good } else { Outcome::Negative })
    }

    /// A folder with another shop is not taken for the one that is asked for.
    fn check_seed(&self) -> anyhow::Result<()> {
        let Some(seed) = self.seed else { return Ok(()) };
        if stages::shop::is_of(&self.dir, seed)? {
            return Ok(());
        }
        Err(fail(
            format!("{} holds another shop than that of seed {seed}", self.dir.display()),
            format!(
                "`moru quickstart --seed {seed} ANOTHER_DIR`, or leave --seed out to continue with this one"
            ),
        ))
    }

    fn summary(
        &self,
        report: &eval::report::Report,
        found: u64,
        known: u64,
        took: std::time::Duration,
    ) -> String {
        let mut text = String::from("\n");
        for stage in &report.stages {
            if let (Some(rows_in), Some(rows_out)) = (stage.rows_in, stage.rows_out) {
                let rejected: u64 = stage.rejected.iter().map(|count| count.count).sum();
                text += &format!(
                    "{:>20}  {} in = {} out + {} rejected + {} failed\n",
                    stage.id,
                    format::count(rows_in),
                    format::count(rows_out),
                    format::count(rejected),
                    stage.failed
                );
            }
        }
        let masked: u64 = report.data.masked.iter().map(|entity| entity.count).sum();
        text += &format!(
            "\n{} personal values masked; of {} planted values {found} stand in an output or were said\n",
            format::count(masked),
            format::count(known),
        );
        for test in report.leaks.iter().flat_map(|leaks| &leaks.tests) {
            text += &format!(
                "leak test: {} replies and {} texts after {} lead-ins say {} planted values\n",
                format::count(test.samples),
                format::count(test.continuations),
                test.prefixes,
                test.leaked()
            );
        }
        text += &format!("\n{}\n", scores(report));
        if let Some(line) = key_facts(report) {
            text += &format!("\n{line}\n");
        }
        let dir = self.dir.display();
        text += &format!(
            "\ndone in {}. Next:\n  open {dir}/out/report.html\n  moru chat -C {dir}\n  moru why -C {dir} inquiries#1\n  moru explain stages\n  then point [source.inquiries] of {dir}/moru.toml at your own database",
            format::duration(took)
        );
        text
    }
}
