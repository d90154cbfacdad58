//! Tables and text in files, well-formed and not.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use data::sources::csv::{CsvOptions, CsvSource};
use data::sources::jsonl::{JsonlOptions, JsonlSource};
use data::sources::parquet::{ParquetOptions, ParquetSource};
use data::sources::text::{TextOptions, TextSource, Unit};
use data::sources::xlsx::{XlsxOptions, XlsxSource};
use data::sources::{Note, Source, SourceError};
use data::{ColumnKind, Record, Rejection, Value};
use tempfile::TempDir;

use crate::support::{drain, zip};

struct File {
    path: PathBuf,
    _folder: TempDir,
}

fn file(name: &str, bytes: &[u8]) -> File {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(name);
    std::fs::File::create(&path).unwrap().write_all(bytes).unwrap();
    File { path, _folder: folder }
}

fn texts(record: &Record) -> Vec<String> {
    record.values.iter().map(|v| v.to_text().into_owned()).collect()
}

fn csv(bytes: &[u8]) -> (Vec<Record>, Vec<Rejection>, Vec<Note>) {
    let file = file("t.csv", bytes);
    let mut source = CsvSource::open(&file.path, "t", &CsvOptions::default()).unwrap();
    let (records, rejected) = drain(&mut source);
    (records, rejected, source.notes())
}

/// A rejection's detail without the folder.
fn detail(rejection: &Rejection) -> &str {
    rejection.detail.rsplit('/').next().unwrap()
}

#[test]
fn csv_in_every_encoding_gives_the_same_rows() {
    let text = "번호,질문,답변\r\n1,\"배송은\n언제?\",\"\"\"내일\"\"\"\r\n2,똠방각하,네\r\n";
    let (cp949, _, _) = encoding_rs::EUC_KR.encode(text);
    let utf16: Vec<u8> =
        "\u{feff}".encode_utf16().chain(text.encode_utf16()).flat_map(u16::to_le_bytes).collect();
    for (bytes, encoding) in [
        (text.as_bytes().to_vec(), "UTF-8"),
        (format!("\u{feff}{text}").into_bytes(), "UTF-8"),
        (cp949.into_owned(), "CP949"),
        (utf16, "UTF-16LE"),
    ] {
        let (records, rejected, notes) = csv(&bytes);
        assert!(rejected.is_empty(), "{rejected:?}");
        assert_eq!(notes[0], Note::Encoding { name: encoding.into(), replaced: 0 });
        assert_eq!(records[0].schema.columns[1].name, "질문");
        assert_eq!(texts(&records[0]), ["1", "배송은\n언제?", "\"내일\""]);
        assert_eq!(texts(&records[1]), ["2", "똠방각하", "네"]);
        assert_eq!(records[1].id.to_string(), "t#4", "the line where the row begins");
    }
}

#[test]
fn rows_that_cannot_be_read_are_named_by_their_line() {
    let mut bytes = "id,q,a\n1,가,나\n2,여분,의,칸\n3,\"열린,따옴표\n4,다,라\n5,바".to_owned().into_bytes();
    bytes.extend_from_slice(b"\n6,\xb0\xa1\xb3\xaa,x\n7,a\0b,c\n");
    let (records, rejected, notes) = csv(&bytes);
    let keys: Vec<&str> = records.iter().map(|r| r.id.key.as_str()).collect();
    assert_eq!(keys, ["2", "5", "8"]);
    assert_eq!(texts(&records[2]), ["7", "ab", "c"]);
    let got: Vec<(&str, &str)> = rejected.iter().map(|r| (r.reason.as_str(), detail(r))).collect();
    assert_eq!(
        got,
        [
            ("ragged_row", "t.csv:3: row 2: 4 fields, expected 3"),
            ("bad_quotes", "t.csv:4: row 3: a quote is opened and not closed"),
            ("ragged_row", "t.csv:6: row 5: 2 fields, expected 3"),
            ("bad_encoding", "t.csv:7: row 6: 4 characters are not UTF-8, which the rest of the file is"),
        ]
    );
    assert!(notes.contains(&Note::Encoding { name: "UTF-8".into(), replaced: 4 }), "{notes:?}");
    assert!(notes.contains(&Note::NulBytes { removed: 1 }), "{notes:?}");
}

