//! All quantities of a text.

use std::sync::LazyLock;

use regex::Regex;

use super::numerals::{self, Script};
use super::units::{self, Unit};
use super::{Quantity, bounds, dates};
use crate::validate::reference;

static FRACTION: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r"(\d+)\s?분의\s?(\d+(?:\.\d+)?)").expect("the pattern is tested"));
static KOREAN_FRACTION: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"([이삼사오육칠팔구십백천]+)\s?분의\s?([일이삼사오육칠팔구십백]+)")
        .expect("the pattern is tested")
});
static ENGLISH_FRACTION: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"(?i)\b(one|two|three)[- ](half|third|quarter|fourth|fifth)s?\b")
        .expect("the pattern is tested")
});

/// The quantities of a folded text, in order. Numbers of articles and of list items are none.
pub fn quantities(text: &str) -> Vec<Quantity> {
    let mut found = dates::find(text);
    add_fractions(text, &mut found);
    let taken: Vec<(usize, usize)> =
        reference::places(text).into_iter().chain(found.iter().map(|q| (q.start, q.end))).collect();
    let mut at = 0;
    let mut previous = ' ';
    while let Some(c) = text[at..].chars().next() {
        if let Some((_, end)) = taken.iter().find(|(start, end)| (*start..*end).contains(&at)) {
            at = *end;
            previous = 'x';
            continue;
        }
        if let Some(quantity) = quantity_at(text, at, previous) {
            at = quantity.end;
            previous = text[..at].chars().next_back().unwrap_or(' ');
            found.push(quantity);
            continue;
        }
        previous = c;
        at += c.len_utf8();
    }
    for quantity in &mut found {
        quantity.bound = bounds::of(&text[..quantity.start], &text[quantity.end..]);
    }
    found.sort_by_key(|q| q.start);
    share_units(text, &mut found);
    found
}

/// `3~5일`: the unit stands at the last number only.
fn share_units(text: &str, found: &mut [Quantity]) {
    for i in (1..found.len()).rev() {
        let between = text[found[i - 1].end..found[i].start].trim();
        if found[i - 1].unit == Unit::Bare && matches!(between, "~" | "-" | "to" | "내지" | "에서" | "or")
        {
            let of_unit = units::after(&text[numeral_end(text, &found[i])..]);
            found[i - 1].unit = found[i].unit;
            found[i - 1].value *= of_unit.map_or(1, |unit| unit.factor);
        }
    }
}

fn numeral_end(text: &str, quantity: &Quantity) -> usize {
    quantity.start + numerals::at_start(&text[quantity.start..quantity.end]).map_or(0, |numeral| numeral.len)
}

fn add_fractions(text: &str, found: &mut Vec<Quantity>) {
    let mut push = |start: usize, end: usize, value: Option<i128>| {
        if let Some(value) = value {
            found.push(Quantity { value, unit: Unit::Percent, bound: None, start, end });
        }
    };
    for captures in FRACTION.captures_iter(text).chain(KOREAN_FRACTION.captures_iter(text)) {
        let value = |i: usize| numerals::at_start(&captures[i]).map(|numeral| numeral.value);
        let whole = captures.get(0).expect("the whole match");
        let share = value(2).zip(value(1)).and_then(|(n, d)| units::fraction(n, d));
        push(whole.start(), whole.end(), share);
    }
    for captures in ENGLISH_FRACTION.captures_iter(text) {
        let denominator = match captures[2].to_ascii_lowercase().as_str() {
            "half" => 2,
            "third" => 3,
            "quarter" | "fourth" => 4,
            _ => 5,
        };
        let numerator = numerals::at_start(&captures[1]).map_or(1, |numeral| numeral.value / super::ONE);
        let whole = captures.get(0).expect("the whole match");
        push(whole.start(), whole.end(), units::fraction(numerator, denominator));
    }
}

