//! `moru bench`: what this machine does in a second.

use std::num::NonZero;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;

use chat::SampleView;
use clap::{Args, Subcommand};
use data::output::Outputs;
use data::prepare::{Prepared, Runner, Step, Watch};
use data::steps::{Duplicates, SketchQuestion};
use kernels::quant::Format;
use model::weights::TensorSource;
use model::{DType, Decoder, LoraConfig, LoraTargets, MemoryPlan, ModelConfig, ModelFolder, Recompute};
use serde_json::{Value, json};
use train::bench::Bench as TrainBench;
use train::{Base, Batching, Method, Settings};

use super::bench_generate::GenerateArgs;
use crate::console::error::fail;
use crate::console::{Console, Outcome, format};
use crate::machine;
use crate::stages::bench_data;
use crate::stages::bench_train::{self, Peak, Step as TrainStep};
use crate::stages::device::Backend;

/// Measure training, generation or data preparation on this machine
#[derive(Debug, Args)]
pub struct Bench {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    /// Training steps with random weights of a named shape: tokens a second, memory, arithmetic
    Train(TrainArgs),
    /// Generation with random weights of a named shape: prompt and generated tokens a second, bytes read
    Generate(GenerateArgs),
    /// Ingest, cleaning and masking of generated rows: rows and bytes a second, memory
    Data(DataArgs),
}

#[derive(Debug, Args)]
struct TrainArgs {
    /// nano, gpt2-124m, qwen3-0.6b, qwen3-8b, or a folder with config.json; its weights are read where it has any
    #[arg(long, default_value = "nano")]
    shape: String,
    /// Tokens of a sample
    #[arg(long, default_value_t = 512)]
    seq: usize,
    /// Samples that share a beginning of so many tokens, laid as one tree; instead of --seq and --batch
    #[arg(long, value_name = "TOKENS", requires = "leaf", conflicts_with_all = ["seq", "batch", "loss_fraction"])]
    shared_prefix: Option<usize>,
    /// Tokens of each sample's own behind what it shares; they carry the loss
    #[arg(long, value_name = "TOKENS", requires = "shared_prefix")]
    leaf: Option<usize>,
    /// Samples that share it
    #[arg(long, value_name = "COUNT", default_value_t = 8, requires = "shared_prefix")]
    leaves: usize,
    /// Lay the samples that share a beginning side by side, for comparison
    #[arg(long, requires = "shared_prefix")]
    packed: bool,
    /// Samples of a step
    #[arg(long, default_value_t = 1)]
    batch: usize,
    /// Rank of the adapter
    #[arg(long, default_value_t = 8)]
    rank: usize,
    /// Layers that get an adapter, by name and separated by commas; all
    #[arg(long, default_value = "all")]
    targets: String,
    /// The share of tokens that carry loss
    #[arg(long, default_value_t = 0.5)]
    loss_fraction: f64,
    /// Steps that are measured; one more is done before
    #[arg(long, default_value_t = 5)]
    steps: usize,
    /// Threads; one a core where none are given
    #[arg(long)]
    threads: Option<NonZero<usize>>,
    /// Make every block's activations again in the backward pass: less memory, more time
    #[arg(long)]
    recompute: bool,
    /// lora, qlora for an adapter over quantised weights, or full for every weight
    #[arg(long, default_value = "lora", value_parser = ["lora", "qlora", "full"])]
    method: String,
    /// What the frozen weights are held as: f32 where none is given, or as a folder has them; nf4 with qlora.
    /// Embedding and head of drawn weights that are quantised are bf16
    #[arg(long, value_parser = ["f32", "bf16", "nf4", "q8_0", "q4_0", "q4_k"])]
    weights: Option<String>,
    /// Report as JSON
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Args)]
struct DataArgs {
    /// Rows
    #[arg(long, default_value_t = 100_000)]
    rows: u64,
    /// Mean bytes of a row
    #[arg(long, default_value_t = 400)]
    bytes: usize,
    /// Also look for near-duplicates
    #[arg(long)]
    duplicates: bool,
    /// Keep the generated table here instead of removing it
    #[arg(long, value_name = "FILE.csv")]
    keep: Option<PathBuf>,
    /// Write what a run writes (dataset, pairs, rejected rows) into this folder, and count the time for it
    #[arg(long, value_name = "FOLDER")]
    out: Option<PathBuf>,
    /// Threads; one a core where none are given
    #[arg(long)]
    threads: Option<NonZero<usize>>,
    /// Report as JSON
    #[arg(long)]
    json: bool,
}

