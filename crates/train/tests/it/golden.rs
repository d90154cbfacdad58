//! Short trainings of the golden twins against PyTorch + transformers + PEFT: each step's loss, norm and rate.

use std::path::PathBuf;
use std::sync::Arc;

use chat::{CancelToken, Sample};
use kernels::{Device, Reference};
use model::adapter::{AdapterFolder, AdapterInfo, write_adapter};
use model::weights::TensorToWrite;
use model::{Decoder, ModelConfig, ModelFolder, SafetensorsFile, TensorSource};
use serde_json::Value;
use tempfile::TempDir;
use train::{Adam, Base, Event, Every, Host, Length, Method, Order, ResultFrom, Schedule, Settings, Warmup};

use crate::toy::{steps, views};

const TWINS: [&str; 4] = ["gpt2", "llama", "qwen2", "qwen3"];

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

/// The settings that the script used.
fn settings(value: &Value, steps: u64, method: Method) -> Settings {
    let number = |key: &str| value[key].as_f64().unwrap();
    let count = |key: &str| value[key].as_u64().unwrap();
    Settings {
        method,
        length: Length::Steps(count("steps").min(steps)),
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

fn check<D: Device>(device: D, steps_wanted: u64) {
    let device = Arc::new(device);
    for twin in TWINS {
        let text = std::fs::read_to_string(folder(twin).join("expected.json")).unwrap();
        let expected: Value = serde_json::from_str(&text).unwrap();
        let config = ModelConfig::from_folder(&folder(twin)).unwrap();
        let (_scratch, lora) = initial_adapter(twin, &config);
        for (method, key) in [(lora, "training"), (Method::Full, "full_training")] {
            let expected = &expected[key];
            let mut settings = settings(&expected["settings"], steps_wanted, method);
            // The schedule is that of the whole training, of which the first steps are compared.
            settings.length = Length::Steps(expected["settings"]["steps"].as_u64().unwrap());
            let weights = ModelFolder::open(&folder(twin)).unwrap();
            let mut decoder = Decoder::load(device.clone(), config.clone(), &weights).unwrap();
            let out = TempDir::new().unwrap();
            let cancel = CancelToken::default();
            let mut events = Vec::new();
            let mut host = Host {
                clock: &|| 0.0,
                cancel: &cancel,
                events: &mut |event: &Event| {
                    if matches!(event, Event::Step(figures) if figures.step == steps_wanted) {
                        cancel.cancel();
                    }
                    events.push(event.clone());
                },
                eval: None,
            };
            let samples = samples(&expected["samples"]);
            train::run(&mut decoder, &settings, &views(&samples), &[], out.path(), &mut host).unwrap();
            let found = steps(&events);
            assert_eq!(found.len() as u64, steps_wanted);
            let (losses, norms, rates) = (
                numbers(&expected["losses"]),
                numbers(&expected["grad_norms"]),
                numbers(&expected["learning_rates"]),
            );
            for (at, figures) in found.iter().enumerate() {
                let what = format!("{twin} {key} step {}", figures.step);
                check_close(figures.loss, losses[at], 1e-4, &what);
                check_close(figures.grad_norm, norms[at], 1e-3, &what);
                check_close(figures.learning_rate, rates[at], 1e-9, &what);
            }
        }
    }
}

#[test]
fn twenty_steps_have_pytorch_s_losses_on_the_reference_device() {
    check(Reference::<f32>::new(), 20);
}
