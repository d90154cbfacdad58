//! Where records come from: databases, tables in files, lines, documents.
//!
//! 1. A [`SourceInfo`] says what the recipe knows about a source (licence, whether it is public …).
//! 2. A module opens its kind: [`sql`], [`csv`], [`xlsx`], [`jsonl`], [`parquet`], [`text`].
//! 3. Each gives a [`Source`]: a schema known at the start, then one [`Item`] at a time, in bounded memory.
//!
//! A row that cannot be read is an [`Item::Rejected`], not an error; whether there are too many of
//! them is decided by whoever reads (see [`crate::ingest::Threshold`]).

use std::path::PathBuf;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::record::{Record, Rejection, Schema};

pub use renamed::Renamed;

pub mod csv;
pub mod encoding;
pub mod jsonl;
mod lines;
pub mod names;
pub mod parquet;
mod renamed;
pub mod sql;
pub mod text;
mod values;
pub mod xlsx;

/// One thing a source gave.
#[derive(Debug, Clone, PartialEq)]
pub enum Item {
    /// A row.
    Record(Record),
    /// A row that could not be read. Its `text` is raw: it belongs behind the privacy wall.
    Rejected(Rejection),
}

/// A stream of records in bounded memory.
pub trait Source: Send {
    /// The columns, known before the first row.
    fn schema(&self) -> &Arc<Schema>;

    /// The next row in the source's order; `None` at the end, and from then on.
    ///
    /// # Errors
    /// What stops the whole source: a file that cannot be read, a lost connection.
    fn next_item(&mut self) -> Result<Option<Item>, SourceError>;

    /// Up to `most` rows at once; empty at the end. A source whose rows are packed leaves unpacking them
    /// to whoever takes the block, on a thread of its own choice.
    ///
    /// # Errors
    /// As [`Source::next_item`].
    fn next_block(&mut self, most: usize) -> Result<Block, SourceError> {
        let mut items = Vec::with_capacity(most);
        while items.len() < most {
            let Some(item) = self.next_item()? else { break };
            items.push(item);
        }
        Ok(Block::Items(items))
    }

    /// What was noticed while reading, complete once the end was reached.
    fn notes(&self) -> Vec<Note> {
        Vec::new()
    }
}

/// Some rows of a source, in its order.
pub enum Block {
    /// As they are.
    Items(Vec<Item>),
    /// To be unpacked.
    Packed(Box<dyn Packed>),
}

impl Block {
    /// How many rows, those that were set aside included.
    pub fn len(&self) -> usize {
        match self {
            Self::Items(items) => items.len(),
            Self::Packed(rows) => rows.rows(),
        }
    }

    /// Whether the source is at its end.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// Rows that are unpacked by whoever takes them, on any thread.
pub trait Packed: Send {
    /// How many rows.
    fn rows(&self) -> usize;

    /// Unpacks all of them, in order.
    ///
    /// # Errors
    /// What would have stopped the source.
    fn unpack(self: Box<Self>, take: &mut dyn FnMut(Item)) -> Result<(), SourceError>;
}

/// Something a person should know about how a source was read. Never carries a row's content.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Note {
    /// The encoding of a text file, and how many characters could not be decoded (each became U+FFFD).
    Encoding {
        /// `UTF-8`, `UTF-16LE`, `UTF-16BE` or `CP949`.
        name: String,
        /// Characters replaced.
        replaced: u64,
    },
    /// The separator of a CSV file that named none.
    Delimiter {
        /// The character.
        found: char,
    },
    /// A column of bytes that is given as hexadecimal text.
    HexBytes {
        /// The column.
        column: String,
    },
    /// NUL bytes that were removed from text.
    NulBytes {
        /// How many.
        removed: u64,
    },
    /// Rows with fields that no column takes, where the columns were found in the first rows.
    FurtherFields {
        /// The first such field.
        field: String,
        /// How many rows have one.
        rows: u64,
    },
    /// The rows have no key: they are numbered in the order in which they came.
    NoKey,
    /// The sheet that was read, where none was named.
    Sheet {
        /// Its name.
        name: String,
    },
}

