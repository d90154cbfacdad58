//! Templates give the bytes that jinja2 gives, set up as transformers sets it up
//! (`tools/golden/chat_templates.py`).

use chat::import::{self, Shape};
use chat::{Builtin, LocalTime, Template, TemplateError};
use serde_json::Value;

const GOLDEN: &str = include_str!("../golden/templates.json");

fn template(golden: &Value, name: &str) -> Template {
    match golden["templates"][name].as_str() {
        Some(source) => Template::from_source(source).unwrap(),
        None => Template::builtin(Builtin::from_name(name).unwrap()),
    }
}

#[test]
fn renderings_are_jinja2s() {
    let golden: Value = serde_json::from_str(GOLDEN).unwrap();
    let now: Vec<u16> = serde_json::from_value(golden["now"].clone()).unwrap();
    let small = |i: usize| now[i] as u8;
    let now = LocalTime {
        year: now[0],
        month: small(1),
        day: small(2),
        hour: small(3),
        minute: small(4),
        second: small(5),
    };
    let mut compared = 0;
    for case in golden["cases"].as_array().unwrap() {
        let name = case["template"].as_str().unwrap();
        let chat = golden["chats"][case["chat"].as_str().unwrap()].as_object().unwrap();
        let example = import::example("golden#1", chat, Shape::Messages).unwrap();
        let mut template = template(&golden, name).with_now(now);
        for (key, value) in case["variables"].as_object().unwrap() {
            template = template.with_variable(key, value.clone());
        }
        let rendered = template.render(&example.messages, &example.tools, case["ask"] == true);
        let place = format!("{name}, {}, ask {}", case["chat"], case["ask"]);
        match (&case["text"], &case["refused"]) {
            (Value::String(text), _) => {
                assert_eq!(&rendered.unwrap_or_else(|e| panic!("{place}: {e}")), text, "{place}");
            }
            (_, Value::String(why)) => {
                let error = rendered.unwrap_err();
                assert!(
                    matches!(&error, TemplateError::Refused { message } if message == why),
                    "{place}: {error}"
                );
            }
            _ => panic!("{place}: a case with nothing to compare"),
        }
        compared += 1;
    }
    assert!(compared >= 90, "{compared}");
}
