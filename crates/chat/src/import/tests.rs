use serde_json::json;

use super::*;
use crate::example::{Message, Role};

fn read(row: &Value) -> Result<Example, ImportError> {
    let row = row.as_object().unwrap();
    example("src#1", row, Shape::detect(row)?)
}

fn turns(example: &Example) -> Vec<(Role, &str)> {
    example.messages.iter().map(|m| (m.role, m.content.as_str())).collect()
}

const SYSTEM: Role = Role::System;
const USER: Role = Role::User;
const ASSISTANT: Role = Role::Assistant;

#[test]
fn every_shape_gives_its_turns_and_keeps_other_columns() {
    let exchange = [(USER, "q"), (ASSISTANT, "a")];
    let with_system = [(SYSTEM, "s"), (USER, "q"), (ASSISTANT, "a")];
    for (row, expected) in [
        (
            json!({"messages": [{"role": "user", "content": "q"}, {"role": "assistant", "content": "a"}], "k": 1}),
            &exchange[..],
        ),
        (
            json!({"messages": [{"role": "developer", "content": [{"type": "text", "text": "s"}]},
            {"role": "user", "content": "q"}, {"role": "assistant", "content": "a"}], "k": 1}),
            &with_system,
        ),
        (
            json!({"conversations": [{"from": "human", "value": "q"}, {"from": "gpt", "value": "a"}], "k": 1}),
            &exchange,
        ),
        (
            json!({"conversations": [{"from": "human", "value": "q"}, {"from": "gpt", "value": "a"}], "system": "s", "k": 1}),
            &with_system,
        ),
        (json!({"instruction": "q", "input": "", "output": "a", "k": 1}), &exchange),
        (json!({"instruction": "s", "input": "q", "output": "a", "k": 1}), &with_system),
        (json!({"instruction": "q", "output": "a", "system": "s", "k": 1}), &with_system),
        (json!({"instruction": "q", "input": null, "output": "a", "history": [], "k": 1}), &exchange),
        (json!({"prompt": "q", "completion": "a", "k": 1}), &exchange),
        (
            json!({"prompt": [{"role": "user", "content": "q"}], "completion": [{"role": "assistant", "content": "a"}], "k": 1}),
            &exchange,
        ),
        (json!({"prompt": "q", "response": "a", "system": "s", "k": 1}), &with_system),
        (json!({"k": 1, "question": "q", "answer": "a"}), &exchange),
        (json!({"질문": "q", "답변": "a", "k": 1}), &exchange),
    ] {
        let example = read(&row).unwrap();
        assert_eq!(turns(&example), expected, "{row}");
        assert_eq!(Value::Object(example.meta.clone()), json!({"k": 1}), "{row}");
        assert_eq!(example.id, "src#1");
    }
    let history =
        read(&json!({"instruction": "q2", "input": "i", "output": "a2", "history": [["q1", "a1"]]})).unwrap();
    assert_eq!(turns(&history), [(USER, "q1"), (ASSISTANT, "a1"), (USER, "q2\n\ni"), (ASSISTANT, "a2")]);
}

