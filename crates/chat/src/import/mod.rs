//! Examples from the shapes that people have them in.
//!
//! [`Shape::detect`] looks at the columns of a row; [`example`] reads a row in that shape. Columns
//! that the shape does not use are kept in [`Example::meta`].

mod columns;
mod flaw;
mod messages;

use serde_json::{Map, Value};

use crate::example::Example;
use crate::tools::hermes::HermesError;

pub use flaw::Flaw;

/// How a row writes a conversation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Shape {
    /// OpenAI: `messages` of `role` and `content`, also calls and `tools`.
    Messages,
    /// ShareGPT: `conversations` of `from` and `value`.
    ShareGpt,
    /// Alpaca: `instruction`, `input`, `output`, also `system` and `history`.
    Alpaca,
    /// A column that asks and one that answers, by their names.
    Pair(&'static str, &'static str),
}

/// The pairs of columns that are understood.
pub const PAIRS: [(&str, &str); 5] =
    [("prompt", "completion"), ("prompt", "response"), ("question", "answer"), ("질문", "답변"), LABELLED];

/// The columns of a text and its label.
pub const LABELLED: (&str, &str) = ("text", "label");

/// Why a row is not an example. A place is a path such as `messages[2].content`; values are not told.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ImportError {
    /// The columns fit no shape.
    #[error(
        "the columns {} are no known shape; known are messages, conversations (ShareGPT), instruction + output \
         (Alpaca), prompt + completion, prompt + response, question + answer, text + label: \
         give the columns one of these names",
        list(found)
    )]
    Unknown {
        /// The columns there are.
        found: Vec<String>,
    },
    /// The columns fit several shapes.
    #[error("the columns {} fit {}; name one of them as the format", list(found), list(shapes))]
    Ambiguous {
        /// The columns there are.
        found: Vec<String>,
        /// The shapes they fit.
        shapes: Vec<String>,
    },
    /// Something is missing or of another kind.
    #[error("{row}: {place}: {found} where {expected} is expected")]
    Kind {
        /// Which row.
        row: String,
        /// Where in it.
        place: String,
        /// What kind of value stands there.
        found: &'static str,
        /// What should.
        expected: &'static str,
    },
    /// A speaker that is not known.
    #[error("{row}: {place}: no speaker is called `{name}`; known are {}", list(known))]
    Speaker {
        /// Which row.
        row: String,
        /// Where in it.
        place: String,
        /// The name.
        name: String,
        /// The names there may be.
        known: Vec<String>,
    },
    /// A call written as text is malformed.
    #[error("{row}: {place}: {source}")]
    Call {
        /// Which row.
        row: String,
        /// Where in it.
        place: String,
        /// How.
        source: HermesError,
    },
}

fn list(names: &[String]) -> String {
    names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
}

impl Shape {
    /// The shape that a row's columns have.
    ///
    /// # Errors
    /// [`ImportError::Unknown`] and [`ImportError::Ambiguous`], with the columns that were found.
    pub fn detect(row: &Map<String, Value>) -> Result<Self, ImportError> {
        let has = |name: &str| row.contains_key(name);
        let mut shapes = Vec::new();
        if has("messages") {
            shapes.push(Self::Messages);
        }
        if has("conversations") {
            shapes.push(Self::ShareGpt);
        }
        if has("instruction") && has("output") {
            shapes.push(Self::Alpaca);
        }
        shapes.extend(
            PAIRS.iter().filter(|(ask, answer)| has(ask) && has(answer)).map(|&(a, b)| Self::Pair(a, b)),
        );
        let found = || row.keys().cloned().collect();
        match shapes[..] {
            [shape] => Ok(shape),
            [] => Err(ImportError::Unknown { found: found() }),
            _ => {
                let shapes = shapes.iter().map(ToString::to_string).collect();
                Err(ImportError::Ambiguous { found: found(), shapes })
            }
        }
    }
}

impl Shape {
    /// The columns that may hold a part of the conversation, those that every row needs first.
    pub fn columns(self) -> Vec<&'static str> {
        match self {
            Self::Messages => vec!["messages", "tools", "functions"],
            Self::ShareGpt => vec!["conversations", "system", "tools", "functions"],
            Self::Alpaca => vec!["instruction", "output", "input", "history", "system", "system_prompt"],
            Self::Pair(ask, answer) => vec![ask, answer, "system", "system_prompt", "tools", "functions"],
        }
    }

    /// How many of [`Shape::columns`] every row needs.
    pub fn n_needed(self) -> usize {
        match self {
            Self::Messages | Self::ShareGpt => 1,
            Self::Alpaca | Self::Pair(..) => 2,
        }
    }
}

