//! Texts as they are compared: one form of characters, words without particles and endings, clauses.

pub mod clauses;
pub mod fold;
pub mod words;

pub use clauses::{clauses, sentences};
pub use fold::{bare, fold, has_stem, is_hangul, is_korean, spaced};
pub use words::{Word, stems, topics, verb, words};
