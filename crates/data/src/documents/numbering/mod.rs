//! What the beginning of a line may be: an article, a paragraph, an item, a heading, an entry of a contents page.
//!
//! [`marker`] sees one line and nothing else, so it says what may stand there; whether it does is decided by what
//! stands before and after, for a number is only a heading's where it follows the last one. What cannot be a
//! heading whatever stands around it is no marker: a cross reference (`제5조제2항에 따라`), a date (`12. 31.까지`),
//! a number with decimals (`3.5퍼센트`).

use super::tree::{Level, Number};

mod english;
mod item;
mod korean;
mod leader;
mod scan;

pub(super) use korean::is_revision;
pub use leader::leader;
pub use scan::{hangul_letter, roman};

/// How a number is written; lists of one depth keep to one style.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Style {
    /// `제3조`, `Article 3`, `[별표 3]`.
    Word,
    /// `①`.
    Circled,
    /// `3.`, `3의2.`.
    Decimal,
    /// `가.`.
    Hangul,
    /// `3)`.
    DecimalClosed,
    /// `가)`.
    HangulClosed,
    /// `(3)`.
    DecimalEnclosed,
    /// `(가)`.
    HangulEnclosed,
    /// `㉮`, `㉠`.
    CircledHangul,
    /// `1.2`, `1.2.3`.
    Dotted,
    /// `Ⅲ.`, `III.`.
    Roman,
    /// `B.`.
    Capital,
    /// `b.`.
    Latin,
    /// `b)`.
    LatinClosed,
    /// `(b)`.
    LatinEnclosed,
    /// `(iii)`.
    RomanEnclosed,
    /// `-`, `○`, `□`: no number.
    Bullet,
}

/// What a line begins with. The parts are slices of the line: `heading` and `rest`, with the blanks and dot leaders
/// between and after them, are the line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Marker<'a> {
    /// What it would be. A list's level is the one that its style has in a statute.
    pub level: Level,
    /// How its number is written.
    pub style: Style,
    /// Its number; the last one of `1.2.3`; none for `부칙`, `[별표]` and bullets.
    pub number: Option<Number>,
    /// As printed: `제12조의2(육아휴직)`, `제2장 휴가`, `①`, `3.`, `가.`, `부칙 <제12호, 2020. 1. 1.>`.
    pub heading: &'a str,
    /// What the heading names, without number and brackets: `육아휴직`.
    pub title: &'a str,
    /// The text after the heading, without blanks and dot leaders around it.
    pub rest: &'a str,
    /// Whether the line alone makes it likely. Others are markers only where their number is the next one.
    pub sure: bool,
    /// The page at the end of a line with dot leaders: an entry of a contents page.
    pub page: Option<u32>,
}

/// What stands at the beginning of a line; none where it is text.
///
/// ```
/// use data::documents::numbering::marker;
/// use data::documents::Level;
///
/// let article = marker("제12조의2(육아휴직) ① 회사는 …").unwrap();
/// assert_eq!((article.level, article.heading, article.title), (Level::Article, "제12조의2(육아휴직)", "육아휴직"));
/// assert!(marker("제5조제2항에 따라 승인을 받는다.").is_none());
/// ```
pub fn marker(line: &str) -> Option<Marker<'_>> {
    let line = line.trim();
    let first = line.chars().next()?;
    // Most lines are text and are told apart by their first letter.
    let (text, page) = match leader(line) {
        Some((text, page)) => (text, Some(page)),
        None => (line, None),
    };
    let found = match first {
        '제' | '第' => korean::division(text),
        '부' | '附' | '펼' => korean::supplement(text),
        '별' | '붙' | '서' | '양' | '[' | '<' | '【' | '〔' | '〈' | '■' => {
            korean::annex(text).or_else(|| item::marker(text))
        }
        _ => item::marker(text).or_else(|| english::marker(text)),
    };
    found.map(|marker| Marker { page, ..marker })
}

/// Whether a line that begins with `다.`, `라.` or `자.` ends a sentence of the line before it rather than
/// beginning an item: its first syllable completes a verb there.
pub fn ends_sentence(previous: &str, line: &str) -> bool {
    let mut chars = line.trim_start().chars();
    let (Some(first), Some('.')) = (chars.next(), chars.next()) else { return false };
    let Some(last) = previous.trim_end().chars().next_back() else { return false };
    match first {
        // 한다, 된다, 있다, 없다, 이다, 니다, 같다, 않다, 하였다, 받는다 …
        '다' => "한된있없이니같않였는했았었온운진난둔본준킨린친춘긴낸낀된난르하되간온선힌인".contains(last),
        '라' => "하되니이".contains(last),
        '자' => "하되".contains(last),
        _ => false,
    }
}

/// The numbers of a dotted heading, from the outside: `1.2.3` is 1, 2, 3.
pub fn dotted(heading: &str) -> Vec<u32> {
    let end = heading.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(heading.len());
    heading[..end].split('.').filter_map(|part| part.parse().ok()).collect()
}

#[cfg(test)]
mod tests;
