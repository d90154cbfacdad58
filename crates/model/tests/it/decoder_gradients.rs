//! The decoder's gradients: against differences of its loss in f64, and between equal ways of laying out a batch.

#![expect(clippy::single_range_in_vec_init, reason = "a list of ranges is meant, of one")]

use std::sync::Arc;

use kernels::{Device, Reference, random};
use model::{Decoder, ModelConfig, Recompute, TrainBatch, Trainable, Workspace};

use crate::tiny;

fn gradient<D: Device>(
    decoder: &Decoder<D>,
    trainable: &Trainable<D>,
    batch: &TrainBatch,
    recompute: Recompute,
) -> (f64, Vec<f32>) {
    let device = &**decoder.device();
    let total = trainable.parameters.layout.total;
    let mut ws = Workspace::new(device, recompute);
    let mut grads = device.zeros(total);
    let loss = decoder.loss_and_grad(trainable, batch, &mut grads, &mut ws, 11).unwrap().loss;
    let mut host = vec![0.0; total];
    device.read(&grads, 0, &mut host);
    (loss, host)
}

/// Compares each tensor's gradient, along a random direction, with the difference quotient of the loss
/// (Richardson's extrapolation over two steps).
fn check_differences(
    name: &str,
    decoder: &Decoder<Reference<f64>>,
    trainable: &mut Trainable<Reference<f64>>,
    batch: &TrainBatch,
) {
    let mut ws = Workspace::new(&**decoder.device(), Recompute::Never);
    let mut grads = vec![0.0; trainable.parameters.layout.total];
    decoder.loss_and_grad(trainable, batch, &mut grads, &mut ws, 11).unwrap();
    let mut scratch = vec![0.0; grads.len()];
    for spec in trainable.parameters.layout.clone().specs.clone() {
        let range = spec.offset..spec.offset + spec.len;
        let start = trainable.parameters.values[range.clone()].to_vec();
        let direction: Vec<f64> = (0..spec.len)
            .map(|i| f64::from(random::normal(random::mix(9, spec.offset as u64), i as u64)))
            .collect();
        let mut loss_at = |step: f64| {
            for (i, value) in trainable.parameters.values[range.clone()].iter_mut().enumerate() {
                *value = start[i] + step * direction[i];
            }
            // Dropout takes part, so the loss is the training pass's.
            decoder.loss_and_grad(trainable, batch, &mut scratch, &mut ws, 11).unwrap().loss
        };
        let mut quotient = |h: f64| (loss_at(h) - loss_at(-h)) / (2.0 * h);
        let h = 1e-4;
        let numeric = (4.0 * quotient(h / 2.0) - quotient(h)) / 3.0;
        trainable.parameters.values[range.clone()].copy_from_slice(&start);
        let analytic: f64 = grads[range].iter().zip(&direction).map(|(g, d)| g * d).sum();
        let error = (numeric - analytic).abs() / (numeric.abs().max(analytic.abs()) + 1e-4);
        assert!(error < 2e-6, "{name}: {}: differences {numeric}, gradient {analytic}", spec.name);
        let size: f64 = grads[spec.offset..spec.offset + spec.len].iter().map(|g| g.abs()).sum();
        // A key's bias moves all scores of a query alike, which softmax does not see.
        assert!(
            size > 1e-7 || spec.name.ends_with("k_proj.bias"),
            "{name}: {} has no gradient at all",
            spec.name
        );
    }
}

#[test]
fn adapters_of_every_family_agree_with_differences() {
    let device = Arc::new(Reference::<f64>::new());
    for (name, config) in tiny::configs() {
        let decoder = tiny::decoder(&device, &config, 1);
        let batch = tiny::packed(&config);
        for dropout in [0.0, 0.2] {
            let (_, mut trainable) = tiny::adapter(&decoder, &["all"], dropout, 2);
            check_differences(&format!("{name}, dropout {dropout}"), &decoder, &mut trainable, &batch);
        }
    }
}

#[test]
fn all_parameters_of_every_family_agree_with_differences() {
    let device = Arc::new(Reference::<f64>::new());
    for (name, config) in tiny::configs() {
        let mut decoder = tiny::decoder(&device, &config, 1);
        let before = decoder
            .loss(None, &tiny::packed(&config), &mut Workspace::new(&*device, Recompute::Never))
            .unwrap();
        let parameters = decoder.full_parameters();
        let mut trainable = decoder.bind_full(parameters).unwrap();
        let (after, _) = gradient(&decoder, &trainable, &tiny::packed(&config), Recompute::Never);
        assert!(
            (before.loss - after).abs() < 1e-9 * after,
            "{name}: {before:?} and {after} with the same numbers"
        );
        check_differences(name, &decoder, &mut trainable, &tiny::packed(&config));
        check_differences(&format!("{name}, tree"), &decoder, &mut trainable, &tiny::tree(&config).0);
    }
}

/// Texts of several lengths, one of a single token, each with a label of three.
fn labelled(config: &ModelConfig) -> TrainBatch {
    let mut batch = TrainBatch::default();
    for (n, len) in [5, 1, 9, 3].into_iter().enumerate() {
        let ids: Vec<u32> = (0..len).map(|i| ((7 * n + 3 * i + 1) % config.vocab) as u32).collect();
        batch.push_text(&ids, (n % 3) as u32);
    }
    batch
}

