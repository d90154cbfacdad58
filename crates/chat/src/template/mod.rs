//! Conversations to text, by the template of the model.
//!
//! What is trained is never searched for in the rendering. The text before an assistant turn is
//! rendered as a server would render it when it asks for that turn, the conversation is rendered
//! again with the turn in it, and the difference is what the model has to write
//! ([`Template::turn`]). A template for which the second text does not begin with the first is
//! refused: it cannot be served as it is trained.

mod builtin;
mod clock;
mod engine;
mod python;

use std::sync::Arc;

use serde_json::{Map, Value};
use sha2::{Digest as _, Sha256};

use crate::example::Message;
use crate::tokenizer::{Tokenizer, hex};

pub use builtin::Builtin;
pub use clock::LocalTime;

/// Why a template cannot be read or a conversation not be rendered.
#[derive(Debug, thiserror::Error)]
pub enum TemplateError {
    /// The template is not Jinja.
    #[error("chat template, line {line}: {why}")]
    Syntax {
        /// Its line.
        line: usize,
        /// What the parser says.
        why: String,
    },
    /// The template says that it does not take this conversation.
    #[error("the chat template refuses this conversation: {message}")]
    Refused {
        /// In its own words.
        message: String,
    },
    /// The template stumbles.
    #[error("chat template, line {line}: {why}")]
    Render {
        /// Its line.
        line: usize,
        /// What happened.
        why: String,
    },
    /// The template asks for the time and none was handed in.
    #[error("the chat template writes the date; give it one, so that the same input gives the same text")]
    NoClock,
    /// The turn is not what follows its prompt.
    #[error(
        "turn {message}: the rendered conversation does not begin with the prompt that asks for the turn \
         (they part at byte {at}); what is trained would not be what is served: use another template"
    )]
    NotAContinuation {
        /// Which message, from 0.
        message: usize,
        /// Where the texts part.
        at: usize,
    },
}

/// A chat template with what it is filled in with. Cheap to clone.
#[derive(Clone)]
pub struct Template {
    engine: Arc<engine::Engine>,
    source: Arc<str>,
    variables: Map<String, Value>,
    now: Option<LocalTime>,
}

/// An assistant turn as it is asked for and as it is written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Turn {
    /// The text that asks for it.
    pub prompt: String,
    /// The text that follows: the turn, its end, and whatever the template writes after that.
    pub completion: String,
}

impl std::fmt::Debug for Template {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Template").field("digest", &self.digest()).finish_non_exhaustive()
    }
}

impl Template {
    /// One of our own templates.
    pub fn builtin(which: Builtin) -> Self {
        Self::from_source(which.source()).expect("a built-in template is well formed")
    }

    /// Reads a template, for instance a model's `chat_template`.
    ///
    /// # Errors
    /// [`TemplateError::Syntax`].
    pub fn from_source(source: &str) -> Result<Self, TemplateError> {
        Ok(Self {
            engine: Arc::new(engine::Engine::new(source)?),
            source: source.into(),
            variables: Map::new(),
            now: None,
        })
    }

    /// Fills `bos_token`, `eos_token` and `pad_token` in as the tokenizer names them.
    pub fn with_tokens_of(mut self, tokenizer: &Tokenizer) -> Self {
        let ids = tokenizer.special_ids();
        for (name, id) in [("bos_token", ids.bos), ("eos_token", ids.eos), ("pad_token", ids.pad)] {
            if let Some(text) = id.and_then(|id| tokenizer.token_of(id)) {
                self.variables.insert(name.to_string(), Value::String(text));
            }
        }
        self
    }

    /// Sets a variable of the template, such as `enable_thinking`.
    pub fn with_variable(mut self, name: &str, value: Value) -> Self {
        self.variables.insert(name.to_string(), value);
        self
    }

    /// Sets the time that `strftime_now` writes.
    pub fn with_now(mut self, now: LocalTime) -> Self {
        self.now = Some(now);
        self
    }

    /// The template's text.
    pub fn source(&self) -> &str {
        &self.source
    }

    /// SHA-256 of the template and all it is filled in with but the conversation, hexadecimal.
    pub fn digest(&self) -> String {
        let variables = serde_json::to_string(&self.variables).expect("a JSON value can be written");
        let text = format!("{}\0{variables}\0{:?}", self.source, self.now);
        hex(&Sha256::digest(text.as_bytes()))
    }

    /// The text of a conversation; with `ask`, up to where the assistant is to go on.
    ///
    /// # Errors
    /// [`TemplateError`].
    pub fn render(&self, messages: &[Message], tools: &[Value], ask: bool) -> Result<String, TemplateError> {
        self.engine.render(messages, tools, ask, &self.variables, self.now)
    }

    /// The assistant turn `messages[at]` as it is asked for and as it is written, when it is the newest.
    ///
    /// # Errors
    /// [`TemplateError`], [`TemplateError::NotAContinuation`] among them.
    pub fn turn(&self, messages: &[Message], tools: &[Value], at: usize) -> Result<Turn, TemplateError> {
        let prompt = self.render(&messages[..at], tools, true)?;
        let whole = self.render(&messages[..=at], tools, false)?;
        let Some(completion) = whole.strip_prefix(&prompt) else {
            let same = prompt.bytes().zip(whole.bytes()).take_while(|(a, b)| a == b).count();
            return Err(TemplateError::NotAContinuation { message: at, at: same });
        };
        let completion = completion.to_string();
        Ok(Turn { prompt, completion })
    }
}

/// JSON as Python's `json.dumps(ensure_ascii=False)` writes it: the form in which models read it.
pub fn python_json(value: &Value) -> String {
    python::to_json(value, &python::JsonStyle::default())
}

#[cfg(test)]
mod tests;
