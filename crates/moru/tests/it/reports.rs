//! The report of a real run: its counts add up with each other and with the files, and its page says the same.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::support::{Scratch, table};

fn n(value: &Value) -> u64 {
    value.as_u64().unwrap_or_else(|| panic!("{value} is no count"))
}

fn sum(list: &Value, key: &str) -> u64 {
    list.as_array().unwrap().iter().map(|item| n(&item[key])).sum()
}

fn grouped(n: u64) -> String {
    let digits = n.to_string();
    let places = digits.len();
    digits
        .char_indices()
        .flat_map(|(i, c)| (i > 0 && (places - i).is_multiple_of(3)).then_some(',').into_iter().chain([c]))
        .collect()
}

/// A project with something of everything that a report tells.
fn project() -> Scratch {
    let scratch = Scratch::project();
    let mut rows = table(120);
    rows += "201,배송,\"안녕하세요. 언제 오나요, 정말 궁금합니다!!!!\",\"안녕하세요 고객님, 5일 안에 도착합니다. 감사합니다.\"\n";
    rows += "202,배송,짧,네 그렇습니다\n203,배송,\"언제 오나요, 다시 여쭙니다\",확인 후 연락드리겠습니다\n";
    scratch.write("data/rows.csv", &rows);
    scratch.edit(
        "moru.toml",
        "leak_samples = 0",
        "leak_samples = 12\nleak_tokens = 3\nquestions = \"questions.jsonl\"",
    );
    scratch.write(
        "questions.jsonl",
        "{\"id\":\"q1\",\"facts\":[[\"5일\",\"닷새\"]],\"category\":\"배송\",\"question\":\"며칠 걸려요\"}\n\
         {\"id\":\"q2\",\"facts\":[[\"무료\"]],\"category\":\"환불\",\"question\":\"반품비가 있나요\"}\n",
    );
    scratch
}

#[test]
fn counts_add_up_and_stand_on_the_page() {
    let scratch = project();
    scratch.stdout(&["run"], 0);
    let report: Value = serde_json::from_str(&scratch.read("out/report.json")).unwrap();
    let page = scratch.read("out/report.html");
    let stage = |id: &str| {
        let stages = report["stages"].as_array().unwrap();
        stages.iter().find(|stage| stage["id"] == id).unwrap_or_else(|| panic!("no {id}"))
    };
    for stage in report["stages"].as_array().unwrap() {
        assert!(stage["seconds"].is_f64() && n(&stage["peak_memory_bytes"]) > 0, "{stage}");
        let Some(rows_in) = stage["rows_in"].as_u64() else { continue };
        let rejected = stage["rejected"].as_array().map_or(0, |_| sum(&stage["rejected"], "count"));
        assert_eq!(rows_in, n(&stage["rows_out"]) + rejected + n(&stage["failed"]), "{stage}");
        assert!(page.contains(&format!("data-label=\"들어옴\">{}<", grouped(rows_in))), "{stage}");
    }
    let data = &report["data"];
    let prepare = stage("prepare");
    assert_eq!(sum(&data["sources"], "rows"), n(&prepare["rows_in"]));
    assert_eq!(sum(&data["rejected"], "rows"), sum(&prepare["rejected"], "count"));
    assert_eq!(scratch.read("out/rejected.jsonl").lines().count() as u64, sum(&data["rejected"], "rows"));
    assert_eq!(scratch.read("out/dataset.jsonl").lines().count() as u64, n(&prepare["rows_out"]));
    let splits = ["train", "valid", "test"].map(|split| n(&data["tokens"][split]["rows"]));
    assert_eq!(splits.iter().sum::<u64>(), n(&prepare["rows_out"]));
    for (i, split) in ["train", "valid", "test"].iter().enumerate() {
        assert_eq!(sum(&data["categories"], split), splits[i], "{split}");
    }
    for lengths in data["lengths"].as_array().unwrap() {
        assert_eq!(sum(&lengths["bins"], "count"), splits.iter().sum::<u64>(), "{}", lengths["name"]);
    }
    assert_eq!(n(&report["evaluation"][0]["rows"]), splits[2]);
    assert_eq!(report["training"][0]["steps"].as_array().unwrap().len(), 6);
}

