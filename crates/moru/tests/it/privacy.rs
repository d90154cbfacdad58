//! Personal values in unusual places: keys of JSON, ids of rows, names of columns, what rows tell of each other.

use serde_json::{Value, json};

use crate::support::Scratch;

/// A project of one source `s` whose prepare section is given; nothing is trained.
fn project(kind: &str, rows: &str, source: &str, prepare: &str) -> Scratch {
    let scratch = Scratch::new();
    scratch.write(&format!("data/s.{kind}"), rows);
    scratch.write(
        "moru.toml",
        &format!(
            "[model]\nbase = \"builtin:toy\"\n\n[source.s]\nkind = \"{kind}\"\npath = \"data/s.{kind}\"\n{source}\n\n\
             [prepare]\n{prepare}\n\n[prepare.reject]\nduplicates = 0.0\nshort_chars = 0\n"
        ),
    );
    scratch
}

fn prepared(scratch: &Scratch) -> String {
    scratch.stdout(&["run", "--until", "prepare"], 0);
    scratch.read("out/dataset.jsonl")
}

#[test]
fn keys_of_calls_and_results_are_masked() {
    let call = |arguments: Value| json!([{"function": {"name": "f", "arguments": arguments}}]);
    let rows = [
        json!({"messages": [
            {"role": "user", "content": "번호 010-7272-8383 조회해 주세요"},
            {"role": "assistant", "tool_calls": call(json!({
                "010-7272-8383": "키", "kim@corp.kr": 1, "lee@corp.kr": 2, "order_no": {"010-1212-3434": {"남은 양": 3}},
            }))},
            {"role": "tool", "content": "{\"010-7272-8383\": \"ok\", \"park@corp.kr\": 7}"},
            {"role": "assistant", "content": "네 확인했습니다 고객님"},
        ]}),
        json!({"messages": [
            {"role": "user", "content": "제 이름은 김서연입니다. 조회해 주세요"},
            {"role": "assistant", "tool_calls": call(json!({"김서연": "이름", "010-7272-8383": 4}))},
            {"role": "tool", "content": "{\"010-7272-8383\": \"ok\"}"},
            {"role": "assistant", "content": "네 확인했습니다 고객님"},
        ]}),
    ];
    let rows = rows.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n") + "\n";
    let scratch = project("jsonl", &rows, "", "format = \"messages\"");
    let dataset = prepared(&scratch);
    let said =
        scratch.stdout(&["why", "s#1"], 0) + &scratch.stdout(&["tap", "prepare", "--diff", "-n", "0"], 0);
    for text in [&dataset, &said] {
        for value in ["7272", "1212", "kim@", "lee@", "park@", "김서연"] {
            assert!(!text.contains(value), "{value} in {text}");
        }
    }
    let example: Value = serde_json::from_str(dataset.lines().next().unwrap()).unwrap();
    let arguments = example["messages"][1]["tool_calls"][0]["arguments"].as_object().unwrap();
    let entries: Vec<_> = arguments.iter().map(|(key, value)| (key.as_str(), value)).collect();
    let nested = json!({"[전화번호]": {"남은 양": 3}});
    let want = [
        ("[전화번호]", &json!("키")),
        ("[이메일]", &json!(1)),
        ("[이메일] 2", &json!(2)),
        ("order_no", &nested),
    ];
    assert_eq!(entries, want);
}

#[test]
fn a_column_whose_name_is_personal_is_not_carried_along() {
    let rows = "question,answer,회원 010-9876-5432\n언제 오나요 배송이 늦어요,내일 갑니다,z\n";
    let prepare = "prompt = \"{question}\"\nresponse = \"{answer}\"\nmeta = [\"회원 010-9876-5432\"]";
    let scratch = project("csv", rows, "", prepare);
    for command in [&["check"][..], &["run", "--until", "prepare"]] {
        let output = scratch.output(command);
        let said =
            format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        assert!(!output.status.success(), "{said}");
        assert!(said.contains("`회원 [전화번호]`") && said.contains("take it out of meta"), "{said}");
        assert!(!said.contains("9876"), "{said}");
    }
}

