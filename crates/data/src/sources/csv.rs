//! CSV and TSV (RFC 4180): quotes, doubled quotes, line breaks inside quotes.
//!
//! The reader is our own because of what happens to broken files: a row with a stray quote costs that
//! line only, never what follows, and every row that is set aside is named by its line. A record of
//! several lines that turns out to be broken is taken back, its first line is set aside, and reading
//! goes on with the next line.

use std::io::Read;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::encoding::{self, Decoder};
use super::{Item, Note, Source, SourceError, check_unique, key_indices};
use crate::record::{Column, ColumnKind, Record, RecordId, Rejection, Schema, Value, key_text};

/// How to read a CSV file.
#[derive(Debug, Clone)]
pub struct CsvOptions {
    /// The separator; found out where absent.
    pub delimiter: Option<char>,
    /// Whether the first row names the columns; else they are `column_1`, `column_2` …
    pub header: bool,
    /// The columns that make a row's id; the line's number where there are none.
    pub key: Vec<String>,
    /// A row of more bytes is set aside.
    pub max_row_bytes: usize,
}

impl Default for CsvOptions {
    fn default() -> Self {
        Self { delimiter: None, header: true, key: Vec::new(), max_row_bytes: 64 << 20 }
    }
}

/// A CSV file as a source.
pub struct CsvSource {
    path: PathBuf,
    schema: Arc<Schema>,
    source: Arc<str>,
    key: Vec<usize>,
    rows: Rows,
    decoder: Decoder,
    notes: Vec<Note>,
    /// The first row, where it is data.
    first: Option<Item>,
}

impl CsvSource {
    /// Opens a file: finds its encoding and separator, reads its header.
    ///
    /// # Errors
    /// A file that cannot be read or is empty, a header that names a column twice, a missing key column.
    pub fn open(path: &Path, source: &str, options: &CsvOptions) -> Result<Self, SourceError> {
        let mut file = encoding::open(path)?;
        let place = path.display().to_string();
        let newline = if file.head.contains(&b'\r') && !file.head.contains(&b'\n') { b'\r' } else { b'\n' };
        let tsv = path.extension().is_some_and(|e| e.eq_ignore_ascii_case("tsv"));
        let named = options.delimiter.or(tsv.then_some('\t'));
        let found =
            named.and_then(|c| u8::try_from(c).ok()).unwrap_or_else(|| delimiter(&file.head, newline));
        let mut rows = Rows::new(file.reader, found, newline, options.max_row_bytes);
        let empty = || SourceError::Empty { path: path.to_owned(), expected: "a header row" };
        let head = match rows.next().map_err(|cause| SourceError::Io { path: path.to_owned(), cause })? {
            None => return Err(empty()),
            Some(Row::Broken { line, fault, .. }) => {
                return Err(SourceError::Malformed {
                    path: path.to_owned(),
                    kind: "CSV",
                    detail: format!("line {line}, the header: {}", fault.detail()),
                });
            }
            Some(Row::Fields { line, fields }) => (line, fields),
        };
        let texts: Vec<String> =
            head.1.iter().map(|f| file.decoder.decode(f).text.trim().to_owned()).collect();
        if texts.iter().all(String::is_empty) {
            return Err(empty());
        }
        let columns: Vec<Column> = texts
            .iter()
            .enumerate()
            .map(|(i, text)| {
                let name = if options.header && !text.is_empty() {
                    text.clone()
                } else {
                    format!("column_{}", i + 1)
                };
                Column { name, kind: ColumnKind::Text }
            })
            .collect();
        check_unique(&format!("{place}:{}", head.0), columns.iter().map(|c| c.name.as_str()))?;
        let schema = Arc::new(Schema { source: source.to_owned(), columns });
        let mut csv = Self {
            path: path.to_owned(),
            key: key_indices(&schema, &place, &options.key)?,
            schema,
            source: Arc::from(source),
            rows,
            decoder: file.decoder,
            notes: Vec::new(),
            first: None,
        };
        if named.is_none() {
            csv.notes.push(Note::Delimiter { found: char::from(found) });
        }
        if !options.header {
            csv.first = Some(csv.item(head.0, &head.1));
        }
        Ok(csv)
    }

