//! A document as it is written, turn by turn.

use std::ops::Range;

use chat::example::{Message, Role, ToolCall};
use serde_json::{Map, Value};

use super::{Body, Document, DocumentKind};
use crate::grammar::{Expansion, Grammar, Memory, Register, Vars};
use crate::rng::Rng;

/// Values by name.
#[derive(Debug, Default)]
pub struct Values(Vec<(&'static str, String)>);

impl Vars for Values {
    fn value(&mut self, name: &str, _: &mut Rng) -> Option<String> {
        self.0.iter().find(|(n, _)| *n == name).map(|(_, v)| v.clone())
    }
}

/// Writes one document.
#[derive(Debug)]
pub struct Script<'g> {
    grammar: &'g Grammar,
    pub rng: Rng,
    pub values: Values,
    out: Expansion,
    messages: Vec<Message>,
    tools: Vec<Value>,
    slots: Vec<Vec<Range<usize>>>,
}

impl<'g> Script<'g> {
    pub fn new(grammar: &'g Grammar, rng: Rng) -> Self {
        Self {
            grammar,
            rng,
            values: Values::default(),
            out: Expansion::default(),
            messages: Vec::new(),
            tools: Vec::new(),
            slots: Vec::new(),
        }
    }

    /// Adds an expansion of a rule to the turn.
    pub fn say(&mut self, rule: &str) -> &mut Self {
        self.grammar.expand(rule, &mut self.rng, &mut self.values, &mut self.out);
        self
    }

    /// Adds an expansion of the rule of the register: `rule.f`, `rule.p` or `rule.c`.
    pub fn speak(&mut self, rule: &str) -> &mut Self {
        let tail = match self.out.register {
            Register::Formal => "f",
            Register::Polite => "p",
            Register::Casual => "c",
        };
        self.say(&format!("{rule}.{tail}"))
    }

    /// Adds fixed text.
    pub fn put(&mut self, text: &str) -> &mut Self {
        self.out.text.push_str(text);
        self
    }

    /// Where the turn ends now, in bytes.
    pub fn here(&self) -> usize {
        self.out.text.len()
    }

    /// What was written since a place.
    pub fn since(&self, at: usize) -> String {
        self.out.text[at..].to_owned()
    }

    /// What a rule gives with the labels as they are, without adding it to the turn.
    pub fn form(&mut self, rule: &str) -> String {
        let at = self.here();
        let slots = self.out.slots.clone();
        self.say(rule);
        let form = self.since(at);
        self.out.text.truncate(at);
        self.out.slots = slots;
        form
    }

    /// Adds a full stop where the turn does not end with a mark.
    pub fn end_sentence(&mut self) -> &mut Self {
        if !self.out.text.ends_with(['.', '?', '!']) {
            self.out.text.push('.');
        }
        self
    }

    /// Makes a label, written `rule#label`, stand for a text from here on.
    pub fn remember(&mut self, label: &str, text: &str) -> &mut Self {
        self.out.remember(label, text);
        self
    }

    /// Makes the Latin letter at a place small: a sentence goes on there.
    pub fn lower_at(&mut self, at: usize) -> &mut Self {
        if let Some(letter) = self.out.text.get(at..at + 1) {
            let small = letter.to_ascii_lowercase();
            self.out.text.replace_range(at..=at, &small);
        }
        self
    }

    /// Takes the full stop at the end of the turn back.
    pub fn trim_stop(&mut self) -> &mut Self {
        if self.out.text.ends_with('.') {
            self.out.text.pop();
        }
        self
    }

    /// Takes an ending of the turn back, and says whether it was there.
    pub fn take_end(&mut self, end: &str) -> bool {
        let there = self.out.text.ends_with(end);
        if there {
            self.out.text.truncate(self.out.text.len() - end.len());
        }
        there
    }

    /// Whether the grammar has a rule of this name.
    pub fn has(&self, rule: &str) -> bool {
        self.grammar.has(rule)
    }

    /// A text of a rule that is kept apart from the turn.
    pub fn aside(&mut self, rule: &str) -> String {
        let mut out = Expansion::default();
        out.register = self.out.register;
        self.grammar.expand(rule, &mut self.rng, &mut self.values, &mut out);
        out.text
    }

    /// Sets what `{$name}` stands for.
    pub fn set(&mut self, name: &'static str, value: impl Into<String>) -> &mut Self {
        self.values.0.retain(|(n, _)| *n != name);
        self.values.0.push((name, value.into()));
        self
    }

    /// What labels stand for now.
    pub fn memory(&self) -> Memory {
        self.out.memory()
    }

    /// Makes labels stand for what they stood for then.
    pub fn recall(&mut self, memory: &Memory) {
        self.out.recall(memory);
    }

    /// Forgets what `{rule#label}` stood for.
    pub fn forget(&mut self) {
        self.out.forget();
    }

    pub fn register(&mut self, register: Register) -> &mut Self {
        self.out.register = register;
        self
    }

    /// Ends the turn.
    pub fn end(&mut self, role: Role) -> &mut Self {
        let (text, slots) = self.out.next_turn();
        let content = text.trim_end().to_owned();
        let slots = slots.into_iter().filter(|s| s.end <= content.len()).collect();
        self.messages.push(Message::new(role, content));
        self.slots.push(slots);
        self
    }

    /// Adds an assistant turn that calls a function, and the turn with its result.
    pub fn call(&mut self, name: &str, arguments: Map<String, Value>, result: &Value) -> &mut Self {
        let mut call = Message::new(Role::Assistant, "");
        call.tool_calls = vec![ToolCall { id: None, name: name.to_owned(), arguments }];
        self.messages.push(call);
        let mut answer = Message::new(Role::Tool, result.to_string());
        answer.name = Some(name.to_owned());
        self.messages.push(answer);
        self.slots.extend([Vec::new(), Vec::new()]);
        self
    }

    /// The functions that may be called.
    pub fn tools(&mut self, tools: Vec<Value>) -> &mut Self {
        self.tools = tools;
        self
    }

    /// The document: running text where no turn was ended.
    pub fn finish(mut self, kind: DocumentKind) -> Document {
        if self.messages.is_empty() {
            let (text, slots) = self.out.next_turn();
            let text = text.trim_end().to_owned();
            let slots = slots.into_iter().filter(|s| s.end <= text.len()).collect();
            return Document { kind, body: Body::Text(text), slots: vec![slots] };
        }
        let body = Body::Chat { messages: self.messages, tools: self.tools };
        Document { kind, body, slots: self.slots }
    }
}
