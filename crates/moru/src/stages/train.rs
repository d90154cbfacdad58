//! `train:NAME`: shards become an adapter, or a whole tuned model.

use std::path::Path;
use std::time::Duration;

use ::train::{
    Adam, Base, Batching, EarlyStop, Ending, Event, Every, Host, InLoopEval, Length, MemoryFigures, Method,
    Order, PlanFigures, ResultFrom, Schedule, Settings, Task, Warmup, memory_parts,
};
use chat::{Builtin, CancelToken, SampleView, Shard};
use kernels::quant::Format;
use model::{Decoder, Family, LoraConfig, LoraTargets, ModelConfig, ModelFolder, Orientation, Recompute};
use pipeline::{Context, Counts, Input, Stage};

use super::classify::in_loop::Watch;
use super::classify::labelled::Labels;
use super::device::Backend;
use super::heard::Heard;
use super::{Names, answer, base, builtin, gguf, tokenize};
use crate::console::format;
use crate::machine;
use crate::project::Project;
use crate::recipe::{Model, Tokenize, Train, model_path};

/// Raised when the same shards would become another adapter.
const VERSION: u32 = 6;

/// What a tokenizer's settings are called.
const TOKENIZER_CONFIG: &str = "tokenizer_config.json";

/// What a template of its own file is called.
const TEMPLATE_FILE: &str = "chat_template.jinja";

/// Files of a base that say how it reads text.
const ABOUT_TEXT: [&str; 8] = [
    "tokenizer.json",
    TOKENIZER_CONFIG,
    "special_tokens_map.json",
    "added_tokens.json",
    "vocab.json",
    "merges.txt",
    "generation_config.json",
    TEMPLATE_FILE,
];

/// What a training writes for people to watch it: a line a step, and TensorBoard's events.
const LOGS: [&str; 2] = ["trainer_log.jsonl", "tensorboard"];

/// The stage of one training.
pub fn stage<'a>(project: &'a Project, name: &'a str, model: Input<'static>) -> Stage<'a> {
    let shards = Names::shards_of(name, &project.resolved().train[name]);
    Stage {
        id: Names::train(name),
        version: VERSION,
        inputs: vec![Input::stage(Names::SHARDS, &shards, Names::SHARDS), model],
        outputs: vec![Names::TUNED.into(), Names::STATE.into(), Names::PLAN.into()],
        run: super::stage_fn(move |stage| run(stage, project, name)),
    }
}

/// The format in which `qlora` holds the base.
fn weights(recipe: &Train) -> Option<Format> {
    recipe.weights.as_deref().and_then(Format::from_name)
}

