//! The raw extract of the sources: one table a source, readable by its owner only.
//!
//! 1. [`ingest`] streams a [`Source`] into a folder: `NAME.rows` (see [`table`]), `NAME.json` (an
//!    [`Extract`]: schema, counts, notes) and, where rows were set aside, `NAME.rejected.jsonl`.
//! 2. [`Reader`] gives them back as a [`Source`], the rows that were set aside after the others.
//! 3. [`Merged`] continues an earlier extract with what is new since.
//! 4. [`export_csv`] copies a table out for people.
//!
//! Raw rows live here and nowhere else. The same rows give the same bytes.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{BufRead, BufReader, BufWriter, Write};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::output::private_file;
use crate::record::{Rejection, Schema, Value};
use crate::sources::sql::Probe;
use crate::sources::{Item, Note, Source, SourceError, SourceInfo};

mod behind;
mod codec;
mod export;
mod merge;
mod reader;
pub mod table;

pub use export::{CellView, export_csv};
pub use merge::Merged;
pub use reader::Reader;
use table::{TableReader, TableWriter};

/// How many bad rows a source may have before the stage stops.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Threshold {
    /// The largest share of all rows.
    pub share: f64,
    /// This many are always let pass, whatever the share.
    pub rows: u64,
}

impl Default for Threshold {
    /// One row in a hundred, and always ten.
    fn default() -> Self {
        Self { share: 0.01, rows: 10 }
    }
}

impl Threshold {
    /// How many of `rows` may be bad.
    pub fn limit(&self, rows: u64) -> u64 {
        self.rows.max((self.share * rows as f64) as u64)
    }
}

/// How to ingest.
#[derive(Debug, Clone, Default)]
pub struct IngestOptions {
    /// When to stop for bad rows.
    pub threshold: Threshold,
    /// The database's answer to the probe query, kept with the extract to pin it.
    pub probe: Option<Probe>,
    /// The column whose greatest value the next increment starts after.
    pub increment: Option<String>,
}

/// What an extract consists of; `NAME.json`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Extract {
    /// What the recipe says about the source.
    pub info: SourceInfo,
    /// The columns.
    pub schema: Schema,
    /// Rows in the table.
    pub rows: u64,
    /// Rows that were set aside, by reason.
    pub rejected: BTreeMap<String, u64>,
    /// Place and shape of the first row that was set aside; told, not kept: where a file lies is no part of
    /// its extract.
    #[serde(skip)]
    pub first_rejected: Option<String>,
    /// What was noticed.
    pub notes: Vec<Note>,
    /// The probe at the time, for a database.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub probe: Option<Probe>,
    /// The greatest value of the increment column.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub greatest: Option<Value>,
}

/// Why ingesting stopped.
#[derive(Debug, thiserror::Error)]
pub enum IngestError {
    /// The source.
    #[error(transparent)]
    Source(#[from] SourceError),
    /// The file system.
    #[error("{}: {cause}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// The system's answer.
        #[source]
        cause: std::io::Error,
    },
    /// A table that is cut or damaged.
    #[error("{}: not a whole table ({what}); remove it and run ingest again", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        what: &'static str,
    },
    /// A row that is too large to keep.
    #[error("row {number} has {bytes} bytes; a row may have at most {} bytes", (1 << 30) - 1)]
    RowTooLarge {
        /// Its number, counted from 1.
        number: u64,
        /// Its size.
        bytes: usize,
    },
    /// More bad rows than the recipe allows.
    #[error(
        "source `{source_name}`: {bad} of {rows} rows cannot be read, more than the {limit} that are allowed; \
         the first: {first}"
    )]
    TooManyBadRows {
        /// The source.
        source_name: String,
        /// Bad rows so far.
        bad: u64,
        /// Rows so far.
        rows: u64,
        /// How many were allowed.
        limit: u64,
        /// Place and shape of the first.
        first: String,
    },
    /// A source of which no row can be read.
    #[error("source `{source_name}`: none of its {bad} rows can be read; the first: {first}")]
    NoGoodRows {
        /// The source.
        source_name: String,
        /// Rows that were set aside.
        bad: u64,
        /// Place and shape of the first.
        first: String,
    },
    /// A source without rows.
    #[error("source `{source_name}` gave no rows")]
    NoRows {
        /// The source.
        source_name: String,
    },
}

