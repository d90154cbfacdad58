//! Three databases: the same records, read only, with clear errors.

use std::time::Duration;

use data::sources::sql::{
    BytesPolicy, DbSettings, Extract, Increment, Scheme, Secret, SqlError, SqlRequest, SqlSource, Tls,
    build_sqlite, probe,
};
use data::sources::{Note, Source};
use data::{ColumnKind, Record, Value};
use tempfile::TempDir;

use crate::support::{drain, run_sql};

/// A database of each kind that is at hand, with the script's tables in it.
struct Databases {
    all: Vec<DbSettings>,
    _folder: TempDir,
}

/// SQLite is always there; the servers where the environment names them. `script` gets the scheme.
fn databases(script: impl Fn(Scheme) -> String) -> Databases {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("test.db");
    build_sqlite(&path, &script(Scheme::Sqlite)).unwrap();
    let mut all = vec![DbSettings::from_url(&format!("sqlite:{}", path.display())).unwrap()];
    let servers = [
        ("MORU_TEST_MYSQL_URL", "a MariaDB or MySQL server", Scheme::MySql),
        ("MORU_TEST_POSTGRES_URL", "a PostgreSQL server", Scheme::Postgres),
    ];
    for (variable, what, scheme) in servers {
        if let Some(url) = testing::setting(variable, what) {
            run_sql(&url, &script(scheme));
            all.push(DbSettings::from_url(&url).unwrap());
        }
    }
    Databases { all, _folder: folder }
}

fn request(query: &str, key: &[&str]) -> SqlRequest {
    let mut request = SqlRequest::new("t", Extract::Query(query.to_owned()));
    request.key = key.iter().map(|&k| k.to_owned()).collect();
    request
}

fn read(settings: &DbSettings, request: &SqlRequest) -> (Vec<Record>, Vec<data::Rejection>) {
    drain(&mut SqlSource::open(settings, request).unwrap_or_else(|e| panic!("{}: {e}", settings.place())))
}

fn refuse(settings: &DbSettings, request: &SqlRequest) -> SqlError {
    match SqlSource::open(settings, request) {
        Err(error) => error,
        Ok(mut source) => loop {
            match source.next_item() {
                Err(data::sources::SourceError::Sql(error)) => return error,
                Err(other) => panic!("{other}"),
                Ok(Some(_)) => {}
                Ok(None) => panic!("{}: nothing was refused", settings.place()),
            }
        },
    }
}

/// Every type that the three have in common, under the names that each has for it.
fn types(scheme: Scheme) -> String {
    let pick = |mysql: &'static str, postgres: &'static str, sqlite: &'static str| match scheme {
        Scheme::MySql => mysql,
        Scheme::Postgres => postgres,
        Scheme::Sqlite => sqlite,
    };
    let instant = pick("TIMESTAMP NULL", "TIMESTAMPTZ", "TIMESTAMPTZ");
    let moment = pick("DATETIME(6)", "TIMESTAMP", "DATETIME");
    let float = pick("FLOAT", "REAL", "REAL");
    let double = pick("DOUBLE", "DOUBLE PRECISION", "DOUBLE");
    let bool_ = pick("TINYINT(1)", "BOOLEAN", "BOOLEAN");
    let exact = pick(" COLLATE utf8mb4_bin", "", "");
    let (yes, no) = if scheme == Scheme::Postgres { ("TRUE", "FALSE") } else { ("1", "0") };
    let zone = pick("SET time_zone = '+00:00';", "SET TIME ZONE 'UTC';", "");
    let seoul = pick("'2024-01-01 00:30:00'", "'2024-01-01 09:30:00+09'", "'2024-01-01 09:30:00+09:00'");
    format!(
        "{zone}
         DROP TABLE IF EXISTS types_t;
         CREATE TABLE types_t (
           code VARCHAR(20) NOT NULL, small SMALLINT, big BIGINT, price DECIMAL(12,2), huge DECIMAL(20,0),
           flag {bool_}, single_f {float}, double_f {double}, pad CHAR(6), var VARCHAR(20), body TEXT,
           day DATE, moment {moment}, instant {instant}, clock TIME, exact VARCHAR(9){exact});
         INSERT INTO types_t VALUES
           ('b', -1, 9223372036854775807, 12.50, 42, {yes}, 1.1, 0.1, '가나', '끝 ', '줄
바꿈', '2024-02-29', '2024-01-02 03:04:05.250000', {seoul}, '23:59:59', '값'),
           ('B', 7, 0, 0.00, 0, {no}, 16777216, 1e300, 'x', '', 'it''s', '1999-12-31', '2024-01-02 00:00:00', {seoul}, '00:00:00', NULL),
           ('a', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL),
           ('나', 1, 1, 1000000.00, 1, {yes}, 0.5, -2.5, 'y', 'z', '🙂', '2024-01-01', '2024-01-02 00:00:00', {seoul}, '12:00:00', NULL),
           ('가', 1, 1, -0.05, 1, {yes}, 0.5, -2.5, 'y', 'z', 'w', '2024-01-01', '2024-01-02 00:00:00', {seoul}, '12:00:00', NULL);"
    )
}