#[test]
fn a_personal_key_is_the_number_of_its_row_wherever_rows_are_shown() {
    let rows = "phone,question,answer\na-1,언제 오나요 배송이 늦어요,내일 갑니다\n010-3141-5926,환불은 언제 되나요,모레 됩니다\n";
    let prepare = "prompt = \"{question}\"\nresponse = \"{answer}\"";
    let scratch = project("csv", rows, "key = [\"phone\"]", prepare);
    prepared(&scratch);
    for command in [&["tap", "ingest"][..], &["tap", "ingest", "--json"], &["tap", "prepare"]] {
        let said = scratch.stdout(command, 0);
        assert!(
            said.contains("s#a-1") && said.contains("s#row:2") && !said.contains("3141"),
            "{command:?}: {said}"
        );
    }
}

#[test]
fn a_first_row_of_data_is_not_told_as_columns() {
    let prepare = "prompt = \"{question}\"\nresponse = \"{answer}\"";
    let headless = "남궁민수,010-4242-5353,배송은 언제 오나요,내일 갑니다\n홍길동,010-1212-3434,환불은 언제 되나요,모레 됩니다\n";
    let nul = "question,answer\n배송 \0언제 오나요,내일 갑\0니다\n".replacen("question", "q", 1);
    for (rows, prepare, hidden) in [
        (headless, prepare, &["남궁", "4242", "배송은", "내일"][..]),
        (headless, "format = \"auto\"", &["남궁", "4242", "배송은", "내일"]),
        (&nul, prepare, &["煵", "配", "배송"]),
    ] {
        let scratch = project("csv", rows, "", prepare);
        for command in [&["check"][..], &["run", "--until", "prepare"]] {
            let output = scratch.output(command);
            let said = format!(
                "{}{}",
                String::from_utf8_lossy(&output.stdout),
                String::from_utf8_lossy(&output.stderr)
            );
            assert!(!output.status.success(), "{said}");
            assert!(hidden.iter().all(|value| !said.contains(value)), "{said}");
            let is_told = said.contains("header = false");
            assert_eq!(is_told, rows == headless, "{said}");
        }
    }
    let scratch = Scratch::new();
    scratch.write("a.csv", headless);
    let output = scratch.output(&["init", "--from", "a.csv", "new"]);
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(!output.status.success() && said.contains("header = false"), "{said}");
    assert!(!said.contains("4242") && !said.contains("남궁"), "{said}");
}

/// A name that one row gives away is masked where another says that somebody is it.
#[test]
fn known_names_are_masked_where_a_sentence_says_them() {
    let rows = "who,question,answer\n\
                표은결,표은결 고객님 배송은 언제 오나요,내일 갑니다 고객님\n\
                ,안녕하세요 표은결입니다. 환불은 언제 되나요,문의는 이상입니다\n\
                선우은,선우은입니다. 교환은 언제 되나요,내일 될 예정입니다 고객님\n\
                이상,네 선우은이에요. 취소는 언제 되나요,문의는 이상입니다\n";
    let prepare = "prompt = \"{question}\"\nresponse = \"{answer}\"";
    let scratch = project("csv", rows, "personal = { who = \"person\" }", prepare);
    let dataset = prepared(&scratch);
    assert!(!dataset.contains("표은결") && !dataset.contains("선우은"), "{dataset}");
    assert!(dataset.contains("문의는 이상입니다"), "a name that is a word: {dataset}");
}

#[test]
fn parts_of_an_english_name_are_masked_where_its_row_addresses_them() {
    let rows = "question,answer\n\
                \"Hello, my name is John Smith and my order is late.\",\"Dear John, Mr. Smith will get it. Thanks, John\"\n\
                \"Hello, my name is Will May and I will move in May.\",\"Hi Will, we will send it in May.\"\n\
                \"Where is the parcel that I ordered last week?\",\"Dear John Deere owners, it will come in May.\"\n";
    let prepare = "prompt = \"{question}\"\nresponse = \"{answer}\"";
    let scratch = project("csv", rows, "", prepare);
    let dataset = prepared(&scratch);
    let rows: Vec<_> = dataset.lines().collect();
    assert!(!rows[0].contains("John") && !rows[0].contains("Smith"), "{dataset}");
    assert!(rows[1].contains("[이름], we will send it in May."), "{dataset}");
    assert!(rows[1].contains("I will move in May."), "{dataset}");
    let shown = scratch.stdout(&["tap", "ingest"], 0) + &scratch.stdout(&["why", "s#2"], 0);
    assert!(!shown.contains("Dear John, ") && !shown.contains("Thanks, John"), "{shown}");
}