/// The recipe's settings as the training takes them.
pub fn settings(recipe: &Train, seed: u64, base: Base) -> Settings {
    let base = Base { weights: weights(recipe), ..base };
    let targets =
        if recipe.targets == ["all"] { LoraTargets::All } else { LoraTargets::Named(recipe.targets.clone()) };
    let lora = LoraConfig {
        rank: recipe.rank,
        alpha: recipe.alpha as f32,
        dropout: recipe.dropout as f32,
        targets,
        rslora: recipe.rslora,
    };
    let method = match recipe.tuned() {
        "full" => Method::Full,
        _ => Method::Lora { lora, b_ratio: recipe.lora_plus, start_from: None },
    };
    let steps = |n: usize| Every::Steps(n as u64);
    Settings {
        method,
        length: if recipe.steps > 0 {
            Length::Steps(recipe.steps as u64)
        } else {
            Length::Epochs(recipe.epochs)
        },
        samples_per_step: recipe.batch_size,
        micro_tokens: recipe.micro_tokens,
        batching: match recipe.batching.as_str() {
            "packed" => Batching::Packed,
            "tree" => Batching::Tree,
            _ => Batching::Auto,
        },
        recompute: match recipe.recompute.as_str() {
            "never" => Some(Recompute::Never),
            "layer" => Some(Recompute::Always),
            _ => None,
        },
        memory_bytes: (recipe.memory_gb > 0.0).then_some((recipe.memory_gb * 1e9) as u64),
        seed,
        order: if recipe.order == "as_given" { Order::AsGiven } else { Order::Shuffled },
        learning_rate: recipe.learning_rate,
        schedule: match recipe.schedule.as_str() {
            "linear" => Schedule::Linear,
            "constant" => Schedule::Constant,
            _ => Schedule::Cosine,
        },
        warmup: Warmup::Share(recipe.warmup),
        adam: Adam { weight_decay: recipe.weight_decay, ..Adam::default() },
        max_grad_norm: (recipe.clip_norm > 0.0).then_some(recipe.clip_norm),
        eval_every: if recipe.eval_every > 0 { steps(recipe.eval_every) } else { Every::Epoch },
        checkpoint_every: if recipe.save_every > 0 { steps(recipe.save_every) } else { Every::Epoch },
        early_stop: (recipe.patience > 0)
            .then_some(EarlyStop { patience: recipe.patience as u32, min_gain: 0.0 }),
        result: match (recipe.result.as_str(), recipe.best_by.as_deref()) {
            ("last", _) => ResultFrom::Last,
            (_, None | Some("loss")) => ResultFrom::BestLoss,
            _ => ResultFrom::BestMetric,
        },
        ..Settings::lora(base, recipe.rank, LoraTargets::All)
    }
}

fn run(stage: &mut Context<'_>, project: &Project, name: &str) -> anyhow::Result<Vec<Counts>> {
    let said = &project.resolved().train[name];
    let recipe: Train = stage.param(&format!("train.{name}"))?;
    let recipe = Train { recompute: said.recompute.clone(), memory_gb: said.memory_gb, ..recipe };
    let seed: u64 = stage.param("project.seed")?;
    let model: Model = stage.param(&model_path(recipe.model_name()))?;
    // A whole model carries the template that it was trained with; an adapter's base has its own.
    let is_whole = recipe.tuned() == "full";
    let template: Option<String> = match (is_whole, recipe.is_classifier()) {
        (false, _) => None,
        (true, false) => Some(stage.param("tokenize.template")?),
        (true, true) => Some("model".to_owned()),
    };
    let shards = stage.input(Names::SHARDS)?;
    let labels = if recipe.is_classifier() { Labels::read(&shards)?.names } else { Vec::new() };
    let open = |split: &str| Shard::open(&shards.join(format!("{split}.shard")));
    let (train, valid) = (open("train")?, open("valid")?);
    let (train_rows, valid_rows): (Vec<_>, Vec<_>) = (train.iter().collect(), valid.iter().collect());
    let mut heard = heard(stage, &recipe, &valid_rows, seed)?;
    // Checkpoints live where a kill does not reach them.
    let work = stage.work_dir()?;
    let mut decoder = load(&stage.input(Names::MODEL)?, &recipe)?;
    if is_whole {
        refuse_turned(decoder.config())?;
    }
    let export = export_command(&model.base, recipe.model_name());
    let base = Base { name: model.base, export, ..Base::default() };
    let settings = Settings { task: task(&labels), ..settings(&recipe, seed, base) };
    let accuracy = recipe.best_by.as_deref() == Some("accuracy");
    let mut watch =
        Watch { rows: &valid_rows, labels: &labels, accuracy, micro_tokens: settings.micro_tokens };
    let cancel = CancelToken::default();
    let mut talk =
        Talk { stage: &mut *stage, cancel: cancel.clone(), plan: serde_json::Value::Null, tokens: 0.0 };
    let outcome = ::train::run(
        &mut decoder,
        &settings,
        &train_rows,
        &valid_rows,
        &work,
        &mut Host {
            clock: &since_1970,
            cancel: &cancel,
            events: &mut |event| talk.on(event),
            memory: &machine::memory,
            eval: if recipe.is_classifier() {
                Some(&mut watch as &mut dyn InLoopEval<Backend>)
            } else {
                heard.as_mut().map(|heard| heard as &mut dyn InLoopEval<Backend>)
            },
        },
    )?;
    if outcome.ending == Ending::Stopped {
        let step = outcome.step;
        stage.note(&format!(
            "stopped after step {step}, and a checkpoint is written: `moru run` or `moru train` goes on from there"
        ));
        return Err(pipeline::Error::Cancelled.into());
    }
    let plan = talk.plan;
    pipeline::platform::write_atomic(&stage.output(Names::PLAN)?, &serde_json::to_vec_pretty(&plan)?)?;
    let result = outcome.result.ok_or_else(|| anyhow::anyhow!("the training ended without a result"))?;
    let tuned = stage.output(Names::TUNED)?;
    keep(&result, &tuned)?;
    if recipe.is_classifier() {
        name_padding(&stage.input(Names::MODEL)?, &tuned)?;
    }
    if let Some(template) = template {
        add_tokenizer(&stage.input(Names::MODEL)?, &tuned, &template)?;
    }
    keep(&work.join("trainer_state.json"), &stage.output(Names::STATE)?)?;
    // They hold times, so they are no output of the stage; they would go with its checkpoints.
    for log in LOGS.into_iter().filter(|log| work.join(log).exists()) {
        keep(&work.join(log), &project.folder.join("out/logs").join(name).join(log))?;
    }
    Ok(vec![Counts::all("samples", train_rows.len() as u64)])
}

