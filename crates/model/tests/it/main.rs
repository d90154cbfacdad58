//! Integration tests of `model`.

mod safetensors_files;
