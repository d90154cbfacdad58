//! Databases.

use data::sources::sql::SqlError as E;

/// What to do about an answer of a database.
pub fn of(error: &(dyn std::error::Error + 'static)) -> Option<String> {
    error.downcast_ref().map(of_sql)
}

pub(super) fn of_sql(error: &E) -> String {
    let hint = match error {
        E::Url { .. } => {
            "write it as mysql://USER:PASSWORD@HOST:PORT/NAME (or postgres://…, sqlite:FILE); signs such as @ and # \
                 in a password are written as %40 and %23"
        }
        E::Unreachable { .. } => {
            "`moru doctor` tells which databases answer; DB_HOST and DB_PORT in .env say where"
        }
        E::Login { .. } => {
            "DB_USER and DB_PASSWORD (or the url) stand in .env; try them in the database's own client"
        }
        E::NoDatabase { .. } => "DB_NAME in .env (or the end of the url) names the database",
        E::File { .. } => "correct the path in `url = \"sqlite:PATH\"`; it begins at the project folder",
        E::Query { .. } => {
            "correct `query` or `table` in moru.toml; the database's own client shows the tables and columns"
        }
        E::Writes { .. } | E::WriteRefused { .. } => {
            "write it as one SELECT; what has to be changed in the database is done outside of moru"
        }
        E::Forbidden { .. } => "grant the user SELECT on what the query reads, or use another user",
        E::Timeout { .. } => "an index on the key column makes reading in its order fast",
        E::Bytes { .. } => "`moru explain source` tells what `bytes` does",
        E::NoKeyColumn { .. } => "add the column to the query, or name another in `key` or `incremental`",
        E::DuplicateColumn { .. } => "for example: SELECT a.id AS id, b.id AS order_id …",
        E::Other { .. } => {
            "run the query in the database's own client; `moru run` reads it from the start again"
        }
    };
    hint.to_owned()
}
