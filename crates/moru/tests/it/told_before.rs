//! What would fail late is told before the first stage.

use std::fs;

use serde_json::Value;

use crate::support::{Scratch, table};

#[test]
fn what_would_fail_after_the_training_is_told_before() {
    let scratch = Scratch::project();
    let no_test = ["--set", "split.train=0.9", "--set", "split.test=0.0"];
    let seen = scratch.seen(&[&["run"][..], &no_test].concat());
    assert!(seen.contains("there would be nothing to evaluate") && !seen.contains("ingest"), "{seen}");
    scratch.stdout(&[&["train"][..], &no_test].concat(), 0);
    for (set, told) in [
        ("prepare.strip_patterns=['(']", "is not a regular expression"),
        ("prepare.reject.languages=['jp']", "\"jp\", which is not known"),
        ("evaluate.questions='none.jsonl'", "evaluate.questions: could not read"),
    ] {
        assert!(scratch.stdout(&["check", "--set", set], 1).contains(told), "{set}");
    }
    fs::create_dir(scratch.path("empty")).unwrap();
    let seen = scratch.seen(&["run", "--set", "model.base=empty", "--set", "project.seed=3"]);
    assert!(seen.contains("has no config.json") && !seen.contains("split  "), "{seen}");
}

/// What can be known of the recipe and of a built-in model is told by each of the three, and no stage begins.
#[test]
fn what_is_wrong_with_the_recipe_is_told_before_the_first_stage() {
    let too_long = "tokenize.max_len_tokens=";
    let cases: &[(&[&str], &str)] = &[
        (&["train.targets=['q_porj']"], "`q_porj` matches no linear layer"),
        (&["train.targets=['c_attn']", "model.base=builtin:nano"], "`c_attn` matches no linear layer"),
        (&["train.targets=['q_proj']", "model.base=random:gpt2-124m"], "`q_proj` matches no linear layer"),
        (&["train.targets=[]"], "`targets` is empty"),
        (&["train.learning_rate=0"], "`learning_rate` is 0"),
        (&["train.warmup=1"], "`warmup` is 1"),
        (&[&format!("{too_long}1025")], "the model's context is 1024 tokens"),
        (&[&format!("{too_long}4097"), "model.base=builtin:nano"], "the model's context is 4096 tokens"),
        (&["prepare.prompt='{question'"], "has a lone `{` at"),
        (&["prepare.strip_patterns=['(']"], "is not a regular expression"),
        (&["prepare.mask.patterns={ x = '(' }"], "is not a regular expression"),
        (&["prepare.mask.entities=['phone']"], "no kind of personal data called `phone`"),
        (&["prepare.reject.languages=['jp']"], "\"jp\", which is not known"),
        (&["source.rows.personal={ id = 'nmae' }"], "no kind of personal data called `nmae`"),
        (&["split.group=id"], "which the examples do not carry"),
        (&["split.stratify=id"], "which the examples do not carry"),
        (&["replies.placeholders.전화번허=1588-0000"], "`전화번허`, which no masked text contains"),
    ];
    for (sets, told) in cases {
        let scratch = Scratch::project();
        let sets: Vec<_> = sets.iter().flat_map(|set| ["--set", set]).collect();
        for verb in [&["check", "--structure"][..], &["check"], &["run"]] {
            let seen = scratch.seen(&[verb, &sets].concat());
            assert!(seen.contains(told), "{verb:?} {sets:?}: {seen}");
            assert!(seen.contains("exit 2") || (verb[0] == "check" && seen.contains("exit 1")), "{seen}");
            assert_eq!(seen.matches(told).count(), 1, "told once: {seen}");
        }
        assert!(!scratch.path(".moru/store").exists() || !scratch.path("moru.lock").exists(), "{told}");
    }
    let scratch = Scratch::project();
    for good in [
        "train.targets=['q_proj']",
        "tokenize.max_len_tokens=1024",
        "replies.placeholders.전화번호=1588-0000",
    ] {
        scratch.stdout(&["check", "--structure", "--set", good], 0);
    }
}

/// What stands in the data or in other files is told before the first stage as well.
#[test]
fn what_the_evaluation_would_refuse_is_told_before_the_first_stage() {
    let scratch = Scratch::project();
    scratch.write("own.jsonl", "{\"id\":\"q1\",\"question\":\"언제 오나요\"}\n");
    for (set, told) in [
        ("evaluate.metrics=['rouge']", "rouge"),
        ("evaluate.questions='none.jsonl'", "none.jsonl"),
        ("evaluate.questions='own.jsonl'", "own.jsonl"),
    ] {
        let seen = scratch.seen(&["check", "--set", set]);
        assert!(seen.contains("exit 1") && seen.contains(told), "{set}: {seen}");
        let seen = scratch.seen(&["run", "--set", set]);
        assert!(
            seen.contains("exit 2") && seen.contains(told) && !seen.contains("ingest:rows"),
            "{set}: {seen}"
        );
    }
    let both = "evaluate.metrics=['rouge', 'chrf']";
    assert!(scratch.stdout(&["check", "--set", both], 0).contains("a run can begin"));
    scratch.write("data/rows.csv", &table(60).replace(|c| ('가'..='힣').contains(&c), "a"));
    scratch.stdout(&["check", "--set", "evaluate.metrics=['rouge']"], 0);
}

/// What a training will take is told of the tokens of now. Those of another model, or of other data, are none of it: their
/// ids may not even be in the vocabulary.
#[test]
fn a_forecast_takes_nothing_from_tokens_that_will_be_made_anew() {
    let scratch = Scratch::project();
    let told = |set: &str| scratch.stdout(&["check", "--set", set], 0);
    let (nano, toy) = ("model.base=nano", "model.base=builtin:toy");
    let unknown = "for each 1,000 tokens";
    scratch.stdout(&["export", "builtin:nano", "nano"], 0);
    scratch.stdout(&["run", "--until", "tokenize", "--set", nano], 0);
    assert!(told(nano).contains("(estimated: 6 steps, "), "{}", told(nano));
    assert!(told(toy).contains(unknown), "{}", told(toy));
    // The stage `base` of one model says nothing of another one's weights either.
    scratch.stdout(&["run", "--until", "tokenize", "--set", toy], 0);
    let layers = |set: &str| {
        let plan: Value =
            serde_json::from_str(&scratch.stdout(&["plan", "--json", "--set", set], 0)).unwrap();
        let all = plan.as_array().unwrap();
        all.iter().find(|one| one["stage"] == "train:main").unwrap()["forecast"]["layers"].clone()
    };
    assert_ne!(layers("model.base=builtin:nano"), layers(toy));
    assert!(told(toy).contains("(estimated: 6 steps, "), "{}", told(toy));
    scratch.write("data/rows.csv", &table(90));
    assert!(told(toy).contains(unknown), "{}", told(toy));
}
