//! The running log: `trainer_log.jsonl` and TensorBoard's event file, appended to at every step.
//!
//! Unlike `trainer_state.json` it is a history of what was run: steps that a killed run had done beyond its last
//! checkpoint stand in it twice. It carries times and is no part of any digest.

use std::fs::File;
use std::io::Write;
use std::path::{Path, PathBuf};

use serde_json::{Map, Value, json};

use super::tensorboard::EventFile;
use crate::{
    Ending, EvalFigures, MemoryFigures, MemoryReading, PlanFigures, StepFigures, TrainError, memory_parts,
};

const LOG_FILE: &str = "trainer_log.jsonl";
const TENSORBOARD_FILE: &str = "tensorboard/events.out.tfevents.0000000000.moru";

/// The open log files.
#[derive(Debug)]
pub(crate) struct Journal {
    path: PathBuf,
    log: File,
    events_path: PathBuf,
    events: EventFile,
}

impl Journal {
    /// Opens the log of a folder, or goes on with it. `now` is in seconds since 1970.
    pub fn open(out: &Path, now: f64) -> Result<Self, TrainError> {
        let path = out.join(LOG_FILE);
        let log = File::options().create(true).append(true).open(&path);
        let log = log.map_err(TrainError::io("open", &path))?;
        let events_path = out.join(TENSORBOARD_FILE);
        let folder = events_path.parent().unwrap_or(out);
        std::fs::create_dir_all(folder).map_err(TrainError::io("create", folder))?;
        let events = EventFile::open(&events_path, now).map_err(TrainError::io("open", &events_path))?;
        Ok(Self { path, log, events_path, events })
    }

    /// What lies ahead.
    pub fn planned(&mut self, plan: &PlanFigures, memory: &MemoryFigures) -> Result<(), TrainError> {
        let parts: Map<String, Value> = memory_parts(memory)
            .into_iter()
            .map(|(name, bytes)| (format!("{}_bytes", name.replace(' ', "_")), json!(bytes)))
            .collect();
        self.line(&json!({
            "planned_steps": plan.steps,
            "planned_epochs": plan.epochs,
            "predicted_peak_bytes": memory.predicted_peak_bytes,
            "memory_limit_bytes": memory.limit_bytes,
            "recomputed_layers": memory.recomputed_layers,
            "parts": parts,
        }))
    }

    /// The largest pass was tried.
    pub fn dry_step(&mut self, tokens: usize, seconds: f64, peak: Option<u64>) -> Result<(), TrainError> {
        self.line(
            &json!({ "dry_step_tokens": tokens, "dry_step_seconds": seconds, "dry_step_peak_bytes": peak }),
        )
    }

    /// A checkpoint stands.
    pub fn checkpoint(&mut self, step: u64) -> Result<(), TrainError> {
        self.line(&json!({ "checkpoint_after_step": step }))
    }

    /// The training ended, or stopped where it can go on.
    pub fn ended(&mut self, ending: Ending, step: u64) -> Result<(), TrainError> {
        let ending = match ending {
            Ending::Complete => "complete",
            Ending::Early => "early",
            Ending::Stopped => "stopped",
        };
        self.line(&json!({ "ending": ending, "ended_after_step": step }))
    }

    /// The training goes on after `step`.
    pub fn resumed(&mut self, step: u64) -> Result<(), TrainError> {
        self.line(&json!({ "resumed_after_step": step }))
    }

    /// A step was done at time `now`.
    pub fn step(&mut self, figures: &StepFigures, memory: MemoryReading, now: f64) -> Result<(), TrainError> {
        let mut line = json!({
            "step": figures.step,
            "total_steps": figures.steps,
            "epoch": figures.epoch,
            "loss": figures.loss,
            "grad_norm": figures.grad_norm,
            "learning_rate": figures.learning_rate,
            "num_tokens": figures.num_tokens,
            "tokens": figures.tokens,
            "trained_tokens": figures.trained_tokens,
            "seconds": figures.seconds,
            "tokens_per_s": figures.tokens_per_s,
            "trained_tokens_per_s": figures.trained_tokens_per_s,
        });
        for (name, bytes) in [("held_bytes", memory.held), ("peak_bytes", memory.peak)] {
            if let Some(bytes) = bytes {
                line[name] = json!(bytes);
            }
        }
        self.line(&line)?;
        let scalars = [
            ("train/loss", figures.loss),
            ("train/grad_norm", figures.grad_norm),
            ("train/learning_rate", figures.learning_rate),
            ("train/epoch", figures.epoch),
            ("train/num_tokens", figures.num_tokens as f64),
            ("train/tokens_per_s", figures.tokens_per_s),
        ];
        self.scalars(figures.step, now, &scalars)
    }

    /// The valid split was measured at time `now`.
    pub fn eval(&mut self, figures: &EvalFigures, now: f64) -> Result<(), TrainError> {
        let mut line = json!({
            "step": figures.step,
            "epoch": figures.epoch,
            "eval_loss": figures.eval_loss,
            "best": figures.best,
            "seconds": figures.seconds,
        });
        let mut scalars = vec![("eval/loss".to_owned(), figures.eval_loss)];
        if let Some(metric) = &figures.metric {
            line[format!("eval_{}", metric.name)] = json!(metric.value);
            scalars.push((format!("eval/{}", metric.name), metric.value));
        }
        self.line(&line)?;
        let scalars: Vec<_> = scalars.iter().map(|(name, value)| (name.as_str(), *value)).collect();
        self.scalars(figures.step, now, &scalars)
    }

    fn line(&mut self, value: &Value) -> Result<(), TrainError> {
        // One write a line, so that a reader never sees half of one.
        let text = format!("{value}\n");
        self.log.write_all(text.as_bytes()).map_err(TrainError::io("write", &self.path))
    }

    fn scalars(&mut self, step: u64, now: f64, scalars: &[(&str, f64)]) -> Result<(), TrainError> {
        self.events.scalars(step, now, scalars).map_err(TrainError::io("write", &self.events_path))
    }
}
