//! Tiny decoders of every family, with every number random (norms and biases too), and batches for them.

#![expect(clippy::single_range_in_vec_init, reason = "lists of ranges are meant, some of one")]

use std::sync::Arc;

use kernels::{Device, random};
use model::{
    Activation, Decoder, Family, LoraConfig, LoraTargets, MemoryTensors, MlpKind, ModelConfig, Norm,
    NormKind, Orientation, Positions, RopeScaling, Rotary, Segment, TrainBatch, Trainable, base_layout,
};

/// Two layers of each family: odd head counts, grouped queries, tied and untied heads.
pub fn configs() -> Vec<(&'static str, ModelConfig)> {
    let rotary = |theta: f64| Positions::Rotary(Rotary { theta, scaling: RopeScaling::None, dims: None });
    let llama = ModelConfig {
        family: Family::Llama,
        vocab: 23,
        context: 64,
        layers: 2,
        hidden: 20,
        mlp_hidden: 14,
        heads: 3,
        kv_heads: 1,
        head_dim: 6,
        norm: Norm { kind: NormKind::Rms, eps: 1e-5 },
        positions: rotary(10_000.0),
        fused_qkv: false,
        qkv_by_head: false,
        scaled_embedding: false,
        qkv_bias: false,
        attention_out_bias: false,
        qk_norm: false,
        parallel_residual: false,
        mlp: MlpKind::Gated,
        activation: Activation::Silu,
        mlp_bias: false,
        tied_head: false,
        orientation: Orientation::Linear,
        bos_token: None,
        eos_tokens: Vec::new(),
    };
    let qwen2 = ModelConfig {
        family: Family::Qwen2,
        heads: 6,
        kv_heads: 3,
        head_dim: 4,
        qkv_bias: true,
        tied_head: true,
        ..llama.clone()
    };
    let qwen3 = ModelConfig {
        family: Family::Qwen3,
        heads: 5,
        kv_heads: 5,
        head_dim: 8,
        qk_norm: true,
        positions: rotary(1_000_000.0),
        ..llama.clone()
    };
    let gpt2 = ModelConfig {
        family: Family::Gpt2,
        hidden: 15,
        mlp_hidden: 22,
        heads: 3,
        kv_heads: 3,
        head_dim: 5,
        norm: Norm { kind: NormKind::Layer, eps: 1e-5 },
        positions: Positions::Learned,
        fused_qkv: true,
        qkv_bias: true,
        attention_out_bias: true,
        mlp: MlpKind::Plain,
        activation: Activation::GeluTanh,
        mlp_bias: true,
        tied_head: true,
        orientation: Orientation::Conv1D,
        ..llama.clone()
    };
    let gpt_neox = ModelConfig {
        family: Family::GptNeox,
        heads: 3,
        kv_heads: 3,
        head_dim: 6,
        hidden: 18,
        positions: Positions::Rotary(Rotary { theta: 10_000.0, scaling: RopeScaling::None, dims: Some(4) }),
        qkv_by_head: true,
        parallel_residual: true,
        orientation: Orientation::Linear,
        tied_head: false,
        activation: Activation::GeluErf,
        ..gpt2.clone()
    };
    let gpt_neox_serial = ModelConfig { parallel_residual: false, ..gpt_neox.clone() };
    let gemma = ModelConfig {
        family: Family::Gemma,
        heads: 3,
        kv_heads: 1,
        head_dim: 8,
        norm: Norm { kind: NormKind::RmsOffset, eps: 1e-6 },
        activation: Activation::GeluTanh,
        scaled_embedding: true,
        tied_head: true,
        ..llama.clone()
    };
    vec![
        ("gpt2", gpt2),
        ("llama", llama),
        ("qwen2", qwen2),
        ("qwen3", qwen3),
        ("gpt_neox", gpt_neox),
        ("gpt_neox one after the other", gpt_neox_serial),
        ("gemma", gemma),
    ]
}

/// Random numbers for every tensor: matrices around 0, the scales of norms around 1, biases around 0.
pub fn tensors(config: &ModelConfig, seed: u64) -> MemoryTensors {
    let mut tensors = MemoryTensors::new();
    for spec in base_layout(config).specs {
        let seed = random::mix(seed, spec.offset as u64);
        let from_1 = config.norm.kind != NormKind::RmsOffset;
        let norm = from_1 && (spec.name.contains("norm") || spec.name.contains("ln_"));
        let values: Vec<f32> = (0..spec.len)
            .map(|i| 0.3 * random::normal(seed, i as u64) + f32::from(norm && spec.name.ends_with("weight")))
            .collect();
        tensors.insert_f32(spec.name, &spec.shape, &values);
    }
    tensors
}

