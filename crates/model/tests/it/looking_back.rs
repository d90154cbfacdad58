//! Weights that look back continue what was seen before anything is trained.

use std::collections::BTreeMap;
use std::sync::Arc;

use kernels::{Cpu, random};
use model::{
    DType, Decoder, MemoryTensors, ModelConfig, ModelError, Recompute, Workspace, base_layout, look_back,
};

fn config() -> ModelConfig {
    ModelConfig {
        vocab: 600,
        layers: 2,
        hidden: 208,
        mlp_hidden: 64,
        heads: 2,
        kv_heads: 1,
        head_dim: 64,
        ..ModelConfig::preset("nano").unwrap()
    }
}

fn drawn(config: &ModelConfig, looks_back: bool) -> Decoder<Cpu> {
    let device = Arc::new(Cpu::new(1));
    let mut plain = Decoder::random(Arc::clone(&device), config.clone(), 3).unwrap();
    let parameters = plain.full_parameters();
    let mut weights: BTreeMap<String, Vec<f32>> = BTreeMap::new();
    for spec in &parameters.layout.specs {
        weights.insert(spec.name.clone(), parameters.read(&*device, &spec.name).unwrap());
    }
    if looks_back {
        look_back(config, 3, &mut weights).unwrap();
    }
    let mut tensors = MemoryTensors::new();
    for spec in &base_layout(config).specs {
        let bytes = weights[&spec.name].iter().flat_map(|v| v.to_le_bytes()).collect();
        tensors.insert(&spec.name, DType::F32, &spec.shape, bytes);
    }
    Decoder::load(device, config.clone(), &tensors).unwrap()
}

/// Of tokens that mean nothing and are written twice, the share that is foretold the second time. The last token
/// itself, which a head tied to the embedding names before anything is learned, does not count.
fn continued(decoder: &Decoder<Cpu>, length: usize) -> f64 {
    let config = decoder.config();
    let once: Vec<u32> =
        (0..length as u64).map(|i| (random::mix(11, i) % config.vocab as u64) as u32).collect();
    let ids: Vec<u32> = once.iter().chain(&once).copied().collect();
    let mut ws = Workspace::new(&**decoder.device(), Recompute::Never);
    let mut cache = decoder.kv_cache(1, ids.len());
    let mut right = 0;
    for at in length..ids.len() - 1 {
        let begin = if at == length { 0 } else { at };
        let mut logits = decoder.prefill(&mut cache, 0, &ids[begin..=at], None, &mut ws).unwrap();
        logits[ids[at] as usize] = f32::MIN;
        let best = (0..logits.len()).max_by(|&a, &b| logits[a].total_cmp(&logits[b])).unwrap();
        right += usize::from(best == ids[at + 1] as usize);
    }
    right as f64 / (length - 1) as f64
}

#[test]
fn what_was_seen_is_continued_before_anything_is_trained() {
    let (plain, looking) = (drawn(&config(), false), drawn(&config(), true));
    for length in [10, 60] {
        let (before, after) = (continued(&plain, length), continued(&looking, length));
        assert!(before < 0.2 && after > 0.8, "{length} tokens: {before} plainly, {after} looking back");
    }
}

#[test]
fn an_architecture_without_room_is_refused() {
    for config in [
        ModelConfig { layers: 1, ..config() },
        ModelConfig { hidden: 64, ..config() },
        ModelConfig::preset("gpt2-124m").unwrap(),
    ] {
        let refused = look_back(&config, 1, &mut BTreeMap::new());
        assert!(matches!(refused, Err(ModelError::NoLookingBack { .. })), "{refused:?}");
    }
}
