//! `moru export`: a model that is part of this program, or that a project made, as a folder or a GGUF file for other
//! tools.

use std::path::{Path, PathBuf};

use clap::Args;
use model::weights::gguf::GgufMix;
use serde_json::json;

use crate::cli::ProjectArgs;
use crate::console::error::fail;
use crate::console::{Console, Outcome};
use crate::project::Project;
use crate::stages::{Names, assistant, builtin, gguf, model_of};

/// Write a model as a Hugging Face folder, or as a GGUF file for llama.cpp
///
/// The folder is what transformers, PEFT and vLLM read. An adapter is loaded over the base that it was made for. Where
/// that is `builtin:nano` or `builtin:toy`, other tools do not know it: this writes it for them. MODEL is
/// `builtin:nano`, which needs no project, or `base`, the base of a project whose stage `base` has run, or the folder
/// or GGUF file of a model. A name that ends in `.gguf` makes a GGUF file, with vocabulary and template in it; of an
/// adapter's folder the GGUF of its LoRA.
#[derive(Debug, Args)]
pub struct Export {
    /// builtin:nano, base, or a path
    model: String,
    /// The folder to write, which must not exist, or be empty; or the .gguf file, which must not exist
    #[arg(value_name = "DIR|FILE.gguf")]
    to: PathBuf,
    /// How a GGUF file holds its numbers: f32, f16, bf16, q8_0, q4_0 or q4_k_m
    #[arg(long, default_value = "f16", value_parser = mix)]
    format: GgufMix,
    /// The base of an adapter that becomes a GGUF file
    #[arg(long, value_name = "PATH")]
    base: Option<PathBuf>,
    /// Report as JSON
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    project: ProjectArgs,
}

impl Export {
    pub fn run(self, console: &Console) -> anyhow::Result<Outcome> {
        if self.to.extension().is_some_and(|end| end == "gguf") {
            return self.gguf(console);
        }
        refuse_full(&self.to)?;
        match self.model.as_str() {
            builtin::NANO => {
                let weights = builtin::embedded()?;
                std::fs::create_dir_all(&self.to)?;
                builtin::unpack(builtin::NANO, weights, &self.to)?;
            }
            base if is_base(base) => {
                let project = Project::open(&self.project)?;
                let base = model_of::find(&project, Some(base))?.base;
                pipeline::export::<pipeline::Error>(&base, &self.to, &mut |_| Ok(()))?;
            }
            other => {
                return Err(fail(
                    format!("`{other}` cannot be exported"),
                    "builtin:nano can, and in a project `base` (`base.NAME` of [model.NAME]); what was tuned lies in out/ already. \
                     To a name that ends in .gguf, a model's folder can as well",
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

    /// A GGUF file of what is named.
    fn gguf(&self, console: &Console) -> anyhow::Result<Outcome> {
        if self.to.exists() {
            return Err(fail(
                format!("{} is there already", self.to.display()),
                "name a file that does not exist",
            ));
        }
        let model = self.model.as_str();
        match model {
            builtin::NANO => {
                // Beside the file that is written, where there is room.
                let folder = self.to.with_extension("unpacked");
                refuse_full(&folder)?;
                std::fs::create_dir_all(&folder)?;
                let written = builtin::unpack(builtin::NANO, builtin::embedded()?, &folder)
                    .and_then(|()| gguf::write(&folder, self.format, "moru nano", &self.to));
                std::fs::remove_dir_all(&folder)?;
                written?;
            }
            base if is_base(base) => {
                let project = Project::open(&self.project)?;
                let base = model_of::find(&project, Some(base))?.base;
                gguf::write(&base, self.format, &project.resolved().project.name, &self.to)?;
            }
            path if assistant::is_adapter(Path::new(path)) => {
                let base = self.base.as_deref().ok_or_else(|| {
                    fail(
                        format!("{path} is an adapter"),
                        "name the folder or GGUF file of its base with --base",
                    )
                })?;
                gguf::write_adapter(base, Path::new(path), &name_of(path), &self.to)?;
            }
            path if Path::new(path).exists() => {
                gguf::write(Path::new(path), self.format, &name_of(path), &self.to)?;
            }
            other => {
                return Err(fail(
                    format!("`{other}` cannot be exported"),
                    "builtin:nano can, in a project `base` (`base.NAME` of [model.NAME]), and the folder or GGUF file of a model",
                ));
            }
        }
        let bytes = std::fs::metadata(&self.to)?.len();
        if self.json {
            let format = self.format.name();
            console.print_json(&json!({ "model": model, "file": self.to, "format": format, "bytes": bytes }));
        } else {
            console.print(format!("{model} is in {}", self.to.display()));
        }
        Ok(Outcome::Good)
    }
}

/// Whether a word means a model of a project as it was before any training.
fn is_base(word: &str) -> bool {
    let is_named = word.strip_prefix(Names::BASE).is_some_and(|name| name.starts_with('.'));
    word == Names::BASE || (is_named && !Path::new(word).exists())
}

/// The name of a folder or file, as a model's name.
fn name_of(path: &str) -> String {
    Path::new(path).file_stem().map_or_else(|| path.to_owned(), |name| name.to_string_lossy().into_owned())
}

fn mix(name: &str) -> Result<GgufMix, String> {
    GgufMix::from_name(name)
        .ok_or_else(|| format!("it must be one of {}", GgufMix::ALL.map(GgufMix::name).join(", ")))
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
