//! Files that are broken, endless, or no tables.

use super::{NAME, PHONE, finish, project, refused, refused_at_once, said, works};
use crate::support::{Scratch, table};

fn with_table(rows: impl FnOnce(Vec<String>) -> Vec<Vec<u8>>) -> Scratch {
    let scratch = project();
    let lines = rows(table(60).lines().map(str::to_owned).collect());
    let bytes: Vec<u8> = lines
        .into_iter()
        .flat_map(|mut line| {
            line.push(b'\n');
            line
        })
        .collect();
    bytes_of(&scratch, &bytes);
    scratch
}

fn bytes_of(scratch: &Scratch, bytes: &[u8]) {
    pipeline::platform::write_atomic(&scratch.path("data/rows.csv"), bytes).unwrap();
}

fn plain(lines: Vec<String>) -> Vec<Vec<u8>> {
    lines.into_iter().map(String::into_bytes).collect()
}

/// No bad row is allowed.
fn strict(scratch: &Scratch) {
    scratch.edit("moru.toml", "key = [\"id\"]", "key = [\"id\"]\nbad_rows = 0\nbad_share = 0.0");
}

/// `(dataset, rejected)` of the prepared rows: how many, and the text of the latter.
fn prepared(scratch: &Scratch) -> (usize, usize, String) {
    let rejected = scratch.read("out/rejected.jsonl");
    (scratch.read("out/dataset.jsonl").lines().count(), rejected.lines().count(), rejected)
}

const PREPARE: [&str; 3] = ["run", "--until", "prepare"];

#[test]
fn one_broken_row_in_a_great_file_costs_itself() {
    let scratch = project();
    let mut text = String::from("id,category,question,answer\n1,배송,\"두 줄\n질문 하나\",답변 하나입니다\n");
    for id in 2..40_000 {
        if id == 30_001 {
            text += &format!("{id},배송,\"{NAME} {PHONE} 닫히지 않는 따옴표,답변입니다\n");
        } else {
            text += &format!(
                "{id},배송,\"{id}번 상품은 언제 오나요, 알려 주세요\",답변 {id}번입니다 곧 도착합니다\n"
            );
        }
    }
    bytes_of(&scratch, text.as_bytes());
    let talk = works(&scratch, &PREPARE);
    // The header is line 1, and the first row has two.
    assert!(
        talk.contains("the first: data/rows.csv:30003: row 30001: a closing quote is followed by neither"),
        "{talk}"
    );
    let (kept, set_aside, rejected) = prepared(&scratch);
    assert_eq!((kept + set_aside, rejected.matches("bad_quotes").count()), (39_999, 1));
    assert!(!rejected.contains(PHONE), "what was set aside is masked");
    strict(&scratch);
    refused(&scratch, &PREPARE, &["data/rows.csv:30003: row 30001", "1 of 30001 rows", "bad_rows"]);
    // What was whole before is still whole.
    assert_eq!(prepared(&scratch), (kept, set_aside, rejected));
}

#[test]
fn a_quote_that_never_closes_does_not_swallow_an_endless_file() {
    let scratch = project();
    let open = format!("{}\"{NAME} {PHONE}", table(60));
    let mut bytes = open.into_bytes();
    bytes.resize(bytes.len() + (20 << 20), b'x');
    bytes_of(&scratch, &bytes);
    let talk = works(&scratch, &PREPARE);
    assert!(talk.contains("data/rows.csv:62: row 61: ") && talk.contains("row_too_long 1"), "{talk}");
    assert_eq!(prepared(&scratch).0, 60);
}

#[cfg(unix)]
#[test]
fn what_may_have_no_end_is_not_begun() {
    let scratch = project();
    std::fs::remove_file(scratch.path("data/rows.csv")).unwrap();
    assert!(
        std::process::Command::new("mkfifo").arg(scratch.path("data/rows.csv")).status().unwrap().success()
    );
    for args in [&["run"][..], &["plan"]] {
        refused_at_once(&scratch, args, &["data/rows.csv is neither a file nor a folder", "into a file"]);
    }
    let output = finish(scratch.command(&["check"]), 20);
    let talk = said(&output);
    assert!(
        output.status.code() == Some(1) && talk.contains("hint: a file is read more than once"),
        "{talk}"
    );
    refused_at_once(&scratch, &["init", "--from", "data/rows.csv", "bot"], &["neither a file nor a folder"]);
    scratch.edit("moru.toml", "data/rows.csv", "/dev/zero");
    refused_at_once(&scratch, &["run"], &["/dev/zero is neither a file nor a folder"]);
    std::fs::create_dir(scratch.path("folder")).unwrap();
    scratch.edit("moru.toml", "/dev/zero", "folder");
    refused_at_once(&scratch, &["run"], &["./folder: ", "is a folder where a file belongs"]);
}