    fn item(&mut self, line: u64, fields: &[Vec<u8>]) -> Item {
        let mut replaced = 0;
        let mut values = Vec::with_capacity(fields.len());
        for field in fields {
            let decoded = self.decoder.decode(field);
            replaced += decoded.replaced;
            values.push(Value::Text(decoded.text.into_owned()));
        }
        if replaced > 0 {
            let encoding = self.decoder.encoding().name();
            return self.set_aside(
                line,
                "bad_encoding",
                &format!("{replaced} characters are not {encoding}, which the rest of the file is"),
                &values,
            );
        }
        if values.len() != self.schema.columns.len() {
            let detail = format!("{} fields, expected {}", values.len(), self.schema.columns.len());
            return self.set_aside(line, "ragged_row", &detail, &values);
        }
        let key = if self.key.is_empty() {
            line.to_string()
        } else {
            key_text(self.key.iter().map(|&i| &values[i]))
        };
        let id = RecordId { source: Arc::clone(&self.source), key };
        Item::Record(Record { id, schema: Arc::clone(&self.schema), values })
    }

    fn set_aside(&self, line: u64, reason: &str, detail: &str, values: &[Value]) -> Item {
        let texts: Vec<_> = values.iter().map(Value::to_text).collect();
        Item::Rejected(Rejection {
            id: format!("{}#line {line}", self.source),
            reason: reason.to_owned(),
            detail: format!("{}:{line}: {detail}", self.path.display()),
            text: texts.join(" | "),
        })
    }
}

impl Source for CsvSource {
    fn schema(&self) -> &Arc<Schema> {
        &self.schema
    }

    fn next_item(&mut self) -> Result<Option<Item>, SourceError> {
        if let Some(first) = self.first.take() {
            return Ok(Some(first));
        }
        let row = self.rows.next().map_err(|cause| SourceError::Io { path: self.path.clone(), cause })?;
        Ok(row.map(|row| match row {
            Row::Fields { line, fields } => self.item(line, &fields),
            Row::Broken { line, fault, text } => {
                let text = Value::Text(self.decoder.decode(&text).text.into_owned());
                self.set_aside(line, fault.code(), fault.detail(), &[text])
            }
        }))
    }

    fn notes(&self) -> Vec<Note> {
        let mut notes = self.decoder.notes();
        notes.extend(self.notes.iter().cloned());
        notes
    }
}

/// What is wrong with a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fault {
    AfterQuote,
    Unclosed,
    TooLong,
}

impl Fault {
    fn code(self) -> &'static str {
        match self {
            Self::AfterQuote | Self::Unclosed => "bad_quotes",
            Self::TooLong => "row_too_long",
        }
    }

    fn detail(self) -> &'static str {
        match self {
            Self::AfterQuote => "a closing quote is followed by neither separator nor line end",
            Self::Unclosed => "a quote is opened and not closed",
            Self::TooLong => "the row is longer than a row may be",
        }
    }
}

#[derive(Debug, PartialEq, Eq)]
enum Row {
    Fields { line: u64, fields: Vec<Vec<u8>> },
    Broken { line: u64, fault: Fault, text: Vec<u8> },
}

/// Rows as bytes.
struct Rows {
    reader: Box<dyn Read + Send>,
    delimiter: u8,
    newline: u8,
    max: usize,
    buf: Vec<u8>,
    start: usize,
    ended: bool,
    line: u64,
}

/// What a look at the buffer found.
enum Scan {
    /// A record that ends at this place, its line end included.
    Record(Vec<Range<usize>>, usize),
    /// The buffer ends inside it.
    More,
    Broken(Fault),
}

/// Bytes of a broken line that are kept for people.
const KEPT_BYTES: usize = 2000;

impl Rows {
    fn new(reader: Box<dyn Read + Send>, delimiter: u8, newline: u8, max: usize) -> Self {
        Self { reader, delimiter, newline, max, buf: Vec::new(), start: 0, ended: false, line: 1 }
    }

