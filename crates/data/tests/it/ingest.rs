//! The raw extract: whole or absent, private, the same bytes for the same rows.

use std::path::Path;

use data::ingest::{
    Extract, IngestError, IngestOptions, Merged, Reader, Threshold, export_csv, extracts, ingest,
    table::TableReader,
};
use data::sources::csv::{CsvOptions, CsvSource};
use data::sources::{Item, SourceInfo};
use data::{Rejection, Value};

use crate::support::drain;

const NAME: &str = "문의/1";

fn take(csv: &str, folder: &Path, options: &IngestOptions) -> Result<Extract, IngestError> {
    let path = folder.join("t.csv");
    std::io::Write::write_all(&mut std::fs::File::create(&path).unwrap(), csv.as_bytes()).unwrap();
    let csv_options = CsvOptions { key: vec!["id".into()], ..CsvOptions::default() };
    let mut source = CsvSource::open(&path, "문의/1", &csv_options).unwrap();
    let info = SourceInfo {
        name: "문의/1".into(),
        kind: "csv".into(),
        licence: Some("CC-BY-4.0".into()),
        public: true,
        ..SourceInfo::default()
    };
    ingest(&mut source, &info, options, folder)
}

#[test]
fn rows_come_back_with_what_was_set_aside() {
    let folder = tempfile::tempdir().unwrap();
    let extract = take("id,q\n1,가\n2\n3,\"나\n\"\n", folder.path(), &IngestOptions::default()).unwrap();
    assert_eq!((extract.rows, extract.rejected["ragged_row"]), (2, 1));
    assert_eq!(extract.info.licence.as_deref(), Some("CC-BY-4.0"));
    let mut reader = Reader::open(folder.path(), "문의/1").unwrap();
    let (records, rejected): (Vec<_>, Vec<Rejection>) = drain(&mut reader);
    assert_eq!(records[1].id.to_string(), "문의/1#3");
    assert_eq!(records[1].values[1], Value::Text("나\n".into()));
    assert_eq!((rejected.len(), rejected[0].text.as_str()), (1, "2"));
    assert!(extract.first_rejected.as_ref().is_some_and(|first| first.contains("t.csv:3: row 2: ")));
    assert_eq!(extracts(folder.path()).unwrap(), [Extract { first_rejected: None, ..extract }]);
    let mut csv = Vec::new();
    let mut reader = Reader::open(folder.path(), "문의/1").unwrap();
    let rows =
        export_csv(&mut reader, &|column, value| format!("{column}={}", value.to_text()), Some(1), &mut csv);
    assert_eq!(rows.unwrap(), 1);
    assert_eq!(String::from_utf8(csv).unwrap(), "id,q\nid=1,q=가\n");
}

#[test]
fn the_same_rows_give_the_same_private_bytes() {
    let folders = [tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap()];
    let read = |folder: &Path| {
        take("id,q\n1,가\nx\n2,나\n", folder, &IngestOptions::default()).unwrap();
        let mut files: Vec<_> = std::fs::read_dir(folder)
            .unwrap()
            .map(|entry| entry.unwrap().path())
            .filter(|p| p.extension().is_some_and(|e| e != "csv"))
            .collect();
        files.sort();
        assert_eq!(files.len(), 3, "{files:?}");
        #[cfg(unix)]
        for file in &files {
            use std::os::unix::fs::PermissionsExt;
            assert_eq!(file.metadata().unwrap().permissions().mode() & 0o777, 0o600, "{file:?}");
        }
        // The notes of rows that were set aside name the file they came from.
        files.retain(|f| f.extension().is_some_and(|e| e != "jsonl"));
        files.iter().map(|f| std::fs::read(f).unwrap()).collect::<Vec<_>>()
    };
    assert_eq!(read(folders[0].path()), read(folders[1].path()));
}

