//! 200 steps of LoRA on the built-in nano model and on a tiny Qwen3 against PyTorch + transformers + PEFT: the loss of
//! each step, to a thousandth. `tools/golden/lora_curves.py` made them and says by which rules both sides make the
//! samples and the adapters' first values.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use chat::Sample;
use kernels::{Cpu, Device, Reference};
use model::adapter::{AdapterInfo, write_adapter};
use model::weights::TensorToWrite;
use model::{Decoder, LoraConfig, LoraTargets, MemoryTensors, ModelConfig, ModelFolder, quantize};
use serde_json::Value;
use sha2::{Digest, Sha256};
use tempfile::TempDir;
use train::{Method, Settings, StepFigures};

use crate::golden::{figures, settings};

/// The most by which a step's loss may be off, relative to it.
const TOLERANCE: f64 = 1e-3;

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// What the script wrote for a model whose file is the one that the script read.
fn expected(name: &str, weights: &[u8]) -> Value {
    let text = std::fs::read_to_string(root().join("tools/golden/lora_curves.json")).unwrap();
    let expected: Value = serde_json::from_str(&text).unwrap();
    let digest: Vec<String> = Sha256::digest(weights).iter().map(|byte| format!("{byte:02x}")).collect();
    let expected = &expected[name];
    assert_eq!(
        expected["file_sha256"],
        digest.concat(),
        "{name} has other weights; run tools/golden/lora_curves.py"
    );
    expected.clone()
}

/// The last steps of `MurmurHash3`, by which neighbours have nothing in common.
fn mixed(mut number: u32) -> u32 {
    number ^= number >> 16;
    number = number.wrapping_mul(0x85eb_ca6b);
    number ^= number >> 13;
    number = number.wrapping_mul(0xc2b2_ae35);
    number ^ number >> 16
}

/// Samples of 6 to 24 ids with holes in what is trained.
fn samples(count: usize, vocab: u32) -> Vec<Sample> {
    let words = vocab.min(64);
    let mut numbers = (1 << 31..).map(mixed);
    let mut draw = || numbers.next().unwrap();
    let sample = |n: usize| {
        let length = 6 + draw() % 19;
        let start = 1 + draw() % (length / 2);
        let mut word = draw() % words;
        let (mut ids, mut trained) = (Vec::new(), Vec::new());
        for at in 0..length {
            let draw = draw();
            word = if draw % 4 == 0 { (draw >> 4) % words } else { (5 * word + 7) % words };
            ids.push(word * (vocab / words));
            trained.push(at == start || at > start && (draw >> 2) % 4 != 0);
        }
        Sample { row: format!("row-{n}"), part: 0, ids, trained }
    };
    (0..count).map(sample).collect()
}

/// Writes the adapter to start from: A by the rule, B = 0.
fn initial_adapter(folder: &Path, config: &ModelConfig, lora: &LoraConfig, size: f64) {
    let mut tensors = lora.tensors(config).unwrap();
    tensors.sort_by(|a, b| a.name.cmp(&b.name));
    let mut places = 0_u32..;
    let values: Vec<Vec<f32>> = (tensors.iter())
        .map(|tensor| {
            let count = tensor.shape.iter().product::<usize>();
            if tensor.name.contains("lora_B") {
                return vec![0.0; count];
            }
            let from = places.next().unwrap() << 20;
            let unit = |at: u32| f64::from(mixed(from + at) >> 8) / f64::from(1 << 23) - 1.0;
            (0..count as u32).map(|at| (unit(at) * size) as f32).collect()
        })
        .collect();
    let tensors: Vec<_> = (tensors.into_iter().zip(&values))
        .map(|(tensor, values)| TensorToWrite { name: tensor.name, shape: tensor.shape, values })
        .collect();
    write_adapter(folder, config, &AdapterInfo::for_base("curve"), lora, &tensors).unwrap();
}

