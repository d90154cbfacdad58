//! What is asked of a database, and the statement that asks it.

use std::time::Duration;

use super::settings::{DbSettings, Scheme};
use super::values::Moment;
use super::{SqlError, guard};
use crate::record::{ColumnKind, Value};

/// What to read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Extract {
    /// The rows of a reading query.
    Query(String),
    /// All rows of a table; `schema.table` is understood.
    Table(String),
}

/// What to do with columns of bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum BytesPolicy {
    /// An error that names the column.
    #[default]
    Refuse,
    /// Hexadecimal text, with a note.
    Hex,
}

/// Rows after a value of one column only.
#[derive(Debug, Clone, PartialEq)]
pub struct Increment {
    /// The column.
    pub column: String,
    /// The greatest value of the earlier extract.
    pub after: Value,
}

/// What is asked of a database.
#[derive(Debug, Clone, PartialEq)]
pub struct SqlRequest {
    /// The source's name in the recipe.
    pub source: String,
    /// What to read.
    pub extract: Extract,
    /// The columns that tell the rows apart: they make the record's id and the extract's order.
    /// Without them the rows are numbered as they come.
    pub key: Vec<String>,
    /// Only the rows after a value.
    pub increment: Option<Increment>,
    /// Text columns to be parsed as JSON (MariaDB keeps JSON as text).
    pub json_columns: Vec<String>,
    /// What to do with bytes.
    pub bytes: BytesPolicy,
    /// At which offset from UTC, in minutes, instants are written.
    pub utc_offset_minutes: i32,
    /// How long to wait for a connection or the next rows.
    pub timeout: Duration,
    /// Rows that are fetched together.
    pub fetch_rows: usize,
}

impl SqlRequest {
    /// A query with the usual limits: five minutes, a thousand rows at a time, UTC.
    pub fn new(source: impl Into<String>, extract: Extract) -> Self {
        Self {
            source: source.into(),
            extract,
            key: Vec::new(),
            increment: None,
            json_columns: Vec::new(),
            bytes: BytesPolicy::Refuse,
            utc_offset_minutes: 0,
            timeout: Duration::from_mins(5),
            fetch_rows: 1000,
        }
    }

    /// The query as the user wrote it, checked to be one reading statement.
    pub(super) fn query(&self, scheme: Scheme) -> Result<String, SqlError> {
        match &self.extract {
            Extract::Query(query) => guard::check(query, scheme),
            Extract::Table(table) => {
                let path: Vec<String> = table.split('.').map(|part| quote(part, scheme)).collect();
                Ok(format!("SELECT * FROM {}", path.join(".")))
            }
        }
    }
}

/// What is known of a column before its rows come.
#[derive(Debug, Clone)]
pub(super) struct ColumnPlan {
    pub name: String,
    /// `None` where only the values can tell.
    pub kind: Option<ColumnKind>,
    /// What orders as text and needs a collation by bytes.
    pub textual: bool,
    /// How the driver reads it.
    pub read: Read,
}

/// How a value is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Read {
    Bool,
    Int,
    Unsigned,
    Single,
    Double,
    Text,
    /// `CHAR(n)`: without its padding.
    Padded,
    /// An exact decimal, as text.
    Decimal,
    /// A binary number in a column of so many decimals.
    Scaled(usize),
    Date,
    /// A moment without zone.
    Moment,
    /// An instant.
    Instant,
    Clock,
    Json,
    Hex,
    /// Big-endian bits.
    Bits,
    /// Whatever the value is.
    AsItComes,
}

impl Read {
    /// The kind of the column's values, where it is certain.
    pub fn kind(self) -> Option<ColumnKind> {
        Some(match self {
            Self::Bool => ColumnKind::Bool,
            Self::Int | Self::Unsigned | Self::Bits => ColumnKind::Int,
            Self::Single | Self::Double => ColumnKind::Float,
            Self::Text | Self::Padded | Self::Hex => ColumnKind::Text,
            Self::Date | Self::Moment | Self::Instant | Self::Clock => ColumnKind::Time,
            Self::Json => ColumnKind::Json,
            // Whole numbers or exact text, as the values are.
            Self::Decimal | Self::Scaled(_) | Self::AsItComes => return None,
        })
    }
}

/// The statements over a query.
pub(super) struct Statements<'a> {
    pub scheme: Scheme,
    pub query: &'a str,
    pub columns: &'a [ColumnPlan],
    pub request: &'a SqlRequest,
}