impl Bench {
    pub fn run(self, console: &Console) -> anyhow::Result<Outcome> {
        let (value, json) = match self.what {
            What::Train(args) => (args.measure(console)?, args.json),
            What::Generate(args) => (args.measure(console)?, args.json),
            What::Data(args) => (args.measure(console)?, args.json),
        };
        if json {
            // One object on the last line, for programs that read the end of a log.
            console.print(value.to_string());
        } else if let Value::Object(map) = &value {
            for (key, value) in map {
                console.print(format!("{key:>24}  {value}"));
            }
        }
        Ok(Outcome::Good)
    }
}

impl TrainArgs {
    fn measure(&self, console: &Console) -> anyhow::Result<Value> {
        let folder = Path::new(&self.shape);
        let config = if folder.is_dir() {
            ModelConfig::from_folder(folder)?
        } else {
            ModelConfig::preset(&self.shape)?
        };
        let (count, len) = (self.samples(), self.sample_tokens());
        if len < 2 || len > config.context || count == 0 || self.steps == 0 || self.leaf == Some(0) {
            return Err(fail(
                format!("a bench of {count} samples of {len} tokens over {} steps cannot be run", self.steps),
                format!(
                    "--seq, or --shared-prefix and --leaf together, go from 2 to {}; --batch, --leaf, --leaves and --steps from 1",
                    config.context
                ),
            ));
        }
        console.say(format!(
            "{}: {} parameters, drawn at random",
            self.shape,
            format::count(config.parameters() as u64)
        ));
        let threads = threads(self.threads);
        let device = Arc::new(Backend::new(threads.get()));
        let tokens = self.computed_tokens();
        // Before there is a model and after the steps, so that the operands are no part of a step's memory.
        let peak = Peak::of_products(&*device, &config, tokens);
        let (mut decoder, format, held) = self.decoder(&device, &config)?;
        let settings = self.settings(format);
        let rows: Vec<(Vec<u32>, Vec<u8>)> =
            (0..count as u64).map(|row| self.sample(row, config.vocab as u64)).collect();
        let samples: Vec<_> =
            (rows.iter()).map(|(ids, trained)| SampleView { row: "bench", part: 0, ids, trained }).collect();
        let mut bench = TrainBench::new(&mut decoder, &settings, &samples)?;
        let memory = bench.memory();
        let lora = match &settings.method {
            Method::Lora { lora, .. } => Some(lora),
            Method::Full => None,
        };
        // Where samples part, one row has a target for each.
        let joined = if self.is_tree() { self.leaves - 1 } else { 0 };
        let trained: usize =
            rows.iter().map(|(_, trained)| trained.iter().filter(|&&t| t != 0).count()).sum();
        let step = TrainStep { pairs: self.pairs(), tokens, loss_tokens: trained - joined, lora };
        let forecast_s = self.forecast_s(bench_train::gigaflop(&config, &step)? / peak.gflops);
        console.say(forecast(&memory, forecast_s));
        let mut last = bench.step()?;
        let mut seconds = Vec::with_capacity(self.steps);
        for _ in 0..self.steps {
            let start = Instant::now();
            last = bench.step()?;
            seconds.push(start.elapsed().as_secs_f64());
        }
        let peak_rss = machine::peak_rss_bytes();
        let step_s = median(&mut seconds);
        let step = TrainStep { tokens: last.tokens, loss_tokens: last.trained_tokens - joined, ..step };
        let gigaflop = bench_train::gigaflop(&config, &step)?;
        let gflops = gigaflop / step_s;
        let fastest = seconds.iter().copied().fold(f64::INFINITY, f64::min);
        let peak =
            peak.or(Peak::of_products(&*device, &config, tokens)).or(Peak::of_step(gigaflop / fastest));
        Ok(json!({
            "shape": self.shape,
            "method": self.method,
            "weights": held,
            "threads": threads,
            "tokens_per_s": round(last.tokens as f64 / step_s),
            "useful_tokens_per_s": round(last.sample_tokens as f64 / step_s),
            "trained_tokens_per_s": round(last.trained_tokens as f64 / step_s),
            "step_s": round(step_s),
            "predicted_s": round(forecast_s),
            "peak_rss_gb": round(peak_rss as f64 / 1e9),
            "predicted_gb": round(memory.total() as f64 / 1e9),
            "gflops": round(gflops),
            "gemm_peak_gflops": round(peak.gflops),
            "gemm_peak_of": peak.of,
            "gemm_peak_share": round(gflops / peak.gflops),
            "trainable_parameters": bench.trainable_parameters(),
            "loss": last.loss,
        }))
    }

