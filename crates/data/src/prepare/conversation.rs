//! Rows that are conversations already: messages, ShareGPT, Alpaca, pairs of columns.
//!
//! A conversation is taken apart into one field a text – a turn, a value among a call's arguments, a value in a
//! tool's result – so that the same steps clean and mask it as any row, and put together again at the end.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use chat::example::{Example, Message, Role};
use chat::import::{self, Flaw, ImportError, LABELLED, Shape};
use serde_json::{Map, Value as Json};

use super::layout::{Layout, Slot};
use super::step::{Field, Outcome, Part};
use super::template::{Template, TemplateError};
use crate::privacy::insert_apart;
use crate::record::{Record, Schema, Value};
use crate::sources::names::look_like_data;

/// Which shape the conversations of a source have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Format {
    /// Whichever its columns fit.
    Auto,
    /// OpenAI's `messages`.
    Messages,
    /// ShareGPT's `conversations`.
    ShareGpt,
    /// `instruction`, `input`, `output`.
    Alpaca,
    /// `prompt` and `completion`, or `prompt` and `response`.
    PromptCompletion,
    /// `question` and `answer`, or `질문` and `답변`.
    QuestionAnswer,
    /// `text` and `label`: the label stands where an answer would.
    TextLabel,
}

impl Format {
    /// All of them with their names in a recipe.
    pub const ALL: [(&'static str, Self); 7] = [
        ("auto", Self::Auto),
        ("messages", Self::Messages),
        ("sharegpt", Self::ShareGpt),
        ("alpaca", Self::Alpaca),
        ("prompt-completion", Self::PromptCompletion),
        ("question-answer", Self::QuestionAnswer),
        ("text-label", Self::TextLabel),
    ];

    /// The format of a name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.iter().find(|(known, _)| *known == name).map(|(_, format)| *format)
    }

    /// Its name in a recipe.
    pub fn name(self) -> &'static str {
        Self::ALL.iter().find(|(_, format)| *format == self).map_or("", |(name, _)| name)
    }

    /// The shapes that the format may have; none where they are to be found out.
    fn shapes(self) -> Vec<Shape> {
        let pairs = |of: &[&str]| {
            let pairs = import::PAIRS.iter().filter(|(ask, _)| of.contains(ask));
            pairs.map(|&(ask, answer)| Shape::Pair(ask, answer)).collect()
        };
        match self {
            Self::Auto => Vec::new(),
            Self::Messages => vec![Shape::Messages],
            Self::ShareGpt => vec![Shape::ShareGpt],
            Self::Alpaca => vec![Shape::Alpaca],
            Self::PromptCompletion => pairs(&["prompt"]),
            Self::QuestionAnswer => pairs(&["question", "질문"]),
            Self::TextLabel => pairs(&["text"]),
        }
    }

    /// The shapes of all formats.
    fn all_shapes() -> Vec<Shape> {
        Self::ALL.iter().flat_map(|(_, format)| format.shapes()).collect()
    }

    /// The shape of a source with these columns.
    fn shape(self, schema: &Schema) -> Result<Shape, TemplateError> {
        let columns = || -> Vec<String> { schema.columns.iter().map(|c| c.name.clone()).collect() };
        let fits = |shape: &Shape| {
            shape.columns()[..shape.n_needed()].iter().all(|name| schema.index_of(name).is_some())
        };
        let shapes = self.shapes();
        if shapes.is_empty() {
            let row: Map<String, Json> = columns().into_iter().map(|name| (name, Json::Null)).collect();
            match Shape::detect(&row) {
                Ok(shape) => return Ok(shape),
                // The message would list what may be the values of a row.
                Err(_) if look_like_data(&columns()) => {}
                Err(source) => {
                    let source = Box::new(source);
                    return Err(TemplateError::Shape { table: schema.source.clone(), source });
                }
            }
        }
        shapes.iter().copied().find(fits).ok_or_else(|| TemplateError::NotTheFormat {
            table: schema.source.clone(),
            format: self.name(),
            wanted: if shapes.is_empty() { Self::all_shapes() } else { shapes }
                .iter()
                .map(ToString::to_string)
                .collect(),
            columns: columns(),
        })
    }
}

/// How the conversations of a source are read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Conversations {
    /// Their shape.
    pub format: Format,
    /// Instructions for conversations that have none of their own.
    pub system: Option<Template>,
    /// Columns that are carried along in an example's `meta`.
    pub meta: Vec<String>,
}