#[test]
fn the_same_data_gives_the_same_records() {
    let databases = databases(types);
    let request = request("SELECT * FROM types_t", &["code"]);
    let (records, rejected) = read(&databases.all[0], &request);
    assert!(rejected.is_empty());
    let keys: Vec<&str> = records.iter().map(|r| r.id.key.as_str()).collect();
    assert_eq!(keys, ["B", "a", "b", "가", "나"], "bytes, not a collation");
    let text = |s: &str| Value::Text(s.to_owned());
    assert_eq!(
        records[2].values[1..],
        [
            Value::Int(-1),
            Value::Int(i64::MAX),
            text("12.50"),
            Value::Int(42),
            Value::Bool(true),
            Value::Float(1.1),
            Value::Float(0.1),
            text("가나"),
            text("끝 "),
            text("줄\n바꿈"),
            text("2024-02-29"),
            text("2024-01-02T03:04:05.25"),
            text("2024-01-01T00:30:00Z"),
            text("23:59:59"),
            text("값"),
        ]
    );
    assert!(records[1].values[1..].iter().all(|v| *v == Value::Null));
    for other in &databases.all[1..] {
        let (theirs, _) = read(other, &request);
        for (ours, theirs) in records.iter().zip(&theirs) {
            assert_eq!(ours, theirs, "{}", other.place());
        }
        assert_eq!(records.len(), theirs.len());
    }
}

#[test]
fn expressions_counts_and_groups_agree() {
    let databases = databases(|scheme| types(scheme).replace("types_t", "expressions_t"));
    let query = "SELECT small, COUNT(*) AS n, SUM(small) AS total, MIN(day) AS first, MAX(moment) AS last FROM expressions_t \
                 WHERE small IS NOT NULL GROUP BY small -- by number";
    let (records, _) = read(&databases.all[0], &request(query, &["small"]));
    let rows: Vec<String> = records
        .iter()
        .map(|r| r.values.iter().map(|v| format!("{v:?}")).collect::<Vec<_>>().join(" "))
        .collect();
    assert_eq!(rows[0], "Int(-1) Int(1) Int(-1) Text(\"2024-02-29\") Text(\"2024-01-02T03:04:05.25\")");
    assert_eq!(records[1].values[..3], [Value::Int(1), Value::Int(2), Value::Int(2)]);
    for other in &databases.all[1..] {
        let (theirs, _) = read(other, &request(query, &["small"]));
        assert_eq!(records, theirs, "{}", other.place());
    }
}

#[test]
fn instants_are_written_at_the_offset_that_is_asked_for() {
    let databases = databases(|scheme| types(scheme).replace("types_t", "offsets_t"));
    let mut request = request("SELECT code, instant FROM offsets_t WHERE code = 'b'", &["code"]);
    request.utc_offset_minutes = 540;
    for settings in &databases.all {
        let (records, _) = read(settings, &request);
        assert_eq!(
            records[0].values[1],
            Value::Text("2024-01-01T09:30:00+09:00".into()),
            "{}",
            settings.place()
        );
        assert_eq!(records[0].schema.columns[1].kind, ColumnKind::Time);
    }
}

fn numbered(scheme: Scheme, table: &str, rows: usize) -> String {
    let integer = if scheme == Scheme::Sqlite { "INTEGER" } else { "BIGINT" };
    let mut script = format!(
        "DROP TABLE IF EXISTS {table}; CREATE TABLE {table} (id {integer} PRIMARY KEY, made TIMESTAMP, name VARCHAR(9));"
    );
    for chunk in (1..=rows).collect::<Vec<_>>().chunks(500) {
        let values: Vec<String> =
            chunk.iter().map(|i| format!("({i}, '2024-01-{:02} 00:00:00', 'n{i}')", i % 28 + 1)).collect();
        script.push_str(&format!("INSERT INTO {table} VALUES {};", values.join(",")));
    }
    if scheme == Scheme::MySql {
        script.insert_str(0, "SET time_zone = '+00:00';");
    }
    script
}

