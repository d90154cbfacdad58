//! One decoder, described by a config: architecture, weights, layers, adapter, file formats.
//!
//! The principal types are [`ModelConfig`] (an architecture as data), [`TensorSource`] (weights by name,
//! mapped from a model folder by [`ModelFolder`]) and [`LoraConfig`] (an adapter's settings).
//!
//! ```
//! use model::{LoraConfig, LoraTargets, ModelConfig};
//!
//! let config = ModelConfig::preset("gpt2-124m")?;
//! let targets = LoraTargets::Named(vec!["c_attn".to_owned()]);
//! let lora = LoraConfig { rank: 8, alpha: 16.0, dropout: 0.0, targets, rslora: false };
//! assert_eq!(lora.select(&config)?.len(), 12);
//! # Ok::<(), model::ModelError>(())
//! ```
//!
//! Never depends on text, an optimizer, an async runtime or a processor's name.

pub mod adapter;
mod batch;
mod cache;
pub mod config;
mod decoder;
pub mod error;
mod layers;
mod looking_back;
mod parameters;
pub mod platform;
pub mod quantize;
pub mod weights;
mod workspace;

pub use adapter::{LoraConfig, LoraTargets};
pub use batch::{LossSum, Segment, TrainBatch};
pub use cache::KvCache;
pub use config::{
    Activation, Family, LinearKind, LinearModule, MlpKind, ModelConfig, Norm, NormKind, Orientation,
    Positions, RopeScaling, Rotary,
};
pub use decoder::{Ahead, DecodeRow, Decoder, MemoryPlan, PEFT_SCORE, SCORE, base_layout, check_format};
pub use error::{FileProblem, LabelProblem, ModelError};
pub use looking_back::look_back;
pub use parameters::{ParamLayout, ParamSpec, Parameters, Trainable};
pub use weights::{DType, MemoryTensors, ModelFolder, SafetensorsFile, TensorSource, TensorView};
pub use workspace::{Recompute, Workspace};

/// What a decoder computes on, for rooms that do not know `kernels`.
pub use kernels::quant::Format;
pub use kernels::{CachePrecision, Cpu, Device, Reference};
