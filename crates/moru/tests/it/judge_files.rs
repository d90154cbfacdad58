//! `moru judge`: files of answers, judged without a recipe.

use serde_json::{Value, json};
use testing::endpoint::Endpoint as Double;

use crate::judge::{double, prompt};
use crate::support::{Scratch, snapshot};

/// Questions about deliveries: one system knows the days, the other says nothing.
fn folder() -> Scratch {
    let scratch = Scratch::new();
    let row = |n: usize, answer: String| {
        json!({
            "id": format!("q{n}"),
            "question": format!("{n}번 상품은 며칠 안에 오나요?"),
            "context": format!("{n}번 상품은 주문한 날부터 {n}일 안에 보냅니다."),
            "reference": format!("{n}일 안에 옵니다."),
            "answer": answer,
        })
    };
    let lines = |of: &dyn Fn(usize) -> String| -> String {
        (1..=6).map(|n| row(n, of(n)).to_string() + "\n").collect()
    };
    scratch.write("ours.jsonl", &lines(&|n| format!("{n}일 안에 옵니다")));
    scratch.write("theirs.jsonl", &lines(&|_| "모르겠어요".to_owned()));
    scratch
}

fn line(double: &Double) -> String {
    format!("{}#judge-1", double.base_url())
}

#[test]
fn two_files_are_graded_and_set_against_each_other() {
    let (double, scratch) = (double(), folder());
    let line = line(&double);
    let args = ["judge", "ours.jsonl", "theirs.jsonl", "--judge", &line, "--out", "verdicts.jsonl"];
    let said = scratch.seen(&args).replace(double.base_url(), "[URL]");
    snapshot!("judge-files", said);
    assert_eq!(scratch.read("verdicts.jsonl").lines().count(), 6 * 2 + 6 * 2);
    for body in double.bodies("/chat/completions") {
        let body: Value = serde_json::from_str(&body).unwrap();
        assert!(prompt(&body).contains("주문한 날부터"), "the text that came with the question is shown");
        assert!(!prompt(&body).contains("ours") && !prompt(&body).contains("theirs"));
    }
    // Asked again, everything is here.
    let n = double.requests().len();
    let judging: Value =
        serde_json::from_str(&scratch.stdout(&[&args[..], &["--json"]].concat(), 0)).unwrap();
    assert_eq!((&judging["duels"][0]["wins"], double.requests().len()), (&json!(6), n));
    assert_eq!(judging["systems"][0]["id"], "ours");
}

#[test]
fn one_file_is_graded_alone_and_held_against_a_person() {
    let (double, scratch) = (double(), folder());
    let line = line(&double);
    scratch.write("one.csv", "question,answer\n며칠 걸려요?,3일입니다\n무료인가요?,아니요\n");
    let judge =
        |more: &[&str]| scratch.stdout(&[&["judge", "me=one.csv", "--judge", &line], more].concat(), 0);
    let text = judge(&["--to-label", "sheet.csv"]);
    assert!(text.contains("me: grade 5.50") && !text.contains("against"), "{text}");
    let sheet = scratch.read("sheet.csv");
    scratch.write("labels.csv", &sheet.replace(",\r\n", ",2\r\n"));
    let text = judge(&["--labels", "labels.csv", "--kinds", "grade"]);
    assert!(
        text.contains("agreement with a person (grades)") && text.contains("the same in 1 of 2"),
        "{text}"
    );
}

/// The table once held pairs of any two files, of which the judge knows those with the first one alone.
#[test]
fn the_pairs_to_label_are_those_that_are_compared() {
    let (double, scratch) = (double(), folder());
    let line = line(&double);
    scratch.write("third.jsonl", &scratch.read("theirs.jsonl").replace("모르겠어요", "글쎄요"));
    let judge = |more: &[&str]| {
        let args =
            ["judge", "ours.jsonl", "theirs.jsonl", "third.jsonl", "--judge", &line, "--kinds", "pair"];
        scratch.stdout(&[&args[..], more].concat(), 0)
    };
    judge(&["--to-label", "sheet.csv"]);
    let sheet = scratch.read("sheet.csv");
    let of = |answer: &str| sheet.matches(answer).count();
    assert_eq!((of("일 안에 옵니다"), of("모르겠어요"), of("글쎄요")), (12, 6, 6), "{sheet}");
    // A person who says the same as the judge: the first file's answers are better.
    let filled = sheet.replace("옵니다,\r\n", "옵니다,B\r\n").replace(",\r\n", ",A\r\n");
    scratch.write("labels.csv", &filled);
    let text = judge(&["--labels", "labels.csv"]);
    assert!(text.contains("the same in 12 of 12") && !text.contains("not judged"), "{text}");
}

