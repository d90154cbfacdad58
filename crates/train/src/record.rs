//! What a training has to show so far: `trainer_state.json`, in Hugging Face's names.
//!
//! It holds no times, so that the same training gives the same bytes.

use std::path::Path;

use serde_json::{Map, Value, json};

use crate::error::StateProblem;
use crate::{EvalFigures, Metric, Settings, StepFigures, TrainError};

/// File name of a record.
pub const STATE_FILE: &str = "trainer_state.json";

/// Raised when a checkpoint of an earlier program could no longer be taken up to the same end.
const FORMAT: u64 = 1;

/// The record of a training up to some step.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Record {
    /// What settings and data amount to.
    pub digest: String,
    /// Steps that are done.
    pub step: u64,
    pub epoch: f64,
    /// Tokens computed.
    pub num_tokens: u64,
    pub best: Option<Best>,
    /// Measurements since the best one.
    pub without_gain: u32,
    /// Whether the training ended before its length.
    pub ended_early: bool,
    pub history: Vec<Value>,
}

/// The best measurement so far.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Best {
    pub step: u64,
    pub value: f64,
    pub eval_loss: f64,
}

impl Record {
    pub fn new(digest: &str) -> Self {
        Self {
            digest: digest.to_owned(),
            step: 0,
            epoch: 0.0,
            num_tokens: 0,
            best: None,
            without_gain: 0,
            ended_early: false,
            history: Vec::new(),
        }
    }

    /// Notes an optimizer step.
    pub fn push_step(&mut self, figures: &StepFigures) {
        self.step = figures.step;
        self.epoch = figures.epoch;
        self.num_tokens = figures.num_tokens;
        self.history.push(json!({
            "epoch": figures.epoch,
            "grad_norm": figures.grad_norm,
            "learning_rate": figures.learning_rate,
            "loss": figures.loss,
            "num_tokens": figures.num_tokens,
            "step": figures.step,
            "trained_tokens": figures.trained_tokens,
        }));
    }

    /// Notes a measurement.
    pub fn push_eval(&mut self, figures: &EvalFigures) {
        let mut entry =
            json!({ "epoch": figures.epoch, "eval_loss": figures.eval_loss, "step": figures.step });
        if let Some(Metric { name, value, .. }) = &figures.metric {
            entry[format!("eval_{name}")] = json!(value);
        }
        self.history.push(entry);
    }

    /// Loss of the last step.
    pub fn last_loss(&self) -> f64 {
        self.history.iter().rev().find_map(|entry| entry.get("loss")?.as_f64()).unwrap_or(f64::NAN)
    }

    /// Loss of the valid split after `step`.
    pub fn eval_loss_at(&self, step: u64) -> Option<f64> {
        let at = |entry: &&Value| entry["step"] == json!(step) && entry.get("eval_loss").is_some();
        self.history.iter().rev().find(at).and_then(|entry| entry["eval_loss"].as_f64())
    }

    /// The value of `trainer_state.json`.
    pub fn to_json(&self, settings: &Settings, steps: u64, steps_per_epoch: u64) -> Value {
        json!({
            "best_global_step": self.best.map(|b| b.step),
            "best_metric": self.best.map(|b| b.value),
            "best_model_checkpoint": self.best.map(|b| format!("checkpoint-{}", b.step)),
            "epoch": self.epoch,
            "global_step": self.step,
            "is_local_process_zero": true,
            "is_world_process_zero": true,
            "log_history": self.history,
            "logging_steps": 1,
            "max_steps": steps,
            "moru": {
                "best_eval_loss": self.best.map(|b| b.eval_loss),
                "digest": self.digest,
                "ended_early": self.ended_early,
                "format": FORMAT,
                "without_gain": self.without_gain,
            },
            "num_input_tokens_seen": self.num_tokens,
            "num_train_epochs": steps.div_ceil(steps_per_epoch),
            "train_batch_size": settings.samples_per_step,
        })
    }

    /// Reads what [`Record::to_json`] wrote.
    pub fn read(path: &Path) -> Result<Self, TrainError> {
        let text = std::fs::read_to_string(path).map_err(TrainError::io("read", path))?;
        parse(&text).map_err(|problem| TrainError::State { path: path.to_owned(), problem })
    }
}