/// Names in a classifier's `config.json` the token that its tokenizer pads with. transformers labels a text by its
/// last token that is not this one, so that a batch which is padded with another would be labelled by its padding.
fn name_padding(base: &Path, tuned: &Path) -> anyhow::Result<()> {
    let ids = gguf::text_files(base)?.tokenizer.special_ids().clone();
    let path = tuned.join("config.json");
    let mut config: serde_json::Value = serde_json::from_slice(&std::fs::read(&path)?)?;
    config["pad_token_id"] = serde_json::json!(ids.pad.or(ids.eos));
    let text = format!("{config:#}\n");
    Ok(pipeline::platform::write_atomic(&path, text.as_bytes())?)
}

/// What answers some rows while the training runs, where the recipe goes by a score of answers.
fn heard(
    stage: &mut Context<'_>,
    recipe: &Train,
    rows: &[SampleView<'_>],
    seed: u64,
) -> anyhow::Result<Option<Heard>> {
    let (Some(metric), Some(most)) = (&recipe.best_by, recipe.best_rows) else { return Ok(None) };
    let max_tokens: usize = stage.param("evaluate.max_new_tokens")?;
    let drawn = answer::measured(stage, max_tokens)?;
    let tokenize: Tokenize = stage.param("tokenize")?;
    let model = stage.input(Names::MODEL)?;
    let (encoder, config) = (tokenize::encoder(&model, &tokenize)?, ModelConfig::from_folder(&model)?);
    Ok(Some(Heard::new(metric, rows, (most, seed), &drawn, encoder, &config)?))
}

/// What a training with these labels learns; none are a language model's.
pub fn task(labels: &[String]) -> Task {
    if labels.is_empty() { Task::Language } else { Task::Labels(labels.to_vec()) }
}

/// The decoder that a training begins with. A classifier has a head of its own.
pub fn load(folder: &Path, recipe: &Train) -> anyhow::Result<Decoder<Backend>> {
    if !recipe.is_classifier() {
        return base::load_as(folder, weights(recipe));
    }
    let (files, config) = (ModelFolder::open(folder)?, ModelConfig::from_folder(folder)?);
    let device = std::sync::Arc::new(super::device::open());
    Ok(Decoder::load_as(device, config.for_classification(), &files, weights(recipe))?)
}

/// Refuses to train all weights of a GPT-2 in a GGUF file, where they stand the other way round than in the folder that
/// would be written.
fn refuse_turned(config: &ModelConfig) -> anyhow::Result<()> {
    if config.family != Family::Gpt2 || config.orientation == Orientation::Conv1D {
        return Ok(());
    }
    Err(crate::console::error::fail(
        "all weights of a GPT-2 cannot be trained from a GGUF file",
        "name the model's folder in [model] base, or take method = \"lora\"",
    ))
}

/// How the base becomes a folder for other tools, where they do not know it by its name.
fn export_command(base: &str, model: &str) -> Option<String> {
    if base == builtin::NANO {
        return Some(format!("moru export {base}"));
    }
    let is_made_here = base.starts_with("builtin:") || base.starts_with("random:");
    is_made_here.then(|| format!("moru export {} --project PROJECT_FOLDER", Names::base_of(model)))
}

/// Gives a whole model the files of its base about text, so that it is a base itself. Its template is the
/// one it was trained with.
fn add_tokenizer(base: &Path, tuned: &Path, template: &str) -> anyhow::Result<()> {
    if base.is_file() {
        gguf::write_text_files(base, tuned)?;
    }
    for name in ABOUT_TEXT.into_iter().filter(|name| base.join(name).exists()) {
        keep(&base.join(name), &tuned.join(name))?;
    }
    set_template(tuned, template)
}

/// Gives a model's folder the template of that name, where it is one of ours; `model` stands for its own.
pub fn set_template(tuned: &Path, template: &str) -> anyhow::Result<()> {
    let Some(builtin) = Builtin::from_name(template) else { return Ok(()) };
    let path = tuned.join(TOKENIZER_CONFIG);
    let mut config: serde_json::Value =
        if path.exists() { serde_json::from_slice(&std::fs::read(&path)?)? } else { serde_json::json!({}) };
    config["chat_template"] = builtin.source().into();
    pipeline::platform::write_atomic(&path, &serde_json::to_vec_pretty(&config)?)?;
    // A template in a file of its own would go before.
    let file = tuned.join(TEMPLATE_FILE);
    if file.exists() {
        pipeline::platform::remove(&file)?;
    }
    Ok(())
}

/// The time of day, for the training's own log; it reaches no digest.
#[expect(
    clippy::disallowed_methods,
    reason = "the door hands the time down; the training's log is no output of the stage"
)]
fn since_1970() -> f64 {
    std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or(Duration::ZERO).as_secs_f64()
}

