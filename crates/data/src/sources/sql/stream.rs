//! A driver on its own thread, and the blocking face that the rest of the program sees.

use std::future::Future;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::time::Duration;

use super::plan::{BytesPolicy, ColumnPlan, Read, SqlRequest, Statements, check_columns};
use super::settings::{DbSettings, Scheme};
use super::{Probe, SqlError, error, values};
use crate::record::{Column, ColumnKind, Record, RecordId, Rejection, Schema, Value};
use crate::sources::{Item, Note, Source, SourceError};

/// Takes one row's values, and the column whose text could not be decoded, where there is one; false
/// when nobody wants more.
pub(super) type Take<'a> = dyn FnMut(Vec<Value>, Option<usize>) -> bool + 'a;

/// What the three databases have in common.
pub(super) trait Driver: Sized {
    const SCHEME: Scheme;

    /// Opens a read-only session.
    async fn connect(settings: &DbSettings, timeout: Duration) -> Result<Self, SqlError>;

    /// The columns that a query gives.
    async fn describe(&mut self, query: &str, request: &SqlRequest) -> Result<Vec<ColumnPlan>, SqlError>;

    /// The select list that gives each column in the form in which `rows` reads it.
    fn list(columns: &[ColumnPlan]) -> String;

    /// Runs a statement and hands out its rows.
    async fn rows(
        &mut self,
        sql: String,
        bind: Option<Value>,
        columns: &[ColumnPlan],
        request: &SqlRequest,
        take: &mut Take<'_>,
    ) -> Result<(), SqlError>;

    /// The only value of a statement, as text.
    async fn text(&mut self, sql: String) -> Result<Option<String>, SqlError>;
}

/// Waits for a driver, but not longer than `limit`.
pub(super) async fn within<T>(
    limit: Duration,
    settings: &DbSettings,
    wait: impl Future<Output = Result<T, sqlx::Error>>,
) -> Result<T, SqlError> {
    match tokio::time::timeout(limit, wait).await {
        Ok(result) => result.map_err(|e| error::explain(e, settings, limit)),
        Err(_) => Err(SqlError::Timeout { place: settings.place(), limit }),
    }
}

/// Bytes as the request wants them.
pub(super) fn bytes(
    bytes: &[u8],
    column: &str,
    kind: &str,
    request: &SqlRequest,
    settings: &DbSettings,
) -> Result<Value, SqlError> {
    match request.bytes {
        BytesPolicy::Hex => Ok(values::hex(bytes)),
        BytesPolicy::Refuse => {
            Err(SqlError::Bytes { place: settings.place(), column: column.to_owned(), kind: kind.to_owned() })
        }
    }
}

/// A runtime for one conversation with a database.
pub(super) fn runtime(settings: &DbSettings) -> Result<tokio::runtime::Runtime, SqlError> {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|e| SqlError::Other { place: settings.place(), message: e.to_string() })
}

enum Message {
    Schema(Schema, Vec<Note>),
    Rows(Vec<Item>),
    Failed(SqlError),
}

/// The rows of a query, as a source. The connection lives on a thread of its own and waits for the
/// reader, so that memory stays bounded.
pub struct SqlSource {
    schema: Arc<Schema>,
    messages: Receiver<Message>,
    rows: std::vec::IntoIter<Item>,
    notes: Vec<Note>,
    ended: bool,
}

impl SqlSource {
    /// Connects, checks the query and waits for its first rows.
    ///
    /// # Errors
    /// Everything that [`SqlError`] tells of.
    pub fn open(settings: &DbSettings, request: &SqlRequest) -> Result<Self, SqlError> {
        let query = request.query(settings.scheme)?;
        let (sender, messages) = sync_channel(2);
        let (settings, request) = (settings.clone(), request.clone());
        let place = settings.place();
        std::thread::spawn(move || {
            let told = runtime(&settings).and_then(|runtime| match settings.scheme {
                Scheme::MySql => runtime
                    .block_on(extract::<super::mysql::MySqlDriver>(&settings, &request, &query, &sender)),
                Scheme::Postgres => runtime.block_on(extract::<super::postgres::PostgresDriver>(
                    &settings, &request, &query, &sender,
                )),
                Scheme::Sqlite => runtime
                    .block_on(extract::<super::sqlite::SqliteDriver>(&settings, &request, &query, &sender)),
            });
            if let Err(error) = told {
                let _ = sender.send(Message::Failed(error));
            }
        });
        match messages.recv() {
            Ok(Message::Schema(schema, notes)) => Ok(Self {
                notes,
                schema: Arc::new(schema),
                messages,
                rows: Vec::new().into_iter(),
                ended: false,
            }),
            Ok(Message::Failed(error)) => Err(error),
            Ok(Message::Rows(_)) | Err(_) => {
                Err(SqlError::Other { place, message: "the driver stopped".to_owned() })
            }
        }
    }
}

