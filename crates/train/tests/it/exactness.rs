//! The result does not depend on how a step is cut, and depends on what it should.

use kernels::Cpu;
use tempfile::TempDir;
use train::verify::{self, Layout};
use train::{Length, Method, Settings};

use crate::toy::{Training, bytes, decoder, samples, steps, views};

fn train(change: impl FnOnce(&mut Settings)) -> (Vec<f64>, Vec<u8>) {
    let out = TempDir::new().unwrap();
    let mut training = Training::new(out.path());
    change(&mut training.settings);
    let (outcome, events) = training.run();
    let result = outcome.unwrap().result.unwrap();
    let losses = steps(&events).iter().map(|s| s.loss).collect();
    (losses, bytes(result.join("adapter_model.safetensors")))
}

#[test]
fn the_same_training_gives_the_same_bytes() {
    assert_eq!(train(|_| {}), train(|_| {}));
}

#[test]
fn the_number_of_threads_does_not_change_the_bytes() {
    let train = |threads| {
        let out = TempDir::new().unwrap();
        let outcome = Training::on(Cpu::new(threads), out.path()).run().0.unwrap();
        bytes(outcome.result.unwrap().join("adapter_model.safetensors"))
    };
    let one = train(1);
    for threads in [2, 3] {
        assert_eq!(train(threads), one, "{threads} threads");
    }
}

#[test]
fn the_step_does_not_depend_on_how_it_is_cut_into_passes() {
    // Few steps: Adam's division makes rounding grow from step to step.
    let figures = |micro_tokens| {
        let out = TempDir::new().unwrap();
        let mut training = Training::new(out.path());
        training.settings = Settings { micro_tokens, length: Length::Steps(4), ..training.settings };
        steps(&training.run().1)
    };
    let whole = figures(10_000);
    for micro_tokens in [1, 20, 33] {
        for (whole, cut) in whole.iter().zip(figures(micro_tokens)) {
            let (loss, norm) = (whole.loss / cut.loss - 1.0, whole.grad_norm / cut.grad_norm - 1.0);
            assert!(loss.abs() < 1e-6 && norm.abs() < 1e-5, "{micro_tokens} tokens: {whole:?} {cut:?}");
        }
    }
}

#[test]
fn laying_samples_together_changes_nothing() {
    let mut samples = samples(6);
    // Three branches of one beginning, one of which ends with it, beside three strangers.
    let shared = samples[0].ids.clone();
    for sample in &mut samples[1..4] {
        sample.ids.splice(0..0, shared.iter().copied());
        sample.trained.splice(0..0, vec![false; shared.len()]);
        sample.ids.truncate(20);
        sample.trained.truncate(20);
        *sample.trained.last_mut().unwrap() = true;
    }
    for method in [Training::new(std::path::Path::new("")).settings.method, Method::Full] {
        let settings = Settings { method, min_shared: 1, ..crate::toy::settings() };
        let compare = |layout| verify::compare(&mut decoder(), &settings, &views(&samples), layout).unwrap();
        let packed = compare(Layout::Packed);
        assert_eq!(packed.separate_tokens, packed.together_tokens);
        assert!(packed.greatest() < 1e-5, "{:?}", packed.tensors[0]);
        let tree = compare(Layout::Tree);
        assert!(tree.together_tokens < tree.separate_tokens);
        assert!(tree.greatest() < 1e-5, "{:?}", tree.tensors[0]);
        assert!(tree.tensors.iter().any(|t| t.relative > 0.0), "rounding differs, so something was compared");
    }
}

#[test]
fn what_should_change_the_result_does() {
    let (_, plain) = train(|_| {});
    let lora = |change: fn(&mut Method)| train(|s| change(&mut s.method)).1;
    assert_ne!(plain, train(|s| s.seed = 7).1, "the seed");
    assert_ne!(plain, train(|s| s.adam.weight_decay = 0.5).1, "the decay");
    assert_ne!(plain, train(|s| s.max_grad_norm = Some(0.01)).1, "the clip");
    assert_ne!(plain, train(|s| s.length = Length::Steps(10)).1, "the length");
    let dropout = lora(|m| {
        if let Method::Lora { lora, .. } = m {
            lora.dropout = 0.3;
        }
    });
    assert_ne!(plain, dropout, "dropout");
    let ratio = lora(|m| {
        if let Method::Lora { b_ratio, .. } = m {
            *b_ratio = 16.0;
        }
    });
    assert_ne!(plain, ratio, "the ratio of B's learning rate");
    let scale = lora(|m| {
        if let Method::Lora { lora, .. } = m {
            lora.rslora = true;
        }
    });
    assert_ne!(plain, scale, "the scale");
}

#[test]
fn it_learns() {
    let out = TempDir::new().unwrap();
    let mut training = Training::new(out.path());
    training.settings = Settings {
        method: Method::Full,
        length: Length::Steps(60),
        learning_rate: 0.02,
        ..training.settings
    };
    let losses: Vec<f64> = steps(&training.run().1).iter().map(|s| s.loss).collect();
    let (first, last) = (losses[0], losses[losses.len() - 1]);
    assert!(last < 0.1 * first, "the loss fell from {first} to {last} only");
}
