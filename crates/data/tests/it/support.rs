//! What several tests need.

use data::sources::{Item, Source};
use data::{Record, Rejection};
use sqlx::{AssertSqlSafe, Connection, Executor};
use testing::mutation::{Draws, mutated};

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

/// A ZIP archive of stored files.
pub fn zip(files: &[(&str, &str)]) -> Vec<u8> {
    let (mut out, mut directory) = (Vec::new(), Vec::new());
    let le16 = |n: usize| u16::try_from(n).unwrap().to_le_bytes();
    let le32 = |n: usize| u32::try_from(n).unwrap().to_le_bytes();
    for (name, text) in files {
        let at = out.len();
        let mut common = Vec::new();
        common.extend([20, 0, 0, 8, 0, 0, 0, 0, 0, 0]);
        common.extend(crc32(text.as_bytes()).to_le_bytes());
        common.extend(le32(text.len()));
        common.extend(le32(text.len()));
        common.extend(le16(name.len()));
        common.extend([0, 0]);
        out.extend(b"PK\x03\x04");
        out.extend(&common);
        out.extend(name.as_bytes());
        out.extend(text.as_bytes());
        directory.extend(b"PK\x01\x02\x14\0");
        directory.extend(&common);
        directory.extend([0; 10]);
        directory.extend(le32(at));
        directory.extend(name.as_bytes());
    }
    let at = out.len();
    out.extend(&directory);
    out.extend(b"PK\x05\x06\0\0\0\0");
    out.extend(le16(files.len()));
    out.extend(le16(files.len()));
    out.extend(le32(directory.len()));
    out.extend(le32(at));
    out.extend([0, 0]);
    out
}

/// An archive of which one part is changed, and in one of four the archive around it.
pub fn changed_archive(mut parts: Vec<(&str, String)>, draws: &mut Draws) -> Vec<u8> {
    let chosen = draws.below(parts.len());
    let changed = mutated(parts[chosen].1.as_bytes(), draws);
    parts[chosen].1 = String::from_utf8_lossy(&changed).into_owned();
    let archive = zip(&parts.iter().map(|(name, text)| (*name, text.as_str())).collect::<Vec<_>>());
    if draws.below(4) == 0 { mutated(&archive, draws) } else { archive }
}

/// CRC-32 (ISO 3309), bit by bit.
fn crc32(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(!0u32, |crc, &byte| {
        (0..8).fold(crc ^ u32::from(byte), |c, _| if c & 1 == 1 { (c >> 1) ^ 0xedb8_8320 } else { c >> 1 })
    })
}
