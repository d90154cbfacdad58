//! Trains each golden twin – an adapter, all parameters, and classifiers – and writes what comes of it with the logits it gives,
//! for PEFT and transformers to be compared with.
//!
//! `cargo run --release -p train --example twin_adapters -- tools/golden OUT`, then
//! `python tools/golden/peft_reads_ours.py OUT`.

use std::error::Error;
use std::path::Path;
use std::sync::Arc;

use chat::{CancelToken, Sample};
use kernels::Reference;
use model::adapter::{AdapterFolder, merge_adapter};
use model::weights::{TensorToWrite, write_safetensors};
use model::{
    Decoder, LoraConfig, LoraTargets, ModelConfig, ModelFolder, Recompute, TrainBatch, Trainable, Workspace,
};
use serde_json::Value;
use train::{Base, Host, Length, Method, Settings, Task};

type Device = Reference<f32>;

fn main() -> Result<(), Box<dyn Error>> {
    let folders: Vec<_> = std::env::args().skip(1).collect();
    let [golden, out] = folders.as_slice() else { return Err("usage: twin_adapters GOLDEN OUT".into()) };
    for (twin, rslora) in [
        ("gpt2", false),
        ("llama", true),
        ("mistral", false),
        ("qwen2", false),
        ("qwen3", true),
        ("gpt_neox", false),
        ("gemma", false),
    ] {
        let (base, out) = (Path::new(golden).join(twin), Path::new(out).join(twin));
        let samples = samples(&base)?;
        let config = ModelConfig::from_folder(&base)?;
        let weights = ModelFolder::open(&base)?;
        let load = || Decoder::load(Arc::new(Device::new()), config.clone(), &weights);
        let name = Base { name: format!("twins/{twin}"), ..Base::default() };
        let lora = LoraConfig { rank: 5, alpha: 7.0, dropout: 0.1, targets: LoraTargets::All, rslora };
        let method = Method::Lora { lora, b_ratio: 1.0, start_from: None };
        let settings = Settings { method, learning_rate: 0.05, ..Settings::full(name.clone()) };
        let mut decoder = load()?;
        train(&mut decoder, settings, &samples, &out)?;
        let adapter = AdapterFolder::open(&out.join("adapter"), decoder.config())?.bind(&decoder)?;
        write_logits(&decoder, Some(&adapter), &samples, &out.join("adapter-logits.safetensors"))?;
        merge_adapter(&base, &out.join("adapter"), &out.join("merged"), None)?;

        let out = out.join("full");
        let settings = Settings { learning_rate: 0.01, ..Settings::full(name) };
        train(&mut load()?, settings, &samples, &out)?;
        let (model, config) = (out.join("model"), ModelConfig::from_folder(&out.join("model"))?);
        let decoder = Decoder::load(Arc::new(Device::new()), config, &ModelFolder::open(&model)?)?;
        write_logits(&decoder, None, &samples, &out.join("model-logits.safetensors"))?;
    }
    for twin in ["gpt2", "llama", "qwen3"] {
        classifiers(Path::new(golden), twin, &Path::new(out).join(twin))?;
    }
    Ok(())
}

/// A classifier with an adapter and one whose every weight is trained, with the logits of each text.
fn classifiers(golden: &Path, twin: &str, out: &Path) -> Result<(), Box<dyn Error>> {
    let base = golden.join(twin);
    let config = ModelConfig::from_folder(&base)?.for_classification();
    let weights = ModelFolder::open(&base)?;
    let load = || Decoder::load(Arc::new(Device::new()), config.clone(), &weights);
    let texts = texts(&golden.join("classifiers").join(twin))?;
    let labels = ["배송", "환불/반품", "기타"].map(str::to_owned).to_vec();
    let name = Base { name: format!("twins/{twin}"), ..Base::default() };
    let lora = LoraConfig { rank: 5, alpha: 7.0, dropout: 0.1, targets: LoraTargets::All, rslora: false };
    for (method, learning_rate, folder) in [
        (Method::Lora { lora, b_ratio: 1.0, start_from: None }, 0.05, "classifier"),
        (Method::Full, 0.01, "whole-classifier"),
    ] {
        let is_whole = method == Method::Full;
        let task = Task::Labels(labels.clone());
        let settings = Settings { method, task, learning_rate, ..Settings::full(name.clone()) };
        let (out, mut decoder) = (out.join(folder), load()?);
        train(&mut decoder, settings, &texts, &out)?;
        let trained = if is_whole {
            let files = ModelFolder::open(&out.join("model"))?;
            decoder = Decoder::load(Arc::new(Device::new()), config.clone(), &files)?;
            decoder.bind_score(&files)?
        } else {
            AdapterFolder::open(&out.join("adapter"), decoder.config())?.bind(&decoder)?
        };
        let mut batch = TrainBatch::default();
        for text in &texts {
            batch.push_text(&text.ids[..text.ids.len() - 1], 0);
        }
        let mut ws = Workspace::new(&**decoder.device(), Recompute::Never);
        let logits = decoder.class_logits(&trained, &batch, &mut ws)?;
        let shape = vec![texts.len(), labels.len()];
        let tensor = TensorToWrite { name: "logits".to_owned(), shape, values: &logits };
        write_safetensors(&out.join("logits.safetensors"), &[tensor], &[])?;
    }
    Ok(())
}

