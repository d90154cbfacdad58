//! Sources of different origin in one recipe, and databases that are read on from where the last run ended.

use serde_json::Value;

use crate::support::Scratch;

const TAIL: &str = r#"
[prepare]
prompt = "{question}"
response = "{answer}"
meta = ["id"]

[prepare.reject]
duplicates = 0.0
"#;

fn recipe(sources: &str) -> String {
    format!("[project]\nname = \"t\"\n\n[model]\nbase = \"builtin:toy\"\n\n{sources}{TAIL}")
}

fn three_sources() -> Scratch {
    let scratch = Scratch::new();
    scratch.write("data/a.csv", "번호,문의,답변내용,고객\n1,배송은 언제 되나요?,내일 도착합니다.,김서연\n");
    scratch.write("data/b.csv", "no;q;a\n7;환불은 어떻게 하나요?;주문 목록에서 합니다.\n");
    let nested = r#"{"key": 9, "turns": [{"text": "교환도 할 수 있나요? 김서연입니다."}, {"text": "일주일 안에 됩니다."}]}"#;
    scratch.write("data/c.jsonl", &format!("{nested}\n"));
    scratch.write(
        "moru.toml",
        &recipe(
            r#"[source.a]
kind = "csv"
path = "data/a.csv"
key = ["id"]
columns = { id = "번호", question = "문의", answer = "답변내용", customer = "고객" }
personal = { customer = "person" }

[source.b]
kind = "csv"
path = "data/b.csv"
key = ["id"]

[source.b.columns]
id = "no"
question = "q"
answer = "a"

[source.c]
kind = "jsonl"
path = "data/c.jsonl"
key = ["id"]
columns = { id = "key", question = "turns[0].text", answer = "turns[1].text" }
"#,
        ),
    );
    scratch
}

#[test]
fn sources_with_columns_of_other_names_share_a_recipe() {
    let scratch = three_sources();
    scratch.stdout(&["run", "--until", "prepare"], 0);
    let rows: Vec<Value> =
        scratch.read("out/dataset.jsonl").lines().map(|l| serde_json::from_str(l).unwrap()).collect();
    let ids: Vec<_> = rows.iter().map(|row| row["id"].as_str().unwrap()).collect();
    assert_eq!(ids, ["a#1", "b#7", "c#9"]);
    assert_eq!(rows[0]["messages"][0]["content"], "배송은 언제 되나요?");
    assert_eq!(rows[1]["messages"][1]["content"], "주문 목록에서 합니다.");
    assert_eq!(rows[2]["messages"][0]["content"], "교환도 할 수 있나요? [이름]입니다.");
    let tapped = scratch.stdout(&["tap", "ingest:a", "--csv"], 0);
    assert_eq!(tapped, "id,question,answer,customer\n1,배송은 언제 되나요?,내일 도착합니다.,[이름]\n");
}

#[test]
fn names_that_do_not_work_out_are_told_with_what_is_there() {
    for (from, to, want) in [
        (
            "question = \"문의\"",
            "question = \"문이\"",
            "source `a`: there is no column `문이`; the columns are `번호`, `문의`, `답변내용`, `고객`",
        ),
        (
            "question = \"turns[0].text\"",
            "turns = \"turns[0].text\"",
            "source `c`: `turns` would be the name of two columns, `turns` and `turns[0].text`",
        ),
        (
            "answer = \"답변내용\"",
            "answer = \"문의\"",
            "source `a`: the column `문의` is renamed twice, to `answer` and `question`",
        ),
        (
            "columns = { id = \"번호\"",
            "delimiter = \",\"\ncolumns = { id = 7, x = \"번호\"",
            "`source.a.columns.id`",
        ),
    ] {
        let scratch = three_sources();
        scratch.edit("moru.toml", from, to);
        let output = scratch.output(&["run", "--until", "prepare"]);
        let talk = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(2), "{to}: {talk}");
        assert!(talk.contains(want), "{to}: {talk}");
    }
}

#[test]
fn a_source_without_a_name_is_told_how_it_gets_one() {
    let scratch = Scratch::new();
    scratch.write("moru.toml", &recipe("[source]\nkind = \"csv\"\npath = \"data/a.csv\"\n"));
    let talk = String::from_utf8(scratch.output(&["plan"]).stderr).unwrap();
    assert!(
        talk.contains("moru.toml:8: `kind` stands in [source], and a source has a name: write [source.rows]"),
        "{talk}"
    );
    scratch.write("moru.toml", &recipe("[[source]]\nkind = \"csv\"\npath = \"data/a.csv\"\n"));
    let talk = String::from_utf8(scratch.output(&["plan"]).stderr).unwrap();
    assert!(talk.contains("[source.rows]"), "{talk}");
}

/// Rows of a table, as `(id, changed, question)`.
type Rows<'a> = &'a [(u32, &'a str, &'a str)];

