//! A line that is being typed, of one row or several: its text, its cursor, what was typed before, and how it looks.

use std::ops::Range;

use crate::console::format;

/// What a person pressed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Key {
    /// Text, which may hold line ends where it was pasted.
    Text(String),
    /// Another row of the same message.
    NewRow,
    Enter,
    Backspace,
    Delete,
    Left,
    Right,
    WordLeft,
    WordRight,
    Up,
    Down,
    Home,
    End,
    /// Forgets from the cursor to the end of the row, to its start, or the word before.
    CutEnd,
    CutStart,
    CutWord,
    /// Ctrl-C.
    Interrupt,
    /// Ctrl-D.
    EndOfInput,
    /// Draw anew.
    Redraw,
}

/// Begins and ends what is pasted.
const PASTE: [&[u8]; 2] = [b"\x1b[200~", b"\x1b[201~"];

/// Takes the first key out of a terminal's bytes; none where they are the beginning of one.
pub fn take_key(bytes: &mut Vec<u8>) -> Option<Key> {
    loop {
        let (key, len) = first_key(bytes)?;
        bytes.drain(..len);
        if key.is_some() {
            return key;
        }
    }
}

/// The first key and its length in bytes; no key for what has no meaning here.
fn first_key(bytes: &[u8]) -> Option<(Option<Key>, usize)> {
    let key = match *bytes.first()? {
        b'\r' => Key::Enter,
        b'\n' => Key::NewRow,
        0x7f | 8 => Key::Backspace,
        1 => Key::Home,
        2 => Key::Left,
        3 => Key::Interrupt,
        4 => Key::EndOfInput,
        5 => Key::End,
        6 => Key::Right,
        11 => Key::CutEnd,
        12 => Key::Redraw,
        14 => Key::Down,
        16 => Key::Up,
        21 => Key::CutStart,
        23 => Key::CutWord,
        0x1b => return escape(bytes),
        b'\t' => Key::Text("    ".to_owned()),
        0..=31 => return Some((None, 1)),
        _ => return text(bytes),
    };
    Some((Some(key), 1))
}

/// Characters up to the next that is none; an unfinished one waits for its other bytes.
fn text(bytes: &[u8]) -> Option<(Option<Key>, usize)> {
    let len = bytes.iter().position(|&b| b < 32 || b == 0x7f).unwrap_or(bytes.len());
    match std::str::from_utf8(&bytes[..len]) {
        Ok(text) => Some((Some(Key::Text(text.to_owned())), len)),
        Err(error) if error.valid_up_to() > 0 => {
            let valid = error.valid_up_to();
            Some((Some(Key::Text(String::from_utf8_lossy(&bytes[..valid]).into_owned())), valid))
        }
        Err(error) => match error.error_len() {
            Some(bad) => Some((None, bad)),
            None if len == bytes.len() => None,
            None => Some((None, len)),
        },
    }
}

fn escape(bytes: &[u8]) -> Option<(Option<Key>, usize)> {
    if bytes.starts_with(PASTE[0]) {
        let begun = PASTE[0].len();
        let len = bytes[begun..].windows(PASTE[1].len()).position(|window| window == PASTE[1])?;
        let pasted = String::from_utf8_lossy(&bytes[begun..begun + len]);
        let plain = pasted.replace("\r\n", "\n").replace('\r', "\n").replace('\t', "    ");
        let plain = plain.chars().filter(|c| *c == '\n' || !c.is_control()).collect();
        return Some((Some(Key::Text(plain)), begun + len + PASTE[1].len()));
    }
    match bytes.get(1) {
        None => None,
        Some(b'\r' | b'\n') => Some((Some(Key::NewRow), 2)),
        Some(b'b') => Some((Some(Key::WordLeft), 2)),
        Some(b'f') => Some((Some(Key::WordRight), 2)),
        Some(0x7f) => Some((Some(Key::CutWord), 2)),
        Some(b'[' | b'O') => {
            let end = bytes[2..].iter().position(|b| (0x40..=0x7e).contains(b))? + 2;
            let key = match (&bytes[2..end], bytes[end]) {
                (b"", b'A') => Some(Key::Up),
                (b"", b'B') => Some(Key::Down),
                (b"", b'C') => Some(Key::Right),
                (b"", b'D') => Some(Key::Left),
                (b"1;5" | b"1;3", b'C') => Some(Key::WordRight),
                (b"1;5" | b"1;3", b'D') => Some(Key::WordLeft),
                (b"", b'H') | (b"1" | b"7", b'~') => Some(Key::Home),
                (b"", b'F') | (b"4" | b"8", b'~') => Some(Key::End),
                (b"3", b'~') => Some(Key::Delete),
                _ => None,
            };
            Some((key, end + 1))
        }
        Some(_) => Some((None, 2)),
    }
}