impl Statements<'_> {
    /// The extract: `list` of the query's rows, after the increment's value, ordered by key. Without key
    /// and increment the query's own order stays.
    pub fn extract(&self, list: &str) -> String {
        let is_plain = self.request.key.is_empty() && self.request.increment.is_none();
        if is_plain && list == "*" {
            // Around it, MySQL would drop the query's own order.
            return self.query.to_owned();
        }
        let mut sql = format!("SELECT {list} FROM ({}\n) AS moru_rows", self.query);
        if let Some(increment) = &self.request.increment {
            let column = self.ordered(&increment.column);
            sql.push_str(&format!(" WHERE {column} > {}", self.bound(&increment.column)));
        }
        let by: Vec<&String> = match &self.request.increment {
            Some(increment) if self.request.key.is_empty() => vec![&increment.column],
            _ => self.request.key.iter().collect(),
        };
        if !by.is_empty() {
            let by: Vec<String> = by
                .iter()
                .map(|c| format!("({} IS NULL), {}", quote(c, self.scheme), self.ordered(c)))
                .collect();
            sql.push_str(&format!(" ORDER BY {}", by.join(", ")));
        }
        sql
    }

    /// How many rows there are.
    pub fn count(&self) -> String {
        format!("SELECT COUNT(*) AS n FROM ({}\n) AS moru_rows", self.query)
    }

    /// The greatest value of a column, as text.
    pub fn greatest(&self, column: &str) -> String {
        let name = quote(column, self.scheme);
        let text = match self.scheme {
            Scheme::MySql => format!("CAST({name} AS CHAR)"),
            Scheme::Postgres => format!("CAST({name} AS text)"),
            Scheme::Sqlite => format!("CAST({name} AS TEXT)"),
        };
        format!(
            "SELECT {text} AS greatest FROM ({}\n) AS moru_rows WHERE {name} IS NOT NULL ORDER BY {} DESC LIMIT 1",
            self.query,
            self.ordered(column)
        )
    }

    fn textual(&self, column: &str) -> bool {
        self.columns.iter().any(|c| c.name == column && c.textual)
    }

    /// A column as it is compared: text by its bytes, whatever the collation.
    fn ordered(&self, column: &str) -> String {
        let name = quote(column, self.scheme);
        if !self.textual(column) {
            let time = self.scheme == Scheme::Sqlite && self.kind(column) == Some(ColumnKind::Time);
            return if time { format!("replace({name}, 'T', ' ')") } else { name };
        }
        match self.scheme {
            Scheme::MySql => format!("CAST({name} AS BINARY)"),
            Scheme::Postgres => format!("CAST({name} AS text) COLLATE \"C\""),
            Scheme::Sqlite => format!("{name} COLLATE BINARY"),
        }
    }

    /// The placeholder for the increment's value.
    fn bound(&self, column: &str) -> String {
        match self.scheme {
            Scheme::MySql | Scheme::Sqlite => "?".to_owned(),
            // The value travels as text; the subquery names the column's type.
            Scheme::Postgres if self.textual(column) => "$1".to_owned(),
            Scheme::Postgres => format!("CAST($1 AS {})", self.postgres_type(column)),
        }
    }

    fn postgres_type(&self, column: &str) -> &'static str {
        match self.kind(column) {
            Some(ColumnKind::Int) => "numeric",
            Some(ColumnKind::Float) => "double precision",
            Some(ColumnKind::Time) => "timestamptz",
            _ => "text",
        }
    }

    fn kind(&self, column: &str) -> Option<ColumnKind> {
        self.columns.iter().find(|c| c.name == column).and_then(|c| c.kind)
    }

    /// The increment's value in the form in which its column is compared.
    pub fn bind(&self) -> Option<Value> {
        let Increment { column, after } = self.request.increment.as_ref()?;
        let utc = match after {
            Value::Text(text) if self.kind(column) == Some(ColumnKind::Time) => Moment::parse(text),
            _ => None,
        };
        let Some(Value::Text(text)) = utc.map(|m| m.at_offset(0).to_value()) else {
            return Some(after.clone());
        };
        // MySQL takes no `Z`, and SQLite compares what it stored: a space, no zone.
        Some(Value::Text(match self.scheme {
            Scheme::Postgres => text,
            Scheme::MySql | Scheme::Sqlite => text.replace('T', " ").replace('Z', ""),
        }))
    }
}

/// A name in the database's quotes.
pub(super) fn quote(name: &str, scheme: Scheme) -> String {
    match scheme {
        Scheme::MySql => format!("`{}`", name.replace('`', "``")),
        Scheme::Postgres | Scheme::Sqlite => format!("\"{}\"", name.replace('"', "\"\"")),
    }
}

/// Refuses two columns of one name, and key or increment columns that are not there.
pub(super) fn check_columns(
    settings: &DbSettings,
    names: &[String],
    request: &SqlRequest,
) -> Result<(), SqlError> {
    for (i, name) in names.iter().enumerate() {
        if names[..i].contains(name) {
            return Err(SqlError::DuplicateColumn { place: settings.place(), column: name.clone() });
        }
    }
    let asked = request.key.iter().chain(request.increment.iter().map(|i| &i.column));
    for column in asked.chain(&request.json_columns) {
        if !names.contains(column) {
            return Err(SqlError::NoKeyColumn {
                place: settings.place(),
                column: column.clone(),
                columns: names.to_vec(),
            });
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_query_without_key_keeps_its_own_order() {
        let query = "select a from t order by a desc";
        let mut request = SqlRequest::new("t", Extract::Query(query.to_owned()));
        let sql = |request: &SqlRequest, scheme, list| {
            Statements { scheme, query, columns: &[], request }.extract(list)
        };
        assert_eq!(sql(&request, Scheme::MySql, "*"), query);
        assert_eq!(
            sql(&request, Scheme::Postgres, "\"a\""),
            format!("SELECT \"a\" FROM ({query}\n) AS moru_rows")
        );
        request.key = vec!["a".to_owned()];
        assert_eq!(
            sql(&request, Scheme::MySql, "*"),
            format!("SELECT * FROM ({query}\n) AS moru_rows ORDER BY (`a` IS NULL), `a`")
        );
    }
}