impl Conversations {
    /// Which columns of one source hold what.
    ///
    /// # Errors
    /// Columns that are not of the format, or that the system template or `meta` names and the source lacks.
    pub fn layout(&self, schema: &Arc<Schema>) -> Result<Layout, TemplateError> {
        let shape = self.format.shape(schema)?;
        let columns = shape.columns().into_iter().filter_map(|name| Some((name, schema.index_of(name)?)));
        Layout::of_conversations(self, Import::new(shape, columns.collect()), schema)
    }
}

/// Reads conversations out of records.
#[derive(Debug, Clone)]
pub(super) struct Import {
    shape: Shape,
    /// The columns that hold a part of the conversation, and their places.
    columns: Vec<(&'static str, usize)>,
    /// Conversations whose last turns nobody answered.
    unanswered: Arc<AtomicU64>,
}

/// A conversation whose texts are in the fields of its row.
#[derive(Debug, Clone)]
pub struct Conversation {
    messages: Vec<Message>,
    tools: Vec<Json>,
    /// Results of tools that are JSON, by the message's place: their values are fields of their own.
    results: Vec<(usize, Json)>,
    /// How many of the row's fields are the conversation's; they come first.
    n_fields: usize,
    /// Whether the assistant's turn is a label, which is neither cleaned nor judged.
    is_labelled: bool,
}

impl Import {
    fn new(shape: Shape, columns: Vec<(&'static str, usize)>) -> Self {
        Self { shape, columns, unanswered: Arc::default() }
    }

    /// Conversations so far whose last turns were left out, because the assistant does not speak after them.
    pub fn unanswered(&self) -> u64 {
        self.unanswered.load(Ordering::Relaxed)
    }

    /// The conversation of a record and its fields; or why it has none, and the texts that it consists of.
    pub fn read(&self, record: &Record) -> (Option<Box<Conversation>>, Vec<Field>, Outcome) {
        let row: Map<String, Json> = (self.columns.iter())
            .map(|(name, index)| ((*name).to_owned(), json(name, &record.values[*index])))
            .collect();
        let refuse = |row: &Map<String, Json>, code: &'static str, detail: String| {
            (None, loose_texts(row), Outcome::reject(code, detail))
        };
        match import::example("", &row, self.shape) {
            Err(error) => {
                let place = error.place_and_shape();
                let in_call = ["tool_calls[", "function_call"].iter().any(|part| place.contains(part));
                let is_call = in_call || matches!(error, ImportError::Call { .. });
                refuse(&row, if is_call { "bad_call" } else { "not_a_conversation" }, place)
            }
            Ok(mut example) => {
                if let Some(flaw) = flaw(&mut example.messages) {
                    return refuse(&row, flaw.code(), flaw.to_string());
                }
                let is_answered = example.messages.last().is_some_and(|m| m.role == Role::Assistant);
                self.unanswered.fetch_add(u64::from(!is_answered), Ordering::Relaxed);
                let (mut conversation, fields) = Conversation::take_apart(example);
                conversation.is_labelled = self.shape == Shape::Pair(LABELLED.0, LABELLED.1);
                (Some(Box::new(conversation)), fields, Outcome::Keep)
            }
        }
    }
}

/// Leaves what the assistant says before anybody spoke out of the training, for it answers nothing; then looks
/// for a flaw.
fn flaw(messages: &mut [Message]) -> Option<Flaw> {
    let first = messages.iter().position(|m| m.role == Role::User).unwrap_or(0);
    for message in messages[..first].iter_mut().filter(|m| m.role == Role::Assistant) {
        message.train = Some(false);
    }
    Flaw::of(messages)
}

/// A value as JSON. A list that a table keeps as text is a list.
fn json(column: &str, value: &Value) -> Json {
    let is_list = matches!(column, "messages" | "conversations" | "history");
    match value {
        Value::Null => Json::Null,
        Value::Bool(b) => Json::Bool(*b),
        Value::Int(i) => Json::from(*i),
        Value::Float(x) => Json::from(*x),
        Value::Text(text) if is_list && text.trim_start().starts_with('[') => {
            serde_json::from_str(text).unwrap_or_else(|_| Json::String(text.clone()))
        }
        Value::Text(text) => Json::String(text.clone()),
        Value::Json(json) => json.clone(),
    }
}

/// The texts of a row that is no conversation, one field each: what is kept of it is masked like all else.
fn loose_texts(row: &Map<String, Json>) -> Vec<Field> {
    let mut fields = Vec::new();
    for (name, value) in row {
        let mut value = value.clone();
        each_text(name, &mut value, &mut |key, part, text| {
            let text = field(key, part, text.clone());
            // Who speaks may be told by a person's name, and alone it would not be known for one.
            if !matches!(text.label(), Some("role" | "from" | "name")) {
                fields.push(text);
            }
        });
    }
    fields
}

fn field(column: &str, part: Part, text: String) -> Field {
    Field { column: column.into(), part, main: false, text }
}

impl Conversation {
    /// Moves the texts of an example into fields. Turns behind the assistant's last one are left out: nothing
    /// follows from them.
    fn take_apart(example: Example) -> (Self, Vec<Field>) {
        let Example { mut messages, tools, .. } = example;
        let last = messages.iter().rposition(|m| m.role == Role::Assistant).map_or(0, |last| last + 1);
        messages.truncate(last);
        // Instructions that say nothing are none.
        messages.retain(|m| m.role != Role::System || !m.content.trim().is_empty());
        let results = (messages.iter().enumerate())
            .filter(|(_, message)| message.role == Role::Tool)
            .filter_map(|(i, message)| match serde_json::from_str(&message.content) {
                Ok(value @ (Json::Array(_) | Json::Object(_))) => Some((i, value)),
                _ => None,
            })
            .collect();
        for message in messages.iter_mut().filter(|message| message.role != Role::Tool) {
            // The name of a function stays; that of a speaker may be a person's.
            message.name = None;
        }
        let mut conversation = Self { messages, tools, results, n_fields: 0, is_labelled: false };
        let mut fields = Vec::new();
        conversation.each_field(&mut |column, part, text| {
            fields.push(field(column, part, text.clone()));
        });
        conversation.n_fields = fields.len();
        (conversation, fields)
    }