#[test]
fn rows_come_in_blocks_in_the_order_of_a_number() {
    let databases = databases(|scheme| numbered(scheme, "blocks_t", 2500));
    let mut request = SqlRequest::new("t", Extract::Table("blocks_t".into()));
    request.key = vec!["id".into()];
    request.fetch_rows = 7;
    for settings in &databases.all {
        let (records, _) = read(settings, &request);
        assert!(records.iter().zip(1..).all(|(r, i)| r.values[0] == Value::Int(i)), "{}", settings.place());
        assert_eq!(records.len(), 2500);
        // A reader that stops early ends the conversation.
        let mut source = SqlSource::open(settings, &request).unwrap();
        assert!(source.next_item().unwrap().is_some());
    }
}

#[test]
fn an_increment_starts_after_a_value() {
    let databases = databases(|scheme| numbered(scheme, "increments_t", 60));
    for settings in &databases.all {
        let mut request = SqlRequest::new("t", Extract::Table("increments_t".into()));
        request.key = vec!["id".into()];
        for (column, after, want) in [
            ("id", Value::Int(57), vec!["58", "59", "60"]),
            ("name", Value::Text("n7".into()), vec!["8", "9"]),
            ("made", Value::Text("2024-01-27T00:00:00Z".into()), vec!["27", "55"]),
        ] {
            request.increment = Some(Increment { column: column.into(), after });
            let (records, _) = read(settings, &request);
            let keys: Vec<&str> = records.iter().map(|r| r.id.key.as_str()).collect();
            assert_eq!(keys, want, "{} {column}", settings.place());
        }
    }
}

#[test]
fn a_probe_changes_with_the_rows() {
    let databases = databases(|scheme| numbered(scheme, "probes_t", 11));
    for settings in &databases.all {
        let mut request = request("SELECT * FROM probes_t ;", &["id"]);
        let found = probe(settings, &request).unwrap();
        assert_eq!((found.rows, found.greatest), (11, vec!["11".to_owned()]), "{}", settings.place());
        request.key = vec!["name".into()];
        assert_eq!(probe(settings, &request).unwrap().greatest, ["n9"], "{}", settings.place());
        let none = request_of_none();
        assert_eq!(probe(settings, &none).unwrap().rows, 0);
    }
}

fn request_of_none() -> SqlRequest {
    request("SELECT id FROM probes_t WHERE id < 0", &["id"])
}

#[test]
fn rows_without_a_key_are_numbered_and_null_keys_set_aside() {
    let databases = databases(|_| {
        "DROP TABLE IF EXISTS keys_t; CREATE TABLE keys_t (a INT, b VARCHAR(9));
         INSERT INTO keys_t VALUES (2, 'x'), (NULL, 'y'), (1, NULL), (1, 'z');"
            .to_owned()
    });
    for settings in &databases.all {
        let mut source =
            SqlSource::open(settings, &request("SELECT a, b FROM keys_t ORDER BY b IS NULL, b", &[]))
                .unwrap();
        assert_eq!(source.notes(), [Note::NoKey]);
        let (records, _) = drain(&mut source);
        let rows: Vec<(&str, &Value)> = records.iter().map(|r| (r.id.key.as_str(), &r.values[0])).collect();
        assert_eq!(
            rows,
            [("1", &Value::Int(2)), ("2", &Value::Null), ("3", &Value::Int(1)), ("4", &Value::Int(1))],
            "{}",
            settings.place()
        );
        let (records, rejected) = read(settings, &request("SELECT a, b FROM keys_t", &["a", "b"]));
        let keys: Vec<&str> = records.iter().map(|r| r.id.key.as_str()).collect();
        assert_eq!(keys, ["1,z", "2,x"], "{}", settings.place());
        let reasons: Vec<&str> = rejected.iter().map(|r| r.detail.as_str()).collect();
        // What is missing comes last among its like.
        assert_eq!(
            reasons,
            ["row 2: the key column `b` is NULL", "row 4: the key column `a` is NULL"],
            "{}",
            settings.place()
        );
    }
}

#[test]
fn writing_is_refused_twice() {
    let databases = databases(|scheme| numbered(scheme, "writes_t", 3));
    for settings in &databases.all {
        for query in [
            "DELETE FROM writes_t",
            "SELECT 1; DELETE FROM writes_t",
            "WITH x AS (SELECT 1) DELETE FROM writes_t",
        ] {
            let error = refuse(settings, &request(query, &[]));
            assert!(matches!(error, SqlError::Writes { .. }), "{error}");
        }
        assert_eq!(probe(settings, &request("SELECT * FROM writes_t", &["id"])).unwrap().rows, 3);
    }
    // What the first lock cannot see, the session refuses.
    let Some(postgres) = databases.all.iter().find(|s| s.scheme == Scheme::Postgres) else { return };
    run_sql(
        &testing::setting("MORU_TEST_POSTGRES_URL", "a PostgreSQL server").unwrap(),
        "CREATE OR REPLACE FUNCTION writes_f() RETURNS INT LANGUAGE SQL AS 'DELETE FROM writes_t RETURNING 1'",
    );
    let error = refuse(postgres, &request("SELECT writes_f() AS gone", &[]));
    assert!(matches!(error, SqlError::WriteRefused { .. }), "{error}");
    assert_eq!(probe(postgres, &request("SELECT * FROM writes_t", &["id"])).unwrap().rows, 3);
}

