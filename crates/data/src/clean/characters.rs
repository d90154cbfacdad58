//! Unicode forms, invisible characters and blanks.

use unicode_normalization::UnicodeNormalization;

use crate::block::{self, BLOCK};

/// What one look over a text finds; each flag guards a rule that would otherwise be run for nothing.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Seen {
    /// `<` or `&`.
    pub markup: bool,
    /// A character outside the plain ones, or a run of blanks.
    pub odd: bool,
    /// A character that has or takes part in another Unicode form.
    pub rare: bool,
    /// `>` or a line of dashes or "wrote"/"작성" near a colon: what a quoted mail begins with.
    pub quote: bool,
    /// The same letter or mark twice in a row, of the kind that is repeated for effect.
    pub repeat: bool,
    /// A line break.
    pub line_break: bool,
}

impl Seen {
    pub(super) fn in_text(text: &str) -> Self {
        let mut seen = Self::default();
        let bytes = text.as_bytes();
        let mut spare = [0; BLOCK + 1];
        for start in (0..bytes.len()).step_by(BLOCK) {
            let window = block::window(bytes, start, &mut spare);
            let own = block::first(bytes.len() - start);
            let (blanks, noted) = look(window);
            seen.odd |= blanks & own != 0;
            for at in block::places(start, noted & own) {
                seen.character(text, at);
            }
        }
        seen
    }

    /// Notes a character that is not like most.
    fn character(&mut self, text: &str, at: usize) {
        let (before, rest) = text.split_at(at);
        let Some(c) = rest.chars().next() else { return };
        let previous = before.chars().next_back().unwrap_or('\0');
        match c {
            '<' | '&' => self.markup = true,
            '\n' => self.line_break = true,
            '!' | '?' | '~' | '.' | '^' | 'ㅋ' | 'ㅎ' | 'ㅠ' | 'ㅜ' | ';' | ',' => {
                self.repeat |= c == previous || is_laugh(c) && is_laugh(previous);
            }
            '>' => {
                self.quote = true;
                self.markup = true;
            }
            '-' | '_' => self.quote |= c == previous,
            ':' => self.quote = true,
            '\u{302A}'..='\u{302F}' => self.rare = true,
            c if is_plain(c) => {}
            _ => (self.odd, self.rare) = (true, true),
        }
    }
}

/// Which bytes of a block are a blank or a line break with a blank behind it, and which begin a character that is
/// noted: all but the blanks, letters, digits and most marks of ASCII, and Hangul syllables.
#[expect(clippy::needless_bitwise_bool, reason = "a jump would keep bytes from being looked at together")]
fn look(window: &[u8; BLOCK + 1]) -> (u64, u64) {
    let (mut blanks, mut noted) = ([0; BLOCK], [0; BLOCK]);
    for i in 0..BLOCK {
        let (byte, next) = (window[i], window[i + 1]);
        blanks[i] = u8::from((next == b' ') & ((byte == b' ') | (byte == b'\n')));
        // Ranges of ASCII first: controls; `!`; `&`; `,-.`; `:;<=>?`; `^_`; `~` and DEL.
        noted[i] = u8::from(
            (byte < b' ')
                | (byte == b'!')
                | (byte == b'&')
                | (byte.wrapping_sub(b',') < 3)
                | (byte.wrapping_sub(b':') < 6)
                | (byte.wrapping_sub(b'^') < 2)
                | (byte.wrapping_sub(b'~') < 2)
                | (byte.wrapping_sub(0xC0) < 0xEA - 0xC0)
                | (byte > 0xED)
                | ((byte == 0xEA) & (next < 0xB0))
                | ((byte == 0xED) & (next > 0x9D)),
        );
    }
    (block::pack(&blanks), block::pack(&noted))
}

fn is_laugh(c: char) -> bool {
    matches!(c, 'ㅋ' | 'ㅎ' | 'ㅠ' | 'ㅜ')
}

/// Characters that no normalisation touches: printable ASCII, Hangul syllables and compatibility
/// jamo, common ideographs, dashes, quotes and circled numbers.
fn is_plain(c: char) -> bool {
    matches!(c,
        '!'..='~' | '가'..='힣' | '\u{3131}'..='\u{318E}' | '\u{4E00}'..='\u{9FFF}'
        | '\u{2010}'..='\u{2027}' | '\u{2030}'..='\u{205E}' | '\u{2460}'..='\u{24FF}'
        | '\u{25A0}'..='\u{27BF}' | '\u{3001}'..='\u{303F}' | '·' | '×' | '℃')
}

/// NFC, full-width forms as ASCII, invisible characters dropped, blanks of every kind as one space,
/// at most one empty line. `None` when that changes nothing. A text without rare characters is in NFC.
pub(super) fn normalize(text: &str, has_rare: bool) -> Option<String> {
    let out =
        if has_rare { normalized(text.nfc(), text.len()) } else { normalized(text.chars(), text.len()) };
    (out != text).then_some(out)
}

fn normalized(chars: impl Iterator<Item = char>, capacity: usize) -> String {
    let mut out = String::with_capacity(capacity);
    let mut chars = chars.peekable();
    while let Some(c) = chars.next() {
        match c {
            // The pair is one line break, made by the second.
            '\r' if chars.peek() == Some(&'\n') => {}
            '\n' | '\r' | '\u{000B}' | '\u{000C}' | '\u{0085}' | '\u{2028}' | '\u{2029}' => {
                push_break(&mut out);
            }
            '\t'
            | '\u{00A0}'
            | '\u{1680}'
            | '\u{2000}'..='\u{200A}'
            | '\u{202F}'
            | '\u{205F}'
            | '\u{3000}'
            | ' ' => push_blank(&mut out),
            '\u{FF01}'..='\u{FF5E}' => out.push(char::from_u32(c as u32 - 0xFEE0).unwrap_or(c)),
            // A joiner inside an emoji sequence is part of the picture.
            '\u{200D}' if out.chars().next_back().is_some_and(|p| p >= '\u{1F000}' || p == '\u{FE0F}') => {
                out.push(c);
            }
            c if is_invisible(c) => {}
            c => out.push(c),
        }
    }
    while out.ends_with([' ', '\n']) {
        out.pop();
    }
    out
}

/// Control characters, zero-width and direction marks, soft hyphens, byte-order marks, blank fillers.
fn is_invisible(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{00AD}' | '\u{034F}' | '\u{061C}' | '\u{115F}' | '\u{1160}' | '\u{17B4}' | '\u{17B5}' | '\u{180E}'
            | '\u{200B}'..='\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2060}'..='\u{2064}' | '\u{2066}'..='\u{206F}'
            | '\u{3164}' | '\u{FEFF}' | '\u{FFA0}' | '\u{FFF9}'..='\u{FFFB}')
}

fn push_blank(out: &mut String) {
    if !out.is_empty() && !out.ends_with([' ', '\n']) {
        out.push(' ');
    }
}

fn push_break(out: &mut String) {
    while out.ends_with(' ') {
        out.pop();
    }
    if !out.is_empty() && !out.ends_with("\n\n") {
        out.push('\n');
    }
}