#[test]
fn a_cell_of_five_megabytes_and_a_quote_that_never_closes() {
    let cell = "가나다 \n".repeat(5 << 17);
    let mut text = format!("id,q\n1,\"{cell}\"\n2,\"open\n");
    for i in 3..50_000 {
        text.push_str(&format!("{i},plain\n"));
    }
    let (records, rejected, _) = csv(text.as_bytes());
    assert_eq!(records[0].values[1].to_text().len(), cell.len());
    assert_eq!(rejected.len(), 1, "{:?}", rejected.iter().map(detail).collect::<Vec<_>>());
    assert_eq!(rejected[0].text, "2,\"open");
    assert_eq!(records.len(), 1 + 49_997);
}

#[test]
fn csv_headers() {
    let open = |name: &str, bytes: &[u8], options: &CsvOptions| {
        let file = file(name, bytes);
        CsvSource::open(&file.path, "t", options).map(|mut s| {
            let columns: Vec<String> = s.schema().columns.iter().map(|c| c.name.clone()).collect();
            let keys: Vec<String> = drain(&mut s).0.into_iter().map(|r| r.id.key).collect();
            (columns, keys, s.notes())
        })
    };
    let keyed = CsvOptions { key: vec!["id".into()], ..CsvOptions::default() };
    let (columns, keys, _) = open("t.tsv", b"id\t\t x \na\tb\tc\n", &keyed).unwrap();
    assert_eq!((columns, keys), (vec!["id".into(), "column_2".into(), "x".into()], vec!["a".into()]));
    let (_, _, notes) = open("t.csv", b"id;q\n1;2\n", &keyed).unwrap();
    assert!(notes.contains(&Note::Delimiter { found: ';' }));
    let bare = CsvOptions { header: false, ..CsvOptions::default() };
    let (columns, keys, _) = open("t.csv", b"1,2\n3,4\n", &bare).unwrap();
    assert_eq!((columns.join(" "), keys.join(" ")), ("column_1 column_2".into(), "1 2".into()));
    let error = |bytes: &[u8]| open("t.csv", bytes, &keyed).unwrap_err().to_string();
    assert!(error(b"a,a\n").contains("t.csv:1: the column `a` occurs twice"));
    assert!(error(b"a,b\n1,2\n").contains("there is no column `id`; the columns are `a`, `b`"));
    assert!(error(b"").contains("the file is empty"));
    assert!(error(b"\n\n").contains("the file is empty"));
    assert!(error(b"\"id,q\n1,2\n").contains("line 1, the header: a quote is opened"));
    assert!(error(b"id,\x1b[31mq\n1,2\n").contains("line 1, the header: the name of column 2 holds control"));
    assert!(error(b"\0\0\0\n\0\n").contains("the name of column 1 holds control"));
    let mixed = [&b"id,\xc1\xfa\xb9\xae\n"[..], "1,가나다라마바사\n".repeat(9).as_bytes()].concat();
    assert!(error(&mixed).contains("line 1, the header: the name of column 2 is not UTF-8"));
    let absent = CsvSource::open(Path::new("no/such.csv"), "t", &keyed).err().unwrap();
    assert!(matches!(&absent, SourceError::Io { .. }) && absent.to_string().contains("no/such.csv"));
}

