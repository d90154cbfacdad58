//! Rows that are conversations already: from the shapes people have to masked examples, tokens and a report.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::support::Scratch;

const RECIPE: &str = r#"[project]
name = "talks"

[model]
base = "builtin:toy"

[source.talks]
kind = "jsonl"
path = "data/talks.jsonl"
key = ["id"]

[prepare]
format = "auto"
meta = ["id"]

[prepare.reject]
duplicates = 0.0

[train]
steps = 1
batch_size = 2
rank = 4

[evaluate]
metrics = ["chrf"]
max_rows = 2
max_new_tokens = 4
leak_samples = 0
"#;

/// A project over rows of JSON.
fn project(rows: &[Value]) -> Scratch {
    let scratch = Scratch::new();
    let lines: Vec<String> = rows.iter().map(ToString::to_string).collect();
    scratch.write("data/talks.jsonl", &(lines.join("\n") + "\n"));
    scratch.write("moru.toml", RECIPE);
    scratch
}

fn lines(scratch: &Scratch, name: &str) -> Vec<Value> {
    scratch.read(name).lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

const NAMES: [&str; 4] = ["김서연", "박지훈", "정다은", "최민준"];

/// A ShareGPT talk of three turns of the customer, with a call and its result; Python writes letters as `\u…`.
fn talk(i: usize) -> Value {
    let name = NAMES[i % NAMES.len()];
    let phone = format!("010-2345-{:04}", 6000 + i);
    let escaped = name.chars().map(|c| format!("\\u{:04x}", u32::from(c))).collect::<Vec<_>>().concat();
    let call = json!({"name": "order", "arguments": {"no": i, "who": name, "phone": phone.replace('-', "")}});
    let result = format!("{{\"receiver\": \"{escaped}\", \"tel\": {}}}", 821_023_450_000 + 6000 + i as u64);
    json!({
        "id": format!("t{i}"),
        "conversations": [
            {"from": "human", "value": format!("안녕하세요. {name}입니다. {i}번 주문은 언제 오나요?")},
            {"from": "gpt", "value": format!("{name}님, 확인할게요.")},
            {"from": "human", "value": format!("네. {phone}로 주세요.")},
            {"from": "function_call", "value": call.to_string()},
            {"from": "observation", "value": result},
            {"from": "gpt", "value": format!("{}일 걸려요.", i + 1)},
            {"from": "human", "value": format!("받는 사람은 {name}이 맞나요?")},
            {"from": "gpt", "value": "네, 맞아요."},
        ],
        "tools": [{"name": "order", "description": "주문 조회", "parameters": {"type": "object"}}],
    })
}

/// Every text file in `out/`.
fn outputs(scratch: &Scratch) -> BTreeMap<String, String> {
    let mut found = BTreeMap::new();
    let mut folders = vec![scratch.path("out")];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if let Ok(text) = std::fs::read_to_string(&path) {
                found.insert(path.display().to_string(), text);
            }
        }
    }
    found
}

#[test]
fn talks_with_calls_go_through_the_whole_pipeline() {
    let mut rows: Vec<Value> = (0..10).map(talk).collect();
    // What describes a tool is longer than the untrained model reads; all others but the first go without.
    rows[1..].iter_mut().for_each(|row| row["tools"] = Value::Null);
    let scratch = project(&rows);
    scratch.edit("moru.toml", "format = \"auto\"", "format = \"sharegpt\"");
    scratch.edit("moru.toml", "[train]", "[tokenize]\nover_long = \"split\"\n\n[train]");
    assert!(scratch.stdout(&["check"], 0).contains("columns id, conversations, tools"));
    scratch.stdout(&["run"], 0);
    for (name, text) in outputs(&scratch) {
        for secret in NAMES.iter().copied().chain(["2345-6", "23456", "23450", "\\uae40"]) {
            assert!(!text.contains(secret), "{name} holds {secret}");
        }
    }
    let examples = lines(&scratch, "out/dataset.jsonl");
    assert_eq!(examples.len(), 10);
    let first = &examples[0]["messages"];
    assert_eq!(first[0]["content"], "[이름]입니다. 0번 주문은 언제 오나요?", "cleaned and masked");
    assert_eq!(
        first[3]["tool_calls"][0]["arguments"],
        json!({"no": 0, "who": "[이름]", "phone": "[전화번호]"})
    );
    let result: Value = serde_json::from_str(first[4]["content"].as_str().unwrap()).unwrap();
    assert_eq!(result["receiver"], "[이름]");
    assert_eq!(first[6]["content"], "받는 사람은 [이름]이 맞나요?");
    assert_eq!(examples[0]["tools"][0]["function"]["name"], "order");
    assert_eq!(scratch.read("out/qna_prompt_response.csv"), "prompt,response\n");
    let report: Value = serde_json::from_str(&scratch.read("out/report.json")).unwrap();
    let warnings = report["warnings"].to_string();
    assert!(warnings.contains("대화 10개는 qna_prompt_response 파일에 없습니다"), "{warnings}");
    let why = scratch.stdout(&["why", "talks#t1"], 0);
    assert!(why.contains("assistant: → order({\"no\": 1, \"who\": \"[이름]\""), "{why}");
    assert!(why.contains("mask messages[3].tool_calls[0].arguments.who"), "{why}");
    assert!(!why.contains("박지훈") && !why.contains("\\ubc15"), "{why}");
    let tokens = scratch.stdout(&["tap", "tokenize", "-n", "2"], 0);
    assert!(tokens.contains('⟦') && tokens.contains("<|im_start|>user"), "{tokens}");
}