    /// Whether the assistant's turn is a label.
    pub fn is_labelled(&self) -> bool {
        self.is_labelled
    }

    /// All texts in a fixed order: where they stand, what they are, and themselves.
    fn each_field(&mut self, visit: Visit<'_>) {
        let mut results = self.results.iter_mut().peekable();
        for (i, message) in self.messages.iter_mut().enumerate() {
            let part = match message.role {
                Role::System => Part::System,
                Role::User => Part::Prompt,
                Role::Assistant => Part::Response,
                Role::Tool => Part::Result,
            };
            let place = format!("messages[{i}]");
            if let Some((_, result)) = results.next_if(|(of, _)| *of == i) {
                let content = format!("{place}.content");
                each_text(&content, result, visit);
            } else if !message.content.is_empty() {
                visit(&format!("{place}.content"), part, &mut message.content);
            }
            for (n, call) in message.tool_calls.iter_mut().enumerate() {
                let place = format!("{place}.tool_calls[{n}]");
                if let Some(id) = &mut call.id {
                    visit(&format!("{place}.id"), Part::Result, id);
                }
                each_entry(&format!("{place}.arguments"), &mut call.arguments, visit, &mut each_text);
            }
            if let Some(id) = &mut message.tool_call_id {
                visit(&format!("{place}.tool_call_id"), Part::Result, id);
            }
        }
        for (i, tool) in self.tools.iter_mut().enumerate() {
            each_description(&format!("tools[{i}]"), "", tool, visit);
        }
    }

    /// The questions, and the answers that are trained on, as one text each; they are judged as a whole, for a
    /// single turn may well be `네`.
    pub(super) fn spoken(&self, fields: &[Field]) -> (String, String) {
        let (mut asked, mut answered) = (String::new(), String::new());
        let mut turns = self.own(fields).iter().filter(|f| matches!(f.part, Part::Prompt | Part::Response));
        let speakers = self.messages.iter().filter(|m| matches!(m.role, Role::User | Role::Assistant));
        for message in speakers.filter(|message| !message.content.is_empty()) {
            let Some(field) = turns.next() else { break };
            let text = match message.role {
                Role::User => &mut asked,
                _ if message.is_trained() => &mut answered,
                _ => continue,
            };
            if !text.is_empty() {
                text.push('\n');
            }
            text.push_str(&field.text);
        }
        if answered.is_empty() {
            // An answer may consist of calls alone.
            let mut whole = self.clone();
            whole.fill(fields);
            let calls = whole.messages.iter().filter(|m| m.is_trained()).flat_map(|m| &m.tool_calls);
            answered = calls.map(chat::tools::hermes::write_call).collect::<Vec<_>>().join("\n");
        }
        (asked, answered)
    }

