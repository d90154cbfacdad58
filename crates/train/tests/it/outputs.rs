//! What a training leaves and tells.

use std::error::Error;

use model::adapter::AdapterFolder;
use model::{Decoder, ModelConfig, ModelFolder, Trainable};
use serde_json::Value;
use tempfile::TempDir;
use train::{EarlyStop, Ending, Event, InLoopEval, Method, Metric, ResultFrom};

use crate::toy::{Device, Training, bytes, config, samples, steps, views};

fn json(text: &[u8]) -> Value {
    serde_json::from_slice(text).unwrap()
}

#[test]
fn the_plan_is_told_before_the_first_step() {
    let out = TempDir::new().unwrap();
    let (_, events) = Training::new(out.path()).run();
    let Event::Started { plan } = &events[0] else { panic!("{:?}", events[0]) };
    let lengths: Vec<u64> = samples(10).iter().map(|s| s.ids.len() as u64).collect();
    assert_eq!((plan.samples, plan.valid_samples, plan.steps, plan.steps_per_epoch), (10, 3, 20, 3));
    assert_eq!(plan.tokens, lengths.iter().sum::<u64>());
    assert_eq!(plan.packed_tokens, plan.tokens, "each toy sample ends with a trained token");
    assert_eq!(plan.longest_tokens as u64, *lengths.iter().max().unwrap());
    let longest = plan.longest_tokens as u64;
    assert!(plan.padded_tokens > plan.packed_tokens && plan.padded_tokens <= longest * 10);
    assert_eq!(plan.base_parameters, config().parameters());
    let per_layer = 3 * ((12 + 12) + (12 + 4) + (12 + 4) + (12 + 12) + 3 * (12 + 20));
    assert_eq!(plan.trainable_parameters, 2 * per_layer);
    assert_eq!((plan.memory.parameters, plan.memory.optimizer), (8 * per_layer, 16 * per_layer));
    assert!(plan.largest_pass_tokens as u64 >= longest && plan.memory.activations > 0);
}

#[test]
fn the_adapter_is_the_best_one_and_opens_as_peft_s() {
    let out = TempDir::new().unwrap();
    let (outcome, events) = Training::new(out.path()).run();
    let outcome = outcome.unwrap();
    let folder = outcome.result.unwrap();
    let adapter = AdapterFolder::open(&folder, &config()).unwrap();
    assert_eq!(adapter.info.base_model.as_deref(), Some("toy"));
    let losses: Vec<_> = events
        .iter()
        .filter_map(|event| match event {
            Event::Eval(figures) => Some((figures.step, figures.eval_loss)),
            _ => None,
        })
        .collect();
    assert_eq!(losses.iter().map(|(step, _)| *step).collect::<Vec<_>>(), [4, 8, 12, 16, 20]);
    let best = losses.iter().min_by(|a, b| a.1.total_cmp(&b.1)).unwrap();
    assert_eq!((outcome.result_step, outcome.eval_loss), (best.0, Some(best.1)));
    let kept = out.path().join(format!("checkpoint-{}", best.0));
    assert_eq!(
        bytes(folder.join("adapter_model.safetensors")),
        bytes(kept.join("adapter_model.safetensors"))
    );
    let card = String::from_utf8(bytes(folder.join("README.md"))).unwrap();
    assert!(card.starts_with("---\nbase_model: \"toy\"\nlibrary_name: peft\n"), "{card}");
    assert_eq!(json(&bytes(folder.join("moru.json")))["train"]["step"], best.0);
}

#[test]
fn the_best_metric_chooses_the_result_and_its_checkpoint_is_kept() {
    let out = TempDir::new().unwrap();
    let mut script = Script(vec![1.0, 3.0, 2.0, 3.0, 0.0]);
    let mut training = Training { eval: Some(&mut script), ..Training::new(out.path()) };
    training.settings.keep_checkpoints = 1;
    training.settings.result = ResultFrom::BestMetric;
    assert_eq!(training.run().0.unwrap().result_step, 8);
    let mut found: Vec<_> = std::fs::read_dir(out.path())
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| name.contains("checkpoint"))
        .collect();
    found.sort();
    assert_eq!(found, ["checkpoint-20", "checkpoint-8"]);
}