    /// The seconds that a step will take by its seconds at the rate of the best product: steps run at about seven
    /// tenths of it, and activations that are made again add a forward pass, a half of what frozen weights take.
    fn forecast_s(&self, at_peak: f64) -> f64 {
        let again = match (self.recompute, self.method.as_str()) {
            (false, _) => 1.0,
            (true, "full") => 4.0 / 3.0,
            (true, _) => 1.5,
        };
        at_peak * again / bench_train::SHARE
    }

    /// The model, and its format where the matrices of the blocks are quantised, and what the weights are held as.
    /// From here on memory counts: reading a folder is a part of it, drawing numbers is not.
    fn decoder(
        &self,
        device: &Arc<Backend>,
        config: &ModelConfig,
    ) -> anyhow::Result<(Decoder<Backend>, Option<Format>, String)> {
        let (dtype, format) = self.held()?;
        let (device, config) = (Arc::clone(device), config.clone());
        let held =
            |dtype: DType| format.map_or(dtype.name().to_lowercase(), |format| format.name().to_owned());
        let folder = Path::new(&self.shape);
        if !folder.join("model.safetensors").exists() && !folder.join("model.safetensors.index.json").exists()
        {
            let decoder = if config.parameters() > MOST_DRAWN {
                Decoder::repeated(device, config, 1, dtype, [None, format])?
            } else {
                Decoder::random_as(device, config, 1, dtype, format)?
            };
            machine::forget_peak();
            return Ok((decoder, format, held(dtype)));
        }
        if let Some(asked) = self.weights.as_ref().filter(|_| format.is_none()) {
            return Err(fail(
                format!(
                    "--weights {asked} is for drawn numbers, and {} holds weights of its own",
                    self.shape
                ),
                "leave --weights out, or name nf4, q8_0, q4_0 or q4_k to quantise what the folder holds",
            ));
        }
        machine::forget_peak();
        let files = ModelFolder::open(folder)?;
        let mut most = (0, dtype);
        for name in files.names() {
            let tensor = files.get(&name)?;
            if tensor.bytes.len() > most.0 {
                most = (tensor.bytes.len(), tensor.dtype);
            }
        }
        Ok((Decoder::load_as(device, config, &files, format)?, format, held(most.1)))
    }

    /// The dtype of the weights, and the format of the matrices of the blocks where they are quantised.
    fn held(&self) -> anyhow::Result<(DType, Option<Format>)> {
        let default = if self.method == "qlora" { "nf4" } else { "f32" };
        let name = self.weights.as_deref().unwrap_or(default);
        match (self.method.as_str(), name, Format::from_name(name)) {
            ("full", _, Some(_)) => Err(fail(
                format!("--method full trains every weight, which --weights {name} cannot hold"),
                "--method qlora trains an adapter over quantised weights",
            )),
            ("qlora", _, None) => Err(fail(
                format!(
                    "--method qlora trains over quantised weights, and --weights {name} is not quantised"
                ),
                "--method lora takes --weights f32 and bf16; qlora takes nf4, q8_0, q4_0 and q4_k",
            )),
            (_, _, Some(format)) => Ok((DType::BF16, Some(format))),
            (_, "bf16", None) => Ok((DType::BF16, None)),
            _ => Ok((DType::F32, None)),
        }
    }

