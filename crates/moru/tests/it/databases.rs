//! The support recipe over SQLite, MariaDB and PostgreSQL: one dataset, and errors that keep the password.

use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

use synth::shop::{Dialect, Shop, ShopSize};

use crate::support::Scratch;

const PASSWORD: &str = "spindle-7-quartz";
/// A value of the table, and of a query.
const PHONE: &str = "010-8765-4321";
const SQLITE: &str = "url = \"sqlite:data/shop.db\"";

/// A database and a user of this test's own, gone when it ends.
struct Server {
    client: &'static str,
    name: String,
    host: String,
    /// `?sslmode=…` of the server's URL.
    options: String,
}

impl Server {
    fn start(dialect: Dialect, suffix: &str) -> Option<Self> {
        let (client, variable, what) = match dialect {
            Dialect::MySql => ("mysql", "MORU_TEST_MYSQL_URL", "a MariaDB or MySQL server"),
            _ => ("psql", "MORU_TEST_POSTGRES_URL", "a PostgreSQL server"),
        };
        let url = testing::setting(variable, what)?;
        let place = url.rsplit_once('@').unwrap().1;
        let (host, rest) = place.split_once('/').unwrap();
        let options = rest.split_once('?').map_or(String::new(), |(_, options)| format!("?{options}"));
        let name = format!("moru_it_{suffix}_{}", std::process::id());
        let server = Self { client, name, host: host.to_owned(), options };
        let name = &server.name;
        server.run(&match dialect {
            Dialect::MySql => format!(
                "CREATE DATABASE {name} CHARACTER SET utf8mb4; CREATE USER '{name}'@'127.0.0.1' IDENTIFIED BY '{PASSWORD}'; GRANT ALL ON {name}.* TO '{name}'@'127.0.0.1';"
            ),
            _ => format!("CREATE ROLE {name} LOGIN PASSWORD '{PASSWORD}';\nCREATE DATABASE {name} OWNER {name};\n"),
        });
        Some(server)
    }

    fn run(&self, script: &str) -> String {
        self.output(script).unwrap_or_else(|| panic!("{} failed", self.client))
    }

    /// What a script writes; none where it fails.
    fn output(&self, script: &str) -> Option<String> {
        let servers = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tools/servers");
        let mut child = Command::new(servers)
            .arg(self.client)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        child.stdin.take().unwrap().write_all(script.as_bytes()).unwrap();
        let output = child.wait_with_output().unwrap();
        output.status.success().then(|| String::from_utf8(output.stdout).unwrap())
    }

    /// Runs SQL within the own database, as the own user where there are roles.
    fn own(&self, script: &str) -> String {
        let name = &self.name;
        match self.client {
            "mysql" => self.run(&format!("USE {name};\n{script}")),
            _ => self.run(&format!("\\connect {name}\nSET ROLE {name};\n{script}")),
        }
    }

    fn url(&self, password: &str) -> String {
        let scheme = if self.client == "mysql" { "mysql" } else { "postgres" };
        format!("{scheme}://{0}:{password}@{1}/{0}{2}", self.name, self.host, self.options)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let name = &self.name;
        let dropped = self.output(&match self.client {
            "mysql" => format!("DROP DATABASE {name}; DROP USER '{name}'@'127.0.0.1';"),
            _ => format!("DROP DATABASE {name};\nDROP ROLE {name};\n"),
        });
        // A second panic would end the tests beside it, too, and hide the first.
        assert!(dropped.is_some() || std::thread::panicking(), "{name} is left behind");
    }
}

fn shop() -> Scratch {
    let scratch = Scratch::new();
    scratch.stdout(&["init", "support", "."], 0);
    scratch.edit("moru.toml", "builtin:nano", "builtin:toy");
    scratch
}

/// The prepared rows: `out/dataset.jsonl` is their copy.
fn dataset(scratch: &Scratch, place: &str) -> String {
    let env = if scratch.path(".env").exists() { scratch.read(".env") } else { String::new() };
    scratch.write(".env", &(env + "MORU_SECRET=the same\n"));
    scratch.stdout(&["run", "--until", "prepare"], 0);
    let text = scratch.read("out/dataset.jsonl");
    assert!(text.lines().count() > 1000, "{place}");
    text
}

