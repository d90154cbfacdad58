//! What the crate promises, against vocabularies and templates of the world.

mod templates;
mod tokenizers;