#[test]
fn calls_are_trained_and_their_results_are_not() {
    let mut row = talk(0);
    row["conversations"][1]["train"] = json!(false);
    let scratch = project(&[row, talk(1), talk(2)]);
    scratch.edit("moru.toml", "builtin:toy", "builtin:nano");
    scratch.edit("moru.toml", "[train]", "[split]\ntrain = 1.0\nvalid = 0.0\ntest = 0.0\n\n[train]");
    scratch.stdout(&["run", "--until", "tokenize"], 0);
    let tokens = scratch.stdout(&["tap", "tokenize", "-n", "0"], 0);
    let trained: Vec<&str> =
        tokens.split('⟦').skip(1).filter_map(|piece| piece.split_once('⟧').map(|(text, _)| text)).collect();
    let holds = |wanted: &str| trained.iter().any(|text| text.contains(wanted));
    assert!(tokens.contains("<tools>") && tokens.contains("<tool_response>"), "{tokens}");
    assert!(
        holds("<tool_call>\n{\"name\": \"order\", \"arguments\": {\"no\": 0, \"who\": \"[이름]\""),
        "{tokens}"
    );
    assert!(holds("1일 걸려요.") && holds("네, 맞아요."), "{tokens}");
    let checked = trained.iter().filter(|text| text.contains("확인할게요")).count();
    assert_eq!(checked, 2, "one of three says that it is not trained: {tokens}");
    for other in ["tool_response", "receiver", "언제 오나요", "<tools>"] {
        assert!(!holds(other), "{other} is trained: {tokens}");
    }
}

#[test]
fn one_name_has_one_surrogate_in_all_turns() {
    let scratch = project(&[talk(0), talk(1), talk(2), talk(3)]);
    scratch.edit("moru.toml", "meta = [\"id\"]", "meta = [\"id\"]\nmask = { style = \"surrogate\" }");
    scratch.stdout(&["run", "--until", "prepare"], 0);
    for example in lines(&scratch, "out/dataset.jsonl") {
        let turn = |i: usize| example["messages"][i]["content"].as_str().unwrap().to_owned();
        let name = turn(0).split("입니다").next().unwrap().to_owned();
        assert!(!NAMES.contains(&name.as_str()) && name.chars().count() >= 2, "{name}");
        assert!(turn(1).starts_with(&format!("{name}님")), "{name} {}", turn(1));
        assert_eq!(example["messages"][3]["tool_calls"][0]["arguments"]["who"], name.as_str());
        assert!(turn(4).contains(&name) && turn(6).contains(&name), "{name} {} {}", turn(4), turn(6));
    }
}

/// The messages that one row of a format becomes, as `role:content`, and `!` behind turns that are not trained.
fn check(format: &str, row: Value, want: &[&str]) {
    let mut row = row;
    row["id"] = "r".into();
    let scratch = project(&[row.clone()]);
    scratch.edit("moru.toml", "\"auto\"", &format!("{format:?}"));
    scratch.stdout(&["run", "--until", "prepare"], 0);
    let example = lines(&scratch, "out/dataset.jsonl").remove(0);
    let turns: Vec<String> = (example["messages"].as_array().unwrap().iter())
        .map(|m| {
            let mark = if m["train"] == json!(false) { "!" } else { "" };
            format!("{}:{}{mark}", m["role"].as_str().unwrap(), m["content"].as_str().unwrap())
        })
        .collect();
    assert_eq!(turns, want, "{format} {row}");
    assert_eq!(example["meta"], json!({"id": "r"}));
}

