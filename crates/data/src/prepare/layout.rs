//! From a record to a draft row, and from a draft row to an example.

use std::collections::BTreeSet;
use std::sync::Arc;

use chat::example::{Example, Message, Role};

use super::conversation::{Conversations, Import, slots};
use super::step::{DraftRow, Field, Outcome, Part};
use super::template::{Template, TemplateError};
use crate::record::{Record, Schema};

/// The templates of a recipe's `[prepare]` section.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Templates {
    /// The user's turn.
    pub prompt: Template,
    /// The assistant's turn.
    pub response: Template,
    /// The instructions, where there are any.
    pub system: Option<Template>,
    /// Columns that are carried along in an example's `meta`.
    pub meta: Vec<String>,
    /// The column with the question itself; by default the last one of the prompt's template.
    pub main_prompt: Option<String>,
    /// The column with the answer itself; by default the last one of the response's template.
    pub main_response: Option<String>,
}

impl Templates {
    /// Templates for a prompt and a response, nothing else.
    ///
    /// # Errors
    /// What is wrong with either.
    pub fn new(prompt: &str, response: &str) -> Result<Self, TemplateError> {
        Ok(Self {
            prompt: Template::parse(prompt)?,
            response: Template::parse(response)?,
            system: None,
            meta: Vec::new(),
            main_prompt: None,
            main_response: None,
        })
    }

    /// Which columns of one source go where.
    ///
    /// # Errors
    /// A column that the source does not have; a prompt or response that uses no column; a main column
    /// that its template does not use.
    pub fn layout(&self, schema: &Arc<Schema>) -> Result<Layout, TemplateError> {
        for template in [Some(&self.prompt), Some(&self.response), self.system.as_ref()].into_iter().flatten()
        {
            template.check(schema).map_err(|error| error.with_needed(self.columns()))?;
        }
        for template in [&self.prompt, &self.response] {
            if template.columns().next().is_none() {
                return Err(TemplateError::NoColumn { template: template.as_str().to_owned() });
            }
        }
        self.check_main()?;
        let mut layout = Layout { templates: self.clone(), fields: Vec::new(), import: None };
        let mut seen = BTreeSet::new();
        let main_prompt = main_column(&self.prompt, self.main_prompt.as_ref());
        let main_response = main_column(&self.response, self.main_response.as_ref());
        let system = self.system.iter().flat_map(Template::columns).map(|c| (Part::System, c));
        let uses = (self.prompt.columns().map(|c| (Part::Prompt, c)))
            .chain(self.response.columns().map(|c| (Part::Response, c)))
            .chain(system)
            .chain(self.meta.iter().map(|c| (Part::Meta, c.as_str())));
        for (part, column) in uses {
            if !seen.insert(column) {
                continue;
            }
            let index = self.index(schema, column)?;
            let main = match part {
                Part::Prompt => column == main_prompt,
                Part::Response => column == main_response,
                Part::System | Part::Meta | Part::Result | Part::Value => false,
            };
            layout.fields.push(Slot { column: column.into(), index, part, main });
        }
        Ok(layout)
    }

    /// All columns of prompt, response and system, each once.
    fn columns(&self) -> Vec<String> {
        let templates = [Some(&self.prompt), Some(&self.response), self.system.as_ref()];
        let mut all: Vec<String> = Vec::new();
        for column in templates.into_iter().flatten().flat_map(Template::columns) {
            if all.iter().all(|known| known != column) {
                all.push(column.to_owned());
            }
        }
        all
    }

    fn check_main(&self) -> Result<(), TemplateError> {
        for (template, main) in [(&self.prompt, &self.main_prompt), (&self.response, &self.main_response)] {
            if let Some(main) = main.as_ref().filter(|m| template.columns().all(|c| c != m.as_str())) {
                return Err(TemplateError::MainColumn {
                    template: template.as_str().to_owned(),
                    column: main.clone(),
                    columns: template.columns().map(str::to_owned).collect(),
                });
            }
        }
        Ok(())
    }

    fn index(&self, schema: &Schema, column: &str) -> Result<usize, TemplateError> {
        schema.index_of(column).ok_or_else(|| TemplateError::no_meta(&self.meta, column, schema))
    }
}

fn main_column<'a>(template: &'a Template, named: Option<&'a String>) -> &'a str {
    named.map_or_else(|| template.columns().next_back().unwrap_or(""), String::as_str)
}

/// The templates, bound to the columns of one source.
#[derive(Debug, Clone)]
pub struct Layout {
    templates: Templates,
    fields: Vec<Slot>,
    /// How rows are read that are conversations already; the templates of prompt and response are then empty.
    import: Option<Import>,
}

