//! Whatever answers a conversation, and whatever scores a text.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use serde_json::Value;

use crate::example::{Message, ToolCall};

/// Answers conversations: our own assistant, an endpoint, or a scripted double.
pub trait Responder {
    /// Answers a batch. `on_event(i, event)` is called as pieces of the reply to `requests[i]` arrive;
    /// the last event of each request is [`Event::Done`].
    ///
    /// # Errors
    /// A fault that stops the whole batch. A refusal of a single request is a `Done` with
    /// [`FinishReason::Failed`].
    fn respond(
        &mut self,
        requests: &[Request],
        on_event: &mut dyn FnMut(usize, Event),
    ) -> Result<(), ResponderError>;
}

/// Scores how likely a text is.
pub trait Likelihood {
    /// Sum of natural-log probabilities of `continuation` after `prompt`, and the number of its tokens.
    ///
    /// # Errors
    /// When the text cannot be scored, for instance because it exceeds the context.
    fn log_likelihood(
        &mut self,
        prompt: &[Message],
        continuation: &str,
    ) -> Result<(f64, usize), ResponderError>;
}

/// A conversation to be answered.
#[derive(Debug, Clone, Default)]
pub struct Request {
    /// The turns so far; the reply continues them.
    pub messages: Vec<Message>,
    /// Function schemas in OpenAI form that may be called.
    pub tools: Vec<Value>,
    /// Whether and how the reply calls functions.
    pub tool_choice: ToolChoice,
    /// How the next token is chosen.
    pub sampling: Sampling,
    /// A JSON schema that the reply must satisfy; it then calls no function.
    pub schema: Option<Value>,
    /// Name of the adapter to answer with; none for the responder's default.
    pub adapter: Option<String>,
    /// Whether [`Event::Token`] with log-probabilities is wanted.
    pub log_probs: bool,
    /// How many of the likeliest tokens [`Event::Token`] names besides the chosen one.
    pub top_log_probs: usize,
    /// Ends this request early when cancelled.
    pub cancel: CancelToken,
}

/// Whether and how a reply calls functions.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum ToolChoice {
    /// As the model writes them: what is well written is read as a call.
    #[default]
    Free,
    /// The model decides whether; a call that it begins is held to the function's schema.
    Auto,
    /// One call or several, each held to its function's schema, and nothing else.
    Required,
    /// One call of this function, and nothing else.
    Named(String),
}

/// How the next token is chosen. The default is greedy.
#[derive(Debug, Clone, PartialEq)]
pub struct Sampling {
    /// Most tokens to generate.
    pub max_tokens: usize,
    /// 0 is greedy.
    pub temperature: f32,
    /// Keep the k likeliest; 0 keeps all.
    pub top_k: usize,
    /// Keep the smallest set whose probability reaches this; 1 keeps all.
    pub top_p: f32,
    /// Drop tokens less likely than this share of the likeliest; 0 drops none.
    pub min_p: f32,
    /// Divides the logits of tokens already present; 1 is none.
    pub repetition_penalty: f32,
    /// Taken from the logit of every token that the reply holds already; 0 is none.
    pub presence_penalty: f32,
    /// Taken from a token's logit once for each time that the reply holds it already; 0 is none.
    pub frequency_penalty: f32,
    /// Same seed, same reply, whatever else is in the batch.
    pub seed: u64,
    /// Strings that end the reply; not part of it.
    pub stop: Vec<String>,
}

impl Default for Sampling {
    fn default() -> Self {
        Self {
            max_tokens: 256,
            temperature: 0.0,
            top_k: 0,
            top_p: 1.0,
            min_p: 0.0,
            repetition_penalty: 1.0,
            presence_penalty: 0.0,
            frequency_penalty: 0.0,
            seed: 0,
            stop: Vec::new(),
        }
    }
}

/// A piece of a reply.
#[derive(Debug, Clone, PartialEq)]
pub enum Event {
    /// The next piece of text, always whole characters.
    Text(String),
    /// A token with its natural-log probability; only where asked for.
    Token {
        /// Its id in the model's vocabulary, where there is one.
        id: Option<u32>,
        /// Its log probability under the model before temperature.
        log_prob: f32,
        /// The likeliest tokens in its place, as many as asked for, likeliest first.
        top: Vec<(u32, f32)>,
    },
    /// A complete function call.
    ToolCall(ToolCall),
    /// The end.
    Done {
        /// Why it ended.
        finish: FinishReason,
        /// What it used.
        usage: Usage,
    },
}

/// Why a reply ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FinishReason {
    /// The model ended its turn, or a stop string appeared.
    Stop,
    /// `max_tokens` or the context was reached.
    Length,
    /// The model called functions.
    ToolCalls,
    /// The request was cancelled.
    Cancelled,
    /// This request could not be answered, and why.
    Failed(String),
}

/// Tokens of one request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Usage {
    /// Tokens of the prompt.
    pub prompt_tokens: usize,
    /// Tokens generated.
    pub completion_tokens: usize,
}

/// A flag that ends work early; clones share it.
#[derive(Debug, Clone, Default)]
pub struct CancelToken(Arc<AtomicBool>);

impl CancelToken {
    /// Asks the work to end.
    pub fn cancel(&self) {
        self.0.store(true, Ordering::Relaxed);
    }

    /// Whether the end was asked for.
    pub fn is_cancelled(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

/// A fault that stops a whole batch.
#[derive(Debug, thiserror::Error)]
pub enum ResponderError {
    /// The prompt and the reply do not fit.
    #[error("the prompt has {prompt_tokens} tokens; the model's context is {context}")]
    ContextExceeded {
        /// Tokens of the prompt.
        prompt_tokens: usize,
        /// The model's context length.
        context: usize,
    },
    /// The prompt is so long that it is not even encoded.
    #[error("the prompt has {bytes} bytes of text, more than a context of {context} tokens can hold")]
    PromptTooLong {
        /// Bytes of its messages.
        bytes: usize,
        /// The model's context length.
        context: usize,
    },
    /// No adapter of that name.
    #[error("no adapter named `{name}`; loaded: {}", loaded.join(", "))]
    UnknownAdapter {
        /// The name asked for.
        name: String,
        /// The names there are.
        loaded: Vec<String>,
    },
    /// Something beneath failed.
    #[error(transparent)]
    Source(Box<dyn std::error::Error + Send + Sync>),
}
