//! `moru quantize`: a tuned model in few bits.

use std::path::{Path, PathBuf};

use clap::Args;
use serde_json::json;

use crate::cli::ProjectArgs;
use crate::console::format::bytes;
use crate::console::{Console, Outcome};
use crate::project::Project;
use crate::stages::artifact::{self, Chosen, Format};

/// Write a tuned model in few bits: bitsandbytes folders, or GGUF files for llama.cpp
///
/// An adapter is added to its base's unquantised weights in single precision first, and the sum quantised once. `nf4`
/// (4 bits) and `int8` (8 bits) are folders that transformers loads through bitsandbytes; `f16`, `bf16`, `q8_0`,
/// `q4_0` and `q4_k_m` are GGUF files with vocabulary and template; `lora` is the adapter alone, for llama.cpp's
/// `--lora`. Of a training that is not finished the best checkpoint is taken, else the last; it is said which.
#[derive(Debug, Args)]
pub struct Quantize {
    #[command(flatten)]
    which: Which,
    /// What to write: merged, nf4, int8, f16, bf16, q8_0, q4_0, q4_k_m or lora (may be given several times)
    #[arg(long = "format", value_name = "FORMAT", default_value = "nf4", value_parser = format)]
    formats: Vec<Format>,
    /// The folder or file to write, where one format is asked for; out/model-FORMAT without it
    #[arg(long, value_name = "PATH")]
    to: Option<PathBuf>,
}

/// Which model is meant.
#[derive(Debug, Clone, Args)]
pub struct Which {
    /// A training of the project, or the folder of an adapter, a model or checkpoints; without it `main`, or the first
    #[arg(value_name = "TRAINING|FOLDER")]
    model: Option<String>,
    /// The folder of the base, where MODEL is an adapter's folder
    #[arg(long, value_name = "DIR")]
    base: Option<PathBuf>,
    /// Report as JSON
    #[arg(long)]
    pub json: bool,
    #[command(flatten)]
    project: ProjectArgs,
}

impl Which {
    /// What is meant, and the folder below which it is written where no place is named.
    pub fn find(&self) -> anyhow::Result<(Chosen, PathBuf)> {
        if let Some(folder) = self.model.as_deref().map(Path::new).filter(|folder| folder.is_dir()) {
            return Ok((artifact::of_folder(folder, self.base.as_deref())?, PathBuf::from(".")));
        }
        let project = Project::open(&self.project)?;
        let chosen = artifact::of_project(&project, self.model.as_deref())?;
        Ok((chosen, project.folder))
    }
}

impl Quantize {
    pub fn run(self, console: &Console) -> anyhow::Result<Outcome> {
        let (chosen, folder) = self.which.find()?;
        if self.to.is_some() && self.formats.len() > 1 {
            return Err(crate::console::error::fail(
                "--to names one place, and several formats are asked for",
                "leave --to out, or ask for one format at a time",
            ));
        }
        let place = |format| Ok((format, artifact::place(self.to.clone(), &folder, format, &chosen.name)?));
        let wanted = self.formats.iter().map(|format| place(*format)).collect::<anyhow::Result<Vec<_>>>()?;
        console.say(format!("{}: {}", chosen.name, chosen.which));
        for (format, to) in &wanted {
            artifact::write(&chosen, *format, to)?;
        }
        say(console, self.which.json, &chosen, &wanted)
    }
}

/// What was written.
pub fn say(
    console: &Console,
    as_json: bool,
    chosen: &Chosen,
    written: &[(Format, PathBuf)],
) -> anyhow::Result<Outcome> {
    let mut list = Vec::new();
    for (format, to) in written {
        let size = artifact::bytes_of(to)?;
        if !as_json {
            console.print(format!("{} ({}, {})", to.display(), format.name(), bytes(size)));
        }
        list.push(json!({ "format": format.name(), "path": to, "bytes": size }));
    }
    if as_json {
        console.print_json(&json!({ "model": chosen.name, "checkpoint": chosen.which, "written": list }));
    }
    Ok(Outcome::Good)
}

fn format(name: &str) -> Result<Format, String> {
    Format::from_name(name).ok_or_else(|| format!("it must be one of {}", Format::NAMES.join(", ")))
}