#[test]
fn three_databases_give_the_same_dataset() {
    let ours = dataset(&shop(), "SQLite");
    let drawn = Shop::new(1, ShopSize::default());
    for dialect in [Dialect::MySql, Dialect::Postgres] {
        let Some(server) = Server::start(dialect, "same") else { continue };
        server.own(&drawn.sql(dialect));
        let scratch = shop();
        if dialect == Dialect::MySql {
            scratch.edit("moru.toml", SQLITE, "");
            let (host, port) = server.host.split_once(':').unwrap();
            let name = &server.name;
            scratch.write(
                ".env",
                &format!(
                    "DB_USER={name}\nDB_PASSWORD={PASSWORD}\nDB_HOST={host}\nDB_PORT={port}\nDB_NAME={name}\n"
                ),
            );
        } else {
            scratch.edit("moru.toml", SQLITE, "url = \"${SHOP_URL}\"");
            scratch.write(".env", &format!("SHOP_URL={}\n", server.url(PASSWORD)));
        }
        std::fs::remove_file(scratch.path("data/shop.db")).unwrap();
        let theirs = dataset(&scratch, server.client);
        // No assert_eq: texts of this size are not for reading.
        let differing = ours.lines().zip(theirs.lines()).position(|(a, b)| a != b);
        assert!(ours == theirs, "{}: line {differing:?} differs", server.client);
        assert_nowhere(scratch.root(), PASSWORD);
    }
}

/// No file of the folder but `.env` has the text.
fn assert_nowhere(folder: &Path, text: &str) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            assert_nowhere(&path, text);
        } else if path.file_name().unwrap() != ".env" {
            let bytes = std::fs::read(&path).unwrap();
            assert!(!bytes.windows(text.len()).any(|w| w == text.as_bytes()), "{}", path.display());
        }
    }
}

fn refused(url: &str, password: &str, query: &str, says: &[&str]) {
    let scratch = Scratch::project();
    let source = "kind = \"csv\"\npath = \"data/rows.csv\"";
    scratch.edit(
        "moru.toml",
        source,
        &format!("kind = \"sql\"\nurl = \"${{SHOP_URL}}\"\nquery = \"{query}\"\ntimeout_secs = 5"),
    );
    scratch.write(".env", &format!("SHOP_URL={url}\n"));
    let output = scratch.output(&["run", "--until", "prepare"]);
    let talk = String::from_utf8(output.stderr).unwrap();
    let shown = String::from_utf8(output.stdout).unwrap();
    assert_eq!(output.status.code(), Some(2), "{query}: {talk}");
    assert!(!talk.contains(password) && !shown.contains(password), "the password is shown");
    for part in says.iter().chain(&["error:", "hint:"]) {
        assert!(talk.contains(part), "{query}: no {part:?} in: {talk}");
    }
    assert!(!talk.contains(PHONE), "a value is shown: {talk}");
    assert!(!scratch.path("out/dataset.jsonl").exists(), "{query}: nothing is written");
    assert_nowhere(scratch.root(), password);
}

#[test]
fn databases_that_refuse() {
    for dialect in [Dialect::MySql, Dialect::Postgres] {
        let Some(server) = Server::start(dialect, "no") else { continue };
        server.own(&format!(
            "CREATE TABLE t (id INT PRIMARY KEY, category VARCHAR(9), question VARCHAR(99), answer VARCHAR(99)); INSERT INTO t VALUES (1, 'a', 'b', '{PHONE}');"
        ));
        let (good, wrong) = (server.url(PASSWORD), server.url("mallet-9-basalt"));
        let away = good.replace(&server.host, "127.0.0.1:1");
        let all = "select id, category, question, answer from t order by id";
        let login = ["127.0.0.1", &server.name, "check the user and the password", "DB_USER and DB_PASSWORD"];
        refused(&wrong, "mallet-9-basalt", all, &login);
        refused(&away, PASSWORD, all, &["127.0.0.1", "is the server running", "moru doctor"]);
        let elsewhere = good.replace(&format!("/{}", server.name), "/nothing_d");
        refused(&elsewhere, PASSWORD, all, &["nothing_d"]);
        refused(&good, PASSWORD, "select id from nothing_t", &["nothing_t", "there is no such table"]);
        refused(&good, PASSWORD, "select id, nothing_c from t", &["nothing_c", "there is no such column"]);
        refused(&good, PASSWORD, "select category, question from t", &["the query gives no column `id`"]);
        refused(
            &good,
            PASSWORD,
            &all.replace("order", "where id < 0 order"),
            &["source `rows` gave no rows"],
        );
        let unparsed = format!("select id,, question from t where answer = '{PHONE}'");
        refused(&good, PASSWORD, &unparsed, &["the query cannot be parsed"]);
        if dialect == Dialect::Postgres {
            // The server repeats a value that it cannot convert; we do not.
            let converted = "select answer::numeric as id, category, question, answer from t";
            refused(&good, PASSWORD, converted, &["invalid input syntax"]);
        }
        let nap = if dialect == Dialect::MySql { "sleep(30)" } else { "pg_sleep(30)::text" };
        refused(
            &good,
            PASSWORD,
            &all.replace("answer from", &format!("{nap} as answer from")),
            &["longer than 5 s"],
        );
        for query in ["delete from t", "select 1; delete from t", "insert into t (id) values (2)"] {
            refused(&good, PASSWORD, query, &["refused", "only reads", "one SELECT"]);
        }
        assert!(server.own("SELECT id * 1000 + 234 FROM t;").contains("1234"), "the row is still there");
    }
}
