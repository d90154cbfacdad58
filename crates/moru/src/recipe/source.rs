//! `[source.NAME]`: where rows come from.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::error::RecipeError;
use super::reader::{Gathered, Section};

/// The kinds of source.
pub const KINDS: [&str; 8] = ["sql", "csv", "tsv", "xlsx", "jsonl", "parquet", "text", "documents"];

/// `[source.NAME]`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Source {
    /// Its name in the recipe.
    pub name: String,
    /// One of [`KINDS`].
    pub kind: String,
    /// The database, as typed: it may name variables. A password typed into it is not written anywhere.
    #[serde(serialize_with = "without_password")]
    pub url: String,
    /// What is selected.
    pub query: String,
    /// All rows of a table, instead of a query.
    pub table: String,
    /// Whether the database is asked, at each run, if its rows changed.
    pub probe: bool,
    /// Text columns that hold JSON.
    pub json_columns: Vec<String>,
    /// What is done with columns of bytes: `refuse` or `hex`.
    pub bytes: String,
    /// At which offset from UTC instants are written.
    pub utc_offset_minutes: i64,
    /// Seconds that one answer of the database may take.
    pub timeout_secs: u64,
    /// The file or folder, relative to the project.
    pub path: String,
    /// The separator of a CSV file; found out where empty.
    pub delimiter: String,
    /// The sheet of a workbook; the first where empty.
    pub sheet: String,
    /// The row with the columns' names of a workbook; found out where 0.
    pub header_row: u64,
    /// Whether the first row of a CSV file names the columns.
    pub header: bool,
    /// What becomes a row of a text file: `file`, `paragraph` or `line`.
    pub unit: String,
    /// Which columns are read, or how they are called here.
    pub columns: Columns,
    /// A list in each line of a JSONL file whose items become the rows; each line is a row where empty.
    #[serde(default)]
    pub each: String,
    /// Columns that tell rows apart.
    pub key: Vec<String>,
    /// The column whose greater values are new; empty where all rows are read anew.
    pub incremental: String,
    /// Columns with personal values, and what they hold.
    pub personal: BTreeMap<String, String>,
    /// Whether everything in it is public already.
    pub public: bool,
    /// The split that all of its rows belong to; drawn row by row where empty.
    #[serde(default)]
    pub split: String,
    /// Its licence.
    pub licence: String,
    /// Whether its text may leave the organisation.
    pub redistribute: bool,
    /// The share of rows that may be unreadable.
    pub bad_share: f64,
    /// This many unreadable rows are always let pass.
    pub bad_rows: u64,
}

/// `columns` of a source.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Columns {
    /// The columns of a JSONL file, each a path such as `turns[0].text`; all plain values where empty.
    Paths(Vec<String>),
    /// Names of ours and the columns that they stand for; all other columns keep their names.
    Renamed(BTreeMap<String, String>),
}

impl Columns {
    /// The names of ours with the columns that they stand for.
    pub fn renamed(&self) -> Option<&BTreeMap<String, String>> {
        match self {
            Self::Renamed(names) => Some(names),
            Self::Paths(_) => None,
        }
    }

    /// The paths that are read.
    pub fn paths(&self) -> &[String] {
        match self {
            Self::Paths(paths) => paths,
            Self::Renamed(_) => &[],
        }
    }
}

impl Source {
    /// What the source itself calls a column.
    pub fn theirs<'a>(&'a self, ours: &'a String) -> &'a String {
        self.columns.renamed().and_then(|names| names.get(ours)).unwrap_or(ours)
    }

    /// Whether it is of documents, which have a structure and no rows until questions are asked about them.
    pub fn is_documents(&self) -> bool {
        self.kind == "documents"
    }

