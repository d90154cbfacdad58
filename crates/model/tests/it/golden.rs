//! The golden twins of `tools/golden`, shared by the tests that compare with them.

use std::path::PathBuf;
use std::sync::Arc;

use kernels::Device;
use model::{Decoder, ModelConfig, ModelFolder, SafetensorsFile, TensorSource, TrainBatch};
use serde_json::Value;

/// The twins' names.
pub const TWINS: [&str; 7] = ["gpt2", "llama", "mistral", "qwen2", "qwen3", "gpt_neox", "gemma"];

/// The folder of one twin.
pub fn folder(twin: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../tools/golden").join(twin)
}

/// A twin, and what PyTorch made of it.
pub struct Twin {
    pub name: &'static str,
    pub config: ModelConfig,
    json: Value,
    tensors: SafetensorsFile,
}

impl Twin {
    pub fn open(name: &'static str) -> Self {
        let text = std::fs::read_to_string(folder(name).join("expected.json")).unwrap();
        Self {
            name,
            config: ModelConfig::from_folder(&folder(name)).unwrap(),
            json: serde_json::from_str(&text).unwrap(),
            tensors: SafetensorsFile::open(&folder(name).join("expected.safetensors")).unwrap(),
        }
    }

    pub fn decoder<D: Device>(&self, device: &Arc<D>) -> Decoder<D> {
        let weights = ModelFolder::open(&folder(self.name)).unwrap();
        Decoder::load(device.clone(), self.config.clone(), &weights).unwrap()
    }

    pub fn number(&self, key: &str) -> f64 {
        self.json[key].as_f64().unwrap()
    }

    pub fn tensor(&self, name: &str) -> Vec<f32> {
        self.tensors.get(name).unwrap().to_f32()
    }

    /// The ids of each sample, and the weight of each token as a target.
    pub fn samples(&self) -> Vec<(Vec<u32>, Vec<f32>)> {
        let sample = |value: &Value| {
            let ids = value["ids"].as_array().unwrap().iter().map(|v| v.as_u64().unwrap() as u32).collect();
            let flags = value["trained"].as_array().unwrap().iter();
            (ids, flags.map(|v| f32::from(v.as_bool().unwrap())).collect())
        };
        self.json["samples"].as_array().unwrap().iter().map(sample).collect()
    }

    /// All samples packed into one batch.
    pub fn batch(&self) -> TrainBatch {
        let mut batch = TrainBatch::default();
        for (ids, weights) in self.samples() {
            batch.push_sample(&ids, &weights);
        }
        batch
    }
}

/// ‖found − expected‖ / ‖expected‖.
pub fn relative(found: &[f32], expected: &[f32]) -> f64 {
    assert_eq!(found.len(), expected.len());
    let square = |x: f64| x * x;
    let difference: f64 = found.iter().zip(expected).map(|(f, e)| square(f64::from(f - e))).sum();
    let norm: f64 = expected.iter().map(|&e| square(f64::from(e))).sum();
    (difference / norm).sqrt()
}
