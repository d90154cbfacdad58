//! Classifiers: PyTorch's numbers, PEFT's files, exact resume, and what is refused.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use chat::{CancelToken, Sample};
use kernels::{Cpu, Device, Reference};
use model::adapter::{AdapterFolder, AdapterInfo, TaskType, write_adapter};
use model::weights::TensorToWrite;
use model::{
    Decoder, ModelConfig, ModelFolder, PEFT_SCORE, Recompute, SafetensorsFile, TensorSource, TrainBatch,
    Trainable, Workspace,
};
use serde_json::Value;
use tempfile::TempDir;
use train::verify::{self, LAYOUT_BOUND, Layout, SLOPE_BOUND};
use train::{
    Adam, Base, Ending, Event, Every, Host, Length, Method, Order, ResultFrom, Schedule, Settings,
    StepFigures, Task, TrainError, Warmup,
};

use crate::toy::{Training, bytes, config, decoder, steps, views};

const TWINS: [&str; 3] = ["gpt2", "llama", "qwen3"];

fn golden() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../tools/golden")
}

fn labels(count: usize) -> Vec<String> {
    (0..count).map(|n| format!("LABEL_{n}")).collect()
}

/// What PyTorch made of a twin.
struct Expected {
    twin: &'static str,
    value: Value,
}

impl Expected {
    fn read(twin: &'static str) -> Self {
        let text = std::fs::read_to_string(golden().join("classifiers").join(twin).join("expected.json"));
        Self { twin, value: serde_json::from_str(&text.unwrap()).unwrap() }
    }

    fn folder(&self) -> PathBuf {
        golden().join("classifiers").join(self.twin)
    }

    fn config(&self) -> ModelConfig {
        ModelConfig::from_folder(&golden().join(self.twin)).unwrap().for_classification()
    }

    fn decoder<D: Device>(&self, device: &Arc<D>) -> Decoder<D> {
        let weights = ModelFolder::open(&golden().join(self.twin)).unwrap();
        Decoder::load(device.clone(), self.config(), &weights).unwrap()
    }

    /// (ids, label).
    fn texts(&self) -> Vec<(Vec<u32>, u32)> {
        let number = |value: &Value| value.as_u64().unwrap() as u32;
        let text = |value: &Value| {
            (value["ids"].as_array().unwrap().iter().map(number).collect(), number(&value["label"]))
        };
        self.value["samples"].as_array().unwrap().iter().map(text).collect()
    }

    fn numbers(&self, way: &str, key: &str) -> Vec<f64> {
        let mut out = Vec::new();
        flatten(&self.value[way][key], &mut out);
        out
    }

