//! JSON Schema: whether a value is what a schema allows, and where it is not.
//!
//! 1. [`Schema::new`] reads a schema once: every keyword is one that is checked, every pattern can be read, every
//!    reference leads somewhere.
//! 2. [`Schema::check`] names the places of a value that it does not allow. What it says of them holds no value, so
//!    that it may stand in a log.
//!
//! The keywords are those of the 2020-12 draft that need no second pass over the value, with the older forms of
//! `items`, `additionalItems` and `definitions`. `format` is a remark, as the draft has it.
//!
//! ```
//! use chat::schema::Schema;
//! use serde_json::json;
//!
//! let schema = Schema::new(&json!({"type": "object", "properties": {"n": {"type": "integer"}}, "required": ["n"]}))?;
//! assert!(schema.check(&json!({"n": 3})).is_empty());
//! assert_eq!(schema.check(&json!({"n": "3"}))[0].to_string(), "/n: a text; allowed: integer");
//! # Ok::<(), chat::schema::SchemaError>(())
//! ```

mod check;
mod read;
#[cfg(test)]
mod tests;

use std::collections::HashMap;
use std::fmt;

use regex::Regex;
use serde_json::Value;

/// Why something is no schema that can be checked. Places are JSON pointers into the schema.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SchemaError {
    /// A keyword that is not checked.
    #[error("the schema's keyword `{keyword}` (at #{at}) is not supported: leave it out")]
    Keyword {
        /// The keyword.
        keyword: String,
        /// The schema that has it.
        at: String,
    },
    /// A keyword with a value that it cannot have.
    #[error("the schema's `{keyword}` (at #{at}) is not {allowed}")]
    Value {
        /// The keyword.
        keyword: String,
        /// The schema that has it.
        at: String,
        /// What it may be.
        allowed: &'static str,
    },
    /// Something else stands where a schema should.
    #[error("what stands at #{at} is no schema: a schema is an object, true or false")]
    NotASchema {
        /// Where.
        at: String,
    },
    /// A reference leads nowhere.
    #[error("`$ref` (at #{at}) names `{reference}`, which this schema does not hold")]
    Reference {
        /// What is named.
        reference: String,
        /// The schema that has it.
        at: String,
    },
    /// A pattern cannot be read.
    #[error(
        "`pattern` (at #{at}) cannot be read: `{pattern}`: look-around and back-references are not supported"
    )]
    Pattern {
        /// The pattern.
        pattern: String,
        /// The schema that has it.
        at: String,
    },
    /// Schemas within schemas without end.
    #[error("the schema (at #{at}) is nested deeper than {most} levels")]
    TooDeep {
        /// Where.
        at: String,
        /// Levels that are read.
        most: usize,
    },
}

/// A place of a value that a schema does not allow.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Violation {
    /// JSON pointer into the value; empty for the value itself.
    pub at: String,
    /// What is wrong there; holds no value.
    pub what: String,
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let at = if self.at.is_empty() { "the value" } else { &self.at };
        write!(f, "{at}: {}", self.what)
    }
}

/// A schema that was read.
#[derive(Debug, Clone)]
pub struct Schema {
    root: Value,
    patterns: HashMap<String, Regex>,
}

impl Schema {
    /// Reads a schema.
    ///
    /// # Errors
    /// [`SchemaError`], with the place.
    pub fn new(root: &Value) -> Result<Self, SchemaError> {
        let mut patterns = HashMap::new();
        read::read(root, root, "", 0, &mut patterns)?;
        Ok(Self { root: root.clone(), patterns })
    }

    /// The places that are not allowed, in the order of the schema; none for a value that is.
    pub fn check(&self, value: &Value) -> Vec<Violation> {
        let mut found = Vec::new();
        check::check(&check::Work::new(self), &self.root, value, &mut String::new(), 0, &mut found);
        found
    }

    /// Whether nothing is wrong with a value.
    pub fn allows(&self, value: &Value) -> bool {
        self.check(value).is_empty()
    }

    /// The schema as it was given.
    pub fn json(&self) -> &Value {
        &self.root
    }
}

/// What a local reference names.
fn resolve<'a>(root: &'a Value, reference: &str) -> Option<&'a Value> {
    let pointer = reference.strip_prefix('#')?;
    root.pointer(&percent_decoded(pointer)?)
}

/// A JSON pointer in a fragment may have its signs written as `%XX`.
fn percent_decoded(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [first, tail @ ..] = rest {
        if *first == b'%' {
            let digits = std::str::from_utf8(tail.get(..2)?).ok()?;
            bytes.push(u8::from_str_radix(digits, 16).ok()?);
            rest = &tail[2..];
        } else {
            bytes.push(*first);
            rest = tail;
        }
    }
    String::from_utf8(bytes).ok()
}

/// One step of a JSON pointer.
fn step(name: &str) -> String {
    format!("/{}", name.replace('~', "~0").replace('/', "~1"))
}
