//! `moru merge`: an adapter is added to its base.

use std::path::PathBuf;

use clap::Args;
use model::DType;

use super::quantize::{Which, say};
use crate::console::{Console, Outcome};
use crate::stages::artifact::{self, Format};

/// Add a tuned adapter to its base, as a Hugging Face folder
///
/// The sum is made in single precision into the base's own weights, which are never the quantised ones. The folder has
/// config.json, safetensors (several from 5 GB on), tokenizer, template, generation_config.json and a card; transformers
/// and vLLM load it. Of a training that is not finished the best checkpoint is taken, else the last; it is said which.
#[derive(Debug, Args)]
pub struct Merge {
    #[command(flatten)]
    which: Which,
    /// The folder to write; out/model-merged without it
    #[arg(long, value_name = "DIR")]
    to: Option<PathBuf>,
    /// How numbers are held: f32, f16 or bf16; without it as the base has them
    #[arg(long, value_parser = dtype)]
    dtype: Option<DType>,
}

impl Merge {
    pub fn run(self, console: &Console) -> anyhow::Result<Outcome> {
        let (chosen, folder) = self.which.find()?;
        let format = Format::Merged(self.dtype);
        let to = artifact::place(self.to, &folder, format, &chosen.name)?;
        console.say(format!("{}: {}", chosen.name, chosen.which));
        artifact::write(&chosen, format, &to)?;
        say(console, self.which.json, &chosen, &[(format, to)])
    }
}

fn dtype(name: &str) -> Result<DType, String> {
    let known = [DType::F32, DType::F16, DType::BF16];
    let found = known.into_iter().find(|dtype| dtype.name().eq_ignore_ascii_case(name));
    found.ok_or_else(|| "it must be one of f32, f16, bf16".to_owned())
}
