//! Folders in bitsandbytes' layout: ours beside those of transformers, and theirs read.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use model::weights::bitsandbytes::{BitsAndBytes, export_bitsandbytes};
use model::{
    DType, Decoder, Format, MemoryTensors, ModelConfig, ModelError, ModelFolder, Recompute, TensorSource,
    Workspace,
};
use serde_json::Value;
use tempfile::TempDir;
use testing::mutation::write_new;

use crate::golden;

fn folder(family: &str, kind: &str) -> PathBuf {
    golden::folder("bitsandbytes").join(family).join(kind)
}

fn json(path: &Path) -> Value {
    serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap()
}

/// The header and the data of a safetensors file.
fn tensors(folder: &Path) -> (Value, Vec<u8>) {
    let bytes = std::fs::read(folder.join("model.safetensors")).unwrap();
    let (len, rest) = bytes.split_first_chunk().unwrap();
    let (header, data) = rest.split_at(u64::from_le_bytes(*len) as usize);
    (serde_json::from_slice(header).unwrap(), data.to_vec())
}

fn exported(family: &str, format: BitsAndBytes) -> TempDir {
    let (scratch, base) = (TempDir::new().unwrap(), folder(family, "base"));
    let config = ModelConfig::from_folder(&base).unwrap();
    let source = ModelFolder::open(&base).unwrap();
    export_bitsandbytes(scratch.path(), &base, &config, &source, format).unwrap();
    scratch
}

#[test]
fn our_folders_have_the_bytes_of_theirs() {
    for (family, format) in ["gpt2", "qwen3"].into_iter().flat_map(|f| BitsAndBytes::ALL.map(|b| (f, b))) {
        let theirs = folder(family, format.name());
        let ours = exported(family, format);
        let settings = |folder: &Path| json(&folder.join("config.json"))["quantization_config"].clone();
        assert_eq!(settings(ours.path()), settings(&theirs), "{family} {}", format.name());
        assert!(ours.path().join("generation_config.json").exists());
        let ((found, data), (expected, their_data)) = (tensors(ours.path()), tensors(&theirs));
        let names = |header: &Value| header.as_object().unwrap().keys().cloned().collect::<BTreeSet<_>>();
        assert_eq!(names(&found), names(&expected));
        for name in names(&found).iter().filter(|name| *name != "__metadata__") {
            let part = |header: &Value, data: &[u8]| {
                let at = |i: usize| header[name]["data_offsets"][i].as_u64().unwrap() as usize;
                data[at(0)..at(1)].to_vec()
            };
            let (ours, theirs) = (part(&found, &data), part(&expected, &their_data));
            assert_eq!(found[name]["dtype"], expected[name]["dtype"], "{name}");
            if name.contains("quant_state") {
                let read = |bytes: &[u8]| serde_json::from_slice::<Value>(bytes).unwrap();
                let (mut ours, mut theirs) = (read(&ours), read(&theirs));
                // A mean in double precision may end one step of f32 beside theirs.
                let mean = |state: &mut Value| state["nested_offset"].take().as_f64().unwrap();
                let (a, b) = (mean(&mut ours), mean(&mut theirs));
                assert!((a - b).abs() < 1e-6 * b, "{name}: {a} {b}");
                assert_eq!(ours, theirs, "{name}");
            } else if name.ends_with("nested_absmax") {
                let numbers = |bytes: &[u8]| -> Vec<f32> {
                    bytes.as_chunks().0.iter().map(|b| f32::from_le_bytes(*b)).collect()
                };
                let near = |(a, b): (&f32, &f32)| (a - b).abs() < 1e-6;
                assert!(numbers(&ours).iter().zip(&numbers(&theirs)).all(near), "{name}");
            } else if name.ends_with("absmax") {
                // And so a scale in a hundred one code beside theirs.
                let beside = ours.iter().zip(&theirs).filter(|(a, b)| a != b);
                assert!(beside.clone().all(|(a, b)| a.abs_diff(*b) == 1) && beside.count() <= 1, "{name}");
                assert_eq!(ours.len(), theirs.len());
            } else {
                assert_eq!(found[name]["shape"], expected[name]["shape"], "{name}");
                assert_eq!(ours, theirs, "{name}");
            }
        }
    }
}

fn logits(folder: &Path, ids: &[u32]) -> Vec<f32> {
    let config = ModelConfig::from_folder(folder).unwrap();
    let device = Arc::new(kernels::Reference::<f32>::new());
    let decoder = Decoder::load(device, config, &ModelFolder::open(folder).unwrap()).unwrap();
    let mut ws = Workspace::new(&**decoder.device(), Recompute::Never);
    let mut cache = decoder.kv_cache(1, ids.len());
    decoder.prefill(&mut cache, 0, ids, None, &mut ws).unwrap()
}

