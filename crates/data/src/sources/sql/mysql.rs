//! MySQL and MariaDB: prepared statements, values in the binary protocol.
//!
//! Layouts: MySQL documentation, "Binary Protocol Resultset".

use std::time::Duration;

use futures_util::TryStreamExt;
use sqlx::mysql::{MySqlConnectOptions, MySqlConnection, MySqlRow, MySqlSslMode, MySqlTypeInfo};
use sqlx::{
    AssertSqlSafe, Column, ConnectOptions, Decode, Executor, MySql, Row, Statement, Type, TypeInfo, ValueRef,
};

use super::plan::{ColumnPlan, Read, SqlRequest};
use super::settings::{DbSettings, Scheme, Tls};
use super::stream::{Driver, Take, within};
use super::values::{Moment, clock_text};
use super::{SqlError, error, stream, values};
use crate::record::Value;

pub(super) struct MySqlDriver {
    connection: MySqlConnection,
    settings: DbSettings,
    timeout: Duration,
}

impl MySqlDriver {
    fn explain(&self, error: sqlx::Error) -> SqlError {
        error::explain(error, &self.settings, self.timeout)
    }

    /// A read-only session with a limit on each statement; the limit's name differs.
    async fn limit(&mut self) -> Result<(), sqlx::Error> {
        let version = self.connection.fetch_one(sqlx::query("SELECT VERSION()")).await?;
        let version: String = version.try_get(0)?;
        let limit = if version.to_ascii_lowercase().contains("mariadb") {
            format!("SET SESSION max_statement_time = {}", self.timeout.as_secs_f64())
        } else {
            format!("SET SESSION max_execution_time = {}", self.timeout.as_millis())
        };
        self.connection.execute(AssertSqlSafe(limit)).await?;
        self.connection.execute("SET SESSION TRANSACTION READ ONLY").await?;
        self.connection.execute("START TRANSACTION READ ONLY").await?;
        Ok(())
    }
}

impl Driver for MySqlDriver {
    const SCHEME: Scheme = Scheme::MySql;

    async fn connect(settings: &DbSettings, timeout: Duration) -> Result<Self, SqlError> {
        let mut options = MySqlConnectOptions::new()
            .host(settings.host())
            .port(settings.port())
            .username(&settings.user)
            .database(&settings.name)
            .timezone(Some("+00:00".to_owned()))
            .ssl_mode(match settings.tls {
                Tls::Off => MySqlSslMode::Disabled,
                Tls::Prefer => MySqlSslMode::Preferred,
                Tls::Require => MySqlSslMode::Required,
                Tls::Verify => MySqlSslMode::VerifyIdentity,
            })
            .disable_statement_logging();
        if !settings.password.is_empty() {
            options = options.password(settings.password.expose());
        }
        if let Some(ca) = &settings.tls_ca {
            options = options.ssl_ca(ca);
        }
        let connection = options.connect().await.map_err(|e| error::explain(e, settings, timeout))?;
        let mut driver = Self { connection, settings: settings.clone(), timeout };
        driver.limit().await.map_err(|e| driver.explain(e))?;
        Ok(driver)
    }