#[test]
fn jsonl_by_path() {
    let file = file(
        "t.jsonl",
        "{\"id\": 1, \"customer\": {\"name\": \"가\", \"tags\": [\"a\"]}, \"n\": 1}\n\
         {\"id\": 2, \"customer\": null, \"n\": 1.5}\n\n\
         not json\n[1]\n{\"id\": 3, \"customer\": {\"name\": \"나\"\n\
         {\"id\": 18446744073709551615, \"customer\": {\"name\": \"다\"}, \"a.b\": true}\n"
            .as_bytes(),
    );
    let mut source = JsonlSource::open(&file.path, "t", &JsonlOptions::default()).unwrap();
    let columns: Vec<(&str, ColumnKind)> =
        source.schema().columns.iter().map(|c| (c.name.as_str(), c.kind)).collect();
    assert_eq!(
        columns,
        [
            ("id", ColumnKind::Json),
            ("customer.name", ColumnKind::Text),
            ("customer.tags", ColumnKind::Json),
            ("n", ColumnKind::Float),
            ("a.b", ColumnKind::Bool),
        ]
    );
    let (records, rejected) = drain(&mut source);
    assert_eq!(texts(&records[0]), ["1", "가", "[\"a\"]", "1", ""]);
    assert_eq!(records[1].values[1], Value::Null);
    assert_eq!(texts(&records[2]), ["18446744073709551615", "다", "", "", "true"]);
    let got: Vec<(&str, &str)> = rejected.iter().map(|r| (r.reason.as_str(), detail(r))).collect();
    assert_eq!(
        got,
        [
            ("bad_json", "t.jsonl:4: column 2: this is no JSON"),
            ("not_an_object", "t.jsonl:5: the line is JSON, but no object"),
            ("bad_json", "t.jsonl:6: column 36: the line ends inside a value"),
        ]
    );
    let options = JsonlOptions {
        columns: vec!["customer.tags.0".into(), "customer.name".into()],
        key: vec!["customer.name".into()],
        ..JsonlOptions::default()
    };
    let mut source = JsonlSource::open(&file.path, "t", &options).unwrap();
    let (records, rejected) = drain(&mut source);
    assert_eq!(texts(&records[0]), ["a", "가"]);
    assert_eq!(records[0].id.key, "가");
    assert!(rejected.iter().any(|r| r.reason == "no_key" && detail(r).starts_with("t.jsonl:2:")));
}

#[test]
fn jsonl_further_fields_are_noticed_and_lists_refused() {
    let mut text = "{\"a\": 1}\n".repeat(data::sources::jsonl::LOOK_ROWS);
    text.push_str("{\"a\": 1, \"late\": {\"x\": 2}}\n{\"late\": {\"x\": 3}}\n");
    let file1 = file("t.jsonl", text.as_bytes());
    let mut source = JsonlSource::open(&file1.path, "t", &JsonlOptions::default()).unwrap();
    drain(&mut source);
    assert!(source.notes().contains(&Note::FurtherFields { field: "late.x".into(), rows: 2 }));
    let list = file("t.json", b" [{\"a\": 1}]");
    let error = JsonlSource::open(&list.path, "t", &JsonlOptions::default()).err().unwrap();
    assert!(error.to_string().contains("one JSON list instead of lines is not supported"), "{error}");
}

/// A workbook as small as one can be: shared strings, a date style, two sheets.
fn workbook() -> Vec<u8> {
    let parts = workbook_parts();
    zip(&parts.iter().map(|(name, text)| (*name, text.as_str())).collect::<Vec<_>>())
}

