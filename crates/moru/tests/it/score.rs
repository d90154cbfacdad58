//! `moru score`: answers from anywhere against references, matched by id or by order.

use serde_json::Value;

use crate::support::{Scratch, snapshot};

fn lines(rows: &[Value]) -> String {
    rows.iter().flat_map(|row| [row.to_string(), "\n".to_owned()]).collect()
}

/// Twenty references, and two systems: one says them with two words changed in every other row, the other nothing right.
fn folder() -> Scratch {
    let scratch = Scratch::project();
    let reference = |n: usize| format!("교환은 {n}일 안에 접수하시면 되고 왕복 배송비는 {}원입니다", n * 500);
    let rows: Vec<Value> =
        (1..=20).map(|n| serde_json::json!({"id": format!("r{n}"), "reference": reference(n), "facts": [format!("{n}일")]})).collect();
    scratch.write("refs.jsonl", &lines(&rows));
    // Answers come in another order than references, and are matched by their ids.
    let good: Vec<Value> = (1..=20)
        .rev()
        .map(|n| {
            let text = if n % 2 == 0 {
                reference(n)
            } else {
                reference(n).replace("접수", "신청").replace("일 안에", "일 뒤에")
            };
            serde_json::json!({"id": format!("r{n}"), "text": text, "end": "stop"})
        })
        .collect();
    scratch.write("good.jsonl", &lines(&good));
    let bad: Vec<Value> =
        (1..=20).map(|n| serde_json::json!({"id": format!("r{n}"), "text": null, "end": "failed"})).collect();
    scratch.write("bad.jsonl", &lines(&bad));
    scratch
}

#[test]
fn two_systems_are_scored_and_set_against_each_other() {
    let scratch = folder();
    let args = [
        "score",
        "ours=good.jsonl",
        "bad.jsonl",
        "--references",
        "refs.jsonl",
        "--metrics",
        "rouge-ko,exact,key-facts",
    ];
    let shown = scratch.output(&args);
    let text = String::from_utf8(shown.stdout).unwrap();
    assert_eq!(shown.status.code(), Some(0), "{text}");
    assert!(text.contains("ours") && text.contains("bad") && text.contains("20 rows"), "{text}");
    assert!(text.contains("exact: ours +50.0 over bad"), "{text}");
    let json = scratch.output(&[&args[..], &["--json"]].concat());
    let evaluation: Value = serde_json::from_slice(&json.stdout).unwrap();
    let score = |measure: &str, system: &str| {
        let measures = evaluation["measures"].as_array().unwrap();
        let measure = measures.iter().find(|m| m["name"] == measure).unwrap();
        measure["scores"].as_array().unwrap().iter().find(|s| s["system"] == system).unwrap()["value"]
            .as_f64()
            .unwrap()
    };
    assert_eq!([score("exact", "ours"), score("exact", "bad")], [50.0, 0.0]);
    assert!(score("rougeL-syllable", "ours") > 85.0 && score("rougeL-syllable", "bad") < 1.0);
    let facts = evaluation["key_facts"].as_array().unwrap();
    assert_eq!((facts[0]["rows_with_all"].as_u64(), facts[1]["rows_with_all"].as_u64()), (Some(20), Some(0)));
    assert_eq!(evaluation["systems"][1]["failed"].as_u64(), Some(20));
}

/// The same answers in a table and in plain text, in the references' order, have the same score.
#[test]
fn files_of_all_kinds_are_read() {
    let scratch = Scratch::project();
    scratch.write("refs.csv", "question,summary\na,하나 둘 셋\nb,넷 다섯 여섯\n");
    scratch.write("answers.tsv", "answer\textra\n하나 둘 셋\tx\n넷 다섯 일곱\ty\n");
    scratch.write("answers.txt", "하나 둘 셋\n넷 다섯 일곱\n");
    let args = [
        "score",
        "a=answers.tsv",
        "b=answers.txt",
        "--references",
        "refs.csv",
        "--metrics",
        "chrf,exact",
        "--json",
    ];
    let evaluation: Value = serde_json::from_slice(&scratch.output(&args).stdout).unwrap();
    for measure in evaluation["measures"].as_array().unwrap() {
        let scores = measure["scores"].as_array().unwrap();
        assert_eq!(scores[0]["value"], scores[1]["value"], "{measure}");
        assert!(scores[0]["value"].as_f64().unwrap() > 40.0);
    }
}

#[test]
fn what_does_not_fit_is_told() {
    let scratch = folder();
    scratch.write("short.txt", "하나\n둘\n");
    scratch.write("part.jsonl", "{\"id\": \"r1\", \"text\": \"x\"}\n");
    scratch.write("twice.jsonl", "{\"id\": \"r1\", \"text\": \"x\"}\n{\"id\": \"r1\", \"text\": \"y\"}\n");
    scratch.write("broken.jsonl", "{\"id\": \"r1\", \"te\n");
    scratch.write("other.jsonl", "{\"id\": \"r1\", \"body\": \"x\"}\n");
    scratch.write("empty.jsonl", "");
    scratch.write("plain.jsonl", "{\"id\": \"r1\", \"reference\": \"x\"}\n");
    scratch.write("one.jsonl", "{\"id\": \"r3\", \"reference\": \"x\"}\n");
    snapshot!("score-further-answers", scratch.seen(&["score", "good.jsonl", "--references", "one.jsonl"]));
    for (name, args) in [
        ("fewer-rows", vec!["short.txt", "--references", "refs.jsonl"]),
        ("missing-id", vec!["part.jsonl", "--references", "refs.jsonl"]),
        ("id-twice", vec!["twice.jsonl", "--references", "refs.jsonl"]),
        ("not-json", vec!["broken.jsonl", "--references", "refs.jsonl"]),
        ("no-column", vec!["other.jsonl", "--references", "refs.jsonl"]),
        (
            "no-named-column",
            vec!["good.jsonl", "--references", "refs.jsonl", "--reference-column", "summary"],
        ),
        ("no-rows", vec!["empty.jsonl", "--references", "refs.jsonl"]),
        ("no-facts", vec!["part.jsonl", "--references", "plain.jsonl", "--metrics", "key-facts"]),
        ("one-name", vec!["good.jsonl", "good.jsonl", "--references", "refs.jsonl"]),
        ("unknown-metric", vec!["good.jsonl", "--references", "refs.jsonl", "--metrics", "meteor"]),
    ] {
        let args = [vec!["score"], args].concat();
        snapshot!(format!("score-{name}"), scratch.seen(&args));
        assert_eq!(scratch.output(&args).status.code(), Some(2), "{name}");
    }
}
