//! Adapter folders: PEFT's read, ours written, and what does not fit refused by the tensor's name.

use std::path::Path;

use model::adapter::{AdapterFolder, AdapterInfo, CONFIG_FILE, TENSOR_FILE, merge_adapter, write_adapter};
use model::weights::{TensorToWrite, write_safetensors};
use model::{DType, ModelConfig, ModelFolder, Orientation, SafetensorsFile, TensorSource};
use tempfile::TempDir;

use crate::golden::{TWINS, folder};

#[test]
fn an_adapter_that_peft_saved_is_read_and_written_back_with_the_same_tensors() {
    for twin in TWINS {
        let config = ModelConfig::from_folder(&folder(twin)).unwrap();
        let peft = folder(twin).join("adapter");
        let read = AdapterFolder::open(&peft, &config).unwrap();
        let names = read.names();
        let values: Vec<_> = names.iter().map(|name| read.get(name).unwrap().to_f32()).collect();
        let tensors: Vec<_> = names
            .iter()
            .zip(&values)
            .map(|(name, values)| TensorToWrite {
                name: name.clone(),
                shape: read.get(name).unwrap().shape,
                values,
            })
            .collect();
        let scratch = TempDir::new().unwrap();
        write_adapter(scratch.path(), &config, &read.info, &read.lora, &tensors).unwrap();
        let again = AdapterFolder::open(scratch.path(), &config).unwrap();
        assert_eq!((&again.lora, &again.info), (&read.lora, &read.info), "{twin}");
        assert_eq!(again.names(), names);
        for name in &names {
            assert_eq!(again.get(name).unwrap(), read.get(name).unwrap(), "{twin} {name}");
        }
        let written: serde_json::Value =
            serde_json::from_str(&std::fs::read_to_string(scratch.path().join(CONFIG_FILE)).unwrap())
                .unwrap();
        let original: serde_json::Value =
            serde_json::from_str(&std::fs::read_to_string(peft.join(CONFIG_FILE)).unwrap()).unwrap();
        for (key, value) in written.as_object().unwrap() {
            assert_eq!(value, original.get(key).unwrap_or(&serde_json::Value::Null), "{twin} {key}");
        }
    }
}

#[track_caller]
fn check_misfit(change: impl Fn(&mut Vec<(String, Vec<usize>, Vec<f32>)>), message: &str) {
    let config = ModelConfig::from_folder(&folder("qwen2")).unwrap();
    let peft = folder("qwen2").join("adapter");
    let read = AdapterFolder::open(&peft, &config).unwrap();
    let mut tensors: Vec<_> = read
        .names()
        .into_iter()
        .map(|name| {
            let view = read.get(&name).unwrap();
            (name, view.shape.clone(), view.to_f32())
        })
        .collect();
    change(&mut tensors);
    let scratch = TempDir::new().unwrap();
    std::fs::copy(peft.join(CONFIG_FILE), scratch.path().join(CONFIG_FILE)).unwrap();
    let tensors: Vec<_> = tensors
        .iter()
        .map(|(name, shape, values)| TensorToWrite { name: name.clone(), shape: shape.clone(), values })
        .collect();
    write_safetensors(&scratch.path().join(TENSOR_FILE), &tensors, &[]).unwrap();
    let error = AdapterFolder::open(scratch.path(), &config).unwrap_err().to_string();
    assert!(error.ends_with(message), "{error}");
}

#[test]
fn an_adapter_of_another_base_is_refused_by_the_tensor_s_name() {
    let first = "base_model.model.model.layers.0.self_attn.q_proj.lora_A.weight";
    check_misfit(
        |tensors| {
            tensors[0].1 = vec![24, 4];
        },
        &format!("tensor `{first}` has shape [24, 4], the model needs [4, 24]"),
    );
    check_misfit(
        |tensors| {
            tensors.remove(0);
        },
        &format!("{TENSOR_FILE} has no tensor `{first}`"),
    );
    check_misfit(
        |tensors| {
            tensors.push(("base_model.model.model.layers.9.x.lora_A.weight".into(), vec![1], vec![0.0]));
        },
        "the adapter's tensor `base_model.model.model.layers.9.x.lora_A.weight` has no place in this base model",
    );
}

