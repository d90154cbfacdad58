//! Whole conversations in one column: OpenAI's messages, and ShareGPT's.

use serde_json::{Map, Value};

use super::{ImportError, Reader, meta};
use crate::example::{Example, Message, Role, ToolCall};
use crate::tools::hermes;

/// OpenAI's roles, and the role each is.
const ROLES: [(&str, Role); 6] = [
    ("system", Role::System),
    ("developer", Role::System),
    ("user", Role::User),
    ("assistant", Role::Assistant),
    ("tool", Role::Tool),
    ("function", Role::Tool),
];

/// ShareGPT's speakers. `function_call` is an assistant turn whose text is the call.
const SPEAKERS: [(&str, Role); 11] = [
    ("system", Role::System),
    ("human", Role::User),
    ("user", Role::User),
    ("gpt", Role::Assistant),
    ("assistant", Role::Assistant),
    ("chatgpt", Role::Assistant),
    ("model", Role::Assistant),
    ("function_call", Role::Assistant),
    ("tool", Role::Tool),
    ("observation", Role::Tool),
    ("function_response", Role::Tool),
];

pub(super) fn openai(reader: &Reader, row: &Map<String, Value>) -> Result<Example, ImportError> {
    let messages = openai_turns(reader, "messages", row.get("messages").unwrap_or(&Value::Null))?;
    let tools = reader.tools(row)?;
    let meta = meta(row, &["messages", "tools", "functions"]);
    Ok(Example { id: reader.row.to_string(), messages, tools, meta })
}

/// The messages of a list; calls may stand in `tool_calls` or, in Hermes form, in the text.
pub(super) fn openai_turns(
    reader: &Reader,
    column: &str,
    value: &Value,
) -> Result<Vec<Message>, ImportError> {
    let mut messages = Vec::new();
    for (i, turn) in reader.list(column, value)?.iter().enumerate() {
        let place = format!("{column}[{i}]");
        let turn = reader.object(&place, turn)?;
        let field = |name: &str| turn.get(name).unwrap_or(&Value::Null);
        let role = speaker(reader, &format!("{place}.role"), field("role"), &ROLES)?;
        let content = content(reader, &format!("{place}.content"), field("content"))?;
        let mut message = Message::new(role, content);
        message.tool_calls = calls(reader, &place, turn)?;
        message.tool_call_id =
            reader.text_or_nothing(&format!("{place}.tool_call_id"), field("tool_call_id"))?;
        message.name = reader.text_or_nothing(&format!("{place}.name"), field("name"))?;
        message.train = trained(reader, &place, turn)?;
        messages.extend(calls_from_text(reader, &place, message)?);
    }
    Ok(messages)
}

/// Whether a turn says that it is trained, or not.
fn trained(reader: &Reader, place: &str, turn: &Map<String, Value>) -> Result<Option<bool>, ImportError> {
    let field = |name: &str| turn.get(name).unwrap_or(&Value::Null);
    Ok(match (field("train"), field("weight")) {
        (Value::Bool(train), _) => Some(*train),
        // OpenAI's weight of a turn is 0 or 1.
        (Value::Null, Value::Number(weight)) => Some(weight.as_f64() != Some(0.0)),
        (Value::Null, Value::Null) => None,
        (Value::Null, other) => return Err(reader.kind(&format!("{place}.weight"), other, "0 or 1")),
        (other, _) => return Err(reader.kind(&format!("{place}.train"), other, "true or false")),
    })
}

pub(super) fn share_gpt(reader: &Reader, row: &Map<String, Value>) -> Result<Example, ImportError> {
    let mut messages = Vec::new();
    if let Some(text) = reader.text_or_nothing("system", row.get("system").unwrap_or(&Value::Null))? {
        messages.push(Message::new(Role::System, text));
    }
    let turns = row.get("conversations").unwrap_or(&Value::Null);
    for (i, turn) in reader.list("conversations", turns)?.iter().enumerate() {
        let place = format!("conversations[{i}]");
        let turn = reader.object(&place, turn)?;
        let field = |name: &str| turn.get(name).unwrap_or(&Value::Null);
        let role = speaker(reader, &format!("{place}.from"), field("from"), &SPEAKERS)?;
        let text = content(reader, &format!("{place}.value"), field("value"))?;
        let mut message = if field("from") == "function_call" {
            let mut message = Message::new(role, "");
            message.tool_calls.push(call(reader, &format!("{place}.value"), &Value::String(text))?);
            message
        } else {
            Message::new(role, text)
        };
        message.train = trained(reader, &place, turn)?;
        messages.extend(calls_from_text(reader, &place, message)?);
    }
    let tools = reader.tools(row)?;
    let meta = meta(row, &["conversations", "system", "tools", "functions"]);
    Ok(Example { id: reader.row.to_string(), messages, tools, meta })
}

