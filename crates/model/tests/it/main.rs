//! Integration tests of `model`.

mod adapter_files;
mod bitsandbytes_folders;
mod decoder_cpu;
mod decoder_generation;
mod decoder_gradients;
mod decoder_quantised;
mod gguf_files;
mod golden;
mod hostile;
mod looking_back;
mod rotary;
mod safetensors_files;
mod soak_files;
mod tiny;
mod twins;