impl Source for SqlSource {
    fn schema(&self) -> &Arc<Schema> {
        &self.schema
    }

    fn next_item(&mut self) -> Result<Option<Item>, SourceError> {
        loop {
            if let Some(mut item) = self.rows.next() {
                // The rows were made before the schema was final.
                if let Item::Record(record) = &mut item {
                    record.schema = Arc::clone(&self.schema);
                }
                return Ok(Some(item));
            }
            if self.ended {
                return Ok(None);
            }
            match self.messages.recv() {
                Ok(Message::Rows(rows)) => self.rows = rows.into_iter(),
                Ok(Message::Schema(..)) => {}
                Ok(Message::Failed(error)) => {
                    self.ended = true;
                    return Err(error.into());
                }
                Err(_) => self.ended = true,
            }
        }
    }

    fn notes(&self) -> Vec<Note> {
        self.notes.clone()
    }
}

/// The whole conversation: connect, describe, stream.
async fn extract<D: Driver>(
    settings: &DbSettings,
    request: &SqlRequest,
    query: &str,
    sender: &SyncSender<Message>,
) -> Result<(), SqlError> {
    let mut driver = connect::<D>(settings, request).await?;
    let columns = describe(&mut driver, settings, request, query).await?;
    let statements = Statements { scheme: D::SCHEME, query, columns: &columns, request };
    let mut rows = Rows::new(request, &columns, sender);
    let sql = statements.extract(&D::list(&columns));
    driver
        .rows(sql, statements.bind(), &columns, request, &mut |values, broken| rows.take(values, broken))
        .await?;
    rows.flush();
    Ok(())
}

async fn connect<D: Driver>(settings: &DbSettings, request: &SqlRequest) -> Result<D, SqlError> {
    // Nobody waits minutes for a server that is not there.
    let limit = request.timeout.min(Duration::from_secs(15));
    match tokio::time::timeout(limit, D::connect(settings, request.timeout)).await {
        Ok(driver) => driver,
        Err(_) => Err(SqlError::Unreachable {
            place: settings.place(),
            cause: format!("no connection within {} s", limit.as_secs_f64()),
        }),
    }
}

async fn describe<D: Driver>(
    driver: &mut D,
    settings: &DbSettings,
    request: &SqlRequest,
    query: &str,
) -> Result<Vec<ColumnPlan>, SqlError> {
    let mut columns = driver.describe(query, request).await?;
    let names: Vec<String> = columns.iter().map(|c| c.name.clone()).collect();
    check_columns(settings, &names, request)?;
    for column in &mut columns {
        if request.json_columns.contains(&column.name) {
            column.kind = Some(ColumnKind::Json);
        }
    }
    Ok(columns)
}

/// Makes records of rows, and sends them in blocks.
struct Rows<'a> {
    sender: &'a SyncSender<Message>,
    schema: Arc<Schema>,
    /// Columns whose kind only the first block can tell.
    undecided: Vec<bool>,
    json: Vec<usize>,
    key: Vec<usize>,
    source: Arc<str>,
    block: Vec<Item>,
    limit: usize,
    number: u64,
    notes: Vec<Note>,
    sent_schema: bool,
}

impl<'a> Rows<'a> {
    fn new(request: &SqlRequest, columns: &[ColumnPlan], sender: &'a SyncSender<Message>) -> Self {
        let schema = Schema {
            source: request.source.clone(),
            columns: columns
                .iter()
                .map(|c| Column { name: c.name.clone(), kind: c.kind.unwrap_or(ColumnKind::Text) })
                .collect(),
        };
        let places =
            |names: &[String]| names.iter().filter_map(|name| schema.index_of(name)).collect::<Vec<_>>();
        let mut notes = Vec::new();
        if request.key.is_empty() {
            notes.push(Note::NoKey);
        }
        let hex = columns.iter().filter(|c| c.read == Read::Hex);
        notes.extend(hex.map(|c| Note::HexBytes { column: c.name.clone() }));
        Self {
            sender,
            notes,
            undecided: columns.iter().map(|c| c.kind.is_none()).collect(),
            json: places(&request.json_columns),
            key: places(&request.key),
            source: Arc::from(request.source.as_str()),
            block: Vec::new(),
            limit: request.fetch_rows.max(1),
            number: 0,
            sent_schema: false,
            schema: Arc::new(schema),
        }
    }