fn speaker(reader: &Reader, place: &str, value: &Value, known: &[(&str, Role)]) -> Result<Role, ImportError> {
    let name = reader.text(place, value)?;
    let found = known.iter().find(|(known, _)| *known == name).map(|(_, role)| *role);
    found.ok_or_else(|| {
        let known = known.iter().map(|(name, _)| (*name).to_string()).collect();
        ImportError::Speaker { row: reader.row.to_string(), place: place.to_string(), name, known }
    })
}

/// Text, nothing, or a list of text parts.
fn content(reader: &Reader, place: &str, value: &Value) -> Result<String, ImportError> {
    match value {
        Value::Null => Ok(String::new()),
        Value::Array(parts) => parts
            .iter()
            .enumerate()
            .map(|(i, part)| match part["type"].as_str() {
                Some("text") => reader.text(&format!("{place}[{i}].text"), &part["text"]),
                _ => Err(reader.kind(&format!("{place}[{i}]"), part, "a part of type text")),
            })
            .collect(),
        other => reader.text(place, other),
    }
}

fn calls(reader: &Reader, place: &str, turn: &Map<String, Value>) -> Result<Vec<ToolCall>, ImportError> {
    let mut calls = Vec::new();
    if let Some(list) = turn.get("tool_calls").filter(|value| !value.is_null()) {
        for (i, value) in reader.list(&format!("{place}.tool_calls"), list)?.iter().enumerate() {
            calls.push(call(reader, &format!("{place}.tool_calls[{i}]"), value)?);
        }
    }
    if let Some(value) = turn.get("function_call").filter(|value| !value.is_null()) {
        calls.push(call(reader, &format!("{place}.function_call"), value)?);
    }
    Ok(calls)
}

/// `{"id", "function": {"name", "arguments"}}`, or the inner object alone.
fn call(reader: &Reader, place: &str, value: &Value) -> Result<ToolCall, ImportError> {
    let outer = reader.object_or_text(place, value)?;
    let inner = match outer.get("function") {
        Some(function) => reader.object(&format!("{place}.function"), function)?.clone(),
        None => outer.clone(),
    };
    let id = reader.text_or_nothing(&format!("{place}.id"), outer.get("id").unwrap_or(&Value::Null))?;
    let name = reader.text(&format!("{place}.name"), inner.get("name").unwrap_or(&Value::Null))?;
    let arguments = inner.get("arguments").unwrap_or(&Value::Null);
    let arguments = reader.object_or_text(&format!("{place}.arguments"), arguments)?;
    Ok(ToolCall { id, name, arguments })
}

const RESPONSE_OPEN: &str = "<tool_response>";
const RESPONSE_CLOSE: &str = "</tool_response>";

/// Reads calls and results that were already written as text back into messages of their own.
fn calls_from_text(reader: &Reader, place: &str, mut message: Message) -> Result<Vec<Message>, ImportError> {
    if message.role == Role::Assistant
        && message.tool_calls.is_empty()
        && message.content.contains(hermes::OPEN)
    {
        let reply = hermes::parse(&message.content).map_err(|source| ImportError::Call {
            row: reader.row.to_string(),
            place: format!("{place}.content"),
            source,
        })?;
        message.content = reply.content;
        message.tool_calls = reply.tool_calls;
        return Ok(vec![message]);
    }
    if message.role == Role::User
        && let Some(results) = results(&message.content)
    {
        return Ok(results.into_iter().map(|text| Message::new(Role::Tool, text)).collect());
    }
    Ok(vec![message])
}

/// The results in a user turn that consists of nothing else.
fn results(text: &str) -> Option<Vec<&str>> {
    let mut results = Vec::new();
    let mut rest = text.trim();
    while !rest.is_empty() {
        let (result, behind) = rest.strip_prefix(RESPONSE_OPEN)?.split_once(RESPONSE_CLOSE)?;
        let result = result.strip_prefix('\n').unwrap_or(result);
        results.push(result.strip_suffix('\n').unwrap_or(result));
        rest = behind.trim_start();
    }
    (!results.is_empty()).then_some(results)
}