#[derive(Debug, Clone)]
pub(super) struct Slot {
    pub column: Arc<str>,
    pub index: usize,
    pub part: Part,
    pub main: bool,
}

impl Layout {
    /// For conversations of one source.
    pub(super) fn of_conversations(
        of: &Conversations,
        import: Import,
        schema: &Schema,
    ) -> Result<Self, TemplateError> {
        let templates =
            Templates { system: of.system.clone(), meta: of.meta.clone(), ..Templates::new("", "")? };
        Ok(Self { templates, fields: slots(of, schema)?, import: Some(import) })
    }

    /// Conversations so far whose last turns were left out, because the assistant does not speak after them.
    pub fn unanswered(&self) -> u64 {
        self.import.as_ref().map_or(0, Import::unanswered)
    }

    /// A draft of a record: its fields filled, nothing rendered. A record that should be a conversation and is
    /// none is rejected, with its texts as fields.
    pub fn draft(&self, record: Record) -> (DraftRow, Outcome) {
        let own = self.fields.iter().map(|slot| Field {
            column: Arc::clone(&slot.column),
            part: slot.part,
            main: slot.main,
            text: record.values[slot.index].to_text().into_owned(),
        });
        let (conversation, fields, outcome) = match &self.import {
            None => (None, own.collect(), Outcome::Keep),
            Some(import) => {
                let (conversation, mut fields, outcome) = import.read(&record);
                fields.extend(own);
                (conversation, fields, outcome)
            }
        };
        let row = DraftRow {
            record,
            fields,
            conversation,
            prompt: String::new(),
            response: String::new(),
            system: String::new(),
            sketch: None,
        };
        (row, outcome)
    }

    /// Fills `prompt`, `response` and `system` from the fields, without white space at either end.
    /// Of a conversation they are what the user says in all turns, what the assistant answers in all that are
    /// trained on, and the instructions for conversations that have none.
    pub fn render(&self, row: &mut DraftRow) {
        if self.import.is_some() {
            self.render_conversation(row);
            return;
        }
        let fields = &row.fields;
        let lookup = |name: &str| fields.iter().find(|f| &*f.column == name).map_or("", |f| f.text.as_str());
        let text = |template: &Template| {
            let mut out = String::new();
            template.render(&mut out, lookup);
            trimmed(out)
        };
        let (prompt, response) = (text(&self.templates.prompt), text(&self.templates.response));
        let system = self.templates.system.as_ref().map(text).unwrap_or_default();
        (row.prompt, row.response, row.system) = (prompt, response, system);
    }

    fn render_conversation(&self, row: &mut DraftRow) {
        if let Some(conversation) = &row.conversation {
            (row.prompt, row.response) = conversation.spoken(&row.fields);
        } else {
            let texts = row.fields.iter().filter(|field| field.part == Part::Value);
            row.prompt = texts.map(|field| field.text.as_str()).collect::<Vec<_>>().join("\n");
        }
        if let Some(system) = &self.templates.system {
            let lookup = |name: &str| {
                let of_column = row.fields.iter().rfind(|f| &*f.column == name);
                of_column.map_or("", |f| f.text.as_str())
            };
            let mut out = String::new();
            system.render(&mut out, lookup);
            row.system = trimmed(out);
        }
    }

    /// The example of a rendered row: an optional system turn, the prompt, the response; or its conversation.
    pub fn example(&self, id: String, mut row: DraftRow) -> Example {
        if let Some(conversation) = row.conversation.take() {
            let meta = self.meta(&row);
            let (mut messages, tools) = conversation.put_together(&row.fields);
            if !row.system.is_empty() && messages.iter().all(|m| m.role != Role::System) {
                messages.insert(0, Message::new(Role::System, row.system));
            }
            return Example { id, messages, tools, meta };
        }
        let meta = self.meta(&row);
        let mut messages = Vec::with_capacity(3);
        if !row.system.is_empty() {
            messages.push(Message::new(Role::System, row.system));
        }
        messages.push(Message::new(Role::User, row.prompt));
        messages.push(Message::new(Role::Assistant, row.response));
        Example { id, messages, tools: Vec::new(), meta }
    }

    fn meta(&self, row: &DraftRow) -> serde_json::Map<String, serde_json::Value> {
        let meta = self.templates.meta.iter().filter_map(|column| {
            let field = row.fields.iter().rfind(|f| *f.column == **column)?;
            Some((column.clone(), serde_json::Value::String(field.text.clone())))
        });
        meta.collect()
    }
}

fn trimmed(text: String) -> String {
    let trim = text.trim();
    if trim.len() == text.len() { text } else { trim.to_owned() }
}
