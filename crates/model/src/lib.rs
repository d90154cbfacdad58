//! Architecture, weights, layers, KV cache, adapter, file formats.
