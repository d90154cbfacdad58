//! Sources, transforms and validators, with provenance for every row.
//!
//! The principal types are [`Record`] (a row as its source gave it) and [`chat::Example`]
//! (what it becomes). Rows that cannot go on are data, not failure: see [`Rejection`].
//!
//! ```
//! use std::num::NonZeroUsize;
//!
//! use data::prepare::{Prepared, Runner, Templates, Watch};
//! use data::sources::Source;
//! use data::sources::csv::{CsvOptions, CsvSource};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let folder = tempfile::tempdir()?;
//! # let path = folder.path().join("faq.csv");
//! # let text = "category,question,answer\n배송,언제 오나요?,내일입니다.\n";
//! # std::io::Write::write_all(&mut std::fs::File::create(&path)?, text.as_bytes())?;
//! let mut source = CsvSource::open(&path, "faq", &CsvOptions::default())?;
//! let layout = Templates::new("[{category}] {question}", "{answer}")?.layout(source.schema())?;
//! let mut runner = Runner {
//!     field_steps: Vec::new(),   // clean, mask
//!     row_steps: Vec::new(),     // refuse
//!     ordered_steps: Vec::new(), // duplicates
//!     redact: &|text| text.to_owned(),
//!     threads: NonZeroUsize::MIN,
//!     watch: Watch::Off,
//! };
//! let mut examples = Vec::new();
//! let counts = runner.run(&mut source, &layout, &mut |row| {
//!     if let Prepared::Example(example, _) = row {
//!         examples.push(example.clone());
//!     }
//!     Ok(())
//! })?;
//! assert!(counts.add_up());
//! assert_eq!(examples[0].id, "faq#2");
//! assert_eq!(examples[0].messages[0].content, "[배송] 언제 오나요?");
//! # Ok(())
//! # }
//! ```
//!
//! Never depends on a model, and never prints.

pub(crate) mod block;
pub mod clean;
pub mod dedupe;
pub mod documents;
pub(crate) mod finder;
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
pub mod validate;
pub(crate) mod words;

pub use record::{Column, ColumnKind, Record, RecordId, Rejection, Schema, Value};
