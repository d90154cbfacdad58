//! CSV and TSV (RFC 4180): quotes, doubled quotes, line breaks inside quotes.
//!
//! The reader is our own because of what happens to broken files: a row with a stray quote costs that
//! line only, never what follows, and every row that is set aside is named by its line. A record of
//! several lines that turns out to be broken is taken back, its first line is set aside, and reading
//! goes on with the next line.

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::encoding::{self, Decoder};
use super::{Item, Note, Source, SourceError, check_unique, key_indices};
use crate::record::{Column, ColumnKind, Record, RecordId, Rejection, Schema, Value, key_text};

mod rows;

use rows::{Row, Rows};

/// How to read a CSV file.
#[derive(Debug, Clone)]
pub struct CsvOptions {
    /// The separator; found out where absent.
    pub delimiter: Option<char>,
    /// Whether the first row names the columns; else they are `column_1`, `column_2` …
    pub header: bool,
    /// The columns that make a row's id; the line's number where there are none.
    pub key: Vec<String>,
    /// A row of more bytes is set aside.
    pub max_row_bytes: usize,
}

impl Default for CsvOptions {
    fn default() -> Self {
        Self { delimiter: None, header: true, key: Vec::new(), max_row_bytes: 16 << 20 }
    }
}

/// A CSV file as a source.
pub struct CsvSource {
    path: PathBuf,
    schema: Arc<Schema>,
    source: Arc<str>,
    key: Vec<usize>,
    rows: Rows,
    decoder: Decoder,
    notes: Vec<Note>,
    /// The first row, where it is data.
    first: Option<Item>,
    /// Rows so far, the header left out: a row may have several lines.
    n_rows: u64,
}

/// The first row and its line.
fn first_row(rows: &mut Rows, path: &Path) -> Result<(u64, Vec<Vec<u8>>), SourceError> {
    match rows.next().map_err(|cause| SourceError::Io { path: path.to_owned(), cause })? {
        Some(Row::Fields { line, fields }) if fields.iter().any(|f| !f.trim_ascii().is_empty()) => {
            Ok((line, fields))
        }
        None | Some(Row::Fields { .. }) => {
            Err(SourceError::Empty { path: path.to_owned(), expected: "a header row" })
        }
        Some(Row::Broken { line, fault, .. }) => Err(SourceError::Malformed {
            path: path.to_owned(),
            kind: "CSV",
            detail: format!("line {line}, the header: {}", fault.detail()),
        }),
    }
}

