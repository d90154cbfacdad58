//! A SQLite file from a script: the example shop, and fixtures.

use std::path::Path;
use std::time::Duration;

use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqliteSynchronous};
use sqlx::{AssertSqlSafe, ConnectOptions, Connection, Executor};

use super::settings::{DbSettings, Scheme};
use super::{SqlError, error, stream};

/// Creates a SQLite file by running a script of statements in one transaction. The file appears at
/// `path` when the script has run to its end; one that was there is replaced.
///
/// # Errors
/// What the database says about the script, and a folder that cannot be written.
pub fn build_sqlite(path: &Path, script: &str) -> Result<(), SqlError> {
    let part = path.with_extension("part");
    let settings = DbSettings {
        scheme: Scheme::Sqlite,
        name: path.to_string_lossy().into_owned(),
        ..DbSettings::default()
    };
    let file = |e: std::io::Error| SqlError::File { place: settings.place(), detail: e.to_string() };
    match std::fs::remove_file(&part) {
        Err(e) if e.kind() != std::io::ErrorKind::NotFound => return Err(file(e)),
        _ => {}
    }
    let built = stream::runtime(&settings)?.block_on(run(&part, script));
    if let Err(e) = built {
        let _ = std::fs::remove_file(&part);
        return Err(error::explain(e, &settings, Duration::ZERO));
    }
    // What an earlier database of this name left behind must not be taken for this one's.
    for tail in ["-wal", "-shm", "-journal"] {
        let mut side = path.as_os_str().to_owned();
        side.push(tail);
        match std::fs::remove_file(&side) {
            Err(e) if e.kind() != std::io::ErrorKind::NotFound => return Err(file(e)),
            _ => {}
        }
    }
    std::fs::rename(&part, path).map_err(file)
}

async fn run(part: &Path, script: &str) -> Result<(), sqlx::Error> {
    // No journal and no waiting for the disk: a file that is cut short never gets its name.
    let mut connection = SqliteConnectOptions::new()
        .filename(part)
        .create_if_missing(true)
        .journal_mode(SqliteJournalMode::Off)
        .synchronous(SqliteSynchronous::Off)
        .disable_statement_logging()
        .connect()
        .await?;
    connection.execute("BEGIN").await?;
    connection.execute(sqlx::raw_sql(AssertSqlSafe(script))).await?;
    connection.execute("COMMIT").await?;
    connection.close().await
}
