//! The life of a project: init, check, plan, run, nothing to do, a changed rule, a moved folder.

use std::fs;
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::support::{Scratch, snapshot, table};

#[test]
fn from_init_to_nothing_to_do() {
    let scratch = Scratch::project();
    snapshot!("check", scratch.seen(&["check"]));
    snapshot!("plan-first", scratch.seen(&["plan"]));
    let done: Value = serde_json::from_str(&scratch.stdout(&["run", "--json"], 0)).unwrap();
    assert_eq!(done["ran"].as_array().unwrap().len(), 9, "{done}");
    for name in [
        "dataset.jsonl",
        "qna_prompt_response.csv",
        "qna_prompt_response.jsonl",
        "rejected.jsonl",
        "report.html",
        "report.json",
        "adapter/adapter_config.json",
        "adapter/adapter_model.safetensors",
        "samples/base.jsonl",
        "samples/main.jsonl",
    ] {
        assert!(scratch.path("out").join(name).exists(), "out/{name}");
    }
    let dataset = scratch.read("out/dataset.jsonl");
    assert!(dataset.contains("[전화번호]") && !dataset.contains("010-2345"), "masked");
    snapshot!("plan-second", scratch.seen(&["plan"]));
    let fastest = (0..3)
        .map(|_| {
            let start = Instant::now();
            snapshot!("run-second", scratch.seen(&["run"]));
            start.elapsed()
        })
        .min()
        .unwrap();
    assert!(fastest < Duration::from_millis(200), "{fastest:?}");
}

#[test]
fn a_changed_masking_rule_runs_what_depends_on_it() {
    let scratch = Scratch::project();
    scratch.stdout(&["run"], 0);
    scratch.edit("moru.toml", "meta = [", "mask = { style = \"partial\" }\nmeta = [");
    snapshot!("plan-changed-mask", scratch.seen(&["plan"]));
    let done: Value = serde_json::from_str(&scratch.stdout(&["run", "--json"], 0)).unwrap();
    assert_eq!(done["kept"], serde_json::json!(["ingest:rows"]), "{done}");
    assert!(scratch.read("out/dataset.jsonl").contains("010-****-"), "the other style");
    // Only how the answers are shown: nothing is asked again.
    scratch.edit("moru.toml", "metrics = [\"chrf\", \"exact\"]", "metrics = [\"chrf\"]");
    let done: Value = serde_json::from_str(&scratch.stdout(&["run", "--json"], 0)).unwrap();
    assert_eq!(done["ran"], serde_json::json!(["evaluate:main"]), "{done}");
}

#[test]
fn counts_add_up_in_the_report() {
    let scratch = Scratch::project();
    scratch.write(
        "data/rows.csv",
        &(table(60) + "61,배송,짧,네\n62,배송,\"언제 오나요, 정말 궁금합니다\",확인 후 연락드리겠습니다\n"),
    );
    scratch.stdout(&["run"], 0);
    let report: Value = serde_json::from_str(&scratch.read("out/report.json")).unwrap();
    let stages = report["stages"].as_array().unwrap();
    assert_eq!(stages.len(), 9);
    for stage in stages.iter().filter(|stage| stage["rows_in"].is_u64()) {
        let rejected: u64 =
            stage["rejected"].as_array().into_iter().flatten().map(|r| r["count"].as_u64().unwrap()).sum();
        let sum = stage["rows_out"].as_u64().unwrap() + rejected + stage["failed"].as_u64().unwrap();
        assert_eq!(stage["rows_in"].as_u64().unwrap(), sum, "{stage}");
    }
    let prepare = stages.iter().find(|stage| stage["id"] == "prepare").unwrap();
    assert_eq!((prepare["rows_in"].as_u64(), prepare["rows_out"].as_u64()), (Some(62), Some(60)));
    let rejected = scratch.read("out/rejected.jsonl");
    assert_eq!(rejected.lines().count(), 2, "{rejected}");
    assert!(report["leaks"]["checks"].as_array().unwrap().len() > 5);
    let systems = report["evaluation"][0]["systems"].as_array().unwrap().len();
    assert_eq!(systems, 4, "base, tuned and two baselines");
}

