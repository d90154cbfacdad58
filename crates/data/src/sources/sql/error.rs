//! What a database answered, in our words: place, cause, next step; never a password, never a value.

use std::time::Duration;

use super::settings::{DbSettings, Scheme};

/// Why a database gave no rows.
#[derive(Debug, thiserror::Error)]
pub enum SqlError {
    /// A connection URL that cannot be read.
    #[error("the database URL cannot be read: {detail}")]
    Url {
        /// What is wrong; never a part of the URL.
        detail: String,
    },
    /// Nobody answers there.
    #[error("{place}: no answer ({cause}); is the server running, and are host and port right?")]
    Unreachable {
        /// Which database.
        place: String,
        /// The system's answer.
        cause: String,
    },
    /// User or password are wrong.
    #[error("{place}: the server refused the user `{user}`; check the user and the password")]
    Login {
        /// Which database.
        place: String,
        /// The user.
        user: String,
    },
    /// The server has no such database.
    #[error("{place}: the server has no database of this name")]
    NoDatabase {
        /// Which database.
        place: String,
    },
    /// A SQLite file that is not there or not one.
    #[error("{place}: {detail}")]
    File {
        /// Which database.
        place: String,
        /// What is wrong.
        detail: String,
    },
    /// The query names something that is not there, or cannot be parsed.
    #[error("{place}: {what}: {message}")]
    Query {
        /// Which database.
        place: String,
        /// `there is no such table`, `there is no such column`, `the query cannot be parsed` …
        what: &'static str,
        /// The server's words; values in them are left out.
        message: String,
    },
    /// The query would write.
    #[error("the query is refused: {detail}; a source only reads")]
    Writes {
        /// What in it would write.
        detail: String,
    },
    /// The session refused to write.
    #[error("{place}: the query tried to write, and the read-only session refused it")]
    WriteRefused {
        /// Which database.
        place: String,
    },
    /// The user may not read this.
    #[error("{place}: the user may not read this: {message}")]
    Forbidden {
        /// Which database.
        place: String,
        /// The server's words.
        message: String,
    },
    /// It took too long.
    #[error("{place}: the query took longer than {} s; raise `timeout_secs` or narrow the query", limit.as_secs_f64())]
    Timeout {
        /// Which database.
        place: String,
        /// The limit.
        limit: Duration,
    },
    /// A column of bytes.
    #[error(
        "{place}: the column `{column}` holds bytes ({kind}); leave it out of the query, convert it there, \
         or set `bytes = \"hex\"`"
    )]
    Bytes {
        /// Which database.
        place: String,
        /// The column.
        column: String,
        /// The database's name of its type.
        kind: String,
    },
    /// A key or increment column that the query does not give.
    #[error("{place}: the query gives no column `{column}`; it gives {}", crate::sources::quoted(columns))]
    NoKeyColumn {
        /// Which database.
        place: String,
        /// The column asked for.
        column: String,
        /// The columns there are.
        columns: Vec<String>,
    },
    /// Two columns of one name.
    #[error("{place}: the query gives two columns `{column}`; rename one with AS")]
    DuplicateColumn {
        /// Which database.
        place: String,
        /// The name.
        column: String,
    },
    /// The connection broke off, or the server answered something else.
    #[error("{place}: {message}")]
    Other {
        /// Which database.
        place: String,
        /// The driver's or server's words; values in them are left out.
        message: String,
    },
}

/// Puts a driver's error into our words.
pub(super) fn explain(error: sqlx::Error, settings: &DbSettings, limit: Duration) -> SqlError {
    let place = settings.place();
    match error {
        sqlx::Error::Database(db) => {
            let code = match settings.scheme {
                Scheme::MySql => db
                    .try_downcast_ref::<sqlx::mysql::MySqlDatabaseError>()
                    .map(|e| e.number().to_string())
                    .unwrap_or_default(),
                Scheme::Postgres | Scheme::Sqlite => db.code().unwrap_or_default().into_owned(),
            };
            database(settings, &code, db.message(), limit)
        }
        // A certificate that is not accepted arrives as invalid data.
        sqlx::Error::Io(cause) if cause.kind() == std::io::ErrorKind::InvalidData => {
            SqlError::Other { place, message: format!("no encrypted connection: {cause}") }
        }
        sqlx::Error::Io(cause) => SqlError::Unreachable { place, cause: cause.to_string() },
        sqlx::Error::Tls(cause) => {
            SqlError::Other { place, message: format!("no encrypted connection: {cause}") }
        }
        sqlx::Error::WorkerCrashed => SqlError::Other { place, message: "the driver stopped".to_owned() },
        other => SqlError::Other { place, message: without_values(&other.to_string()) },
    }
}