/// The decoder with these numbers.
pub fn decoder<D: Device>(device: &Arc<D>, config: &ModelConfig, seed: u64) -> Decoder<D> {
    Decoder::load(device.clone(), config.clone(), &tensors(config, seed)).unwrap()
}

/// An adapter on the given targets with A and B random: at B = 0 the gradient of A is nil and a check sees nothing.
pub fn adapter<D: Device>(
    decoder: &Decoder<D>,
    targets: &[&str],
    dropout: f32,
    seed: u64,
) -> (LoraConfig, Trainable<D>) {
    let targets = match targets {
        ["all"] => LoraTargets::All,
        names => LoraTargets::Named(names.iter().map(|n| (*n).to_owned()).collect()),
    };
    let lora = LoraConfig { rank: 3, alpha: 5.0, dropout, targets, rslora: false };
    let mut parameters = decoder.lora_parameters(&lora, seed).unwrap();
    for spec in parameters.layout.clone().specs.iter().filter(|s| s.name.contains("lora_B")) {
        let seed = random::mix(seed, spec.offset as u64);
        let values: Vec<f32> = (0..spec.len).map(|i| 0.3 * random::normal(seed, i as u64)).collect();
        parameters.write(&**decoder.device(), &spec.name, &values).unwrap();
    }
    let trainable = decoder.bind_lora(parameters, &lora).unwrap();
    (lora, trainable)
}

/// Random token ids.
pub fn ids(config: &ModelConfig, count: usize, seed: u64) -> Vec<u32> {
    (0..count).map(|i| (random::mix(seed, i as u64) % config.vocab as u64) as u32).collect()
}

/// Weights of a sample: none for the first tokens, then uneven ones.
pub fn weights(count: usize, untrained: usize) -> Vec<f32> {
    (0..count).map(|i| if i < untrained { 0.0 } else { 0.5 + 0.25 * (i % 3) as f32 }).collect()
}

/// Two packed samples.
pub fn packed(config: &ModelConfig) -> TrainBatch {
    let mut batch = TrainBatch::default();
    batch.push_sample(&ids(config, 9, 1), &weights(9, 3));
    batch.push_sample(&ids(config, 6, 2), &weights(6, 1));
    batch
}

/// A prefix with two branches, one of which has two leaves, and the three samples that it stands for.
pub fn tree(config: &ModelConfig) -> (TrainBatch, Vec<TrainBatch>) {
    let (prefix, branch) = (ids(config, 5, 3), ids(config, 4, 4));
    let leaves = [ids(config, 3, 5), ids(config, 6, 6), ids(config, 2, 7)];
    let paths: [Vec<&[u32]>; 3] =
        [vec![&prefix, &branch, &leaves[0]], vec![&prefix, &branch, &leaves[1]], vec![&prefix, &leaves[2]]];
    let samples =
        paths.iter().map(|p| TrainBatch::sample(&p.concat(), &weights(p.concat().len(), 5))).collect();
    let mut batch = TrainBatch { ids: prefix.clone(), positions: (0..5).collect(), ..TrainBatch::default() };
    batch.segments.push(Segment { start: 0, len: 5, ancestors: vec![] });
    let mut push = |part: &[u32], position: usize, ancestors: Vec<std::ops::Range<usize>>| {
        let start = batch.ids.len();
        batch.segments.push(Segment { start, len: part.len(), ancestors });
        batch.ids.extend_from_slice(part);
        batch.positions.extend(position as u32..(position + part.len()) as u32);
        start
    };
    let b = push(&branch, 5, vec![0..5]);
    let l0 = push(&leaves[0], 9, vec![0..5, b..b + 4]);
    let l1 = push(&leaves[1], 9, vec![0..5, b..b + 4]);
    let l2 = push(&leaves[2], 5, vec![0..5]);
    let rows: [Vec<usize>; 3] = [
        (0..5).chain(b..b + 4).chain(l0..l0 + 3).collect(),
        (0..5).chain(b..b + 4).chain(l1..l1 + 6).collect(),
        (0..5).chain(l2..l2 + 2).collect(),
    ];
    for path in &rows {
        let w = weights(path.len(), 5);
        for i in 1..path.len() {
            if w[i] != 0.0 {
                batch.loss_rows.push(path[i - 1] as u32);
                batch.targets.push(batch.ids[path[i]]);
                batch.weights.push(w[i]);
            }
        }
    }
    (batch, samples)
}
