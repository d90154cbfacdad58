//! Sources, transforms and validators, with provenance for every row.
//!
//! The principal types are [`Record`] (a row as its source gave it) and [`chat::Example`]
//! (what it becomes). Rows that cannot go on are data, not failure: see [`Rejection`].
//!
//! Never depends on a model, and never prints.

pub mod clean;
pub mod dedupe;
pub(crate) mod hash;
pub mod ingest;
pub mod output;
pub mod prepare;
pub mod privacy;
pub mod record;
pub mod reject;
pub mod sources;
pub mod split;
pub mod steps;

pub use record::{Column, ColumnKind, Record, RecordId, Rejection, Schema, Value};
