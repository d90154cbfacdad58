//! The shop's tables, before any dialect of SQL.

/// A table with its rows in key order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Table {
    /// Its name.
    pub name: &'static str,
    /// Its columns in order.
    pub columns: Vec<Column>,
    /// The columns of its primary key.
    pub key: Vec<&'static str>,
    /// One cell a column.
    pub rows: Vec<Vec<Cell>>,
}

/// The table and column that a column points to.
type Reference = Option<(&'static str, &'static str)>;

/// A column.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Column {
    /// Its name.
    pub name: &'static str,
    /// What it holds.
    pub kind: Kind,
    /// Whether it may be absent.
    pub nullable: bool,
    /// The table and column it points to.
    pub references: Reference,
}

/// What a column holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Whole numbers of 64 bits.
    Int,
    /// Text of at most so many characters.
    Short(usize),
    /// Text.
    Text,
    /// A date and a time of day, to the second.
    Time,
    /// A date.
    Date,
    /// Won with two decimals.
    Money,
    /// True or false.
    Bool,
}

/// A value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Cell {
    /// Absent.
    Null,
    /// A whole number.
    Int(i64),
    /// Whole won.
    Money(i64),
    /// True or false.
    Bool(bool),
    /// Text, dates and times.
    Text(String),
}

impl From<&str> for Cell {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<String> for Cell {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

impl From<i64> for Cell {
    fn from(n: i64) -> Self {
        Self::Int(n)
    }
}

impl From<bool> for Cell {
    fn from(b: bool) -> Self {
        Self::Bool(b)
    }
}

impl Table {
    /// An empty table. A column is `name`, kind, `?` appended to the name where it may be absent, and
    /// the table and column that it points to.
    pub fn new(
        name: &'static str,
        key: &[&'static str],
        columns: &[(&'static str, Kind, Reference)],
    ) -> Self {
        let columns = columns
            .iter()
            .map(|(name, kind, references)| Column {
                name: name.trim_end_matches('?'),
                kind: *kind,
                nullable: name.ends_with('?'),
                references: *references,
            })
            .collect();
        Self { name, columns, key: key.to_vec(), rows: Vec::new() }
    }

    /// The place of a column.
    pub fn column(&self, name: &str) -> Option<usize> {
        self.columns.iter().position(|c| c.name == name)
    }

    /// The text of a row's column; none where it is absent or no text.
    pub fn text(&self, row: usize, column: &str) -> Option<&str> {
        match self.rows.get(row)?.get(self.column(column)?)? {
            Cell::Text(text) => Some(text),
            _ => None,
        }
    }
}