#[test]
fn their_folders_give_their_logits() {
    // fp4 is read and not written: nf4 of the same size is nearer.
    let kinds = ["nf4", "fp4", "int8"];
    for (family, kind) in ["gpt2", "qwen3"].into_iter().flat_map(|family| kinds.map(|kind| (family, kind))) {
        let folder = folder(family, kind);
        let expected = json(&folder.join("logits.json"));
        let ids: Vec<u32> =
            expected["ids"].as_array().unwrap().iter().map(|id| id.as_u64().unwrap() as u32).collect();
        let last = expected["logits"].as_array().unwrap().last().unwrap().as_array().unwrap();
        let found = logits(&folder, &ids);
        assert_eq!(found.len(), last.len());
        for (found, expected) in found.iter().zip(last) {
            let expected = expected.as_f64().unwrap() as f32;
            assert!((found - expected).abs() < 2e-5, "{family} {kind}: {found} {expected}");
        }
        let Some(format) = BitsAndBytes::ALL.into_iter().find(|format| format.name() == kind) else {
            continue;
        };
        // Ours differ in a few scales by one code.
        let ours = logits(exported(family, format).path(), &ids);
        assert!(found.iter().zip(&ours).all(|(a, b)| (a - b).abs() < 5e-3));
    }
}

#[test]
fn four_bits_stay_four_bits() {
    let model = ModelFolder::open(&folder("qwen3", "nf4")).unwrap();
    let view = model.get("model.layers.0.self_attn.q_proj.weight").unwrap();
    assert_eq!((view.dtype, &*view.shape), (DType::Blocks(Format::Nf4), &[64, 64][..]));
    // Rows of 96 are no whole blocks.
    assert_eq!(model.get("model.layers.0.mlp.down_proj.weight").unwrap().dtype, DType::F32);
    assert!(model.names().iter().all(|name| !name.contains("absmax") && !name.contains("quant")));
}

#[test]
fn a_quantised_base_is_not_merged_into() {
    let scratch = TempDir::new().unwrap();
    let error = model::adapter::merge_adapter(&folder("qwen3", "nf4"), scratch.path(), scratch.path(), None);
    let error = error.unwrap_err().to_string();
    assert!(error.contains("whose weights are not quantised"), "{error}");
}

/// Their folder with some bytes of its weights changed.
fn broken(kind: &str, from: &str, to: &str) -> Result<(), ModelError> {
    let scratch = TempDir::new().unwrap();
    let theirs = folder("qwen3", kind);
    for name in ["config.json", "model.safetensors"] {
        let mut bytes = std::fs::read(theirs.join(name)).unwrap();
        if name == "model.safetensors" {
            let at = bytes.windows(from.len()).position(|w| w == from.as_bytes()).unwrap();
            bytes[at..at + to.len()].copy_from_slice(to.as_bytes());
        }
        write_new(&scratch.path().join(name), &bytes);
    }
    let model = ModelFolder::open(scratch.path())?;
    model.names().iter().try_for_each(|name| model.get(name).map(drop))
}

#[test]
fn damaged_parts_are_named() {
    for (kind, from, to, expected) in [
        ("nf4", "weight.absmax", "weight.absmux", ".weight.absmax`"),
        ("nf4", "\"blocksize\": 64", "\"blocksize\": 16", "has shape"),
        ("nf4", "\"blocksize\": 64", "\"blocksize\": -4", "blocksize in a quant_state"),
        ("nf4", "\"blocksize\": 64", "\"blocksize\": xx", "is not valid JSON"),
        ("nf4", "\"nested_offset\"", "\"nasted_offset\"", "nested scales in a quant_state"),
        ("nf4", "\"shape\": [", "\"shope\": [", "shape in a quant_state"),
        ("nf4", "\"nested_blocksize\": 256", "\"nested_blocksize\": 006", "is not valid JSON"),
        ("nf4", "\"nested_blocksize\": 256", "\"nested_blocksize\":   1", "has shape"),
    ] {
        let error = broken(kind, from, to).unwrap_err().to_string();
        assert!(error.contains(expected), "{to}: {error}");
    }
}

#[test]
fn numbers_that_cannot_be_held_leave_nothing() {
    let base = folder("qwen3", "base");
    let (config, source) = (ModelConfig::from_folder(&base).unwrap(), ModelFolder::open(&base).unwrap());
    for (format, bad) in [(BitsAndBytes::Nf4, f32::NAN), (BitsAndBytes::Int8, 1e6)] {
        let mut tensors = MemoryTensors::new();
        for name in source.names() {
            let view = source.get(&name).unwrap();
            let mut values = view.to_f32();
            if name.ends_with("o_proj.weight") {
                values[9] = bad;
            }
            tensors.insert_f32(name, &view.shape, &values);
        }
        let scratch = TempDir::new().unwrap();
        let error = export_bitsandbytes(scratch.path(), &base, &config, &tensors, format).unwrap_err();
        assert!(
            matches!(&error, ModelError::NotQuantisable { tensor, .. } if tensor.ends_with("o_proj.weight"))
        );
        assert_eq!(std::fs::read_dir(scratch.path()).unwrap().count(), 0);
    }
}
