//! The fast device: as the reference, at any number of threads, and in every layout of a batch.

use std::sync::Arc;

use kernels::{Cpu, Device, Reference};
use model::{
    DType, Decoder, MemoryTensors, ModelConfig, Recompute, TensorSource, TrainBatch, Trainable, Workspace,
};

use crate::{decoder_generation, decoder_gradients, tiny};

fn gradient<D: Device>(
    decoder: &Decoder<D>,
    trainable: &Trainable<D>,
    batch: &TrainBatch,
) -> (f64, Vec<f32>) {
    let device = &**decoder.device();
    let mut ws = Workspace::new(device, Recompute::Never);
    let mut grads = device.zeros(trainable.parameters.layout.total);
    let loss = decoder.loss_and_grad(trainable, batch, &mut grads, &mut ws, 5).unwrap().loss;
    let mut host = vec![0.0; trainable.parameters.layout.total];
    device.read(&grads, 0, &mut host);
    (loss, host)
}

/// Gradients of an adapter on every layer with dropout, and of all parameters, one after the other.
fn gradients<D: Device>(device: &Arc<D>) -> Vec<(f64, Vec<f32>)> {
    let mut out = Vec::new();
    for (_, config) in tiny::configs() {
        let mut decoder = tiny::decoder(device, &config, 1);
        for dropout in [0.0, 0.25] {
            let (_, trainable) = tiny::adapter(&decoder, &["all"], dropout, 2);
            out.push(gradient(&decoder, &trainable, &tiny::tree(&config).0));
        }
        let parameters = decoder.full_parameters();
        let full = decoder.bind_full(parameters).unwrap();
        out.push(gradient(&decoder, &full, &tiny::packed(&config)));
    }
    out
}

#[test]
fn gradients_are_the_reference_s_at_any_number_of_threads() {
    let expected = gradients(&Arc::new(Reference::<f64>::new()));
    let one = gradients(&Arc::new(Cpu::new(1)));
    for (case, ((loss, grads), (wanted_loss, wanted))) in one.iter().zip(&expected).enumerate() {
        assert!((loss - wanted_loss).abs() < 2e-6 * wanted_loss, "case {case}: {loss} and {wanted_loss}");
        let scale = wanted.iter().fold(0.0f32, |m, v| m.max(v.abs()));
        let worst = grads.iter().zip(wanted).fold(0.0f32, |m, (a, b)| m.max((a - b).abs()));
        assert!(worst < 5e-6 * scale, "case {case}: {worst} of {scale}");
    }
    for threads in [2, 3] {
        let several = gradients(&Arc::new(Cpu::new(threads)));
        assert!(several == one, "{threads} threads give the very numbers of one");
    }
}

#[test]
fn trees_packed_samples_and_separate_samples_give_one_gradient() {
    decoder_gradients::layouts_agree(&Arc::new(Cpu::new(2)), 1e-5);
}

#[test]
fn a_cached_sequence_equals_the_whole_pass() {
    decoder_generation::cached_equals_whole(&Arc::new(Cpu::new(2)), 2e-5);
}

#[test]
fn a_sequence_does_not_depend_on_its_neighbours() {
    decoder_generation::neighbours_do_not_matter(&Arc::new(Cpu::new(2)));
}

/// The numbers of `tensors`, rounded to bf16, stored as bf16 or widened again.
fn rounded(config: &ModelConfig, dtype: DType) -> MemoryTensors {
    let full = tiny::tensors(config, 1);
    let mut out = MemoryTensors::new();
    for name in full.names() {
        let view = full.get(&name).unwrap();
        let halves = view.to_f32().into_iter().map(half::bf16::from_f32);
        let bytes = match dtype {
            DType::BF16 => halves.flat_map(half::bf16::to_le_bytes).collect(),
            _ => halves.flat_map(|h| h.to_f32().to_le_bytes()).collect(),
        };
        out.insert(name, dtype, &view.shape, bytes);
    }
    out
}

#[test]
fn narrow_weights_compute_as_the_same_numbers_widened() {
    let device = Arc::new(Cpu::new(2));
    for (name, config) in tiny::configs() {
        let [narrow, wide] = [DType::BF16, DType::F32].map(|dtype| {
            let decoder = Decoder::load(device.clone(), config.clone(), &rounded(&config, dtype)).unwrap();
            let (_, trainable) = tiny::adapter(&decoder, &["all"], 0.0, 2);
            (gradient(&decoder, &trainable, &tiny::packed(&config)), decoder.weight_bytes())
        });
        assert!(narrow.0 == wide.0, "{name}: widening is exact");
        assert!(narrow.1 * 10 < wide.1 * 7, "{name}: {} bytes against {}", narrow.1, wide.1);
    }
}

#[test]
fn the_plan_is_what_a_step_takes_and_a_second_step_takes_nothing_more() {
    let device = Arc::new(Cpu::new(2));
    for (name, config) in tiny::configs() {
        let decoder = tiny::decoder(&device, &config, 1);
        let batch = tiny::packed(&config);
        for (targets, recompute) in
            [("all", Recompute::Never), ("all", Recompute::Always), ("all", Recompute::Lowest(1))]
        {
            let (_, trainable) = tiny::adapter(&decoder, &[targets], 0.1, 2);
            let plan = decoder.memory_plan(Some(&trainable), batch.rows(), batch.loss_rows.len(), recompute);
            let mut ws = Workspace::new(&*device, recompute);
            let mut grads = device.zeros(trainable.parameters.layout.total);
            for _ in 0..2 {
                decoder.loss_and_grad(&trainable, &batch, &mut grads, &mut ws, 5).unwrap();
                assert_eq!(ws.bytes(&device), plan.activations + plan.scratch, "{name}, {recompute:?}");
            }
            assert_eq!(plan.gradients, 4 * device.len(&grads));
        }
    }
}
