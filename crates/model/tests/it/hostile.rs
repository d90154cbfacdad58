//! Files that were made to deceive, or were damaged: an error or a sound model, never a panic.

use std::path::Path;
use std::sync::Arc;

use kernels::{Reference, random};
use model::adapter::AdapterFolder;
use model::{Decoder, MemoryTensors, ModelConfig, ModelError, ModelFolder, SafetensorsFile, TensorSource};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::golden::{TWINS, folder};

#[expect(clippy::disallowed_methods, reason = "a test's scratch file")]
fn put(path: &Path, bytes: &[u8]) {
    std::fs::write(path, bytes).unwrap();
}

#[test]
fn damaged_tensor_files_never_panic() {
    let whole = std::fs::read(folder("qwen2").join("adapter/adapter_model.safetensors")).unwrap();
    let scratch = TempDir::new().unwrap();
    let path = scratch.path().join("x.safetensors");
    let (mut refused, mut read) = (0, 0);
    for round in 0..1500 {
        let mut bytes = whole.clone();
        for change in 0..=round % 3 {
            let bits = random::mix(round, change);
            // Half of the damage goes to the header, where it matters.
            let at = (bits >> 16) as usize % if bits & 256 == 0 { bytes.len() } else { 900 };
            bytes[at] = bits as u8;
        }
        if round % 5 == 0 {
            bytes.truncate(random::mix(round, 99) as usize % bytes.len());
        }
        put(&path, &bytes);
        match SafetensorsFile::open(&path) {
            Ok(file) => {
                read += 1;
                for name in file.names() {
                    let view = file.get(&name).unwrap();
                    assert_eq!(view.to_f32().len(), view.shape.iter().product::<usize>());
                }
            }
            Err(ModelError::TensorFile { .. }) => refused += 1,
            Err(other) => panic!("{other}"),
        }
    }
    assert!(refused > 100 && read > 100, "{refused} refused, {read} read");
}

/// What a value may be replaced by.
fn replacements() -> Vec<Value> {
    let numbers = [json!(0), json!(-1), json!(1), json!(7), json!(0.5), json!(1e300), json!(u64::MAX)];
    let others = [json!(null), json!("x"), json!([]), json!({}), json!(true), json!(false)];
    numbers.into_iter().chain(others).collect()
}

/// The object with each value, and each value of an object in it, replaced.
fn variants(object: &Value) -> Vec<Value> {
    let mut out = Vec::new();
    for (key, value) in object.as_object().unwrap() {
        let with = |value: Value| {
            let mut changed = object.clone();
            changed[key] = value;
            changed
        };
        out.extend(replacements().into_iter().map(with));
        if value.as_object().is_some_and(|inner| !inner.is_empty()) {
            out.extend(variants(value).into_iter().map(with));
        }
    }
    out
}

fn json_of(path: &Path) -> Value {
    serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}

#[test]
fn any_value_in_a_config_is_refused_or_sound() {
    let (mut refused, mut sound) = (0, 0);
    for twin in TWINS {
        for value in variants(&json_of(&folder(twin).join("config.json"))) {
            let Ok(config) = ModelConfig::from_config_json(&value) else {
                refused += 1;
                continue;
            };
            sound += 1;
            assert!(config.heads * config.head_dim > 0 && config.heads.is_multiple_of(config.kv_heads));
            assert_eq!(ModelConfig::from_config_json(&config.to_config_json()).unwrap(), config, "{value}");
            if let model::Positions::Rotary(rotary) = &config.positions {
                let frequencies = rotary.inverse_frequencies(config.head_dim);
                assert!(frequencies.iter().all(|f| f.is_finite()), "{value}");
            }
        }
    }
    assert!(refused > 200 && sound > 200, "{refused} refused, {sound} sound");
}

#[test]
fn any_value_in_an_adapter_s_settings_is_refused_or_sound() {
    let (base, scratch) = (folder("llama"), TempDir::new().unwrap());
    let config = ModelConfig::from_folder(&base).unwrap();
    let name = "adapter_model.safetensors";
    std::fs::copy(base.join("adapter").join(name), scratch.path().join(name)).unwrap();
    let (mut refused, mut sound) = (0, 0);
    for value in variants(&json_of(&base.join("adapter/adapter_config.json"))) {
        put(&scratch.path().join("adapter_config.json"), value.to_string().as_bytes());
        match AdapterFolder::open(scratch.path(), &config) {
            Ok(adapter) => {
                assert!(adapter.lora.scale().is_finite(), "{value}");
                assert_eq!(adapter.lora.tensors(&config).unwrap().len(), adapter.names().len());
                sound += 1;
            }
            Err(_) => refused += 1,
        }
    }
    assert!(refused > 50 && sound > 50, "{refused} refused, {sound} sound");
}

#[test]
fn weights_saved_without_the_prefix_are_found() {
    for twin in TWINS {
        let config = ModelConfig::from_folder(&folder(twin)).unwrap();
        let whole = ModelFolder::open(&folder(twin)).unwrap();
        let mut bare = MemoryTensors::new();
        for name in whole.names() {
            let view = whole.get(&name).unwrap();
            let short = name.strip_prefix(config.base_prefix()).unwrap_or(&name);
            bare.insert(short, view.dtype, &view.shape, view.bytes.to_vec());
        }
        Decoder::load(Arc::new(Reference::<f32>::new()), config, &bare).unwrap();
    }
}

#[test]
fn weights_of_another_model_are_refused_by_the_tensor_s_name() {
    let config = ModelConfig::from_folder(&folder("qwen3")).unwrap();
    let load = |folder_of: &str, config: &ModelConfig| {
        let weights = ModelFolder::open(&folder(folder_of)).unwrap();
        Decoder::load(Arc::new(Reference::<f32>::new()), config.clone(), &weights).unwrap_err().to_string()
    };
    let error = load("qwen2", &config);
    assert_eq!(error, "tensor `model.layers.0.input_layernorm.weight` has shape [24], the model needs [20]");
    let error = load("qwen3", &ModelConfig { layers: 3, ..config });
    assert!(error.contains("model.safetensors has no tensor `model.layers.2."), "{error}");
}
