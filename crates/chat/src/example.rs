//! A conversation to learn from: messages, tools, what is trained, where it came from.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// One conversation with its provenance. The unit that is split, tokenised and trained.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Example {
    /// Where it came from: `source#key`, e.g. `inquiries#1042`. Unique in a data set.
    pub id: String,
    /// The turns, oldest first.
    pub messages: Vec<Message>,
    /// Function schemas in OpenAI form (`{"type":"function","function":{…}}`), in the given order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tools: Vec<Value>,
    /// Columns carried along for splits, reports and filters (category, group key …); never trained on.
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    pub meta: Map<String, Value>,
}

/// Who speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// Instructions to the assistant.
    System,
    /// The person (or the caller).
    User,
    /// The model.
    Assistant,
    /// The result of a tool call.
    Tool,
}

/// One turn.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Message {
    /// Who speaks.
    pub role: Role,
    /// What is said; may be empty where there are tool calls.
    #[serde(default)]
    pub content: String,
    /// Calls made by an assistant turn.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tool_calls: Vec<ToolCall>,
    /// Which call a tool turn answers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tool_call_id: Option<String>,
    /// The function name of a tool turn, where given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Whether this turn is trained on. Default: assistant turns yes, all others no.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub train: Option<bool>,
}

/// A function call with its arguments as an object, never as a string.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ToolCall {
    /// The call's id, where the format has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// The function's name.
    pub name: String,
    /// Its arguments, key order kept.
    pub arguments: Map<String, Value>,
}

impl Message {
    /// A turn of plain text.
    pub fn new(role: Role, content: impl Into<String>) -> Self {
        Self {
            role,
            content: content.into(),
            tool_calls: Vec::new(),
            tool_call_id: None,
            name: None,
            train: None,
        }
    }

    /// Whether this turn carries loss: its own flag, else true for assistant turns only.
    pub fn is_trained(&self) -> bool {
        self.train.unwrap_or(self.role == Role::Assistant)
    }
}