fn database(scratch: &Scratch, rows: Rows<'_>) {
    let mut script =
        String::from("create table t (no integer primary key, changed text, question text, answer text);\n");
    for (no, changed, question) in rows {
        script += &format!(
            "insert into t values ({no}, '{changed}', '{question} 알려 주세요.', '{no}번의 답입니다.');\n"
        );
    }
    std::fs::create_dir_all(scratch.path("data")).unwrap();
    data::sources::sql::build_sqlite(&scratch.path("data/t.db"), &script).unwrap();
}

const INCREMENTAL: &str = r#"[source.t]
kind = "sql"
url = "sqlite:data/t.db"
query = "select no, changed, question, answer from t"
key = ["id"]
columns = { id = "no", since = "changed" }
incremental = "since"
"#;

fn incremental(rows: Rows<'_>) -> Scratch {
    let scratch = Scratch::new();
    database(&scratch, rows);
    scratch.write("moru.toml", &recipe(INCREMENTAL));
    scratch
}

/// Runs to the end of preparing; gives what was said.
fn run(scratch: &Scratch, more: &[&str]) -> String {
    let output = scratch.output(&[&["run", "--until", "prepare"], more].concat());
    let talk = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(0), "{talk}");
    talk
}

const FIRST: [(u32, &str, &str); 3] = [
    (1, "2026-01-01 10:00:00", "배송을"),
    (5, "2026-01-02 10:00:00", "환불을"),
    (9, "2026-01-03 10:00:00", "교환을"),
];

#[test]
fn only_newer_rows_are_read_and_the_rows_are_those_of_a_full_reading() {
    let scratch = incremental(&FIRST);
    assert!(!run(&scratch, &[]).contains("newer"));
    // One row is new behind the others, one between them, and one was changed.
    let second = [
        FIRST[0],
        (3, "2026-01-04 09:00:00", "쿠폰을"),
        (5, "2026-01-04 10:00:00", "환불 기간을"),
        FIRST[2],
        (12, "2026-01-05 10:00:00", "영수증을"),
    ];
    database(&scratch, &second);
    let plan = scratch.stdout(&["plan"], 0);
    assert!(plan.contains("3 rows, greatest key 9, 2026-01-03"), "{plan}");
    assert!(plan.contains("5 rows, greatest key 12, 2026-01-05"), "{plan}");
    let talk = run(&scratch, &[]);
    assert!(talk.contains("3 rows are newer by `since`; the others are those of the last run"), "{talk}");
    let full = incremental(&second);
    run(&full, &[]);
    assert_eq!(scratch.read("out/dataset.jsonl"), full.read("out/dataset.jsonl"));
    assert_eq!(scratch.stdout(&["tap", "ingest", "--csv"], 0), full.stdout(&["tap", "ingest", "--csv"], 0));
    assert!(!run(&scratch, &[]).contains("newer"), "nothing is read twice");
}

#[test]
fn what_newer_rows_cannot_tell_is_read_from_the_start() {
    let scratch = incremental(&FIRST);
    run(&scratch, &[]);
    // A row is gone, and one came late.
    for second in [&FIRST[..2], &[FIRST[0], (2, "2025-12-31 10:00:00", "쿠폰을"), FIRST[1]]] {
        database(&scratch, second);
        let talk = run(&scratch, &[]);
        assert!(talk.contains("all rows are read anew"), "{talk}");
        assert_eq!(scratch.read("out/dataset.jsonl").lines().count(), second.len());
    }
    // Another query, and a refresh, begin afresh without looking back.
    scratch.edit("moru.toml", "answer from t", "answer || '!' as answer from t");
    let plan = scratch.stdout(&["plan"], 0);
    assert!(plan.contains("source.t.query"), "{plan}");
    let talk = run(&scratch, &[]);
    assert!(!talk.contains("newer") && !talk.contains("anew"), "{talk}");
    assert!(scratch.read("out/dataset.jsonl").lines().all(|line| line.contains("답입니다.!")));
    let talk = run(&scratch, &["--refresh"]);
    assert!(!talk.contains("newer") && !talk.contains("anew"), "{talk}");
}

#[test]
fn incremental_reading_has_what_it_needs() {
    for (from, to, want) in [
        ("key = [\"id\"]\n", "", "a newer row takes the place of the one of its key"),
        ("\"since\"", "\"sinse\"", "the query gives no column `sinse`"),
        (
            "kind = \"sql\"\nurl = \"sqlite:data/t.db\"\nquery = \"select no, changed, question, answer from t\"",
            "kind = \"csv\"\npath = \"x.csv\"",
            "`incremental` belongs to sources of kind sql",
        ),
    ] {
        let scratch = incremental(&FIRST);
        scratch.edit("moru.toml", from, to);
        let output = scratch.output(&["run", "--until", "prepare"]);
        let talk = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(2), "{to}: {talk}");
        assert!(talk.contains(want), "{to}: {talk}");
    }
}
