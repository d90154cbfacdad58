//! Tables of the books: <code>&#124; a &#124; b</code> is a row, <code>&#124;! a &#124; b</code> one of headings.
//!
//! A cell `<` continues the one to its left, a cell `^` the one above. The number after `!` says how many columns name
//! what a row is about (1 where it is left out); the cells after them are facts.

use data::documents::{Cell, Table};

use super::markup::{FactKind, Marked};

/// The rows of a table while they are gathered.
#[derive(Debug, Default)]
pub struct Rows {
    /// The cells as written.
    cells: Vec<Vec<String>>,
    n_headings: usize,
    n_labels: usize,
}

impl Rows {
    /// Takes a row; the table's width where it does not fit.
    pub fn push(&mut self, source: &str) -> Result<(), usize> {
        let mut rest = source.trim_start_matches('|');
        let is_heading = rest.starts_with('!');
        if is_heading {
            rest = &rest[1..];
            let digits = rest.len() - rest.trim_start_matches(|c: char| c.is_ascii_digit()).len();
            if self.cells.is_empty() {
                self.n_labels = rest[..digits].parse().unwrap_or(1);
            }
            rest = &rest[digits..];
            self.n_headings += 1;
        }
        let row: Vec<String> = rest.split('|').map(|cell| cell.trim().to_owned()).collect();
        let width = self.cells.first().map_or(row.len(), Vec::len);
        let first_goes_on = row[0] == "<" || (self.cells.is_empty() && row.iter().any(|cell| cell == "^"));
        self.cells.push(row);
        let is_wide = self.cells.last().is_some_and(|row| row.len() == width);
        if is_wide && !first_goes_on { Ok(()) } else { Err(width) }
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.cells.is_empty()
    }

    /// The row and column of the cell that fills a place.
    fn origin(&self, mut row: usize, mut column: usize) -> (usize, usize) {
        loop {
            match self.cells[row][column].as_str() {
                "<" => column -= 1,
                "^" => row -= 1,
                _ => return (row, column),
            }
        }
    }

    fn text(&self, row: usize, column: usize) -> &str {
        let (row, column) = self.origin(row, column);
        &self.cells[row][column]
    }

    /// The table as a reader should find it.
    pub fn table(&self) -> Table {
        let (height, width) = (self.cells.len(), self.cells[0].len());
        let spanned = |row: usize, column: usize| {
            let places = (0..height).flat_map(|r| (0..width).map(move |c| (r, c)));
            let own: Vec<_> = places.filter(|(r, c)| self.origin(*r, *c) == (row, column)).collect();
            let last = |of: fn(&(usize, usize)) -> usize| own.iter().map(of).max().unwrap_or(0) as u32;
            (last(|place| place.0) + 1 - row as u32, last(|place| place.1) + 1 - column as u32)
        };
        let cell = |row: usize, column: usize| {
            let (rows, columns) = spanned(row, column);
            Cell { text: self.cells[row][column].clone(), column: column as u32, columns, rows }
        };
        let row = |row: usize| {
            (0..width)
                .filter(|column| self.origin(row, *column) == (row, *column))
                .map(|c| cell(row, c))
                .collect()
        };
        Table { rows: (0..height).map(row).collect(), heading_rows: self.n_headings as u32 }
    }

    /// A fact for each cell that tells something: what its row and its column are called, and what it says.
    pub fn facts(&self) -> Vec<Marked> {
        if self.n_headings == 0 || self.n_labels == 0 {
            return Vec::new();
        }
        let mut facts = Vec::new();
        for row in self.n_headings..self.cells.len() {
            for column in self.n_labels..self.cells[row].len() {
                let words = self.text(row, column);
                if words.is_empty() || self.origin(row, column) != (row, column) {
                    continue;
                }
                let mut names: Vec<&str> = (0..self.n_labels).map(|label| self.text(row, label)).collect();
                names.extend((0..self.n_headings).map(|heading| self.text(heading, column)));
                names.dedup();
                let subject = names.join(" ");
                facts.push(Marked { kind: FactKind::Value, subject, words: words.to_owned() });
            }
        }
        facts
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_go_on_to_the_right_and_downwards() {
        let mut rows = Rows::default();
        for row in ["|! 구분 | 고의 | <", "|! ^ | 중대 | 경미", "| 결근 | 해고 | <"] {
            rows.push(row).expect("it fits");
        }
        let table = rows.table();
        let widths: Vec<Vec<_>> = table
            .rows
            .iter()
            .map(|row| row.iter().map(|c| (c.column, c.columns, c.rows)).collect())
            .collect();
        assert_eq!(
            widths,
            [vec![(0, 1, 2), (1, 2, 1)], vec![(1, 1, 1), (2, 1, 1)], vec![(0, 1, 1), (1, 2, 1)]]
        );
        assert_eq!(table.heading_rows, 2);
        let facts = rows.facts();
        assert_eq!(facts.len(), 1);
        assert_eq!((facts[0].subject.as_str(), facts[0].words.as_str()), ("결근 고의 중대", "해고"));
    }

    #[test]
    fn a_row_of_another_width_or_without_its_beginning_is_refused() {
        let mut rows = Rows::default();
        assert_eq!(rows.push("| 가 | 나"), Ok(()));
        assert_eq!(rows.push("| 가"), Err(2));
        assert_eq!(Rows::default().push("| ^ | 나"), Err(2));
        assert_eq!(Rows::default().push("| < | 나"), Err(2));
    }
}
