//! Short trainings of the golden twins against PyTorch + transformers + PEFT: each step's loss, norm and rate.

use std::path::PathBuf;
use std::sync::Arc;

use chat::{CancelToken, Sample};
use kernels::{Cpu, Device, Reference};
use model::adapter::{AdapterFolder, AdapterInfo, write_adapter};
use model::weights::TensorToWrite;
use model::{Decoder, ModelConfig, ModelFolder, SafetensorsFile, TensorSource};
use serde_json::Value;
use tempfile::TempDir;
use train::{
    Adam, Base, Event, Every, Host, Length, Method, Order, ResultFrom, Schedule, Settings, StepFigures,
    Warmup,
};

use crate::toy::{steps, views};

const TWINS: [&str; 7] = ["gpt2", "llama", "mistral", "qwen2", "qwen3", "gpt_neox", "gemma"];

fn folder(twin: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../tools/golden").join(twin)
}

fn numbers(value: &Value) -> Vec<f64> {
    value.as_array().unwrap().iter().map(|v| v.as_f64().unwrap()).collect()
}

fn samples(value: &Value) -> Vec<Sample> {
    let sample = |(n, value): (usize, &Value)| Sample {
        row: format!("row-{n}"),
        part: 0,
        ids: value["ids"].as_array().unwrap().iter().map(|v| v.as_u64().unwrap() as u32).collect(),
        trained: value["trained"].as_array().unwrap().iter().map(|v| v.as_bool().unwrap()).collect(),
    };
    value.as_array().unwrap().iter().enumerate().map(sample).collect()
}

/// The settings that a script used.
pub fn settings(value: &Value, method: Method) -> Settings {
    let number = |key: &str| value[key].as_f64().unwrap();
    let count = |key: &str| value[key].as_u64().unwrap();
    Settings {
        method,
        length: Length::Steps(count("steps")),
        samples_per_step: count("samples_per_step") as usize,
        micro_tokens: 24,
        order: Order::AsGiven,
        learning_rate: number("learning_rate"),
        schedule: Schedule::Cosine,
        warmup: Warmup::Steps(count("warmup_steps")),
        adam: Adam { weight_decay: number("weight_decay"), ..Adam::default() },
        max_grad_norm: Some(number("max_grad_norm")),
        eval_every: Every::End,
        checkpoint_every: Every::End,
        result: ResultFrom::Last,
        ..Settings::full(Base { name: "twin".to_owned(), ..Base::default() })
    }
}

/// Writes PEFT's initial A, and B = 0, as an adapter folder.
fn initial_adapter(twin: &str, config: &ModelConfig) -> (TempDir, Method) {
    let lora = AdapterFolder::open(&folder(twin).join("adapter"), config).unwrap().lora;
    let expected = SafetensorsFile::open(&folder(twin).join("expected.safetensors")).unwrap();
    let tensors = lora.tensors(config).unwrap();
    let values: Vec<Vec<f32>> = tensors
        .iter()
        .map(|tensor| {
            if tensor.name.contains("lora_A") {
                expected.get(&format!("init.{}", tensor.name)).unwrap().to_f32()
            } else {
                vec![0.0; tensor.shape.iter().product()]
            }
        })
        .collect();
    let tensors: Vec<_> = tensors
        .into_iter()
        .zip(&values)
        .map(|(tensor, values)| TensorToWrite { name: tensor.name, shape: tensor.shape, values })
        .collect();
    let scratch = TempDir::new().unwrap();
    write_adapter(scratch.path(), config, &AdapterInfo::for_base("twin"), &lora, &tensors).unwrap();
    let start_from = Some(scratch.path().to_owned());
    (scratch, Method::Lora { lora, b_ratio: 1.0, start_from })
}

#[track_caller]
fn check_close(found: f64, expected: f64, tolerance: f64, what: &str) {
    assert!((found - expected).abs() <= tolerance * expected.abs(), "{what}: {found}, expected {expected}");
}

/// Trains a twin with the script's settings; gives the figures of each step.
fn train<D: Device>(device: &Arc<D>, twin: &str, method: Method, expected: &Value) -> Vec<StepFigures> {
    let config = ModelConfig::from_folder(&folder(twin)).unwrap();
    let weights = ModelFolder::open(&folder(twin)).unwrap();
    let mut decoder = Decoder::load(device.clone(), config, &weights).unwrap();
    figures(&mut decoder, &settings(&expected["settings"], method), &samples(&expected["samples"]))
}

/// Trains; gives the figures of each step.
pub fn figures<D: Device>(
    decoder: &mut Decoder<D>,
    settings: &Settings,
    samples: &[Sample],
) -> Vec<StepFigures> {
    let out = TempDir::new().unwrap();
    let mut events = Vec::new();
    let mut host = Host {
        clock: &|| 0.0,
        cancel: &CancelToken::default(),
        events: &mut |event: &Event| events.push(event.clone()),
        memory: &Default::default,
        eval: None,
    };
    train::run(decoder, settings, &views(samples), &[], out.path(), &mut host).unwrap();
    steps(&events)
}

fn check<D: Device>(device: D) {
    let device = Arc::new(device);
    for twin in TWINS {
        let text = std::fs::read_to_string(folder(twin).join("expected.json")).unwrap();
        let expected: Value = serde_json::from_str(&text).unwrap();
        let config = ModelConfig::from_folder(&folder(twin)).unwrap();
        let (_scratch, lora) = initial_adapter(twin, &config);
        for (method, key) in [(lora, "training"), (Method::Full, "full_training")] {
            check_steps(
                &train(&device, twin, method, &expected[key]),
                &expected[key],
                &format!("{twin} {key}"),
            );
        }
    }
}

fn check_steps(found: &[StepFigures], expected: &Value, what: &str) {
    let of = |key: &str| numbers(&expected[key]);
    let (losses, norms, rates) = (of("losses"), of("grad_norms"), of("learning_rates"));
    assert_eq!(found.len(), losses.len());
    for (at, figures) in found.iter().enumerate() {
        let what = format!("{what} step {}", figures.step);
        check_close(figures.loss, losses[at], 1e-4, &what);
        check_close(figures.grad_norm, norms[at], 1e-3, &what);
        check_close(figures.learning_rate, rates[at], 1e-9, &what);
    }
}

#[test]
fn steps_have_pytorch_s_losses_on_the_reference_device() {
    check(Reference::<f32>::new());
}

#[test]
fn steps_have_pytorch_s_losses_on_the_cpu() {
    check(Cpu::new(2));
}
