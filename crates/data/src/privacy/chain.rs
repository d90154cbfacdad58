//! Chains of digit groups: what stands between the digits of one written number.
//!
//! `010-1234-5678`, `010 1234 5678`, `02)123-4567` and a number that breaks over a line are chains;
//! the recognisers look at windows of their groups.

use super::checks;

/// What stands between two groups.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Sep(u8);

impl Sep {
    const HYPHEN: u8 = 1;
    const DOT: u8 = 2;
    const SPACE: u8 = 4;
    const BREAK: u8 = 8;
    const PAREN: u8 = 16;
    const ODD: u8 = 32;

    /// A hyphen or dot (or odd mark) without any space: what follows belongs to the same number.
    pub(crate) fn is_tight(self) -> bool {
        self.0 & (Self::HYPHEN | Self::DOT | Self::ODD) != 0 && self.0 & (Self::SPACE | Self::BREAK) == 0
    }

    /// A comma, slash or the like, which few numbers are written with.
    pub(crate) fn is_odd(self) -> bool {
        self.0 & Self::ODD != 0
    }

    pub(crate) fn has_hyphen(self) -> bool {
        self.0 & Self::HYPHEN != 0
    }

    pub(crate) fn is_dot(self) -> bool {
        self.0 == Self::DOT
    }

    pub(crate) fn has_break(self) -> bool {
        self.0 & Self::BREAK != 0
    }

    pub(crate) fn has_paren(self) -> bool {
        self.0 & Self::PAREN != 0
    }
}

/// Digits without anything between them.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Group {
    pub(crate) start: usize,
    pub(crate) end: usize,
    /// What stands before it; meaningless for the first.
    pub(crate) sep: Sep,
    /// The digits, where a line break was taken out of the group; otherwise `end - start` of them.
    pub(crate) len: usize,
}

/// The most groups a chain holds; a longer one goes on as another.
const MAX_GROUPS: usize = 12;
/// The longest number any recogniser reads.
pub(crate) const MAX_DIGITS: usize = 19;

/// Groups of digits with separators between them.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Chain<'a> {
    bytes: &'a [u8],
    groups: [Group; MAX_GROUPS],
    n: usize,
}

impl<'a> Chain<'a> {
    /// The chain that starts with the digit at `start`.
    pub(crate) fn at(bytes: &'a [u8], start: usize) -> Self {
        let mut chain = Self { bytes, groups: [Group::default(); MAX_GROUPS], n: 0 };
        let mut at = start;
        let mut sep = Sep::default();
        loop {
            let end = digits_end(bytes, at);
            chain.groups[chain.n] = Group { start: at, end, sep, len: end - at };
            chain.n += 1;
            match separator(bytes, end) {
                Some((next, between)) if chain.n < MAX_GROUPS => {
                    at = next;
                    sep = between;
                }
                _ => return chain,
            }
        }
    }

    /// The groups.
    pub(crate) fn groups(&self) -> &[Group] {
        &self.groups[..self.n]
    }

    /// Where the chain ends.
    pub(crate) fn end(&self) -> usize {
        self.groups().last().map_or(0, |g| g.end)
    }

    /// The same chain with every line break inside it taken out, where there is one without a hyphen.
    pub(crate) fn unbroken(&self) -> Option<Self> {
        let joins = |g: &Group| g.sep.has_break() && !g.sep.has_hyphen() && !g.sep.is_odd();
        if !self.groups().iter().skip(1).any(joins) {
            return None;
        }
        let mut joined = Self { n: 0, ..*self };
        for (i, group) in self.groups().iter().enumerate() {
            if i > 0 && joins(group) {
                let last = &mut joined.groups[joined.n - 1];
                last.end = group.end;
                last.len += group.len;
            } else {
                joined.groups[joined.n] = *group;
                joined.n += 1;
            }
        }
        Some(joined)
    }

    /// The digits of groups `from..to`, as numbers; `None` over [`MAX_DIGITS`].
    pub(crate) fn digits(&self, from: usize, to: usize) -> Option<Digits> {
        let mut digits = Digits { d: [0; MAX_DIGITS], n: 0 };
        for group in &self.groups[from..to] {
            for &b in &self.bytes[group.start..group.end] {
                if b.is_ascii_digit() {
                    *digits.d.get_mut(digits.n)? = b - b'0';
                    digits.n += 1;
                }
            }
        }
        Some(digits)
    }

