//! `moru merge` and `moru quantize`: what was tuned becomes files for other tools.

use serde_json::Value;

use crate::support::Scratch;

fn json(text: &str) -> Value {
    serde_json::from_str(text).unwrap()
}

#[test]
fn a_tuned_model_becomes_folders_and_files() {
    let scratch = Scratch::project();
    scratch.stdout(&["train"], 0);
    let said = json(&scratch.stdout(&["merge", "--json"], 0));
    assert_eq!(said["model"], "main");
    assert!(said["checkpoint"].as_str().unwrap().contains("checkpoint, after step"), "{said}");
    for name in ["config.json", "model.safetensors", "tokenizer.json", "generation_config.json", "README.md"]
    {
        assert!(scratch.path("out/model-merged").join(name).exists(), "{name}");
    }
    let formats = ["nf4", "int8", "f16", "q8_0", "q4_0", "q4_k_m", "lora"];
    let mut command = vec!["quantize", "main", "--json"];
    command.extend(formats.iter().flat_map(|format| ["--format", format]));
    let said = json(&scratch.stdout(&command, 0));
    assert_eq!(said["written"].as_array().unwrap().len(), formats.len());
    let written = &said["written"];
    let bytes = |i: usize| written[i]["bytes"].as_u64().unwrap();
    // Half precision has more bytes than eight bits, and those more than four.
    assert!(bytes(2) > bytes(3) && bytes(3) > bytes(4), "{written}");
    for one in written.as_array().unwrap() {
        let path = one["path"].as_str().unwrap();
        assert!(scratch.path(path).exists(), "{path}");
        scratch.stdout(&["inspect", path], 0);
    }
    let config = json(&scratch.read("out/model-nf4/config.json"));
    assert_eq!(config["quantization_config"]["load_in_4bit"], true);
    // What is there is not written over.
    let output = scratch.output(&["quantize"]);
    assert_eq!(output.status.code(), Some(2));
    let talk = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(talk.contains("out/model-nf4 is there already"), "{talk}");
    // Each is a base that answers.
    for base in ["out/model-merged", "out/model-nf4", "out/model-int8", "out/model-q4_0.gguf"] {
        let set = format!("model.base={:?}", scratch.path(base).display().to_string());
        scratch.stdout(&["run", "answer:base", "--set", &set], 0);
    }
}

/// A recipe that writes its model in several formats and scores each.
fn exporting(gate: &str) -> Scratch {
    let scratch = Scratch::project();
    let recipe = scratch.read("moru.toml");
    scratch.write(
        "moru.toml",
        &format!("{recipe}\n[export]\nformats = [\"merged\", \"nf4\", \"q8_0\", \"lora\"]\n{gate}"),
    );
    scratch
}

#[test]
fn a_recipe_writes_and_measures_its_model() {
    let scratch = exporting("max_nll_increase = 5.0\n");
    scratch.stdout(&["run"], 0);
    for name in ["model-merged", "model-nf4", "model-q8_0.gguf", "model-lora.gguf", "samples/main.nf4.jsonl"]
    {
        assert!(scratch.path("out").join(name).exists(), "{name}");
    }
    let report = json(&scratch.read("out/report.json"));
    let artifacts = report["artifacts"].as_array().unwrap();
    assert_eq!(artifacts.len(), 4);
    for one in &artifacts[..3] {
        let (tuned, written) =
            (one["fit"]["tuned"].as_f64().unwrap(), one["fit"]["written"].as_f64().unwrap());
        // The merge is the same model; few bits change it a little.
        let most = if one["format"] == "merged" { 1e-4 } else { 0.5 };
        assert!(tuned > 0.0 && (written - tuned).abs() < most, "{one}");
        assert!(one["speed"]["decode_tokens_per_s"].as_f64().unwrap() > 0.0);
    }
    assert!(artifacts[3].get("fit").is_none());
    let systems = report["evaluation"][0]["systems"].as_array().unwrap();
    let ids: Vec<_> = systems.iter().filter_map(|system| system["id"].as_str()).collect();
    assert!(["tuned", "merged", "nf4", "q8_0"].iter().all(|id| ids.contains(id)), "{ids:?}");
    assert!(scratch.read("out/report.html").contains("id=\"artifacts\""));
    let again = scratch.stdout(&["run"], 0);
    assert!(again.contains("nothing to do"), "{again}");
}

#[test]
fn a_gate_that_fails_names_its_figures() {
    let scratch = exporting("max_nll_increase = 0.0000001\n");
    let output = scratch.output(&["run"]);
    assert_eq!(output.status.code(), Some(2));
    let talk = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(talk.contains("nats per token on the test split") && talk.contains("max_nll_increase"), "{talk}");
    assert!(!scratch.path("out/model-nf4").exists());
}

#[test]
fn a_classifier_is_not_exported() {
    let scratch = exporting("");
    let set = ["check", "--set", "train.method=classify", "--set", "train.label=category"];
    let output = scratch.output(&set);
    let talk = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
    assert!(talk.contains("train.main is a classifier, which [export] does not write yet"), "{talk}");
    assert_ne!(output.status.code(), Some(0));
}

#[test]
fn a_merge_outside_of_a_project_names_its_base() {
    let scratch = Scratch::project();
    scratch.stdout(&["train"], 0);
    let output = scratch.output(&["merge", "out/adapter"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&output.stderr).contains("name the folder of its base with --base"));
    scratch.stdout(&["export", "base", "base"], 0);
    scratch.stdout(&["merge", "out/adapter", "--base", "base", "--to", "merged", "--dtype", "bf16"], 0);
    assert_eq!(json(&scratch.read("merged/config.json"))["torch_dtype"], "bfloat16");
    scratch.stdout(&["quantize", "merged", "--to", "m.gguf", "--format", "q8_0"], 0);
    assert!(scratch.path("m.gguf").exists());
}