/// What a key led to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Typed {
    /// It is still being typed.
    Going,
    /// A whole message.
    Message(String),
    /// The end.
    End,
}

/// The text, the cursor and the history.
#[derive(Debug, Default)]
pub struct Editor {
    text: Vec<char>,
    cursor: usize,
    history: Vec<String>,
    /// The place in the history that is shown, and what was being typed when it was left.
    shown: Option<(usize, Vec<char>)>,
}

impl Editor {
    /// An editor whose Up brings back what was said before, the oldest first.
    pub fn with(history: Vec<String>) -> Self {
        Self { history, ..Self::default() }
    }

    /// How many messages Up can bring back.
    pub fn remembered(&self) -> usize {
        self.history.len()
    }

    /// Does what a key says.
    pub fn press(&mut self, key: Key) -> Typed {
        match key {
            Key::Text(text) => self.insert(text.chars()),
            Key::NewRow => self.insert(['\n']),
            Key::Enter if self.cursor > 0 && self.text[self.cursor - 1] == '\\' => {
                self.text[self.cursor - 1] = '\n';
            }
            Key::Enter => return Typed::Message(self.done()),
            Key::Backspace => self.cut(self.cursor.saturating_sub(1), self.cursor),
            Key::EndOfInput if self.text.is_empty() => return Typed::End,
            Key::Delete | Key::EndOfInput => self.cut(self.cursor, (self.cursor + 1).min(self.text.len())),
            Key::Left => self.cursor = self.cursor.saturating_sub(1),
            Key::Right => self.cursor = (self.cursor + 1).min(self.text.len()),
            Key::WordLeft => self.cursor = self.word_before(),
            Key::WordRight => self.cursor = self.word_behind(),
            Key::Up => self.up(),
            Key::Down => self.down(),
            Key::Home => self.cursor = self.row_start(),
            Key::End => self.cursor = self.row_end(),
            Key::CutEnd => self.cut(self.cursor, self.row_end()),
            Key::CutStart => self.cut(self.row_start(), self.cursor),
            Key::CutWord => self.cut(self.word_before(), self.cursor),
            Key::Interrupt => {
                (self.text, self.cursor, self.shown) = (Vec::new(), 0, None);
            }
            Key::Redraw => {}
        }
        Typed::Going
    }

    fn insert(&mut self, chars: impl IntoIterator<Item = char>) {
        let chars: Vec<char> = chars.into_iter().collect();
        let at = self.cursor;
        self.cursor += chars.len();
        self.text.splice(at..at, chars);
    }

    fn cut(&mut self, from: usize, to: usize) {
        self.text.drain(from..to);
        self.cursor = from;
    }

    fn done(&mut self) -> String {
        let message: String = std::mem::take(&mut self.text).into_iter().collect();
        (self.cursor, self.shown) = (0, None);
        if !message.trim().is_empty() && self.history.last() != Some(&message) {
            self.history.push(message.clone());
        }
        message
    }

    fn row_start(&self) -> usize {
        self.text[..self.cursor].iter().rposition(|c| *c == '\n').map_or(0, |at| at + 1)
    }

    fn row_end(&self) -> usize {
        self.text[self.cursor..].iter().position(|c| *c == '\n').map_or(self.text.len(), |n| self.cursor + n)
    }

    fn word_before(&self) -> usize {
        let before = &self.text[..self.cursor];
        let end = before.iter().rposition(|c| !c.is_whitespace()).map_or(0, |at| at + 1);
        before[..end].iter().rposition(|c| c.is_whitespace()).map_or(0, |at| at + 1)
    }

    fn word_behind(&self) -> usize {
        let behind = &self.text[self.cursor..];
        let start = behind.iter().position(|c| !c.is_whitespace()).unwrap_or(behind.len());
        let len = behind[start..].iter().position(|c| c.is_whitespace()).unwrap_or(behind.len() - start);
        self.cursor + start + len
    }

    /// A row up, or what was said before.
    fn up(&mut self) {
        let start = self.row_start();
        if start > 0 {
            let column = self.cursor - start;
            self.cursor = start - 1;
            self.cursor = (self.row_start() + column).min(start - 1);
            return;
        }
        let place = self.shown.as_ref().map_or(self.history.len(), |(place, _)| *place);
        if place > 0 {
            let typed = self.shown.take().map_or_else(|| self.text.clone(), |(_, typed)| typed);
            self.text = self.history[place - 1].chars().collect();
            self.cursor = self.text.len();
            self.shown = Some((place - 1, typed));
        }
    }