    fn take(&mut self, mut values: Vec<Value>, broken: Option<usize>) -> bool {
        self.number += 1;
        for &i in &self.json {
            if let Value::Text(text) = &values[i] {
                values[i] = values::json(text);
            }
        }
        let item = match (broken, self.key_of(&values)) {
            (Some(i), _) => {
                let column = &self.schema.columns[i].name;
                self.set_aside(
                    "bad_encoding",
                    &format!("the text of the column `{column}` is not UTF-8"),
                    &values,
                )
            }
            (None, Some(key)) => Item::Record(Record {
                id: RecordId { source: Arc::clone(&self.source), key },
                schema: Arc::clone(&self.schema),
                values,
            }),
            (None, None) => self.without_key(&values),
        };
        self.block.push(item);
        self.block.len() < self.limit || self.flush()
    }

    fn key_of(&self, values: &[Value]) -> Option<String> {
        if self.key.is_empty() {
            return Some(self.number.to_string());
        }
        if self.key.iter().any(|&i| values[i] == Value::Null) {
            return None;
        }
        Some(crate::record::key_text(self.key.iter().map(|&i| &values[i])))
    }

    fn without_key(&self, values: &[Value]) -> Item {
        let missing: Vec<&str> = (self.key.iter())
            .filter(|&&i| values[i] == Value::Null)
            .map(|&i| self.schema.columns[i].name.as_str())
            .collect();
        self.set_aside("no_key", &format!("the key column `{}` is NULL", missing.join("`, `")), values)
    }

    fn set_aside(&self, reason: &str, detail: &str, values: &[Value]) -> Item {
        let texts: Vec<_> = values.iter().map(Value::to_text).collect();
        Item::Rejected(Rejection {
            id: format!("{}#row {}", self.source, self.number),
            reason: reason.to_owned(),
            detail: format!("row {}: {detail}", self.number),
            text: texts.join(" | "),
        })
    }

    /// Sends the block; false when nobody wants it.
    fn flush(&mut self) -> bool {
        if !self.sent_schema {
            self.sent_schema = true;
            let mut schema = (*self.schema).clone();
            for (i, column) in schema.columns.iter_mut().enumerate().filter(|(i, _)| self.undecided[*i]) {
                column.kind = self.kind_of(i);
            }
            if self.sender.send(Message::Schema(schema, std::mem::take(&mut self.notes))).is_err() {
                return false;
            }
        }
        let block = std::mem::take(&mut self.block);
        block.is_empty() || self.sender.send(Message::Rows(block)).is_ok()
    }

    /// The kind of a column's first value in the block.
    fn kind_of(&self, i: usize) -> ColumnKind {
        let found = self.block.iter().filter_map(|item| match item {
            Item::Record(record) => Some(&record.values[i]),
            Item::Rejected(_) => None,
        });
        let time =
            |value: &Value| matches!(value, Value::Text(text) if values::Moment::parse(text).is_some());
        let kind = |value| if time(value) { Some(ColumnKind::Time) } else { ColumnKind::of(value) };
        found.into_iter().find_map(kind).unwrap_or(ColumnKind::Text)
    }
}

/// Counts the rows of a request and finds its greatest key.
pub(super) fn probe(settings: &DbSettings, request: &SqlRequest) -> Result<Probe, SqlError> {
    let query = request.query(settings.scheme)?;
    let runtime = runtime(settings)?;
    match settings.scheme {
        Scheme::MySql => runtime.block_on(ask::<super::mysql::MySqlDriver>(settings, request, &query)),
        Scheme::Postgres => {
            runtime.block_on(ask::<super::postgres::PostgresDriver>(settings, request, &query))
        }
        Scheme::Sqlite => runtime.block_on(ask::<super::sqlite::SqliteDriver>(settings, request, &query)),
    }
}

async fn ask<D: Driver>(settings: &DbSettings, request: &SqlRequest, query: &str) -> Result<Probe, SqlError> {
    let mut driver = connect::<D>(settings, request).await?;
    let columns = describe(&mut driver, settings, request, query).await?;
    let statements = Statements { scheme: D::SCHEME, query, columns: &columns, request };
    let rows = driver.text(statements.count()).await?.and_then(|n| n.parse().ok()).unwrap_or(0);
    let mut greatest = Vec::new();
    for column in request.key.iter().take(1).chain(request.increment.iter().map(|i| &i.column)) {
        greatest.push(driver.text(statements.greatest(column)).await?.unwrap_or_default());
    }
    Ok(Probe { rows, greatest })
}
