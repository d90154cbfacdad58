//! The components of an address, each read at a place of the text; every reader returns where it ends.

use super::regions;
use crate::privacy::particles::{hangul_run, may_follow_noun};
use crate::privacy::squeeze::{is_hangul, is_word_char};
use crate::words::Syllables;

/// What makes a word the name of a building.
#[rustfmt::skip]
const BUILDINGS: [&str; 52] = [
    "아파트", "빌딩", "빌라", "오피스텔", "타워", "맨션", "주택", "하이츠", "파크", "캐슬", "자이", "래미안", "푸르지오", "힐스테이트",
    "편한세상", "더샵", "아이파크", "롯데캐슬", "센트럴", "상가", "센터", "프라자", "플라자", "원룸", "고시원", "고시텔", "기숙사", "레지던스",
    "스퀘어", "시티", "팰리스", "리버", "마을", "단지", "타운", "빌리지", "연립", "다세대", "하우스", "스테이트", "뷰", "포레", "원", "아이비",
    "드림", "빌", "텔", "관", "병원", "학교", "apt", "APT",
];

/// What those words begin with, as far as it is Hangul.
static BUILDING_HEADS: Syllables =
    Syllables::of("아빌오타맨주하파캐자래푸힐편더롯센상프플원고기레스시팰리마단연다뷰포드텔관병학");

/// Units that make a number an amount or a time, not a house number.
#[rustfmt::skip]
const COUNTED: [&str; 44] = [
    "월", "일", "년", "시", "분", "초", "명", "개", "원", "%", "건", "회", "차", "위", "점", "세", "살", "만", "억", "천", "백", "km", "kg", "cm", "mm",
    "g", "ml", "평", "배", "주", "박", "인", "대", "권", "장", "매", "잔", "병", "호선", "번째", "가지", "단계", "kr", "시간",
];

/// What separates components: spaces, a comma, one line break.
pub(super) fn gap(text: &str, at: usize) -> usize {
    let mut end = at;
    let mut marks = 0;
    for c in text[at..].chars().take(4) {
        match c {
            ' ' | '\t' => {}
            ',' | '\n' | '\r' | '/' if marks < 2 => marks += 1,
            _ => break,
        }
        end += c.len_utf8();
    }
    end
}

/// A province or metropolitan city.
pub(super) fn province(text: &str, at: usize) -> Option<usize> {
    regions::province_at(&text[at..]).map(|p| at + p.len())
}

/// A city, county or district; after a province also without its last syllable, or one not in the list.
pub(super) fn district(text: &str, at: usize, inside: bool) -> Option<usize> {
    let run = hangul_run(&text[at..]);
    let ends: Vec<usize> = run.char_indices().map(|(i, c)| i + c.len_utf8()).take(6).collect();
    let listed = ends.iter().rev().copied().find(|&e| regions::is_district(&run[..e]));
    if let Some(end) = listed {
        return Some(at + end);
    }
    let whole = ends.len() >= 2 && ends.last() == Some(&run.len());
    let generic = run.ends_with(['시', '군', '구']) && ends.len() >= 3;
    (inside && whole && (regions::is_district_stem(run) || generic)).then_some(at + run.len())
}

/// A town, township, ward or village: 역삼1동, 해룡면, 을지로3가.
pub(super) fn town(text: &str, at: usize) -> Option<usize> {
    let word = place_word(&text[at..]);
    if is_town(word) {
        return Some(at + word.len());
    }
    // A particle or a number may stick to it: 역삼동에서, 역삼동123.
    let cuts = word.char_indices().filter(|&(_, c)| matches!(c, '읍' | '면' | '동' | '리' | '가'));
    let mut ends: Vec<usize> = cuts.map(|(i, c)| i + c.len_utf8()).collect();
    ends.reverse();
    ends.into_iter().find_map(|end| {
        let rest = &word[end..];
        let goes_on = rest.starts_with(|c: char| c.is_ascii_digit() || c == '산') || may_follow_noun(rest);
        (is_town(&word[..end]) && goes_on && !rest.is_empty()).then_some(at + end)
    })
}

/// Whether a word is formed like a town's name.
pub(super) fn is_town(word: &str) -> bool {
    let n = word.chars().count();
    let first = word.chars().next();
    (2..=7).contains(&n)
        && first.is_some_and(is_hangul)
        && (word.ends_with(['읍', '면', '동', '리']) || is_numbered_ward(word))
        && !is_counter(word)
}