/// What the recipe says about a source, carried into the cards and the privacy checks.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct SourceInfo {
    /// The source's name in the recipe.
    pub name: String,
    /// `sql`, `csv`, `xlsx`, `jsonl`, `parquet` or `text`.
    pub kind: String,
    /// Its licence, as an SPDX name or in words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub licence: Option<String>,
    /// Whether its text may leave the organisation; `push` refuses what may not.
    #[serde(default)]
    pub redistribute: bool,
    /// Whether everything in it is public already: exempt from masking, and counted.
    #[serde(default)]
    pub public: bool,
    /// Values that are never masked, such as the organisation's own hotline.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub keep: Vec<String>,
}

/// Why a source could not be opened or read on.
#[derive(Debug, thiserror::Error)]
pub enum SourceError {
    /// A file could not be read.
    #[error("{}: {cause}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// The system's answer.
        #[source]
        cause: std::io::Error,
    },
    /// A file has nothing in it.
    #[error("{}: the file is empty; expected {expected}", path.display())]
    Empty {
        /// The file.
        path: PathBuf,
        /// What belongs there.
        expected: &'static str,
    },
    /// A header names a column twice.
    #[error("{place}: the column `{column}` occurs twice; rename one of them")]
    DuplicateColumn {
        /// The file and line, or the query.
        place: String,
        /// The name.
        column: String,
    },
    /// A column that was asked for does not exist.
    #[error("{place}: there is no column `{column}`; the columns are {}", quoted(columns))]
    UnknownColumn {
        /// The file or the source.
        place: String,
        /// The column asked for.
        column: String,
        /// The columns there are.
        columns: Vec<String>,
    },
    /// A column that two new names are given to.
    #[error("{place}: the column `{column}` is renamed twice, to {}", renamed::both(names))]
    RenamedTwice {
        /// The source.
        place: String,
        /// The column.
        column: String,
        /// Both names.
        names: Vec<String>,
    },
    /// Two columns that would go by one name.
    #[error(
        "{place}: `{name}` would be the name of two columns, {}; choose another, or rename the other too",
        renamed::both(columns)
    )]
    OneName {
        /// The source.
        place: String,
        /// The name.
        name: String,
        /// The columns as the source calls them.
        columns: Vec<String>,
    },
    /// Rows that do not come in the order of their key, so that newer ones cannot be put among them.
    #[error("source `{source_name}`: the rows do not come in the order of their key; read it from the start")]
    Unordered {
        /// The source.
        source_name: String,
    },
    /// A workbook without the sheet that was asked for.
    #[error("{}: there is no sheet `{sheet}`; the sheets are {}", path.display(), quoted(sheets))]
    UnknownSheet {
        /// The file.
        path: PathBuf,
        /// The sheet asked for.
        sheet: String,
        /// The sheets there are.
        sheets: Vec<String>,
    },
    /// A file that is not of its kind.
    #[error("{}: not a readable {kind} file ({detail})", path.display())]
    Malformed {
        /// The file.
        path: PathBuf,
        /// The kind expected.
        kind: &'static str,
        /// Place and shape of what was wrong.
        detail: String,
    },
    /// The file needs something that is not built.
    #[error("{}: {feature} is not supported; {instead}", path.display())]
    Unsupported {
        /// The file.
        path: PathBuf,
        /// What it needs.
        feature: String,
        /// What to do instead.
        instead: &'static str,
    },
    /// A database.
    #[error(transparent)]
    Sql(#[from] sql::SqlError),
}

/// Names for a message: `` `a`, `b` ``.
pub(crate) fn quoted(names: &[String]) -> String {
    names::listed(names, "`")
}

/// Refuses a header that names a column twice.
pub(crate) fn check_unique<'a>(place: &str, names: impl Iterator<Item = &'a str>) -> Result<(), SourceError> {
    let mut seen = std::collections::HashSet::new();
    for name in names {
        if !seen.insert(name) {
            return Err(SourceError::DuplicateColumn { place: place.to_owned(), column: name.to_owned() });
        }
    }
    Ok(())
}

/// The places of key columns in a schema.
pub(crate) fn key_indices(schema: &Schema, place: &str, keys: &[String]) -> Result<Vec<usize>, SourceError> {
    keys.iter()
        .map(|key| {
            schema.index_of(key).ok_or_else(|| SourceError::UnknownColumn {
                place: place.to_owned(),
                column: key.clone(),
                columns: schema.columns.iter().map(|c| c.name.clone()).collect(),
            })
        })
        .collect()
}