/// The files of that workbook.
pub fn workbook_parts() -> Vec<(&'static str, String)> {
    let main = "http://schemas.openxmlformats.org/spreadsheetml/2006/main";
    let rel = "http://schemas.openxmlformats.org/officeDocument/2006/relationships";
    let sheet1 = format!(
        "<worksheet xmlns=\"{main}\"><sheetData>\
         <row r=\"2\"><c r=\"A2\" t=\"s\"><v>0</v></c><c r=\"B2\" t=\"s\"><v>1</v></c><c r=\"C2\" t=\"inlineStr\"><is><t>날짜</t></is></c><c r=\"D2\" t=\"inlineStr\"><is><t>금액</t></is></c></row>\
         <row r=\"3\"><c r=\"A3\"><v>1042</v></c><c r=\"B3\" t=\"s\"><v>2</v></c><c r=\"C3\" s=\"1\"><v>45351.5</v></c><c r=\"D3\"><v>12.5</v></c></row>\
         <row r=\"5\"><c r=\"A5\"><v>1043</v></c><c r=\"B5\" t=\"e\"><v>#REF!</v></c></row>\
         <row r=\"6\"><c r=\"A6\"><v>1044</v></c><c r=\"C6\" s=\"1\"><v>45351</v></c><c r=\"D6\"><v>3</v></c></row>\
         <row r=\"7\"><c r=\"B7\" t=\"s\"><v>2</v></c></row>\
         </sheetData></worksheet>"
    );
    let types = "<Types xmlns=\"http://schemas.openxmlformats.org/package/2006/content-types\"/>";
    vec![
        ("[Content_Types].xml", types.to_owned()),
        (
            "_rels/.rels",
            format!(
                "<Relationships xmlns=\"http://schemas.openxmlformats.org/package/2006/relationships\"><Relationship Id=\"r1\" Type=\"{rel}/officeDocument\" Target=\"xl/workbook.xml\"/></Relationships>"
            ),
        ),
        (
            "xl/workbook.xml",
            format!(
                "<workbook xmlns=\"{main}\" xmlns:r=\"{rel}\"><sheets><sheet name=\"문의\" sheetId=\"1\" r:id=\"r1\"/><sheet name=\"빈\" sheetId=\"2\" r:id=\"r2\"/></sheets></workbook>"
            ),
        ),
        (
            "xl/_rels/workbook.xml.rels",
            format!(
                "<Relationships xmlns=\"http://schemas.openxmlformats.org/package/2006/relationships\"><Relationship Id=\"r1\" Type=\"{rel}/worksheet\" Target=\"worksheets/sheet1.xml\"/><Relationship Id=\"r2\" Type=\"{rel}/worksheet\" Target=\"worksheets/sheet2.xml\"/><Relationship Id=\"r3\" Type=\"{rel}/sharedStrings\" Target=\"sharedStrings.xml\"/><Relationship Id=\"r4\" Type=\"{rel}/styles\" Target=\"styles.xml\"/></Relationships>"
            ),
        ),
        (
            "xl/sharedStrings.xml",
            format!(
                "<sst xmlns=\"{main}\"><si><t>번호</t></si><si><t>질문</t></si><si><r><t xml:space=\"preserve\">배송 </t></r><r><t>언제?</t></r></si></sst>"
            ),
        ),
        (
            "xl/styles.xml",
            format!(
                "<styleSheet xmlns=\"{main}\"><cellXfs count=\"2\"><xf numFmtId=\"0\"/><xf numFmtId=\"22\"/></cellXfs></styleSheet>"
            ),
        ),
        ("xl/worksheets/sheet1.xml", sheet1),
        ("xl/worksheets/sheet2.xml", format!("<worksheet xmlns=\"{main}\"><sheetData/></worksheet>")),
    ]
}

#[test]
fn a_workbook() {
    let book = file("t.xlsx", &workbook());
    let options = XlsxOptions { key: vec!["번호".into()], ..XlsxOptions::default() };
    let mut source = XlsxSource::open(&book.path, "t", &options).unwrap();
    let kinds: Vec<ColumnKind> = source.schema().columns.iter().map(|c| c.kind).collect();
    assert_eq!(kinds, [ColumnKind::Int, ColumnKind::Text, ColumnKind::Time, ColumnKind::Float]);
    assert_eq!(source.notes(), [Note::Sheet { name: "문의".into() }]);
    let (records, rejected) = drain(&mut source);
    assert_eq!(texts(&records[0]), ["1042", "배송 언제?", "2024-02-29T12:00:00", "12.5"]);
    assert_eq!(texts(&records[1]), ["1044", "", "2024-02-29", "3"]);
    assert_eq!(records[1].id.to_string(), "t#1044");
    let got: Vec<&str> = rejected.iter().map(detail).collect();
    assert_eq!(
        got,
        [
            "t.xlsx, sheet `문의`, row 5: the column `질문` holds the error #REF!",
            "t.xlsx, sheet `문의`, row 7: the key column `번호` is empty",
        ]
    );
    let error =
        |path: &Path, options: &XlsxOptions| XlsxSource::open(path, "t", options).err().unwrap().to_string();
    let sheet = |name: &str| XlsxOptions { sheet: Some(name.into()), ..XlsxOptions::default() };
    assert!(error(&book.path, &sheet("Q")).contains("no sheet `Q`; the sheets are `문의`, `빈`"));
    assert!(error(&book.path, &sheet("빈")).contains("the file is empty"));
    let fake = file("t.xlsx", b"PK no workbook");
    assert!(error(&fake.path, &XlsxOptions::default()).contains("not a readable workbook"));
}

