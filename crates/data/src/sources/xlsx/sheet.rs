//! The cells of a sheet that hold something, row by row. A sheet is as large as its cells are many: a single one
//! far out does not cost the rectangle before it.

use std::io::{Read, Seek};

use calamine::{Data, DataRef, DataType, Reader, Sheets};

use super::convert;
use crate::record::ColumnKind;

/// Where the formats end.
const MOST_ROWS: u32 = 1 << 20;
const MOST_COLUMNS: u32 = 1 << 14;

/// The rows of a sheet that are not empty, from the first to the last.
#[derive(Debug, Default)]
pub(super) struct Sheet {
    pub rows: Vec<Row>,
    /// The first column that holds something, counted from 0.
    left: u32,
    /// Columns from there to the last that holds something.
    pub width: usize,
}

/// One row that is not empty.
#[derive(Debug)]
pub(super) struct Row {
    /// Its number as the program shows it, counted from 1.
    pub number: u32,
    /// Columns, ascending, and what they hold.
    cells: Vec<(u32, Data)>,
}

impl Sheet {
    /// Reads a sheet of a workbook.
    ///
    /// # Errors
    /// What the format's reader finds wrong, or a cell beyond the format's last row or column.
    pub fn read<R: Read + Seek>(book: &mut Sheets<R>, name: &str) -> Result<Self, String> {
        let mut cells: Vec<((u32, u32), Data)> = Vec::new();
        let mut keep = |place: (u32, u32), data: Data| {
            if place.0 >= MOST_ROWS || place.1 >= MOST_COLUMNS {
                return Err(format!(
                    "a cell in row {} and column {}",
                    u64::from(place.0) + 1,
                    u64::from(place.1) + 1
                ));
            }
            if !data.is_empty() {
                cells.push((place, data));
            }
            Ok(())
        };
        // These two tell their cells one by one; the others give a rectangle.
        match book {
            Sheets::Xlsx(book) => {
                let mut reader = book.worksheet_cells_reader(name).map_err(|e| e.to_string())?;
                while let Some(cell) = reader.next_cell().map_err(|e| e.to_string())? {
                    keep(cell.get_position(), owned(cell.get_value()))?;
                }
            }
            Sheets::Xlsb(book) => {
                let mut reader = book.worksheet_cells_reader(name).map_err(|e| e.to_string())?;
                while let Some(cell) = reader.next_cell().map_err(|e| e.to_string())? {
                    keep(cell.get_position(), owned(cell.get_value()))?;
                }
            }
            Sheets::Xls(_) | Sheets::Ods(_) => {
                let range = book.worksheet_range(name).map_err(|e| e.to_string())?;
                let (top, left) = range.start().unwrap_or_default();
                for (row, column, cell) in range.used_cells() {
                    keep((top + row as u32, left + column as u32), cell.clone())?;
                }
            }
        }
        Ok(Self::of(cells))
    }

    /// Rows of cells in any order; of two at one place the later holds.
    fn of(mut cells: Vec<((u32, u32), Data)>) -> Self {
        cells.sort_by_key(|(place, _)| *place);
        let columns = || cells.iter().map(|((_, column), _)| *column);
        let Some((left, right)) = columns().min().zip(columns().max()) else { return Self::default() };
        let mut sheet = Self { rows: Vec::new(), left, width: (right - left + 1) as usize };
        for ((row, column), data) in cells {
            if sheet.rows.last().is_none_or(|last| last.number != row + 1) {
                sheet.rows.push(Row { number: row + 1, cells: Vec::new() });
            }
            let cells = &mut sheet.rows.last_mut().expect("a row was just pushed").cells;
            match cells.last_mut() {
                Some(last) if last.0 == column => last.1 = data,
                _ => cells.push((column, data)),
            }
        }
        sheet
    }

    /// The header's row number and its names; a nameless column is called by its place.
    pub fn header(&self, asked: Option<u32>) -> Option<(u32, Vec<String>)> {
        let (first, last) = (self.rows.first()?, self.rows.last()?);
        let number = asked.map_or(first.number, |row| row.max(1));
        if !(first.number..=last.number).contains(&number) {
            return None;
        }
        let mut names: Vec<String> = (1..=self.width).map(|i| format!("column_{i}")).collect();
        let row = self.rows.iter().find(|row| row.number == number);
        for (column, cell) in row.map_or(&[][..], |row| &row.cells) {
            let text = cell.as_string().unwrap_or_default();
            if !text.trim().is_empty() {
                text.trim().clone_into(&mut names[(column - self.left) as usize]);
            }
        }
        Some((number, names))
    }

    /// The one kind of each column's cells below a row, or text.
    pub fn kinds(&self, below: u32) -> Vec<ColumnKind> {
        let mut kinds = vec![None; self.width];
        for (column, cell) in self.rows.iter().filter(|row| row.number > below).flat_map(|row| &row.cells) {
            let found = match cell {
                Data::DateTime(_) | Data::DateTimeIso(_) | Data::DurationIso(_) => Some(ColumnKind::Time),
                Data::Error(_) => None,
                _ => ColumnKind::of(&convert(cell)),
            };
            let kind = &mut kinds[(column - self.left) as usize];
            *kind = match (*kind, found) {
                (known, None) => known,
                (None, found) => found,
                (Some(a), Some(b)) if a == b => Some(a),
                (Some(ColumnKind::Int | ColumnKind::Float), Some(ColumnKind::Int | ColumnKind::Float)) => {
                    Some(ColumnKind::Float)
                }
                _ => Some(ColumnKind::Text),
            };
        }
        kinds.into_iter().map(|kind| kind.unwrap_or(ColumnKind::Text)).collect()
    }

    /// A row with its empty cells.
    pub fn whole(&self, row: &Row) -> Vec<Data> {
        let mut whole = vec![Data::Empty; self.width];
        for (column, cell) in &row.cells {
            whole[(column - self.left) as usize] = cell.clone();
        }
        whole
    }
}

/// A cell apart from the workbook's table of texts.
fn owned(cell: &DataRef<'_>) -> Data {
    cell.clone().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cell_far_out_costs_itself_alone() {
        let text = |text: &str| Data::String(text.to_owned());
        let far = (MOST_ROWS - 1, MOST_COLUMNS - 1);
        let sheet =
            Sheet::of(vec![(far, text("z")), ((1, 2), text("b")), ((1, 1), text("x")), ((1, 1), text("a"))]);
        assert_eq!((sheet.width, sheet.rows.len()), (MOST_COLUMNS as usize - 1, 2));
        assert_eq!((sheet.rows[0].number, sheet.rows[1].number), (2, MOST_ROWS));
        let (number, names) = sheet.header(None).unwrap();
        assert_eq!((number, &names[..3]), (2, ["a", "b", "column_3"].map(str::to_owned).as_slice()));
        assert_eq!(sheet.whole(&sheet.rows[1])[sheet.width - 1], text("z"));
        assert_eq!(sheet.header(Some(3)).unwrap().1[0], "column_1");
        assert!(sheet.header(Some(1)).is_none(), "above the first row");
    }
}