/// The texts that PyTorch labels, with the numbers of their labels behind them.
fn texts(folder: &Path) -> Result<Vec<Sample>, Box<dyn Error>> {
    let text = std::fs::read_to_string(folder.join("expected.json"))?;
    let value: Value = serde_json::from_str(&text)?;
    let number = |value: &Value| value.as_u64().unwrap_or_default() as u32;
    let text = |(n, value): (usize, &Value)| {
        let ids: Vec<u32> = value["ids"].as_array().into_iter().flatten().map(number).collect();
        let trained = (0..=ids.len()).map(|at| at == ids.len()).collect();
        let ids = ids.into_iter().chain([number(&value["label"])]).collect();
        Sample { row: format!("row-{n}"), part: 0, ids, trained }
    };
    Ok(value["samples"].as_array().ok_or("no samples")?.iter().enumerate().map(text).collect())
}

/// The samples that PyTorch was trained on.
fn samples(base: &Path) -> Result<Vec<Sample>, Box<dyn Error>> {
    let text = std::fs::read_to_string(base.join("expected.json"))?;
    let value: Value = serde_json::from_str(&text)?;
    let list = value["training"]["samples"].as_array().ok_or("no samples")?;
    let sample = |(n, value): (usize, &Value)| Sample {
        row: format!("row-{n}"),
        part: 0,
        ids: value["ids"]
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(Value::as_u64)
            .map(|id| id as u32)
            .collect(),
        trained: value["trained"].as_array().into_iter().flatten().filter_map(Value::as_bool).collect(),
    };
    Ok(list.iter().enumerate().map(sample).collect())
}

fn train(
    decoder: &mut Decoder<Device>,
    settings: Settings,
    samples: &[Sample],
    out: &Path,
) -> Result<(), Box<dyn Error>> {
    let settings = Settings { length: Length::Steps(20), samples_per_step: 4, ..settings };
    let cancel = CancelToken::default();
    let mut host =
        Host { clock: &|| 0.0, cancel: &cancel, events: &mut |_| {}, memory: &Default::default, eval: None };
    let views: Vec<_> = samples.iter().map(Sample::view).collect();
    train::run(decoder, &settings, &views, &[], out, &mut host)?;
    Ok(())
}

/// Logits after every token of every sample.
fn write_logits(
    decoder: &Decoder<Device>,
    adapter: Option<&Trainable<Device>>,
    samples: &[Sample],
    path: &Path,
) -> Result<(), Box<dyn Error>> {
    let mut ws = Workspace::new(&**decoder.device(), Recompute::Never);
    let mut logits = Vec::new();
    for sample in samples {
        for end in 1..=sample.ids.len() {
            let mut cache = decoder.kv_cache(1, sample.ids.len());
            logits.extend(decoder.prefill(&mut cache, 0, &sample.ids[..end], adapter, &mut ws)?);
        }
    }
    let vocab = decoder.config().vocab;
    let shape = vec![logits.len() / vocab, vocab];
    let tensor = TensorToWrite { name: "logits".to_owned(), shape, values: &logits };
    Ok(write_safetensors(path, &[tensor], &[])?)
}
