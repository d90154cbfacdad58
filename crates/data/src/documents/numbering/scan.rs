//! Reading a line from its beginning.

use super::super::tree::Number;

/// A place in a line.
#[derive(Clone, Copy)]
pub(super) struct Scan<'a> {
    pub(super) line: &'a str,
    pub(super) at: usize,
}

impl<'a> Scan<'a> {
    pub(super) fn new(line: &'a str) -> Self {
        Self { line, at: 0 }
    }

    pub(super) fn rest(&self) -> &'a str {
        &self.line[self.at..]
    }

    pub(super) fn peek(&self) -> Option<char> {
        self.rest().chars().next()
    }

    /// Goes past one of `chars`.
    pub(super) fn any(&mut self, chars: &str) -> Option<char> {
        let next = self.peek().filter(|c| chars.contains(*c))?;
        self.at += next.len_utf8();
        Some(next)
    }

    /// Goes past blanks; how many there were.
    pub(super) fn blanks(&mut self) -> usize {
        let rest = self.rest();
        let after = rest.trim_start();
        self.at += rest.len() - after.len();
        rest.len() - after.len()
    }

    /// Goes past a number of at most four digits, full-width ones included.
    pub(super) fn number(&mut self) -> Option<u32> {
        let (mut value, mut at, mut digits) = (0, self.at, 0);
        for c in self.rest().chars() {
            let digit = match c {
                '0'..='9' => c as u32 - '0' as u32,
                '０'..='９' => c as u32 - '０' as u32,
                _ => break,
            };
            value = value * 10 + digit;
            digits += 1;
            at += c.len_utf8();
            if digits > 4 {
                return None;
            }
        }
        if digits == 0 {
            return None;
        }
        self.at = at;
        Some(value)
    }

    /// Goes past `의2`, with blanks between where `loose`; 0 where there is none.
    pub(super) fn branch(&mut self, loose: bool) -> u32 {
        let mut scan = *self;
        if loose {
            scan.blanks();
        }
        if scan.any("의").is_none() {
            return 0;
        }
        if loose {
            scan.blanks();
        }
        match scan.number() {
            Some(branch) if branch > 0 => {
                *self = scan;
                branch
            }
            _ => 0,
        }
    }

    /// What was gone past, without blanks at its end.
    pub(super) fn passed(&self) -> &'a str {
        self.line[..self.at].trim_end()
    }

    /// What stands in the brackets that open here, with their own kind closed in between; goes past them. A
    /// bracket that the line does not close holds all of it.
    pub(super) fn brackets(&mut self) -> Option<(&'a str, bool)> {
        let open = self.peek()?;
        let close = closing(open)?;
        let inside = self.at + open.len_utf8();
        let mut depth = 0;
        for (i, c) in self.rest().char_indices() {
            if c == open {
                depth += 1;
            } else if c == close {
                depth -= 1;
                if depth == 0 {
                    let text = &self.line[inside..self.at + i];
                    self.at += i + c.len_utf8();
                    return Some((text, true));
                }
            }
        }
        self.at = self.line.len();
        Some((&self.line[inside..], false))
    }
}

/// The bracket that closes another.
pub(super) fn closing(open: char) -> Option<char> {
    Some(match open {
        '(' => ')',
        '（' => '）',
        '[' => ']',
        '【' => '】',
        '〔' => '〕',
        '<' => '>',
        '〈' => '〉',
        _ => return None,
    })
}

pub(super) fn number(main: u32) -> Number {
    Number { main, branch: 0 }
}

/// The place of a letter in `가나다…하`, then `거너더…허`, from 1.
pub fn hangul_letter(c: char) -> Option<u32> {
    const LETTERS: &str = "가나다라마바사아자차카타파하거너더러머버서어저처커터퍼허";
    LETTERS.chars().position(|letter| letter == c).map(|i| i as u32 + 1)
}

/// A Roman number up to 39 in one case: `iv`, `XII`; or one of the letters `Ⅰ`–`Ⅻ`.
pub fn roman(text: &str) -> Option<u32> {
    let mut chars = text.chars();
    if let (Some(only @ 'Ⅰ'..='Ⅻ'), None) = (chars.next(), chars.next()) {
        return Some(only as u32 - 'Ⅰ' as u32 + 1);
    }
    let lower = text.chars().all(|c| c.is_ascii_lowercase());
    if text.is_empty() || text.len() > 7 || !(lower || text.chars().all(|c| c.is_ascii_uppercase())) {
        return None;
    }
    let text = text.to_ascii_lowercase();
    let tens = text.bytes().take_while(|&b| b == b'x').count().min(3);
    let ones = ["", "i", "ii", "iii", "iv", "v", "vi", "vii", "viii", "ix"];
    let one = ones.iter().position(|one| *one == &text[tens..])?;
    Some(tens as u32 * 10 + one as u32).filter(|value| *value > 0)
}
