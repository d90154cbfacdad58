//! The decoder against PyTorch, transformers and PEFT on the golden twins: logits, losses, every gradient.

use std::sync::Arc;

use kernels::{Cpu, Device, Reference};
use model::adapter::AdapterFolder;
use model::{
    DecodeRow, Decoder, MemoryTensors, ModelFolder, Parameters, Recompute, TensorSource, TrainBatch,
    Trainable, Workspace,
};

use crate::golden::{TWINS, Twin, folder, relative};

const TOLERANCE: f64 = 1e-4;

/// The adapter that PEFT saved, in our decoder.
fn peft_adapter<D: Device>(twin: &Twin, decoder: &Decoder<D>) -> Trainable<D> {
    let adapter = AdapterFolder::open(&folder(twin.name).join("adapter"), &twin.config).unwrap();
    adapter.bind(decoder).unwrap()
}

fn check_logits<D: Device>(device: D) {
    let device = Arc::new(device);
    for name in TWINS {
        let twin = Twin::open(name);
        let decoder = twin.decoder(&device);
        let adapter = peft_adapter(&twin, &decoder);
        for (trainable, key) in [(None, "logits.base"), (Some(&adapter), "logits.adapter")] {
            let expected = twin.tensor(key);
            let prefilled = prefilled_logits(&twin, &decoder, trainable);
            assert!(relative(&prefilled, &expected) < TOLERANCE, "{name} {key} by prefill");
            let generated = generated_logits(&twin, &decoder, trainable);
            assert!(relative(&generated, &expected) < TOLERANCE, "{name} {key} token by token");
        }
    }
}

/// Logits after every prefix of every sample.
fn prefilled_logits<D: Device>(
    twin: &Twin,
    decoder: &Decoder<D>,
    adapter: Option<&Trainable<D>>,
) -> Vec<f32> {
    let mut ws = Workspace::new(&**decoder.device(), Recompute::Never);
    let mut logits = Vec::new();
    for (ids, _) in twin.samples() {
        for end in 1..=ids.len() {
            let mut cache = decoder.kv_cache(1, ids.len());
            logits.extend(decoder.prefill(&mut cache, 0, &ids[..end], adapter, &mut ws).unwrap());
        }
    }
    logits
}

/// The same, all samples continued together by one token at a time.
fn generated_logits<D: Device>(
    twin: &Twin,
    decoder: &Decoder<D>,
    adapter: Option<&Trainable<D>>,
) -> Vec<f32> {
    let mut ws = Workspace::new(&**decoder.device(), Recompute::Never);
    let samples = twin.samples();
    let longest = samples.iter().map(|(ids, _)| ids.len()).max().unwrap();
    let mut cache = decoder.kv_cache(samples.len(), longest);
    let mut logits = vec![Vec::new(); samples.len()];
    for at in 0..longest {
        let row = |(slot, (ids, _)): (usize, &(Vec<u32>, Vec<f32>))| {
            ids.get(at).map(|&id| DecodeRow { slot, id, adapter: adapter.map(|_| 0) })
        };
        let rows: Vec<_> = samples.iter().enumerate().filter_map(row).collect();
        let mut out = vec![0.0; rows.len() * twin.config.vocab];
        let adapters: Vec<_> = adapter.into_iter().collect();
        decoder.decode(&mut cache, &rows, &adapters, &mut ws, &mut out).unwrap();
        for (row, out) in rows.iter().zip(out.chunks(twin.config.vocab)) {
            logits[row.slot].extend(out);
        }
    }
    logits.concat()
}