#[test]
fn the_record_and_the_log_have_hugging_face_s_names() {
    let out = TempDir::new().unwrap();
    let (_, events) = Training::new(out.path()).run();
    let state = json(&bytes(out.path().join("trainer_state.json")));
    assert_eq!((state["global_step"].as_u64(), state["max_steps"].as_u64()), (Some(20), Some(20)));
    let history = state["log_history"].as_array().unwrap();
    assert_eq!(history.len(), 25);
    let last = steps(&events).pop().unwrap();
    assert_eq!(history[23]["loss"], last.loss);
    assert_eq!(history[23]["num_tokens"], last.num_tokens);
    let measured = history.iter().filter_map(|entry| entry.get("eval_loss")?.as_f64());
    assert_eq!(measured.reduce(f64::min), state["moru"]["best_eval_loss"].as_f64());
    assert!(history[24].get("eval_loss").is_some(), "the end is always measured");
    let log = String::from_utf8(bytes(out.path().join("trainer_log.jsonl"))).unwrap();
    let all: Vec<Value> = log.lines().map(|line| json(line.as_bytes())).collect();
    let of = |key: &str| all.iter().filter(|line| line.get(key).is_some()).cloned().collect::<Vec<_>>();
    let lines = of("epoch");
    assert_eq!(lines.len(), 25);
    assert_eq!((of("planned_steps").len(), of("dry_step_tokens").len()), (1, 1));
    let kept: Vec<_> =
        of("checkpoint_after_step").iter().map(|l| l["checkpoint_after_step"].as_u64().unwrap()).collect();
    assert!([5, 10, 15, 20].iter().all(|step| kept.contains(step)), "{kept:?}");
    assert_eq!(all.last().unwrap()["ending"], "complete");
    assert_eq!(lines[23]["learning_rate"], last.learning_rate);
    assert!(lines[0]["tokens_per_s"].as_f64().unwrap() > 0.0);
}

#[test]
fn the_event_file_is_a_chain_of_frames() {
    let out = TempDir::new().unwrap();
    Training::new(out.path()).run().0.unwrap();
    let file = bytes(out.path().join("tensorboard/events.out.tfevents.0000000000.moru"));
    let (mut at, mut frames) = (0, 0);
    while at < file.len() {
        let len = u64::from_le_bytes(file[at..at + 8].try_into().unwrap()) as usize;
        at += 8 + 4 + len + 4;
        frames += 1;
    }
    assert_eq!((at, frames), (file.len(), 1 + 20 + 5));
}

#[test]
fn all_parameters_become_a_model_folder() {
    let out = TempDir::new().unwrap();
    let mut training = Training::new(out.path());
    training.settings.method = Method::Full;
    training.settings.learning_rate = 0.005;
    let outcome = training.run().0.unwrap();
    let folder = outcome.result.unwrap();
    let config = ModelConfig::from_folder(&folder).unwrap();
    assert_eq!(config, crate::toy::config());
    let weights = ModelFolder::open(&folder).unwrap();
    Decoder::load(std::sync::Arc::new(Device::new()), config, &weights).unwrap();
}

#[test]
fn it_ends_when_there_is_no_more_gain() {
    let out = TempDir::new().unwrap();
    let mut training = Training::new(out.path());
    training.settings.early_stop = Some(EarlyStop { patience: 2, min_gain: 1e9 });
    let (outcome, events) = training.run();
    let outcome = outcome.unwrap();
    // The first measurement counts as gain; the next two do not.
    assert_eq!((outcome.ending, outcome.step), (Ending::Early, 12));
    assert!(outcome.result.is_some());
    let mut again = Training::new(out.path());
    again.settings.early_stop = Some(EarlyStop { patience: 2, min_gain: 1e9 });
    let (outcome, more) = again.run();
    assert_eq!(outcome.unwrap().ending, Ending::Early);
    assert_eq!((steps(&events).len(), steps(&more).len()), (12, 0));
}

/// What the script says that it holds.
pub const SCRIPT_BYTES: usize = 1_000;

/// Values of a metric, one for every fourth step.
pub struct Script(pub Vec<f64>);

impl InLoopEval<Device> for Script {
    fn bytes(&self, _: &Decoder<Device>) -> usize {
        SCRIPT_BYTES
    }

    fn measure(
        &mut self,
        decoder: &Decoder<Device>,
        _: &Trainable<Device>,
        step: u64,
    ) -> Result<Metric, Box<dyn Error + Send + Sync>> {
        assert_eq!(decoder.config().vocab, 24);
        let value = *self.0.get(step as usize / 4 - 1).ok_or("the script has no more values")?;
        Ok(Metric { name: "score".to_owned(), value, greater_is_better: true })
    }
}

#[test]
fn a_metric_that_fails_ends_the_training() {
    let out = TempDir::new().unwrap();
    let mut script = Script(vec![1.0]);
    let training = Training { eval: Some(&mut script), ..Training::new(out.path()) };
    let error = training.run().0.unwrap_err();
    assert_eq!(error.to_string(), "measuring in the loop failed at step 8");
    assert_eq!(error.source().unwrap().to_string(), "the script has no more values");
}

#[test]
fn a_bench_step_is_the_loop_s_step() {
    let out = TempDir::new().unwrap();
    let mut training = Training::new(out.path());
    training.settings.samples_per_step = 10;
    training.settings.warmup = train::Warmup::Steps(0);
    training.settings.schedule = train::Schedule::Constant;
    training.settings.order = train::Order::AsGiven;
    let settings = training.settings.clone();
    let (_, events) = training.run();
    let (mut decoder, samples) = (crate::toy::decoder(), samples(10));
    let views = views(&samples);
    let mut bench = train::bench::Bench::new(&mut decoder, &settings, &views).unwrap();
    for step in steps(&events) {
        let found = bench.step().unwrap();
        assert_eq!((found.loss, found.tokens as u64), (step.loss, step.tokens));
    }
}
