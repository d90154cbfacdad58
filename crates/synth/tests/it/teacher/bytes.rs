//! The same recipe gives the same bytes online, as a batch, as a file for `vllm run-batch` and as the key of an answer.

use std::collections::BTreeSet;

use serde_json::Value;
use synth::teacher::Standing;
use synth::teacher::batch::{self, BatchSettings};

use super::*;

/// The bodies of lines, as they stand there: the last member of each.
fn bodies(lines: &str) -> BTreeSet<String> {
    let body = |line: &str| {
        let read: Value = serde_json::from_str(line).unwrap();
        assert_eq!((&read["method"], &read["url"]), (&json!("POST"), &json!("/v1/chat/completions")));
        let (_, body) = line.split_once("\"body\":").unwrap();
        body.strip_suffix('}').unwrap().to_owned()
    };
    lines.lines().map(body).collect()
}

#[test]
fn every_way_of_asking_sends_the_same_bytes() {
    let dir = tempfile::tempdir().unwrap();
    let (online, batched) = (double(), double());
    let asked: BTreeSet<String> = {
        let mut desk = Desk::new(&dir.path().join("online"), plan(12));
        desk.online(settings(&online)).unwrap();
        online.bodies("/chat/completions").into_iter().collect()
    };
    let mut desk = Desk::new(&dir.path().join("batch"), plan(12));
    let endpoint = desk.endpoint(settings(&batched));
    let cut = BatchSettings { lines: 5, ..BatchSettings::default() };
    let file = dir.path().join("run-batch.jsonl");
    desk.with(|job, _| batch::write_run_batch(job, &cut, &file)).unwrap();
    let open: BTreeSet<String> =
        Standing::of(&desk.plan, &desk.state).unwrap().open.into_iter().map(|open| open.body.json).collect();
    desk.with(|job, on_event| batch::ask(job, &endpoint, &cut, on_event)).unwrap();
    let uploaded: BTreeSet<String> = batched.uploads().iter().flat_map(|lines| bodies(lines)).collect();
    let written = bodies(&std::fs::read_to_string(&file).unwrap());
    assert_eq!(asked.len(), 12);
    assert_eq!(asked, uploaded);
    assert_eq!(asked, written);
    assert_eq!(asked, open);
    assert!(asked.iter().all(|body| body.contains("연차") && !body.contains("\\u")), "Korean stays Korean");
    // The keys of each object but the schema are sorted.
    let body: Value = serde_json::from_str(asked.first().unwrap()).unwrap();
    let keys: Vec<&String> = body.as_object().unwrap().keys().collect();
    assert!(keys.is_sorted(), "{keys:?}");
}

/// Answers of one way serve the others.
#[test]
fn a_file_that_vllm_answered_is_read() {
    let dir = tempfile::tempdir().unwrap();
    let mut desk = Desk::new(&dir.path().join("state"), plan(4));
    let (input, output) = (dir.path().join("in.jsonl"), dir.path().join("out.jsonl"));
    let settings = BatchSettings::default();
    assert_eq!(desk.with(|job, _| batch::write_run_batch(job, &settings, &input)).unwrap(), 4);
    let text = std::fs::read_to_string(&input).unwrap();
    let answer = |(i, line): (usize, &str)| {
        let line: Value = serde_json::from_str(line).unwrap();
        let n = number(&line["body"]).unwrap();
        let content = if i == 0 { "none".to_owned() } else { json!({ "n": n }).to_string() };
        let body = json!({"choices": [{"message": {"content": content}, "finish_reason": "stop"}]});
        let response = json!({"status_code": 200, "request_id": "vllm-batch", "body": body});
        json!({"id": "vllm", "custom_id": line["custom_id"], "response": response, "error": null}).to_string()
            + "\n"
    };
    let mut lines: Vec<String> = text.lines().enumerate().map(answer).collect();
    lines.reverse();
    testing::mutation::write_new(&output, lines.concat().as_bytes());
    let read = desk.with(|job, _| batch::read_run_batch(job, &output)).unwrap();
    assert_eq!((read.answered, read.missing, read.refused), (4, 0, 0));
    // The one that said nothing is in the next file.
    assert_eq!(desk.with(|job, _| batch::write_run_batch(job, &settings, &input)).unwrap(), 1);
    assert!(std::fs::read_to_string(&input).unwrap().contains("cannot be used"));
}
