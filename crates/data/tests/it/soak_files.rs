//! Tables changed at random, thousands in the soak and some hundred here: rows, rejections or an error; no panic,
//! no hang, no memory that the file does not pay for.

use std::path::Path;
use std::sync::LazyLock;

use data::ingest::table::{TableReader, TableWriter};
use data::sources::csv::{CsvOptions, CsvSource};
use data::sources::jsonl::{JsonlOptions, JsonlSource};
use data::sources::parquet::{ParquetOptions, ParquetSource};
use data::sources::text::{TextOptions, TextSource};
use data::sources::xlsx::{XlsxOptions, XlsxSource};
use data::sources::{Source, SourceError};
use data::{Column, ColumnKind, Schema, Value};
use testing::mutation::{Draws, mutated, write_new};
use testing::trials;

use crate::files::{parquet_file, workbook_parts};
use crate::support::changed_archive;

const KINDS: [&str; 7] = ["csv", "tsv", "jsonl", "txt", "xlsx", "parquet", "rows"];

#[test]
fn tables_changed_at_random() {
    trials::survive_each("soak_files::each_case", &KINDS, 0..60);
}

#[test]
#[ignore = "thousands of cases; `cargo xtask soak`"]
fn soak_tables_changed_at_random() {
    trials::survive_each("soak_files::each_case", &KINDS, 0..3000);
}

#[test]
#[ignore = "a child of the tests beside it"]
fn each_case() {
    let folder = tempfile::tempdir().unwrap();
    trials::child(&mut |kind, case| {
        let path = folder.path().join(format!("t.{kind}"));
        let mut draws = Draws::new(case);
        let bytes = match kind {
            "xlsx" => changed_archive(workbook_parts(), &mut draws),
            _ => mutated(&whole(kind, &mut draws), &mut draws),
        };
        write_new(&path, &bytes);
        read(kind, &path);
    });
}

fn whole(kind: &str, draws: &mut Draws) -> Vec<u8> {
    static PARQUET: LazyLock<Vec<Vec<u8>>> = LazyLock::new(|| {
        use parquet::basic::{Compression, GzipLevel, ZstdLevel};
        let (gzip, zstd) = (Compression::GZIP(GzipLevel::default()), Compression::ZSTD(ZstdLevel::default()));
        [Compression::UNCOMPRESSED, Compression::SNAPPY, gzip, zstd].map(parquet_file).to_vec()
    });
    static ROWS: LazyLock<Vec<u8>> = LazyLock::new(rows);
    let text = match kind {
        "csv" => "id,q,a\r\n1,\"언제\n오나요?\",\"\"\"내일\"\"\"\r\n2,환불,네\r\n3,a;b,\r\n".to_owned(),
        "tsv" => "id\tq\n1\t배송은 언제?\n2\t\"x\"\n".to_owned(),
        "jsonl" => {
            "{\"id\": 1, \"c\": {\"name\": \"가\", \"tags\": [\"a\", 1.5]}}\n{\"id\": 2, \"c\": null}\n"
                .to_owned()
        }
        "txt" => "# 규정\n하나, 둘\n\n셋\n".to_owned(),
        "parquet" => return draws.one(&PARQUET).clone(),
        _ => return ROWS.clone(),
    };
    if draws.below(4) > 0 {
        return text.into_bytes();
    }
    match draws.below(3) {
        0 => text.encode_utf16().flat_map(u16::to_le_bytes).collect(),
        1 => format!("\u{feff}{text}").encode_utf16().flat_map(u16::to_be_bytes).collect(),
        _ => encoding_rs::EUC_KR.encode(&text).0.into_owned(),
    }
}

/// What `ingest` keeps of a table.
fn rows() -> Vec<u8> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("t.rows");
    let column = |name: &str, kind| Column { name: name.to_owned(), kind };
    let columns =
        vec![column("id", ColumnKind::Int), column("q", ColumnKind::Text), column("j", ColumnKind::Json)];
    let mut table = TableWriter::create(&path, &Schema { source: "t".into(), columns }).unwrap();
    for i in 0..5 {
        let json = Value::Json(serde_json::json!({ "a": [1, null, "가"] }));
        table.push(&i.to_string(), &[Value::Int(i), Value::Text("배송?".into()), json]).unwrap();
    }
    table.end().unwrap();
    std::fs::read(path).unwrap()
}

fn read(kind: &str, path: &Path) {
    let source: Result<Box<dyn Source>, SourceError> = match kind {
        "csv" | "tsv" => CsvSource::open(path, "t", &CsvOptions::default()).map(|s| Box::new(s) as _),
        "jsonl" => JsonlSource::open(path, "t", &JsonlOptions::default()).map(|s| Box::new(s) as _),
        "txt" => TextSource::open(path, "t", &TextOptions::default()).map(|s| Box::new(s) as _),
        "xlsx" => XlsxSource::open(path, "t", &XlsxOptions::default()).map(|s| Box::new(s) as _),
        "parquet" => ParquetSource::open(path, "t", &ParquetOptions::default()).map(|s| Box::new(s) as _),
        _ => {
            let Ok(mut table) = TableReader::open(path) else { return };
            while let Ok(Some(_)) = table.next_row() {}
            return;
        }
    };
    let mut source = match source {
        Ok(source) => source,
        Err(error) => return assert!(error.to_string().contains("t."), "no place: {error}"),
    };
    let width = source.schema().columns.len();
    loop {
        match source.next_item() {
            Ok(Some(data::sources::Item::Record(record))) => assert_eq!(record.values.len(), width),
            Ok(Some(data::sources::Item::Rejected(rejection))) => assert!(!rejection.reason.is_empty()),
            Ok(None) => break,
            Err(error) => return assert!(error.to_string().contains("t."), "no place: {error}"),
        }
    }
    source.notes();
}
