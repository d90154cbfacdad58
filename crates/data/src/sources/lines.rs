//! Lines of a text file, one at a time, with a limit on their length.

use std::io::{BufRead, BufReader, Read};

/// A line, or the beginning of one that is too long.
pub(super) struct Line {
    /// Counted from 1.
    pub number: u64,
    /// Without its line end.
    pub bytes: Vec<u8>,
    /// Whether the line had more bytes than the limit; the rest was skipped.
    pub cut: bool,
}

/// Reads lines.
pub(super) struct Lines {
    reader: BufReader<Box<dyn Read + Send>>,
    max: usize,
    number: u64,
}

impl Lines {
    pub fn new(reader: Box<dyn Read + Send>, max: usize) -> Self {
        Self { reader: BufReader::with_capacity(1 << 17, reader), max, number: 0 }
    }

    pub fn next(&mut self) -> std::io::Result<Option<Line>> {
        let mut bytes = Vec::new();
        let limit = self.max as u64 + 2;
        if (&mut self.reader).take(limit).read_until(b'\n', &mut bytes)? == 0 {
            return Ok(None);
        }
        self.number += 1;
        let whole = bytes.ends_with(b"\n");
        if whole {
            bytes.pop();
        }
        if bytes.ends_with(b"\r") {
            bytes.pop();
        }
        let cut = bytes.len() > self.max;
        if cut {
            bytes.truncate(self.max);
            if !whole {
                self.skip_rest()?;
            }
        }
        Ok(Some(Line { number: self.number, bytes, cut }))
    }

    fn skip_rest(&mut self) -> std::io::Result<()> {
        loop {
            let buf = self.reader.fill_buf()?;
            let len = buf.len();
            match memchr::memchr(b'\n', buf) {
                _ if len == 0 => return Ok(()),
                Some(at) => {
                    self.reader.consume(at + 1);
                    return Ok(());
                }
                None => self.reader.consume(len),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_line_does_not_touch_the_next() {
        for (text, want) in [
            ("", vec![]),
            ("a", vec!["a"]),
            ("a\r\nb\n", vec!["a", "b"]),
            ("\n\n", vec!["", ""]),
            ("abcdefgh\nb\n", vec!["abcd!", "b"]),
            ("abcd\nabcdefghijklmnop", vec!["abcd", "abcd!"]),
            ("abcde\nx", vec!["abcd!", "x"]),
        ] {
            let mut lines = Lines::new(Box::new(std::io::Cursor::new(text.as_bytes().to_vec())), 4);
            let mut got = Vec::new();
            while let Some(line) = lines.next().unwrap() {
                let mark = if line.cut { "!" } else { "" };
                got.push(format!("{}{mark}", String::from_utf8(line.bytes).unwrap()));
                assert_eq!(line.number as usize, got.len());
            }
            assert_eq!(got, want, "{text:?}");
        }
    }
}