impl IngestError {
    pub(crate) fn io(path: &Path, cause: std::io::Error) -> Self {
        Self::Io { path: path.to_owned(), cause }
    }
}

/// Streams a source into `folder`, which exists. On an error nothing whole is left behind.
///
/// # Errors
/// The source's and the file system's; too many bad rows; no rows at all.
pub fn ingest(
    source: &mut dyn Source,
    info: &SourceInfo,
    options: &IngestOptions,
    folder: &Path,
) -> Result<Extract, IngestError> {
    let files = Files::new(folder, &info.name);
    let mut run = Run {
        table: TableWriter::create(&files.part, source.schema())?,
        rejected: None,
        extract: Extract {
            info: info.clone(),
            schema: (**source.schema()).clone(),
            rows: 0,
            rejected: BTreeMap::new(),
            first_rejected: None,
            notes: Vec::new(),
            probe: options.probe.clone(),
            greatest: None,
        },
        increment: options.increment.as_deref().and_then(|c| source.schema().index_of(c)),
        bad: 0,
        files: &files,
    };
    let finished = run.fill(source, options).and_then(|()| run.finish(source.notes()));
    if finished.is_err() {
        for path in [&files.part, &files.rejected] {
            let _ = std::fs::remove_file(path);
        }
    }
    finished
}

/// The files of one source in an ingest folder.
pub(crate) struct Files {
    rows: PathBuf,
    part: PathBuf,
    rejected: PathBuf,
    extract: PathBuf,
}

impl Files {
    pub(crate) fn new(folder: &Path, name: &str) -> Self {
        let stem = file_stem(name);
        let file = |end: &str| folder.join(format!("{stem}{end}"));
        Self {
            rows: file(".rows"),
            part: file(".rows.part"),
            rejected: file(".rejected.jsonl"),
            extract: file(".json"),
        }
    }
}

/// A source's name as a file name: letters, digits, `-` and `_` stay, all else is `%` and its code.
fn file_stem(name: &str) -> String {
    let mut stem = String::new();
    for c in name.chars() {
        if c.is_alphanumeric() || matches!(c, '-' | '_') {
            stem.push(c);
        } else {
            stem.push_str(&format!("%{:X}", u32::from(c)));
        }
    }
    stem
}

struct Run<'a> {
    table: TableWriter,
    rejected: Option<BufWriter<File>>,
    extract: Extract,
    increment: Option<usize>,
    bad: u64,
    files: &'a Files,
}