#[test]
fn encodings_mixed_in_one_file() {
    let cp949 =
        b"31,\xb9\xe8\xbc\xdb,\xc5\xc3\xb9\xe8\xb4\xc2 010-8765-4321 \xbe\xf0\xc1\xa6,\xb3\xbb\xc0\xcf";
    let scratch = with_table(|lines| {
        let mut lines = plain(lines);
        lines[31] = cp949.to_vec();
        lines
    });
    let talk = works(&scratch, &PREPARE);
    assert!(
        talk.contains("1 rows cannot be read and are set aside; the first: data/rows.csv:32: row 31: "),
        "{talk}"
    );
    assert!(talk.contains("not UTF-8, which the rest of the file is"), "{talk}");
    let (kept, set_aside, rejected) = prepared(&scratch);
    assert_eq!((kept, set_aside), (59, 1));
    assert!(rejected.contains("bad_encoding") && !rejected.contains(PHONE), "{rejected}");
    // A header in another encoding would rename the columns in silence.
    let scratch = with_table(|lines| {
        let mut lines = plain(lines);
        lines[0] = b"id,category,question,\xb4\xe4\xba\xaf".to_vec();
        lines
    });
    refused_at_once(
        &scratch,
        &["run"],
        &["data/rows.csv", "line 1, the header: the name of column 4 is not UTF-8"],
    );
}