    fn next(&mut self) -> std::io::Result<Option<Row>> {
        loop {
            if self.start == self.buf.len() && !self.fill()? {
                return Ok(None);
            }
            let rest = &self.buf[self.start..];
            if rest.len() > self.max && memchr::memchr(self.newline, &rest[..self.max]).is_none() {
                return self.skip_line(Fault::TooLong).map(Some);
            }
            match scan(rest, self.delimiter, self.newline, self.ended) {
                Scan::More if rest.len() > self.max => return self.skip_line(Fault::Unclosed).map(Some),
                Scan::More => {
                    self.fill()?;
                }
                Scan::Broken(fault) => return self.skip_line(fault).map(Some),
                Scan::Record(ranges, _) if ranges.len() == 1 && ranges[0].is_empty() => {
                    // A blank line is no row.
                    let line_end = memchr::memchr(self.newline, rest).map_or(rest.len(), |at| at + 1);
                    self.start += line_end;
                    self.line += 1;
                }
                Scan::Record(ranges, end) => {
                    let fields = ranges.into_iter().map(|range| field(&rest[range])).collect();
                    let row = Row::Fields { line: self.line, fields };
                    self.line += memchr::memchr_iter(self.newline, &rest[..end]).count() as u64;
                    self.start += end;
                    return Ok(Some(row));
                }
            }
        }
    }

    /// Reads on; false at the end of the file.
    fn fill(&mut self) -> std::io::Result<bool> {
        if self.ended {
            return Ok(false);
        }
        self.buf.drain(..self.start);
        self.start = 0;
        let had = self.buf.len();
        // Twice as much each time, so that a long row is not looked at over and over.
        let room = had.max(1 << 18);
        self.buf.resize(had + room, 0);
        let mut filled = had;
        while filled < self.buf.len() {
            match self.reader.read(&mut self.buf[filled..]) {
                Ok(0) => {
                    self.ended = true;
                    break;
                }
                Ok(n) => filled += n,
                Err(e) if e.kind() == std::io::ErrorKind::Interrupted => {}
                Err(e) => {
                    self.buf.truncate(filled);
                    return Err(e);
                }
            }
        }
        self.buf.truncate(filled);
        // At the end the rows that are left have to be looked at again, now knowing that it is the end.
        Ok(filled > had || had > 0)
    }

    /// Sets the first line of what is left aside.
    fn skip_line(&mut self, fault: Fault) -> std::io::Result<Row> {
        let line = self.line;
        let mut text = Vec::new();
        loop {
            let rest = &self.buf[self.start..];
            let end = memchr::memchr(self.newline, rest);
            let piece = &rest[..end.unwrap_or(rest.len())];
            text.extend_from_slice(&piece[..piece.len().min(KEPT_BYTES - text.len())]);
            self.start += end.map_or(rest.len(), |at| at + 1);
            if end.is_some() || !self.fill()? {
                break;
            }
        }
        self.line += 1;
        Ok(Row::Broken { line, fault, text })
    }
}

/// Looks for one record at the beginning of `buf`.
fn scan(buf: &[u8], delimiter: u8, newline: u8, ended: bool) -> Scan {
    let mut fields = Vec::new();
    let mut at = 0;
    loop {
        let after = if buf.get(at) == Some(&b'"') {
            match closing(buf, at + 1) {
                Some(close) if close + 1 < buf.len() || ended => {
                    fields.push(at..close + 1);
                    close + 1
                }
                None if ended => return Scan::Broken(Fault::Unclosed),
                _ => return Scan::More,
            }
        } else {
            let len = memchr::memchr2(delimiter, newline, &buf[at..]);
            let end = match len {
                Some(len) => at + len,
                None if ended => buf.len(),
                None => return Scan::More,
            };
            let text_end =
                if buf.get(end) != Some(&delimiter) && buf[at..end].ends_with(b"\r") { end - 1 } else { end };
            fields.push(at..text_end);
            end
        };
        match buf.get(after) {
            None => return Scan::Record(fields, buf.len()),
            Some(&b) if b == delimiter => at = after + 1,
            Some(&b) if b == newline => return Scan::Record(fields, after + 1),
            Some(b'\r') if buf.get(after + 1) == Some(&newline) => return Scan::Record(fields, after + 2),
            Some(b'\r') if after + 1 == buf.len() => {
                return if ended { Scan::Record(fields, buf.len()) } else { Scan::More };
            }
            Some(_) => return Scan::Broken(Fault::AfterQuote),
        }
    }
}