#[test]
fn a_cell_in_the_last_corner_costs_no_rectangle() {
    let mut parts = workbook_parts();
    let sheet = parts.iter_mut().find(|(name, _)| name.ends_with("sheet1.xml")).unwrap();
    let far = "<row r=\"1048576\"><c r=\"XFD1048576\"><v>7</v></c></row></sheetData>";
    sheet.1 = sheet.1.replace("</sheetData>", far);
    let open = |parts: &[(&str, String)]| {
        let book = file("t.xlsx", &zip(&parts.iter().map(|(n, t)| (*n, t.as_str())).collect::<Vec<_>>()));
        XlsxSource::open(&book.path, "t", &XlsxOptions::default()).map(|mut source| drain(&mut source))
    };
    let (records, rejected) = open(&parts).unwrap();
    assert_eq!((records.len(), rejected.len()), (4, 1));
    assert_eq!((records[3].id.key.as_str(), records[3].values.len()), ("1048576", 16_384));
    assert_eq!(records[3].values[16_383], Value::Int(7));
    let sheet = parts.iter_mut().find(|(name, _)| name.ends_with("sheet1.xml")).unwrap();
    sheet.1 = sheet.1.replace("XFD1048576", "XFE1048576");
    let error = open(&parts).err().unwrap().to_string();
    assert!(error.contains("a cell in row 1048576 and column 16385"), "{error}");
}

/// An ODS with the rows of one sheet as they stand in its XML.
fn open_document(rows: &str) -> Vec<u8> {
    let names = "xmlns:office=\"urn:oasis:names:tc:opendocument:xmlns:office:1.0\" \
                 xmlns:table=\"urn:oasis:names:tc:opendocument:xmlns:table:1.0\" \
                 xmlns:text=\"urn:oasis:names:tc:opendocument:xmlns:text:1.0\"";
    let content = format!(
        "<?xml version=\"1.0\"?><office:document-content {names}><office:body><office:spreadsheet>\
         <table:table table:name=\"문의\">{rows}</table:table></office:spreadsheet></office:body>\
         </office:document-content>"
    );
    let kind = "application/vnd.oasis.opendocument.spreadsheet";
    let manifest = format!(
        "<manifest:manifest xmlns:manifest=\"urn:oasis:names:tc:opendocument:xmlns:manifest:1.0\">\
         <manifest:file-entry manifest:full-path=\"/\" manifest:media-type=\"{kind}\"/></manifest:manifest>"
    );
    zip(&[("mimetype", kind), ("content.xml", &content), ("META-INF/manifest.xml", &manifest)])
}

#[test]
fn a_sheet_of_an_open_document() {
    let cell = |text: &str| {
        format!("<table:table-cell office:value-type=\"string\"><text:p>{text}</text:p></table:table-cell>")
    };
    let number = "<table:table-cell office:value-type=\"float\" office:value=\"7\"/>";
    let row = |cells: &str| format!("<table:table-row>{cells}</table:table-row>");
    let table = row(&(cell("번호") + &cell("질문"))) + &row(&(number.to_owned() + &cell("언제?")));
    let open = |more: &str| {
        let file = file("t.ods", &open_document(&(table.clone() + more)));
        XlsxSource::open(&file.path, "t", &XlsxOptions::default()).map(|mut source| drain(&mut source).0)
    };
    let records = open("").unwrap();
    assert_eq!(texts(&records[0]), ["7", "언제?"]);
    assert_eq!(records[0].id.key, "2");
    // Programs end a sheet in a million empty rows of a thousand columns: they cost nothing.
    let empty = "<table:table-cell table:number-columns-repeated=\"1024\"/>";
    let rest = format!("<table:table-row table:number-rows-repeated=\"1048570\">{empty}</table:table-row>");
    assert_eq!(open(&rest).unwrap().len(), 1);
    let far = format!("{rest}{}", row(&(empty.to_owned() + number)));
    let repeated = number.replace("/>", " table:number-columns-repeated=\"16384\"/>");
    let full =
        format!("<table:table-row table:number-rows-repeated=\"1048570\">{repeated}</table:table-row>");
    for (more, cells) in [(far, 1_048_573u64 * 1025), (full, 1_048_572 * 16_384)] {
        let error = open(&more).unwrap_err().to_string();
        assert!(error.contains(&format!("an ODS that spans {cells} cells")), "{error}");
        assert!(error.contains("save it as XLSX or CSV"), "{error}");
    }
}

