//! Generation over a cache equals the full forward pass, whatever else is in the batch.

use std::sync::Arc;

use kernels::{Device, Reference};
use model::{DecodeRow, Decoder, Recompute, TrainBatch, Trainable, Workspace};

use crate::tiny;

/// Negative log-likelihood of `token` under logits.
fn nll(logits: &[f32], token: u32) -> f64 {
    let max = logits.iter().copied().fold(f32::MIN, f32::max);
    let sum: f64 = logits.iter().map(|&v| f64::from(v - max).exp()).sum();
    sum.ln() - f64::from(logits[token as usize] - max)
}

fn row(slot: usize, id: u32, adapter: Option<usize>) -> DecodeRow {
    DecodeRow { slot, id, adapter }
}

/// Continues a sample token by token, and compares each token's likelihood with the whole pass's.
pub fn check<D: Device>(name: &str, decoder: &Decoder<D>, trainable: Option<&Trainable<D>>, tolerance: f64) {
    let device = &**decoder.device();
    let config = decoder.config();
    let ids = tiny::ids(config, 12, 8);
    let batch = TrainBatch::sample(&ids, &[1.0; 12]);
    let mut ws = Workspace::new(device, Recompute::Never);
    let whole = decoder.losses(trainable, &batch, &mut ws).unwrap();
    let mut cache = decoder.kv_cache(3, 16);
    let adapters: Vec<_> = trainable.into_iter().collect();
    let adapter = trainable.map(|_| 0);
    // A prompt in two pieces, then one token at a time.
    decoder.prefill(&mut cache, 1, &ids[..3], trainable, &mut ws).unwrap();
    let mut logits = decoder.prefill(&mut cache, 1, &ids[3..5], trainable, &mut ws).unwrap();
    for i in 5..12 {
        let (found, expected) = (nll(&logits, ids[i]), f64::from(whole[i - 1]));
        assert!(
            (found - expected).abs() < tolerance * expected.abs().max(1.0),
            "{name}: token {i}: {found} {expected}"
        );
        decoder.decode(&mut cache, &[row(1, ids[i], adapter)], &adapters, &mut ws, &mut logits).unwrap();
    }
    assert_eq!((cache.len(1), cache.len(0)), (12, 0));
}

pub fn cached_equals_whole<D: Device>(device: &Arc<D>, tolerance: f64) {
    for (name, config) in tiny::configs() {
        let decoder = tiny::decoder(device, &config, 1);
        check(name, &decoder, None, tolerance);
        let (_, adapter) = tiny::adapter(&decoder, &["all"], 0.0, 2);
        check(&format!("{name} with an adapter"), &decoder, Some(&adapter), tolerance);
        let mut decoder = tiny::decoder(device, &config, 1);
        let parameters = decoder.full_parameters();
        let full = decoder.bind_full(parameters).unwrap();
        check(&format!("{name}, full"), &decoder, Some(&full), tolerance);
    }
}

/// Sixteen sequences of different lengths and adapters at once give the very bytes that each gives alone.
pub fn neighbours_do_not_matter<D: Device>(device: &Arc<D>) {
    for (name, config) in tiny::configs() {
        alone_as_together(name, &tiny::decoder(device, &config, 1));
    }
}

pub fn alone_as_together<D: Device>(name: &str, decoder: &Decoder<D>) {
    let (device, config) = (decoder.device(), decoder.config());
    let adapters = [tiny::adapter(decoder, &["all"], 0.0, 2).1, tiny::adapter(decoder, &["all"], 0.0, 3).1];
    let both = [&adapters[0], &adapters[1]];
    let mut ws = Workspace::new(&**device, Recompute::Never);
    let which = |slot: usize| (slot % 3).checked_sub(1);
    let prompt = |slot: usize| tiny::ids(config, 1 + slot % 5, 20 + slot as u64);
    let start = |cache: &mut _, slot: usize, ws: &mut _| {
        decoder.prefill(cache, slot, &prompt(slot), which(slot).map(|a| both[a]), ws).unwrap()
    };
    let mut together = decoder.kv_cache(16, 12);
    let first: Vec<_> = (0..16).map(|slot| start(&mut together, slot, &mut ws)).collect();
    let tokens = |step: usize| tiny::ids(config, 16, 40 + step as u64);
    let mut logits = vec![0.0; 16 * config.vocab];
    let mut steps = Vec::new();
    for step in 0..4 {
        let rows: Vec<_> = (0..16).map(|s| row(s, tokens(step)[s], which(s))).collect();
        decoder.decode(&mut together, &rows, &both, &mut ws, &mut logits).unwrap();
        steps.push(logits.clone());
    }
    for slot in 0..16 {
        let mut alone = decoder.kv_cache(1, 12);
        let adapter = which(slot).map(|a| both[a]);
        assert_eq!(decoder.prefill(&mut alone, 0, &prompt(slot), adapter, &mut ws).unwrap(), first[slot]);
        let mut logits = vec![0.0; config.vocab];
        for (step, expected) in steps.iter().enumerate() {
            let only = [row(0, tokens(step)[slot], which(slot))];
            decoder.decode(&mut alone, &only, &both, &mut ws, &mut logits).unwrap();
            let expected = &expected[slot * config.vocab..][..config.vocab];
            assert_eq!(logits, expected, "{name}: sequence {slot}, step {step}");
        }
    }
}

#[test]
fn a_cached_sequence_equals_the_whole_pass() {
    cached_equals_whole(&Arc::new(Reference::<f32>::new()), 1e-5);
}

#[test]
fn a_sequence_does_not_depend_on_its_neighbours() {
    neighbours_do_not_matter(&Arc::new(Reference::<f32>::new()));
}

#[test]
fn a_prefix_can_be_copied_and_cut() {
    let device = Arc::new(Reference::<f32>::new());
    let (_, config) = tiny::configs().remove(1);
    let decoder = tiny::decoder(&device, &config, 1);
    let mut ws = Workspace::new(&*device, Recompute::Never);
    let ids = tiny::ids(&config, 8, 8);
    let mut cache = decoder.kv_cache(2, 10);
    let expected = decoder.prefill(&mut cache, 0, &ids, None, &mut ws).unwrap();
    cache.copy_prefix(&device, 0, 1, 5);
    assert_eq!(cache.len(1), 5);
    let copied = decoder.prefill(&mut cache, 1, &ids[5..], None, &mut ws).unwrap();
    cache.truncate(0, 5);
    let cut = decoder.prefill(&mut cache, 0, &ids[5..], None, &mut ws).unwrap();
    assert_eq!(copied, expected);
    assert_eq!(cut, expected);
    let error = decoder.prefill(&mut cache, 0, &ids, None, &mut ws).unwrap_err();
    assert_eq!(error.to_string(), "batch: tokens in a cache slot is 16, it must be at most 10");
}