/// The closing quote of a field whose text begins at `from`.
fn closing(buf: &[u8], mut from: usize) -> Option<usize> {
    loop {
        let quote = from + memchr::memchr(b'"', &buf[from..])?;
        if buf.get(quote + 1) != Some(&b'"') {
            return Some(quote);
        }
        from = quote + 2;
    }
}

/// A field's bytes without its quotes.
fn field(raw: &[u8]) -> Vec<u8> {
    let Some(inner) = raw.strip_prefix(b"\"").and_then(|r| r.strip_suffix(b"\"")) else {
        return raw.to_vec();
    };
    if memchr::memchr(b'"', inner).is_none() {
        return inner.to_vec();
    }
    let mut out = Vec::with_capacity(inner.len());
    let mut rest = inner;
    while let Some(at) = memchr::memchr(b'"', rest) {
        out.extend_from_slice(&rest[..=at]);
        rest = rest.get(at + 2..).unwrap_or_default();
    }
    out.extend_from_slice(rest);
    out
}

/// The separator that gives the first rows the same number of fields, and more than one; the one with
/// most fields wins, a comma where nothing does.
fn delimiter(head: &[u8], newline: u8) -> u8 {
    let mut best = (1, b',');
    for candidate in [b',', b'\t', b';', b'|'] {
        let mut at = 0;
        let mut counts = Vec::new();
        while counts.len() < 20 && at < head.len() {
            let Scan::Record(fields, end) = scan(&head[at..], candidate, newline, true) else { break };
            counts.push(fields.len());
            at += end;
        }
        let first = counts.first().copied().unwrap_or(0);
        let same = counts.iter().filter(|&&n| n == first).count();
        if first > best.0 && same * 10 >= counts.len() * 8 {
            best = (first, candidate);
        }
    }
    best.1
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use super::*;

    fn rows(text: &str, max: usize) -> Vec<String> {
        let mut rows = Rows::new(Box::new(Cursor::new(text.as_bytes().to_vec())), b',', b'\n', max);
        let mut out = Vec::new();
        while let Some(row) = rows.next().unwrap() {
            out.push(match row {
                Row::Fields { line, fields } => {
                    let fields: Vec<_> = fields.iter().map(|f| String::from_utf8_lossy(f)).collect();
                    format!("{line}: {}", fields.join("|"))
                }
                Row::Broken { line, fault, text } => {
                    format!("{line}! {fault:?} {}", String::from_utf8_lossy(&text))
                }
            });
        }
        out
    }

    fn check(text: &str, want: &[&str]) {
        assert_eq!(rows(text, 1 << 20), want, "{text:?}");
    }

    #[test]
    fn well_formed() {
        check("", &[]);
        check("\n\r\n\n", &[]);
        check("a,b\n1,2", &["1: a|b", "2: 1|2"]);
        check("a,b\r\n1,\r\n", &["1: a|b", "2: 1|"]);
        check("\"a\"\"b\",\"c\nd\"\r\ne,f\n", &["1: a\"b|c\nd", "3: e|f"]);
        check("\"\",\"\"\n", &["1: |"]);
        check("\"\"\"\"", &["1: \""]);
        check("5\" pipe,x\n", &["1: 5\" pipe|x"]);
    }

    #[test]
    fn a_broken_row_costs_one_line() {
        check("a,b\n1,\"open\n2,\"x\"\n3,y\n", &["1: a|b", "2! AfterQuote 1,\"open", "3: 2|x", "4: 3|y"]);
        check("1,\"open\n2,x\n3,y", &["1! Unclosed 1,\"open", "2: 2|x", "3: 3|y"]);
        check("\"a\"b,c\n1,2\n", &["1! AfterQuote \"a\"b,c", "2: 1|2"]);
        assert_eq!(rows("aaaaaaaaaaaaaaaaaaaa\n1,2\n", 10), ["1! TooLong aaaaaaaaaaaaaaaaaaaa", "2: 1|2"]);
    }

    #[test]
    fn separators() {
        for (text, want) in [
            ("a,b\n1,2\n", b','),
            ("a\tb\n1,5\t2,5\n", b'\t'),
            ("a;b;c\n1,5;2;3\n", b';'),
            ("a|b\n", b'|'),
            ("only\nnames\n", b','),
            ("", b','),
        ] {
            assert_eq!(delimiter(text.as_bytes(), b'\n'), want, "{text:?}");
        }
    }
}
