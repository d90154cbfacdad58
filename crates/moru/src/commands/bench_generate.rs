//! `moru bench generate`: how fast this machine reads a prompt and continues it.

use std::num::NonZero;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::Args;
use kernels::quant::Format;
use model::{DType, Decoder, ModelConfig};
use serde_json::{Value, json};

use super::bench::{median, round, threads};
use crate::console::error::fail;
use crate::console::{Console, format};
use crate::machine;
use crate::stages::bench_generate::{Bandwidth, Generation, Load};
use crate::stages::device::Backend;
use crate::stages::export;

/// Options of `moru bench generate`.
#[derive(Debug, Args)]
pub struct GenerateArgs {
    /// nano, gpt2-124m, qwen3-0.6b, qwen3-8b, or a folder with config.json; the weights are drawn
    #[arg(long, default_value = "nano")]
    shape: String,
    /// What the weights are held as, embedding and head included
    #[arg(long, default_value = "q8_0", value_parser = ["f32", "bf16", "nf4", "q8_0", "q4_0", "q4_k", "q6_k"])]
    format: String,
    /// Tokens of the prompt
    #[arg(long, default_value_t = 512)]
    prompt: usize,
    /// Tokens that are generated for each request
    #[arg(long, default_value_t = 64)]
    new: usize,
    /// Requests that are answered at once; they share the prompt, and nothing behind it
    #[arg(long, default_value_t = 1)]
    requests: usize,
    /// Adapters of rank 8 on queries and values; requests take them in turn
    #[arg(long, default_value_t = 0)]
    adapters: usize,
    /// Threads; one a core where none are given
    #[arg(long)]
    threads: Option<NonZero<usize>>,
    /// A model's folder or GGUF file as it is, in place of drawn weights: speed as the report compares it, and memory
    #[arg(long, value_name = "PATH", conflicts_with_all = ["shape", "format", "prompt", "new", "requests", "adapters", "threads"])]
    model: Option<PathBuf>,
    /// What was tuned of it: the folder of an adapter, or of a whole model
    #[arg(long, value_name = "DIR", requires = "model")]
    tuned: Option<PathBuf>,
    /// Report as JSON
    #[arg(long)]
    pub json: bool,
}

impl GenerateArgs {
    /// Draws a model, reads a prompt, generates, and says how fast that was.
    pub fn measure(&self, console: &Console) -> anyhow::Result<Value> {
        if let Some(model) = &self.model {
            return of_model(model, self.tuned.as_deref());
        }
        let folder = Path::new(&self.shape);
        let config = if folder.is_dir() {
            ModelConfig::from_folder(folder)?
        } else {
            ModelConfig::preset(&self.shape)?
        };
        self.check(&config)?;
        console.say(format!(
            "{}: {} parameters, drawn at random",
            self.shape,
            format::count(config.parameters() as u64)
        ));
        let threads = threads(self.threads);
        let device = Arc::new(Backend::new(threads.get()));
        // Before there is a model and after it was used, because other programs come and go.
        let mut bandwidth = Bandwidth::of(&device);
        machine::forget_peak();
        let (dtype, format) = match (self.format.as_str(), Format::from_name(&self.format)) {
            ("bf16", None) | (_, Some(_)) => (DType::BF16, Format::from_name(&self.format)),
            _ => (DType::F32, None),
        };
        // Embedding and head in the format, too, as files of GGUF have them.
        let decoder = Decoder::repeated(Arc::clone(&device), config, 1, dtype, [format; 2])?;
        let load =
            Load { prompt: self.prompt, new: self.new, requests: self.requests, adapters: self.adapters };
        let mut generation = Generation::new(&decoder, load)?;
        let (prefill_s, first_token_s) = generation.read_prompt()?;
        let (mut seconds, bytes) = generation.generate()?;
        let peak_rss = machine::peak_rss_bytes();
        bandwidth = bandwidth.or(Bandwidth::of(&device));
        let total: f64 = seconds.iter().sum();
        let read = bytes as f64 / 1e9 / total;
        Ok(json!({
            "shape": self.shape,
            "weights": self.format,
            "threads": threads,
            "requests": self.requests,
            "adapters": self.adapters,
            "prompt_tokens": self.prompt,
            "new_tokens": self.new * self.requests,
            "prefill_tokens_per_s": round(self.prompt as f64 / prefill_s),
            "decode_tokens_per_s": round((self.new * self.requests) as f64 / total),
            "first_token_s": round(first_token_s),
            "step_s": round(median(&mut seconds)),
            "read_gb_per_s": round(read),
            "memory_gb_per_s": round(bandwidth.gigabytes_per_s()),
            "memory_share": round(read / bandwidth.gigabytes_per_s()),
            "weights_gb": round(decoder.weight_bytes() as f64 / 1e9),
            "peak_rss_gb": round(peak_rss as f64 / 1e9),
        }))
    }

    fn check(&self, config: &ModelConfig) -> anyhow::Result<()> {
        let tokens = self.prompt.saturating_add(self.new);
        if self.prompt == 0 || self.new == 0 || self.requests == 0 || tokens > config.context {
            return Err(fail(
                format!(
                    "a bench of {} requests with {} tokens of prompt and {} new ones cannot be run",
                    self.requests, self.prompt, self.new
                ),
                format!(
                    "--requests, --prompt and --new go from 1; --prompt and --new together up to {}",
                    config.context
                ),
            ));
        }
        Ok(())
    }
}

/// A model as it is, alone in its process.
fn of_model(model: &Path, tuned: Option<&Path>) -> anyhow::Result<Value> {
    let speed = export::speed_of(model, tuned)?;
    Ok(json!({
        "model": model,
        "tuned": tuned,
        "prompt_tokens": export::PROMPT,
        "new_tokens": export::REPLY,
        "prefill_tokens_per_s": round(speed.prefill_tokens_per_s),
        "decode_tokens_per_s": round(speed.decode_tokens_per_s),
        "peak_rss_bytes": machine::peak_rss_bytes(),
    }))
}
