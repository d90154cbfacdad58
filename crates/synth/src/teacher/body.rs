//! The request body: the same bytes online, in a batch file and as the key of an answer.
//!
//! Keys are sorted, there is no white space, and text is UTF-8 without `\u`. A schema keeps the order of its
//! properties, because it is the order in which a model writes them.

use std::collections::VecDeque;
use std::fmt;

use chat::{Message, Role, ToolCall, ToolChoice};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};

use super::ask::{Form, MaxTokens, Model, Sampling, Structure};

/// The path of a chat completion below an endpoint's base.
pub(super) const PATH: &str = "/chat/completions";

/// SHA-256 of a canonical body: names an answer. Written as 64 hexadecimal digits.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Key([u8; 32]);

impl Key {
    /// The key of a body.
    pub fn of(body: &str) -> Self {
        Self(Sha256::digest(body.as_bytes()).into())
    }

    /// The name of a line in a batch: 32 hexadecimal digits, which every server takes.
    pub fn custom_id(&self) -> String {
        hex(&self.0[..16])
    }
}

pub(super) fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |text, byte| text + &format!("{byte:02x}"))
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex(&self.0))
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Key({self})")
    }
}

impl Serialize for Key {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Key {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let byte = |i: usize| text.get(2 * i..2 * i + 2).and_then(|two| u8::from_str_radix(two, 16).ok());
        let mut bytes = [0; 32];
        for (i, place) in bytes.iter_mut().enumerate() {
            *place = byte(i).ok_or_else(|| serde::de::Error::custom("a key is 64 hexadecimal digits"))?;
        }
        Ok(Self(bytes))
    }
}

/// A request as it is sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Body {
    /// Canonical JSON.
    pub json: String,
    /// Its key.
    pub key: Key,
}

/// What a body says.
#[derive(Debug, Clone, Copy)]
pub(super) struct Parts<'a> {
    pub messages: &'a [Message],
    pub tools: &'a [Value],
    pub tool_choice: &'a ToolChoice,
    pub form: Option<&'a Form>,
    pub sampling: &'a Sampling,
    pub log_probs: bool,
}

impl Body {
    pub(super) fn new(model: &Model, parts: Parts<'_>) -> Self {
        let mut body = Map::new();
        for (name, value) in &model.extra {
            body.insert(name.clone(), sorted(value));
        }
        body.insert("model".to_owned(), model.name.clone().into());
        body.insert("messages".to_owned(), messages(parts.messages));
        put_sampling(&mut body, model, parts.sampling);
        if let Some(format) = parts.form.and_then(|form| response_format(model.structure, form)) {
            body.insert("response_format".to_owned(), format);
        }
        if !parts.tools.is_empty() {
            body.insert("tools".to_owned(), parts.tools.to_vec().into());
            body.insert("tool_choice".to_owned(), tool_choice(parts.tool_choice));
        }
        if parts.log_probs {
            body.insert("logprobs".to_owned(), true.into());
        }
        body.sort_keys();
        let json = Value::Object(body).to_string();
        Self { key: Key::of(&json), json }
    }

    /// The line of a batch file.
    pub(super) fn line(&self, url: &str) -> String {
        let (id, url) = (self.key.custom_id(), Value::from(url));
        format!("{{\"custom_id\":\"{id}\",\"method\":\"POST\",\"url\":{url},\"body\":{}}}\n", self.json)
    }
}

fn put_sampling(body: &mut Map<String, Value>, model: &Model, sampling: &Sampling) {
    let limit = match model.max_tokens {
        MaxTokens::MaxTokens => "max_tokens",
        MaxTokens::MaxCompletionTokens => "max_completion_tokens",
    };
    body.insert(limit.to_owned(), sampling.max_tokens.into());
    for (name, value) in [
        ("temperature", sampling.temperature.map(Value::from)),
        ("top_p", sampling.top_p.map(Value::from)),
        ("seed", sampling.seed.map(Value::from)),
        ("stop", (!sampling.stop.is_empty()).then(|| sampling.stop.clone().into())),
    ] {
        if let Some(value) = value {
            body.insert(name.to_owned(), value);
        }
    }
}

fn response_format(structure: Structure, form: &Form) -> Option<Value> {
    let schema = form.schema.json();
    match structure {
        Structure::JsonSchema => Some(json!({
            "json_schema": {"name": form.name, "schema": schema, "strict": true},
            "type": "json_schema",
        })),
        Structure::JsonObjectSchema => Some(json!({"schema": schema, "type": "json_object"})),
        Structure::JsonObject => Some(json!({"type": "json_object"})),
        Structure::Prompt => None,
    }
}

fn tool_choice(choice: &ToolChoice) -> Value {
    match choice {
        ToolChoice::Free | ToolChoice::Auto => "auto".into(),
        ToolChoice::Required => "required".into(),
        ToolChoice::Named(name) => json!({"function": {"name": name}, "type": "function"}),
    }
}

/// Messages in OpenAI form. Calls without an id get one that says where they stand, and results are matched with
/// calls in order.
fn messages(messages: &[Message]) -> Value {
    let mut unanswered: VecDeque<String> = VecDeque::new();
    let mut list = Vec::with_capacity(messages.len());
    for (turn, message) in messages.iter().enumerate() {
        let mut object = Map::new();
        object.insert("content".to_owned(), message.content.clone().into());
        if let Some(name) = &message.name {
            object.insert("name".to_owned(), name.clone().into());
        }
        object.insert("role".to_owned(), role(message.role).into());
        if message.role == Role::Tool {
            let by_order = unanswered.pop_front();
            let id = message.tool_call_id.clone().or(by_order).unwrap_or_default();
            object.insert("tool_call_id".to_owned(), id.into());
        }
        if !message.tool_calls.is_empty() {
            let calls = message.tool_calls.iter().enumerate();
            let ids: Vec<String> = calls
                .map(|(i, call)| call.id.clone().unwrap_or_else(|| format!("call_{turn}_{i}")))
                .collect();
            let calls: Vec<Value> =
                message.tool_calls.iter().zip(&ids).map(|(call, id)| tool_call(call, id)).collect();
            object.insert("tool_calls".to_owned(), calls.into());
            unanswered = ids.into();
        }
        list.push(Value::Object(object));
    }
    Value::Array(list)
}

