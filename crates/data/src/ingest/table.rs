//! The table file: a magic number, the schema, the rows, and an end mark with their number.
//!
//! ```text
//! "MORUTBL1" | u32 n, n bytes: schema as JSON | row* | 0u8, u64: number of rows
//! row = 1u8, u32 n, n bytes (see `codec`)
//! ```
//! Numbers are little-endian. A file without its end mark is not a table: a crash leaves none.

use std::fs::File;
use std::io::{BufReader, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::IngestError;
use super::behind::Behind;
use super::codec;
use crate::output::private_file;
use crate::record::{Record, RecordId, Schema, Value};
use crate::sources::{Item, Packed, SourceError};

const MAGIC: &[u8; 8] = b"MORUTBL1";
const END: u8 = 0;
const ROW: u8 = 1;
/// A row is refused beyond this, so that a length that is really damage does not allocate.
const MAX_ROW_BYTES: u32 = 1 << 30;

/// Writes a table, readable by its owner only.
pub struct TableWriter {
    path: PathBuf,
    out: Behind,
    row: Vec<u8>,
    rows: u64,
}

impl TableWriter {
    /// Opens `path` and writes the head.
    ///
    /// # Errors
    /// The file system's.
    pub fn create(path: &Path, schema: &Schema) -> Result<Self, IngestError> {
        let out = private_file(path).and_then(Behind::new).map_err(|cause| IngestError::io(path, cause))?;
        let mut writer = Self { path: path.to_owned(), out, row: Vec::new(), rows: 0 };
        let head = serde_json::to_vec(schema).expect("a schema is JSON");
        writer.put(MAGIC)?;
        writer.put(&(head.len() as u32).to_le_bytes())?;
        writer.put(&head)?;
        Ok(writer)
    }

    /// Appends a row.
    ///
    /// # Errors
    /// The file system's; a row of a gigabyte or more.
    pub fn push(&mut self, key: &str, values: &[Value]) -> Result<(), IngestError> {
        let mut row = std::mem::take(&mut self.row);
        row.clear();
        // Tag and length stand before the row, and the length is known behind it.
        row.extend_from_slice(&[ROW, 0, 0, 0, 0]);
        codec::encode(&mut row, key, values);
        let bytes = row.len() - 5;
        let len = u32::try_from(bytes).ok().filter(|&n| n < MAX_ROW_BYTES);
        let len = len.ok_or(IngestError::RowTooLarge { number: self.rows + 1, bytes })?;
        row[1..5].copy_from_slice(&len.to_le_bytes());
        self.put(&row)?;
        self.row = row;
        self.rows += 1;
        Ok(())
    }

    /// Writes the end mark, and gives the number of rows. Nothing may follow.
    ///
    /// # Errors
    /// The file system's.
    pub fn end(&mut self) -> Result<u64, IngestError> {
        self.put(&[END])?;
        let rows = self.rows;
        self.put(&rows.to_le_bytes())?;
        self.out.end().map_err(|cause| IngestError::io(&self.path, cause))?;
        Ok(rows)
    }

    fn put(&mut self, bytes: &[u8]) -> Result<(), IngestError> {
        self.out.put(bytes).map_err(|cause| IngestError::io(&self.path, cause))
    }
}

/// Reads a table, row by row.
pub struct TableReader {
    table: Table,
    input: BufReader<File>,
    row: Vec<u8>,
    rows: u64,
    done: bool,
}

impl TableReader {
    /// Opens a table and reads its schema.
    ///
    /// # Errors
    /// The file system's, and a file that is not a table.
    pub fn open(path: &Path) -> Result<Self, IngestError> {
        let file = File::open(path).map_err(|cause| IngestError::io(path, cause))?;
        let mut input = BufReader::with_capacity(1 << 18, file);
        let damaged = |what| IngestError::Damaged { path: path.to_owned(), what };
        let mut magic = [0; 8];
        input.read_exact(&mut magic).map_err(|_| damaged("no magic number"))?;
        if magic != *MAGIC {
            return Err(damaged("another magic number"));
        }
        let head = read_block(&mut input).ok_or_else(|| damaged("cut inside the schema"))?;
        let schema: Schema = serde_json::from_slice(&head).map_err(|_| damaged("no schema"))?;
        let source = Arc::from(schema.source.as_str());
        let schema = Arc::new(schema);
        let table = Table { path: path.into(), schema, source };
        Ok(Self { table, input, row: Vec::new(), rows: 0, done: false })
    }

    /// The columns.
    pub fn schema(&self) -> &Arc<Schema> {
        &self.table.schema
    }

    /// The next row; `None` after the end mark.
    ///
    /// # Errors
    /// A table that is cut or damaged.
    pub fn next_row(&mut self) -> Result<Option<Record>, IngestError> {
        let mut row = std::mem::take(&mut self.row);
        row.clear();
        let read = self.read_row(&mut row);
        let record = read.and_then(|more| more.then(|| self.table.unpack(&row)).transpose());
        self.row = row;
        record
    }

    /// The next rows, at most so many, as they lie in the file; none after the end mark.
    ///
    /// # Errors
    /// A table that is cut or damaged.
    pub fn next_rows(&mut self, most: usize) -> Result<RowBlock, IngestError> {
        let mut block = RowBlock { table: self.table.clone(), bytes: Vec::new(), ends: Vec::new() };
        while block.ends.len() < most && self.read_row(&mut block.bytes)? {
            block.ends.push(block.bytes.len());
        }
        Ok(block)
    }

    /// Appends the bytes of the next row; false after the end mark.
    fn read_row(&mut self, to: &mut Vec<u8>) -> Result<bool, IngestError> {
        if self.done {
            return Ok(false);
        }
        let mut tag = [0];
        self.input.read_exact(&mut tag).map_err(|_| self.damaged("no end mark"))?;
        match tag[0] {
            END => {
                let mut rows = [0; 8];
                self.input.read_exact(&mut rows).map_err(|_| self.damaged("cut inside the end mark"))?;
                if u64::from_le_bytes(rows) != self.rows {
                    return Err(self.damaged("another number of rows than its end mark says"));
                }
                self.done = true;
                Ok(false)
            }
            ROW => self.read_bytes(to).map(|()| true),
            _ => Err(self.damaged("an unknown tag")),
        }
    }

    fn read_bytes(&mut self, to: &mut Vec<u8>) -> Result<(), IngestError> {
        let mut len = [0; 4];
        self.input.read_exact(&mut len).map_err(|_| self.damaged("cut inside a row"))?;
        let len = u32::from_le_bytes(len);
        if len >= MAX_ROW_BYTES {
            return Err(self.damaged("a row of a gigabyte"));
        }
        let start = to.len();
        to.resize(start + len as usize, 0);
        self.input.read_exact(&mut to[start..]).map_err(|_| self.damaged("cut inside a row"))?;
        self.rows += 1;
        Ok(())
    }

    fn damaged(&self, what: &'static str) -> IngestError {
        self.table.damaged(what)
    }
}

/// What the rows of a table have in common.
#[derive(Clone)]
struct Table {
    path: Arc<Path>,
    schema: Arc<Schema>,
    source: Arc<str>,
}

impl Table {
    fn unpack(&self, row: &[u8]) -> Result<Record, IngestError> {
        let decoded = codec::decode(row, self.schema.columns.len());
        let (key, values) = decoded.ok_or_else(|| self.damaged("an unreadable row"))?;
        let id = RecordId { source: Arc::clone(&self.source), key };
        Ok(Record { id, schema: Arc::clone(&self.schema), values })
    }

    fn damaged(&self, what: &'static str) -> IngestError {
        IngestError::Damaged { path: self.path.to_path_buf(), what }
    }
}

/// Rows one after another, as they lie in their table.
pub struct RowBlock {
    table: Table,
    bytes: Vec<u8>,
    /// Where each row ends.
    ends: Vec<usize>,
}

impl Packed for RowBlock {
    fn rows(&self) -> usize {
        self.ends.len()
    }

    fn unpack(self: Box<Self>, take: &mut dyn FnMut(Item)) -> Result<(), SourceError> {
        let mut start = 0;
        for &end in &self.ends {
            take(Item::Record(self.table.unpack(&self.bytes[start..end])?));
            start = end;
        }
        Ok(())
    }
}

fn read_block(input: &mut impl Read) -> Option<Vec<u8>> {
    let mut len = [0; 4];
    input.read_exact(&mut len).ok()?;
    let len = u32::from_le_bytes(len);
    let mut block = Vec::new();
    let read = input.take(u64::from(len)).read_to_end(&mut block).ok()?;
    (read == len as usize).then_some(block)
}