    /// The fields of the conversation, without those of columns beside it.
    fn own<'a>(&self, fields: &'a [Field]) -> &'a [Field] {
        &fields[..self.n_fields.min(fields.len())]
    }

    /// Writes the texts of the fields back into their places.
    fn fill(&mut self, fields: &[Field]) {
        let mut texts = self.own(fields).iter();
        self.each_field(&mut |_, _, text| {
            if let Some(field) = texts.next()
                && *text != field.text
            {
                text.clone_from(&field.text);
            }
        });
        for (i, result) in &self.results {
            let content = &mut self.messages[*i].content;
            let written = chat::template::python_json(result);
            // A result stays as it was written unless a value of it changed. Escaped letters could hide one from
            // whoever searches the text, and of two values under one key only one was seen.
            let is_plain = !has_escaped_letters(content)
                && content.matches('"').count() == written.matches('"').count()
                && serde_json::from_str::<Json>(content).is_ok_and(|as_it_was| as_it_was == *result);
            if !is_plain {
                *content = written;
            }
        }
    }

    /// The messages and tools with the texts of the fields.
    pub(super) fn put_together(mut self, fields: &[Field]) -> (Vec<Message>, Vec<Json>) {
        self.fill(fields);
        (self.messages, self.tools)
    }
}

/// Whether a JSON text writes letters as `\u…`, or a slash as `\/`.
fn has_escaped_letters(text: &str) -> bool {
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        if c == '\\' && matches!(chars.next(), Some('u' | '/')) {
            return true;
        }
    }
    false
}

/// What sees a text of a conversation: where it stands, what it is, itself.
type Visit<'a> = &'a mut dyn FnMut(&str, Part, &mut String);

/// Every text of a nested value, and every whole number that is as long as a number of a person, with its path.
/// A number whose text is changed becomes text.
fn each_text(place: &str, value: &mut Json, visit: Visit<'_>) {
    match value {
        Json::Null | Json::Bool(_) => {}
        Json::Number(number) => {
            let digits = number.to_string();
            if number.is_u64() && digits.len() >= 9 {
                let mut text = digits.clone();
                visit(place, Part::Value, &mut text);
                if text != digits {
                    *value = Json::String(text);
                }
            }
        }
        Json::String(text) => visit(place, Part::Value, text),
        Json::Array(items) => {
            for (i, item) in items.iter_mut().enumerate() {
                each_text(&format!("{place}[{i}]"), item, visit);
            }
        }
        Json::Object(map) => each_entry(place, map, visit, &mut each_text),
    }
}

/// Every key of an object that may say something, and what `each` finds in every value. An entry whose key is
/// changed stays in its place.
fn each_entry(
    place: &str,
    map: &mut Map<String, Json>,
    visit: Visit<'_>,
    each: &mut dyn FnMut(&str, &mut Json, Visit<'_>),
) {
    for (mut key, mut item) in std::mem::take(map) {
        let item_place = format!("{place}.{key}");
        if !is_plain(&key) {
            visit(&format!("{place} (key)"), Part::Result, &mut key);
        }
        each(&item_place, &mut item, visit);
        insert_apart(map, key, item);
    }
}

/// Whether a key is a mere name of a field, in which no value can hide: `order_no`.
fn is_plain(key: &str) -> bool {
    key.bytes().all(|b| b.is_ascii_alphabetic() || b == b'_')
}

/// The texts of a tool's definition that say something, and its keys; names and types are its grammar.
fn each_description(place: &str, key: &str, value: &mut Json, visit: Visit<'_>) {
    const WORDS: [&str; 7] = ["description", "default", "example", "examples", "enum", "const", "title"];
    match value {
        Json::String(text) if WORDS.contains(&key) => visit(place, Part::Result, text),
        Json::Array(items) => {
            for (i, item) in items.iter_mut().enumerate() {
                each_description(&format!("{place}[{i}]"), key, item, visit);
            }
        }
        Json::Object(map) => each_entry(place, map, visit, &mut |place, item, visit| {
            let key = place.rsplit('.').next().unwrap_or_default();
            each_description(place, key, item, visit);
        }),
        _ => {}
    }
}

/// The slots of the columns that are carried along or fill the system template.
pub(super) fn slots(of: &Conversations, schema: &Schema) -> Result<Vec<Slot>, TemplateError> {
    let mut slots: Vec<Slot> = Vec::new();
    if let Some(system) = &of.system {
        system.check(schema)?;
    }
    let system = of.system.iter().flat_map(Template::columns).map(|column| (Part::System, column));
    for (part, column) in system.chain(of.meta.iter().map(|column| (Part::Meta, column.as_str()))) {
        if slots.iter().any(|slot| &*slot.column == column) {
            continue;
        }
        let index =
            schema.index_of(column).ok_or_else(|| TemplateError::no_meta(&of.meta, column, schema))?;
        slots.push(Slot { column: column.into(), index, part, main: false });
    }
    Ok(slots)
}