/// A Parquet file with one compression.
pub fn parquet_file(compression: parquet::basic::Compression) -> Vec<u8> {
    use parquet::data_type::{ByteArray, ByteArrayType, DoubleType, Int32Type, Int64Type};
    let schema =
        "message m { required int64 id; optional binary q (UTF8); required int64 at (TIMESTAMP(MICROS,true));
                  required int32 day (DATE); required int32 price (DECIMAL(9,2)); required double x;
                  optional group tags (LIST) { repeated group list { optional binary element (UTF8); } } }";
    let schema = Arc::new(parquet::schema::parser::parse_message_type(schema).unwrap());
    let properties =
        Arc::new(parquet::file::properties::WriterProperties::builder().set_compression(compression).build());
    let mut out = Vec::new();
    let mut writer = parquet::file::writer::SerializedFileWriter::new(&mut out, schema, properties).unwrap();
    for group in 0..2i64 {
        let mut row_group = writer.next_row_group().unwrap();
        let text = |s: &str| ByteArray::from(s);
        for column in 0..7 {
            let mut writer = row_group.next_column().unwrap().unwrap();
            let done = match column {
                0 => writer.typed::<Int64Type>().write_batch(&[2 * group, 2 * group + 1], None, None),
                1 => writer.typed::<ByteArrayType>().write_batch(&[text("배송?")], Some(&[1, 0]), None),
                2 => writer.typed::<Int64Type>().write_batch(&[1_709_164_800_250_000, 0], None, None),
                3 => writer.typed::<Int32Type>().write_batch(&[19_782, -1], None, None),
                4 => writer.typed::<Int32Type>().write_batch(&[1250, -5], None, None),
                5 => writer.typed::<DoubleType>().write_batch(&[0.1, -2.0], None, None),
                _ => writer.typed::<ByteArrayType>().write_batch(
                    &[text("a"), text("b")],
                    Some(&[3, 3, 0]),
                    Some(&[0, 1, 0]),
                ),
            };
            done.unwrap();
            writer.close().unwrap();
        }
        row_group.close().unwrap();
    }
    writer.close().unwrap();
    out
}

#[test]
fn parquet_in_every_compression() {
    use parquet::basic::{Compression, GzipLevel, ZstdLevel};
    for compression in [
        Compression::UNCOMPRESSED,
        Compression::SNAPPY,
        Compression::GZIP(GzipLevel::default()),
        Compression::ZSTD(ZstdLevel::default()),
    ] {
        let file = file("t.parquet", &parquet_file(compression));
        let options = ParquetOptions { key: vec!["id".into()], ..ParquetOptions::default() };
        let mut source = ParquetSource::open(&file.path, "t", &options).unwrap();
        let (records, rejected) = drain(&mut source);
        assert!(rejected.is_empty());
        assert_eq!(records.iter().map(|r| r.id.key.as_str()).collect::<Vec<_>>(), ["0", "1", "2", "3"]);
        assert_eq!(
            texts(&records[2]),
            ["2", "배송?", "2024-02-29T00:00:00.25Z", "2024-02-29", "12.50", "0.1", "[\"a\",\"b\"]"],
            "{compression:?}"
        );
        assert_eq!(texts(&records[3]), ["3", "", "1970-01-01T00:00:00Z", "1969-12-31", "-0.05", "-2", ""]);
        assert_eq!(records[3].values[1], Value::Null);
        let kinds: Vec<ColumnKind> = records[0].schema.columns.iter().map(|c| c.kind).collect();
        use ColumnKind::{Float, Int, Json, Text, Time};
        assert_eq!(kinds, [Int, Text, Time, Time, Text, Float, Json]);
    }
}

