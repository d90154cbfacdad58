//! LoRA: low-rank updates `ΔW = scale · B · A` of chosen linear layers, and PEFT's files for them.
//!
//! 1. `lora` holds the settings and chooses the layers.
//! 2. `peft_config` is `adapter_config.json`, both ways.
//! 3. `files` reads and writes an adapter folder.
//! 4. `merge` adds an adapter to its base and writes a model folder.

mod files;
mod lora;
mod merge;
mod peft_config;

pub(crate) use files::write_json;
pub use files::{AdapterFolder, CONFIG_FILE, SIDECAR_FILE, TENSOR_FILE, write_adapter, write_sidecar};
pub use lora::{LoraConfig, LoraTargets, LoraTensor};
pub use merge::{Merged, merge_adapter};
pub(crate) use merge::{about_text, read_config};
pub use peft_config::{AdapterInfo, TaskType};
