//! Trainings that go by a score of answers.

use serde_json::Value;

use crate::support::Scratch;

/// The looks at the validation split: step and chrF.
fn looks(state: &Value) -> Vec<(u64, f64)> {
    let history = state["log_history"].as_array().unwrap();
    let looks = history.iter().filter(|entry| entry.get("eval_loss").is_some());
    looks.map(|entry| (entry["step"].as_u64().unwrap(), entry["eval_chrF2"].as_f64().unwrap())).collect()
}

fn state(scratch: &Scratch) -> Value {
    serde_json::from_str(&scratch.read("out/trainer_state.json")).unwrap()
}

#[test]
fn the_checkpoint_with_the_best_answers_is_kept() {
    let scratch = Scratch::project();
    scratch.edit("moru.toml", "steps = 6", "steps = 6\neval_every = 2\nbest_by = \"chrf\"\nbest_rows = 3");
    scratch.edit("moru.toml", "builtin:toy", "builtin:nano");
    let output = scratch.output(&["train"]);
    let text = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && text.contains(", chrF2 "), "{text}");
    let state = state(&scratch);
    let looks = looks(&state);
    assert_eq!(looks.iter().map(|(step, _)| *step).collect::<Vec<_>>(), [2, 4, 6]);
    let best = looks.iter().copied().reduce(|best, next| if next.1 > best.1 { next } else { best }).unwrap();
    assert!(best.1 > 0.0 && best.1 < 100.0, "{looks:?}");
    assert_eq!(state["best_global_step"], best.0, "{looks:?}");
    assert_eq!(state["best_metric"], best.1, "{looks:?}");
}

#[test]
fn answers_that_do_not_improve_end_a_training() {
    let scratch = Scratch::project();
    // Nothing is learnt, so that all answers stay the same.
    let keys = "steps = 6\neval_every = 1\nlearning_rate = 1e-12\nbest_by = \"chrf\"\npatience = 2";
    scratch.edit("moru.toml", "steps = 6", keys);
    scratch.stdout(&["train"], 0);
    let looks = looks(&state(&scratch));
    assert_eq!(looks.iter().map(|(step, _)| *step).collect::<Vec<_>>(), [1, 2, 3]);
    assert!(looks.iter().all(|(_, score)| *score == looks[0].1), "{looks:?}");
}

#[test]
fn rows_without_a_question_cannot_be_answered() {
    let scratch = Scratch::project();
    scratch.edit("moru.toml", "steps = 6", "steps = 6\nbest_by = \"chrf\"");
    scratch.edit("moru.toml", "[train]", "[tokenize]\nloss = \"all\"\n\n[train]");
    let output = scratch.output(&["train"]);
    let text = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(2), "{text}");
    assert!(text.contains("best_by = \"chrf\" needs answers") && text.contains("[tokenize] loss"), "{text}");
}