#[test]
fn a_file_that_cannot_be_judged_is_told_by_what_is_wrong_with_it() {
    let (double, scratch) = (double(), folder());
    let line = line(&double);
    scratch.write("unknown.csv", "question,answer,text,score\nq,a,t,1\n");
    scratch.write("missing.jsonl", "{\"id\": 1, \"question\": \"q\"}\n");
    scratch.write("shorter.jsonl", scratch.read("theirs.jsonl").split_once('\n').unwrap().1);
    scratch.write("other.jsonl", &scratch.read("theirs.jsonl").replace("3번 상품은 며칠", "3번은 며칠"));
    scratch.write("empty.jsonl", "");
    scratch.write("labels.csv", "id,text\nq1,x\n");
    for (name, args) in [
        ("unknown", &["unknown.csv"][..]),
        ("missing", &["missing.jsonl"]),
        ("shorter", &["ours.jsonl", "shorter.jsonl"]),
        ("other", &["ours.jsonl", "other.jsonl"]),
        ("empty", &["empty.jsonl"]),
        ("twice", &["ours.jsonl", "ours.jsonl"]),
        ("labels", &["ours.jsonl", "--labels", "labels.csv"]),
        ("kinds", &["ours.jsonl", "--kinds", "reference"]),
        ("alone", &["ours.jsonl", "--kinds", "pair,reference"]),
    ] {
        let said = scratch.seen(&[&["judge"], args, &["--judge", &line]].concat());
        snapshot!(format!("judge-file-{name}"), said.replace(double.base_url(), "[URL]"));
    }
    assert!(double.requests().is_empty());
}

#[test]
fn nobody_is_asked_who_is_not_named() {
    let scratch = folder();
    snapshot!("judge-file-nobody", scratch.seen(&["judge", "ours.jsonl"]));
    let said = scratch.seen(&["judge", "ours.jsonl", "--judge", "http://me:s3cret@h/v1#m"]);
    assert!(!said.split_once("exit").unwrap().1.contains("s3cret"), "{said}");
    snapshot!("judge-file-word", said);
    snapshot!(
        "judge-file-down",
        scratch.seen(&["judge", "ours.jsonl", "--judge", "http://127.0.0.1:9/v1#m"])
    );
}

#[test]
fn in_a_project_its_endpoints_have_names() {
    let (double, scratch) = (double(), crate::judge::project(&double()));
    let url = scratch.read("moru.toml").lines().find(|line| line.starts_with("url")).unwrap().to_owned();
    scratch.edit("moru.toml", &url, &format!("url = \"{}\"", double.base_url()));
    scratch.write("one.csv", "question,answer\n며칠 걸려요?,3일입니다\n");
    scratch.stdout(&["judge", "one.csv"], 0);
    scratch.stdout(&["judge", "one.csv", "--judge", "judge"], 0);
    assert_eq!(double.requests().len(), 1);
    assert!(double.requests()[0].headers["authorization"].ends_with(crate::judge::KEY));
}

/// Verdicts that were heard under one temperature were once told as those under another.
#[test]
fn settings_that_decide_verdicts_are_asked_under_anew_and_no_others() {
    let double = double();
    let scratch = crate::judge::project(&double);
    scratch.write("one.csv", "question,answer\n며칠 걸려요?,3일입니다\n");
    scratch.stdout(&["judge", "one.csv"], 0);
    let mut asked = 1;
    for setting in [
        "temperature = 0.5",
        "seed = 7",
        "top_p = 0.9",
        "structure = \"prompt\"",
        "extra = { reasoning_effort = \"low\" }",
    ] {
        scratch.edit("moru.toml", "attempts = 1", &format!("attempts = 1\n{setting}"));
        scratch.stdout(&["judge", "one.csv"], 0);
        asked += 1;
        assert_eq!(double.requests().len(), asked, "{setting}");
    }
    // Where it is, with which key, how often it is tried and what it costs decide nothing.
    scratch.edit("moru.toml", double.base_url(), "http://127.0.0.1:9/v1");
    scratch.edit("moru.toml", "key_env = \"JUDGE_KEY\"", "key_env = \"OTHER_KEY\"");
    scratch.edit("moru.toml", "attempts = 1", "attempts = 2\nprompt_price = 1.0");
    scratch.write(".env", "MORU_SECRET=the same\nOTHER_KEY=0ther-k3y\n");
    scratch.stdout(&["judge", "one.csv"], 0);
    assert_eq!(double.requests().len(), asked);
}
