//! A row as its source gave it, and the note of a row that was set aside.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

/// Names and kinds of the columns of one source; shared by all its records.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Schema {
    /// The source's name in the recipe.
    pub source: String,
    /// The columns in order.
    pub columns: Vec<Column>,
}

impl Schema {
    /// The place of a column.
    pub fn index_of(&self, name: &str) -> Option<usize> {
        self.columns.iter().position(|c| c.name == name)
    }
}

/// One column.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Column {
    /// Its name.
    pub name: String,
    /// What its values are.
    pub kind: ColumnKind,
}

/// What the values of a column are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ColumnKind {
    /// Text.
    Text,
    /// Whole numbers.
    Int,
    /// Floating-point numbers.
    Float,
    /// True or false.
    Bool,
    /// Dates and times, kept as ISO 8601 text.
    Time,
    /// Nested values.
    Json,
}

impl ColumnKind {
    /// The kind of a value; `Null` has none.
    pub fn of(value: &Value) -> Option<Self> {
        Some(match value {
            Value::Null => return None,
            Value::Bool(_) => Self::Bool,
            Value::Int(_) => Self::Int,
            Value::Float(_) => Self::Float,
            Value::Text(_) => Self::Text,
            Value::Json(_) => Self::Json,
        })
    }
}

/// The key of a record: its key columns' values as text, joined by `,`.
pub(crate) fn key_text<'a>(values: impl Iterator<Item = &'a Value>) -> String {
    let mut key = String::new();
    for (i, value) in values.enumerate() {
        if i > 0 {
            key.push(',');
        }
        key.push_str(&value.to_text());
    }
    key
}

/// Which row of which source: `source#key`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct RecordId {
    /// The source's name.
    pub source: Arc<str>,
    /// The key columns' values joined by `,`, or the line or row number where there is no key.
    pub key: String,
}

impl RecordId {
    /// The same as [`ToString`] gives, in memory of the right size at once: every row is asked for it.
    pub fn text(&self) -> String {
        [&*self.source, "#", &*self.key].concat()
    }
}

impl std::fmt::Display for RecordId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.source)?;
        f.write_str("#")?;
        f.write_str(&self.key)
    }
}

/// A value of a row.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Value {
    /// Absent.
    Null,
    /// True or false.
    Bool(bool),
    /// A whole number.
    Int(i64),
    /// A floating-point number.
    Float(f64),
    /// Text, also times (ISO 8601) and exact decimals.
    Text(String),
    /// Nested.
    Json(serde_json::Value),
}

impl Value {
    /// The value as text for a template: nothing for `Null`, the JSON text for nested values.
    pub fn to_text(&self) -> std::borrow::Cow<'_, str> {
        match self {
            Self::Null => "".into(),
            Self::Bool(b) => b.to_string().into(),
            Self::Int(i) => i.to_string().into(),
            Self::Float(x) => x.to_string().into(),
            Self::Text(s) => s.as_str().into(),
            Self::Json(j) => j.to_string().into(),
        }
    }
}

/// A row as its source gave it. `values` are in the schema's order.
#[derive(Debug, Clone, PartialEq)]
pub struct Record {
    /// Where it came from.
    pub id: RecordId,
    /// Its columns.
    pub schema: Arc<Schema>,
    /// Its values, one a column.
    pub values: Vec<Value>,
}

impl Record {
    /// The value of a column, where there is one of that name.
    pub fn get(&self, column: &str) -> Option<&Value> {
        self.schema.index_of(column).map(|i| &self.values[i])
    }
}

/// A row that was set aside, with a reason that can be counted and a note that can be read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rejection {
    /// `source#key`.
    pub id: String,
    /// A code to count by: `too_short`, `duplicate`, `bad_row` …
    pub reason: String,
    /// Place and shape of what was wrong; never a personal value.
    pub detail: String,
    /// The row's text as far as it got, masked.
    pub text: String,
}
