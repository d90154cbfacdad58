//! What a person asks of a training: how far, how fast, how long still.

use std::path::Path;
use std::time::Duration;

use serde::Serialize;

use super::log::{End, Log, Place};

/// Steps that speed is taken over.
const RECENT: usize = 20;

/// Whether something still happens.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// A process works on the project, and the log is of a training that is not finished.
    Running,
    /// Nothing works on it; `moru run` goes on from its last checkpoint.
    Stopped,
    /// Its result stands.
    Finished,
}

impl State {
    /// Of a log at its place. `busy` is whether a process holds the project.
    pub fn of(place: &Place, log: &Log, busy: bool) -> Self {
        match log.end {
            _ if !place.open => Self::Finished,
            End::Finished => Self::Finished,
            End::None if busy => Self::Running,
            End::Stopped | End::None => Self::Stopped,
        }
    }

    /// For a person.
    pub fn word(self) -> &'static str {
        match self {
            Self::Running => "running",
            Self::Stopped => "stopped; `moru run` goes on",
            Self::Finished => "finished",
        }
    }
}

/// Whether a process holds the project: it has left its number, and lives where that can be told.
pub fn is_busy(project: &Path) -> bool {
    let Ok(text) = std::fs::read_to_string(project.join(".moru/lock.pid")) else { return false };
    let processes = Path::new("/proc/self");
    !processes.exists() || processes.with_file_name(text.trim()).exists()
}

/// The figures of a training.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Figures {
    pub name: String,
    pub state: State,
    pub step: u64,
    pub total_steps: u64,
    pub epoch: f64,
    pub total_epochs: Option<f64>,
    pub loss: Option<f64>,
    pub eval_loss: Option<f64>,
    pub best_step: Option<u64>,
    pub best_eval_loss: Option<f64>,
    pub learning_rate: Option<f64>,
    pub grad_norm: Option<f64>,
    pub num_tokens: u64,
    pub tokens_per_s: Option<f64>,
    pub trained_tokens_per_s: Option<f64>,
    pub step_s: Option<f64>,
    pub remaining_s: Option<f64>,
    pub held_bytes: Option<u64>,
    pub peak_bytes: Option<u64>,
    pub predicted_peak_bytes: Option<u64>,
    pub checkpoints: Vec<u64>,
}

impl Figures {
    /// Of a log.
    pub fn of(name: &str, state: State, log: &Log) -> Self {
        let last = log.steps.last();
        let recent = &log.steps[log.steps.len().saturating_sub(RECENT)..];
        let seconds: f64 = recent.iter().map(|s| s.seconds).sum();
        let timed = seconds > 0.0;
        let rate = |count: u64| timed.then(|| count as f64 / seconds);
        let step_s = timed.then(|| seconds / recent.len() as f64);
        let step = last.map_or(0, |s| s.step);
        let left = log.total_steps.saturating_sub(step);
        let best = log.best.and_then(|best| log.looks.iter().rfind(|l| l.step == best));
        Self {
            name: name.to_owned(),
            state,
            step,
            total_steps: log.total_steps,
            epoch: last.map_or(0.0, |s| s.epoch),
            total_epochs: log.total_epochs,
            loss: last.map(|s| s.loss),
            eval_loss: log.looks.last().map(|l| l.loss),
            best_step: log.best,
            best_eval_loss: best.map(|l| l.loss),
            learning_rate: last.map(|s| s.learning_rate),
            grad_norm: last.map(|s| s.grad_norm),
            num_tokens: log.num_tokens,
            tokens_per_s: rate(recent.iter().map(|s| s.tokens).sum()),
            trained_tokens_per_s: rate(recent.iter().map(|s| s.trained_tokens).sum()),
            step_s,
            remaining_s: step_s
                .filter(|_| state == State::Running && left > 0)
                .map(|step_s| step_s * left as f64 + looks_left(log, step)),
            held_bytes: log.memory.held.filter(|_| state == State::Running),
            peak_bytes: log.memory.peak,
            predicted_peak_bytes: log.memory.predicted,
            checkpoints: log.checkpoints.clone(),
        }
    }

    /// The time left, where something still happens.
    pub fn remaining(&self) -> Option<Duration> {
        self.remaining_s.and_then(|seconds| Duration::try_from_secs_f64(seconds).ok())
    }
}

/// Seconds of the looks at the validation split that are still to come, if they go on as before.
fn looks_left(log: &Log, step: u64) -> f64 {
    if log.looks.is_empty() || step == 0 {
        return 0.0;
    }
    let seconds: f64 = log.looks.iter().map(|l| l.seconds).sum();
    seconds / step as f64 * log.total_steps.saturating_sub(step) as f64
}

/// The curves, as `(step, value)`; what is not finite is left out.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Curves {
    pub loss: Vec<(u64, f64)>,
    pub eval_loss: Vec<(u64, f64)>,
    pub learning_rate: Vec<(u64, f64)>,
    pub grad_norm: Vec<(u64, f64)>,
}

impl Curves {
    /// Of a log.
    pub fn of(log: &Log) -> Self {
        let finite = |points: Vec<(u64, f64)>| points.into_iter().filter(|(_, v)| v.is_finite()).collect();
        Self {
            loss: finite(log.steps.iter().map(|s| (s.step, s.loss)).collect()),
            eval_loss: finite(log.looks.iter().map(|l| (l.step, l.loss)).collect()),
            learning_rate: finite(log.steps.iter().map(|s| (s.step, s.learning_rate)).collect()),
            grad_norm: finite(log.steps.iter().map(|s| (s.step, s.grad_norm)).collect()),
        }
    }
}
