//! What happens to a row between its source and its example, one step at a time.

use std::borrow::Cow;
use std::sync::Arc;

use super::conversation::Conversation;
use crate::record::{Record, RecordId};

/// Which part of an example a column is written into.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Part {
    /// The instructions.
    System,
    /// The user's turn.
    Prompt,
    /// The assistant's turn.
    Response,
    /// Carried along for splits and reports.
    Meta,
    /// What a tool gave back, how calls are called, what describes a tool.
    Result,
    /// A value of a call's arguments or of a tool's result; its key says what it is.
    Value,
}

/// One column of a row that reaches an output. Cleaning and masking change `text` in place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Field {
    /// The column's name; in a conversation the text's place, `messages[2].content`.
    pub column: Arc<str>,
    /// Where it goes. A column that goes to several places is one field, with the first of
    /// prompt, response, system and meta that uses it.
    pub part: Part,
    /// Whether it is the main text of its part (the question, the answer), not a label beside it.
    pub main: bool,
    /// Its text, as far as the steps have come.
    pub text: String,
}

impl Field {
    /// The key under which a value of a call or a result stands; it may tell what the value is.
    pub fn label(&self) -> Option<&str> {
        if self.part != Part::Value {
            return None;
        }
        let key = self.column.rsplit('.').next()?;
        key.split('[').next()
    }
}

/// A row on its way from record to example.
#[derive(Debug, Clone)]
pub struct DraftRow {
    /// The row as its source gave it, raw. Steps read typed personal columns here; nothing of it may
    /// reach an output except through `fields`.
    pub record: Record,
    /// The columns that the templates and the meta list use, each once.
    pub fields: Vec<Field>,
    /// What holds the texts together, where the row is a conversation: the fields of its turns come first.
    pub conversation: Option<Box<Conversation>>,
    /// The rendered prompt; empty until the field steps are done.
    pub prompt: String,
    /// The rendered response; empty until the field steps are done.
    pub response: String,
    /// The rendered system text; empty where there is no template, or until the field steps are done.
    pub system: String,
    /// What a row step leaves for an ordered step, so that the costly part of finding duplicates runs
    /// in parallel.
    pub sketch: Option<crate::dedupe::Sketch>,
}

impl DraftRow {
    /// Where the row came from.
    pub fn id(&self) -> &RecordId {
        &self.record.id
    }

    /// Whether its fields are turns, or what should have been turns, and belong together.
    pub fn is_conversation(&self) -> bool {
        self.conversation.is_some() || self.fields.first().is_some_and(|f| f.part == Part::Value)
    }

    /// Whether it is a text with a label in place of an answer.
    pub fn is_labelled(&self) -> bool {
        self.conversation.as_ref().is_some_and(|conversation| conversation.is_labelled())
    }

    /// The main text of a part: the question, the answer. Empty where the part uses no column.
    pub fn main(&self, part: Part) -> &str {
        self.fields.iter().find(|f| f.part == part && f.main).map_or("", |f| f.text.as_str())
    }
}

/// What a step decided.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// The row goes on.
    Keep,
    /// The row is set aside for a reason that is counted.
    Reject(Reason),
    /// The step could not do its work on this row.
    Fail(Reason),
}

impl Outcome {
    /// A rejection with a code to count by and a note on place and shape (never a personal value).
    pub fn reject(code: impl Into<Cow<'static, str>>, detail: impl Into<String>) -> Self {
        Self::Reject(Reason { code: code.into(), detail: detail.into() })
    }
}

/// Why a row does not go on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reason {
    /// A code to count by: `too_short`, `duplicate` …
    pub code: Cow<'static, str>,
    /// Place and shape of what was wrong; never a personal value.
    pub detail: String,
}

/// A step that looks at one row alone. It runs on several threads at once.
pub trait Step: Sync {
    /// Its name in counts and in the change log: `clean`, `mask` …
    fn name(&self) -> &str;

    /// Whether it changes texts; one that only judges them need not be watched.
    fn changes_texts(&self) -> bool {
        true
    }

    /// Changes the row, or sets it aside. The same row must give the same result on any thread and
    /// in any order.
    fn apply(&self, row: &mut DraftRow) -> Outcome;
}

/// A step that looks at rows in their order, one at a time: duplicates, quotas.
pub trait OrderedStep: Sync {
    /// Its name in counts and in the change log.
    fn name(&self) -> &str;

    /// Changes the row, or sets it aside.
    fn apply(&mut self, row: &mut DraftRow) -> Outcome;
}
