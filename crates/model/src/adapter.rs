//! LoRA: low-rank updates `ΔW = scale · B · A` of chosen linear layers, and PEFT's files for them.

mod lora;

pub use lora::{LoraConfig, LoraTargets};
