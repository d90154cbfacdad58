//! `moru export`: a model that is part of this program, or that a project made, as a folder for other tools.

use std::path::{Path, PathBuf};

use clap::Args;
use serde_json::json;

use crate::cli::ProjectArgs;
use crate::console::error::fail;
use crate::console::{Console, Outcome};
use crate::project::Project;
use crate::stages::{Names, builtin, model_of};

/// Write a model as a Hugging Face folder, which transformers, PEFT and vLLM read
///
/// An adapter is loaded over the base that it was made for. Where that is `builtin:nano` or `builtin:toy`, other
/// tools do not know it: this writes it for them. MODEL is `builtin:nano`, which needs no project, or `base`,
/// the base of a project whose stage `base` has run.
#[derive(Debug, Args)]
pub struct Export {
    /// builtin:nano, or base
    model: String,
    /// The folder to write; it must not exist, or be empty
    #[arg(value_name = "DIR")]
    to: PathBuf,
    /// Report as JSON
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    project: ProjectArgs,
}

impl Export {
    pub fn run(self, console: &Console) -> anyhow::Result<Outcome> {
        refuse_full(&self.to)?;
        match self.model.as_str() {
            builtin::NANO => {
                let weights = builtin::embedded()?;
                std::fs::create_dir_all(&self.to)?;
                builtin::unpack(builtin::NANO, weights, &self.to)?;
            }
            Names::BASE => {
                let project = Project::open(&self.project)?;
                let base = model_of::find(&project, Some(Names::BASE))?.base;
                pipeline::export::<pipeline::Error>(&base, &self.to, &mut |_| Ok(()))?;
            }
            other => {
                return Err(fail(
                    format!("`{other}` cannot be exported"),
                    "builtin:nano can, and in a project `base`; what was tuned lies in out/ already",
                ));
            }
        }
        if self.json {
            console.print_json(&json!({ "model": self.model, "folder": self.to }));
        } else {
            console.print(format!("{} is in {}", self.model, self.to.display()));
        }
        Ok(Outcome::Good)
    }
}

/// Refuses a place that holds something: nobody's files are written over.
fn refuse_full(place: &Path) -> anyhow::Result<()> {
    let is_free = match std::fs::read_dir(place) {
        Ok(mut entries) => entries.next().is_none(),
        Err(error) => error.kind() == std::io::ErrorKind::NotFound,
    };
    if is_free {
        return Ok(());
    }
    Err(fail(format!("{} is no empty folder", place.display()), "name a folder that does not exist yet"))
}