#[test]
fn calls_and_results_are_read_from_every_form() {
    let arguments = json!({"b": 1, "a": "한"}).as_object().unwrap().clone();
    let wanted = |message: &Message| {
        let call = &message.tool_calls[0];
        call.name == "f" && call.arguments == arguments && message.content.is_empty()
    };
    let ask = json!({"role": "user", "content": "q"});
    let result = json!({"role": "tool", "tool_call_id": "c1", "content": "r"});
    let function = json!({"name": "f", "arguments": "{\"b\": 1, \"a\": \"한\"}"});
    let text = "<tool_call>\n{\"name\": \"f\", \"arguments\": {\"b\": 1, \"a\": \"한\"}}\n</tool_call>";
    for (row, results) in [
        (
            json!({"messages": [ask, {"role": "assistant", "content": null,
            "tool_calls": [{"id": "c1", "type": "function", "function": function}]}, result],
            "tools": [{"type": "function", "function": {"name": "f"}}]}),
            1,
        ),
        (
            json!({"messages": [ask, {"role": "assistant", "function_call": {"name": "f", "arguments": arguments}},
            {"role": "function", "name": "f", "content": "r"}], "functions": [{"name": "f"}]}),
            1,
        ),
        (
            json!({"messages": [ask, {"role": "assistant", "content": text},
            {"role": "user", "content": "<tool_response>\nr\n</tool_response>\n<tool_response>\nr\n</tool_response>"}],
            "tools": "[{\"name\": \"f\"}]"}),
            2,
        ),
        (
            json!({"conversations": [{"from": "human", "value": "q"}, {"from": "function_call", "value": function.to_string()},
            {"from": "observation", "value": "r"}], "tools": "[{\"name\": \"f\"}]"}),
            1,
        ),
    ] {
        let example = read(&row).unwrap();
        assert!(wanted(&example.messages[1]), "{row}");
        let tail: Vec<_> = turns(&example)[2..].to_vec();
        assert_eq!(tail, vec![(Role::Tool, "r"); results], "{row}");
        assert_eq!(example.tools, [json!({"type": "function", "function": {"name": "f"}})], "{row}");
    }
}

#[test]
fn training_flags_are_kept() {
    let turn = |extra: (&str, Value)| {
        let mut turn = json!({"role": "assistant", "content": "a"});
        turn[extra.0] = extra.1;
        read(&json!({"messages": [turn]})).map(|example| example.messages[0].train)
    };
    assert_eq!(turn(("train", json!(false))).unwrap(), Some(false));
    assert_eq!(turn(("weight", json!(0))).unwrap(), Some(false));
    assert_eq!(turn(("weight", json!(1))).unwrap(), Some(true));
    assert_eq!(turn(("name", json!("x"))).unwrap(), None);
    assert!(turn(("train", json!("yes"))).is_err());
    let share_gpt = json!({"conversations": [{"from": "gpt", "value": "a", "weight": 0}]});
    assert_eq!(read(&share_gpt).unwrap().messages[0].train, Some(false));
}

#[test]
fn what_is_wrong_is_placed_and_values_are_not_told() {
    for (row, message) in [
        (json!({"title": 1, "body": 2}), "the columns `title`, `body` are no known shape"),
        (json!({"messages": [], "prompt": "", "completion": ""}), "fit `messages`, `prompt + completion`"),
        (json!({"messages": "비밀"}), "src#1: messages: text where a list is expected"),
        (
            json!({"messages": [{"role": "root", "content": "x"}]}),
            "messages[0].role: no speaker is called `root`",
        ),
        (
            json!({"messages": [{"role": "user", "content": {"비밀": 1}}]}),
            "messages[0].content: an object where text",
        ),
        (
            json!({"messages": [{"role": "user", "content": [{"type": "image_url"}]}]}),
            "messages[0].content[0]",
        ),
        (
            json!({"messages": [{"role": "assistant", "tool_calls": [{"function": {"name": "f", "arguments": "비밀"}}]}]}),
            "messages[0].tool_calls[0].arguments: text where an object",
        ),
        (
            json!({"messages": [{"role": "assistant", "content": "<tool_call>비밀"}]}),
            "messages[0].content: the call at byte 0",
        ),
        (json!({"question": "q", "answer": null}), "src#1: answer: nothing where text is expected"),
        (
            json!({"instruction": "q", "output": "a", "history": [["비밀"]]}),
            "history[0]: a list where a question and its answer",
        ),
        (json!({"prompt": "q", "response": "a", "tools": "비밀"}), "tools: text where a list"),
    ] {
        let error = read(&row).unwrap_err().to_string();
        assert!(error.contains(message), "{error}");
        assert!(!error.contains("비밀"), "{error}");
    }
}
