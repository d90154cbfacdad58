//! The result does not depend on how a step is cut, and depends on what it should.

use tempfile::TempDir;
use train::{Length, Method, Settings};

use crate::toy::{Training, bytes, steps};

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
