//! JSON lines: one object a line, nested values by path (`customer.name`, `items[0].price`, which may also be
//! written `items.0.price`; `items[*].name` is the names of all, a line each). A list may give the rows
//! ([`JsonlOptions::each`]): each of its items then stands in the list's place.

use std::borrow::Cow;
use std::collections::{BTreeSet, VecDeque};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde_json::{Map, Value as Json};

use super::encoding::{self, Decoder};
use super::lines::{Line, Lines};
use super::{Item, Note, Source, SourceError, check_unique, key_indices};
use crate::record::{Column, ColumnKind, Record, RecordId, Rejection, Schema, Value, key_text};

/// How to read a JSONL file.
#[derive(Debug, Clone)]
pub struct JsonlOptions {
    /// The columns, each a path. Where empty: the paths of all plain values in the first
    /// [`LOOK_ROWS`] rows, in the order in which they occur; lists stay nested.
    pub columns: Vec<String>,
    /// Paths beside those that are found, where `columns` is empty.
    pub also: Vec<String>,
    /// The path of a list whose items become the rows: in a row, the item stands where the list stood. Each line is
    /// a row where empty.
    pub each: String,
    /// The columns that make a row's id; the line's number where there are none.
    pub key: Vec<String>,
    /// A longer line is set aside.
    pub max_row_bytes: usize,
}

impl Default for JsonlOptions {
    fn default() -> Self {
        Self {
            columns: Vec::new(),
            also: Vec::new(),
            each: String::new(),
            key: Vec::new(),
            max_row_bytes: 64 << 20,
        }
    }
}

/// How many rows are looked at to find the columns and their kinds.
pub const LOOK_ROWS: usize = 1000;

/// A JSONL file as a source.
pub struct JsonlSource {
    path: PathBuf,
    schema: Arc<Schema>,
    source: Arc<str>,
    key: Vec<usize>,
    lines: Lines,
    decoder: Decoder,
    each: String,
    /// Rows of a line that were not given out yet.
    of_line: VecDeque<Parsed>,
    /// Rows that were looked at and not given out yet.
    ahead: VecDeque<Parsed>,
    /// The known paths, where fields beyond them are to be noticed.
    known: Option<BTreeSet<String>>,
    further: Option<(String, u64)>,
}

enum Parsed {
    /// The line, or the line and the item in it, and the row.
    Row(String, Map<String, Json>),
    Bad(Rejection),
}

impl JsonlSource {
    /// Opens a file and finds its columns.
    ///
    /// # Errors
    /// A file that cannot be read, has no row at all, or is one JSON list; a missing key column.
    pub fn open(path: &Path, source: &str, options: &JsonlOptions) -> Result<Self, SourceError> {
        let file = encoding::open(path)?;
        if file.head.iter().find(|b| !b.is_ascii_whitespace()) == Some(&b'[') {
            return Err(SourceError::Unsupported {
                path: path.to_owned(),
                feature: "one JSON list instead of lines".to_owned(),
                instead: "write one object a line, for example with `jq -c '.[]' FILE`",
            });
        }
        let mut jsonl = Self {
            path: path.to_owned(),
            schema: Arc::new(Schema { source: source.to_owned(), columns: Vec::new() }),
            source: Arc::from(source),
            key: Vec::new(),
            lines: Lines::new(file.reader, options.max_row_bytes),
            decoder: file.decoder,
            each: options.each.clone(),
            of_line: VecDeque::new(),
            ahead: VecDeque::new(),
            known: None,
            further: None,
        };
        while jsonl.ahead.len() < LOOK_ROWS {
            match jsonl.parse_next()? {
                Some(parsed) => jsonl.ahead.push_back(parsed),
                None => break,
            }
        }
        if jsonl.ahead.is_empty() {
            return Err(SourceError::Empty { path: path.to_owned(), expected: "one JSON object a line" });
        }
        let place = path.display().to_string();
        let paths = jsonl.chosen_paths(&place, options)?;
        let columns = paths.into_iter().map(|name| Column { kind: jsonl.kind_of(&name), name }).collect();
        jsonl.schema = Arc::new(Schema { source: source.to_owned(), columns });
        jsonl.key = key_indices(&jsonl.schema, &place, &options.key)?;
        Ok(jsonl)
    }

