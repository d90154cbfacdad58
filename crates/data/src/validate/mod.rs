//! Whether a question and its answer hold against the documents that they cite.
//!
//! 1. [`Sources`] are the documents: trees for what is cited, chunks for what is searched ([`retrieval`]).
//! 2. [`Validator::judge`] reads the amounts ([`quantity`]), references ([`reference`]), names ([`entity`]) and
//!    predicates ([`polarity`]) of a [`Pair`] and looks for them in the cited text, at the place where they stand
//!    there ([`slots`]).
//! 3. The [`Verdict`] says what is wrong, with the words of both; it is kept with the pair.
//!
//! All of it is arithmetic over texts: no model, no dictionary, the same verdict on every machine. Word lists are
//! data beside the code.

pub mod asked;
mod check;
pub mod duplicates;
pub mod entity;
pub mod overlap;
pub mod polarity;
pub mod quantity;
pub mod reference;
pub mod retrieval;
pub mod slots;
mod source;
pub mod text;
mod verdict;

pub use chat::refusal::is_refusal;
pub use check::{Limits, Validator};
pub use retrieval::{Hit, Retriever};
pub use source::{Cited, Sources, table_text};
pub use verdict::{Code, Finding, Kind, Pair, Verdict};