#[test]
fn errors_name_what_is_wrong() {
    let databases = databases(|scheme| numbered(scheme, "errors_t", 3));
    for settings in &databases.all {
        let say = |query: &str, key: &[&str]| refuse(settings, &request(query, key)).to_string();
        let table = say("SELECT * FROM no_such_t", &[]);
        assert!(table.contains("there is no such table") && table.contains("no_such_t"), "{table}");
        let column = say("SELECT nope FROM errors_t", &[]);
        assert!(column.contains("there is no such column") && column.contains("nope"), "{column}");
        let syntax = say("SELECT FROM WHERE", &[]);
        assert!(syntax.contains("the query"), "{syntax}");
        let key = say("SELECT id, name FROM errors_t", &["nr"]);
        assert!(key.contains("no column `nr`; it gives `id`, `name`"), "{key}");
        let twice = say("SELECT id, id FROM errors_t", &["id"]);
        assert!(twice.contains("two columns `id`"), "{twice}");
        assert!(table.contains(&settings.place()), "{table}");
    }
}

#[test]
fn bytes_are_refused_or_hexadecimal() {
    let databases = databases(|scheme| {
        let bytes = if scheme == Scheme::Postgres { ("BYTEA", "'\\x00ff'") } else { ("BLOB", "x'00ff'") };
        format!(
            "DROP TABLE IF EXISTS bytes_t; CREATE TABLE bytes_t (id INT PRIMARY KEY, photo {}); INSERT INTO bytes_t VALUES (1, {})",
            bytes.0, bytes.1
        )
    });
    for settings in &databases.all {
        let mut request = request("SELECT * FROM bytes_t", &["id"]);
        let error = refuse(settings, &request).to_string();
        assert!(error.contains("the column `photo` holds bytes"), "{error}");
        request.bytes = BytesPolicy::Hex;
        let mut source = SqlSource::open(settings, &request).unwrap();
        let (records, _) = drain(&mut source);
        assert_eq!(records[0].values[1], Value::Text("00ff".into()), "{}", settings.place());
        assert!(source.notes().contains(&Note::HexBytes { column: "photo".into() }), "{}", settings.place());
    }
}

#[test]
fn nested_values_are_nested() {
    let databases = databases(|scheme| {
        format!(
            "DROP TABLE IF EXISTS nested_t; CREATE TABLE nested_t (id INT PRIMARY KEY, extra {});
             INSERT INTO nested_t VALUES (1, '{{\"b\": [1, null], \"a\": \"가\"}}'), (2, NULL)",
            if scheme == Scheme::MySql { "LONGTEXT" } else { "JSON" }
        )
    });
    for settings in &databases.all {
        let mut request = request("SELECT * FROM nested_t", &["id"]);
        request.json_columns = vec!["extra".into()];
        let (records, _) = read(settings, &request);
        assert_eq!(records[0].values[1].to_text(), "{\"b\":[1,null],\"a\":\"가\"}", "{}", settings.place());
        assert_eq!(records[0].schema.columns[1].kind, ColumnKind::Json);
        assert_eq!(records[1].values[1], Value::Null);
    }
}

#[test]
fn a_wrong_password_a_wrong_name_and_a_silent_port() {
    let databases = databases(|_| "SELECT 1;".to_owned());
    for settings in databases.all.iter().filter(|s| s.scheme != Scheme::Sqlite) {
        let ask = request("SELECT 1 AS one", &[]);
        let mut wrong = settings.clone();
        wrong.password = Secret::new("hunter2-is-wrong");
        let error = refuse(&wrong, &ask);
        assert!(matches!(error, SqlError::Login { .. }), "{error}");
        let shown = format!("{error} {error:?} {wrong:?}");
        assert!(!shown.contains("hunter2"), "{shown}");
        assert!(shown.contains("moru_test"), "{shown}");
        let mut wrong = settings.clone();
        wrong.name = "no_such_database".into();
        let error = refuse(&wrong, &ask);
        // MariaDB says "forbidden" where the user has no right to any such name.
        assert!(matches!(error, SqlError::NoDatabase { .. } | SqlError::Forbidden { .. }), "{error}");
    }
    for scheme in [Scheme::MySql, Scheme::Postgres] {
        let settings = DbSettings {
            scheme,
            host: "127.0.0.1".into(),
            port: Some(9),
            name: "x".into(),
            ..DbSettings::default()
        };
        let error = refuse(&settings, &request("SELECT 1 AS one", &[]));
        assert!(matches!(error, SqlError::Unreachable { .. }), "{error}");
        assert!(error.to_string().contains("127.0.0.1:9"), "{error}");
    }
}