#[test]
fn every_format_becomes_messages() {
    let (ask, answer) = ("배송은 언제 되나요?", "내일 도착합니다.");
    let (user, assistant) = (format!("user:{ask}"), format!("assistant:{answer}"));
    let plain = [user.as_str(), assistant.as_str()];
    let messages = json!([{"role": "user", "content": ask}, {"role": "assistant", "content": answer}]);
    check("messages", json!({"messages": messages}), &plain);
    check("auto", json!({"messages": messages}), &plain);
    check("messages", json!({"messages": messages.to_string(), "note": 1}), &plain);
    check("alpaca", json!({"instruction": ask, "input": "", "output": answer}), &plain);
    check("prompt-completion", json!({"prompt": ask, "completion": answer}), &plain);
    check("auto", json!({"prompt": ask, "response": answer}), &plain);
    check("question-answer", json!({"질문": ask, "답변": answer}), &plain);
    let parts = json!([{"type": "text", "text": ask}]);
    check(
        "messages",
        json!({"messages": [
            {"role": "assistant", "content": "어서 오세요. 모루 상점입니다."},
            {"role": "user", "content": parts},
            {"role": "user", "content": "답을 기다립니다."},
            {"role": "assistant", "content": "잠시만요.", "weight": 0},
            {"role": "assistant", "content": answer},
            {"role": "user", "content": "고마워요."},
        ]}),
        &[
            "assistant:어서 오세요. 모루 상점입니다.!",
            &user,
            "user:답을 기다립니다.",
            "assistant:잠시만요.!",
            &assistant,
        ],
    );
}

#[test]
fn rows_that_are_no_conversations_are_set_aside_with_their_place() {
    let turns = |turns: Value| json!({"messages": turns});
    let user = json!({"role": "user", "content": "배송은 언제 되나요?"});
    let good = json!({"role": "assistant", "content": "내일 도착합니다."});
    let cases = [
        (turns(json!([])), "no_turn", "no turn"),
        (turns(json!("비밀")), "not_a_conversation", "messages: text where a list is expected"),
        (turns(json!([{"role": "user", "content": ""}, good])), "empty_turn", "turn 1 is empty"),
        (turns(json!([user, {"role": "assistant", "content": " "}])), "empty_turn", "turn 2 is empty"),
        (turns(json!([{"role": "system", "content": "비밀"}])), "question_missing", "the user says nothing"),
        (turns(json!([user])), "answer_missing", "no turn of the assistant"),
        (turns(json!([user, {"role": "tool", "content": "{}"}, good])), "result_without_call", "turn 2"),
        (
            turns(json!([user, {"role": "assistant", "content": {"비밀": "010-2222-3333"}}])),
            "not_a_conversation",
            "messages[1].content: an object where text is expected",
        ),
        (
            turns(json!([{"role": "홍길동", "content": "010-2222-3333"}])),
            "not_a_conversation",
            "messages[0].role: a speaker that is not known",
        ),
        (
            turns(json!([user, {"role": "assistant", "content": "<tool_call>비밀"}])),
            "bad_call",
            "messages[1].content: the call at byte 0",
        ),
        (
            turns(json!([user, {"role": "assistant", "tool_calls": [{"name": "f", "arguments": "비밀"}]}])),
            "bad_call",
            "messages[1].tool_calls[0].arguments",
        ),
        (
            turns(json!([user, {"role": "assistant", "content": "3일"}])),
            "too_short",
            "the answer has 2 characters",
        ),
    ];
    let mut rows: Vec<Value> = cases.iter().map(|(row, ..)| row.clone()).collect();
    rows.push(turns(json!([user, good])));
    for (i, row) in rows.iter_mut().enumerate() {
        row["id"] = format!("r{i}").into();
    }
    let scratch = project(&rows);
    scratch.stdout(&["run", "--until", "prepare"], 0);
    let rejected = lines(&scratch, "out/rejected.jsonl");
    assert_eq!(rejected.len(), cases.len());
    for (i, (row, reason, detail)) in cases.iter().enumerate() {
        let told = &rejected[i];
        assert_eq!(
            (told["id"].as_str(), told["reason"].as_str()),
            (Some(&*format!("talks#r{i}")), Some(*reason)),
            "{row}"
        );
        assert!(told["detail"].as_str().unwrap().contains(detail), "{told}");
    }
    let text = scratch.read("out/rejected.jsonl");
    assert!(!text.contains("2222") && !text.contains("홍길동"), "{text}");
    let last = scratch.path("data/talks.jsonl");
    let only_bad: Vec<_> = rows[..3].iter().map(ToString::to_string).collect();
    scratch.write(last.to_str().unwrap(), &only_bad.join("\n"));
    let talk = String::from_utf8(scratch.output(&["run"]).stderr).unwrap();
    assert!(talk.contains("no row is left: all 3 were set aside"), "{talk}");
    assert!(talk.contains("the first, talks#r0: the conversation has no turn"), "{talk}");
}