fn tool_call(call: &ToolCall, id: &str) -> Value {
    let arguments = Value::Object(call.arguments.clone()).to_string();
    json!({"function": {"arguments": arguments, "name": call.name}, "id": id, "type": "function"})
}

fn role(role: Role) -> &'static str {
    match role {
        Role::System => "system",
        Role::User => "user",
        Role::Assistant => "assistant",
        Role::Tool => "tool",
    }
}

/// A value with the keys of all its objects sorted.
fn sorted(value: &Value) -> Value {
    let mut value = value.clone();
    value.sort_all_objects();
    value
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use chat::Schema;

    use super::*;

    fn body(model: &Model, messages: &[Message], form: Option<&Form>) -> Body {
        let sampling =
            Sampling { max_tokens: 64, temperature: Some(0.7), seed: Some(7), ..Sampling::default() };
        let choice = ToolChoice::Free;
        let parts =
            Parts { messages, tools: &[], tool_choice: &choice, form, sampling: &sampling, log_probs: false };
        Body::new(model, parts)
    }

    #[test]
    fn the_bytes_are_these() {
        let schema = json!({"type": "object", "properties": {"why": {"type": "string"}, "answer": {"type": "string"}}});
        let form = Form { name: "pair".to_owned(), schema: Arc::new(Schema::new(&schema).unwrap()) };
        let mut model = Model::new("gpt");
        model.extra.insert("a".to_owned(), json!({"z": 1, "b": {"y": 2, "x": 3}}));
        let messages = [Message::new(Role::System, "규정 \"전문가\""), Message::new(Role::User, "연차는?\n")];
        let made = body(&model, &messages, Some(&form));
        let wanted = r#"{"a":{"b":{"x":3,"y":2},"z":1},"max_tokens":64,"messages":[{"content":"규정 \"전문가\"","role":"system"},{"content":"연차는?\n","role":"user"}],"model":"gpt","response_format":{"json_schema":{"name":"pair","schema":{"type":"object","properties":{"why":{"type":"string"},"answer":{"type":"string"}}},"strict":true},"type":"json_schema"},"seed":7,"temperature":0.7}"#;
        assert_eq!(made.json, wanted);
        assert_eq!(made.key, Key::of(wanted));
        let line = made.line("/v1/chat/completions");
        let id = &made.key.to_string()[..32];
        assert_eq!(
            line,
            format!(
                "{{\"custom_id\":\"{id}\",\"method\":\"POST\",\"url\":\"/v1/chat/completions\",\"body\":{wanted}}}\n"
            )
        );
        let read: Value = serde_json::from_str(&line).unwrap();
        assert_eq!(read["body"].to_string(), wanted, "the line is JSON, and its body is the body");
    }

    #[test]
    fn a_form_is_told_as_the_endpoint_understands_it() {
        let form =
            Form { name: "f".to_owned(), schema: Arc::new(Schema::new(&json!({"type": "null"})).unwrap()) };
        let told = |structure| {
            let model = Model { structure, max_tokens: MaxTokens::MaxCompletionTokens, ..Model::new("m") };
            let body: Value =
                serde_json::from_str(&body(&model, &[Message::new(Role::User, "?")], Some(&form)).json)
                    .unwrap();
            assert_eq!(body["max_completion_tokens"], 64);
            body["response_format"].clone()
        };
        assert_eq!(
            told(Structure::JsonObjectSchema),
            json!({"type": "json_object", "schema": {"type": "null"}})
        );
        assert_eq!(told(Structure::JsonObject), json!({"type": "json_object"}));
        assert_eq!(told(Structure::Prompt), Value::Null);
    }

    #[test]
    fn calls_and_results_go_together() {
        let call = |name: &str| ToolCall {
            id: None,
            name: name.to_owned(),
            arguments: json!({"b": "나", "a": 1}).as_object().unwrap().clone(),
        };
        let mut turn = Message::new(Role::Assistant, "");
        turn.tool_calls = vec![call("f"), call("g")];
        let all = [
            Message::new(Role::User, "?"),
            turn,
            Message::new(Role::Tool, "1"),
            Message::new(Role::Tool, "2"),
        ];
        let made: Value = serde_json::from_str(&body(&Model::new("m"), &all, None).json).unwrap();
        assert_eq!(made["messages"][1]["tool_calls"][1]["id"], "call_1_1");
        assert_eq!(made["messages"][1]["tool_calls"][0]["function"]["arguments"], "{\"b\":\"나\",\"a\":1}");
        let ids = [&made["messages"][2]["tool_call_id"], &made["messages"][3]["tool_call_id"]];
        assert_eq!(ids, ["call_1_0", "call_1_1"]);
    }

    #[test]
    fn a_key_is_written_and_read() {
        let key = Key::of("{}");
        let text = serde_json::to_string(&key).unwrap();
        assert_eq!(serde_json::from_str::<Key>(&text).unwrap(), key);
        for bad in ["\"\"", "\"zz\"", "\"4\"", "3"] {
            assert!(serde_json::from_str::<Key>(bad).is_err());
        }
    }
}