fn parse(text: &str) -> Result<Record, StateProblem> {
    let value: Value = serde_json::from_str(text).map_err(StateProblem::Json)?;
    let empty = Map::new();
    let ours = value.get("moru").and_then(Value::as_object).unwrap_or(&empty);
    let number = |key: &'static str| value.get(key).and_then(Value::as_f64).ok_or(StateProblem::Key(key));
    let count = |key: &'static str| value.get(key).and_then(Value::as_u64).ok_or(StateProblem::Key(key));
    let best = match value.get("best_global_step").and_then(Value::as_u64) {
        None => None,
        Some(step) => {
            let eval_loss = ours.get("best_eval_loss").and_then(Value::as_f64);
            let eval_loss = eval_loss.ok_or(StateProblem::Key("moru.best_eval_loss"))?;
            Some(Best { step, value: number("best_metric")?, eval_loss })
        }
    };
    let found = ours.get("format").and_then(Value::as_u64).ok_or(StateProblem::Key("moru.format"))?;
    if found != FORMAT {
        return Err(StateProblem::Format { found, expected: FORMAT });
    }
    let digest = ours.get("digest").and_then(Value::as_str).ok_or(StateProblem::Key("moru.digest"))?;
    let ended_early = ours.get("ended_early").and_then(Value::as_bool);
    let without_gain = ours.get("without_gain").and_then(Value::as_u64);
    Ok(Record {
        digest: digest.to_owned(),
        step: count("global_step")?,
        epoch: number("epoch")?,
        num_tokens: count("num_input_tokens_seen")?,
        best,
        without_gain: without_gain.ok_or(StateProblem::Key("moru.without_gain"))? as u32,
        ended_early: ended_early.ok_or(StateProblem::Key("moru.ended_early"))?,
        history: value
            .get("log_history")
            .and_then(Value::as_array)
            .ok_or(StateProblem::Key("log_history"))?
            .clone(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Base;
    use model::LoraTargets;

    #[test]
    fn a_record_survives_its_own_json_bit_by_bit() {
        let mut record = Record::new("abc");
        record.push_step(&StepFigures {
            step: 7,
            steps: 20,
            epoch: 7.0 / 3.0,
            loss: 0.1 + 0.2,
            grad_norm: 1e-7 / 3.0,
            learning_rate: 2e-4 * 0.7,
            tokens: 5,
            trained_tokens: 2,
            num_tokens: 1234,
            seconds: 0.5,
            tokens_per_s: 10.0,
            trained_tokens_per_s: 4.0,
        });
        let metric = Some(Metric { name: "chrf".to_owned(), value: 12.3, greater_is_better: true });
        record.push_eval(&EvalFigures {
            step: 7,
            epoch: 7.0 / 3.0,
            eval_loss: 1.0 / 3.0,
            metric,
            best: true,
            seconds: 0.1,
        });
        record.best = Some(Best { step: 7, value: 12.3, eval_loss: 1.0 / 3.0 });
        let settings = Settings::lora(Base::default(), 4, LoraTargets::All);
        let text = record.to_json(&settings, 20, 3).to_string();
        assert_eq!(parse(&text).unwrap(), record);
        assert!(!text.contains("seconds") && !text.contains("per_s"), "a record holds no times");
        assert_eq!((record.last_loss(), record.eval_loss_at(7)), (0.1 + 0.2, Some(1.0 / 3.0)));
    }

    #[test]
    fn a_broken_record_names_the_key() {
        let message = |text: &str| parse(text).unwrap_err().to_string();
        assert_eq!(message("{}"), "it has no valid `moru.format`");
        assert_eq!(message(r#"{"moru":{"format":1}}"#), "it has no valid `moru.digest`");
        assert_eq!(message(r#"{"moru":{"format":1,"digest":"x"}}"#), "it has no valid `global_step`");
        let of_later = "it has format 2, this program reads format 1; go on with the program that wrote it, or \
                        remove the folder's checkpoints to begin anew";
        assert_eq!(message(r#"{"moru":{"format":2}}"#), of_later);
        assert!(message("{").starts_with("it is not valid JSON: "));
    }
}