/// 을지로3가: 가 is a ward behind a digit only; elsewhere it is a particle.
fn is_numbered_ward(word: &str) -> bool {
    word.strip_suffix('가').is_some_and(|w| w.ends_with(|c: char| c.is_ascii_digit()))
}

/// `제3동`, `101동` and the like are units of a building.
fn is_counter(word: &str) -> bool {
    word.starts_with('제') && word.chars().nth(1).is_some_and(|c| c.is_ascii_digit())
}

/// Hangul, digits and middle dots from the start of a text.
fn place_word(text: &str) -> &str {
    let is_part = |c: char| is_hangul(c) || c.is_ascii_digit() || matches!(c, '·' | '.');
    let end = text.find(|c: char| !is_part(c)).unwrap_or(text.len());
    text[..end].trim_end_matches('.')
}

/// A road: the longest part of the word that ends in 로 or 길 before a digit or the word's end.
pub(super) fn road(text: &str, at: usize) -> Option<usize> {
    let word = place_word(&text[at..]);
    let bytes = word.as_bytes();
    let mut best = None;
    for (i, c) in word.char_indices() {
        let end = i + c.len_utf8();
        let follows = bytes.get(end).is_none_or(u8::is_ascii_digit);
        if matches!(c, '로' | '길') && follows && i >= 3 && end <= 48 {
            best = Some(at + end);
        }
    }
    let end = best?;
    // 세종대로 12길, 강변로 12번길: a branch written apart.
    Some(branch(text, end).unwrap_or(end))
}

fn branch(text: &str, at: usize) -> Option<usize> {
    let start = at + text[at..].bytes().take_while(|&b| b == b' ').count().min(1);
    let digits = text[start..].bytes().take_while(u8::is_ascii_digit).count();
    let rest = &text[start + digits..];
    let tail = ["번길", "번가길", "가길", "나길", "다길", "라길", "마길", "바길", "길"]
        .iter()
        .find(|t| rest.starts_with(**t))?;
    (digits > 0 && digits <= 4).then_some(start + digits + tail.len())
}

/// A house or lot number, and what it says about itself.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Number {
    pub(super) end: usize,
    /// `12-3`.
    pub(super) has_branch: bool,
    /// 번지 or 산.
    pub(super) is_lot: bool,
    /// More than four digits.
    pub(super) is_long: bool,
}

/// A house or lot number: `123`, `산 12-3`, `123-45번지`, `지하 396`.
pub(super) fn number(text: &str, at: usize) -> Option<Number> {
    let mut start = at + text[at..].bytes().take_while(|&b| b == b' ').count().min(2);
    let mut is_lot = false;
    for word in ["산", "지하", "지상"] {
        if let Some(rest) = text[start..].strip_prefix(word) {
            is_lot = word == "산";
            start = text.len() - rest.trim_start_matches(' ').len();
        }
    }
    let digits = text[start..].bytes().take_while(u8::is_ascii_digit).count();
    if !(1..=5).contains(&digits) {
        return None;
    }
    let mut end = start + digits;
    let branch = branch_digits(text, end);
    end += branch;
    let rest = &text[end..];
    if let Some(lot) = ["번지의", "번지"].iter().find(|w| rest.starts_with(**w)) {
        end += lot.len();
        is_lot = true;
        end += branch_digits(text, end);
        if let Some(after) = text[end..].strip_prefix(' ')
            && after.starts_with(|c: char| c.is_ascii_digit())
            && after.trim_start_matches(|c: char| c.is_ascii_digit()).starts_with('호')
        {
            end += 0;
        }
    } else if is_counted(rest) {
        return None;
    }
    Some(Number { end, has_branch: branch > 0, is_lot, is_long: digits > 4 })
}

/// The length of `-45`, also with spaces around the hyphen, `의 45`.
fn branch_digits(text: &str, at: usize) -> usize {
    let rest = &text[at..];
    let mark = ["-", " - ", "- ", " -", "의 ", "의"]
        .iter()
        .find(|m| rest.strip_prefix(**m).is_some_and(|r| r.starts_with(|c: char| c.is_ascii_digit())));
    let Some(mark) = mark else { return 0 };
    let digits = rest[mark.len()..].bytes().take_while(u8::is_ascii_digit).count();
    let more = rest[mark.len() + digits..].starts_with('-');
    if digits <= 4 && !more { mark.len() + digits } else { 0 }
}

