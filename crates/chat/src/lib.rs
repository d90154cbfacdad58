//! Conversations as data: what is said, what of it is trained, and who answers.
//!
//! The principal types are [`Example`] (a conversation with provenance),
//! [`Responder`] (whatever answers a conversation) and [`Likelihood`] (whatever scores a text).
//!
//! Never depends on tensors, the network or sources of rows.

pub mod batch;
pub mod double;
pub mod example;
pub mod import;
pub mod placeholders;
pub mod responder;
pub mod sample;
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
    CancelToken, Event, FinishReason, Likelihood, Request, Responder, ResponderError, Sampling, Usage,
};
pub use sample::{EncodeError, Encoder, FitCounts, Fitter, Overlong, Sample, SampleView};
pub use shard::{Shard, ShardError, ShardWriter};
pub use template::{Builtin, LocalTime, Template, TemplateError};
pub use tokenizer::{Encoding, Markup, SpecialIds, StreamDecoder, Tokenizer, TokenizerError};
