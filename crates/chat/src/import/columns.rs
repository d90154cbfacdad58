//! One exchange a row: what is asked in one column, what is answered in another.

use serde_json::{Map, Value};

use super::messages::openai_turns;
use super::{ImportError, Reader, meta};
use crate::example::{Example, Message, Role};

/// The columns that may hold instructions to the assistant.
const SYSTEM: [&str; 2] = ["system", "system_prompt"];

fn system(reader: &Reader, row: &Map<String, Value>) -> Result<Vec<Message>, ImportError> {
    for name in SYSTEM {
        if let Some(text) = reader.text_or_nothing(name, row.get(name).unwrap_or(&Value::Null))? {
            return Ok(vec![Message::new(Role::System, text)]);
        }
    }
    Ok(Vec::new())
}

/// With an input the instruction becomes the system turn, as the `alpaca` template reads it.
pub(super) fn alpaca(reader: &Reader, row: &Map<String, Value>) -> Result<Example, ImportError> {
    let column = |name: &str| row.get(name).unwrap_or(&Value::Null);
    let mut messages = system(reader, row)?;
    if !column("history").is_null() {
        for (i, pair) in reader.list("history", column("history"))?.iter().enumerate() {
            let place = format!("history[{i}]");
            let pair = reader.list(&place, pair)?;
            let [ask, answer] = pair else {
                return Err(reader.kind(&place, &Value::Array(pair.to_vec()), "a question and its answer"));
            };
            messages.push(Message::new(Role::User, reader.text(&place, ask)?));
            messages.push(Message::new(Role::Assistant, reader.text(&place, answer)?));
        }
    }
    let instruction = reader.text("instruction", column("instruction"))?;
    match reader.text_or_nothing("input", column("input"))? {
        Some(input) if messages.is_empty() => {
            messages.push(Message::new(Role::System, instruction));
            messages.push(Message::new(Role::User, input));
        }
        Some(input) => messages.push(Message::new(Role::User, format!("{instruction}\n\n{input}"))),
        None => messages.push(Message::new(Role::User, instruction)),
    }
    messages.push(Message::new(Role::Assistant, reader.text("output", column("output"))?));
    let used = ["instruction", "input", "output", "history", SYSTEM[0], SYSTEM[1]];
    Ok(Example { id: reader.row.to_string(), messages, tools: Vec::new(), meta: meta(row, &used) })
}

/// Either column is text, or a list of messages.
pub(super) fn pair(
    reader: &Reader,
    row: &Map<String, Value>,
    ask: &str,
    answer: &str,
) -> Result<Example, ImportError> {
    let mut messages = system(reader, row)?;
    for (name, role) in [(ask, Role::User), (answer, Role::Assistant)] {
        let value = row.get(name).unwrap_or(&Value::Null);
        if value.is_array() {
            messages.extend(openai_turns(reader, name, value)?);
        } else {
            messages.push(Message::new(role, reader.text(name, value)?));
        }
    }
    let tools = reader.tools(row)?;
    let used = [ask, answer, SYSTEM[0], SYSTEM[1], "tools", "functions"];
    Ok(Example { id: reader.row.to_string(), messages, tools, meta: meta(row, &used) })
}