/// Whether what follows a number makes it an amount, a time, a range of something or a piece of a longer number.
fn is_counted(rest: &str) -> bool {
    let mut chars = rest.chars();
    match chars.next() {
        Some('-' | '.' | ':' | ',' | '/') if chars.next().is_some_and(|c| c.is_ascii_digit()) => {
            // `123, 101동` has a space; `1,234` has none.
            return true;
        }
        Some('번') => return !rest.starts_with("번지"),
        Some('가' | '길' | '동' | '호' | '층' | '~') => return true,
        Some(c) if c.is_ascii_alphabetic() => return true,
        _ => {}
    }
    COUNTED.iter().any(|unit| rest.starts_with(unit)) && !may_follow_noun(hangul_run(rest))
}

/// A unit of a building, and which.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Unit {
    /// 동: one of several buildings.
    Tower,
    /// 호: a home.
    Room,
    /// 층, 단지, 차.
    Part,
}

/// A unit: `101동`, `B동`, `가동`, `1203호`, `지하 1층`, `2단지`.
pub(super) fn unit(text: &str, at: usize) -> Option<(usize, Unit)> {
    let mut start = at;
    for head in ["제", "지하", "지상", "비"] {
        if let Some(rest) = text[start..].strip_prefix(head)
            && rest.trim_start_matches(' ').starts_with(|c: char| c.is_ascii_digit())
        {
            start = text.len() - rest.trim_start_matches(' ').len();
            break;
        }
    }
    let word = text[start..].bytes().take(6).take_while(|b| b.is_ascii_alphanumeric() || *b == b'-').count();
    let mut mark = start + word;
    if word == 0 {
        let letter =
            text[start..].chars().next().filter(|c| "가나다라마바사아자차카타파하에비씨디".contains(*c))?;
        mark = start + letter.len_utf8();
        if letter == '에' && text[mark..].starts_with('이') {
            mark += 3;
        }
        let home = text[mark..].starts_with('동').then_some(mark + 3)?;
        let next = text[home..].trim_start_matches([' ', ',']);
        return next
            .starts_with(|c: char| c.is_ascii_digit() || c == '제' || c == '지')
            .then_some((home, Unit::Tower));
    }
    let head = &text[start..mark];
    if !head.bytes().any(|b| b.is_ascii_digit()) && head.len() > 1 {
        return None;
    }
    let rest = text[mark..]
        .strip_prefix(' ')
        .filter(|r| r.starts_with("호 ") || r.starts_with("동 "))
        .unwrap_or(&text[mark..]);
    let from = text.len() - rest.len();
    let kinds = [
        ("동", Unit::Tower),
        ("호실", Unit::Room),
        ("호", Unit::Room),
        ("층", Unit::Part),
        ("단지", Unit::Part),
        ("블럭", Unit::Part),
        ("블록", Unit::Part),
    ];
    let (tail, kind) = kinds.into_iter().find(|(t, _)| rest.starts_with(t))?;
    let end = from + tail.len();
    let sticks = hangul_run(&text[end..]);
    let plain = may_follow_noun(sticks) || sticks.starts_with('제') || sticks.starts_with("지하");
    (plain || text[end..].starts_with(|c: char| c.is_ascii_digit())).then_some((end, kind))
}

/// `101-1203` or `101/1203`: tower and home in short, after a building or a comma.
pub(super) fn short_unit(text: &str, at: usize) -> Option<usize> {
    let bytes = text.as_bytes();
    let first = bytes[at..].iter().take_while(|b| b.is_ascii_digit()).count();
    if !(1..=4).contains(&first) || !matches!(bytes.get(at + first), Some(b'-' | b'/')) {
        return None;
    }
    let from = at + first + 1;
    let second = bytes[from..].iter().take_while(|b| b.is_ascii_digit()).count();
    let end = from + second;
    let ends = !text[end..]
        .starts_with(|c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '원' | '개' | '월'));
    // 4-4 is a company's telephone number.
    ((2..=4).contains(&second) && first + second < 8 && ends).then_some(end)
}

