//! The training loop: fetch, forward, backward, clip, step, report; measure and keep when it is time.

use std::path::{Path, PathBuf};

use chat::{CancelToken, SampleView};
use kernels::Device;
use kernels::quant::Format;
use model::adapter::{SIDECAR_FILE, write_sidecar};
use model::{Decoder, ModelError, Trainable};
use serde_json::json;

use crate::learner::{Learner, NotFinite, StepResult};
use crate::memory::{self, MemoryReading};
use crate::output::{card, journal::Journal};
use crate::plan::Plan;
use crate::record::{Best, Record, STATE_FILE};
use crate::{
    Ending, EvalFigures, Event, MemoryFigures, Method, Metric, Outcome, ResultFrom, Settings, StepFigures,
    TrainError, checkpoint,
};

/// What a training needs from whoever runs it.
pub struct Host<'a, D: Device> {
    /// Seconds since 1970. Its readings reach logs and events, never a number that is trained or hashed.
    pub clock: &'a dyn Fn() -> f64,
    /// Asks for an end: the step is finished and a checkpoint written.
    pub cancel: &'a CancelToken,
    /// Hears what happens.
    pub events: &'a mut dyn FnMut(&Event),
    /// What the process holds, and what it can still get. Its readings reach logs and events, and choose what is
    /// recomputed and refused; never a number that is trained or hashed.
    pub memory: &'a dyn Fn() -> MemoryReading,
    /// Measures a metric beside the loss whenever the valid split is measured.
    pub eval: Option<&'a mut dyn InLoopEval<D>>,
}

/// A metric that is measured during training, such as a score of generated answers.
pub trait InLoopEval<D: Device> {
    /// Bytes that measuring holds at most, besides the model and the training.
    fn bytes(&self, decoder: &Decoder<D>) -> usize;

    /// Measures the model as it is after `step`. The same parameters must give the same value.
    ///
    /// # Errors
    /// Whatever stands in the way; it ends the training.
    fn measure(
        &mut self,
        decoder: &Decoder<D>,
        trainable: &Trainable<D>,
        step: u64,
    ) -> Result<Metric, Box<dyn std::error::Error + Send + Sync>>;
}

