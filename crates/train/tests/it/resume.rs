//! Killed or stopped anywhere and started again, a training ends with the same bytes.

use std::fs::File;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;

use chat::CancelToken;
use tempfile::TempDir;
use train::{Ending, Event, Method, Settings, TrainError};

use crate::toy::{Training, bytes, steps};

/// Everything in the output that holds no times.
fn result(out: &Path, method: &Method) -> Vec<Vec<u8>> {
    let files: &[&str] = match method {
        Method::Lora { .. } => {
            &["adapter/adapter_model.safetensors", "adapter/adapter_config.json", "adapter/README.md"]
        }
        Method::Full => &["model/model.safetensors", "model/config.json", "model/README.md"],
    };
    let shared =
        ["trainer_state.json", "checkpoint-20/optimizer.safetensors", "checkpoint-20/trainer_state.json"];
    files.iter().chain(&shared).map(|file| bytes(out.join(file))).collect()
}

fn uninterrupted(change: impl Fn(&mut Settings)) -> Vec<Vec<u8>> {
    let out = TempDir::new().unwrap();
    let mut training = Training::new(out.path());
    change(&mut training.settings);
    let method = training.settings.method.clone();
    let (outcome, _) = training.run();
    assert_eq!(outcome.unwrap().ending, Ending::Complete);
    result(out.path(), &method)
}

fn is_step(event: &Event, wanted: u64) -> bool {
    matches!(event, Event::Step(figures) if figures.step == wanted)
}

fn check_stop(stop_at: u64, change: impl Fn(&mut Settings)) {
    let out = TempDir::new().unwrap();
    let stop = |event: &Event, cancel: &CancelToken| {
        if is_step(event, stop_at) {
            cancel.cancel();
        }
    };
    let mut training = Training { on_event: &stop, ..Training::new(out.path()) };
    change(&mut training.settings);
    let outcome = training.run().0.unwrap();
    assert_eq!((outcome.ending, outcome.step), (Ending::Stopped, stop_at));
    assert!(!out.path().join("adapter").exists(), "a stopped training has no result");

    let mut training = Training::new(out.path());
    change(&mut training.settings);
    let method = training.settings.method.clone();
    let (outcome, events) = training.run();
    assert_eq!(outcome.unwrap().ending, Ending::Complete);
    assert_eq!(steps(&events)[0].step, stop_at + 1, "nothing is done twice");
    assert_eq!(result(out.path(), &method), uninterrupted(change));
}

#[test]
fn stopped_anywhere_it_goes_on_where_it_was() {
    for step in [1, 4, 7, 19] {
        check_stop(step, |_| {});
    }
}

#[test]
fn all_parameters_resume_as_well() {
    check_stop(7, |s| {
        *s = Settings { method: Method::Full, learning_rate: 0.005, ..s.clone() };
    });
}

#[test]
fn dropout_resumes_as_well() {
    check_stop(7, |s| {
        if let Method::Lora { lora, .. } = &mut s.method {
            lora.dropout = 0.2;
        }
    });
}

/// Ends a training without any chance to tidy up.
fn kill(out: &Path, when: impl Fn(&Event) -> bool) {
    let kill = |event: &Event, _: &CancelToken| assert!(!when(event), "killed");
    let training = Training { on_event: &kill, ..Training::new(out) };
    assert!(catch_unwind(AssertUnwindSafe(|| training.run())).is_err());
}

#[test]
fn killed_anywhere_it_redoes_at_most_one_interval() {
    let whole = uninterrupted(|_| {});
    for step in [3, 12, 20] {
        let out = TempDir::new().unwrap();
        kill(out.path(), |event| is_step(event, step));
        let (outcome, events) = Training::new(out.path()).run();
        outcome.unwrap();
        let first = steps(&events)[0].step;
        assert!(first <= step && step - first <= 5, "killed at {step}, went on at {first}");
        assert_eq!(result(out.path(), &Training::new(out.path()).settings.method), whole);
    }
}