fn keep(from: &Path, to: &Path) -> anyhow::Result<()> {
    pipeline::export::<pipeline::Error>(from, to, &mut |_| Ok(()))?;
    Ok(())
}

/// What an epoch computes, one way and the other.
fn batching_note(plan: &PlanFigures) -> String {
    let saving = 100.0 * plan.tree_saving();
    let done = match plan.batching {
        Batching::Tree => "laid as trees",
        Batching::Packed | Batching::Auto => "packed",
    };
    format!(
        "an epoch of {} rows has {} tokens padded, {} packed, {} as trees of shared beginnings ({saving:.1} % fewer); rows are {done}",
        plan.samples, plan.padded_tokens, plan.packed_tokens, plan.tree_tokens
    )
}

/// Tokens that the steps of a training compute, those of the first epoch standing for all.
fn computed_tokens(plan: &PlanFigures) -> f64 {
    let of_epoch = match plan.batching {
        Batching::Tree => plan.tree_tokens,
        Batching::Packed | Batching::Auto => plan.packed_tokens,
    };
    of_epoch as f64 * plan.epochs
}

/// Why a pass holds more tokens than the recipe says.
fn grown_note(plan: &PlanFigures, tokens: usize) -> String {
    format!(
        "passes of up to {tokens} tokens, more than micro_tokens, because rows are that long (up to {}) and share most of it; batching = \"packed\" computes them one by one",
        plan.longest_tokens
    )
}

