//! How many cells an ODS lays out when it is read: a single cell far out costs the rectangle before it, and a few
//! bytes can say that a row is repeated a million times.

use std::fs::File;
use std::io::BufReader;
use std::path::Path;

use quick_xml::Reader;
use quick_xml::events::{BytesStart, Event};

/// The most cells that are laid out, about a gigabyte.
pub(super) const MOST_CELLS: u64 = 1 << 24;

/// The cells that all sheets of an ODS span, as far as it can be told; none of another file.
///
/// What is wrong with the file is told by whoever reads it.
pub(super) fn cells_of_ods(path: &Path) -> Option<u64> {
    let mut archive = zip::ZipArchive::new(BufReader::new(File::open(path).ok()?)).ok()?;
    let content = archive.by_name("content.xml").ok()?;
    let mut reader = Reader::from_reader(BufReader::new(content));
    let (mut total, mut sheet, mut row, mut buffer) = (0u64, Extent::default(), Row::default(), Vec::new());
    loop {
        buffer.clear();
        match reader.read_event_into(&mut buffer) {
            Ok(Event::Start(tag)) => match tag.name().as_ref() {
                "table:table" => sheet = Extent::default(),
                "table:table-row" => row = Row::of(&tag),
                "table:table-cell" | "table:covered-table-cell" => row.cell(&tag),
                _ => {}
            },
            Ok(Event::Empty(tag)) => match tag.name().as_ref() {
                "table:table-row" => sheet.add(&Row::of(&tag)),
                "table:table-cell" | "table:covered-table-cell" => row.cell(&tag),
                _ => {}
            },
            Ok(Event::End(tag)) => match tag.name().as_ref() {
                "table:table-row" => sheet.add(&row),
                "table:table" => total = total.saturating_add(sheet.cells()),
                _ => {}
            },
            Ok(Event::Eof) | Err(_) => return Some(total.max(sheet.cells())),
            Ok(_) => {}
        }
        if sheet.cells() > MOST_CELLS {
            return Some(sheet.cells());
        }
    }
}

/// A number attribute of a tag, 1 where it is absent.
fn repeated(tag: &BytesStart<'_>, name: &str) -> u64 {
    let value = tag.try_get_attribute(name).ok().flatten().map(|attribute| attribute.value);
    value.and_then(|text| text.trim().parse().ok()).unwrap_or(1)
}

/// A row while its cells are counted.
#[derive(Default)]
struct Row {
    repeats: u64,
    columns: u64,
    /// Columns up to the last that holds something.
    width: u64,
}

impl Row {
    fn of(tag: &BytesStart<'_>) -> Self {
        Self { repeats: repeated(tag, "table:number-rows-repeated"), ..Self::default() }
    }

    fn cell(&mut self, tag: &BytesStart<'_>) {
        self.columns = self.columns.saturating_add(repeated(tag, "table:number-columns-repeated"));
        let has = |name: &str| tag.try_get_attribute(name).ok().flatten().is_some();
        if has("office:value-type") || has("table:formula") || has("calcext:value-type") {
            self.width = self.columns;
        }
    }
}

/// A sheet up to its last row that holds something.
#[derive(Default)]
struct Extent {
    rows: u64,
    /// Rows up to the last that is not empty.
    height: u64,
    width: u64,
    /// Cells that stand in rows of their own before the rectangle is made.
    written: u64,
}

impl Extent {
    fn add(&mut self, row: &Row) {
        self.rows = self.rows.saturating_add(row.repeats);
        self.written = self.written.saturating_add(row.width);
        if row.width > 0 {
            self.height = self.rows;
            self.width = self.width.max(row.width);
        }
    }

    fn cells(&self) -> u64 {
        self.height.saturating_mul(self.width).max(self.written)
    }
}
