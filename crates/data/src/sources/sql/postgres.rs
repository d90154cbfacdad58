//! PostgreSQL: a cursor in a read-only transaction.
//!
//! Numbers, truth values and text come in their binary form; everything else is cast to text (or to
//! JSON, or to hexadecimal) by the server, under settings that fix its form.

use std::time::Duration;

use sqlx::postgres::{PgConnectOptions, PgConnection, PgRow, PgSslMode, PgTypeInfo, PgTypeKind};
use sqlx::{AssertSqlSafe, Column, ConnectOptions, Executor, Row, Statement, TypeInfo, ValueRef};

use super::plan::{ColumnPlan, Read, SqlRequest, quote};
use super::settings::{DbSettings, Scheme, Tls};
use super::stream::{Driver, Take, within};
use super::{SqlError, error, stream, values};
use crate::record::Value;

pub(super) struct PostgresDriver {
    connection: PgConnection,
    settings: DbSettings,
    timeout: Duration,
}

impl PostgresDriver {
    fn explain(&self, error: sqlx::Error) -> SqlError {
        error::explain(error, &self.settings, self.timeout)
    }

    async fn execute(&mut self, sql: String) -> Result<(), SqlError> {
        self.connection
            .execute(sqlx::raw_sql(AssertSqlSafe(sql)))
            .await
            .map(|_| ())
            .map_err(|e| self.explain(e))
    }
}

impl Driver for PostgresDriver {
    const SCHEME: Scheme = Scheme::Postgres;

    async fn connect(settings: &DbSettings, timeout: Duration) -> Result<Self, SqlError> {
        let mut options = PgConnectOptions::new_without_pgpass()
            .host(settings.host())
            .port(settings.port())
            .username(&settings.user)
            .database(&settings.name)
            .application_name("moru")
            .ssl_mode(match settings.tls {
                Tls::Off => PgSslMode::Disable,
                Tls::Prefer => PgSslMode::Prefer,
                Tls::Require => PgSslMode::Require,
                Tls::Verify => PgSslMode::VerifyFull,
            })
            // Also where it is empty: the driver would take one from the environment.
            .password(settings.password.expose())
            .disable_statement_logging();
        if let Some(ca) = &settings.tls_ca {
            options = options.ssl_root_cert(ca);
        }
        let connection = options.connect().await.map_err(|e| error::explain(e, settings, timeout))?;
        let mut driver = Self { connection, settings: settings.clone(), timeout };
        let millis = timeout.as_millis();
        // The whole extract is fetched, so the planner shall not favour the first rows.
        driver
            .execute(format!(
                "SET SESSION CHARACTERISTICS AS TRANSACTION READ ONLY; SET default_transaction_read_only = on; \
                 SET statement_timeout = {millis}; SET TimeZone = 'UTC'; SET DateStyle = 'ISO, YMD'; \
                 SET IntervalStyle = 'iso_8601'; SET bytea_output = 'hex'; SET cursor_tuple_fraction = 1.0; \
                 SET client_min_messages = 'error'"
            ))
            .await?;
        driver.execute("BEGIN TRANSACTION READ ONLY".to_owned()).await?;
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
                textual: matches!(read, Read::Text | Read::Padded),
                read,
            });
        }
        Ok(columns)
    }

    fn list(columns: &[ColumnPlan]) -> String {
        let items: Vec<String> = columns
            .iter()
            .map(|column| {
                let name = quote(&column.name, Scheme::Postgres);
                match column.read {
                    Read::Bool | Read::Int | Read::Single | Read::Double => name,
                    Read::Json => format!("CAST(to_json({name}) AS text) AS {name}"),
                    Read::Hex => format!("encode({name}, 'hex') AS {name}"),
                    _ => format!("CAST({name} AS text) AS {name}"),
                }
            })
            .collect();
        items.join(", ")
    }

    async fn rows(
        &mut self,
        sql: String,
        bind: Option<Value>,
        columns: &[ColumnPlan],
        request: &SqlRequest,
        take: &mut Take<'_>,
    ) -> Result<(), SqlError> {
        let (settings, timeout) = (self.settings.clone(), self.timeout);
        let declare = format!("DECLARE moru_rows NO SCROLL CURSOR FOR {sql}");
        let mut query = sqlx::query(AssertSqlSafe(declare)).persistent(false);
        if let Some(value) = bind {
            query = query.bind(value.to_text().into_owned());
        }
        within(timeout, &settings, self.connection.execute(query)).await?;
        loop {
            let fetch = format!("FETCH FORWARD {} FROM moru_rows", request.fetch_rows.max(1));
            let query = sqlx::query(AssertSqlSafe(fetch));
            let rows = within(timeout, &settings, self.connection.fetch_all(query)).await?;
            if rows.is_empty() {
                return Ok(());
            }
            for row in &rows {
                let values = (0..columns.len())
                    .map(|i| cell(row, i, columns[i].read, request.utc_offset_minutes))
                    .collect::<Result<Vec<_>, _>>();
                if !take(values.map_err(|e| error::explain(e, &settings, timeout))?, None) {
                    return Ok(());
                }
            }
        }
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

/// How a column of a type is read; a domain is its base type already.
fn reading(kind: &PgTypeInfo) -> Read {
    match kind.kind() {
        PgTypeKind::Array(_) | PgTypeKind::Composite(_) => return Read::Json,
        PgTypeKind::Domain(base) => return reading(base),
        _ => {}
    }
    match kind.name() {
        "BOOL" => Read::Bool,
        "INT2" | "INT4" | "INT8" => Read::Int,
        "FLOAT4" => Read::Single,
        "FLOAT8" => Read::Double,
        "NUMERIC" => Read::Decimal,
        "DATE" => Read::Date,
        "TIMESTAMP" => Read::Moment,
        "TIMESTAMPTZ" => Read::Instant,
        "TIME" => Read::Clock,
        "JSON" | "JSONB" => Read::Json,
        "BYTEA" => Read::Hex,
        "CHAR" => Read::Padded,
        // Text, enums, UUIDs, intervals, addresses and all that is still to be invented.
        _ => Read::Text,
    }
}

fn cell(row: &PgRow, i: usize, read: Read, offset_minutes: i32) -> Result<Value, sqlx::Error> {
    let raw = row.try_get_raw(i)?;
    if raw.is_null() {
        return Ok(Value::Null);
    }
    let unknown = || sqlx::Error::Protocol(format!("column {} has a value of an unknown form", i + 1));
    let text = || raw.as_str().map_err(sqlx::Error::Decode);
    let bytes = raw.as_bytes().map_err(sqlx::Error::Decode)?;
    Ok(match read {
        Read::Bool => Value::Bool(bytes == [1]),
        Read::Int => Value::Int(match *bytes {
            [a, b] => i64::from(i16::from_be_bytes([a, b])),
            [a, b, c, d] => i64::from(i32::from_be_bytes([a, b, c, d])),
            _ => i64::from_be_bytes(bytes.try_into().map_err(|_| unknown())?),
        }),
        Read::Single => values::single(f32::from_be_bytes(bytes.try_into().map_err(|_| unknown())?)),
        Read::Double => Value::Float(f64::from_be_bytes(bytes.try_into().map_err(|_| unknown())?)),
        Read::Decimal => values::decimal(text()?),
        Read::Date | Read::Moment | Read::Instant => values::moment(text()?, offset_minutes),
        Read::Clock => values::clock(text()?),
        Read::Json => values::json(text()?),
        _ => Value::Text(text()?.to_owned()),
    })
}