impl Run<'_> {
    fn fill(&mut self, source: &mut dyn Source, options: &IngestOptions) -> Result<(), IngestError> {
        while let Some(item) = source.next_item()? {
            let bad = matches!(item, Item::Rejected(_));
            self.take(item)?;
            // A source may be endless: bad rows stop it once there are enough rows to judge by.
            if bad && self.seen() >= 1000 {
                self.check(&options.threshold)?;
            }
        }
        if self.extract.rows > 0 {
            self.check(&options.threshold)?;
        }
        if self.extract.rows == 0 && self.bad > 0 {
            return Err(IngestError::NoGoodRows {
                source_name: self.extract.info.name.clone(),
                bad: self.bad,
                first: self.extract.first_rejected.clone().unwrap_or_default(),
            });
        }
        if self.extract.rows == 0 {
            return Err(IngestError::NoRows { source_name: self.extract.info.name.clone() });
        }
        Ok(())
    }

    fn seen(&self) -> u64 {
        self.extract.rows + self.bad
    }

    fn check(&self, threshold: &Threshold) -> Result<(), IngestError> {
        let limit = threshold.limit(self.seen());
        if self.bad <= limit {
            return Ok(());
        }
        Err(IngestError::TooManyBadRows {
            source_name: self.extract.info.name.clone(),
            bad: self.bad,
            rows: self.seen(),
            limit,
            first: self.extract.first_rejected.clone().unwrap_or_default(),
        })
    }

    fn take(&mut self, item: Item) -> Result<(), IngestError> {
        match item {
            Item::Record(record) => {
                self.table.push(&record.id.key, &record.values)?;
                self.extract.rows += 1;
                if let Some(i) = self.increment {
                    let value = &record.values[i];
                    if self.extract.greatest.as_ref().is_none_or(|g| greater(value, g)) {
                        self.extract.greatest = Some(value.clone());
                    }
                }
            }
            Item::Rejected(rejection) => self.set_aside(&rejection)?,
        }
        Ok(())
    }

    fn set_aside(&mut self, rejection: &Rejection) -> Result<(), IngestError> {
        let path = &self.files.rejected;
        if self.rejected.is_none() {
            let file = private_file(path).map_err(|cause| IngestError::io(path, cause))?;
            self.rejected = Some(BufWriter::new(file));
            self.extract.first_rejected = Some(rejection.detail.clone());
        }
        self.bad += 1;
        *self.extract.rejected.entry(rejection.reason.clone()).or_default() += 1;
        let out = self.rejected.as_mut().expect("opened above");
        serde_json::to_writer(&mut *out, rejection)
            .map_err(std::io::Error::from)
            .and_then(|()| out.write_all(b"\n"))
            .map_err(|cause| IngestError::io(path, cause))
    }

    fn finish(&mut self, notes: Vec<Note>) -> Result<Extract, IngestError> {
        self.extract.notes = notes;
        let files = self.files;
        if let Some(mut out) = self.rejected.take() {
            out.flush().map_err(|cause| IngestError::io(&files.rejected, cause))?;
        }
        self.table.end()?;
        let mut json = serde_json::to_vec_pretty(&self.extract).expect("an extract is JSON");
        json.push(b'\n');
        let write = |path: &Path, bytes: &[u8]| private_file(path).and_then(|mut f| f.write_all(bytes));
        write(&files.extract, &json).map_err(|cause| IngestError::io(&files.extract, cause))?;
        std::fs::rename(&files.part, &files.rows).map_err(|cause| IngestError::io(&files.rows, cause))?;
        Ok(self.extract.clone())
    }
}

/// Whether `a` comes after `b`: numbers by size, all else as text by bytes.
fn greater(a: &Value, b: &Value) -> bool {
    match (a, b) {
        (Value::Null, _) => false,
        (_, Value::Null) => true,
        (Value::Int(a), Value::Int(b)) => a > b,
        (Value::Float(a), Value::Float(b)) => a > b,
        _ => a.to_text() > b.to_text(),
    }
}

/// The extracts in a folder, by name.
///
/// # Errors
/// The file system's, and a damaged `NAME.json`.
pub fn extracts(folder: &Path) -> Result<Vec<Extract>, IngestError> {
    let entries = std::fs::read_dir(folder).map_err(|cause| IngestError::io(folder, cause))?;
    let mut extracts = Vec::new();
    for entry in entries {
        let path = entry.map_err(|cause| IngestError::io(folder, cause))?.path();
        if path.extension().is_some_and(|e| e == "json") {
            extracts.push(read_extract(&path)?);
        }
    }
    extracts.sort_by(|a, b| a.info.name.cmp(&b.info.name));
    Ok(extracts)
}

fn read_extract(path: &Path) -> Result<Extract, IngestError> {
    let bytes = std::fs::read(path).map_err(|cause| IngestError::io(path, cause))?;
    serde_json::from_slice(&bytes)
        .map_err(|_| IngestError::Damaged { path: path.to_owned(), what: "no description of the extract" })
}

/// The rows that were set aside, line by line.
fn open_rejected(path: &Path) -> Result<Option<std::io::Lines<BufReader<File>>>, IngestError> {
    match File::open(path) {
        Ok(file) => Ok(Some(BufReader::new(file).lines())),
        Err(cause) if cause.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(cause) => Err(IngestError::io(path, cause)),
    }
}