fn train<D: Device>(decoder: &mut Decoder<D>, expected: &Value) -> Vec<StepFigures> {
    let given = &expected["settings"];
    let config = decoder.config().clone();
    let number = |key: &str| given[key].as_f64().unwrap();
    let lora = LoraConfig {
        rank: number("rank") as usize,
        alpha: number("alpha") as f32,
        dropout: 0.0,
        targets: LoraTargets::All,
        rslora: false,
    };
    let begin = TempDir::new().unwrap();
    initial_adapter(begin.path(), &config, &lora, number("init_a"));
    let samples = samples(number("samples") as usize, config.vocab as u32);
    let method = Method::Lora { lora, b_ratio: 1.0, start_from: Some(begin.path().to_owned()) };
    // A step is several passes.
    let settings = Settings { micro_tokens: 40, ..settings(given, method) };
    figures(decoder, &settings, &samples)
}

/// Compares each step, and what makes the comparison worth something: that the loss falls, that some steps are
/// clipped, and that means of samples instead of means of tokens would have been seen.
fn check(found: &[StepFigures], expected: &Value, what: &str) {
    let losses: Vec<f64> =
        expected["losses"].as_array().unwrap().iter().map(|v| v.as_f64().unwrap()).collect();
    assert_eq!((found.len(), losses.len()), (200, 200));
    let away = |at: usize| (found[at].loss - losses[at]).abs() / losses[at];
    let most = (0..200).max_by(|&a, &b| away(a).total_cmp(&away(b))).unwrap();
    println!("{what}: {:.1e} at most, at step {}", away(most), most + 1);
    for (at, &loss) in losses.iter().enumerate() {
        assert!(away(at) <= TOLERANCE, "{what} step {}: {}, expected {loss}", at + 1, found[at].loss);
    }
    let mean = |losses: &[f64]| losses.iter().sum::<f64>() / losses.len() as f64;
    assert!(mean(&losses[180..]) < 0.5 * mean(&losses[..20]));
    let max_norm = expected["settings"]["max_grad_norm"].as_f64().unwrap();
    let clipped = found.iter().filter(|figures| figures.grad_norm > max_norm).count();
    assert!((20..180).contains(&clipped), "{clipped} steps are clipped");
    assert!(expected["means_of_samples_part_by"].as_f64().unwrap() > 20.0 * TOLERANCE);
}

fn tiny_qwen3<D: Device>(device: D, what: &str) {
    let folder = root().join("tools/golden/qwen3");
    let expected = expected("qwen3", &std::fs::read(folder.join("model.safetensors")).unwrap());
    let config = ModelConfig::from_folder(&folder).unwrap();
    let weights = ModelFolder::open(&folder).unwrap();
    let mut decoder = Decoder::load(Arc::new(device), config, &weights).unwrap();
    check(&train(&mut decoder, &expected), &expected, what);
}

#[test]
fn two_hundred_steps_on_a_tiny_qwen3_have_peft_s_losses_on_the_reference_device() {
    tiny_qwen3(Reference::<f32>::new(), "tiny Qwen3 on the reference device");
}

#[test]
fn two_hundred_steps_on_a_tiny_qwen3_have_peft_s_losses_on_the_cpu() {
    tiny_qwen3(Cpu::new(2), "tiny Qwen3 on the CPU");
}

/// The built-in model, where this checkout has its weights.
fn nano() -> Option<(ModelConfig, MemoryTensors, Value)> {
    let packed = std::fs::read(root().join("crates/moru/assets/nano.safetensors")).unwrap_or_default();
    if packed.is_empty() {
        testing::skip("no weights of `builtin:nano`");
        return None;
    }
    let (tensors, files) = quantize::read("nano", &packed).unwrap();
    let config = serde_json::from_str(&files["config.json"]).unwrap();
    Some((ModelConfig::from_config_json(&config).unwrap(), tensors, expected("nano", &packed)))
}

#[test]
fn two_hundred_steps_on_the_built_in_model_have_peft_s_losses() {
    let Some((config, tensors, expected)) = nano() else { return };
    let mut decoder = Decoder::load(Arc::new(Cpu::new(2)), config, &tensors).unwrap();
    check(&train(&mut decoder, &expected), &expected, "nano");
}