    /// The lengths of up to six groups from `from`; zero where there is none.
    pub(crate) fn lens(&self, from: usize) -> [usize; 6] {
        let mut lens = [0; 6];
        for (len, group) in lens.iter_mut().zip(&self.groups[from..self.n]) {
            *len = group.len;
        }
        lens
    }

    /// Whether no separator inside `from..to` is odd.
    pub(crate) fn is_plain(&self, from: usize, to: usize) -> bool {
        self.groups[from..to].iter().skip(1).all(|g| !g.sep.is_odd())
    }

    /// Whether the window could be a whole number: no tight digits before or after it.
    pub(crate) fn stands_alone(&self, from: usize, to: usize) -> bool {
        let before = from == 0 || !self.groups[from].sep.is_tight();
        let after = to == self.n || !self.groups[to].sep.is_tight();
        before && after
    }

    /// Whether three groups from `from` are a written date: `2024.01.05`, `24-1-5`.
    pub(crate) fn is_date(&self, from: usize) -> bool {
        let lens = self.lens(from);
        if !matches!(lens[0], 2 | 4) || !(1..=2).contains(&lens[1]) || !(1..=2).contains(&lens[2]) {
            return false;
        }
        let value =
            |i: usize| self.digits(from + i, from + i + 1).map_or(0, |d| checks::number(d.as_slice()));
        let year = if lens[0] == 2 { 2000 + value(0) } else { value(0) };
        (1900..2100).contains(&year) && checks::is_date(year, value(1), value(2))
    }
}

/// A few digits as numbers.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Digits {
    d: [u8; MAX_DIGITS],
    n: usize,
}

impl Digits {
    pub(crate) fn as_slice(&self) -> &[u8] {
        &self.d[..self.n]
    }
}

/// Where the run of ASCII digits that starts at `at` ends.
pub(crate) fn digits_end(bytes: &[u8], at: usize) -> usize {
    at + bytes[at..].iter().take_while(|b| b.is_ascii_digit()).count()
}

/// The separator at `at` and where the digits after it start.
fn separator(bytes: &[u8], at: usize) -> Option<(usize, Sep)> {
    let mut flags = 0;
    let mut marks = 0;
    let mut i = at;
    // Few bytes: a hyphen with a space and a line break (with its indent) on one side.
    while i < bytes.len() && i - at <= 8 {
        let flag = match bytes[i] {
            b'0'..=b'9' => return (i > at && marks <= 2).then_some((i, Sep(flags))),
            b'-' | b'_' => Sep::HYPHEN,
            b'.' => Sep::DOT,
            b' ' | b'\t' => Sep::SPACE,
            b'\n' | b'\r' => Sep::BREAK,
            b'(' | b')' => Sep::PAREN,
            b',' | b'/' => Sep::ODD,
            // The middle dot, U+00B7.
            0xC2 if bytes.get(i + 1) == Some(&0xB7) => {
                i += 1;
                Sep::DOT
            }
            _ => return None,
        };
        let is_mark = flag & (Sep::HYPHEN | Sep::DOT | Sep::ODD | Sep::PAREN) != 0;
        let again = is_mark && flags & flag != 0 && flag & Sep::PAREN == 0;
        if again {
            return None;
        }
        marks += u8::from(is_mark);
        flags |= flag;
        i += 1;
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lens(text: &str) -> Vec<usize> {
        let start = text.find(|c: char| c.is_ascii_digit()).unwrap();
        Chain::at(text.as_bytes(), start).groups().iter().map(|g| g.len).collect()
    }

    #[test]
    fn chains_end_at_words() {
        assert_eq!(lens("010-1234-5678로"), [3, 4, 4]);
        assert_eq!(lens("02)123-4567 입니다"), [2, 3, 4]);
        assert_eq!(lens("010-1234-\n5678"), [3, 4, 4]);
        assert_eq!(lens("1원 2원"), [1]);
        assert_eq!(lens("1--2"), [1]);
    }

    #[test]
    fn a_break_inside_a_group_is_taken_out() {
        let text = "010-12\n34-5678";
        let chain = Chain::at(text.as_bytes(), 0);
        let joined = chain.unbroken().unwrap();
        assert_eq!(joined.lens(0)[..3], [3, 4, 4]);
        assert_eq!(joined.digits(0, 3).unwrap().as_slice(), [0, 1, 0, 1, 2, 3, 4, 5, 6, 7, 8]);
    }
}