/// Trains, and writes checkpoints and the result under `out`; goes on from the newest checkpoint that is there.
///
/// Under `out` it writes `checkpoint-N/`, `trainer_log.jsonl` and `tensorboard/` (both with times), and at the end
/// `trainer_state.json` and the result: a PEFT adapter in `adapter/`, or a Hugging Face model in `model/`. A training
/// that is killed and started again ends with the same bytes in its result.
///
/// With [`Method::Full`] the decoder's weights move into the training.
///
/// # Errors
/// Settings or samples are refused before the first step; later, a loss that is not finite, a checkpoint of another
/// recipe, or files that cannot be written.
pub fn run<D: Device>(
    decoder: &mut Decoder<D>,
    settings: &Settings,
    train: &[SampleView<'_>],
    valid: &[SampleView<'_>],
    out: &Path,
    host: &mut Host<'_, D>,
) -> Result<Outcome, TrainError> {
    let mut plan = Plan::new(settings, decoder.config(), train, valid)?;
    std::fs::create_dir_all(out).map_err(TrainError::io("create", out))?;
    let found = checkpoint::newest(out, &plan.digest, &mut |checkpoint, why| {
        (host.events)(&Event::CheckpointIgnored { checkpoint, why });
    })?;
    let before = memory::Before::new((host.memory)(), decoder.weight_bytes());
    // Without rows to measure on nothing is measured.
    let eval = host.eval.as_ref().filter(|_| plan.valid.len() > 0);
    let measuring = eval.map_or(0, |eval| eval.bytes(decoder) as u64);
    let mut learner = Learner::new(decoder, settings)?;
    let foretold = memory::choose(settings, before, measuring, plan.largest, &mut learner)?;
    let mut journal = Journal::open(out, (host.clock)())?;
    let figures = plan.figures(settings, &learner);
    journal.planned(&figures, &foretold)?;
    (host.events)(&Event::Started { plan: figures.clone() });
    (host.events)(&Event::Memory(foretold.clone()));
    let is_done = |record: &Record| record.step >= plan.steps || record.ended_early;
    if !found.as_ref().is_some_and(|found| is_done(&found.record)) {
        dry_step(&plan, settings, &foretold, &mut learner, &mut journal, host)?;
    }

    let mut record = Record::new(&plan.digest);
    let mut newest: Option<PathBuf> = None;
    if let Some(found) = found {
        checkpoint::restore(&found, &mut learner, settings)?;
        journal.resumed(found.record.step)?;
        (host.events)(&Event::Resumed { step: found.record.step, checkpoint: found.folder.clone() });
        (record, newest) = (found.record, Some(found.folder));
    }

    let mut stopped = host.cancel.is_cancelled();
    while record.step < plan.steps && !record.ended_early && !stopped {
        let began = (host.clock)();
        let step = record.step + 1;

        // Fetch: the step's samples, packed or laid as trees in passes of bounded size.
        let members = plan.epochs.members(&plan.train, record.step);
        let passes = plan.train.passes(&members, settings.micro_tokens);
        let learning_rate = plan.learning_rate(settings, record.step);

        // Forward, backward, clip, step.
        let mut batches = passes.iter().map(|pass| plan.train.lay_out(pass));
        let result = learner.step(&mut batches, step, learning_rate)?;
        let result =
            result.map_err(|bad| not_finite(bad, step, plan.train.rows(&members), newest.clone()))?;

        // Report.
        let now = (host.clock)();
        let figures = step_figures(&plan, &record, &members, result, learning_rate, now - began);
        record.push_step(&figures);
        journal.step(&figures, (host.memory)(), now)?;
        (host.events)(&Event::Step(figures));

        // Measure.
        let last = step == plan.steps;
        let steps_per_epoch = plan.epochs.steps_per_epoch();
        let mut is_best = false;
        if plan.valid.len() > 0 && (last || settings.eval_every.due(step, steps_per_epoch)) {
            let figures = measure(&plan, settings, &mut learner, &mut record, host)?;
            is_best = figures.best;
            record.push_eval(&figures);
            journal.eval(&figures, (host.clock)())?;
            (host.events)(&Event::Eval(figures));
        }

        // Keep. What was asked to stop is kept as well, so that nothing is done twice.
        stopped = host.cancel.is_cancelled() && !last;
        let is_wanted = is_best && settings.result != ResultFrom::Last;
        let due = settings.checkpoint_every.due(step, steps_per_epoch);
        if is_wanted || last || record.ended_early || stopped || due {
            let state = record.to_json(settings, plan.steps, steps_per_epoch);
            let path = checkpoint::write(out, &learner, settings, &record, &state)?;
            checkpoint::prune(out, settings.keep_checkpoints, wanted(settings, &record))?;
            journal.checkpoint(step)?;
            newest = Some(path.clone());
            (host.events)(&Event::Checkpoint { step, path });
        }
    }

    if stopped && !record.ended_early {
        journal.ended(Ending::Stopped, record.step)?;
        return Ok(outcome(Ending::Stopped, &record, record.step, None));
    }
    let step = wanted(settings, &record).unwrap_or(record.step);
    if step != record.step {
        checkpoint::read_parameters(&checkpoint::folder(out, step), &mut learner, settings)?;
    }
    let card = card::text(settings, &figures, &record, step);
    let result = write_result(out, &learner, settings, &record, step, &card)?;
    let state = record.to_json(settings, plan.steps, plan.epochs.steps_per_epoch());
    checkpoint::write_json(&out.join(STATE_FILE), &state)?;
    let ending = if record.ended_early { Ending::Early } else { Ending::Complete };
    journal.ended(ending, record.step)?;
    let outcome = outcome(ending, &record, step, Some(result));
    (host.events)(&Event::Finished(outcome.clone()));
    Ok(outcome)
}

/// Tries the largest pass of the data at hand: memory that is missing is missed before work is done.
fn dry_step<D: Device>(
    plan: &Plan<'_>,
    settings: &Settings,
    foretold: &MemoryFigures,
    learner: &mut Learner<'_, D>,
    journal: &mut Journal,
    host: &mut Host<'_, D>,
) -> Result<(), TrainError> {
    let Some(pass) = plan.largest_pass(settings) else { return Ok(()) };
    let (began, tokens) = ((host.clock)(), pass.rows());
    let peak_bytes = memory::dry_step(learner, pass, host.memory)?;
    let seconds = (host.clock)() - began;
    journal.dry_step(tokens, seconds, peak_bytes)?;
    // Nothing is measured beside this pass.
    let predicted_peak_bytes = foretold.predicted_peak_bytes - foretold.measuring;
    (host.events)(&Event::DryStep { tokens, seconds, predicted_peak_bytes, peak_bytes });
    Ok(())
}

/// The step whose parameters become the result, when that is not simply the last.
fn wanted(settings: &Settings, record: &Record) -> Option<u64> {
    record.best.filter(|_| settings.result != ResultFrom::Last).map(|best| best.step)
}

fn step_figures(
    plan: &Plan<'_>,
    record: &Record,
    members: &[usize],
    result: StepResult,
    learning_rate: f64,
    seconds: f64,
) -> StepFigures {
    let tokens: u64 = members.iter().map(|&s| plan.train.tokens(s) as u64).sum();
    let trained_tokens: u64 = members.iter().map(|&s| plan.train.trained_tokens(s) as u64).sum();
    let step = record.step + 1;
    let rate = |count: u64| if seconds > 0.0 { count as f64 / seconds } else { 0.0 };
    StepFigures {
        step,
        steps: plan.steps,
        epoch: plan.epoch(step),
        loss: result.loss,
        grad_norm: result.grad_norm,
        learning_rate,
        tokens,
        trained_tokens,
        num_tokens: record.num_tokens + tokens,
        seconds,
        tokens_per_s: rate(tokens),
        trained_tokens_per_s: rate(trained_tokens),
    }
}

fn not_finite(bad: NotFinite, step: u64, rows: Vec<String>, last_checkpoint: Option<PathBuf>) -> TrainError {
    TrainError::NotFinite { what: bad.what, value: bad.value, step, rows, last_checkpoint }
}

/// Measures the valid split, and notes whether it is the best so far and whether to end.
fn measure<D: Device>(
    plan: &Plan<'_>,
    settings: &Settings,
    learner: &mut Learner<'_, D>,
    record: &mut Record,
    host: &mut Host<'_, D>,
) -> Result<EvalFigures, TrainError> {
    let began = (host.clock)();
    let step = record.step;
    let all: Vec<usize> = (0..plan.valid.len()).collect();
    let passes = plan.valid.passes(&all, settings.micro_tokens);
    let eval_loss = learner.loss(&mut passes.iter().map(|pass| plan.valid.lay_out(pass)))?;
    let metric = match &mut host.eval {
        None => None,
        Some(eval) => {
            let measured = eval.measure(learner.decoder, &learner.trainable, step);
            Some(measured.map_err(|source| TrainError::InLoopEval { step, source })?)
        }
    };
    let (value, greater) = match &metric {
        Some(metric) if settings.result == ResultFrom::BestMetric => (metric.value, metric.greater_is_better),
        _ => (eval_loss, false),
    };
    let gain = record
        .best
        .map_or(f64::INFINITY, |best| if greater { value - best.value } else { best.value - value });
    let best = gain > 0.0;
    let min_gain = settings.early_stop.map_or(0.0, |stop| stop.min_gain);
    record.without_gain = if best && gain >= min_gain { 0 } else { record.without_gain + 1 };
    record.ended_early = settings.early_stop.is_some_and(|stop| record.without_gain >= stop.patience);
    if best {
        record.best = Some(Best { step, value, eval_loss });
    }
    let seconds = (host.clock)() - began;
    Ok(EvalFigures { step, epoch: record.epoch, eval_loss, metric, best, seconds })
}

/// Writes the result's folder; the tensors' file is renamed to its place after the files that describe it.
fn write_result<D: Device>(
    out: &Path,
    learner: &Learner<'_, D>,
    settings: &Settings,
    record: &Record,
    step: u64,
    card: &str,
) -> Result<PathBuf, TrainError> {
    let folder = out.join(match settings.method {
        Method::Lora { .. } => "adapter",
        Method::Full => "model",
    });
    std::fs::create_dir_all(&folder).map_err(TrainError::io("create", &folder))?;
    model::platform::write_then_rename(&folder.join("README.md"), |file| file.write_all(card.as_bytes()))?;
    let figures = json!({
        "digest": record.digest,
        "eval_loss": record.eval_loss_at(step),
        "loss": record.last_loss(),
        "settings": settings.to_json(),
        "step": step,
    });
    write_sidecar(&folder, &json!({ "train": figures }))?;
    checkpoint::write_parameters(&folder, learner, settings)?;
    Ok(folder)
}

/// The format of the base's weights over which the adapter in a folder was trained. An adapter without `moru.json`
/// was made elsewhere, over weights as they are in their file.
///
/// # Errors
/// `moru.json` cannot be read, or names a format that this program does not have.
pub fn base_weights(adapter: &Path) -> Result<Option<Format>, TrainError> {
    let path = adapter.join(SIDECAR_FILE);
    if !path.exists() {
        return Ok(None);
    }
    let text = std::fs::read_to_string(&path).map_err(TrainError::io("read", &path))?;
    let value: serde_json::Value = serde_json::from_str(&text)
        .map_err(|source| ModelError::Json { place: path.display().to_string(), source })?;
    let Some(name) = value.pointer("/train/settings/base/weights").and_then(serde_json::Value::as_str) else {
        return Ok(None);
    };
    let unknown = || TrainError::Format {
        path,
        given: name.to_owned(),
        allowed: Format::ALL.map(Format::name).join(", "),
    };
    Format::from_name(name).map(Some).ok_or_else(unknown)
}

fn outcome(ending: Ending, record: &Record, result_step: u64, result: Option<PathBuf>) -> Outcome {
    Outcome {
        ending,
        step: record.step,
        result_step,
        loss: record.last_loss(),
        eval_loss: record.eval_loss_at(result_step),
        result,
    }
}