#[test]
fn damaged_parquet_is_an_error_and_never_an_end() {
    let whole = parquet_file(parquet::basic::Compression::SNAPPY);
    let mut outcomes = [0, 0];
    for at in (0..whole.len()).step_by(5) {
        let mut damaged = whole.clone();
        damaged[at] ^= 0x5a;
        let file = file("t.parquet", &damaged);
        let Ok(mut source) = ParquetSource::open(&file.path, "t", &ParquetOptions::default()) else {
            outcomes[0] += 1;
            continue;
        };
        while let Ok(Some(_)) = source.next_item() {}
        outcomes[1] += 1;
    }
    assert!(outcomes.iter().all(|&n| n > 0), "{outcomes:?}");
    let cut = file("t.parquet", &whole[..whole.len() / 2]);
    let error = ParquetSource::open(&cut.path, "t", &ParquetOptions::default()).err().unwrap();
    assert!(error.to_string().contains("not a readable Parquet file"), "{error}");
}

#[test]
fn a_folder_of_text() {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, bytes: &[u8]| {
        let path = folder.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::File::create(path).unwrap().write_all(bytes).unwrap();
    };
    write("b.md", "# 규정\n하나\n\n둘\n".as_bytes());
    write("a/x.txt", &encoding_rs::EUC_KR.encode("휴가는 하루").0);
    write("a/skip.png", b"\x89PNG");
    write("c.txt", "가나다라\u{1}".as_bytes().iter().copied().chain([0xff]).collect::<Vec<_>>().as_slice());
    let mut source = TextSource::open(folder.path(), "docs", &TextOptions::default()).unwrap();
    let (records, rejected) = drain(&mut source);
    let rows: Vec<(String, Vec<String>)> = records.iter().map(|r| (r.id.to_string(), texts(r))).collect();
    let want = |id: &str, cells: [&str; 3]| (id.to_owned(), cells.map(str::to_owned).to_vec());
    assert_eq!(
        rows,
        [
            want("docs#a/x.txt:1", ["a/x.txt", "", "휴가는 하루"]),
            want("docs#b.md:1", ["b.md", "규정", "하나"]),
            want("docs#b.md:2", ["b.md", "규정", "둘"]),
        ]
    );
    assert_eq!(rejected.len(), 1);
    assert_eq!((rejected[0].id.as_str(), rejected[0].reason.as_str()), ("docs#c.txt", "bad_encoding"));
    assert!(source.notes().contains(&Note::Encoding { name: "CP949".into(), replaced: 0 }));
    let whole = TextOptions { unit: Unit::File, ..TextOptions::default() };
    let mut source = TextSource::open(&folder.path().join("b.md"), "docs", &whole).unwrap();
    assert_eq!(drain(&mut source).0[0].id.key, "b.md");
}

#[test]
fn real_csv_files_read_whole() {
    for (folder, file, columns, rows) in [
        ("welfare-qa", "welfare_qa_dev.csv", vec!["Question", "Answer", "Documents"], 6106),
        ("songys-chatbot", "ChatbotData.csv", vec!["Q", "A", "label"], 11823),
    ] {
        let Some(folder) = testing::shared_data(folder) else { continue };
        let mut source = CsvSource::open(&folder.join(file), "t", &CsvOptions::default()).unwrap();
        let names: Vec<String> = source.schema().columns.iter().map(|c| c.name.clone()).collect();
        assert_eq!(names, columns);
        let (records, rejected) = drain(&mut source);
        assert_eq!((records.len(), rejected.len()), (rows, 0), "{file}");
        assert_eq!(source.notes()[0], Note::Encoding { name: "UTF-8".into(), replaced: 0 });
    }
}