    fn settings(&self, method: Method) -> Settings {
        let number = |key: &str| self.value["settings"][key].as_f64().unwrap();
        let count = |key: &str| self.value["settings"][key].as_u64().unwrap();
        Settings {
            method,
            task: Task::Labels(labels(3)),
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

    /// PEFT's initial A, B = 0 and the initial head, as an adapter folder.
    fn initial(&self, folder: &Path) -> Method {
        let config = self.config();
        let lora = AdapterFolder::open(&self.folder().join("adapter"), &config).unwrap().lora;
        let file = SafetensorsFile::open(&self.folder().join("init.safetensors")).unwrap();
        let mut tensors: Vec<_> =
            lora.tensors(&config).unwrap().into_iter().map(|tensor| (tensor.name, tensor.shape)).collect();
        tensors.push((PEFT_SCORE.to_owned(), vec![3, config.hidden]));
        let values: Vec<Vec<f32>> = tensors
            .iter()
            .map(|(name, shape)| {
                let is_b = name.contains("lora_B");
                if is_b { vec![0.0; shape.iter().product()] } else { file.get(name).unwrap().to_f32() }
            })
            .collect();
        let tensors: Vec<_> = (tensors.into_iter().zip(&values))
            .map(|((name, shape), values)| TensorToWrite { name, shape, values })
            .collect();
        let info = AdapterInfo {
            task: TaskType::SequenceClassification,
            labels: labels(3),
            ..AdapterInfo::for_base("twin")
        };
        write_adapter(folder, &config, &info, &lora, &tensors).unwrap();
        Method::Lora { lora, b_ratio: 1.0, start_from: Some(folder.to_owned()) }
    }
}

fn flatten(value: &Value, out: &mut Vec<f64>) {
    match value {
        Value::Array(items) => items.iter().for_each(|item| flatten(item, out)),
        other => out.push(other.as_f64().unwrap()),
    }
}

fn samples(texts: &[(Vec<u32>, u32)]) -> Vec<Sample> {
    let sample = |(n, (ids, label)): (usize, &(Vec<u32>, u32))| Sample {
        row: format!("row-{n}"),
        part: 0,
        ids: ids.iter().copied().chain([*label]).collect(),
        trained: (0..=ids.len()).map(|at| at == ids.len()).collect(),
    };
    texts.iter().enumerate().map(sample).collect()
}

fn logits<D: Device>(
    decoder: &Decoder<D>,
    trainable: &Trainable<D>,
    texts: &[(Vec<u32>, u32)],
    together: bool,
) -> Vec<f32> {
    let mut ws = Workspace::new(&**decoder.device(), Recompute::Never);
    let mut batches: Vec<TrainBatch> = Vec::new();
    for (ids, label) in texts {
        if !together || batches.is_empty() {
            batches.push(TrainBatch::default());
        }
        batches.last_mut().unwrap().push_text(ids, *label);
    }
    batches.iter().flat_map(|batch| decoder.class_logits(trainable, batch, &mut ws).unwrap()).collect()
}

#[track_caller]
fn check_close(found: f64, expected: f64, tolerance: f64, what: &str) {
    assert!((found - expected).abs() <= tolerance * expected.abs(), "{what}: {found}, expected {expected}");
}

#[track_caller]
fn check_logits(found: &[f32], expected: &[f64], what: &str) {
    let norm = |values: &mut dyn Iterator<Item = f64>| values.map(|v| v * v).sum::<f64>().sqrt();
    let away = norm(&mut found.iter().zip(expected).map(|(&f, e)| f64::from(f) - e));
    assert_eq!(found.len(), expected.len());
    assert!(away < 1e-4 * norm(&mut expected.iter().copied()), "{what}: {found:?}, expected {expected:?}");
}

fn check<D: Device>(device: D) {
    let device = Arc::new(device);
    for twin in TWINS {
        let expected = Expected::read(twin);
        let scratch = TempDir::new().unwrap();
        let adapter = expected.initial(&scratch.path().join("initial"));
        check_way(&device, &expected, "lora", adapter, scratch.path());
    }
}

fn check_way<D: Device>(device: &Arc<D>, expected: &Expected, way: &str, method: Method, scratch: &Path) {
    let mut decoder = expected.decoder(device);
    let (settings, samples) = (expected.settings(method), samples(&expected.texts()));
    let mut events = Vec::new();
    let mut host = Host {
        clock: &|| 0.0,
        cancel: &CancelToken::default(),
        events: &mut |event: &Event| events.push(event.clone()),
        memory: &Default::default,
        eval: None,
    };
    let outcome =
        train::run(&mut decoder, &settings, &views(&samples), &[], &scratch.join(way), &mut host).unwrap();
    check_steps(&steps(&events), expected, way);
    let adapter = AdapterFolder::open(&outcome.result.unwrap(), decoder.config()).unwrap();
    assert_eq!(adapter.info.labels, labels(3));
    let trained = adapter.bind(&decoder).unwrap();
    let found = logits(&decoder, &trained, &expected.texts(), true);
    check_logits(&found, &expected.numbers(way, "logits"), expected.twin);
}

fn check_steps(found: &[StepFigures], expected: &Expected, way: &str) {
    let of = |key: &str| expected.numbers(way, key);
    let (losses, norms, rates) = (of("losses"), of("grad_norms"), of("learning_rates"));
    assert_eq!(found.len(), losses.len());
    for (at, figures) in found.iter().enumerate() {
        let what = format!("{} {way} step {}", expected.twin, figures.step);
        check_close(figures.loss, losses[at], 1e-3, &what);
        check_close(figures.grad_norm, norms[at], 5e-3, &what);
        check_close(figures.learning_rate, rates[at], 1e-9, &what);
    }
}

#[test]
fn steps_have_pytorch_s_losses_and_logits_on_the_reference_device() {
    check(Reference::<f32>::new());
}

#[test]
fn steps_have_pytorch_s_losses_and_logits_on_the_cpu() {
    check(Cpu::new(2));
}

#[test]
fn an_adapter_that_peft_saved_gives_its_logits_here() {
    for twin in TWINS {
        let expected = Expected::read(twin);
        let decoder = expected.decoder(&Arc::new(Cpu::new(1)));
        let adapter = AdapterFolder::open(&expected.folder().join("adapter"), decoder.config()).unwrap();
        assert_eq!(adapter.info.labels, labels(3), "PEFT names none, so they are numbered");
        let bound = adapter.bind(&decoder).unwrap();
        let found = logits(&decoder, &bound, &expected.texts(), false);
        check_logits(&found, &expected.numbers("lora", "logits"), twin);
        assert_eq!(
            found,
            logits(&decoder, &bound, &expected.texts(), true),
            "a text's logits do not depend on the texts beside it"
        );
    }
}

/// Ten texts with a common beginning, and three more.
fn toy(out: &Path, method: Method) -> Training<'_> {
    let text = |n: usize| {
        let tail = (0..=n * 5 % 7).map(|at| ((n * 3 + at) % 24) as u32);
        ((0..6).chain(tail).collect(), (n % 3) as u32)
    };
    let texts: Vec<(Vec<u32>, u32)> = (0..13).map(text).collect();
    let mut training = Training::new(out);
    training.train = samples(&texts[..10]);
    training.valid = samples(&texts[10..]);
    training.settings = Settings {
        method,
        task: Task::Labels(["배송", "환불", "기타"].map(str::to_owned).to_vec()),
        min_shared: 4,
        ..training.settings
    };
    training
}

fn methods() -> [Method; 2] {
    [crate::toy::settings().method, Method::Full]
}

fn result(out: &Path, method: &Method) -> Vec<Vec<u8>> {
    let files: &[&str] = match method {
        Method::Lora { .. } => &[
            "adapter/adapter_model.safetensors",
            "adapter/adapter_config.json",
            "adapter/config.json",
            "adapter/README.md",
        ],
        Method::Full => &["model/model.safetensors", "model/config.json", "model/README.md"],
    };
    let shared = ["trainer_state.json", "checkpoint-20/optimizer.safetensors"];
    files.iter().chain(&shared).map(|file| bytes(out.join(file))).collect()
}

#[test]
fn a_classifier_stopped_anywhere_ends_with_the_same_bytes() {
    for method in methods() {
        let whole = TempDir::new().unwrap();
        toy(whole.path(), method.clone()).run().0.unwrap();
        for stop_at in [1, 7, 19] {
            let out = TempDir::new().unwrap();
            let stop = |event: &Event, cancel: &CancelToken| {
                if matches!(event, Event::Step(figures) if figures.step == stop_at) {
                    cancel.cancel();
                }
            };
            let stopped = Training { on_event: &stop, ..toy(out.path(), method.clone()) }.run().0.unwrap();
            assert_eq!((stopped.ending, stopped.step), (Ending::Stopped, stop_at));
            let (outcome, events) = toy(out.path(), method.clone()).run();
            assert_eq!(outcome.unwrap().ending, Ending::Complete);
            assert_eq!(steps(&events)[0].step, stop_at + 1);
            assert_eq!(result(out.path(), &method), result(whole.path(), &method));
        }
    }
}

#[test]
fn trees_packs_and_slopes_agree_for_a_classifier() {
    for method in methods() {
        let training = toy(Path::new(""), method);
        let views = views(&training.train);
        for layout in [Layout::Tree, Layout::Packed] {
            let mut decoder = decoder();
            let found = verify::compare(&mut decoder, &training.settings, &views, layout).unwrap();
            assert!(found.greatest() < LAYOUT_BOUND, "{layout:?}: {found:?}");
            let shares = found.together_tokens < found.separate_tokens;
            assert_eq!(shares, layout == Layout::Tree);
        }
        let slopes = verify::slopes(&mut decoder(), &training.settings, &views[..4], &mut |_, _| {}).unwrap();
        assert!(slopes[0].relative < SLOPE_BOUND, "{:?}", slopes[0]);
        assert!(slopes.iter().any(|slope| slope.name.ends_with("score.weight")));
    }
}

#[test]
fn a_whole_classifier_is_read_back_with_its_labels() {
    let out = TempDir::new().unwrap();
    let training = toy(out.path(), Method::Full);
    let texts: Vec<_> = (training.train.iter())
        .map(|sample| (sample.ids[..sample.ids.len() - 1].to_vec(), sample.ids[sample.ids.len() - 1]))
        .collect();
    let named = training.settings.task.labels().to_vec();
    let (outcome, events) = training.run();
    let folder = outcome.unwrap().result.unwrap();
    let (body, labels) = ModelConfig::classifier_from_folder(&folder).unwrap();
    assert_eq!((body.hidden, labels), (config().hidden, Some(named)));
    let weights = ModelFolder::open(&folder).unwrap();
    let decoder = Decoder::load(Arc::new(Reference::<f32>::new()), body, &weights).unwrap();
    let bound = decoder.bind_score(&weights).unwrap();
    let mut batch = TrainBatch::default();
    for (ids, label) in &texts {
        batch.push_text(ids, *label);
    }
    let mut ws = Workspace::new(&**decoder.device(), Recompute::Never);
    let sum = decoder.loss(Some(&bound), &batch, &mut ws).unwrap();
    // The best step's, whose loss on these texts is not far from those of the steps about it.
    let first = steps(&events)[0].loss;
    assert!(sum.loss / sum.weight < 0.9 * first, "{} and {first} at first", sum.loss / sum.weight);
}

#[test]
fn a_classifier_predicts_no_token_and_a_language_model_no_label() {
    let decoder = decoder();
    let lora = match crate::toy::settings().method {
        Method::Lora { lora, .. } => lora,
        Method::Full => unreachable!("the toy's settings are an adapter's"),
    };
    let adapter = || decoder.bind_lora(decoder.lora_parameters(&lora, 1).unwrap(), &lora).unwrap();
    let classifier = decoder.with_score(adapter(), 3, 1).unwrap();
    let mut ws = Workspace::new(&**decoder.device(), Recompute::Never);
    let mut cache = decoder.kv_cache(1, 8);
    let error = decoder.prefill(&mut cache, 0, &[1, 2], Some(&classifier), &mut ws).unwrap_err();
    assert_eq!(error.to_string(), "this is a classifier of 3 labels; it has no next token");
    let error = decoder.class_logits(&adapter(), &TrainBatch::sample(&[1, 2], &[0.0, 1.0]), &mut ws);
    assert_eq!(
        error.unwrap_err().to_string(),
        "this has no classification head: it predicts tokens, and no label"
    );
    assert!(decoder.with_score(adapter(), 1, 1).is_err(), "one label is no choice");
}

#[test]
fn samples_that_are_no_texts_with_labels_are_refused() {
    let refused = |change: &dyn Fn(&mut Training)| {
        let out = TempDir::new().unwrap();
        let mut training = toy(out.path(), methods()[0].clone());
        change(&mut training);
        training.run().0.unwrap_err().to_string()
    };
    assert_eq!(
        refused(&|t| {
            let last = t.train[3].ids.len() - 1;
            t.train[3].ids[last] = 3;
        }),
        "sample row-3 has label number 3; there are 3 labels, numbered from 0"
    );
    assert_eq!(
        refused(&|t| t.valid[1].trained[1] = true),
        "sample row-1 is not a text with a label behind it: of a classifier's sample the last number alone is trained"
    );
    assert_eq!(
        refused(&|t| t.settings.task = Task::Labels(vec!["a".to_owned()])),
        "the task: a classifier needs at least 2 labels, this has 1"
    );
    assert_eq!(
        refused(&|t| t.settings.task = Task::Labels(["a", "b", "a"].map(str::to_owned).to_vec())),
        "the task: the label \"a\" is there twice"
    );
}

#[test]
fn a_classifier_that_diverges_stops_and_names_its_rows() {
    let out = TempDir::new().unwrap();
    let mut training = toy(out.path(), methods()[0].clone());
    training.settings.learning_rate = 1e30;
    training.settings.max_grad_norm = None;
    match training.run().0.unwrap_err() {
        TrainError::NotFinite { step, rows, .. } => assert!(step > 1 && rows.len() <= 4, "{step} {rows:?}"),
        other => panic!("{other}"),
    }
}
