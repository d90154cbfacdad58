//! Several models in one recipe: each has its tokens, its trainings and its answers.

#[cfg(unix)]
use std::process::{Command, Stdio};
#[cfg(unix)]
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::support::{Scratch, table};

fn json(text: &str) -> Value {
    serde_json::from_str(text).unwrap()
}

/// Two models, the second a folder, and a training of each.
fn two_models() -> Scratch {
    let scratch = Scratch::project();
    scratch.stdout(&["run", "base"], 0);
    scratch.stdout(&["export", "base", "small"], 0);
    scratch.edit("moru.toml", "[source.rows]", "[model.small]\nbase = \"small\"\n\n[source.rows]");
    scratch.edit(
        "moru.toml",
        "[evaluate]",
        "[train.small]\nsteps = 4\nbatch_size = 4\nrank = 2\n\n[evaluate]",
    );
    scratch
}

fn stages(scratch: &Scratch) -> Vec<String> {
    let plan = json(&scratch.stdout(&["plan", "--json"], 0));
    plan.as_array().unwrap().iter().map(|stage| stage["stage"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn each_model_has_its_own_way_through_the_stages() {
    let scratch = two_models();
    let all = stages(&scratch);
    for id in [
        "base",
        "tokenize",
        "tokenize:small",
        "train:main",
        "train:small",
        "answer:base",
        "answer:base.small",
    ] {
        assert!(all.iter().any(|stage| stage == id), "{id} of {all:?}");
    }
    assert!(!all.contains(&"base:small".to_owned()), "a folder is there already: {all:?}");
    scratch.stdout(&["run"], 0);
    for name in
        ["adapter", "adapter-small", "samples/base.jsonl", "samples/base.small.jsonl", "samples/small.jsonl"]
    {
        assert!(scratch.path("out").join(name).exists(), "{name}");
    }
    let report = json(&scratch.read("out/report.json"));
    let bases: Vec<_> = report["training"].as_array().unwrap().iter().map(|one| &one["base_model"]).collect();
    assert_eq!(bases, ["builtin:toy", "small"]);
    assert_eq!(report["provenance"]["base_model"], "builtin:toy, small");
    let again = scratch.stdout(&["run"], 0);
    assert!(again.contains("nothing to do"), "{again}");
    // What is done of one model stands whatever becomes of the other.
    scratch.edit("moru.toml", "[model.small]\nbase = \"small\"", "[model.small]\nbase = \"builtin:toy\"");
    let plan = json(&scratch.stdout(&["plan", "--json"], 0));
    let action = |id: &str| {
        let found = plan.as_array().unwrap().iter().find(|stage| stage["stage"] == id);
        found.unwrap_or_else(|| panic!("{id}"))["action"].clone()
    };
    assert_eq!((action("train:main"), action("answer:base")), ("keep".into(), "keep".into()));
    assert_eq!(action("base:small"), "run");
    assert_ne!(action("train:small"), "keep");
}

#[test]
fn a_model_is_picked_by_its_name() {
    let scratch = two_models();
    scratch.stdout(&["run"], 0);
    for name in ["main", "small", "base", "base.small"] {
        scratch.stdout(
            &[
                "generate",
                "--model",
                name,
                "--max-tokens",
                "4",
                "--field",
                "category=배송",
                "--field",
                "question=언제 오나요?",
            ],
            0,
        );
    }
    let output =
        scratch.output(&["generate", "--model", "smal", "--field", "category=배송", "--field", "question=?"]);
    let talk = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(talk.contains("did you mean `small`? there are main, small, and `base`, `base.small`"), "{talk}");
    for stage in ["tokenize:small", "train:small", "answer:small", "answer:base.small"] {
        assert!(!scratch.stdout(&["tap", stage, "-n", "1"], 0).is_empty(), "{stage}");
    }
    let output = scratch.output(&["tap", "tokenize:large"]);
    assert!(String::from_utf8_lossy(&output.stderr).contains("there is no training called `large`"));
    let row = json(scratch.stdout(&["tap", "split", "-n", "1", "--json"], 0).lines().next().unwrap());
    let told = json(&scratch.stdout(&["why", row["id"].as_str().unwrap(), "--json"], 0));
    let models: Vec<_> =
        told["stages"]["tokenize"].as_array().unwrap().iter().map(|one| &one["model"]).collect();
    assert_eq!(models, ["main", "small"]);
    scratch.stdout(&["export", "base.small", "again"], 0);
    assert!(scratch.path("again/model.safetensors").exists());
}

#[test]
fn models_and_what_they_are_written_as_are_compared() {
    let scratch = two_models();
    scratch.edit("moru.toml", "[evaluate]", "[export]\nformats = [\"q8_0\", \"lora\"]\n\n[evaluate]");
    let said = scratch.stdout(&["run"], 0);
    assert!(said.contains("behind the best") && said.contains("base.small"), "{said}");
    let report = json(&scratch.read("out/report.json"));
    let candidates = report["compared"]["candidates"].as_array().unwrap();
    let of =
        |name: &str| candidates.iter().find(|one| one["name"] == name).unwrap_or_else(|| panic!("{name}"));
    assert_eq!(candidates.len(), 6);
    for name in ["base", "base.small", "main", "small", "main.q8_0", "small.q8_0"] {
        let one = of(name);
        assert!(one["speed"]["decode_tokens_per_s"].as_f64().unwrap() > 0.0, "{one}");
        assert!(one["memory_bytes"].as_u64().unwrap() > 0 && one["bytes"].as_u64().unwrap() > 0, "{one}");
        assert!(one["on_front"].is_boolean(), "{one}");
    }
    assert!(of("main.q8_0")["bytes"].as_u64() < of("main")["bytes"].as_u64());
    assert!(of("base")["bytes"].as_u64() < of("main")["bytes"].as_u64(), "an adapter counts with its base");
    assert!(candidates.iter().any(|one| one["on_front"] == true));
    assert!(candidates[0].get("behind").is_none() && candidates[1].get("behind").is_some());
    // What an export is told to be fast as is told once.
    let exported =
        report["artifacts"].as_array().unwrap().iter().find(|one| one["format"] == "q8_0").unwrap();
    assert_eq!(exported["speed"], of(&format!("{}.q8_0", exported["name"].as_str().unwrap()))["speed"]);
    assert!(scratch.read("out/report.html").contains("id=\"compared\""));
    assert!(scratch.stdout(&["report"], 0).contains("behind the best"));
    let again = scratch.stdout(&["run"], 0);
    assert!(again.contains("nothing to do") && !again.contains("behind the best"), "{again}");
    // On another machine they are measured once more, although no stage has anything to do.
    scratch.edit(".moru/measured.json", " on ", " on another ");
    let moved = scratch.stdout(&["run"], 0);
    assert!(moved.contains("0 stages ran") && moved.contains("behind the best"), "{moved}");
    assert!(!scratch.read(".moru/measured.json").contains(" on another "));
    assert!(scratch.stdout(&["run"], 0).contains("nothing to do"));
}

/// Ctrl-C while models are measured leaves no report with gaps behind, and the next run measures the others.
#[cfg(unix)]
#[test]
fn a_comparison_that_is_stopped_goes_on_in_the_next_run() {
    let scratch = two_models();
    scratch.edit("moru.toml", "[evaluate]", "[export]\nformats = [\"q8_0\"]\n\n[evaluate]");
    let mut child = scratch.command(&["run"]).stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
    let start = Instant::now();
    // The first of six is measured.
    while !scratch.path(".moru/measured.json").exists() {
        assert!(child.try_wait().unwrap().is_none(), "the run ended before a model was measured");
        assert!(start.elapsed() < Duration::from_mins(5), "no model is measured");
        std::thread::sleep(Duration::from_millis(2));
    }
    assert!(Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap().success());
    let output = child.wait_with_output().unwrap();
    let talk = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(2), "{talk}");
    assert!(talk.contains("error: stopped") && talk.contains("hint: `moru run` continues"), "{talk}");
    // The report of before, of the stage `base` alone, still stands.
    assert!(scratch.path("out/adapter").exists());
    assert!(json(&scratch.read("out/report.json")).get("compared").is_none());
    let said = scratch.stdout(&["run"], 0);
    assert!(said.contains("0 stages ran") && said.contains("behind the best"), "{said}");
    let report = json(&scratch.read("out/report.json"));
    for one in report["compared"]["candidates"].as_array().unwrap() {
        assert!(one["speed"]["decode_tokens_per_s"].as_f64().unwrap() > 0.0, "{one}");
    }
    assert!(scratch.stdout(&["run"], 0).contains("nothing to do"));
}

/// The questions of a finished run may be moved or edited: the comparison stands, and it is said.
#[test]
fn a_comparison_needs_no_questions_that_were_answered() {
    let scratch = two_models();
    scratch.edit("moru.toml", "[evaluate]", "[evaluate]\nquestions = \"q.jsonl\"");
    let question = |id: &str| {
        let (facts, asked) = ("[[\"5일\"]]", "\"category\":\"배송\",\"question\":\"며칠 걸려요\"");
        format!("{{\"id\":\"{id}\",\"facts\":{facts},{asked}}}\n")
    };
    scratch.write("q.jsonl", &question("q1"));
    scratch.stdout(&["run"], 0);
    let report = || {
        let seen = scratch.seen(&["report"]);
        assert!(seen.contains("exit 0") && seen.contains("behind the best"), "{seen}");
        seen
    };
    assert!(!report().contains("q.jsonl"));
    std::fs::rename(scratch.path("q.jsonl"), scratch.path("moved.jsonl")).unwrap();
    assert!(report().contains("[evaluate] questions: q.jsonl is not there"), "{}", report());
    scratch.write("q.jsonl", &question("q2"));
    assert!(report().contains("[evaluate] questions: q.jsonl has changed"), "{}", report());
    // Answers to other rows than there are now are compared with nothing, and that is said.
    scratch.write("data/rows.csv", &table(90));
    let seen = scratch.seen(&["run", "--until", "split"]);
    assert!(
        seen.contains("not compared: base, main, base.small, small, which answered other rows"),
        "{seen}"
    );
    assert!(json(&scratch.read("out/report.json")).get("compared").is_none());
}

#[test]
fn what_a_training_takes_is_told_before_it_begins() {
    let scratch = two_models();
    let found = |subject: &str| {
        let told = json(&scratch.stdout(&["check", "--json"], 0));
        let findings = told["findings"].as_array().unwrap().clone();
        let one = findings.into_iter().find(|one| one["subject"] == subject).unwrap();
        one["found"].as_str().unwrap().to_owned()
    };
    let forecast = |stage: &str| {
        let plan = json(&scratch.stdout(&["plan", "--json"], 0));
        plan.as_array().unwrap().iter().find(|one| one["stage"] == stage).unwrap()["forecast"].clone()
    };
    // Nobody knows yet how many tokens there are.
    assert!(found("train.small").contains("for each 1,000 tokens"), "{}", found("train.small"));
    assert!(forecast("train:small").get("steps").is_none());
    scratch.stdout(&["run", "--until", "tokenize"], 0);
    assert!(found("train.small").contains("(estimated: 4 steps, "), "{}", found("train.small"));
    let before = forecast("train:small");
    assert_eq!(before["steps"], 4);
    assert!(before["seconds"].as_f64().unwrap() > 0.0 && before["tokens"].as_u64().unwrap() > 0, "{before}");
    assert!(before["peak_bytes"].as_u64() > before["weight_bytes"].as_u64(), "{before}");
    let said = scratch.stdout(&["plan"], 0);
    assert!(said.contains("train:main: about ") && said.contains("train:small: about "), "{said}");
    // More memory than there may be is said before the training refuses it.
    let tight = scratch.stdout(&["plan", "--set", "train.small.memory_gb=0.001"], 0);
    assert!(tight.contains("that is more than there is now"), "{tight}");
    let output = scratch.output(&["run"]);
    let talk = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(talk.contains("at this rate all steps take about"), "{talk}");
    assert!(forecast("train:small").is_null());
}

#[test]
fn one_model_is_compared_with_nothing() {
    let scratch = Scratch::project();
    scratch.stdout(&["run"], 0);
    assert!(json(&scratch.read("out/report.json")).get("compared").is_none());
    assert!(!scratch.read("out/report.html").contains("id=\"compared\""));
}

#[test]
fn a_model_that_nothing_tunes_is_found() {
    let scratch = two_models();
    scratch.edit("moru.toml", "[train.small]", "[train.other]");
    let told = json(&scratch.stdout(&["check", "--json"], 1));
    let findings = told["findings"].as_array().unwrap();
    let found = findings.iter().find(|one| one["subject"] == "model.small.base").unwrap();
    assert_eq!(found["error"], "no training tunes the model `small`");
    let output = scratch.output(&["run"]);
    assert_eq!(output.status.code(), Some(2));
}