/// A workbook or a Parquet file would give one row of garbage.
fn refuse_other_kinds(path: &Path) -> Result<(), SourceError> {
    let failed = |cause| SourceError::Io { path: path.to_owned(), cause };
    let mut head = Vec::new();
    File::open(path).and_then(|file| file.take(16).read_to_end(&mut head)).map_err(failed)?;
    let kinds: [(&[u8], &'static str); 5] = [
        (b"PK\x03\x04", "set `kind = \"xlsx\"` where it is a workbook"),
        (b"\xd0\xcf\x11\xe0", "set `kind = \"xlsx\"` where it is a workbook"),
        (b"PAR1", "set `kind = \"parquet\"`"),
        (b"\x1f\x8b", "unpack it first"),
        (b"SQLite format 3", "set `kind = \"sql\"` and `url = \"sqlite:FILE\"`"),
    ];
    match kinds.into_iter().find(|(magic, _)| head.starts_with(magic)) {
        None => Ok(()),
        Some((_, instead)) => Err(SourceError::Unsupported {
            path: path.to_owned(),
            feature: "a binary file where text is expected".to_owned(),
            instead,
        }),
    }
}

/// Refuses a header that is no text: its names would be garbage on a terminal, and match nothing.
fn check_names(fields: &[Vec<u8>], decoder: &mut Decoder, path: &Path, line: u64) -> Result<(), SourceError> {
    let malformed = |detail: String| SourceError::Malformed {
        path: path.to_owned(),
        kind: "CSV",
        detail: format!("line {line}, the header: {detail}"),
    };
    for (i, field) in fields.iter().enumerate() {
        let nul = memchr::memchr(0, field).is_some();
        let decoded = decoder.decode(field);
        if decoded.replaced > 0 {
            let encoding = decoder.encoding().name();
            return Err(malformed(format!("the name of column {} is not {encoding}", i + 1)));
        }
        if nul || decoded.text.chars().any(|c| c.is_control() && !c.is_whitespace()) {
            return Err(malformed(format!("the name of column {} holds control characters", i + 1)));
        }
    }
    Ok(())
}

/// The columns' names; a nameless one is called by its place.
fn columns(fields: &[Vec<u8>], decoder: &mut Decoder, header: bool) -> Vec<Column> {
    let name = |(i, field): (usize, &Vec<u8>)| {
        let text = decoder.decode(field).text.trim().to_owned();
        let name = if header && !text.is_empty() { text } else { format!("column_{}", i + 1) };
        Column { name, kind: ColumnKind::Text }
    };
    fields.iter().enumerate().map(name).collect()
}

impl CsvSource {
    /// Opens a file: finds its encoding and separator, reads its header.
    ///
    /// # Errors
    /// A file that cannot be read or is empty, a header that names a column twice, a missing key column.
    pub fn open(path: &Path, source: &str, options: &CsvOptions) -> Result<Self, SourceError> {
        refuse_other_kinds(path)?;
        let mut file = encoding::open(path)?;
        let newline = if file.head.contains(&b'\r') && !file.head.contains(&b'\n') { b'\r' } else { b'\n' };
        let tsv = path.extension().is_some_and(|e| e.eq_ignore_ascii_case("tsv"));
        let named = options.delimiter.or(tsv.then_some('\t')).and_then(|c| u8::try_from(c).ok());
        let delimiter = named.unwrap_or_else(|| rows::delimiter(&file.head, newline));
        let mut rows = Rows::new(file.reader, delimiter, newline, options.max_row_bytes);
        let (line, fields) = first_row(&mut rows, path)?;
        check_names(&fields, &mut file.decoder, path, line)?;
        let columns = columns(&fields, &mut file.decoder, options.header);
        let place = path.display().to_string();
        check_unique(&format!("{place}:{line}"), columns.iter().map(|c| c.name.as_str()))?;
        let schema = Arc::new(Schema { source: source.to_owned(), columns });
        let mut csv = Self {
            path: path.to_owned(),
            key: key_indices(&schema, &place, &options.key)?,
            schema,
            source: Arc::from(source),
            rows,
            decoder: file.decoder,
            notes: Vec::new(),
            first: None,
            n_rows: 0,
        };
        if named.is_none() {
            csv.notes.push(Note::Delimiter { found: char::from(delimiter) });
        }
        if !options.header {
            csv.first = Some(csv.item(line, &fields));
        }
        Ok(csv)
    }

    fn item(&mut self, line: u64, fields: &[Vec<u8>]) -> Item {
        self.n_rows += 1;
        let mut replaced = 0;
        let mut values = Vec::with_capacity(fields.len());
        for field in fields {
            let decoded = self.decoder.decode(field);
            replaced += decoded.replaced;
            values.push(Value::Text(decoded.text.into_owned()));
        }
        if replaced > 0 {
            let encoding = self.decoder.encoding().name();
            return self.set_aside(
                line,
                "bad_encoding",
                &format!("{replaced} characters are not {encoding}, which the rest of the file is"),
                &values,
            );
        }
        if values.len() != self.schema.columns.len() {
            let detail = format!("{} fields, expected {}", values.len(), self.schema.columns.len());
            return self.set_aside(line, "ragged_row", &detail, &values);
        }
        let key = if self.key.is_empty() {
            line.to_string()
        } else {
            key_text(self.key.iter().map(|&i| &values[i]))
        };
        let id = RecordId { source: Arc::clone(&self.source), key };
        Item::Record(Record { id, schema: Arc::clone(&self.schema), values })
    }

    fn set_aside(&self, line: u64, reason: &str, detail: &str, values: &[Value]) -> Item {
        let texts: Vec<_> = values.iter().map(Value::to_text).collect();
        Item::Rejected(Rejection {
            id: format!("{}#line {line}", self.source),
            reason: reason.to_owned(),
            detail: format!("{}:{line}: row {}: {detail}", self.path.display(), self.n_rows),
            text: texts.join(" | "),
        })
    }
}

impl Source for CsvSource {
    fn schema(&self) -> &Arc<Schema> {
        &self.schema
    }

    fn next_item(&mut self) -> Result<Option<Item>, SourceError> {
        if let Some(first) = self.first.take() {
            return Ok(Some(first));
        }
        let row = self.rows.next().map_err(|cause| SourceError::Io { path: self.path.clone(), cause })?;
        Ok(row.map(|row| match row {
            Row::Fields { line, fields } => self.item(line, &fields),
            Row::Broken { line, fault, text } => {
                self.n_rows += 1;
                let text = Value::Text(self.decoder.decode(&text).text.into_owned());
                self.set_aside(line, fault.code(), fault.detail(), &[text])
            }
        }))
    }

    fn notes(&self) -> Vec<Note> {
        let mut notes = self.decoder.notes();
        notes.extend(self.notes.iter().cloned());
        notes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_text_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("t.csv");
        for (bytes, told) in [
            (&b"PK\x03\x04\x14\x00\n"[..], "kind = \"xlsx\""),
            (b"PAR1\x15\x04,\n", "kind = \"parquet\""),
            (b"SQLite format 3\0", "kind = \"sql\""),
        ] {
            std::io::Write::write_all(&mut File::create(&path).unwrap(), bytes).unwrap();
            let error = CsvSource::open(&path, "t", &CsvOptions::default()).err().unwrap().to_string();
            assert!(error.contains(told), "{error}");
        }
    }
}
