//! Model and adapter folders changed at random: an error or a sound model, never a panic, a hang or a flood.

use std::path::Path;
use std::sync::Arc;

use kernels::Reference;
use model::adapter::AdapterFolder;
use model::weights::gguf::{GgufFile, GgufMix, GgufModel, GgufValue, export_gguf};
use model::{Decoder, ModelConfig, ModelFolder, SafetensorsFile, TensorSource};
use testing::mutation::{Draws, mutated, write_new};
use testing::trials;

use crate::golden::{TWINS, folder};

const KINDS: [&str; 6] = ["safetensors", "config", "adapter", "weights", "gguf", "quantised"];

#[test]
fn folders_changed_at_random() {
    trials::survive_each("soak_files::each_case", &KINDS, 0..120);
}

#[test]
#[ignore = "thousands of cases; `cargo xtask soak`"]
fn soak_folders_changed_at_random() {
    trials::survive_each("soak_files::each_case", &KINDS, 0..4000);
}

#[test]
#[ignore = "a child of the tests beside it"]
fn each_case() {
    let scratch = tempfile::tempdir().unwrap();
    trials::child(&mut |kind, case| {
        let mut draws = Draws::new(case);
        let twin = folder(TWINS[draws.below(TWINS.len())]);
        match kind {
            "safetensors" => tensors(&twin, scratch.path(), &mut draws),
            "config" => config(&twin, scratch.path(), &mut draws),
            "adapter" => adapter(&twin, scratch.path(), &mut draws),
            "gguf" => gguf(&twin, scratch.path(), &mut draws),
            "quantised" => quantised(scratch.path(), &mut draws),
            _ => weights(&twin, scratch.path(), &mut draws),
        }
    });
}

/// Writes a file of the twin, changed where asked. Half of the changes to tensors go to the header.
fn put(from: &Path, to: &Path, draws: Option<&mut Draws>) {
    let bytes = std::fs::read(from).unwrap();
    let is_tensors = from.extension().is_some_and(|e| e == "safetensors");
    let changed = match draws {
        None => bytes,
        Some(draws) => {
            let by_header = is_tensors && draws.below(2) == 0;
            if by_header { with_another_header(&bytes, draws) } else { mutated(&bytes, draws) }
        }
    };
    write_new(to, &changed);
}

/// A header may have any length, as long as it says so.
fn with_another_header(bytes: &[u8], draws: &mut Draws) -> Vec<u8> {
    let header = 8 + u64::from_le_bytes(bytes[..8].try_into().unwrap()) as usize;
    let json = mutated(&bytes[8..header], draws);
    [&(json.len() as u64).to_le_bytes()[..], &json, &bytes[header..]].concat()
}

fn tensors(twin: &Path, scratch: &Path, draws: &mut Draws) {
    let path = scratch.join("x.safetensors");
    put(&twin.join("adapter/adapter_model.safetensors"), &path, Some(draws));
    let Ok(file) = SafetensorsFile::open(&path) else { return };
    for name in file.names() {
        let view = file.get(&name).unwrap();
        assert_eq!(view.to_f32().len(), view.shape.iter().product::<usize>());
    }
}

fn config(twin: &Path, scratch: &Path, draws: &mut Draws) {
    put(&twin.join("config.json"), &scratch.join("config.json"), Some(draws));
    let Ok(config) = ModelConfig::from_folder(scratch) else { return };
    assert_eq!(ModelConfig::from_config_json(&config.to_config_json()).unwrap(), config);
}

/// A model folder of which one file is changed is loaded or refused; it takes no more memory than its weights.
fn weights(twin: &Path, scratch: &Path, draws: &mut Draws) {
    let changed = draws.below(2);
    for (i, name) in ["config.json", "model.safetensors"].into_iter().enumerate() {
        put(&twin.join(name), &scratch.join(name), (i == changed).then_some(&mut *draws));
    }
    let Ok(config) = ModelConfig::from_folder(scratch) else { return };
    let Ok(folder) = ModelFolder::open(scratch) else { return };
    let _ = Decoder::load(Arc::new(Reference::<f32>::new()), config, &folder);
}

/// A GGUF file of the twin, half of the changes in its header: refused, or a file of which every key and tensor can be
/// read; and as a model loaded or refused.
fn gguf(twin: &Path, scratch: &Path, draws: &mut Draws) {
    let (whole, path) = (scratch.join("whole.gguf"), scratch.join("x.gguf"));
    let config = ModelConfig::from_folder(twin).unwrap();
    let mix = *draws.one(&GgufMix::ALL);
    let texts = GgufValue::Texts(vec!["a".into(), "나".into()]);
    let keys = [("tokenizer.ggml.tokens".to_owned(), texts)];
    export_gguf(&whole, &config, &ModelFolder::open(twin).unwrap(), mix, &keys).unwrap();
    let bytes = std::fs::read(&whole).unwrap();
    // The header is some thousand bytes of text; the rest is numbers, which may be anything.
    let header = if draws.below(2) == 0 { bytes.len() } else { bytes.len().min(4096) };
    write_new(&path, &[&mutated(&bytes[..header], draws)[..], &bytes[header..]].concat());
    let Ok(file) = GgufFile::open(&path) else { return };
    for (_, value) in file.keys() {
        let _ = (value.text(), value.size(), value.number(), value.flag(), value.describe());
        assert_eq!(value.texts().map(Iterator::count), value.len().filter(|_| value.texts().is_some()));
        assert_eq!(value.numbers().map(Iterator::count), value.len().filter(|_| value.numbers().is_some()));
    }
    for name in file.names() {
        let view = file.get(&name).unwrap();
        assert_eq!(view.to_f32().len(), view.shape.iter().product::<usize>());
    }
    let Ok(model) = GgufModel::of(file) else { return };
    let _ = Decoder::load(Arc::new(Reference::<f32>::new()), model.config().clone(), &model);
}

/// A folder of bitsandbytes of which one file is changed: every tensor is read or refused, and so is the model.
fn quantised(scratch: &Path, draws: &mut Draws) {
    let kinds = ["gpt2/nf4", "gpt2/fp4", "gpt2/int8", "qwen3/nf4", "qwen3/fp4", "qwen3/int8"];
    let whole = folder("bitsandbytes").join(draws.one(&kinds));
    let changed = draws.below(4).min(1);
    for (i, name) in ["config.json", "model.safetensors"].into_iter().enumerate() {
        put(&whole.join(name), &scratch.join(name), (i == changed).then_some(&mut *draws));
    }
    let Ok(model) = ModelFolder::open(scratch) else { return };
    for view in model.names().iter().filter_map(|name| model.get(name).ok()) {
        assert_eq!(view.to_f32().len(), view.shape.iter().product::<usize>());
    }
    let Ok(config) = ModelConfig::from_folder(scratch) else { return };
    let _ = Decoder::load(Arc::new(Reference::<f32>::new()), config, &model);
}

fn adapter(twin: &Path, scratch: &Path, draws: &mut Draws) {
    let changed = draws.below(2);
    for (i, name) in ["adapter_config.json", "adapter_model.safetensors"].into_iter().enumerate() {
        put(&twin.join("adapter").join(name), &scratch.join(name), (i == changed).then_some(&mut *draws));
    }
    let config = ModelConfig::from_folder(twin).unwrap();
    let Ok(adapter) = AdapterFolder::open(scratch, &config) else { return };
    assert!(adapter.lora.scale().is_finite(), "a scale that is no number");
    assert_eq!(adapter.lora.tensors(&config).unwrap().len(), adapter.names().len());
}