#[test]
fn a_moved_project_continues() {
    let scratch = Scratch::new();
    let home = Scratch::project();
    home.stdout(&["run", "--until", "tokenize"], 0);
    fs::rename(home.path("."), scratch.path("moved"))
        .or_else(|_| fs::rename(home.root(), scratch.path("moved")))
        .unwrap();
    fs::create_dir_all(home.root()).unwrap();
    let done: Value = serde_json::from_str(&scratch.stdout(&["run", "--json", "-C", "moved"], 0)).unwrap();
    assert_eq!(done["kept"].as_array().unwrap().len(), 5, "{done}");
    let lock = scratch.read("moved/moru.lock");
    assert!(!lock.contains("/tmp") && !lock.contains("seconds"), "no path and no time in the lock");
}

#[test]
fn the_same_recipe_gives_the_same_lock() {
    let (a, b) = (Scratch::project(), Scratch::project());
    for scratch in [&a, &b] {
        scratch.write(".env", "MORU_SECRET=the same\n");
        scratch.stdout(&["run"], 0);
    }
    assert_eq!(a.read("moru.lock"), b.read("moru.lock"));
    assert_eq!(a.read("out/dataset.jsonl"), b.read("out/dataset.jsonl"));
}

#[test]
fn what_flows_can_be_seen() {
    let scratch = Scratch::project();
    scratch.stdout(&["run"], 0);
    for (name, args) in [
        ("tap-ingest", &["tap", "ingest", "-n", "1"][..]),
        ("tap-prepare", &["tap", "prepare", "-n", "1"]),
        ("tap-diff", &["tap", "prepare", "--diff", "-n", "1"]),
        ("tap-tokenize", &["tap", "tokenize", "-n", "1"]),
        ("why", &["why", "rows#3"]),
        ("why-unknown", &["why", "rows#9999"]),
    ] {
        snapshot!(name, scratch.seen(args));
    }
    let csv = scratch.stdout(&["tap", "ingest", "--csv"], 0);
    assert_eq!(csv.lines().count(), 61);
    assert!(csv.contains("[전화번호]") && !csv.contains("010-2345"), "masked");
    for args in
        [&["tap", "split"][..], &["tap", "train"], &["tap", "answer"], &["tap", "prepare", "--rejected"]]
    {
        scratch.stdout(args, 0);
    }
    let model = scratch.stdout(&["inspect", "out/adapter", "--json"], 0);
    assert_eq!(serde_json::from_str::<Value>(&model).unwrap()["rank"], 4);
}

#[test]
fn the_tuned_model_answers() {
    use std::io::Write;
    let scratch = Scratch::project();
    scratch.stdout(&["train"], 0);
    let mut child = scratch
        .command(&["generate", "--max-tokens", "4", "--model", "main"])
        .stdin(std::process::Stdio::piped())
        .stdout(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    child
        .stdin
        .take()
        .unwrap()
        .write_all("배송 언제 오나요\n{\"id\":\"q\",\"question\":\"환불\"}\n".as_bytes())
        .unwrap();
    let output = child.wait_with_output().unwrap();
    let lines: Vec<Value> = String::from_utf8(output.stdout)
        .unwrap()
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(
        lines.iter().map(|line| line["id"].clone()).collect::<Vec<_>>(),
        [Value::from(1), Value::from("q")]
    );
    assert!(lines.iter().all(|line| line["end"]["completion_tokens"].as_u64().unwrap() <= 4));
}

#[test]
fn cleaning_tells_before_it_removes() {
    let scratch = Scratch::project();
    scratch.stdout(&["run", "--until", "split"], 0);
    scratch.stdout(&["run", "--until", "split", "--set", "prepare.mask.style=partial"], 0);
    let before: Value = serde_json::from_str(&scratch.stdout(&["clean", "--json"], 0)).unwrap();
    let unused = before["before"]["unused_bytes"].as_u64().unwrap();
    assert!(unused > 0 && before["removed"].is_null(), "{before}");
    let after: Value = serde_json::from_str(&scratch.stdout(&["clean", "--yes", "--json"], 0)).unwrap();
    assert_eq!(after["removed"]["bytes"].as_u64(), Some(unused));
}

#[test]
fn a_table_of_ones_own() {
    let scratch = Scratch::new();
    scratch.write("mine.csv", &table(40).replace("question", "문의내용").replace("answer", "답변"));
    snapshot!("init-from", scratch.seen(&["init", "--from", "mine.csv", "bot"]));
    scratch.edit("bot/moru.toml", "builtin:nano", "builtin:toy");
    scratch.stdout(&["run", "-C", "bot", "--until", "tokenize"], 0);
    scratch.write("odd.csv", "a1,b2\nx,y\n");
    snapshot!("init-from-unclear", scratch.seen(&["init", "--from", "odd.csv", "odd"]));
    assert!(!scratch.path("odd").exists());
}
