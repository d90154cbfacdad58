//! Hermes form: `<tool_call>\n{"name": …, "arguments": {…}}\n</tool_call>` in an assistant turn.

use serde::Deserialize;
use serde_json::{Map, Value};

use crate::example::ToolCall;

/// Begins a call.
pub const OPEN: &str = "<tool_call>";
/// Ends a call.
pub const CLOSE: &str = "</tool_call>";

/// What an assistant turn says and calls.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Reply {
    /// What is said before the calls.
    pub content: String,
    /// The calls, in order.
    pub tool_calls: Vec<ToolCall>,
}

/// Why a reply is not in Hermes form. Places are bytes of the reply.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum HermesError {
    /// What stands in a call is not JSON.
    #[error("the call at byte {at} is not JSON: {why}")]
    Json {
        /// Where the call begins.
        at: usize,
        /// What the parser says.
        why: String,
    },
    /// It is JSON, and no call.
    #[error("the call at byte {at} is not an object of exactly `name` (text) and `arguments` (an object)")]
    Shape {
        /// Where the call begins.
        at: usize,
    },
    /// A call does not end.
    #[error("the call at byte {at} is not closed by </tool_call>")]
    Unclosed {
        /// Where the call begins.
        at: usize,
    },
    /// Something is said behind a call.
    #[error("text stands behind a call, at byte {at}")]
    TextAfterCall {
        /// Where.
        at: usize,
    },
    /// A call ends that did not begin.
    #[error("</tool_call> at byte {at} ends no call")]
    StrayClose {
        /// Where.
        at: usize,
    },
}

/// A call as it is written in a turn.
pub fn write_call(call: &ToolCall) -> String {
    let name = Value::String(call.name.clone());
    let arguments = Value::Object(call.arguments.clone());
    let [name, arguments] = [name, arguments].map(|value| crate::template::python_json(&value));
    format!("{OPEN}\n{{\"name\": {name}, \"arguments\": {arguments}}}\n{CLOSE}")
}

/// Reads an assistant turn strictly: text, then calls with nothing but white space between and behind.
/// A line end between text and call belongs to neither.
///
/// # Errors
/// [`HermesError`] for anything that is nearly a call.
pub fn parse(reply: &str) -> Result<Reply, HermesError> {
    let Some(first) = reply.find(OPEN) else {
        return match reply.find(CLOSE) {
            Some(at) => Err(HermesError::StrayClose { at }),
            None => Ok(Reply { content: reply.to_string(), tool_calls: Vec::new() }),
        };
    };
    let content = &reply[..first];
    if let Some(at) = content.find(CLOSE) {
        return Err(HermesError::StrayClose { at });
    }
    let content = content.strip_suffix('\n').unwrap_or(content).to_string();
    let mut tool_calls = Vec::new();
    let mut at = first;
    loop {
        let (call, end) = parse_call(reply, at)?;
        tool_calls.push(call);
        at = end + reply[end..].len() - reply[end..].trim_start().len();
        if at == reply.len() {
            return Ok(Reply { content, tool_calls });
        }
        if !reply[at..].starts_with(OPEN) {
            return Err(HermesError::TextAfterCall { at });
        }
    }
}

/// Reads the call that begins at `at`, and says where it ends. The JSON is read as JSON, so that
/// `</tool_call>` inside one of its strings ends nothing.
fn parse_call(reply: &str, at: usize) -> Result<(ToolCall, usize), HermesError> {
    let body = &reply[at + OPEN.len()..];
    let mut values = serde_json::Deserializer::from_str(body).into_iter::<Value>();
    let value = match values.next() {
        Some(Ok(value)) => value,
        Some(Err(error)) if error.is_eof() => return Err(HermesError::Unclosed { at }),
        Some(Err(error)) => return Err(HermesError::Json { at, why: error.to_string() }),
        None => return Err(HermesError::Unclosed { at }),
    };
    let behind = body[values.byte_offset()..].trim_start();
    let Some(rest) = behind.strip_prefix(CLOSE) else {
        return Err(HermesError::Unclosed { at });
    };
    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Call {
        name: String,
        arguments: Map<String, Value>,
    }
    let call: Call = serde_json::from_value(value).map_err(|_| HermesError::Shape { at })?;
    let call = ToolCall { id: None, name: call.name, arguments: call.arguments };
    Ok((call, reply.len() - rest.len()))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn call(name: &str, arguments: &Value) -> ToolCall {
        ToolCall { id: None, name: name.into(), arguments: arguments.as_object().unwrap().clone() }
    }

    #[test]
    fn what_is_written_is_read() {
        let calls = [
            call("f", &json!({})),
            call("주문", &json!({"b": 1, "a": [1.0, -2, 1e300], "c": {"d": null, "e": true}})),
            call("quote\"d", &json!({"text": "</tool_call>\n<tool_call> \\ \u{1} <b>&'"})),
        ];
        for content in ["", "잠시만요.", "두 줄\n\n"] {
            for n in 1..=calls.len() {
                let written: Vec<String> = calls[..n].iter().map(write_call).collect();
                let gap = if content.is_empty() { "" } else { "\n" };
                let reply = format!("{content}{gap}{}", written.join("\n"));
                let parsed = parse(&reply).unwrap();
                assert_eq!((parsed.content.as_str(), &parsed.tool_calls[..]), (content, &calls[..n]));
            }
        }
        assert_eq!(parse("그냥 글").unwrap().content, "그냥 글");
    }

    #[test]
    fn what_is_nearly_a_call_is_refused() {
        use HermesError::{Json, Shape, StrayClose, TextAfterCall, Unclosed};
        let good = "<tool_call>\n{\"name\": \"f\", \"arguments\": {}}\n</tool_call>";
        for (reply, matches) in [
            ("<tool_call>", (|e| matches!(e, Unclosed { at: 0 })) as fn(&HermesError) -> bool),
            ("<tool_call>{\"name\": \"f\"", |e| matches!(e, Unclosed { .. })),
            ("<tool_call>{\"name\": \"f\", \"arguments\": {}}", |e| matches!(e, Unclosed { .. })),
            ("<tool_call>f()</tool_call>", |e| matches!(e, Json { .. })),
            ("a<tool_call>{}</tool_call>", |e| matches!(e, Shape { at: 1 })),
            ("<tool_call>{\"name\": \"f\", \"arguments\": \"{}\"}</tool_call>", |e| {
                matches!(e, Shape { .. })
            }),
            ("<tool_call>{\"name\": 1, \"arguments\": {}}</tool_call>", |e| matches!(e, Shape { .. })),
            ("<tool_call>{\"name\":\"f\",\"arguments\":{},\"x\":1}</tool_call>", |e| {
                matches!(e, Shape { .. })
            }),
            ("끝</tool_call>", |e| matches!(e, StrayClose { at: 3 })),
        ] {
            let error = parse(reply).unwrap_err();
            assert!(matches(&error), "{reply}: {error}");
        }
        assert_eq!(parse(&format!("{good} 네")).unwrap_err(), TextAfterCall { at: good.len() + 1 });
        assert_eq!(parse(&format!("{good}\n{good}\n")).unwrap().tool_calls.len(), 2);
    }
}
