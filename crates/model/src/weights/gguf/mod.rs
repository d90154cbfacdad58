//! GGUF, the one-file format of llama.cpp: weights, architecture, vocabulary and template.
//!
//! 1. `header` checks a file's header whole; [`GgufFile`] maps a file and gives its keys and tensors.
//! 2. `names` and `config` turn llama.cpp's names and keys into ours and back; [`GgufModel`] is a model in such a file.
//! 3. [`write_gguf`] writes a file; `export` a model in one of llama.cpp's mixes of formats, or an adapter.
//!
//! What a file says about text (`tokenizer.*`) is passed on as it is: this room knows nothing about text.

mod config;
mod export;
mod file;
mod format;
mod header;
mod mix;
mod model;
mod names;
mod problem;
mod value;
mod write;

pub use export::{export_gguf, export_gguf_adapter};
pub use file::GgufFile;
pub use mix::GgufMix;
pub use model::GgufModel;
pub use problem::GgufProblem;
pub use value::{GgufValue, StoredValue};
pub use write::{GgufTensor, write_gguf};