fn quantity_at(text: &str, at: usize, previous: char) -> Option<Quantity> {
    let rest = &text[at..];
    if previous.is_alphanumeric() && !rest.starts_with(|c: char| c.is_ascii_digit()) {
        return None;
    }
    if previous.is_ascii_alphanumeric() || (previous == '.' && text[..at].ends_with("0.")) {
        return None;
    }
    if let Some((unit, value, len)) = units::word(rest)
        && is_word_end(rest, len)
    {
        return Some(Quantity { value, unit, bound: None, start: at, end: at + len });
    }
    let (prefix, unit_before) = match rest.chars().next()? {
        '$' => (1, Some(Unit::Dollars)),
        '£' => ('£'.len_utf8(), Some(Unit::Pounds)),
        '€' => ('€'.len_utf8(), Some(Unit::Euros)),
        '₩' => ('₩'.len_utf8(), Some(Unit::Won)),
        _ => (0, None),
    };
    let numeral = numerals::at_start(&rest[prefix..])?;
    let end = at + prefix + numeral.len;
    if let Some(unit) = unit_before {
        let (value, end) = millions(numeral.value, text, end);
        return Some(Quantity { value, unit, bound: None, start: at, end });
    }
    let quantity = |value, unit, end| Quantity { value, unit, bound: None, start: at, end };
    match (units::after(&text[end..]), numeral.script) {
        (Some(unit), Script::Digits) => {
            Some(quantity(numeral.value * unit.factor, unit.unit, end + unit.len))
        }
        (Some(unit), script) if unit.takes_words && is_worded(rest, script, unit.unit) => {
            Some(quantity(numeral.value * unit.factor, unit.unit, end + unit.len))
        }
        (None, Script::Sino) => sino_with_unit_inside(rest, at),
        (None, Script::Digits) if !is_marker(text, at, end) => Some(quantity(numeral.value, Unit::Bare, end)),
        (None, Script::English) if numeral.value > super::ONE => {
            Some(quantity(numeral.value, Unit::Bare, end))
        }
        _ => None,
    }
}

/// `$2.5 million`.
fn millions(value: i128, text: &str, end: usize) -> (i128, usize) {
    for (word, factor) in [(" million", 1_000_000), (" thousand", 1000), (" billion", 1_000_000_000)] {
        if text[end..].starts_with(word) {
            return (value * factor, end + word.len());
        }
    }
    (value, end)
}

/// `십오일`, `삼일`: the numeral has taken the unit along.
fn sino_with_unit_inside(rest: &str, at: usize) -> Option<Quantity> {
    let numeral = numerals::at_start(rest)?;
    let text = &rest[..numeral.len];
    let shorter = text.strip_suffix('일')?;
    let value = numerals::at_start(shorter).filter(|n| n.len == shorter.len())?.value;
    // `이 일`, `사일`: one syllable before 일 is more often another word, except 삼, 오, 육, 칠, 팔, 구, 십.
    let is_clear = shorter.chars().count() > 1 || "삼오육칠팔구십".contains(shorter);
    let after_ok = is_word_end(rest, numeral.len);
    (is_clear && after_ok).then(|| Quantity {
        value,
        unit: Unit::Days,
        bound: None,
        start: at,
        end: at + numeral.len,
    })
}

/// Whether a number in words is one here: `이 년`, `한 사람` are less clear than `이십 년`, `두 사람`.
fn is_worded(rest: &str, script: Script, unit: Unit) -> bool {
    let numeral = numerals::at_start(rest).map_or(0, |n| n.len);
    let has_gap = rest[numeral..].starts_with(' ');
    match script {
        Script::Digits => true,
        Script::English => unit != Unit::People || numeral > 3,
        Script::Sino => {
            let n_syllables = rest[..numeral].chars().count();
            let is_clear_unit = !has_gap || (rest.starts_with("일 년") || rest.starts_with("일 개월"));
            n_syllables > 1 || (is_clear_unit && !matches!(unit, Unit::Won | Unit::Pieces | Unit::People))
        }
        // `세일`, `두번`: a unit of one syllable that is counted by Sino-Korean numbers makes another word.
        Script::Native => !matches!(unit, Unit::Won | Unit::Percent) && !rest[numeral..].starts_with("일"),
    }
}

/// Whether a Korean amount in one word ends here: 하루, 하루에, not 하루살이.
fn is_word_end(rest: &str, len: usize) -> bool {
    let after = &rest[len..];
    let is_particle = [
        "간", "이", "동안", "전", "후", "까지", "에", "을", "를", "의", "은", "는", "로", "씩", "만", "마다",
        "입", "부터", "안", "가", "도", "치",
    ];
    !after.starts_with(super::super::text::is_hangul) || is_particle.iter().any(|p| after.starts_with(p))
}

/// Whether digits are a list marker or part of a name: `1.`, `(2)`, `COVID-19`.
fn is_marker(text: &str, start: usize, end: usize) -> bool {
    let before = text[..start].trim_end_matches(' ');
    let begins_line = before.is_empty() || before.ends_with('\n');
    let after = &text[end..];
    (begins_line && after.starts_with(['.', ')']) && !after[1..].starts_with(|c: char| c.is_ascii_digit()))
        || (before.ends_with('(') && after.starts_with(')'))
        || (text[..start].ends_with('-')
            && text[..start].trim_end_matches('-').ends_with(|c: char| c.is_ascii_alphabetic()))
}