/// A building's name: a word that ends like one, or any short word with a unit right after it.
pub(super) fn building(text: &str, at: usize) -> Option<usize> {
    let is_part = |c: char| is_word_char(c) || matches!(c, '-' | '&' | '·');
    let end = at + text[at..].find(|c: char| !is_part(c)).unwrap_or(text.len() - at);
    let word = &text[at..end];
    let n = word.chars().count();
    if !(2..=15).contains(&n) || word.bytes().all(|b| b.is_ascii_digit() || b == b'-') {
        return None;
    }
    let next = gap(text, end);
    if next > end && next - end <= 2 && (unit(text, next).is_some() || short_unit(text, next).is_some()) {
        return Some(end);
    }
    if ends_like_building(word) {
        return Some(end);
    }
    // 래미안101동, 현대아파트입니다.
    let inner = at + building_inside(word)?;
    let rest = &text[inner..end];
    (n >= 4 && (may_follow_noun(rest) || rest.starts_with(|c: char| c.is_ascii_digit()))).then_some(inner)
}

/// Where the last of those words ends that stand inside a word; of each, the first place counts.
fn building_inside(word: &str) -> Option<usize> {
    let (mut seen, mut last) = (0u64, None);
    for (at, c) in word.char_indices() {
        if !BUILDING_HEADS.contains(c) && c != 'a' && c != 'A' {
            continue;
        }
        for (i, building) in BUILDINGS.iter().enumerate() {
            if seen >> i & 1 == 0 && word[at..].starts_with(building) {
                seen |= 1 << i;
                last = last.max(Some(at + building.len()));
            }
        }
    }
    last
}

/// Whether a word ends as buildings' names do.
pub(super) fn ends_like_building(word: &str) -> bool {
    let n = word.chars().count();
    n >= 3 && BUILDINGS.iter().any(|b| word.ends_with(b) && (b.chars().count() >= 2 || n >= 4))
}

/// `(역삼동, 래미안)`, `(06234)`.
pub(super) fn parenthesis(text: &str, at: usize) -> Option<usize> {
    let open = text[at..].chars().next().filter(|c| matches!(c, '(' | '['))?;
    let close = if open == '(' { ')' } else { ']' };
    let len = text[at..].char_indices().take(40).find(|&(_, c)| c == close).map(|(i, _)| i)?;
    let inner = text[at + 1..at + len].trim();
    let head = inner.split([',', ' ']).next().unwrap_or("");
    let fits =
        is_town(head) || ends_like_building(inner) || zip_at(inner, 0).is_some() || inner.starts_with('우');
    fits.then_some(at + len + 1)
}

/// A postal code: five digits, or the older 3-3.
pub(super) fn zip_at(text: &str, at: usize) -> Option<usize> {
    let bytes = text.as_bytes();
    let digits = bytes.get(at..)?.iter().take_while(|b| b.is_ascii_digit()).count();
    let end = match digits {
        5 => at + 5,
        3 if bytes.get(at + 3) == Some(&b'-') => {
            let more = bytes[at + 4..].iter().take_while(|b| b.is_ascii_digit()).count();
            (more == 3).then_some(at + 7)?
        }
        _ => return None,
    };
    let rest = &text[end..];
    let ends = !rest.starts_with(|c: char| {
        c.is_ascii_alphanumeric() || matches!(c, '-' | ',' | '원' | '개' | '명' | '건' | '번')
    });
    (ends || rest.starts_with(", ")).then_some(end)
}

/// Where the postal code starts that stands right before `at`, with its brackets or label.
pub(super) fn zip_before(text: &str, at: usize) -> Option<usize> {
    let before = text[..at].trim_end_matches([' ', ',', ')', ']', '\n']);
    if at - before.len() > 3 || !before.is_char_boundary(before.len().saturating_sub(5)) {
        return None;
    }
    let start = before.len().checked_sub(5)?;
    let code = &before[start..];
    let alone = !text[..start].ends_with(|c: char| c.is_ascii_alphanumeric() || c == '-');
    if !alone || !code.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let head = text[..start].trim_end_matches(' ');
    let marks = ["우편번호:", "(우)", "우)", "(우", "(", "["];
    Some(marks.iter().find(|m| head.ends_with(**m)).map_or(start, |m| head.len() - m.len()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_building_begins_as_listed() {
        for word in BUILDINGS {
            assert_eq!(building_inside(&format!("우리{word}를")), Some(6 + word.len()), "{word}");
            assert!(word.starts_with(|c: char| BUILDING_HEADS.contains(c) || c == 'a' || c == 'A'), "{word}");
        }
    }
}
