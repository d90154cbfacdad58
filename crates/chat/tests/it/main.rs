//! What the crate promises, against vocabularies and templates of the world.

mod soak_files;
mod templates;
mod tokenizers;
mod trees;
