//! SQLite: a file, opened read-only.
//!
//! A value's type is its own, not its column's; the declared type says what it means (`BOOLEAN`,
//! `DATETIME`, `DECIMAL(10,2)`, `CHAR(8)`). It is read from the table where the column comes from one.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use futures_util::TryStreamExt;
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection, SqliteRow};
use sqlx::{
    AssertSqlSafe, Column, ColumnOrigin, ConnectOptions, Decode, Executor, Row, Sqlite, Statement, TypeInfo,
    ValueRef,
};

use super::plan::{ColumnPlan, Read, SqlRequest};
use super::settings::{DbSettings, Scheme};
use super::stream::{Driver, Take, within};
use super::{SqlError, error, values};
use crate::record::Value;

/// Virtual-machine instructions between two looks at the clock.
const CLOCK_STEPS: i32 = 100_000;

pub(super) struct SqliteDriver {
    connection: SqliteConnection,
    settings: DbSettings,
    timeout: Duration,
}

impl SqliteDriver {
    fn explain(&self, error: sqlx::Error) -> SqlError {
        error::explain(error, &self.settings, self.timeout)
    }

    /// Gives the next statement its time. The clock goes on with every row that is noted in what is given,
    /// so that a slow reader does not end a long extract.
    async fn start_clock(&mut self) -> Result<(Instant, Arc<AtomicU64>), SqlError> {
        let began = Instant::now();
        let latest = Arc::new(AtomicU64::new(0));
        let (seen, limit) = (Arc::clone(&latest), self.timeout);
        let mut handle = self
            .connection
            .lock_handle()
            .await
            .map_err(|e| error::explain(e, &self.settings, self.timeout))?;
        handle.set_progress_handler(CLOCK_STEPS, move || {
            began.elapsed() < limit + Duration::from_millis(seen.load(Ordering::Relaxed))
        });
        Ok((began, latest))
    }

    /// The declared types of a table's columns.
    async fn declared(&mut self, table: &str) -> Result<Vec<(String, String)>, sqlx::Error> {
        // A schema-qualified name is given as `main.t`.
        let table = table.rsplit('.').next().unwrap_or(table);
        let sql = format!("SELECT name, type FROM pragma_table_info({})", quote_text(table));
        let rows = self.connection.fetch_all(sqlx::query(AssertSqlSafe(sql)).persistent(false)).await?;
        rows.iter().map(|row| Ok((row.try_get(0)?, row.try_get(1)?))).collect()
    }
}