    /// The columns that are asked for, or those that are found and the further ones that are asked for.
    fn chosen_paths(&mut self, place: &str, options: &JsonlOptions) -> Result<Vec<String>, SourceError> {
        let mut paths = if options.columns.is_empty() { self.paths() } else { options.columns.clone() };
        if options.columns.is_empty() {
            self.known = Some(paths.iter().cloned().collect());
            let also = options.also.iter().filter(|path| !paths.contains(path)).cloned();
            paths.extend(also.collect::<Vec<_>>());
        }
        check_unique(place, paths.iter().map(String::as_str))?;
        let asked = options.columns.iter().chain(&options.also);
        if let Some(column) =
            { asked }.find(|path| self.rows_ahead().all(|row| value_at(row, path).is_none()))
            && self.rows_ahead().next().is_some()
        {
            // A path with a slip in it would give a column of nothing.
            let (column, columns) = (column.clone(), self.paths());
            return Err(SourceError::UnknownColumn { place: place.to_owned(), column, columns });
        }
        Ok(paths)
    }

    fn rows_ahead(&self) -> impl Iterator<Item = &Map<String, Json>> {
        self.ahead.iter().filter_map(|parsed| match parsed {
            Parsed::Row(_, row) => Some(row),
            Parsed::Bad(_) => None,
        })
    }

    /// The paths of all plain values ahead. A path that is `null` where it is not an object is none.
    fn paths(&self) -> Vec<String> {
        let (mut paths, mut seen) = (Vec::new(), BTreeSet::new());
        for row in self.rows_ahead() {
            leaves("", row, &mut |path, _| {
                if seen.insert(path.to_owned()) {
                    paths.push(path.to_owned());
                }
            });
        }
        paths.retain(|path| {
            let below = format!("{path}.");
            let parent = seen.range(below.clone()..).next().is_some_and(|p| p.starts_with(&below));
            !parent
                || self.rows_ahead().any(|r| lookup(r, path).is_some_and(|v| !v.is_null() && !v.is_object()))
        });
        paths
    }

    fn kind_of(&self, path: &str) -> ColumnKind {
        let mut kind = None;
        for value in self.rows_ahead().filter_map(|row| value_at(row, path)) {
            kind = match (kind, ColumnKind::of(&convert(&value))) {
                (known, None) => known,
                (None, found) => found,
                (Some(a), Some(b)) if a == b => Some(a),
                (Some(ColumnKind::Int | ColumnKind::Float), Some(ColumnKind::Int | ColumnKind::Float)) => {
                    Some(ColumnKind::Float)
                }
                _ => return ColumnKind::Json,
            };
        }
        kind.unwrap_or(ColumnKind::Text)
    }

    fn parse_next(&mut self) -> Result<Option<Parsed>, SourceError> {
        loop {
            if let Some(next) = self.of_line.pop_front() {
                return Ok(Some(next));
            }
            let failed = |cause| SourceError::Io { path: self.path.clone(), cause };
            let Some(line) = self.lines.next().map_err(failed)? else { return Ok(None) };
            if !line.bytes.iter().all(u8::is_ascii_whitespace) {
                let parsed = self.parse(&line);
                self.of_line = self.items_of(parsed);
            }
        }
    }

    fn parse(&mut self, line: &Line) -> Parsed {
        let decoded = self.decoder.decode(&line.bytes);
        let (reason, detail) = if line.cut {
            ("row_too_long", "the line is longer than a row may be".to_owned())
        } else if decoded.replaced > 0 {
            ("bad_encoding", format!("{} characters cannot be decoded", decoded.replaced))
        } else {
            match serde_json::from_str::<Json>(&decoded.text) {
                Ok(Json::Object(row)) => return Parsed::Row(line.number.to_string(), row),
                Ok(_) => ("not_an_object", "the line is JSON, but no object".to_owned()),
                // The parser's message names a place and a shape, not the text.
                Err(e) => ("bad_json", format!("column {}: {}", e.column(), shape(&e))),
            }
        };
        let mut text = decoded.text.into_owned();
        text.truncate(text.floor_char_boundary(2000));
        Parsed::Bad(Rejection {
            id: format!("{}#line {}", self.source, line.number),
            reason: reason.to_owned(),
            detail: format!("{}:{}: {detail}", self.path.display(), line.number),
            text,
        })
    }

    /// The rows of a line: the line itself, or one an item of the list of `each`.
    fn items_of(&self, parsed: Parsed) -> VecDeque<Parsed> {
        let Parsed::Row(line, row) = parsed else { return VecDeque::from([parsed]) };
        if self.each.is_empty() {
            return VecDeque::from([Parsed::Row(line, row)]);
        }
        let Some(Json::Array(items)) = lookup(&row, &self.each).filter(|list| **list != Json::Array(vec![]))
        else {
            return VecDeque::from([Parsed::Bad(Rejection {
                id: format!("{}#line {line}", self.source),
                reason: "no_items".to_owned(),
                detail: format!("{}:{line}: `{}` is no list with items", self.path.display(), self.each),
                text: String::new(),
            })]);
        };
        let one = |(at, item): (usize, &Json)| {
            let mut whole = row.clone();
            put(&mut whole, &self.each, item);
            Parsed::Row(format!("{line}.{}", at + 1), whole)
        };
        items.iter().enumerate().map(one).collect()
    }

