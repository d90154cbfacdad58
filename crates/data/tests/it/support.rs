//! What several tests need.

use data::sources::{Item, Source};
use data::{Record, Rejection};
use sqlx::{AssertSqlSafe, Connection, Executor};

/// Everything that a source gives.
pub fn drain(source: &mut dyn Source) -> (Vec<Record>, Vec<Rejection>) {
    let (mut records, mut rejected) = (Vec::new(), Vec::new());
    while let Some(item) = source.next_item().unwrap() {
        match item {
            Item::Record(record) => records.push(record),
            Item::Rejected(rejection) => rejected.push(rejection),
        }
    }
    assert!(source.next_item().unwrap().is_none(), "the end stays the end");
    (records, rejected)
}

/// Runs a script on a server, as its administrator would.
pub fn run_sql(url: &str, script: &str) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let script = sqlx::raw_sql(AssertSqlSafe(script));
    runtime.block_on(async {
        if url.starts_with("mysql") {
            sqlx::MySqlConnection::connect(url).await.unwrap().execute(script).await.unwrap();
        } else {
            sqlx::PgConnection::connect(url).await.unwrap().execute(script).await.unwrap();
        }
    });
}
