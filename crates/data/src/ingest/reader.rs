//! An extract, given back as a source.

use std::fs::File;
use std::io::{BufReader, Lines};
use std::path::Path;
use std::sync::Arc;

use super::{Extract, Files, IngestError, TableReader, open_rejected, read_extract};
use crate::record::Schema;
use crate::sources::{Block, Item, Packed as _, Source, SourceError};

/// Reads one source's extract: its rows, then those that were set aside.
pub struct Reader {
    table: TableReader,
    rejected: Option<Lines<BufReader<File>>>,
    files: Files,
    extract: Extract,
}

impl Reader {
    /// Opens the extract of the source `name` in an ingest folder.
    ///
    /// # Errors
    /// The file system's, and a damaged table.
    pub fn open(folder: &Path, name: &str) -> Result<Self, IngestError> {
        let files = Files::new(folder, name);
        let extract = read_extract(&files.extract)?;
        let table = TableReader::open(&files.rows)?;
        let rejected = if extract.rejected.is_empty() { None } else { open_rejected(&files.rejected)? };
        Ok(Self { table, rejected, files, extract })
    }

    /// What the extract consists of.
    pub fn extract(&self) -> &Extract {
        &self.extract
    }

    /// The next row, or the next that was set aside.
    ///
    /// # Errors
    /// A damaged table.
    #[expect(clippy::should_implement_trait, reason = "a fallible stream, as `Source` is")]
    pub fn next(&mut self) -> Result<Option<Item>, IngestError> {
        if let Some(record) = self.table.next_row()? {
            return Ok(Some(Item::Record(record)));
        }
        let Some(line) = self.rejected.as_mut().and_then(Iterator::next) else { return Ok(None) };
        let line = line.map_err(|cause| IngestError::io(&self.files.rejected, cause))?;
        let rejection = serde_json::from_str(&line).map_err(|_| IngestError::Damaged {
            path: self.files.rejected.clone(),
            what: "an unreadable line",
        })?;
        Ok(Some(Item::Rejected(rejection)))
    }
}

/// What a table that cannot be read is to those who read a source.
impl From<IngestError> for SourceError {
    fn from(error: IngestError) -> Self {
        match error {
            IngestError::Io { path, cause } => Self::Io { path, cause },
            IngestError::Damaged { path, what } => {
                Self::Malformed { path, kind: "table", detail: what.to_owned() }
            }
            IngestError::Source(cause) => cause,
            // Of ingesting; no reader gives it.
            other => Self::Malformed { path: "the extract".into(), kind: "table", detail: other.to_string() },
        }
    }
}

impl Source for Reader {
    fn schema(&self) -> &Arc<Schema> {
        self.table.schema()
    }

    fn next_item(&mut self) -> Result<Option<Item>, SourceError> {
        Ok(self.next()?)
    }

    fn next_block(&mut self, most: usize) -> Result<Block, SourceError> {
        let rows = self.table.next_rows(most)?;
        if rows.rows() > 0 {
            return Ok(Block::Packed(Box::new(rows)));
        }
        let items = std::iter::from_fn(|| self.next().transpose());
        Ok(Block::Items(items.take(most).collect::<Result<_, _>>()?))
    }
}
