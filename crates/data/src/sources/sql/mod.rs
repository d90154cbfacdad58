//! MySQL/MariaDB, PostgreSQL and SQLite: a reading query, streamed row by row.
//!
//! 1. [`DbSettings`] says where ([`settings`](DbSettings::from_url)), [`SqlRequest`] what.
//! 2. The query is refused where it would write (`guard`); the session is read-only as well.
//! 3. The columns are described, then the rows come ordered by key in blocks (`plan`, `stream`).
//! 4. Each database's values become the same [`Value`](crate::record::Value)s (`values`), so that the
//!    same data gives the same records from all three.
//!
//! The drivers are asynchronous; that stays inside this module.

use serde::{Deserialize, Serialize};

mod create;
mod error;
mod guard;
mod mysql;
mod plan;
mod postgres;
mod secret;
mod settings;
mod sqlite;
mod stream;

use super::values;

pub use create::build_sqlite;
pub use error::SqlError;
pub use plan::{BytesPolicy, Extract, Increment, SqlRequest};
pub use secret::Secret;
pub use settings::{DbSettings, Scheme, Tls};
pub use stream::SqlSource;

/// What pins an extract: it is taken again when this changes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Probe {
    /// Rows of the query.
    pub rows: u64,
    /// The greatest value of the first key column, and of the increment's column where there is one.
    pub greatest: Vec<String>,
}

/// Counts the rows of a request and finds its greatest key.
///
/// # Errors
/// Everything that [`SqlError`] tells of.
pub fn probe(settings: &DbSettings, request: &SqlRequest) -> Result<Probe, SqlError> {
    stream::probe(settings, request)
}
