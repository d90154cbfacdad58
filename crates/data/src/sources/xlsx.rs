//! Workbooks: XLSX, XLSM, XLSB, XLS and ODS.
//!
//! A sheet's cells are read into memory as a whole, because these formats keep their texts apart from their
//! cells. XLSX, XLSM and XLSB take as much as they have cells; of ODS and XLS also the empty cells between others
//! are laid out, which XLS itself bounds (65,536 rows of 256) and for ODS [`extent::MOST_CELLS`] does.

mod extent;
mod sheet;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use calamine::{Data, Reader};

use super::{Item, Note, Source, SourceError, check_unique, key_indices, values};
use crate::record::{Column, Record, RecordId, Rejection, Schema, Value, key_text};
use sheet::Sheet;

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
    name: String,
    schema: Arc<Schema>,
    source: Arc<str>,
    key: Vec<usize>,
    sheet: Sheet,
    /// The next of the sheet's rows.
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
        check_extent(path)?;
        let mut book = calamine::open_workbook_auto(path).map_err(|e| malformed(e.to_string()))?;
        let sheets = book.sheet_names();
        let name = match &options.sheet {
            None => sheets.first().cloned().ok_or_else(|| malformed("there is no sheet".to_owned()))?,
            Some(name) if sheets.contains(name) => name.clone(),
            Some(name) => {
                return Err(SourceError::UnknownSheet { path: path.to_owned(), sheet: name.clone(), sheets });
            }
        };
        let sheet = Sheet::read(&mut book, &name).map_err(malformed)?;
        let Some((header, names)) = sheet.header(options.header_row) else {
            return Err(SourceError::Empty { path: path.to_owned(), expected: "a sheet with a header row" });
        };
        let place = format!("{}, sheet `{name}`, row {header}", path.display());
        check_unique(&place, names.iter().map(String::as_str))?;
        let columns =
            names.into_iter().zip(sheet.kinds(header)).map(|(name, kind)| Column { name, kind }).collect();
        let schema = Arc::new(Schema { source: source.to_owned(), columns });
        let notes = match options.sheet {
            None if sheets.len() > 1 => vec![Note::Sheet { name: name.clone() }],
            _ => Vec::new(),
        };
        Ok(Self {
            path: path.to_owned(),
            key: key_indices(&schema, &place, &options.key)?,
            name,
            schema,
            source: Arc::from(source),
            next: sheet.rows.partition_point(|row| row.number <= header),
            sheet,
            notes,
        })
    }

    fn item(&self, row: &[Data], number: u32) -> Item {
        let rejected = |reason: &str, detail: &str| {
            let texts: Vec<String> = row.iter().map(|c| convert(c).to_text().into_owned()).collect();
            Item::Rejected(Rejection {
                id: format!("{}#row {number}", self.source),
                reason: reason.to_owned(),
                detail: format!("{}, sheet `{}`, row {number}: {detail}", self.path.display(), self.name),
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

/// Refuses an ODS whose cells would fill the memory.
fn check_extent(path: &Path) -> Result<(), SourceError> {
    if let Some(cells) = extent::cells_of_ods(path).filter(|cells| *cells > extent::MOST_CELLS) {
        return Err(SourceError::Unsupported {
            path: path.to_owned(),
            feature: format!(
                "an ODS that spans {cells} cells, empty ones between others included (at most {}),",
                extent::MOST_CELLS
            ),
            instead: "take out what stands far from the rest, or save it as XLSX or CSV",
        });
    }
    Ok(())
}

impl Source for XlsxSource {
    fn schema(&self) -> &Arc<Schema> {
        &self.schema
    }

    fn next_item(&mut self) -> Result<Option<Item>, SourceError> {
        // An empty row is no row: sheets end in many of them.
        let Some(row) = self.sheet.rows.get(self.next) else { return Ok(None) };
        self.next += 1;
        Ok(Some(self.item(&self.sheet.whole(row), row.number)))
    }

    fn notes(&self) -> Vec<Note> {
        self.notes.clone()
    }
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