#[test]
fn a_merge_adds_scaled_b_a_to_the_chosen_weights_only() {
    for twin in TWINS {
        let base = folder(twin);
        let config = ModelConfig::from_folder(&base).unwrap();
        let scratch = TempDir::new().unwrap();
        merge_adapter(&base, &base.join("adapter"), scratch.path(), None).unwrap();
        assert_eq!(ModelConfig::from_folder(scratch.path()).unwrap(), config);
        let generation: serde_json::Value =
            serde_json::from_str(&text(scratch.path(), "generation_config.json")).unwrap();
        let of_config: serde_json::Value = serde_json::from_str(&text(&base, "config.json")).unwrap();
        assert_eq!(generation["eos_token_id"], of_config["eos_token_id"], "{twin}");
        let adapter = AdapterFolder::open(&base.join("adapter"), &config).unwrap();
        let chosen = adapter.lora.select(&config).unwrap();
        let (before, after) = (ModelFolder::open(&base).unwrap(), ModelFolder::open(scratch.path()).unwrap());
        assert_eq!(before.names(), after.names());
        for name in before.names() {
            let (old, new) = (before.get(&name).unwrap(), after.get(&name).unwrap());
            let Some(module) = chosen.iter().find(|m| m.weight_name() == name) else {
                assert_eq!(old, new, "{twin} {name}");
                continue;
            };
            let a = adapter.get(&module.lora_a_key()).unwrap().to_f32();
            let b = adapter.get(&module.lora_b_key()).unwrap().to_f32();
            let (rank, scale) = (adapter.lora.rank, adapter.lora.scale());
            let (old, new) = (old.to_f32(), new.to_f32());
            for output in 0..module.outputs {
                for input in 0..module.inputs {
                    let at = match config.orientation {
                        Orientation::Linear => output * module.inputs + input,
                        Orientation::Conv1D => input * module.outputs + output,
                    };
                    let delta: f32 =
                        (0..rank).map(|r| b[output * rank + r] * a[r * module.inputs + input]).sum();
                    assert!(
                        (new[at] - old[at] - scale * delta).abs() < 1e-5,
                        "{twin} {name} {output} {input}"
                    );
                }
            }
        }
    }
}

#[test]
fn a_merge_can_narrow_the_numbers() {
    let scratch = TempDir::new().unwrap();
    let base = folder("qwen3");
    merge_adapter(&base, &base.join("adapter"), scratch.path(), Some(DType::BF16)).unwrap();
    let file = SafetensorsFile::open(&scratch.path().join("model.safetensors")).unwrap();
    assert!(file.names().iter().all(|name| file.get(name).unwrap().dtype == DType::BF16));
    assert!(text(scratch.path(), "config.json").contains("\"bfloat16\""));
}

fn text(folder: &Path, name: &str) -> String {
    std::fs::read_to_string(folder.join(name)).unwrap()
}

#[test]
fn a_folder_without_an_adapter_says_which_file_is_needed() {
    let config = ModelConfig::preset("nano").unwrap();
    let scratch = TempDir::new().unwrap();
    let error = AdapterFolder::open(scratch.path(), &config).unwrap_err().to_string();
    assert_eq!(error, format!("{} has no adapter_config.json", scratch.path().display()));
    let lora = model::LoraConfig {
        rank: 1,
        alpha: 1.0,
        dropout: 0.0,
        targets: model::LoraTargets::All,
        rslora: false,
    };
    let error = write_adapter(scratch.path(), &config, &AdapterInfo::for_base("b"), &lora, &[]).unwrap_err();
    assert!(error.to_string().contains("has no tensor `base_model.model.model.layers.0."), "{error}");
}