    pub(super) fn read(name: &str, mut s: Section<'_>) -> Self {
        let kind = s.choice("kind", "csv", &KINDS, "sql, csv, tsv, xlsx, jsonl, parquet, text, or documents (PDF, DOCX, Markdown, HTML, text: rules, handbooks, manuals)");
        let text = String::new;
        let source = Self {
            name: name.to_owned(),
            kind: kind.to_owned(),
            url: s.value("url", text(), "the database of kind sql: sqlite:FILE, mysql://USER:PASSWORD@HOST/NAME, postgres://…, ${DATABASE_URL}; without it, DB_USER, DB_PASSWORD, DB_HOST, DB_PORT, DB_NAME of .env"),
            query: s.value("query", text(), "the select statement of kind sql; order it by the key"),
            table: s.value("table", text(), "the table to read whole, of kind sql, instead of a query"),
            probe: s.value("probe", true, "ask the database at each run for its number of rows and its greatest key, and read again when they changed; false keeps the extract until --refresh"),
            json_columns: s.value("json_columns", Vec::new(), "text columns that hold JSON (MariaDB keeps JSON as text)"),
            bytes: s.choice("bytes", "refuse", &["refuse", "hex"], "what is done with columns of bytes: an error, or hexadecimal text").to_owned(),
            utc_offset_minutes: s.within("utc_offset_minutes", 0, -840..=840, "at which offset from UTC instants are written, 540 for Korea"),
            timeout_secs: s.within("timeout_secs", 600, 1..=86_400, "seconds that one statement may take"),
            path: s.value("path", text(), "the file or folder of every kind but sql, relative to the project"),
            delimiter: s.value("delimiter", text(), "the separator of a CSV file; found out where absent"),
            sheet: s.value("sheet", text(), "the sheet of a workbook; the first where absent"),
            header_row: s.value("header_row", 0, "the row with the columns' names of a workbook, counted from 1; found out where absent"),
            header: s.value("header", true, "whether the first row of a CSV file names the columns; without, they are column_1, column_2 …"),
            unit: s.choice("unit", "paragraph", &["file", "paragraph", "line"], "what becomes a row of a text file").to_owned(),
            columns: s
                .list_or_words("columns", "columns under other names, { question = \"문의내용\" }: ours = \"theirs\", of a JSONL file a path such as \"turns[0].text\", or \"turns[*].text\" for the texts of all, a line each; the other keys and the templates use ours. Or, of a JSONL file, the list of the paths that are read; all plain values where absent")
                .map_or_else(Columns::Renamed, Columns::Paths),
            each: s.value("each", text(), "a list in each line of a JSONL file whose items become the rows, such as \"queries\": `queries.text` is then a text of the row's item, and other paths are of the line; each line is a row where absent"),
            key: s.value("key", Vec::new(), "the columns that tell rows apart; rows are numbered where absent"),
            incremental: s.value("incremental", text(), "a column of kind sql that only grows, such as the key or the time of the last change: a further run reads only the rows with greater values, and puts them in their places by `key`; all rows are read anew where absent"),
            personal: s.words("personal", "columns with personal values and what they hold, { customer_name = \"person\" }; these values are masked wherever they stand"),
            public: s.value("public", false, "everything in it is public already: contact data is kept and counted"),
            split: s.choice("split", "", &["", "train", "valid", "test"], "the split that all rows of this source belong to: train, valid or test; where absent [split] decides row by row").to_owned(),
            licence: s.value("licence", text(), "the licence, carried into the cards"),
            redistribute: s.value("redistribute", false, "whether the text may leave the organisation, carried into the cards"),
            bad_share: s.within("bad_share", 0.01, 0.0..=1.0, "the share of rows that may be unreadable before the stage stops"),
            bad_rows: s.value("bad_rows", 10, "this many unreadable rows are always let pass"),
        };
        source.check(&s);
        s.finish(false);
        source
    }

    /// What belongs together.
    fn check(&self, section: &Section<'_>) {
        let missing = |key: &str, why: &str| {
            let (section, key, why) = (format!("source.{}", self.name), key.to_owned(), why.to_owned());
            RecipeError::Missing { section, key, why }
        };
        let sql = self.kind == "sql";
        if sql && self.query.trim().is_empty() && self.table.is_empty() {
            section.error(missing("query", "a select statement (or `table`) says which rows are read"));
        }
        if sql && !self.query.trim().is_empty() && !self.table.is_empty() {
            section.impossible(
                "table",
                "both `query` and `table` are given; one of them says which rows are read",
            );
        }
        if !sql && self.path.is_empty() {
            section.error(missing("path", "it names the file to read"));
        }
        let only = |key: &str, value: &str, kinds: &[&str]| {
            if !value.is_empty() && !kinds.contains(&self.kind.as_str()) {
                section.impossible(
                    key,
                    format!("`{key}` belongs to sources of kind {}, not {}", kinds.join(" and "), self.kind),
                );
            }
        };
        only("url", &self.url, &["sql"]);
        only("query", &self.query, &["sql"]);
        only("table", &self.table, &["sql"]);
        only("path", &self.path, &KINDS[1..]);
        only("delimiter", &self.delimiter, &["csv", "tsv"]);
        only("sheet", &self.sheet, &["xlsx"]);
        only("each", &self.each, &["jsonl"]);
        if section.has("bytes") && !["sql", "parquet"].contains(&self.kind.as_str()) {
            section.impossible(
                "bytes",
                format!("`bytes` belongs to sources of kind sql and parquet, not {}", self.kind),
            );
        }
        for key in ["probe", "timeout_secs", "json_columns", "utc_offset_minutes"] {
            if !sql && section.has(key) {
                section.impossible(key, format!("`{key}` belongs to sources of kind sql, not {}", self.kind));
            }
        }
        self.check_columns(section);
        let kinds_of: [(&str, &[&str]); 4] = [
            ("incremental", &["sql"]),
            ("header", &["csv", "tsv"]),
            ("header_row", &["xlsx"]),
            ("unit", &["text"]),
        ];
        for (key, kinds) in kinds_of {
            if section.has(key) && !kinds.contains(&self.kind.as_str()) {
                section.impossible(
                    key,
                    format!("`{key}` belongs to sources of kind {}, not {}", kinds.join(" and "), self.kind),
                );
            }
        }
        if sql && !self.incremental.is_empty() && self.key.is_empty() {
            section.error(missing(
                "key",
                "with `incremental`, a newer row takes the place of the one of its key",
            ));
        }
        if self.delimiter.chars().count() > 1 {
            section.impossible("delimiter", "`delimiter` is one character, such as \",\" or \"\\t\"");
        } else if !self.delimiter.is_ascii() {
            section.impossible("delimiter", "`delimiter` is an ASCII character, such as \",\" or \";\"");
        }
    }
}