#[test]
fn a_connection_is_encrypted_where_that_is_asked_for() {
    let databases = databases(|_| "SELECT 1;".to_owned());
    for settings in databases.all.iter().filter(|s| s.scheme == Scheme::Postgres) {
        let ask = request("SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()", &[]);
        let encrypted = |tls: Tls| {
            let (records, _) = read(&DbSettings { tls, ..settings.clone() }, &ask);
            records[0].values[0].clone()
        };
        assert_eq!(encrypted(Tls::Off), Value::Bool(false));
        // The test server says in its URL whether it can.
        if settings.tls == Tls::Require {
            assert_eq!(encrypted(Tls::Require), Value::Bool(true));
            let strict = DbSettings { tls: Tls::Verify, ..settings.clone() };
            let error = refuse(&strict, &ask).to_string();
            assert!(
                error.contains("no encrypted connection"),
                "a certificate that nobody vouches for: {error}"
            );
        }
    }
}

#[test]
fn a_slow_query_is_stopped() {
    let databases = databases(|_| "SELECT 1;".to_owned());
    for settings in &databases.all {
        let query = match settings.scheme {
            Scheme::MySql => "SELECT SLEEP(30) AS s",
            Scheme::Postgres => "SELECT pg_sleep(30)::text AS s",
            Scheme::Sqlite => {
                "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1000000000) SELECT MAX(i) AS s FROM n"
            }
        };
        let mut request = request(query, &[]);
        request.timeout = Duration::from_millis(300);
        let began = std::time::Instant::now();
        let result = SqlSource::open(settings, &request);
        // MariaDB's SLEEP gives a row when it is interrupted; either way nobody waits.
        if settings.scheme != Scheme::MySql {
            let error = result.err().unwrap_or_else(|| panic!("{} went on", settings.place()));
            assert!(matches!(error, SqlError::Timeout { .. }), "{error}");
        }
        assert!(began.elapsed() < Duration::from_secs(10), "{}", settings.place());
    }
}

#[test]
fn files_that_are_no_databases() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("not.db");
    std::fs::File::create(&path).and_then(|mut f| std::io::Write::write_all(&mut f, &[b'x'; 5000])).unwrap();
    for (name, want) in [
        (path.display().to_string(), "not a SQLite database"),
        (folder.path().display().to_string(), "a folder"),
        (folder.path().join("absent.db").display().to_string(), "no such file"),
    ] {
        let settings = DbSettings { scheme: Scheme::Sqlite, name: name.clone(), ..DbSettings::default() };
        let error = refuse(&settings, &request("SELECT 1 AS one", &[])).to_string();
        assert!(error.contains(want) && error.contains(&name), "{error}");
        assert!(!folder.path().join("absent.db").exists(), "reading creates nothing");
    }
}

#[test]
fn text_that_is_no_utf8_is_set_aside() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("old.db");
    let script = "CREATE TABLE t (id INTEGER PRIMARY KEY, q TEXT);
                  INSERT INTO t VALUES (1, '가'), (2, CAST(x'b0a1b3aa' AS TEXT)), (3, '\u{fffd}');";
    build_sqlite(&path, script).unwrap();
    let settings = DbSettings::from_url(&format!("sqlite:{}", path.display())).unwrap();
    let (records, rejected) = read(&settings, &request("SELECT * FROM t", &["id"]));
    let keys: Vec<&str> = records.iter().map(|r| r.id.key.as_str()).collect();
    assert_eq!(keys, ["1", "3"]);
    assert_eq!(
        (rejected[0].reason.as_str(), rejected[0].detail.as_str()),
        ("bad_encoding", "row 2: the text of the column `q` is not UTF-8")
    );
}

#[test]
fn a_script_that_fails_leaves_no_file() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("shop.db");
    let error = build_sqlite(&path, "CREATE TABLE t (a); INSERT INTO nope VALUES (1);").unwrap_err();
    assert!(error.to_string().contains("there is no such table"), "{error}");
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
}