    fn record(&mut self, line: &str, row: &Map<String, Json>) -> Item {
        let values: Vec<Value> = self
            .schema
            .columns
            .iter()
            .map(|c| value_at(row, &c.name).map_or(Value::Null, |value| convert(&value)))
            .collect();
        self.notice(row);
        if let Some(&i) = self.key.iter().find(|&&i| values[i] == Value::Null) {
            return Item::Rejected(Rejection {
                id: format!("{}#line {line}", self.source),
                reason: "no_key".to_owned(),
                detail: format!(
                    "{}:{line}: the key `{}` is absent",
                    self.path.display(),
                    self.schema.columns[i].name
                ),
                text: Json::Object(row.clone()).to_string(),
            });
        }
        let key = if self.key.is_empty() {
            line.to_owned()
        } else {
            key_text(self.key.iter().map(|&i| &values[i]))
        };
        let id = RecordId { source: Arc::clone(&self.source), key };
        Item::Record(Record { id, schema: Arc::clone(&self.schema), values })
    }

    /// Counts rows with fields that no column takes.
    fn notice(&mut self, row: &Map<String, Json>) {
        let Some(known) = &self.known else { return };
        let mut found = None;
        leaves("", row, &mut |path, value| {
            if found.is_none() && !value.is_null() && !known.contains(path) {
                found = Some(path.to_owned());
            }
        });
        if let Some(path) = found {
            self.further.get_or_insert((path, 0)).1 += 1;
        }
    }
}

impl Source for JsonlSource {
    fn schema(&self) -> &Arc<Schema> {
        &self.schema
    }

    fn next_item(&mut self) -> Result<Option<Item>, SourceError> {
        let parsed = match self.ahead.pop_front() {
            Some(parsed) => Some(parsed),
            None => self.parse_next()?,
        };
        Ok(parsed.map(|parsed| match parsed {
            Parsed::Row(line, row) => self.record(&line, &row),
            Parsed::Bad(rejection) => Item::Rejected(rejection),
        }))
    }

    fn notes(&self) -> Vec<Note> {
        let mut notes = self.decoder.notes();
        if let Some((field, rows)) = &self.further {
            notes.push(Note::FurtherFields { field: field.clone(), rows: *rows });
        }
        notes
    }
}

/// Calls `found` for every value that is no object, with its path.
fn leaves(prefix: &str, object: &Map<String, Json>, found: &mut dyn FnMut(&str, &Json)) {
    for (key, value) in object {
        let path = if prefix.is_empty() { key.clone() } else { format!("{prefix}.{key}") };
        match value {
            Json::Object(inner) if !inner.is_empty() => leaves(&path, inner, found),
            _ => found(&path, value),
        }
    }
}

/// The value at a path. A key may hold a dot or a bracket itself: the whole is tried before its parts.
fn lookup<'a>(object: &'a Map<String, Json>, path: &str) -> Option<&'a Json> {
    if let Some(value) = object.get(path) {
        return Some(value);
    }
    path.match_indices(['.', '[']).find_map(|(at, mark)| {
        let value = object.get(&path[..at])?;
        // An index keeps its bracket, so that `a[0]` is a list's and never an object's.
        below(value, if mark == "[" { &path[at..] } else { &path[at + 1..] })
    })
}

/// The value at a path, in which `[*]` stands for all items of a list: their texts then, a line each.
fn value_at<'a>(object: &'a Map<String, Json>, path: &str) -> Option<Cow<'a, Json>> {
    if let Some(value) = lookup(object, path) {
        return Some(Cow::Borrowed(value));
    }
    let (list, rest) = path.split_once("[*]")?;
    let items = lookup(object, list)?.as_array()?;
    let rest = rest.strip_prefix('.').unwrap_or(rest);
    let text = |item: &Json| {
        let value =
            if rest.is_empty() { Some(Cow::Borrowed(item)) } else { value_at(item.as_object()?, rest) };
        Some(match value?.as_ref() {
            Json::String(text) => text.clone(),
            other => other.to_string(),
        })
    };
    let texts: Vec<String> = items.iter().filter_map(text).collect();
    (!texts.is_empty()).then(|| Cow::Owned(Json::String(texts.join("\n"))))
}

/// Puts an item where its list stands; the path is one that [`lookup`] found.
fn put(object: &mut Map<String, Json>, path: &str, item: &Json) {
    if let Some(value) = object.get_mut(path) {
        *value = item.clone();
        return;
    }
    for (at, _) in path.match_indices('.') {
        if let Some(Json::Object(inner)) = object.get_mut(&path[..at]) {
            return put(inner, &path[at + 1..], item);
        }
    }
}

