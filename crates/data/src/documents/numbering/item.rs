//! 항, 호, 목, 세목, dotted headings and bullets.

use super::super::tree::{Level, Number};
use super::scan::{Scan, hangul_letter, number, roman};
use super::{Marker, Style};

/// Larger numbers before a dot are years or amounts.
const MOST_ITEM: u32 = 999;

pub(super) fn marker(line: &str) -> Option<Marker<'_>> {
    let first = line.chars().next()?;
    match first {
        '0'..='9' | '０'..='９' => decimal(line),
        '(' | '（' => enclosed(line),
        '가'..='허' => hangul(line),
        'a'..='z' | 'A'..='Z' | 'Ⅰ'..='Ⅻ' => latin(line),
        _ => symbol(line, first),
    }
}

/// The number of a circled digit: ① is 1, ㊿ is 50.
pub(super) fn circled(c: char) -> Option<u32> {
    match c as u32 {
        code @ 0x2460..=0x2473 => Some(code - 0x2460 + 1),
        code @ 0x3251..=0x325f => Some(code - 0x3251 + 21),
        code @ 0x32b1..=0x32bf => Some(code - 0x32b1 + 36),
        _ => None,
    }
}

fn found(scan: Scan<'_>, level: Level, style: Style, number: Option<Number>, sure: bool) -> Marker<'_> {
    let rest = scan.rest().trim();
    Marker { level, style, number, heading: scan.passed(), title: "", rest, sure, page: None }
}

fn symbol(line: &str, first: char) -> Option<Marker<'_>> {
    let mut scan = Scan::new(line);
    scan.at = first.len_utf8();
    let rest = scan.rest();
    if let Some(value) = circled(first) {
        // `①의 경우` and `①과 ②` refer to a paragraph.
        let refers = ["의 ", "과 ", "와 ", "에 ", "항", "부터", "까지", "호", ",", "·", "~", "∼", "⋅"]
            .iter()
            .any(|after| rest.starts_with(after));
        return (!refers).then(|| {
            found(scan, Level::Paragraph, Style::Circled, Some(number(value)), !rest.trim().is_empty())
        });
    }
    match first as u32 {
        code @ 0x2474..=0x2487 => {
            Some(found(scan, Level::Point, Style::DecimalEnclosed, Some(number(code - 0x2474 + 1)), true))
        }
        code @ 0x2488..=0x249b => {
            Some(found(scan, Level::Item, Style::Decimal, Some(number(code - 0x2488 + 1)), true))
        }
        code @ 0x3260..=0x327b => {
            let value = if code >= 0x326e { code - 0x326e } else { code - 0x3260 } + 1;
            Some(found(scan, Level::Point, Style::CircledHangul, Some(number(value)), true))
        }
        code @ 0x320e..=0x321b => {
            Some(found(scan, Level::Point, Style::HangulEnclosed, Some(number(code - 0x320e + 1)), true))
        }
        _ => bullet(scan, first),
    }
}

fn bullet(scan: Scan<'_>, first: char) -> Option<Marker<'_>> {
    const ALWAYS: &str = "○●◯◎□■▪▫◦•‣▶▷►◆◇❍❏☐※";
    const BEFORE_BLANK: &str = "-–—·ㆍ*+ㅇ";
    let blank = scan.rest().starts_with(char::is_whitespace);
    let text = scan.rest().trim();
    let bullet = !text.is_empty() && (ALWAYS.contains(first) || (blank && BEFORE_BLANK.contains(first)));
    bullet.then(|| found(scan, Level::Text, Style::Bullet, None, true))
}

/// `3.`, `3의2.`, `3)`, `1.2`, `1.2.3.`.
fn decimal(line: &str) -> Option<Marker<'_>> {
    let mut scan = Scan::new(line);
    let main = scan.number().filter(|main| (1..=MOST_ITEM).contains(main))?;
    let branch = scan.branch(false);
    let number = Some(Number { main, branch });
    if scan.any(")）").is_some() {
        let sure = !scan.rest().trim().is_empty();
        return Some(found(scan, Level::Point, Style::DecimalClosed, number, sure));
    }
    scan.any(".．")?;
    if scan.peek().is_some_and(|c| c.is_ascii_digit()) {
        return if branch == 0 { dotted(line) } else { None };
    }
    let blank = scan.peek().is_none_or(char::is_whitespace);
    let rest = scan.rest().trim_start();
    if is_date_tail(rest) || rest.starts_with(['~', '∼', ',', ')', ']', '>', '-']) {
        return None;
    }
    Some(found(scan, Level::Item, Style::Decimal, number, blank && !rest.is_empty()))
}

/// Whether `31.까지` or `1. 시행` follows: the line is a part of a date.
fn is_date_tail(rest: &str) -> bool {
    let mut scan = Scan::new(rest);
    if scan.number().is_none_or(|day| day > 31) {
        return false;
    }
    match scan.rest().strip_prefix(['.', '．']) {
        Some(after) => !after.starts_with(|c: char| c.is_ascii_digit()),
        None => scan.rest() == "일",
    }
}