#[test]
fn too_many_bad_rows_and_none_at_all() {
    let folder = tempfile::tempdir().unwrap();
    let strict = IngestOptions { threshold: Threshold { share: 0.1, rows: 1 }, ..IngestOptions::default() };
    let error = take("id,q\n1,a\n2\n3\n4,b\n", folder.path(), &strict).unwrap_err().to_string();
    assert!(
        error.contains("source `문의/1`: 2 of 4 rows cannot be read, more than the 1 that are allowed"),
        "{error}"
    );
    assert!(error.contains("t.csv:3: row 2: 1 fields, expected 2"), "{error}");
    let error = take("id,q\n", folder.path(), &strict).unwrap_err().to_string();
    assert_eq!(error, "source `문의/1` gave no rows");
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1, "only the CSV file is left");
    // An endless file of bad rows is not read to its end.
    let mut text = "id,q\n".to_owned();
    text.push_str(&"bad\n".repeat(5000));
    let error = take(&text, folder.path(), &strict).unwrap_err();
    assert!(matches!(error, IngestError::TooManyBadRows { rows: 1000, bad: 1000, .. }), "{error}");
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_is_named() {
    let full = Path::new("/dev/full");
    let schema = data::Schema { source: "t".into(), columns: Vec::new() };
    let mut table = data::ingest::table::TableWriter::create(full, &schema).unwrap();
    let error = table.end().unwrap_err().to_string();
    assert!(error.starts_with("/dev/full: "), "{error}");
    let nowhere = full.join("below");
    let error = data::output::Outputs::create(&nowhere).err().unwrap().to_string();
    assert!(error.starts_with("/dev/full/below/dataset.jsonl: "), "{error}");
}

/// Takes newer rows onto the extract of `base`; gives the cells of the rows then, or the error.
fn continued(base: &str, newer: &str) -> String {
    let folders = [tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap()];
    let options = IngestOptions { increment: Some("id".into()), ..IngestOptions::default() };
    take(base, folders[0].path(), &options).unwrap();
    let path = folders[1].path().join("newer.csv");
    std::io::Write::write_all(&mut std::fs::File::create(&path).unwrap(), newer.as_bytes()).unwrap();
    let newer = Box::new(CsvSource::open(&path, NAME, &CsvOptions::default()).unwrap());
    let Some(mut rows) = Merged::open(folders[0].path(), NAME, newer, &["id".to_owned()]).unwrap() else {
        return "other columns".to_owned();
    };
    let info = SourceInfo { name: NAME.into(), ..SourceInfo::default() };
    match ingest(&mut rows, &info, &options, folders[1].path()) {
        Err(error) => error.to_string(),
        Ok(extract) => {
            let mut table = Reader::open(folders[1].path(), NAME).unwrap();
            let mut cells = Vec::new();
            while let Some(Item::Record(record)) = table.next().unwrap() {
                cells.push(record.values.iter().map(|v| v.to_text()).collect::<String>());
            }
            assert_eq!(extract.rows, cells.len() as u64);
            cells.join(" ")
        }
    }
}

#[test]
fn newer_rows_are_put_in_their_places() {
    for (base, newer, want) in [
        ("id,q\n1,a\n2,b\n", "id,q\n3,c\n", "1a 2b 3c"),
        ("id,q\n1,a\n2,b\n", "id,q\n2,B\n3,c\n", "1a 2B 3c"),
        ("id,q\n2,b\n4,d\n", "id,q\n1,a\n3,c\n4,D\n5,e\n", "1a 2b 3c 4D 5e"),
        ("id,q\n1,a\n", "id,q\n", "1a"),
        ("id,q\n1,a\n2,b\n", "id,other\n3,c\n", "other columns"),
    ] {
        assert_eq!(continued(base, newer), want, "{base:?} {newer:?}");
    }
    let unordered = continued("id,q\n3,a\n2,b\n", "id,q\n4,c\n");
    assert!(unordered.contains("do not come in the order of their key"), "{unordered}");
}

#[test]
fn a_damaged_table_is_never_taken_for_a_whole_one() {
    let folder = tempfile::tempdir().unwrap();
    take("id,q\n1,가\n2,나\n3,다\n", folder.path(), &IngestOptions::default()).unwrap();
    let path = folder.path().join("문의%2F1.rows");
    let whole = std::fs::read(&path).unwrap();
    let rows = |bytes: &[u8]| {
        std::io::Write::write_all(&mut std::fs::File::create(&path).unwrap(), bytes).unwrap();
        let mut table = TableReader::open(&path)?;
        let mut n = 0;
        while table.next_row()?.is_some() {
            n += 1;
        }
        Ok::<_, IngestError>(n)
    };
    assert_eq!(rows(&whole).unwrap(), 3);
    for end in 0..whole.len() {
        assert!(matches!(rows(&whole[..end]), Err(IngestError::Damaged { .. })), "cut at {end}");
    }
    for at in 0..whole.len() {
        let mut damaged = whole.clone();
        damaged[at] ^= 0xff;
        let _ = rows(&damaged);
    }
}
