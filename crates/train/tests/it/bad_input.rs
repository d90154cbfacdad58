//! What cannot be trained is refused before the first step, or stops with a reason.

use tempfile::TempDir;
use train::{Event, TrainError};

use crate::toy::Training;

#[track_caller]
fn check_refused(change: impl FnOnce(&mut Training<'_>), message: &str) {
    let out = TempDir::new().unwrap();
    let mut training = Training::new(out.path());
    change(&mut training);
    let (outcome, events) = training.run();
    assert_eq!(outcome.unwrap_err().to_string(), message);
    assert!(events.is_empty(), "nothing is begun");
    assert_eq!(std::fs::read_dir(out.path()).unwrap().count(), 0, "nothing is written");
}

#[test]
fn bad_samples_are_refused_before_the_first_step() {
    check_refused(|t| t.train.clear(), "the training split is empty");
    check_refused(
        |t| {
            t.train[2].trained.fill(false);
            t.train[4].trained.fill(false);
        },
        "2 samples have no trained token, such as row-2, row-4; correct their loss mask or reject them",
    );
    check_refused(
        |t| t.valid[0].trained.fill(false),
        "1 samples have no trained token, such as row-10; correct their loss mask or reject them",
    );
    check_refused(
        |t| {
            t.train[1].ids = vec![1; 33];
            t.train[1].trained = vec![true; 33];
        },
        "1 samples are longer than the model's context of 32 tokens, such as row-1 (33 tokens); lower the greatest \
         length when tokenizing",
    );
    check_refused(
        |t| t.train[0].ids[0] = 24,
        "sample row-0 has token 24, the model's vocabulary has 24; tokenize with the tokenizer that belongs to this \
         model",
    );
    check_refused(|t| t.settings.learning_rate = -1.0, "`learning_rate` is -1; it must be a positive number");
}

#[test]
fn a_loss_that_is_not_a_number_stops_with_step_rows_and_checkpoint() {
    let out = TempDir::new().unwrap();
    let mut training = Training::new(out.path());
    training.settings.learning_rate = 1e30;
    training.settings.max_grad_norm = None;
    training.settings.checkpoint_every = train::Every::Steps(1);
    let (outcome, events) = training.run();
    let Err(TrainError::NotFinite { step, rows, last_checkpoint, .. }) = &outcome else {
        panic!("{outcome:?}")
    };
    assert!((1..=4).contains(&rows.len()) && rows.iter().all(|row| row.starts_with("row-")));
    assert_eq!(*last_checkpoint, Some(out.path().join(format!("checkpoint-{}", step - 1))));
    assert!(events.iter().all(|event| !matches!(event, Event::Finished(_))));
    assert!(!out.path().join("adapter").exists(), "no result is left");
    let message = outcome.as_ref().unwrap_err().to_string();
    assert!(message.contains(&format!("at step {step}, on rows row-")), "{message}");
}

#[test]
fn an_output_that_cannot_be_written_is_named() {
    let scratch = TempDir::new().unwrap();
    let file = scratch.path().join("file");
    std::fs::File::create(&file).unwrap();
    let error = Training::new(&file.join("out")).run().0.unwrap_err();
    assert_eq!(error.to_string(), format!("cannot create {}", file.join("out").display()));

    let out = scratch.path().join("out");
    std::fs::create_dir_all(out.join("trainer_log.jsonl")).unwrap();
    let error = Training::new(&out).run().0.unwrap_err();
    assert_eq!(error.to_string(), format!("cannot open {}", out.join("trainer_log.jsonl").display()));
}

#[test]
fn a_target_that_matches_nothing_is_named() {
    let out = TempDir::new().unwrap();
    let mut training = Training::new(out.path());
    let base = training.settings.base.clone();
    training.settings = train::Settings::lora(base, 4, model::LoraTargets::Named(vec!["c_attn".to_owned()]));
    assert_eq!(
        training.run().0.unwrap_err().to_string(),
        "LoRA target `c_attn` matches no linear layer of this model; its linear layers are q_proj, k_proj, v_proj, \
         o_proj, gate_proj, up_proj, down_proj"
    );
}
