//! Messages in, replies out: sampling, batching, streaming.
//!
//! The principal types are [`Assistant`] (answers conversations, many at once), [`Engine`] (what it
//! asks of a model) and [`AssistantOptions`].
//!
//! ```
//! use chat::{Builtin, Encoder, Event, Message, Request, Responder, Role, Tokenizer};
//! use serve::{Assistant, AssistantOptions, SuccessorEngine};
//!
//! let encoder = Encoder::builtin(Builtin::ChatMl, Tokenizer::bytes())?;
//! let mut assistant = Assistant::new(SuccessorEngine::new(265, 128, 4), encoder, AssistantOptions::default())?;
//! let mut request = Request { messages: vec![Message::new(Role::User, "a")], ..Request::default() };
//! request.sampling.max_tokens = 3;
//! let mut text = String::new();
//! assistant.respond(&[request], &mut |_, event| {
//!     if let Event::Text(piece) = event {
//!         text.push_str(&piece);
//!     }
//! })?;
//! // The prompt ends with a line feed, byte 10: its successors follow.
//! assert_eq!(text, "\u{b}\u{c}\r");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! Never depends on training, sources of rows or scoring.

pub mod assistant;
pub mod constrained;
pub mod continuation;
pub mod engine;

pub use assistant::{Assistant, AssistantError, AssistantOptions};
pub use constrained::ConstraintError;
pub use continuation::{Beginning, Continued, Continuing};
pub use engine::{DecoderEngine, Engine, EngineShape, Shared, SuccessorEngine};
