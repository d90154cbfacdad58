//! Sources of the recipe, opened.

use std::path::Path;
use std::time::Duration;

use data::sources::csv::{CsvOptions, CsvSource};
use data::sources::jsonl::{JsonlOptions, JsonlSource};
use data::sources::parquet::{ParquetOptions, ParquetSource};
use data::sources::sql::{self, BytesPolicy, DbSettings, SqlRequest, SqlSource};
use data::sources::text::{TextOptions, TextSource, Unit};
use data::sources::xlsx::{XlsxOptions, XlsxSource};
use data::sources::{Item, Renamed, Source as Rows, SourceError};

use crate::console::error::fail;
use crate::project::Project;
use crate::recipe::Source;

/// Where the database of a source is: its URL, or `DB_*` of the environment.
pub fn settings(project: &Project, source: &Source) -> anyhow::Result<DbSettings> {
    let key = format!("source.{}.url", source.name);
    let env = &project.environment;
    if !source.url.is_empty() {
        let url = env.expand(&key, &source.url)?;
        return Ok(DbSettings::from_url(&url)?.relative_to(&project.folder));
    }
    let Some(name) = env.get("DB_NAME") else {
        return Err(fail(
            format!("[source.{}] has no `url`, and DB_NAME is not set", source.name),
            "write DB_USER, DB_PASSWORD, DB_HOST, DB_PORT and DB_NAME into .env, or a `url` into the recipe",
        ));
    };
    let get = |name| env.get(name).unwrap_or_default();
    let port = env.get("DB_PORT").map(|port| port.trim().parse::<u16>()).transpose().map_err(|_| {
        fail(
            "DB_PORT is not a number up to 65535",
            "a MySQL server usually listens at 3306, PostgreSQL at 5432",
        )
    })?;
    Ok(DbSettings {
        user: get("DB_USER"),
        password: sql::Secret::new(get("DB_PASSWORD")),
        host: get("DB_HOST"),
        port,
        name,
        ..DbSettings::default()
    })
}

/// What is asked of the database.
pub fn request(source: &Source) -> SqlRequest {
    let extract = if source.table.is_empty() {
        sql::Extract::Query(source.query.clone())
    } else {
        sql::Extract::Table(source.table.clone())
    };
    let theirs = |columns: &[String]| columns.iter().map(|column| source.theirs(column).clone()).collect();
    SqlRequest {
        key: theirs(&source.key),
        json_columns: theirs(&source.json_columns),
        bytes: if source.bytes == "hex" { BytesPolicy::Hex } else { BytesPolicy::Refuse },
        utc_offset_minutes: source.utc_offset_minutes as i32,
        timeout: Duration::from_secs(source.timeout_secs),
        ..SqlRequest::new(source.name.clone(), extract)
    }
}

/// What is asked of the database about its rows: how many there are, and how far their key and the column
/// of `incremental` have come.
pub fn probe(settings: &DbSettings, source: &Source) -> Result<sql::Probe, sql::SqlError> {
    let column = source.theirs(&source.incremental);
    let request = request(source);
    let is_apart = !column.is_empty() && request.key.first() != Some(column);
    let increment = is_apart.then(|| sql::Increment { column: column.clone(), after: data::Value::Null });
    sql::probe(settings, &SqlRequest { increment, ..request })
}

/// Opens a source for reading from its start, its columns by the recipe's names.
pub fn open(project: &Project, source: &Source) -> anyhow::Result<Box<dyn Rows>> {
    open_after(project, source, None)
}

/// Opens a source for reading the rows after a value of its column of `incremental`, or from its start.
pub fn open_after(
    project: &Project,
    source: &Source,
    after: Option<data::Value>,
) -> anyhow::Result<Box<dyn Rows>> {
    let rows = open_theirs(project, source, after)?;
    let rows: Box<dyn Rows> = match source.columns.renamed() {
        Some(names) => Box::new(Renamed::new(rows, names)?),
        None => rows,
    };
    if !source.incremental.is_empty() && rows.schema().index_of(&source.incremental).is_none() {
        return Err(SourceError::UnknownColumn {
            place: format!("source `{}`, incremental", source.name),
            column: source.incremental.clone(),
            columns: rows.schema().columns.iter().map(|column| column.name.clone()).collect(),
        }
        .into());
    }
    Ok(rows)
}