/// `1.2 범위`, `1.2.3. Leave`; no number with decimals and no date.
fn dotted(line: &str) -> Option<Marker<'_>> {
    let mut scan = Scan::new(line);
    let (mut depth, mut last) = (0u8, 0);
    loop {
        last = match scan.number() {
            Some(value) if value <= 99 => value,
            _ if depth > 0 && scan.line[..scan.at].ends_with('.') => break,
            _ => return None,
        };
        depth += 1;
        if scan.any(".").is_none() || depth == 6 {
            break;
        }
    }
    let blank = scan.rest().starts_with(char::is_whitespace);
    let rest = scan.rest().trim();
    let title = if super::korean::is_title(rest) { rest } else { "" };
    if !blank || depth < 2 || rest.is_empty() || is_date_tail(rest) {
        return None;
    }
    // `3.5 billion` and `1.5 배` are amounts.
    let names = title.starts_with(|c: char| c.is_uppercase() || c == '"' || ('가'..='힣').contains(&c));
    let sure = names && (depth > 2 || title.chars().count() > 2) && !title.ends_with('.');
    if sure {
        scan.at = scan.line.len();
    }
    let marker = found(scan, Level::Heading(depth), Style::Dotted, Some(number(last)), sure);
    Some(Marker { title: if sure { title } else { "" }, ..marker })
}

/// `(1)`, `(가)`, `(b)`, `(iii)`.
fn enclosed(line: &str) -> Option<Marker<'_>> {
    let mut scan = Scan::new(line);
    let (inside, closed) = scan.brackets()?;
    let inside = inside.trim();
    let rest = scan.rest();
    // `(1)항` and `(가)의` are references.
    if !closed
        || rest.trim().is_empty()
        || ["항", "호", "목", "의 ", "와 ", "과 ", ",", "·"].iter().any(|w| rest.starts_with(w))
    {
        return None;
    }
    let mut digits = Scan::new(inside);
    if let Some(value) = digits.number() {
        let whole = digits.rest().is_empty() && (1..=MOST_ITEM).contains(&value);
        return whole.then(|| found(scan, Level::Point, Style::DecimalEnclosed, Some(number(value)), true));
    }
    let mut letters = inside.chars();
    let (Some(letter), None) = (letters.next(), letters.next()) else {
        let value = roman(inside).filter(|_| inside.starts_with(|c: char| c.is_ascii_lowercase()))?;
        return Some(found(scan, Level::Point, Style::RomanEnclosed, Some(number(value)), false));
    };
    if let Some(value) = hangul_letter(letter) {
        // `(사)`, `(자)`, `(주)` abbreviate what a company is.
        return Some(found(scan, Level::Point, Style::HangulEnclosed, Some(number(value)), value <= 2));
    }
    if letter.is_ascii_lowercase() {
        let value = letter as u32 - 'a' as u32 + 1;
        return Some(found(scan, Level::Point, Style::LatinEnclosed, Some(number(value)), value <= 2));
    }
    None
}

/// `가.`, `가)`.
fn hangul(line: &str) -> Option<Marker<'_>> {
    let mut chars = line.chars();
    let value = hangul_letter(chars.next()?)?;
    let mut scan = Scan::new(line);
    scan.at = '가'.len_utf8();
    let branch = scan.branch(false);
    let (level, style) = match scan.any(".．)）")? {
        ')' | '）' => (Level::Point, Style::HangulClosed),
        _ => (Level::SubItem, Style::Hangul),
    };
    let rest = scan.rest();
    let blank = rest.starts_with(char::is_whitespace);
    let text = rest.trim_start();
    // `가.나.다 순` lists letters; `다.”` ends a quotation.
    let mut next = text.chars();
    let listed =
        next.next().is_some_and(|c| hangul_letter(c).is_some()) && next.next() == Some('.') && !blank;
    if listed || text.starts_with(['”', '"', '’', '」', ')', '>', ',', '·', '~', '∼']) {
        return None;
    }
    // These end sentences as well: 한다. 하라. 하자. 하지 마. 인가.
    let ends = style == Style::Hangul && value > 1 && "다라마자가나".contains(line.chars().next()?);
    let sure = blank && !text.is_empty() && !ends;
    Some(found(scan, level, style, Some(Number { main: value, branch }), sure))
}

/// `a.`, `B)`, `IV.`, `Ⅳ.`.
fn latin(line: &str) -> Option<Marker<'_>> {
    let end = line.find(['.', ')', ' ']).unwrap_or(line.len());
    let word = &line[..end];
    let mut scan = Scan::new(line);
    scan.at = end;
    let only_roman = word.starts_with(|c| ('Ⅰ'..='Ⅻ').contains(&c));
    let closed = match scan.any(".)") {
        Some(')') => true,
        None if !only_roman => return None,
        _ => false,
    };
    let rest = scan.rest();
    if !rest.starts_with(char::is_whitespace) || rest.trim().is_empty() {
        return None;
    }
    if let Some(value) = roman(word).filter(|_| !closed && (word.len() > 1 || "IVX".contains(word))) {
        if !only_roman && word.starts_with(|c: char| c.is_ascii_lowercase()) {
            return None;
        }
        let title = rest.trim();
        let sure = super::korean::is_title(title) && (only_roman || value <= 2);
        if sure {
            scan.at = line.len();
        }
        let marker = found(scan, Level::Heading(1), Style::Roman, Some(number(value)), sure);
        return Some(Marker { title: if sure { title } else { "" }, ..marker });
    }
    let mut letters = word.chars();
    let (Some(letter), None) = (letters.next(), letters.next()) else { return None };
    let value = letter.to_ascii_lowercase() as u32 - 'a' as u32 + 1;
    let style = match (letter.is_ascii_uppercase(), closed) {
        (_, true) => Style::LatinClosed,
        (true, false) => Style::Capital,
        (false, false) => Style::Latin,
    };
    Some(found(scan, Level::Point, style, Some(number(value)), value <= 2))
}
