//! Integration tests of `model`.

mod adapter_files;
mod golden;
mod safetensors_files;