#[test]
fn classifiers_of_every_family_agree_with_differences() {
    let device = Arc::new(Reference::<f64>::new());
    for (name, config) in tiny::configs() {
        let config = config.for_classification();
        let decoder = tiny::decoder(&device, &config, 1);
        let (_, adapter) = tiny::adapter(&decoder, &["all"], 0.2, 2);
        let mut trainable = decoder.with_score(adapter, 3, 4).unwrap();
        check_differences(&format!("{name}, adapter and head"), &decoder, &mut trainable, &labelled(&config));

        let mut decoder = tiny::decoder(&device, &config, 1);
        let parameters = decoder.full_parameters();
        let all = decoder.bind_full(parameters).unwrap();
        let mut trainable = decoder.with_score(all, 3, 4).unwrap();
        check_differences(
            &format!("{name}, everything and head"),
            &decoder,
            &mut trainable,
            &labelled(&config),
        );
    }
}

/// Each linear layer alone: the backward pass ends in the right place, and gives what training all gives.
#[test]
fn a_single_target_gets_the_gradient_it_gets_among_all() {
    let device = Arc::new(Reference::<f64>::new());
    for (name, config) in tiny::configs() {
        let decoder = tiny::decoder(&device, &config, 1);
        let batch = tiny::packed(&config);
        for module in config.linear_modules() {
            let (_, mut trainable) = tiny::adapter(&decoder, &[&module.path], 0.0, 2);
            check_differences(&format!("{name}, only {}", module.path), &decoder, &mut trainable, &batch);
        }
    }
}

/// The greatest difference of a tensor, relative to the tensor's greatest gradient.
fn compare<D: Device>(name: &str, trainable: &Trainable<D>, a: &[f32], b: &[f32], tolerance: f32) {
    for spec in &trainable.parameters.layout.specs {
        let (a, b) = (&a[spec.offset..][..spec.len], &b[spec.offset..][..spec.len]);
        let scale = b.iter().fold(1e-6f32, |m, v| m.max(v.abs()));
        let worst = a.iter().zip(b).fold(0.0f32, |m, (x, y)| m.max((x - y).abs())) / scale;
        assert!(worst <= tolerance, "{name}: {}: relative difference {worst}", spec.name);
    }
}

pub fn layouts_agree<D: Device>(device: &Arc<D>, tolerance: f32) {
    for (name, config) in tiny::configs() {
        let decoder = tiny::decoder(device, &config, 1);
        let (_, trainable) = tiny::adapter(&decoder, &["all"], 0.0, 2);
        let separate = |samples: &[TrainBatch]| {
            let parts: Vec<_> =
                samples.iter().map(|s| gradient(&decoder, &trainable, s, Recompute::Never)).collect();
            let mut sum = vec![0.0f32; parts[0].1.len()];
            for (_, grads) in &parts {
                sum.iter_mut().zip(grads).for_each(|(s, g)| *s += g);
            }
            (parts.iter().map(|p| p.0).sum::<f64>(), sum)
        };
        let close = |what: &str, a: (f64, Vec<f32>), b: &(f64, Vec<f32>)| {
            assert!(
                (a.0 - b.0).abs() <= f64::from(tolerance) * b.0.abs(),
                "{name}, {what}: {} and {}",
                a.0,
                b.0
            );
            compare(&format!("{name}, {what}"), &trainable, &a.1, &b.1, tolerance);
        };
        let (tree, samples) = tiny::tree(&config);
        let apart = separate(&samples);
        close("tree and samples", gradient(&decoder, &trainable, &tree, Recompute::Never), &apart);
        let packed = tiny::packed(&config);
        let sample = |count, seed, untrained| {
            TrainBatch::sample(&tiny::ids(&config, count, seed), &tiny::weights(count, untrained))
        };
        let apart = separate(&[sample(9, 1, 3), sample(6, 2, 1)]);
        let once = gradient(&decoder, &trainable, &packed, Recompute::Never);
        close("packed and samples", once.clone(), &apart);
        for recompute in [Recompute::Always, Recompute::Lowest(1)] {
            let again = gradient(&decoder, &trainable, &packed, recompute);
            assert!(again.1 == once.1 && again.0 == once.0, "{name}: {recompute:?} changes nothing");
        }
    }
}

#[test]
fn trees_packed_samples_and_separate_samples_give_one_gradient() {
    layouts_agree(&Arc::new(Reference::<f32>::new()), 1e-5);
    layouts_agree(&Arc::new(Reference::<f64>::new()), 1e-6);
}

#[test]
fn a_wrong_batch_is_refused_by_part_and_value() {
    let (_, config): (_, ModelConfig) = tiny::configs().remove(0);
    let device = Arc::new(Reference::<f32>::new());
    let decoder = tiny::decoder(&device, &config, 1);
    let good = tiny::packed(&config);
    type Damage = fn(&mut TrainBatch);
    let broken: [(&str, Damage); 6] = [
        ("token id 99 at row 2 of the batch is outside the vocabulary of 23", |b| b.ids[2] = 99),
        ("position 64 is outside the model's context of 64", |b| b.positions[1] = 64),
        ("batch: segments is 14, it must be 15, covering all rows", |b| b.segments[1].len = 5),
        ("batch: ancestors is [0..10], it must be ascending, disjoint and before row 9", |b| {
            b.segments[1].ancestors = vec![0..10];
        }),
        ("batch: loss_rows is 40, it must be less than the number of rows, 15", |b| b.loss_rows[0] = 40),
        ("batch: weights is NaN, it must be finite", |b| b.weights[0] = f32::NAN),
    ];
    for (message, damage) in broken {
        let mut batch = good.clone();
        damage(&mut batch);
        let mut ws = Workspace::new(&*device, Recompute::Never);
        assert_eq!(decoder.loss(None, &batch, &mut ws).unwrap_err().to_string(), message);
    }
}