/// The source as it calls its columns itself.
fn open_theirs(
    project: &Project,
    source: &Source,
    after: Option<data::Value>,
) -> anyhow::Result<Box<dyn Rows>> {
    let key: Vec<String> = source.key.iter().map(|column| source.theirs(column).clone()).collect();
    let path = project.path(&source.path);
    if source.kind != "sql" {
        must_hold_still(&path)?;
    }
    let name = &source.name;
    Ok(match source.kind.as_str() {
        "sql" => Box::new(open_sql(project, source, after)?),
        "csv" | "tsv" => Box::new(CsvSource::open(&path, name, &csv_options(source, key))?),
        "xlsx" => Box::new(XlsxSource::open(
            &path,
            name,
            &XlsxOptions {
                sheet: Some(source.sheet.clone()).filter(|sheet| !sheet.is_empty()),
                header_row: u32::try_from(source.header_row).ok().filter(|row| *row > 0),
                key,
            },
        )?),
        "jsonl" => {
            let options = JsonlOptions {
                columns: source.columns.paths().to_vec(),
                also: source
                    .columns
                    .renamed()
                    .map_or_else(Vec::new, |names| names.values().cloned().collect()),
                each: source.each.clone(),
                key,
                ..JsonlOptions::default()
            };
            Box::new(JsonlSource::open(&path, name, &options)?)
        }
        "parquet" => {
            let options = ParquetOptions { key, hex_bytes: source.bytes == "hex" };
            Box::new(ParquetSource::open(&path, name, &options)?)
        }
        "text" => {
            let unit = match source.unit.as_str() {
                "file" => Unit::File,
                "line" => Unit::Line,
                _ => Unit::Paragraph,
            };
            Box::new(TextSource::open(&path, name, &TextOptions { unit, ..TextOptions::default() })?)
        }
        kind => return Err(fail(format!("there is no source of kind `{kind}`"), "`moru explain source`")),
    })
}

fn open_sql(project: &Project, source: &Source, after: Option<data::Value>) -> anyhow::Result<SqlSource> {
    let column = source.theirs(&source.incremental);
    let increment = after.map(|after| sql::Increment { column: column.clone(), after });
    let request = SqlRequest { increment, ..request(source) };
    Ok(SqlSource::open(&settings(project, source)?, &request).map_err(SourceError::from)?)
}

/// Refuses pipes and devices before they are opened: a source is read more than once, and a pipe that
/// nobody writes into would be waited for without end.
fn must_hold_still(path: &Path) -> anyhow::Result<()> {
    match std::fs::metadata(path) {
        Ok(meta) if !meta.is_file() && !meta.is_dir() => {
            Err(pipeline::Error::NotAFile { path: path.to_owned() }.into())
        }
        _ => Ok(()),
    }
}

fn csv_options(source: &Source, key: Vec<String>) -> CsvOptions {
    let tsv = (source.kind == "tsv").then_some('\t');
    CsvOptions {
        delimiter: source.delimiter.chars().next().or(tsv),
        key,
        header: source.header,
        ..CsvOptions::default()
    }
}

/// Whether no two rows of a CSV file have the same value in a column, and none has an empty one.
pub fn is_unique(path: &Path, column: &str) -> anyhow::Result<bool> {
    let mut source = CsvSource::open(path, "table", &CsvOptions::default())?;
    let Some(at) = source.schema().index_of(column) else { return Ok(false) };
    let mut seen = std::collections::HashSet::new();
    while let Some(item) = source.next_item()? {
        let data::sources::Item::Record(record) = item else { continue };
        let value = record.values[at].to_text().into_owned();
        if value.trim().is_empty() || !seen.insert(value) {
            return Ok(false);
        }
    }
    Ok(true)
}

/// A CSV or TSV file, its rows named by their lines.
pub fn table(path: &Path) -> anyhow::Result<CsvSource> {
    must_hold_still(path)?;
    Ok(CsvSource::open(path, "table", &CsvOptions::default())?)
}

/// The columns of a table, and its rows with their lines.
pub type Cells = (Vec<String>, Vec<(String, Vec<String>)>);

/// All rows of a CSV or TSV file, in any encoding and with any separator that spreadsheets write.
///
/// # Errors
/// A file that is no table, and the first row that is broken, with `mend` as what to do about it.
pub fn rows(path: &Path, mend: &str) -> anyhow::Result<Cells> {
    let mut table = table(path)?;
    let columns = table.schema().columns.iter().map(|column| column.name.clone()).collect();
    let mut rows = Vec::new();
    while let Some(item) = table.next_item()? {
        match item {
            Item::Record(record) => {
                let cells = record.values.iter().map(|value| value.to_text().into_owned());
                rows.push((record.id.key.clone(), cells.collect()));
            }
            Item::Rejected(rejection) => {
                return Err(fail(format!("{}: {}", path.display(), rejection.detail), mend));
            }
        }
    }
    Ok((columns, rows))
}

/// The columns of a CSV file.
pub fn columns_of_csv(path: &Path) -> anyhow::Result<Vec<String>> {
    must_hold_still(path)?;
    let source = CsvSource::open(path, "table", &CsvOptions::default())?;
    Ok(source.schema().columns.iter().map(|column| column.name.clone()).collect())
}
