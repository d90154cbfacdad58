//! Workbooks: XLSX, XLSM, XLSB, XLS and ODS.
//!
//! A sheet is read into memory as a whole, because these formats keep their texts apart from their
//! cells; the formats themselves end at 1,048,576 rows.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use calamine::{Data, DataType, Range, Reader};

use super::{Item, Note, Source, SourceError, check_unique, key_indices, values};
use crate::record::{Column, ColumnKind, Record, RecordId, Rejection, Schema, Value, key_text};

/// How to read a workbook.
#[derive(Debug, Clone, Default)]
pub struct XlsxOptions {
    /// The sheet; the first one where absent.
    pub sheet: Option<String>,
    /// The row with the columns' names, counted from 1 as the program shows it; the first row that is
    /// not empty where absent.
    pub header_row: Option<u32>,
    /// The columns that make a row's id; the row's number where there are none.
    pub key: Vec<String>,
}

/// A sheet as a source.
pub struct XlsxSource {
    path: PathBuf,
    sheet: String,
    schema: Arc<Schema>,
    source: Arc<str>,
    key: Vec<usize>,
    range: Range<Data>,
    /// The next row in the range.
    next: usize,
    notes: Vec<Note>,
}

impl XlsxSource {
    /// Opens a workbook and reads one sheet.
    ///
    /// # Errors
    /// A file that is not a workbook, a sheet that is not there or empty, a header that names a column
    /// twice, a missing key column.
    pub fn open(path: &Path, source: &str, options: &XlsxOptions) -> Result<Self, SourceError> {
        let malformed =
            |detail: String| SourceError::Malformed { path: path.to_owned(), kind: "workbook", detail };
        std::fs::File::open(path).map_err(|cause| SourceError::Io { path: path.to_owned(), cause })?;
        let mut book = calamine::open_workbook_auto(path).map_err(|e| malformed(e.to_string()))?;
        let sheets = book.sheet_names();
        let sheet = match &options.sheet {
            None => sheets.first().cloned().ok_or_else(|| malformed("there is no sheet".to_owned()))?,
            Some(sheet) if sheets.contains(sheet) => sheet.clone(),
            Some(sheet) => {
                return Err(SourceError::UnknownSheet {
                    path: path.to_owned(),
                    sheet: sheet.clone(),
                    sheets,
                });
            }
        };
        let range = book.worksheet_range(&sheet).map_err(|e| malformed(e.to_string()))?;
        let top = range.start().map_or(0, |(row, _)| row);
        let Some((header, names)) = header(&range, options.header_row) else {
            return Err(SourceError::Empty { path: path.to_owned(), expected: "a sheet with a header row" });
        };
        let place = format!("{}, sheet `{sheet}`, row {}", path.display(), top as usize + header + 1);
        check_unique(&place, names.iter().map(String::as_str))?;
        let columns = (names.into_iter().enumerate())
            .map(|(i, name)| Column { name, kind: kind(&range, header + 1, i) })
            .collect();
        let schema = Arc::new(Schema { source: source.to_owned(), columns });
        let notes = match options.sheet {
            None if sheets.len() > 1 => vec![Note::Sheet { name: sheet.clone() }],
            _ => Vec::new(),
        };
        Ok(Self {
            path: path.to_owned(),
            key: key_indices(&schema, &place, &options.key)?,
            sheet,
            schema,
            source: Arc::from(source),
            range,
            next: header + 1,
            notes,
        })
    }

    fn item(&self, row: &[Data], number: usize) -> Item {
        let rejected = |reason: &str, detail: &str| {
            let texts: Vec<String> = row.iter().map(|c| convert(c).to_text().into_owned()).collect();
            Item::Rejected(Rejection {
                id: format!("{}#row {number}", self.source),
                reason: reason.to_owned(),
                detail: format!("{}, sheet `{}`, row {number}: {detail}", self.path.display(), self.sheet),
                text: texts.join(" | "),
            })
        };
        if let Some(i) = row.iter().position(|cell| matches!(cell, Data::Error(_))) {
            let detail = format!("the column `{}` holds the error {}", self.schema.columns[i].name, row[i]);
            return rejected("bad_cell", &detail);
        }
        let values: Vec<Value> = row.iter().map(convert).collect();
        if let Some(&i) = self.key.iter().find(|&&i| values[i] == Value::Null) {
            return rejected("no_key", &format!("the key column `{}` is empty", self.schema.columns[i].name));
        }
        let key = if self.key.is_empty() {
            number.to_string()
        } else {
            key_text(self.key.iter().map(|&i| &values[i]))
        };
        let id = RecordId { source: Arc::clone(&self.source), key };
        Item::Record(Record { id, schema: Arc::clone(&self.schema), values })
    }
}