/// `memory: 1.2 GB at most (weights 800.0 MB, …) of 22.4 GB`.
fn memory_plan(figures: &MemoryFigures) -> String {
    let parts: Vec<_> = memory_parts(figures)
        .into_iter()
        .map(|(name, bytes)| format!("{name} {}", format::bytes(bytes)))
        .collect();
    let limit = figures.limit_bytes.map_or_else(String::new, |limit| format!(" of {}", format::bytes(limit)));
    let recomputed = match figures.recomputed_layers {
        0 => String::new(),
        some => format!("; {some} of {} layers are recomputed", figures.layers),
    };
    let peak = format::bytes(figures.predicted_peak_bytes);
    format!("memory: {peak}{limit} at most: {}{recomputed}", parts.join(", "))
}

/// Passes on what a training says.
struct Talk<'a, 'b> {
    stage: &'a mut Context<'b>,
    cancel: CancelToken,
    /// What lay ahead, for the report.
    plan: serde_json::Value,
    /// Tokens that all steps will compute.
    tokens: f64,
}

impl Talk<'_, '_> {
    fn on(&mut self, event: &Event) {
        match event {
            Event::Started { plan } => {
                self.tokens = computed_tokens(plan);
                self.plan = serde_json::json!({
                    "base_parameters": plan.base_parameters,
                    "trainable_parameters": plan.trainable_parameters,
                    "samples": plan.samples,
                    "steps": plan.steps,
                    "tokens": plan.tokens,
                    "trained_tokens": plan.trained_tokens,
                    "padded_tokens": plan.padded_tokens,
                    "packed_tokens": plan.packed_tokens,
                    "tree_tokens": plan.tree_tokens,
                    "batching": plan.batching.name(),
                    "longest_tokens": plan.longest_tokens,
                    "largest_pass_tokens": plan.largest_pass_tokens,
                });
                self.stage.note(&format!(
                    "{} samples, {} steps, {} tokens an epoch ({} trained); {} of {} parameters are trained",
                    plan.samples,
                    plan.steps,
                    plan.tokens,
                    plan.trained_tokens,
                    plan.trainable_parameters,
                    plan.base_parameters
                ));
                self.stage.note(&batching_note(plan));
                if let Some(tokens) = plan.grown_pass_tokens {
                    self.stage.note(&grown_note(plan, tokens));
                }
            }
            Event::Memory(figures) => self.stage.note(&memory_plan(figures)),
            Event::DryStep { tokens, seconds, predicted_peak_bytes, peak_bytes } => {
                let time = format::duration(Duration::from_secs_f64(seconds.max(0.0)));
                let held = peak_bytes.map_or_else(String::new, |peak| {
                    let predicted = format::bytes(*predicted_peak_bytes);
                    format!(": {} of memory, {predicted} predicted", format::bytes(peak))
                });
                self.stage.note(&format!("tried its largest pass, {tokens} tokens, in {time}{held}"));
                let all = Duration::from_secs_f64((seconds * self.tokens / *tokens as f64).clamp(0.0, 1e9));
                self.stage.note(&format!(
                    "at this rate all steps take about {}, without looks at the validation split (estimated)",
                    format::duration(all)
                ));
            }
            Event::Resumed { step, .. } => self.stage.note(&format!("continues after step {step}")),
            Event::CheckpointIgnored { why, .. } => {
                self.stage.note(&format!("a checkpoint is passed over: {why}"));
            }
            Event::Step(figures) => self.stage.progress(figures.step, Some(figures.steps), "steps"),
            Event::Eval(figures) => {
                let metric = figures.metric.as_ref();
                let metric = metric.map_or_else(String::new, |m| format!(", {} {:.4}", m.name, m.value));
                self.stage.note(&format!(
                    "step {}: validation loss {:.4}{metric}",
                    figures.step, figures.eval_loss
                ));
            }
            Event::Checkpoint { .. } | Event::Finished(_) => {}
        }
        if self.stage.is_cancelled() {
            self.cancel.cancel();
        }
    }
}