    fn settings(&self, weights: Option<Format>) -> Settings {
        let base = Base { name: self.shape.clone(), weights, ..Base::default() };
        let targets = match self.targets.as_str() {
            "all" => LoraTargets::All,
            names => LoraTargets::Named(names.split(',').map(|name| name.trim().to_owned()).collect()),
        };
        // All samples in one pass.
        let micro_tokens = self.samples() * self.sample_tokens();
        let batching = if self.is_tree() { Batching::Tree } else { Batching::Packed };
        let recompute = Some(if self.recompute { Recompute::Always } else { Recompute::Never });
        if self.method == "full" {
            return Settings { micro_tokens, batching, min_shared: 1, recompute, ..Settings::full(base) };
        }
        let lora = LoraConfig {
            rank: self.rank,
            alpha: 2.0 * self.rank as f32,
            dropout: 0.0,
            targets,
            rslora: false,
        };
        let method = Method::Lora { lora, b_ratio: 1.0, start_from: None };
        Settings {
            method,
            micro_tokens,
            batching,
            min_shared: 1,
            recompute,
            ..Settings::lora(base, self.rank, LoraTargets::All)
        }
    }

    fn is_tree(&self) -> bool {
        self.shared_prefix.is_some() && !self.packed
    }

    fn samples(&self) -> usize {
        if self.shared_prefix.is_some() { self.leaves } else { self.batch }
    }

    /// Tokens of each sample, what it shares included.
    fn sample_tokens(&self) -> usize {
        self.shared_prefix.map_or(self.seq, |prefix| prefix + self.leaf.unwrap_or(0))
    }

    /// Tokens of a step.
    fn computed_tokens(&self) -> usize {
        match self.shared_prefix {
            Some(prefix) if self.is_tree() => prefix + self.leaves * self.leaf.unwrap_or(0),
            _ => self.samples() * self.sample_tokens(),
        }
    }

    /// Pairs of a token and one that it sees, half of the square of a sample's tokens; those of a shared beginning
    /// count once.
    fn pairs(&self) -> f64 {
        let half_square = |tokens: usize| (tokens * tokens) as f64 / 2.0;
        let whole = half_square(self.sample_tokens());
        let shared = if self.is_tree() { half_square(self.shared_prefix.unwrap_or(0)) } else { 0.0 };
        shared + self.samples() as f64 * (whole - shared)
    }

    /// Tokens drawn by a counter, the last share of them trained; or a leaf behind what all samples share.
    fn sample(&self, row: u64, vocab: u64) -> (Vec<u32>, Vec<u8>) {
        let len = self.sample_tokens();
        let shared = self.shared_prefix.unwrap_or(0);
        let stream = |i: usize| if i < shared { u64::MAX } else { row };
        let ids = (0..len).map(|i| (chat::seeded::at(stream(i), i as u64) % vocab) as u32).collect();
        let part = (len as f64 * self.loss_fraction.clamp(0.0, 1.0)).round() as usize;
        let n_trained = self.leaf.unwrap_or(part).clamp(1, len - 1);
        (ids, (0..len).map(|i| u8::from(i >= len - n_trained)).collect())
    }
}

/// What a step will take, said before the first one.
fn forecast(memory: &MemoryPlan, seconds: f64) -> String {
    format!(
        "a step is to take about {} and {} at most: {} of frozen weights, {} of activations",
        format::duration(std::time::Duration::from_secs_f64(seconds)),
        format::bytes(memory.total() as u64),
        format::bytes(memory.weights as u64),
        format::bytes((memory.activations + memory.scratch) as u64)
    )
}

/// The most parameters that are drawn one by one; of a larger shape that would take minutes.
const MOST_DRAWN: usize = 2_000_000_000;