    /// A row down, or back towards what is being typed.
    fn down(&mut self) {
        let end = self.row_end();
        if end < self.text.len() {
            let column = self.cursor - self.row_start();
            self.cursor = end + 1;
            self.cursor = (end + 1 + column).min(self.row_end());
            return;
        }
        if let Some((place, typed)) = self.shown.take() {
            let next = self.history.get(place + 1);
            self.text = next.map_or_else(|| typed.clone(), |text| text.chars().collect());
            self.cursor = self.text.len();
            self.shown = next.is_some().then_some((place + 1, typed));
        }
    }

    /// The rows as a terminal of so many columns shows them behind a prompt, and the cursor's row and column.
    pub fn rows(&self, columns: usize) -> (Vec<String>, (usize, usize)) {
        let most = columns.max(8);
        let mut rows = vec![String::from(PROMPT)];
        let (mut used, mut cursor) = (PROMPT.len(), (0, PROMPT.len()));
        for (at, c) in self.text.iter().enumerate() {
            let wide = format::width(c.encode_utf8(&mut [0; 4]));
            // A character of two columns does not stand half beyond the edge.
            if *c != '\n' && used + wide >= most {
                rows.push(String::from(MORE));
                used = MORE.len();
            }
            if at == self.cursor {
                cursor = (rows.len() - 1, used);
            }
            if *c == '\n' {
                rows.push(String::from(MORE));
                used = MORE.len();
            } else {
                rows.last_mut().expect("there is a row").push(*c);
                used += wide;
            }
        }
        if self.cursor == self.text.len() {
            cursor = (rows.len() - 1, used);
        }
        (rows, cursor)
    }
}

/// Which rows of a message a window of so many rows shows: those around the cursor's; and the cursor's row among them. A
/// row of the window stays free, so that the first that is shown never leaves it: from there all is drawn over.
pub fn visible(rows: usize, cursor: usize, window: usize) -> (Range<usize>, usize) {
    let most = window.saturating_sub(1).max(1);
    let first = cursor.saturating_sub(most / 2).min(rows.saturating_sub(most));
    (first..rows.min(first + most), cursor - first)
}

/// Stands before a message, and before its further rows.
const PROMPT: &str = "> ";
const MORE: &str = "  ";

#[cfg(test)]
mod tests {
    use super::*;

    fn keys(bytes: &[u8]) -> Vec<Key> {
        let mut bytes = bytes.to_vec();
        std::iter::from_fn(|| take_key(&mut bytes)).collect()
    }

    /// Types bytes; gives the messages and what is left.
    fn typed(editor: &mut Editor, bytes: &[u8]) -> Vec<String> {
        let said = keys(bytes).into_iter().filter_map(|key| match editor.press(key) {
            Typed::Message(message) => Some(message),
            Typed::Going | Typed::End => None,
        });
        said.collect()
    }

    #[test]
    fn bytes_become_keys_and_an_unfinished_one_waits() {
        assert_eq!(keys("가\r".as_bytes()), [Key::Text("가".into()), Key::Enter]);
        assert_eq!(keys(b"\x1b[A\x1b[1;5D\x1b[3~\x1bOH"), [Key::Up, Key::WordLeft, Key::Delete, Key::Home]);
        assert_eq!(keys(b"\x1b\rx\n"), [Key::NewRow, Key::Text("x".into()), Key::NewRow]);
        assert_eq!(keys(b"\x1b[200~a\r\nb\x03\x1b[201~"), [Key::Text("a\nb".into())]);
        assert_eq!(keys(b"\x03\x04"), [Key::Interrupt, Key::EndOfInput]);
        let mut bytes = "한".as_bytes()[..2].to_vec();
        assert_eq!(take_key(&mut bytes), None);
        bytes.push("한".as_bytes()[2]);
        assert_eq!(take_key(&mut bytes), Some(Key::Text("한".into())));
        assert_eq!(keys(b"\xff\xfea"), [Key::Text("a".into())], "bytes that are no text are passed over");
        assert_eq!(keys(b"\x1b[99x"), []);
    }

