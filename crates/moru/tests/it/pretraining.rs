//! A decoder is trained from nothing on text that the program writes.

use serde_json::Value;

use crate::support::Scratch;

const RECIPE: &str = r#"[project]
name = "small"
seed = 3

[model]
base = "random:nano"

[synthesize]
text = "nano"
drill_megabytes = 0.02
train_megabytes = 0.6
held_back_megabytes = 0.02

[tokenize]
loss = "all"
template = "chatml"
max_len_tokens = 512
over_long = "split"

[train]
method = "full"
steps = 2
batch_size = 4
order = "as_given"
"#;

/// The tokens that were trained on.
fn tokens(scratch: &Scratch) -> u64 {
    let told: Value = serde_json::from_str(&scratch.stdout(&["top", "--json"], 0)).unwrap();
    told["figures"]["num_tokens"].as_u64().unwrap()
}

#[test]
fn drills_come_first_where_the_text_is_taken_in_its_order() {
    let scratch = Scratch::new();
    scratch.write("moru.toml", RECIPE);
    scratch.stdout(&["run"], 0);
    let report: Value = serde_json::from_str(&scratch.read("out/report.json")).unwrap();
    let measured = &report["pretraining"][0];
    assert!(measured["held_back"]["bits_per_byte"].as_f64().unwrap() > 0.0, "{measured}");
    let kinds: Vec<&str> =
        measured["kinds"].as_array().unwrap().iter().filter_map(|k| k["name"].as_str()).collect();
    assert!(kinds.contains(&"Drill") && kinds.contains(&"SupportKorean"), "{kinds:?}");
    assert!(scratch.path("out/packed.safetensors").is_file());
    let given = tokens(&scratch);
    // Shuffled, the first samples are others.
    scratch.stdout(&["train", "--set", "train.order=shuffled"], 0);
    assert_ne!(tokens(&scratch), given);
}
