//! Conversations as data: what is said, what of it is trained, and who answers.
//!
//! The principal types are [`Example`] (a conversation with provenance), [`Encoder`] (template and
//! tokenizer, which make [`Sample`]s and prompts), [`Responder`] (whatever answers a conversation) and
//! [`Likelihood`] (whatever scores a text).
//!
//! ```
//! use chat::{Builtin, Encoder, Example, Message, Role, Tokenizer};
//!
//! let encoder = Encoder::builtin(Builtin::ChatMl, Tokenizer::bytes())?;
//! let messages = vec![Message::new(Role::User, "When?"), Message::new(Role::Assistant, "Tomorrow.")];
//! let example = Example { id: "inquiries#1".into(), messages, tools: vec![], meta: Default::default() };
//!
//! let sample = &encoder.samples(&example)?[0];
//! let trained: Vec<u32> = (0..sample.ids.len()).filter(|&i| sample.trained[i]).map(|i| sample.ids[i]).collect();
//! assert_eq!(encoder.tokenizer().decode(&trained, false)?, "Tomorrow.<|im_end|>");
//! // What a server is asked is what the sample begins with.
//! let prompt = encoder.prompt(&example.messages[..1], &[])?;
//! assert!(sample.ids.starts_with(&prompt));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! Never depends on tensors, the network or sources of rows.

pub mod batch;
pub mod double;
pub mod example;
pub mod import;
pub mod placeholders;
pub mod prompt;
pub mod refusal;
pub mod repair;
pub mod responder;
pub mod sample;
pub mod schema;
pub mod seeded;
pub mod shard;
pub mod template;
pub mod tokenizer;
pub mod tools;

pub use batch::{Batch, BatchRow, Segment};
pub use double::{Script, ScriptedResponder};
pub use example::{Example, Message, Role, ToolCall};
pub use import::{ImportError, Shape};
pub use placeholders::Placeholders;
pub use responder::{
    CancelToken, Event, FinishReason, Likelihood, Request, Responder, ResponderError, Sampling, ToolChoice,
    Usage,
};
pub use sample::{EncodeError, Encoder, FitCounts, Fitter, Overlong, Sample, SampleView, shortened_prompt};
pub use schema::Schema;
pub use shard::{Shard, ShardError, ShardWriter};
pub use template::{Builtin, LocalTime, Template, TemplateError};
pub use tokenizer::{Encoding, Markup, SpecialIds, StreamDecoder, TokenCounter, Tokenizer, TokenizerError};