pub(super) fn threads(asked: Option<NonZero<usize>>) -> NonZero<usize> {
    asked.unwrap_or_else(machine::threads)
}

pub(super) fn median(values: &mut [f64]) -> f64 {
    values.sort_by(f64::total_cmp);
    let middle = values.len() / 2;
    if values.len() % 2 == 1 { values[middle] } else { f64::midpoint(values[middle - 1], values[middle]) }
}

/// To thousandths, and what is small to millionths: a step of a small model takes less than a millisecond.
pub(super) fn round(x: f64) -> f64 {
    let parts = if x.abs() < 0.1 { 1e6 } else { 1e3 };
    (x * parts).round() / parts
}

impl DataArgs {
    fn measure(&self, console: &Console) -> anyhow::Result<Value> {
        let folder = std::env::temp_dir().join(format!("moru-bench-{}", std::process::id()));
        std::fs::create_dir_all(&folder)?;
        let table = self.keep.clone().unwrap_or_else(|| folder.join("rows.csv"));
        let bytes = bench_data::write_table(&table, self.rows, self.bytes)?;
        console.say(format!("{} rows, {}", format::count(self.rows), format::bytes(bytes)));
        let measured = self.prepare(&table, &folder, bytes);
        std::fs::remove_dir_all(&folder)?;
        measured
    }

    fn prepare(&self, table: &Path, folder: &Path, bytes: u64) -> anyhow::Result<Value> {
        machine::forget_peak();
        let kit = bench_data::Kit::new()?;
        let start = Instant::now();
        let mut rows = bench_data::ingest(table, folder)?;
        let ingested = start.elapsed().as_secs_f64();
        let mut duplicates = Duplicates::new(0.9);
        let mut row_steps: Vec<&dyn Step> = vec![&kit.refuse];
        let mut ordered: Vec<&mut dyn data::prepare::OrderedStep> = Vec::new();
        if self.duplicates {
            row_steps.push(&SketchQuestion);
            ordered.push(&mut duplicates);
        }
        let mask = kit.mask();
        let redact = |text: &str| kit.masker.mask(text).text;
        let mut runner = Runner {
            field_steps: vec![&kit.clean, &mask],
            row_steps,
            ordered_steps: ordered,
            redact: &redact,
            threads: threads(self.threads),
            watch: Watch::Off,
        };
        let layout = kit.templates.layout(data::sources::Source::schema(&rows))?;
        let mut outputs = self.out.as_deref().map(open_outputs).transpose()?;
        let counts = runner.run(&mut rows, &layout, &mut |row| write(outputs.as_mut(), row))?;
        if let Some(outputs) = outputs {
            outputs.finish()?;
        }
        let seconds = start.elapsed().as_secs_f64();
        let peak_rss = machine::peak_rss_bytes();
        Ok(json!({
            "rows": counts.rows_in,
            "rows_out": counts.rows_out,
            "rejected": counts.rejected,
            "bytes": bytes,
            "threads": threads(self.threads),
            "seconds": round(seconds),
            "ingest_s": round(ingested),
            "prepare_s": round(seconds - ingested),
            "rows_per_s": round(counts.rows_in as f64 / seconds),
            "mb_per_s": round(bytes as f64 / 1e6 / seconds),
            "mask_mb_per_s_a_core": round(kit.mask_speed()),
            "peak_rss_gb": round(peak_rss as f64 / 1e9),
        }))
    }
}

fn open_outputs(folder: &Path) -> anyhow::Result<Outputs> {
    std::fs::create_dir_all(folder)?;
    Ok(Outputs::create(folder)?)
}

fn write(outputs: Option<&mut Outputs>, row: &Prepared) -> std::io::Result<()> {
    let Some(outputs) = outputs else { return Ok(()) };
    match row {
        Prepared::Example(example, _) => Ok(outputs.example(example)?),
        Prepared::Rejected(rejection) | Prepared::Failed(rejection) => Ok(outputs.rejected(rejection)?),
    }
}