fn below<'a>(value: &'a Json, path: &str) -> Option<&'a Json> {
    match value {
        Json::Object(object) => lookup(object, path),
        Json::Array(list) => {
            let (index, rest) = match path.strip_prefix('[') {
                Some(bracketed) => bracketed.split_once(']')?,
                None => path.split_at(path.find(['.', '[']).unwrap_or(path.len())),
            };
            let value = list.get(index.parse::<usize>().ok()?)?;
            if rest.is_empty() { Some(value) } else { below(value, rest.strip_prefix('.').unwrap_or(rest)) }
        }
        _ => None,
    }
}

/// A JSON value as a record's.
pub(super) fn convert(value: &Json) -> Value {
    match value {
        Json::Null => Value::Null,
        Json::Bool(b) => Value::Bool(*b),
        Json::Number(n) => match (n.as_i64(), n.as_u64()) {
            (Some(i), _) => Value::Int(i),
            (None, Some(u)) => Value::Text(u.to_string()),
            (None, None) => n.as_f64().map_or(Value::Null, Value::Float),
        },
        Json::String(s) => Value::Text(s.clone()),
        Json::Array(_) | Json::Object(_) => Value::Json(value.clone()),
    }
}

fn shape(error: &serde_json::Error) -> &'static str {
    match error.classify() {
        serde_json::error::Category::Eof => "the line ends inside a value",
        _ => "this is no JSON",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_reach_into_lists_in_both_spellings() {
        let row = r#"{"turns": [{"text": "a"}, {"text": ["b", "c"]}], "x.y": 1, "z[0]": 2, "m": {"0": 3}, "n": [[4, 5]]}"#;
        let row: Map<String, Json> = serde_json::from_str(row).unwrap();
        for (path, want) in [
            ("turns[0].text", Some(r#""a""#)),
            ("turns.0.text", Some(r#""a""#)),
            ("turns[1].text[1]", Some(r#""c""#)),
            ("turns.1.text.1", Some(r#""c""#)),
            ("turns[2].text", None),
            ("turns[x]", None),
            ("turns[0", None),
            ("x.y", Some("1")),
            ("z[0]", Some("2")),
            ("m.0", Some("3")),
            ("m[0]", None),
            ("n[0][1]", Some("5")),
        ] {
            assert_eq!(lookup(&row, path).map(ToString::to_string).as_deref(), want, "{path}");
        }
    }

    #[test]
    fn the_items_of_a_list_become_rows() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("t.jsonl");
        let lines = concat!(
            r#"{"a": {"asked": [{"q": "왜?", "a": "그래서."}, {"q": "언제?", "a": "어제."}]}, "said": [{"t": "하나"}, {"t": "둘", "n": 2}]}"#,
            "\n",
            r#"{"a": {"asked": []}, "said": [{"t": "셋"}]}"#,
            "\n",
            r#"{"a": {"asked": [{"q": "누가?", "a": "내가."}]}, "said": []}"#,
            "\n",
        );
        std::io::Write::write_all(&mut std::fs::File::create(&path).unwrap(), lines.as_bytes()).unwrap();
        let columns = ["a.asked.q", "said[*].t", "said[*].n"].map(str::to_owned).to_vec();
        let options = JsonlOptions { columns, each: "a.asked".into(), ..JsonlOptions::default() };
        let mut source = JsonlSource::open(&path, "t", &options).unwrap();
        let (mut rows, mut bad) = (Vec::new(), Vec::new());
        while let Some(item) = source.next_item().unwrap() {
            match item {
                Item::Record(r) => {
                    let cells: Vec<_> = r.values.iter().map(|v| v.to_text().into_owned()).collect();
                    rows.push(format!("{} {}", r.id.key, cells.join("|").replace('\n', "/")));
                }
                Item::Rejected(r) => bad.push((r.id, r.reason)),
            }
        }
        assert_eq!(rows, ["1.1 왜?|하나/둘|2", "1.2 언제?|하나/둘|2", "3.1 누가?||"]);
        assert_eq!(bad, [("t#line 2".to_owned(), "no_items".to_owned())]);
    }

    #[test]
    fn a_path_that_no_row_has_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("t.jsonl");
        let mut file = std::fs::File::create(&path).unwrap();
        std::io::Write::write_all(&mut file, b"{\"a\": {\"b\": 1}}\n{\"a\": null}\n").unwrap();
        let open = |column: &str| {
            let options = JsonlOptions { columns: vec![column.to_owned()], ..JsonlOptions::default() };
            JsonlSource::open(&path, "t", &options).map(|_| ())
        };
        open("a.b").unwrap();
        let error = open("a.c").unwrap_err().to_string();
        assert!(error.contains("no column `a.c`; the columns are `a.b`"), "{error}");
    }
}