impl Source {
    fn check_columns(&self, section: &Section<'_>) {
        let kind = self.kind.as_str();
        match &self.columns {
            Columns::Paths(paths) if !paths.is_empty() && kind != "jsonl" => section.impossible(
                "columns",
                format!(
                    "a list of `columns` belongs to sources of kind jsonl, not {kind}; names are given by columns = {{ ours = \"theirs\" }}"
                ),
            ),
            Columns::Renamed(_) if kind == "text" || kind == "documents" => section.impossible(
                "columns",
                format!("`columns` belongs to sources with columns, not {kind}"),
            ),
            _ => {}
        }
    }
}

/// Refuses names that would not do as a part of file names and row ids (`NAME#KEY`).
pub(super) fn check_name(section: &Section<'_>, name: &str) {
    if name.is_empty() || !name.chars().all(|c| c.is_alphanumeric() || matches!(c, '-' | '_')) {
        section.impossible(name, format!("the name {name:?} has to be of letters, digits, `-` and `_`"));
    }
}

/// The sources of a recipe by name.
/// Reads all sources; a recipe whose text is written here has none, every other at least one.
pub(super) fn read_all(
    sections: Section<'_>,
    gathered: &Gathered,
    is_synthesized: bool,
) -> BTreeMap<String, Source> {
    if let Some(key) = sections.loose_key() {
        // What stands there is meant for a source; told key by key it would read as if nothing were known.
        sections.impossible(
            key,
            format!(
                "`{key}` stands in [source], and a source has a name: write [source.rows], or any other name"
            ),
        );
        return BTreeMap::new();
    }
    let named = sections.instances(&[]);
    for (name, _) in &named {
        check_name(&sections, name);
    }
    if is_synthesized && let Some((name, section)) = named.first() {
        section.impossible(
            "kind",
            format!("[source.{name}] stands beside [synthesize] text: rows are either read or written"),
        );
    }
    if named.is_empty() && !is_synthesized {
        gathered.errors.borrow_mut().push(RecipeError::Missing {
            section: "source.NAME".into(),
            key: "kind".into(),
            why: "a recipe reads at least one source".into(),
        });
    }
    let sources =
        named.into_iter().map(|(name, section)| (name.clone(), Source::read(&name, section))).collect();
    sections.finish(true);
    sources
}

/// `mysql://user:password@host/name` without the password.
pub fn redacted(url: &str) -> String {
    let Some((scheme, rest)) = url.split_once("://") else { return url.to_owned() };
    // A password may hold an `@` that nobody escaped: the last one ends it.
    let Some((login, place)) = rest.rsplit_once('@') else { return url.to_owned() };
    match login.split_once(':') {
        Some((user, password)) if !password.starts_with("${") => format!("{scheme}://{user}:***@{place}"),
        _ => url.to_owned(),
    }
}

fn without_password<S: serde::Serializer>(url: &str, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&redacted(url))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn passwords_are_taken_out() {
        for (url, expected) in [
            ("mysql://shop:hunter2@db/x", "mysql://shop:***@db/x"),
            ("mysql://shop:hun@ter2@db:3306/x", "mysql://shop:***@db:3306/x"),
            ("mysql://shop:${DB_PASSWORD}@db/x", "mysql://shop:${DB_PASSWORD}@db/x"),
            ("sqlite:data/shop.db", "sqlite:data/shop.db"),
            ("${DATABASE_URL}", "${DATABASE_URL}"),
        ] {
            assert_eq!(redacted(url), expected);
        }
    }
}
