use serde_json::json;

use super::*;
use crate::example::{Role, ToolCall};

fn chat(turns: &[(Role, &str)]) -> Vec<Message> {
    turns.iter().map(|(role, text)| Message::new(*role, *text)).collect()
}

#[test]
fn chatml_is_as_documented() {
    let template = Template::builtin(Builtin::ChatMl);
    let mut messages =
        chat(&[(Role::System, "너는 상담원이다."), (Role::User, "서울 날씨?"), (Role::Assistant, "")]);
    for city in ["서울", "부산"] {
        let arguments = json!({"city": city, "days": 1.0, "units": null});
        let arguments = arguments.as_object().unwrap().clone();
        messages[2].tool_calls.push(ToolCall { id: None, name: "weather".into(), arguments });
    }
    messages.extend(chat(&[
        (Role::Tool, "{\"t\": 3}"),
        (Role::Tool, "{\"t\": 7}"),
        (Role::Assistant, "춥습니다."),
    ]));
    let tools =
        [json!({"type": "function", "function": {"name": "weather", "parameters": {"b": 1, "a": true}}})];
    let expected = "<|im_start|>system\n너는 상담원이다.\n\n# Tools\n\nYou may call one or more functions to assist \
with the user query.\n\nYou are provided with function signatures within <tools></tools> XML tags:\n<tools>\n\
{\"type\": \"function\", \"function\": {\"name\": \"weather\", \"parameters\": {\"b\": 1, \"a\": true}}}\n</tools>\n\n\
For each function call, return a json object with function name and arguments within <tool_call></tool_call> XML \
tags:\n<tool_call>\n{\"name\": <function-name>, \"arguments\": <args-json-object>}\n</tool_call><|im_end|>\n\
<|im_start|>user\n서울 날씨?<|im_end|>\n<|im_start|>assistant\n<tool_call>\n{\"name\": \"weather\", \"arguments\": \
{\"city\": \"서울\", \"days\": 1.0, \"units\": null}}\n</tool_call>\n<tool_call>\n{\"name\": \"weather\", \
\"arguments\": {\"city\": \"부산\", \"days\": 1.0, \"units\": null}}\n</tool_call><|im_end|>\n<|im_start|>user\n\
<tool_response>\n{\"t\": 3}\n</tool_response>\n<tool_response>\n{\"t\": 7}\n</tool_response><|im_end|>\n\
<|im_start|>assistant\n춥습니다.<|im_end|>\n";
    assert_eq!(template.render(&messages, &tools, false).unwrap(), expected);
    let turn = template.turn(&messages, &tools, 5).unwrap();
    assert_eq!(turn.completion, "춥습니다.<|im_end|>\n");
    assert_eq!(format!("{}{}", turn.prompt, turn.completion), expected);
}

#[test]
fn alpaca_and_plain_write_sections_and_end() {
    let tokenizer = Tokenizer::bytes();
    let alpaca = Template::builtin(Builtin::Alpaca).with_tokens_of(&tokenizer);
    let single = chat(&[(Role::User, "질문"), (Role::Assistant, "답")]);
    let turn = alpaca.turn(&single, &[], 1).unwrap();
    assert_eq!(turn.prompt, "### Instruction:\n질문\n\n### Response:\n");
    assert_eq!(turn.completion, "답<|endoftext|>\n\n");
    let with_input = chat(&[(Role::System, "요약하라"), (Role::User, "긴 글"), (Role::Assistant, "글")]);
    let turn = alpaca.turn(&with_input, &[], 2).unwrap();
    assert_eq!(turn.prompt, "### Instruction:\n요약하라\n\n### Input:\n긴 글\n\n### Response:\n");
    let plain = Template::builtin(Builtin::Plain).with_tokens_of(&tokenizer);
    let turn = plain.turn(&single, &[], 1).unwrap();
    assert_eq!((turn.prompt.as_str(), turn.completion.as_str()), ("질문\n", "답<|endoftext|>\n"));
    for template in [alpaca, plain] {
        let error = template.render(&single, &[json!({})], true).unwrap_err();
        assert!(
            matches!(&error, TemplateError::Refused { message } if message.contains("chatml")),
            "{error}"
        );
    }
}

#[test]
fn a_template_that_cannot_be_served_as_trained_is_refused() {
    let source = "{% for m in messages %}[{{ m.content }}]{% endfor %}{% if add_generation_prompt %}<think>{% endif %}";
    let template = Template::from_source(source).unwrap();
    let messages = chat(&[(Role::User, "a"), (Role::Assistant, "b")]);
    let error = template.turn(&messages, &[], 1).unwrap_err();
    assert!(matches!(error, TemplateError::NotAContinuation { message: 1, at: 3 }), "{error}");
}

#[test]
fn errors_name_the_line_and_the_clock_is_handed_in() {
    assert!(matches!(Template::from_source("a\n{% if %}"), Err(TemplateError::Syntax { line: 2, .. })));
    let render = |source: &str| Template::from_source(source).unwrap().render(&[], &[], false);
    assert!(matches!(render("\n\n{{ nothing.at.all }}"), Err(TemplateError::Render { line: 3, .. })));
    assert!(matches!(
        render("{{ raise_exception('roles must alternate') }}"),
        Err(TemplateError::Refused { message }) if message == "roles must alternate"
    ));
    assert!(matches!(render("{{ strftime_now('%Y') }}"), Err(TemplateError::NoClock)));
    assert!(render("{% for i in range(9999) %}{% for j in range(9999) %}{% endfor %}{% endfor %}").is_err());
    let now = LocalTime { year: 2024, month: 2, day: 29, hour: 13, minute: 5, second: 9 };
    let template = Template::from_source("{{ strftime_now('%d %b %Y %A %I:%M %p %j %% %q') }}").unwrap();
    let dated = template.clone().with_now(now);
    assert_eq!(dated.render(&[], &[], false).unwrap(), "29 Feb 2024 Thursday 01:05 PM 060 % %q");
    assert_ne!(dated.digest(), template.digest());
}

#[test]
fn generation_tags_change_nothing() {
    let with = "{% for m in messages %}\n{%- generation -%}\n  {{ m.content }}\n{%- endgeneration %}\n\n{% endfor %}";
    let without = with.replace("endgeneration", "endif").replace("generation", "if true");
    let messages = chat(&[(Role::Assistant, "generation"), (Role::Assistant, "b")]);
    let render = |source: &str| Template::from_source(source).unwrap().render(&messages, &[], false).unwrap();
    assert_eq!(render(with), render(&without));
    assert!(render(with).contains("generation"));
}
