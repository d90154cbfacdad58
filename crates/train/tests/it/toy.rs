//! A toy decoder, toy samples, and a host that remembers what it heard.

use std::cell::RefCell;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use chat::{CancelToken, Sample, SampleView};
use kernels::Reference;
use model::{Decoder, LoraTargets, ModelConfig};
use train::{
    Base, Event, Host, InLoopEval, Length, MemoryReading, Outcome, Settings, StepFigures, TrainError,
};

pub type Device = Reference<f32>;

/// A two-layer Qwen3 of 24 tokens.
pub fn config() -> ModelConfig {
    ModelConfig {
        vocab: 24,
        context: 32,
        layers: 2,
        hidden: 12,
        mlp_hidden: 20,
        heads: 3,
        kv_heads: 1,
        head_dim: 4,
        ..ModelConfig::preset("nano").unwrap()
    }
}

pub fn decoder() -> Decoder<Device> {
    Decoder::random(Arc::new(Device::new()), config(), 3).unwrap()
}

/// Samples of 4 to 15 tokens that count upwards from a start of their own; the second half is trained.
pub fn samples(count: usize) -> Vec<Sample> {
    let sample = |n: usize| {
        let len = 4 + n * 7 % 12;
        Sample {
            row: format!("row-{n}"),
            part: 0,
            ids: (0..len).map(|at| ((n * 5 + at) % 24) as u32).collect(),
            trained: (0..len).map(|at| at >= len / 2).collect(),
        }
    };
    (0..count).map(sample).collect()
}

pub fn views(samples: &[Sample]) -> Vec<SampleView<'_>> {
    samples.iter().map(Sample::view).collect()
}

/// Twenty LoRA steps over ten samples, four a step, measured and kept now and then.
pub fn settings() -> Settings {
    let base =
        Base { name: "toy".to_owned(), revision: None, digest: "d".to_owned(), export: None, weights: None };
    Settings {
        length: Length::Steps(20),
        samples_per_step: 4,
        learning_rate: 0.02,
        eval_every: train::Every::Steps(4),
        checkpoint_every: train::Every::Steps(5),
        keep_checkpoints: 2,
        ..Settings::lora(base, 3, LoraTargets::All)
    }
}

/// One training of [`samples`] of ten and three, with everything that can go on beside it.
pub struct Training<'a, D: kernels::Device = Device> {
    pub settings: Settings,
    pub train: Vec<Sample>,
    pub valid: Vec<Sample>,
    pub out: PathBuf,
    /// Called after each event; may cancel or panic.
    pub on_event: &'a dyn Fn(&Event, &CancelToken),
    pub eval: Option<&'a mut dyn InLoopEval<D>>,
    /// What the machine says of its memory.
    pub memory: MemoryReading,
    pub decoder: Decoder<D>,
}

impl Training<'_> {
    pub fn new(out: &Path) -> Self {
        Self::on(Device::new(), out)
    }
}

impl<D: kernels::Device> Training<'_, D> {
    pub fn on(device: D, out: &Path) -> Self {
        Self {
            settings: settings(),
            train: samples(10),
            valid: samples(13).split_off(10),
            out: out.to_owned(),
            on_event: &|_, _| {},
            eval: None,
            memory: MemoryReading::default(),
            decoder: Decoder::random(Arc::new(device), config(), 3).unwrap(),
        }
    }

    /// Runs it; gives the outcome and what was heard.
    pub fn run(mut self) -> (Result<Outcome, TrainError>, Vec<Event>) {
        let cancel = CancelToken::default();
        let mut events = Vec::new();
        let on_event = self.on_event;
        let time = RefCell::new(1e9);
        let clock = || {
            *time.borrow_mut() += 0.25;
            *time.borrow()
        };
        let mut host = Host {
            clock: &clock,
            cancel: &cancel,
            events: &mut |event| {
                events.push(event.clone());
                on_event(event, &cancel);
            },
            memory: &|| self.memory,
            // Borrowed anew, because the host's borrows are shorter than the training's.
            eval: match &mut self.eval {
                Some(eval) => Some(&mut **eval),
                None => None,
            },
        };
        let (train, valid) = (views(&self.train), views(&self.valid));
        let outcome = train::run(&mut self.decoder, &self.settings, &train, &valid, &self.out, &mut host);
        (outcome, events)
    }
}

pub fn steps(events: &[Event]) -> Vec<StepFigures> {
    let step = |event: &Event| match event {
        Event::Step(figures) => Some(figures.clone()),
        _ => None,
    };
    events.iter().filter_map(step).collect()
}

pub fn bytes(path: impl AsRef<Path>) -> Vec<u8> {
    std::fs::read(path.as_ref()).unwrap_or_else(|error| panic!("{}: {error}", path.as_ref().display()))
}
