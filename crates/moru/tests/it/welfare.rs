//! Public questions and answers: their telephone numbers are kept and counted, their documents stay whole.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::support::Scratch;

const RECIPE: &str = r#"[project]
name = "welfare"

[model]
base = "builtin:toy"

[source.welfare]
kind = "csv"
path = "data/welfare.csv"
public = true

[prepare]
prompt = "{Question}"
response = "{Answer}"
meta = ["Documents"]

[split]
group = "Documents"

[evaluate]
metrics = ["chrf"]
"#;

fn project(public: bool) -> Option<Scratch> {
    let folder = testing::shared_data("welfare-qa")?;
    let scratch = Scratch::new();
    scratch.write("data/welfare.csv", &std::fs::read_to_string(folder.join("welfare_qa_dev.csv")).unwrap());
    scratch.write("moru.toml", &RECIPE.replace("public = true", &format!("public = {public}")));
    scratch.stdout(&["run", "--until", "split"], 0);
    Some(scratch)
}

/// Numbers with an area code: digits in three groups with hyphens. Company numbers (1588-1234) are nobody's own
/// and are kept either way.
fn phones(text: &str) -> usize {
    let is_phone = |word: &str| {
        let parts: Vec<&str> = word.split('-').collect();
        let lengths: Vec<usize> = parts.iter().map(|part| part.len()).collect();
        match lengths[..] {
            [area, middle, 4] => {
                parts[0].starts_with('0') && (2..=3).contains(&area) && (3..=4).contains(&middle)
            }
            _ => false,
        }
    };
    text.split(|c: char| !c.is_ascii_digit() && c != '-').filter(|word| is_phone(word)).count()
}

#[test]
fn public_telephone_numbers_are_kept_and_documents_stay_whole() {
    let Some(scratch) = project(true) else { return };
    let kept = phones(&scratch.read("out/dataset.jsonl"));
    println!("{kept} public telephone numbers are kept");
    assert!(kept >= 200, "{kept}");
    let report: Value = serde_json::from_str(&scratch.read("out/report.json")).unwrap();
    assert!(report["data"]["masked"].as_array().unwrap().is_empty(), "{}", report["data"]["masked"]);
    let counted = report["data"]["kept"].as_array().unwrap().iter();
    let landlines =
        counted.filter(|kept| kept["entity"] == "landline").filter_map(|kept| kept["count"].as_u64());
    assert!(landlines.sum::<u64>() >= 200, "{}", report["data"]["kept"]);
    let mut place = BTreeMap::<String, &str>::new();
    let folder = std::fs::read_dir(scratch.path(".moru/views")).unwrap();
    let splits = folder.map(|entry| entry.unwrap().path()).find_map(|result| find(&result)).unwrap();
    for part in ["train", "valid", "test"] {
        let text = std::fs::read_to_string(splits.join(format!("{part}.jsonl"))).unwrap();
        assert!(text.lines().count() > 10, "{part}");
        for line in text.lines() {
            let example: Value = serde_json::from_str(line).unwrap();
            let document = example["meta"]["Documents"].as_str().unwrap().to_owned();
            let seen = place.entry(document).or_insert(part);
            assert_eq!(*seen, part, "a document stands in two splits");
        }
    }
    assert!(place.len() > 20, "{}", place.len());
    let Some(masked) = project(false) else { return };
    let left = phones(&masked.read("out/dataset.jsonl"));
    assert_eq!(left, 0, "undeclared, they are masked");
}

/// The folder with `train.jsonl`, somewhere below.
fn find(folder: &std::path::Path) -> Option<std::path::PathBuf> {
    if folder.join("train.jsonl").exists() {
        return Some(folder.to_owned());
    }
    let below = std::fs::read_dir(folder).ok()?;
    below.filter_map(Result::ok).map(|entry| entry.path()).filter(|path| path.is_dir()).find_map(|p| find(&p))
}
