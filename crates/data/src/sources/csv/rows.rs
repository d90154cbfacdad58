//! Rows as bytes: where a record ends, and what a broken one costs.

use std::io::Read;
use std::ops::Range;

/// What is wrong with a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fault {
    AfterQuote,
    Unclosed,
    TooLong,
}

impl Fault {
    pub fn code(self) -> &'static str {
        match self {
            Self::AfterQuote | Self::Unclosed => "bad_quotes",
            Self::TooLong => "row_too_long",
        }
    }

    pub fn detail(self) -> &'static str {
        match self {
            Self::AfterQuote => "a closing quote is followed by neither separator nor line end",
            Self::Unclosed => "a quote is opened and not closed",
            Self::TooLong => "the row is longer than 16 MiB, the most that a row may have",
        }
    }
}

#[derive(Debug, PartialEq, Eq)]
pub(super) enum Row {
    Fields { line: u64, fields: Vec<Vec<u8>> },
    Broken { line: u64, fault: Fault, text: Vec<u8> },
}

/// Rows as bytes.
pub(super) struct Rows {
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
    pub fn new(reader: Box<dyn Read + Send>, delimiter: u8, newline: u8, max: usize) -> Self {
        Self { reader, delimiter, newline, max, buf: Vec::new(), start: 0, ended: false, line: 1 }
    }

    pub fn next(&mut self) -> std::io::Result<Option<Row>> {
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
pub(super) fn delimiter(head: &[u8], newline: u8) -> u8 {
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

    /// Numbers that look random and are the same each time.
    fn numbers(seed: u64) -> impl FnMut(usize) -> usize {
        let mut i = 0u64;
        move |below| {
            i += 1;
            (crate::hash::hash64(seed, &[&i.to_le_bytes()]) % below as u64) as usize
        }
    }

    #[test]
    fn what_is_written_is_read() {
        let mut number = numbers(1);
        let pieces = ["", "a", ",", "\"", "\n", "\r\n", "가", " ", "\"\""];
        for _ in 0..300 {
            let width = 2 + number(3);
            let mut written = Vec::new();
            let mut want = Vec::new();
            for _ in 0..number(6) {
                let cells: Vec<String> =
                    (0..width).map(|_| (0..number(4)).map(|_| pieces[number(9)]).collect()).collect();
                crate::output::csv_line(&mut written, &cells).unwrap();
                want.push(cells.join("|"));
            }
            let text = String::from_utf8(written).unwrap();
            let got: Vec<String> =
                rows(&text, 1 << 20).iter().map(|row| row.split_once(": ").unwrap().1.to_owned()).collect();
            assert_eq!(got, want, "{text:?}");
        }
    }

    #[test]
    fn any_text_comes_to_its_end_with_rising_lines() {
        let mut number = numbers(2);
        let pieces = ["a", ",", "\"", "\n", "\r", "bb"];
        for _ in 0..3000 {
            let text: String = (0..number(30)).map(|_| pieces[number(6)]).collect();
            for max in [4, 1 << 20] {
                let lines: Vec<usize> = rows(&text, max)
                    .iter()
                    .map(|row| row.split_once([':', '!']).unwrap().0.parse().unwrap())
                    .collect();
                assert!(lines.is_sorted_by(|a, b| a < b), "{text:?}: {lines:?}");
                assert!(lines.last().is_none_or(|&l| l <= text.split('\n').count()), "{text:?}: {lines:?}");
            }
        }
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