/// Codes: MySQL and MariaDB server error reference; PostgreSQL appendix A (SQLSTATE); SQLite result codes.
fn database(settings: &DbSettings, code: &str, message: &str, limit: Duration) -> SqlError {
    let place = settings.place();
    let query = |what| SqlError::Query { place: place.clone(), what, message: without_literals(message) };
    match (settings.scheme, code) {
        (Scheme::MySql, "1045" | "1698") | (Scheme::Postgres, "28P01" | "28000") => {
            SqlError::Login { place, user: settings.user.clone() }
        }
        (Scheme::MySql, "1049") | (Scheme::Postgres, "3D000") => SqlError::NoDatabase { place },
        (Scheme::MySql, "1146" | "1109" | "1051") | (Scheme::Postgres, "42P01") => {
            query("there is no such table")
        }
        (Scheme::MySql, "1054") | (Scheme::Postgres, "42703") => query("there is no such column"),
        (Scheme::MySql, "1064") | (Scheme::Postgres, "42601") => query("the query cannot be parsed"),
        (Scheme::Postgres, code) if code.starts_with("42") && code != "42501" => {
            query("the query is not understood")
        }
        (Scheme::MySql, "1142" | "1143" | "1044" | "1227") | (Scheme::Postgres, "42501") => {
            SqlError::Forbidden { place, message: message.to_owned() }
        }
        (Scheme::MySql, "1792" | "1290" | "1836") | (Scheme::Postgres, "25006") => {
            SqlError::WriteRefused { place }
        }
        (Scheme::MySql, "3024" | "1969" | "1317") | (Scheme::Postgres, "57014") => {
            SqlError::Timeout { place, limit }
        }
        (Scheme::Sqlite, _) => sqlite(place, code, message, limit),
        _ => SqlError::Other { place, message: without_values(message) },
    }
}

fn sqlite(place: String, code: &str, message: &str, limit: Duration) -> SqlError {
    // What is said before the colon is said by us.
    let told = ["no such table: ", "no such column: "].iter().find_map(|said| message.strip_prefix(said));
    let told = without_literals(told.unwrap_or(message));
    let query = |what| SqlError::Query { place: place.clone(), what, message: told.clone() };
    let primary = code.parse::<u32>().unwrap_or(0) & 0xff;
    match primary {
        _ if message.starts_with("no such table") => query("there is no such table"),
        _ if message.starts_with("no such column") => query("there is no such column"),
        _ if message.contains("syntax error") || message.contains("incomplete input") => {
            query("the query cannot be parsed")
        }
        8 => SqlError::WriteRefused { place },
        9 => SqlError::Timeout { place, limit },
        14 => SqlError::File { place, detail: "the file cannot be opened; is the path right?".to_owned() },
        26 => SqlError::File { place, detail: "the file is not a SQLite database".to_owned() },
        11 => SqlError::File { place, detail: "the file is damaged".to_owned() },
        1 => query("the query is not understood"),
        _ => SqlError::Other { place, message: without_values(message) },
    }
}

/// A message about the text of a query without the literals in that text. MySQL repeats the rest of the
/// query: it is cut where its first literal begins. The others repeat one token.
fn without_literals(message: &str) -> String {
    let is_literal = |text: &str| {
        text.contains(['\'', '"']) || text.split(|c: char| !c.is_ascii_digit()).any(|run| run.len() > 3)
    };
    for (open, close) in [("near '", "' at line"), ("near \"", "\""), ("token: \"", "\"")] {
        let Some((before, rest)) = message.split_once(open) else { continue };
        let (near, after) = rest.rsplit_once(close).unwrap_or((rest, ""));
        if !is_literal(near) {
            break;
        }
        let shown = near.find(|c: char| c.is_ascii_digit() || "'\"".contains(c)).map_or("", |at| &near[..at]);
        return format!("{before}{open}{shown}…{close}{after}");
    }
    message.to_owned()
}

/// A message with everything in quotes left out: a server quotes the value that it could not convert.
fn without_values(message: &str) -> String {
    let mut out = String::new();
    let mut open = None;
    for c in message.chars() {
        match open {
            None => {
                out.push(c);
                if matches!(c, '\'' | '"' | '`') {
                    open = Some(c);
                    out.push('…');
                }
            }
            Some(quote) if c == quote => {
                out.push(c);
                open = None;
            }
            Some(_) => {}
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn literals_of_the_query_are_left_out() {
        for (message, want) in [
            (
                "right syntax to use near 'question from t where tel = '010-9876-5432'' at line 1",
                "right syntax to use near 'question from t where tel = …' at line 1",
            ),
            (
                "right syntax to use near ',question from t' at line 3",
                "right syntax to use near ',question from t' at line 3",
            ),
            ("syntax error at or near \"'홍길동'\"", "syntax error at or near \"…\""),
            ("syntax error at or near \",\"", "syntax error at or near \",\""),
            ("near \"01098765432\": syntax error", "near \"…\": syntax error"),
            ("unrecognized token: \"'홍길동\"", "unrecognized token: \"…\""),
            ("Table 'lab.orders' doesn't exist", "Table 'lab.orders' doesn't exist"),
        ] {
            assert_eq!(without_literals(message), want);
        }
    }

    #[test]
    fn values_are_left_out() {
        assert_eq!(
            without_values("invalid input syntax for type integer: \"홍길동\""),
            "invalid input syntax for type integer: \"…\""
        );
        assert_eq!(
            without_values("Truncated incorrect DOUBLE value: '010-1234"),
            "Truncated incorrect DOUBLE value: '…"
        );
    }
}