/// Gradient of the mean loss, as PyTorch has it, from a batch for each element of `batches`.
fn mean_gradient<D: Device>(
    decoder: &Decoder<D>,
    trainable: &Trainable<D>,
    batches: &[TrainBatch],
    recompute: Recompute,
) -> (f64, Parameters<D>) {
    let device = &**decoder.device();
    let mut ws = Workspace::new(device, recompute);
    let mut grads = Parameters::zeros(device, trainable.parameters.layout.clone());
    let (mut loss, mut weight) = (0.0, 0.0);
    for batch in batches {
        let sum = decoder.loss_and_grad(trainable, batch, &mut grads.values, &mut ws, 0).unwrap();
        let alone = decoder.loss(Some(trainable), batch, &mut ws).unwrap();
        assert!((alone.loss / sum.loss - 1.0).abs() < 1e-6);
        loss += sum.loss;
        weight += sum.weight;
    }
    let total = grads.layout.total;
    device.scale(&mut grads.values, 0..total, 1.0 / weight as f32);
    (loss / weight, grads)
}

#[track_caller]
fn check_gradient<D: Device>(
    twin: &Twin,
    decoder: &Decoder<D>,
    trainable: &Trainable<D>,
    prefix: &str,
    expected_loss: f64,
) {
    let separate: Vec<_> = twin.samples().iter().map(|(ids, w)| TrainBatch::sample(ids, w)).collect();
    for (how, batches, recompute) in [
        ("packed", vec![twin.batch()], Recompute::Never),
        ("separate", separate, Recompute::Never),
        ("recomputed", vec![twin.batch()], Recompute::Always),
    ] {
        let (loss, grads) = mean_gradient(decoder, trainable, &batches, recompute);
        assert!((loss / expected_loss - 1.0).abs() < 1e-5, "{} {prefix} {how}: {loss}", twin.name);
        for spec in &grads.layout.specs {
            let found = grads.read(&**decoder.device(), &spec.name).unwrap();
            let difference = relative(&found, &twin.tensor(&format!("{prefix}{}", spec.name)));
            assert!(difference < TOLERANCE, "{} {} {how}: {difference}", twin.name, spec.name);
        }
    }
}

fn check_gradients<D: Device>(device: D) {
    let device = Arc::new(device);
    for name in TWINS {
        let twin = Twin::open(name);
        let mut decoder = twin.decoder(&device);
        let adapter = peft_adapter(&twin, &decoder);
        check_gradient(&twin, &decoder, &adapter, "grad.lora.", twin.number("adapter_loss"));
        let parameters = decoder.full_parameters();
        let full = decoder.bind_full(parameters).unwrap();
        check_gradient(&twin, &decoder, &full, "grad.full.", twin.number("base_loss"));
    }
}

#[test]
fn logits_are_pytorch_s_on_the_reference_device() {
    check_logits(Reference::<f32>::new());
}

#[test]
fn losses_and_gradients_are_pytorch_s_on_the_reference_device() {
    check_gradients(Reference::<f32>::new());
}

#[test]
fn logits_are_pytorch_s_on_the_cpu() {
    for threads in [1, 3] {
        check_logits(Cpu::new(threads));
    }
}

#[test]
fn losses_and_gradients_are_pytorch_s_on_the_cpu() {
    for threads in [1, 3] {
        check_gradients(Cpu::new(threads));
    }
}

/// transformers 5 calls GPT-NeoX's head `lm_head` in memory; some tools save it so.
#[test]
fn a_head_of_gpt_neox_is_found_under_both_names() {
    let weights = ModelFolder::open(&folder("gpt_neox")).unwrap();
    let mut renamed = MemoryTensors::new();
    for name in weights.names() {
        let view = weights.get(&name).unwrap();
        let to = if name == "embed_out.weight" { "lm_head.weight".to_owned() } else { name };
        renamed.insert_f32(to, &view.shape, &view.to_f32());
    }
    let twin = Twin::open("gpt_neox");
    let device = Arc::new(Cpu::new(1));
    let decoder = Decoder::load(device, twin.config.clone(), &renamed).unwrap();
    let found = prefilled_logits(&twin, &decoder, None);
    assert!(relative(&found, &twin.tensor("logits.base")) < TOLERANCE);
}