impl std::fmt::Display for Shape {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Messages => write!(f, "messages"),
            Self::ShareGpt => write!(f, "conversations"),
            Self::Alpaca => write!(f, "instruction + output"),
            Self::Pair(ask, answer) => write!(f, "{ask} + {answer}"),
        }
    }
}

impl ImportError {
    /// Place and shape of what is wrong, without the row and without any value of it: a speaker may be called
    /// by a person's name.
    pub fn place_and_shape(&self) -> String {
        match self {
            Self::Unknown { .. } | Self::Ambiguous { .. } => self.to_string(),
            Self::Kind { place, found, expected, .. } => {
                format!("{place}: {found} where {expected} is expected")
            }
            Self::Speaker { place, known, .. } => {
                format!("{place}: a speaker that is not known; known are {}", list(known))
            }
            Self::Call { place, source, .. } => format!("{place}: {source}"),
        }
    }
}

/// Reads a row. `id` is where it came from, `source#key`.
///
/// # Errors
/// [`ImportError`], naming row and place.
pub fn example(id: &str, row: &Map<String, Value>, shape: Shape) -> Result<Example, ImportError> {
    let reader = Reader { row: id };
    match shape {
        Shape::Messages => messages::openai(&reader, row),
        Shape::ShareGpt => messages::share_gpt(&reader, row),
        Shape::Alpaca => columns::alpaca(&reader, row),
        Shape::Pair(ask, answer) => columns::pair(&reader, row, ask, answer),
    }
}

/// Reads values and names the place of what is wrong.
struct Reader<'a> {
    row: &'a str,
}

impl Reader<'_> {
    fn kind(&self, place: &str, found: &Value, expected: &'static str) -> ImportError {
        let found = match found {
            Value::Null => "nothing",
            Value::Bool(_) => "true or false",
            Value::Number(_) => "a number",
            Value::String(_) => "text",
            Value::Array(_) => "a list",
            Value::Object(_) => "an object",
        };
        ImportError::Kind { row: self.row.to_string(), place: place.to_string(), found, expected }
    }

    /// Text; a number is written out.
    fn text(&self, place: &str, value: &Value) -> Result<String, ImportError> {
        match value {
            Value::String(text) => Ok(text.clone()),
            Value::Number(number) => Ok(number.to_string()),
            other => Err(self.kind(place, other, "text")),
        }
    }

    /// Text, where there is any.
    fn text_or_nothing(&self, place: &str, value: &Value) -> Result<Option<String>, ImportError> {
        match value {
            Value::Null => Ok(None),
            Value::String(text) if text.is_empty() => Ok(None),
            other => self.text(place, other).map(Some),
        }
    }

    fn list<'v>(&self, place: &str, value: &'v Value) -> Result<&'v [Value], ImportError> {
        value.as_array().map(Vec::as_slice).ok_or_else(|| self.kind(place, value, "a list"))
    }

    fn object<'v>(&self, place: &str, value: &'v Value) -> Result<&'v Map<String, Value>, ImportError> {
        value.as_object().ok_or_else(|| self.kind(place, value, "an object"))
    }

    /// A JSON object, written as such or as text that holds one.
    fn object_or_text(&self, place: &str, value: &Value) -> Result<Map<String, Value>, ImportError> {
        match value {
            Value::String(text) => serde_json::from_str(text)
                .map_err(|_| self.kind(place, value, "an object, or text that holds one in JSON")),
            other => self.object(place, other).cloned(),
        }
    }

    /// `tools`, or the older `functions`; as a list or as text that holds one.
    fn tools(&self, row: &Map<String, Value>) -> Result<Vec<Value>, ImportError> {
        let parse = |place: &str, value: &Value| -> Result<Vec<Value>, ImportError> {
            match value {
                Value::Null => Ok(Vec::new()),
                Value::String(text) if text.is_empty() => Ok(Vec::new()),
                Value::String(text) => serde_json::from_str(text)
                    .map_err(|_| self.kind(place, value, "a list, or text that holds one in JSON")),
                other => self.list(place, other).map(<[Value]>::to_vec),
            }
        };
        let mut tools = parse("tools", row.get("tools").unwrap_or(&Value::Null))?;
        let functions = parse("functions", row.get("functions").unwrap_or(&Value::Null))?;
        tools.extend(functions);
        // A bare function schema is wrapped as OpenAI has it.
        for tool in &mut tools {
            if tool.get("function").is_none() && tool.get("name").is_some() {
                *tool = serde_json::json!({"type": "function", "function": tool.take()});
            }
        }
        Ok(tools)
    }
}

/// The columns that the shape did not use.
fn meta(row: &Map<String, Value>, used: &[&str]) -> Map<String, Value> {
    row.iter()
        .filter(|(key, _)| !used.contains(&key.as_str()))
        .map(|(key, value)| (key.clone(), value.clone()))
        .collect()
}

#[cfg(test)]
mod tests;