fn quote_text(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

impl Driver for SqliteDriver {
    const SCHEME: Scheme = Scheme::Sqlite;

    async fn connect(settings: &DbSettings, timeout: Duration) -> Result<Self, SqlError> {
        let file = |detail: &str| SqlError::File { place: settings.place(), detail: detail.to_owned() };
        let path = Path::new(&settings.name);
        if !path.exists() {
            return Err(file("there is no such file"));
        }
        if path.is_dir() {
            return Err(file("this is a folder, not a database file"));
        }
        let options = SqliteConnectOptions::new()
            .filename(path)
            .read_only(true)
            .pragma("query_only", "1")
            .busy_timeout(timeout.min(Duration::from_secs(10)))
            .disable_statement_logging();
        let connection = options.connect().await.map_err(|e| error::explain(e, settings, timeout))?;
        let mut driver = Self { connection, settings: settings.clone(), timeout };
        // A file that is no database is found out by the first look into it.
        let look = driver.connection.fetch_all("SELECT count(*) FROM sqlite_schema").await;
        look.map_err(|e| driver.explain(e))?;
        Ok(driver)
    }

    async fn describe(&mut self, query: &str, _: &SqlRequest) -> Result<Vec<ColumnPlan>, SqlError> {
        let sql = AssertSqlSafe(query.to_owned());
        let statement = (&mut self.connection)
            .prepare(sqlx::SqlSafeStr::into_sql_str(sql))
            .await
            .map_err(|e| self.explain(e))?;
        let mut columns = Vec::new();
        for column in statement.columns() {
            let declared = match column.origin() {
                ColumnOrigin::Table(origin) => {
                    let types = self.declared(&origin.table).await.map_err(|e| self.explain(e))?;
                    types.into_iter().find(|(name, _)| *name == *origin.name).map(|(_, kind)| kind)
                }
                ColumnOrigin::Expression | ColumnOrigin::Unknown => None,
            };
            let declared = declared.unwrap_or_else(|| match column.type_info().name() {
                "NULL" => String::new(),
                name => name.to_owned(),
            });
            let read = reading(&declared);
            columns.push(ColumnPlan {
                name: column.name().to_owned(),
                kind: read.kind(),
                // Text in a column of any type has its collation; numbers ignore it.
                textual: !matches!(read, Read::Date | Read::Moment | Read::Instant | Read::Clock),
                read,
            });
        }
        Ok(columns)
    }

    fn list(_: &[ColumnPlan]) -> String {
        "*".to_owned()
    }

    async fn rows(
        &mut self,
        sql: String,
        bind: Option<Value>,
        columns: &[ColumnPlan],
        request: &SqlRequest,
        take: &mut Take<'_>,
    ) -> Result<(), SqlError> {
        let (began, latest) = self.start_clock().await?;
        let (settings, timeout) = (self.settings.clone(), self.timeout);
        let mut query = sqlx::query(AssertSqlSafe(sql)).persistent(false);
        query = match bind {
            None => query,
            Some(Value::Int(i)) => query.bind(i),
            Some(Value::Float(x)) => query.bind(x),
            Some(other) => query.bind(other.to_text().into_owned()),
        };
        let mut stream = self.connection.fetch(query);
        while let Some(row) = within(timeout, &settings, stream.try_next()).await? {
            latest.store(began.elapsed().as_millis() as u64, Ordering::Relaxed);
            let values = columns
                .iter()
                .enumerate()
                .map(|(i, column)| cell(&row, i, column, request, &settings))
                .collect::<Result<Vec<_>, _>>()?;
            let broken = broken_text(&row, &values);
            if !take(values, broken) {
                break;
            }
        }
        Ok(())
    }

    async fn text(&mut self, sql: String) -> Result<Option<String>, SqlError> {
        self.start_clock().await?;
        let query = sqlx::query(AssertSqlSafe(sql)).persistent(false);
        let row = self.connection.fetch_optional(query).await.map_err(|e| self.explain(e))?;
        let Some(row) = row else { return Ok(None) };
        let raw = row.try_get_raw(0).map_err(|e| self.explain(e))?;
        Ok(match raw.type_info().name() {
            "NULL" => None,
            "INTEGER" => <i64 as Decode<Sqlite>>::decode(raw).ok().map(|n| n.to_string()),
            _ => <&str as Decode<Sqlite>>::decode(raw).ok().map(str::to_owned),
        })
    }
}

/// How a column of a declared type is read (SQLite has no types beyond storage classes).
fn reading(declared: &str) -> Read {
    let lower = declared.to_ascii_lowercase();
    let (name, arguments) = lower.split_once('(').unwrap_or((&lower, ""));
    let mut arguments = arguments.trim_end_matches(')').split(',').map(|n| n.trim().parse::<usize>().ok());
    match name.trim() {
        "boolean" | "bool" => Read::Bool,
        "tinyint" if arguments.next() == Some(Some(1)) => Read::Bool,
        "date" => Read::Date,
        "time" => Read::Clock,
        "datetime" | "timestamp" | "timestamp without time zone" => Read::Moment,
        "timestamptz" | "timestamp with time zone" => Read::Instant,
        "json" | "jsonb" => Read::Json,
        "blob" | "bytea" | "binary" | "varbinary" => Read::Hex,
        "char" | "character" | "nchar" | "bpchar" => Read::Padded,
        "decimal" | "numeric" => match (arguments.next(), arguments.next()) {
            (Some(Some(_)), Some(Some(scale))) => Read::Scaled(scale),
            (Some(Some(_)), None) => Read::Scaled(0),
            _ => Read::AsItComes,
        },
        // The affinity rules of the SQLite manual, "Datatypes In SQLite", 3.1.
        name if name.contains("int") => Read::Int,
        name if name.contains("char") || name.contains("clob") || name.contains("text") => Read::Text,
        name if name.contains("real") || name.contains("floa") || name.contains("doub") => Read::Double,
        _ => Read::AsItComes,
    }
}

fn cell(
    row: &SqliteRow,
    i: usize,
    column: &ColumnPlan,
    request: &SqlRequest,
    settings: &DbSettings,
) -> Result<Value, SqlError> {
    let failed = |e| error::explain(e, settings, request.timeout);
    let raw = row.try_get_raw(i).map_err(failed)?;
    let broken = |e| failed(sqlx::Error::Decode(e));
    let storage = if raw.is_null() { "NULL".to_owned() } else { raw.type_info().name().to_owned() };
    Ok(match storage.as_str() {
        "NULL" => Value::Null,
        "INTEGER" | "BOOLEAN" => number(<i64 as Decode<Sqlite>>::decode(raw).map_err(broken)?, column.read),
        "REAL" => {
            let x = <f64 as Decode<Sqlite>>::decode(raw).map_err(broken)?;
            match column.read {
                Read::Scaled(scale) => values::scaled(x, scale),
                _ => Value::Float(x),
            }
        }
        "BLOB" => {
            let bytes = <&[u8] as Decode<Sqlite>>::decode(raw).map_err(broken)?;
            super::stream::bytes(bytes, &column.name, "BLOB", request, settings)?
        }
        _ => {
            let bytes = <&[u8] as Decode<Sqlite>>::decode(raw).map_err(broken)?;
            let text = String::from_utf8_lossy(bytes);
            match column.read {
                Read::Padded => Value::Text(text.trim_end_matches(' ').to_owned()),
                // An expression over times (`MIN(created)`) has no declared type.
                Read::Date | Read::Moment | Read::Instant | Read::AsItComes => {
                    values::moment(&text, request.utc_offset_minutes)
                }
                Read::Clock => values::clock(&text),
                Read::Json => values::json(&text),
                Read::Scaled(_) => values::decimal(&text),
                _ => Value::Text(text.into_owned()),
            }
        }
    })
}

/// The first column whose text is not UTF-8: SQLite keeps whatever bytes it was given.
fn broken_text(row: &SqliteRow, values: &[Value]) -> Option<usize> {
    let replaced = |value: &Value| matches!(value, Value::Text(text) if text.contains('\u{fffd}'));
    let bytes = |i: usize| <&[u8] as Decode<Sqlite>>::decode(row.try_get_raw(i).ok()?).ok();
    (0..values.len())
        .filter(|&i| replaced(&values[i]))
        .find(|&i| bytes(i).is_some_and(|b| std::str::from_utf8(b).is_err()))
}

fn number(i: i64, read: Read) -> Value {
    match (read, i) {
        (Read::Bool, 0 | 1) => Value::Bool(i == 1),
        (Read::Double, _) => Value::Float(i as f64),
        (Read::Scaled(scale), _) if scale > 0 => Value::Text(format!("{i}.{:0<scale$}", "")),
        _ => Value::Int(i),
    }
}