    async fn describe(&mut self, query: &str, request: &SqlRequest) -> Result<Vec<ColumnPlan>, SqlError> {
        let sql = sqlx::SqlSafeStr::into_sql_str(AssertSqlSafe(query.to_owned()));
        let statement = (&mut self.connection).prepare(sql).await.map_err(|e| self.explain(e))?;
        let mut columns = Vec::new();
        for column in statement.columns() {
            let read = reading(column.type_info());
            if read == Read::Hex {
                stream::bytes(&[], column.name(), column.type_info().name(), request, &self.settings)?;
            }
            columns.push(ColumnPlan {
                name: column.name().to_owned(),
                kind: read.kind(),
                textual: read == Read::Text,
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
        let mut query = sqlx::query(AssertSqlSafe(sql)).persistent(false);
        query = match bind {
            None => query,
            Some(Value::Int(i)) => query.bind(i),
            Some(Value::Float(x)) => query.bind(x),
            Some(other) => query.bind(other.to_text().into_owned()),
        };
        let (settings, timeout) = (self.settings.clone(), self.timeout);
        let mut stream = self.connection.fetch(query);
        while let Some(row) = within(timeout, &settings, stream.try_next()).await? {
            let values = (0..columns.len())
                .map(|i| cell(&row, i, columns[i].read, request.utc_offset_minutes))
                .collect::<Result<Vec<_>, _>>();
            if !take(values.map_err(|e| error::explain(e, &settings, timeout))?, None) {
                break;
            }
        }
        Ok(())
    }

    async fn text(&mut self, sql: String) -> Result<Option<String>, SqlError> {
        let query = sqlx::query(AssertSqlSafe(sql)).persistent(false);
        let row = self.connection.fetch_optional(query).await.map_err(|e| self.explain(e))?;
        let Some(row) = row else { return Ok(None) };
        let column = row.try_column(0).map_err(|e| self.explain(e))?;
        let value = cell(&row, 0, reading(column.type_info()), 0).map_err(|e| self.explain(e))?;
        Ok((value != Value::Null).then(|| value.to_text().into_owned()))
    }
}

/// How a column of a type is read. `TINYINT(1)` is how MySQL spells BOOLEAN.
fn reading(kind: &MySqlTypeInfo) -> Read {
    match kind.name() {
        "BOOLEAN" => Read::Bool,
        "YEAR" => Read::Unsigned,
        "FLOAT" => Read::Single,
        "DOUBLE" => Read::Double,
        "DECIMAL" => Read::Decimal,
        "DATE" => Read::Date,
        "DATETIME" => Read::Moment,
        "TIMESTAMP" => Read::Instant,
        "TIME" => Read::Clock,
        "JSON" => Read::Json,
        "BIT" => Read::Bits,
        "NULL" => Read::AsItComes,
        "GEOMETRY" => Read::Hex,
        name if name.ends_with("UNSIGNED") => Read::Unsigned,
        name if name.ends_with("INT") => Read::Int,
        // The name calls every column with a binary collation binary; the driver's own rule for
        // strings looks at the character set.
        _ if <str as Type<MySql>>::compatible(kind) || kind.name() == "SET" => Read::Text,
        _ => Read::Hex,
    }
}

fn cell(row: &MySqlRow, i: usize, read: Read, offset_minutes: i32) -> Result<Value, sqlx::Error> {
    let raw = row.try_get_raw(i)?;
    if raw.is_null() {
        return Ok(Value::Null);
    }
    let bytes = <&[u8] as Decode<MySql>>::decode(raw).map_err(sqlx::Error::Decode)?;
    let text = || String::from_utf8_lossy(bytes);
    let value = match read {
        Read::Bool => {
            signed(bytes).map(|n| if n == 0 || n == 1 { Value::Bool(n == 1) } else { Value::Int(n) })
        }
        Read::Int => signed(bytes).map(Value::Int),
        Read::Unsigned => unsigned(bytes).map(whole),
        Read::Bits => {
            let big_endian =
                bytes.iter().try_fold(0u64, |n, &b| n.checked_mul(256).map(|n| n | u64::from(b)));
            big_endian.map(whole)
        }
        Read::Single => bytes.try_into().ok().map(|b| values::single(f32::from_le_bytes(b))),
        Read::Double => bytes.try_into().ok().map(|b| Value::Float(f64::from_le_bytes(b))),
        Read::Decimal => Some(values::decimal(&text())),
        Read::Date | Read::Moment | Read::Instant => moment(bytes, read, offset_minutes),
        Read::Clock => clock(bytes),
        Read::Json => Some(values::json(&text())),
        Read::Hex => Some(values::hex(bytes)),
        Read::Text | Read::Padded | Read::Scaled(_) | Read::AsItComes => {
            Some(Value::Text(text().into_owned()))
        }
    };
    value.ok_or_else(|| sqlx::Error::Protocol(format!("column {} has a value of an unknown form", i + 1)))
}

fn whole(n: u64) -> Value {
    i64::try_from(n).map_or_else(|_| Value::Text(n.to_string()), Value::Int)
}

fn signed(bytes: &[u8]) -> Option<i64> {
    Some(match *bytes {
        [a] => i64::from(a as i8),
        [a, b] => i64::from(i16::from_le_bytes([a, b])),
        [a, b, c, d] => i64::from(i32::from_le_bytes([a, b, c, d])),
        _ => i64::from_le_bytes(bytes.try_into().ok()?),
    })
}

fn unsigned(bytes: &[u8]) -> Option<u64> {
    if bytes.len() > 8 {
        return None;
    }
    let mut wide = [0; 8];
    wide[..bytes.len()].copy_from_slice(bytes);
    Some(u64::from_le_bytes(wide))
}

/// length, year (2), month, day, \[hour, minute, second, \[microsecond (4)\]\].
fn moment(bytes: &[u8], read: Read, offset_minutes: i32) -> Option<Value> {
    let (_, rest) = bytes.split_first()?;
    let &[y0, y1, month, day, ref rest @ ..] = rest else { return None };
    let clock = match *rest {
        [] => 0,
        [h, m, s] => seconds(h, m, s),
        [h, m, s, a, b, c, d] => seconds(h, m, s) + u64::from(u32::from_le_bytes([a, b, c, d])),
        _ => return None,
    };
    let moment = Moment {
        year: i64::from(u16::from_le_bytes([y0, y1])),
        month: u32::from(month),
        day: u32::from(day),
        micros: (read != Read::Date).then_some(clock),
        offset: (read == Read::Instant).then_some(0),
    };
    Some(moment.at_offset(offset_minutes).to_value())
}

fn seconds(h: u8, m: u8, s: u8) -> u64 {
    ((u64::from(h) * 60 + u64::from(m)) * 60 + u64::from(s)) * 1_000_000
}

/// length, \[negative, days (4), hour, minute, second, \[microsecond (4)\]\].
fn clock(bytes: &[u8]) -> Option<Value> {
    let (_, rest) = bytes.split_first()?;
    let &[negative, d0, d1, d2, d3, h, m, s, ref fraction @ ..] = rest else {
        return rest.is_empty().then(|| Value::Text("00:00:00".to_owned()));
    };
    let days = u64::from(u32::from_le_bytes([d0, d1, d2, d3]));
    let fraction = <[u8; 4]>::try_from(fraction).map_or(0, |f| u64::from(u32::from_le_bytes(f)));
    let micros = days * 86_400_000_000 + seconds(h, m, s) + fraction;
    Some(Value::Text(format!("{}{}", if negative == 1 { "-" } else { "" }, clock_text(micros))))
}