#[test]
fn a_hundred_turns_stay_in_order() {
    let turns: Vec<Value> = (0..100)
        .map(|i| match i % 2 {
            0 => json!({"role": "user", "content": format!("{i}번째 질문은 무엇인가요?")}),
            _ => json!({"role": "assistant", "content": format!("{i}번째 답입니다.")}),
        })
        .collect();
    let scratch = project(&[json!({"id": "long", "messages": turns})]);
    scratch.stdout(&["run", "--until", "prepare"], 0);
    let example = lines(&scratch, "out/dataset.jsonl").remove(0);
    let got: Vec<_> = example["messages"].as_array().unwrap().iter().map(|m| m["content"].clone()).collect();
    let want: Vec<_> = turns.iter().map(|turn| turn["content"].clone()).collect();
    assert_eq!(got, want);
}

#[test]
fn duplicates_are_found_by_all_that_the_user_says() {
    let talk = |id: &str, second: &str| {
        json!({"id": id, "messages": [
            {"role": "user", "content": "반품을 하려고 하는데 어떻게 신청하면 되나요?"},
            {"role": "assistant", "content": "주문 목록에서 신청합니다."},
            {"role": "user", "content": second},
            {"role": "assistant", "content": "네, 이틀 안에 가지러 갑니다."},
        ]})
    };
    let scratch = project(&[
        talk("a", "언제 가지러 오시나요? 집에 사람이 없는 날이 많아요."),
        talk("b", "언제 가지러 오시나요? 집에 사람이 없는 날이 많아요!"),
        talk("c", "배송비는 누가 내나요? 상품이 설명과 달라서 보내는 거예요."),
    ]);
    scratch.edit("moru.toml", "duplicates = 0.0", "duplicates = 0.9");
    scratch.stdout(&["run", "--until", "prepare"], 0);
    let kept: Vec<_> = lines(&scratch, "out/dataset.jsonl").iter().map(|e| e["id"].clone()).collect();
    assert_eq!(kept, ["talks#a", "talks#c"]);
    assert!(scratch.read("out/rejected.jsonl").contains("similarity 1.000 to talks#a"));
}

#[test]
fn what_the_whole_file_is_not_is_an_error() {
    let row = json!({"id": "1", "messages": [], "text": "x"});
    let error = |from: &str, to: &str| {
        let scratch = project(std::slice::from_ref(&row));
        scratch.edit("moru.toml", from, to);
        let output = scratch.output(&["run"]);
        assert_eq!(output.status.code(), Some(2));
        String::from_utf8(output.stderr).unwrap()
    };
    let sharegpt = error("\"auto\"", "\"sharegpt\"");
    assert!(sharegpt.contains("`talks` has `id`, `messages`, `text`"), "{sharegpt}");
    assert!(sharegpt.contains("stand in conversations; rename its columns"), "{sharegpt}");
    let unknown = error("\"auto\"", "\"openai\"");
    assert!(unknown.contains("sharegpt"), "{unknown}");
    let prompt = error("format = \"auto\"", "format = \"auto\"\nprompt = \"{text}\"");
    assert!(prompt.contains("`prepare.prompt` belongs to format = \"template\""), "{prompt}");
    let renamed = error("key = [\"id\"]", "key = [\"id\"]\ncolumns = { talk = \"messages\" }");
    assert!(renamed.contains("`id`, `talk`, `text` are no known shape"), "{renamed}");
}