#[test]
fn a_finished_training_only_writes_its_result_again() {
    let out = TempDir::new().unwrap();
    Training::new(out.path()).run().0.unwrap();
    std::fs::remove_dir_all(out.path().join("adapter")).unwrap();
    let (outcome, events) = Training::new(out.path()).run();
    assert_eq!(outcome.unwrap().ending, Ending::Complete);
    assert!(steps(&events).is_empty());
    assert_eq!(result(out.path(), &Training::new(out.path()).settings.method), uninterrupted(|_| {}));
}

#[test]
fn half_a_checkpoint_is_not_taken_for_one() {
    let out = TempDir::new().unwrap();
    kill(out.path(), |event| is_step(event, 7));
    // What a kill in the middle of writing leaves.
    let partial = out.path().join(".checkpoint-7.partial");
    std::fs::create_dir(&partial).unwrap();
    File::create(partial.join("optimizer.safetensors")).unwrap();
    // What a full disk or a careless copy leaves.
    let broken = out.path().join("checkpoint-9");
    std::fs::create_dir(&broken).unwrap();
    std::fs::copy(out.path().join("checkpoint-5/trainer_state.json"), broken.join("trainer_state.json"))
        .unwrap();
    let cut = out.path().join("checkpoint-8");
    std::fs::create_dir(&cut).unwrap();
    let (outcome, events) = Training::new(out.path()).run();
    outcome.unwrap();
    let ignored: Vec<_> = events
        .iter()
        .filter_map(|event| match event {
            Event::CheckpointIgnored { checkpoint, why } => {
                Some((checkpoint.file_name().unwrap().to_str().unwrap(), why.as_str()))
            }
            _ => None,
        })
        .collect();
    assert_eq!(ignored.iter().map(|(name, _)| *name).collect::<Vec<_>>(), ["checkpoint-9", "checkpoint-8"]);
    assert!(ignored[0].1.ends_with("it is of step 5, the folder's name says 9"), "{ignored:?}");
    assert_eq!(steps(&events)[0].step, 6);
    assert_eq!(result(out.path(), &Training::new(out.path()).settings.method), uninterrupted(|_| {}));
}

#[test]
fn a_checkpoint_of_another_version_is_refused_and_left_alone() {
    let out = TempDir::new().unwrap();
    kill(out.path(), |event| is_step(event, 7));
    let path = out.path().join("checkpoint-5/trainer_state.json");
    let text = String::from_utf8(bytes(&path)).unwrap();
    assert!(text.contains("\"format\": 1"), "{text}");
    let later = text.replace("\"format\": 1", "\"format\": 9");
    std::io::Write::write_all(&mut File::create(&path).unwrap(), later.as_bytes()).unwrap();
    let error = Training::new(out.path()).run().0.unwrap_err();
    assert_eq!(
        error.to_string(),
        format!(
            "{}: it has format 9, this program reads format 1; go on with the program that wrote it, or remove the \
             folder's checkpoints to begin anew",
            path.display()
        )
    );
    assert!(path.exists(), "whoever wrote it can go on from it");
}

#[test]
fn a_checkpoint_of_another_recipe_is_refused() {
    let out = TempDir::new().unwrap();
    kill(out.path(), |event| is_step(event, 7));
    let refused = |training: Training<'_>| match training.run().0 {
        Err(TrainError::OtherRecipe { path, .. }) => assert_eq!(path, out.path().join("checkpoint-5")),
        other => panic!("{other:?}"),
    };
    let mut training = Training::new(out.path());
    training.settings.learning_rate = 0.03;
    refused(training);
    let mut training = Training::new(out.path());
    training.train[3].ids[1] += 1;
    refused(training);
    let mut training = Training::new(out.path());
    training.settings.base.digest = "another".to_owned();
    refused(training);
}