#[test]
fn what_was_done_to_the_rows_is_shown_masked() {
    let scratch = project();
    scratch.stdout(&["run"], 0);
    let report: Value = serde_json::from_str(&scratch.read("out/report.json")).unwrap();
    let page = scratch.read("out/report.html");
    assert!(!page.contains("010-2345") && !scratch.read("out/report.json").contains("010-2345"));
    let mobile = report["data"]["masked"].as_array().unwrap().iter().find(|kind| kind["entity"] == "mobile");
    let mobile = mobile.expect("telephone numbers are masked");
    assert_eq!(n(&mobile["count"]), 40);
    let examples = mobile["examples"].as_array().unwrap();
    let ids: Vec<&str> = examples.iter().map(|example| example["id"].as_str().unwrap()).collect();
    assert_eq!(ids, ["rows#3", "rows#6", "rows#9"]);
    for example in examples {
        assert_eq!(example["text"], "연락처는 [전화번호]입니다.", "the sentence around it");
    }
    assert!(page.contains("연락처는 <mark>[전화번호]</mark>입니다."));
    let stripped: BTreeMap<&str, (u64, u64)> = (report["data"]["stripped"].as_array().unwrap().iter())
        .map(|rule| (rule["rule"].as_str().unwrap(), (n(&rule["texts"]), n(&rule["characters"]))))
        .collect();
    assert_eq!((stripped["greetings"].0, stripped["repeats"].0), (2, 1), "{stripped:?}");
    let reasons: Vec<&str> = (report["data"]["rejected"].as_array().unwrap().iter())
        .map(|reason| reason["reason"].as_str().unwrap())
        .collect();
    assert_eq!(reasons, ["answer_deferred", "too_short"]);
    let training = &report["training"][0];
    assert!(n(&training["predicted_memory_bytes"]) > 0 && n(&training["peak_memory_bytes"]) > 0);
    let finished = report["provenance"]["finished"].as_str().unwrap();
    assert!(finished.len() == 20 && finished.ends_with('Z'), "{finished}");
    assert!(page.contains(&finished[..10]));
    // When it is written again, it still tells when the work was done.
    scratch.stdout(&["report"], 0);
    assert_eq!(page, scratch.read("out/report.html"));
}

#[test]
fn every_question_is_shown_with_its_fact() {
    let scratch = project();
    scratch.stdout(&["run", "--set", "report.examples=1"], 0);
    let report: Value = serde_json::from_str(&scratch.read("out/report.json")).unwrap();
    let asked = &report["evaluation"][1];
    assert_eq!(asked["name"], "main: questions");
    let samples = asked["samples"].as_array().unwrap();
    let shown: Vec<_> = samples.iter().map(|sample| (&sample["id"], &sample["reference"])).collect();
    assert_eq!(
        shown,
        [(&Value::from("q1"), &Value::from("5일")), (&Value::from("q2"), &Value::from("무료"))]
    );
    for sample in samples {
        let systems: Vec<&str> =
            sample["answers"].as_array().unwrap().iter().map(|a| a["system"].as_str().unwrap()).collect();
        assert_eq!(systems, ["base", "tuned", "commonest", "nearest"]);
        assert!(sample["answers"].as_array().unwrap().iter().all(|a| a["holds_facts"].is_boolean()));
    }
    for score in asked["key_facts"].as_array().unwrap() {
        let right = samples.iter().filter(|sample| {
            let answers = sample["answers"].as_array().unwrap();
            answers.iter().any(|a| a["system"] == score["system"] && a["holds_facts"] == true)
        });
        assert_eq!(n(&score["rows_with_all"]), right.count() as u64);
        assert!(score["interval"]["high"].as_f64().unwrap() > 60.0, "two questions decide little: {score}");
    }
    let told = scratch.stdout(&["report"], 0);
    assert!(
        told.lines().any(|line| line.starts_with("key facts ") && line.contains(" of 2 (base ")),
        "{told}"
    );
}