#[test]
fn nul_bytes() {
    let scratch = with_table(|mut lines| {
        lines[5] = lines[5].replace("주문", "주\0문").replace("안에", "안\0에");
        plain(lines)
    });
    let talk = works(&scratch, &PREPARE);
    assert!(talk.contains("2 NUL bytes were removed") && talk.contains("60 rows in = 60 out"), "{talk}");
    assert!(!scratch.read("out/dataset.jsonl").contains("\\u0000"));
    for (bytes, says) in [
        (vec![0; 5000], "the name of column 1 holds control characters"),
        (b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR,\0".repeat(99), "there is no column `id`"),
        (b"PK\x03\x04\x14\0\x06\0".repeat(99), "kind = \"xlsx\""),
    ] {
        bytes_of(&scratch, &bytes);
        let talk = refused(&scratch, &["run"], &["data/rows.csv", says]);
        assert!(!talk.contains('\0') && !talk.contains('\u{1a}'), "nothing of it reaches the terminal");
    }
}

#[test]
fn a_cell_of_five_megabytes_is_used_or_set_aside_with_a_reason() {
    let cell = "긴 글입니다. ".repeat(270_000);
    assert!(cell.len() > 4_800_000);
    let scratch = with_table(|mut lines| {
        lines[12] = format!("12,배송,\"{cell}\",답변은 내일 옵니다");
        lines[13] = format!("13,배송,답변이 긴 질문입니다 알려 주세요,\"{cell}\"");
        lines[14] = format!("14,배송,\"{}\",답변은 모레 옵니다", cell.repeat(4));
        plain(lines)
    });
    let recipe = scratch.read("moru.toml");
    scratch.edit("moru.toml", "duplicates = 0.0", "duplicates = 0.0\nlong_chars = 0");
    let talk = works(&scratch, &PREPARE);
    assert!(talk.contains("data/rows.csv:15: row 14: the row is longer than 16 MiB"), "{talk}");
    assert!(talk.contains("60 rows in = 59 out + 1 rejected (row_too_long 1)"), "{talk}");
    let (kept, set_aside, rejected) = prepared(&scratch);
    assert_eq!((kept, set_aside), (59, 1));
    assert!(rejected.len() < 10_000, "of a row that is too long only the beginning is kept");
    // The recipe's own limit sets both aside.
    scratch.write("moru.toml", &recipe.replace("duplicates = 0.0", "duplicates = 0.0\nlong_chars = 5000"));
    works(&scratch, &PREPARE);
    let (kept, set_aside, rejected) = prepared(&scratch);
    assert_eq!((kept, set_aside), (57, 3));
    assert!(rejected.contains("\"rows#12\"") && rejected.contains("\"rows#13\""), "{rejected}");
}

#[test]
fn a_long_question_is_shortened_and_a_long_answer_is_left_out() {
    let cell = "긴 글입니다. ".repeat(10_000);
    let scratch = with_table(|mut lines| {
        lines[12] = format!("12,배송,\"{cell}\",답변은 내일 옵니다");
        lines[13] = format!("13,배송,답변이 긴 질문입니다 알려 주세요,\"{cell}\"");
        plain(lines)
    });
    scratch.edit("moru.toml", "duplicates = 0.0", "duplicates = 0.0\nlong_chars = 0");
    let talk = works(&scratch, &["run", "tokenize"]);
    assert!(talk.contains("1 questions were shortened"), "{talk}");
    assert!(talk.contains("60 examples in = 59 out + 1 rejected (over_long 1)"), "{talk}");
}

#[test]
fn tables_without_a_row() {
    for (bytes, says) in [
        ("", "the file is empty; expected a header row"),
        ("\n\n\n", "the file is empty; expected a header row"),
        ("id,category,question,answer\n", "source `rows` gave no rows"),
        (
            "id,category,question,answer\n1,2\n3\n",
            "none of its 2 rows can be read; the first: data/rows.csv:2: row 1: 2 fields",
        ),
        ("id,category,question,id\n", "the column `id` occurs twice"),
    ] {
        let scratch = project();
        bytes_of(&scratch, bytes.as_bytes());
        refused(&scratch, &["run"], &[says]);
        assert!(!scratch.path("out").exists(), "{says}");
    }
}

#[test]
fn json_lines_that_are_none() {
    let scratch = project();
    scratch.edit(
        "moru.toml",
        "kind = \"csv\"\npath = \"data/rows.csv\"",
        "kind = \"jsonl\"\npath = \"data/rows.jsonl\"\nbad_rows = 0",
    );
    let row = |id: usize| {
        format!(
            "{{\"id\": {id}, \"category\": \"배송\", \"question\": \"{id}번은 언제 오나요 알려 주세요\", \"answer\": \"{id}일 뒤에 옵니다\"}}\n"
        )
    };
    let rows: String = (1..50).map(row).collect();
    let broken = format!("{{\"id\": 99, \"question\": \"{NAME} {PHONE}\n");
    scratch.write("data/rows.jsonl", &format!("{rows}{broken}"));
    refused(&scratch, &PREPARE, &["data/rows.jsonl:50: column ", "the line ends inside a value"]);
    scratch.write("data/rows.jsonl", &format!("{rows}[\"{NAME}\"]\n"));
    refused(&scratch, &PREPARE, &["data/rows.jsonl:50: the line is JSON, but no object"]);
}

#[test]
fn databases_in_a_file() {
    let scratch = project();
    let csv = "kind = \"csv\"\npath = \"data/rows.csv\"";
    scratch.edit(
        "moru.toml",
        csv,
        "kind = \"sql\"\nurl = \"sqlite:data/shop.db\"\nquery = \"QUERY\"\ntimeout_secs = 2",
    );
    let recipe = scratch.read("moru.toml");
    scratch.write("moru.toml", &recipe.replace("QUERY", "select id from t"));
    refused_at_once(&scratch, &["run"], &["data/shop.db", "put the file there"]);
    scratch.write("data/shop.db", &table(60));
    refused_at_once(&scratch, &["run"], &["data/shop.db: the file is not a SQLite database", "sqlite:PATH"]);
    let shop = format!(
        "CREATE TABLE t (id INTEGER PRIMARY KEY, category TEXT, question TEXT, answer TEXT);\nINSERT INTO t VALUES (1, '배송', '{NAME}', '{PHONE}');\nCREATE TABLE k (id INTEGER, category TEXT, question TEXT, answer TEXT);\nINSERT INTO k VALUES (NULL, '배송', '{NAME}', '{PHONE}');\n"
    );
    std::fs::remove_file(scratch.path("data/shop.db")).unwrap();
    data::sources::sql::build_sqlite(&scratch.path("data/shop.db"), &shop).unwrap();
    let all = "select id, category, question, answer from";
    for (query, says) in [
        ("select * from orders".to_owned(), "there is no such table"),
        ("select id, categori from t".to_owned(), "there is no such column"),
        (format!("select id,, question from t where answer = '{PHONE}'"), "the query cannot be parsed"),
        (format!("{all} t where '{PHONE}' '{NAME}'"), "the query cannot be parsed"),
        ("select category, question, answer from t".to_owned(), "the query gives no column `id`"),
        (format!("{all} t where id < 0"), "source `rows` gave no rows"),
        (format!("{all} k"), "none of its 1 rows can be read; the first: row 1: the key column `id` is NULL"),
        ("delete from t".to_owned(), "the query is refused: it begins with `DELETE`"),
        ("select 1; drop table t".to_owned(), "there is a second statement"),
        ("pragma writable_schema = 1".to_owned(), "the query is refused"),
        ("with recursive n(i) as (select 1 union all select i + 1 from n) select i as id, '' as category, '' as question, '' as answer from n where i < 0".to_owned(), "longer than 2 s"),
    ] {
        scratch.write("moru.toml", &recipe.replace("QUERY", &query));
        refused(&scratch, &["run"], &[says]);
        assert!(!scratch.path("out").exists(), "{query}");
    }
}
