//! Shards in, adapter out: the loop, optimizer, schedule, checkpoints, events.
//!
//! The principal types are [`Settings`] (everything that decides the result), [`Event`] (what is told while it runs)
//! and [`Outcome`] (what is left); [`run`] is the loop, read from top to bottom.
//!
//! ```
//! use std::sync::Arc;
//! use kernels::Reference;
//! use model::{Decoder, LoraTargets, ModelConfig};
//! use train::{Base, Host, Length, Settings};
//!
//! let config = ModelConfig { vocab: 16, layers: 1, hidden: 8, mlp_hidden: 8, heads: 2, kv_heads: 1, head_dim: 4,
//!     ..ModelConfig::preset("nano")? };
//! let mut decoder = Decoder::random(Arc::new(Reference::<f32>::new()), config, 1)?;
//! let base = Base { name: "toy".to_owned(), ..Base::default() };
//! let settings = Settings { length: Length::Steps(2), ..Settings::lora(base, 2, LoraTargets::All) };
//! let sample = chat::SampleView { row: "row 1", part: 0, ids: &[1, 2, 3, 4], trained: &[0, 0, 1, 1] };
//!
//! let out = tempfile::tempdir()?;
//! let cancel = chat::CancelToken::default();
//! let mut host = Host { clock: &|| 0.0, cancel: &cancel, events: &mut |_| {}, memory: &Default::default, eval: None };
//! let outcome = train::run(&mut decoder, &settings, &[sample], &[], out.path(), &mut host)?;
//! assert!(out.path().join("adapter/adapter_model.safetensors").exists());
//! assert_eq!(outcome.step, 2);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! Never depends on text, sources, HTTP, printing or the time of day.

mod batches;
pub mod bench;
mod checkpoint;
mod error;
mod events;
mod learner;
mod memory;
mod optimizer;
mod output;
mod plan;
mod record;
mod run;
mod schedule;
mod settings;
pub mod verify;

pub use error::{StateProblem, TrainError};
pub use events::{Ending, EvalFigures, Event, MemoryFigures, Metric, Outcome, PlanFigures, StepFigures};
pub use memory::{MemoryReading, parts as memory_parts};
pub use plan::{Outlook, outlook};
pub use run::{Host, InLoopEval, base_weights, run};
pub use schedule::{Schedule, Warmup};
pub use settings::{
    Adam, Base, Batching, EarlyStop, Every, Length, Method, Order, ResultFrom, Settings, Task,
};