impl Source for XlsxSource {
    fn schema(&self) -> &Arc<Schema> {
        &self.schema
    }

    fn next_item(&mut self) -> Result<Option<Item>, SourceError> {
        let width = self.range.width();
        let top = self.range.start().map_or(0, |(row, _)| row as usize);
        while self.next < self.range.height() {
            let row: Vec<Data> =
                (0..width).map(|i| self.range.get((self.next, i)).cloned().unwrap_or_default()).collect();
            self.next += 1;
            // An empty row is no row: sheets end in many of them.
            if row.iter().any(|cell| !cell.is_empty()) {
                return Ok(Some(self.item(&row, top + self.next)));
            }
        }
        Ok(None)
    }

    fn notes(&self) -> Vec<Note> {
        self.notes.clone()
    }
}

/// The header's place in the range and its names; a nameless column is called by its place.
fn header(range: &Range<Data>, asked: Option<u32>) -> Option<(usize, Vec<String>)> {
    let top = range.start().map_or(0, |(row, _)| row);
    let place = match asked {
        Some(row) => (row.max(1) - 1).checked_sub(top)? as usize,
        None => range.rows().position(|row| row.iter().any(|c| !c.is_empty()))?,
    };
    let name = |(i, cell): (usize, &Data)| {
        let text = cell.as_string().unwrap_or_default();
        if text.trim().is_empty() { format!("column_{}", i + 1) } else { text.trim().to_owned() }
    };
    Some((place, range.rows().nth(place)?.iter().enumerate().map(name).collect()))
}

/// The one kind of a column's cells, or text.
fn kind(range: &Range<Data>, from: usize, column: usize) -> ColumnKind {
    let mut kind = None;
    for row in from..range.height() {
        let cell = range.get((row, column)).unwrap_or(&Data::Empty);
        let found = match cell {
            Data::DateTime(_) | Data::DateTimeIso(_) | Data::DurationIso(_) => Some(ColumnKind::Time),
            Data::Error(_) => None,
            _ => ColumnKind::of(&convert(cell)),
        };
        kind = match (kind, found) {
            (known, None) => known,
            (None, found) => found,
            (Some(a), Some(b)) if a == b => Some(a),
            (Some(ColumnKind::Int | ColumnKind::Float), Some(ColumnKind::Int | ColumnKind::Float)) => {
                Some(ColumnKind::Float)
            }
            _ => return ColumnKind::Text,
        };
    }
    kind.unwrap_or(ColumnKind::Text)
}

/// A cell's value. A workbook knows one kind of number: a whole one is an `Int`.
fn convert(cell: &Data) -> Value {
    match cell {
        Data::Empty => Value::Null,
        Data::Int(i) => Value::Int(*i),
        Data::Float(x) if x.fract() == 0.0 && x.abs() < 9_007_199_254_740_992.0 => Value::Int(*x as i64),
        Data::Float(x) => Value::Float(*x),
        Data::String(s) => Value::Text(s.clone()),
        Data::Bool(b) => Value::Bool(*b),
        Data::DateTime(moment) => Value::Text(time(*moment)),
        Data::DateTimeIso(text) => values::moment(text, 0),
        Data::DurationIso(text) => Value::Text(text.clone()),
        Data::Error(error) => Value::Text(error.to_string()),
    }
}

/// A serial number of days as a date, a moment, or (below one day, or for a duration) a time.
fn time(moment: calamine::ExcelDateTime) -> String {
    let serial = moment.as_f64();
    if moment.is_duration() || (0.0..1.0).contains(&serial) {
        return values::clock_text((serial * 86_400_000.0).round() as u64 * 1000);
    }
    let (year, month, day, hour, minute, second, milli) = moment.to_ymd_hms_milli();
    let millis =
        ((u64::from(hour) * 60 + u64::from(minute)) * 60 + u64::from(second)) * 1000 + u64::from(milli);
    let moment = values::Moment {
        year: i64::from(year),
        month: u32::from(month),
        day: u32::from(day),
        micros: (millis > 0).then_some(millis * 1000),
        offset: None,
    };
    moment.to_value().to_text().into_owned()
}