    #[test]
    fn text_is_edited_by_characters_and_words() {
        let mut editor = Editor::default();
        assert_eq!(typed(&mut editor, "안녕하세요 여러븐\x7f분\r".as_bytes()), ["안녕하세요 여러분"]);
        assert_eq!(typed(&mut editor, b"one two\x17three\x01zero \x05!\r"), ["zero one three!"]);
        assert_eq!(typed(&mut editor, b"ab\x1b[D\x1b[Dx\x1b[3~\r"), ["xb"]);
        assert_eq!(typed(&mut editor, b"abc\x1bb\x0b\x03new\r"), ["new"]);
        assert_eq!(typed(&mut editor, b"a b\x1bb\x15\r"), ["b"]);
    }

    #[test]
    fn messages_may_have_rows() {
        let mut editor = Editor::default();
        assert_eq!(typed(&mut editor, b"a\\\rb\nc\r"), ["a\nb\nc"]);
        assert_eq!(typed(&mut editor, b"abc\nd\x1b[AX\r"), ["aXbc\nd"], "up goes a row up first");
        assert_eq!(typed(&mut editor, b"ab\ncd\x1b[A\x1b[A\x1b[B\x1b[B\r"), ["ab\ncd"]);
    }

    #[test]
    fn what_was_said_comes_back_and_what_was_begun_too() {
        let mut editor = Editor::default();
        assert_eq!(typed(&mut editor, b"one\rtwo\rtwo\r"), ["one", "two", "two"]);
        assert_eq!(typed(&mut editor, b"\x1b[A\x1b[A\r"), ["one"], "twice the same is kept once");
        assert_eq!(typed(&mut editor, b"begun\x1b[A\x1b[A\x1b[B\x1b[B!\r"), ["begun!"]);
        assert_eq!(typed(&mut editor, b"\x1b[B\r"), [""]);
        let mut later = Editor::with(vec!["zero".into(), "one".into()]);
        assert_eq!(typed(&mut later, b"\x1b[A\x1b[A\rone\r"), ["zero", "one"]);
        assert_eq!(later.remembered(), 4);
        assert_eq!(editor.press(Key::EndOfInput), Typed::End);
        editor.press(Key::Text("x".into()));
        assert_eq!(editor.press(Key::EndOfInput), Typed::Going);
    }

    #[test]
    fn hangul_takes_two_columns_and_no_half_of_it_is_cut() {
        let mut editor = Editor::default();
        editor.press(Key::Text("한글 abc".into()));
        assert_eq!(editor.rows(80), (vec!["> 한글 abc".to_owned()], (0, 10)));
        editor.press(Key::Home);
        editor.press(Key::Right);
        assert_eq!(editor.rows(80).1, (0, 4));
        // Nine columns: the prompt, three letters of two, and the ninth stays free.
        let mut editor = Editor::default();
        editor.press(Key::Text("가나다라마".into()));
        let (rows, cursor) = editor.rows(9);
        assert_eq!((rows, cursor), (vec!["> 가나다".to_owned(), "  라마".to_owned()], (1, 6)));
        editor.press(Key::NewRow);
        assert_eq!(editor.rows(9), (vec!["> 가나다".into(), "  라마".into(), "  ".into()], (2, 2)));
    }

    #[test]
    fn a_message_that_is_taller_than_the_window_is_shown_around_its_cursor() {
        assert_eq!(visible(3, 1, 24), (0..3, 1), "all of a short one");
        assert_eq!(visible(23, 22, 24), (0..23, 22), "a row stays free");
        assert_eq!(visible(60, 59, 24), (37..60, 22), "the end");
        assert_eq!(visible(60, 30, 24), (19..42, 11), "the middle");
        assert_eq!(visible(60, 5, 24), (0..23, 5), "the beginning");
        assert_eq!((visible(9, 4, 1), visible(9, 4, 0)), ((4..5, 0), (4..5, 0)), "a row at least");
        for (rows, window) in [(1, 2), (7, 3), (60, 24), (60, 59), (61, 60), (1000, 7)] {
            for cursor in 0..rows {
                let (shown, row) = visible(rows, cursor, window);
                assert!(shown.len() < window && shown.len() == rows.min(window - 1), "{shown:?} of {rows}");
                assert!(
                    shown.end <= rows && shown.start + row == cursor && row < shown.len(),
                    "{shown:?}, {row}"
                );
            }
        }
    }

    #[test]
    fn a_long_message_that_comes_back_fits_the_window() {
        let long = vec!["row"; 60].join("\n");
        let mut editor = Editor::with(vec![long]);
        editor.press(Key::Up);
        for _ in 0..60 {
            let (rows, (row, _)) = editor.rows(80);
            let (shown, at) = visible(rows.len(), row, 24);
            assert!(rows[shown].len() < 24 && at < 23, "{row} at {at}");
            editor.press(Key::Up);
        }
    }
}
