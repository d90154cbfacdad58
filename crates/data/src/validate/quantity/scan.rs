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
    join_parts(text, &mut found);
    found
}

/// `1시간 30분` and `1 year and 6 months` are one amount in two units, the larger one first.
fn join_parts(text: &str, found: &mut Vec<Quantity>) {
    let factor = |q: &Quantity| units::after(&text[numeral_end(text, q)..q.end]).map(|unit| unit.factor);
    for i in (1..found.len()).rev() {
        let (first, second) = (&found[i - 1], &found[i]);
        let between = text[first.end..second.start].trim();
        let is_time = first.unit == second.unit && matches!(first.unit, Unit::Minutes | Unit::Months);
        // 1년 1개월, not 1년 2년 and not 1년 24개월.
        let is_larger = factor(first).zip(factor(second)).is_some_and(|(f, s)| f > s)
            && factor(first).is_some_and(|f| second.value < f * super::ONE);
        if is_time && is_larger && matches!(between, "" | "and") {
            let second = found.remove(i);
            found[i - 1].value += second.value;
            found[i - 1].end = second.end;
            found[i - 1].bound = second.bound;
        }
    }
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
    // 과반수 is often written together with whose it is.
    let is_glued = previous.is_alphanumeric() && !rest.starts_with("과반수");
    if is_glued && !rest.starts_with(|c: char| c.is_ascii_digit()) {
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
    let (prefix, unit_before) = currency(rest);
    let numeral = numerals::at_start(&rest[prefix..])?;
    let end = at + prefix + numeral.len;
    if let Some(unit) = unit_before {
        let (value, end) = millions(numeral.value, text, end);
        return Some(Quantity { value, unit, bound: None, start: at, end });
    }
    let quantity = |value, unit, end| Quantity { value, unit, bound: None, start: at, end };
    if numeral.script == Script::Digits && is_pence(&text[end..]) {
        return Some(quantity(numeral.value / 100, Unit::Pounds, end + 1));
    }
    let counted = |unit| Some(counted(text, at, end, numeral.value, unit));
    match (units::after(&text[end..]), numeral.script) {
        (Some(unit), Script::Digits) => counted(unit),
        (Some(unit), script) if unit.takes_words && is_worded(rest, script, unit.unit) => counted(unit),
        // `2-factor`, `three-ring`: part of a name.
        (None, _) if is_compound(&text[end..]) => None,
        (None, Script::Sino) => sino_with_unit_inside(rest, at),
        (None, Script::Digits) if !is_marker(text, at, end) => Some(quantity(numeral.value, Unit::Bare, end)),
        (None, Script::English) if numeral.value > super::ONE => {
            Some(quantity(numeral.value, Unit::Bare, end))
        }
        _ => None,
    }
}

/// The bytes of a currency's mark before a number, and the unit that it stands for.
fn currency(rest: &str) -> (usize, Option<Unit>) {
    let marks = [('$', Unit::Dollars), ('£', Unit::Pounds), ('€', Unit::Euros), ('₩', Unit::Won)];
    let found = marks.into_iter().find(|(mark, _)| rest.starts_with(*mark));
    found.map_or((0, None), |(mark, unit)| (mark.len_utf8(), Some(unit)))
}

/// Whether digits count pence: `45p`.
fn is_pence(rest: &str) -> bool {
    rest.strip_prefix('p').is_some_and(|rest| !rest.starts_with(|c: char| c.is_alphanumeric() || c == '.'))
}

/// So much of a unit, with the half that may follow it.
fn counted(text: &str, start: usize, end: usize, value: i128, unit: units::Found) -> Quantity {
    let end = end + unit.len;
    let half = half_more(&text[end..]).filter(|_| unit.factor % 2 == 0 || unit.unit == Unit::Months);
    let value = value * unit.factor + half.map_or(0, |_| super::ONE * unit.factor / 2);
    Quantity { value, unit: unit.unit, bound: None, start, end: end + half.unwrap_or(0) }
}

/// The bytes of the half of `한 시간 반`, `1년 반`, behind the unit that it is a half of.
fn half_more(rest: &str) -> Option<usize> {
    const HALF: &str = " 반";
    let after = rest.strip_prefix(HALF)?;
    (!after.starts_with(super::super::text::is_hangul) || is_word_end(after, 0)).then_some(HALF.len())
}

/// Whether a hyphen joins a number to a word that is no unit.
fn is_compound(rest: &str) -> bool {
    rest.strip_prefix('-').is_some_and(|word| word.starts_with(|c: char| c.is_ascii_alphabetic()))
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
        // 이달 is this month; months are counted 한 달, 두 달.
        Script::Sino if rest[numeral..].trim_start().starts_with('달') => false,
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

/// Whether digits are a list marker or part of a name: `1.`, `(2)` but not `room (6400)`, `… 1) … 2) …`, `COVID-19`.
fn is_marker(text: &str, start: usize, end: usize) -> bool {
    let before = text[..start].trim_end_matches(' ');
    let begins_line = before.is_empty() || before.ends_with('\n');
    let after = &text[end..];
    (begins_line && after.starts_with(['.', ')']) && !after[1..].starts_with(|c: char| c.is_ascii_digit()))
        || numbers_item(text, start, end)
        || (end - start < 3 && before.ends_with('(') && after.starts_with(')'))
        || (text[..start].ends_with('-')
            && text[..start].trim_end_matches('-').ends_with(|c: char| c.is_ascii_alphabetic()))
}

/// Whether digits number an item of a list that runs through a line: `1) … 2) …`, `1. … 2. …`. A list has a first
/// item and a second one, each with the same mark behind its number.
fn numbers_item(text: &str, start: usize, end: usize) -> bool {
    let Some(mark) = text[end..].chars().next().filter(|c| matches!(c, ')' | '.')) else { return false };
    let stands_alone = |start: usize, end: usize| {
        let is_begun = text[..start].is_empty() || text[..start].ends_with([' ', '\n', ',', ';', ':', '.']);
        let opened = text[..start].rfind('(').is_some_and(|open| !text[open..start].contains(')'));
        let is_ended = !text[end + 1..].starts_with(|c: char| c.is_ascii_digit());
        is_begun && is_ended && !(opened && mark == ')')
    };
    let is_there = |n: u32| {
        let item = format!("{n}{mark}");
        text.match_indices(&item).any(|(at, _)| stands_alone(at, at + item.len() - 1))
    };
    end - start < 3 && stands_alone(start, end) && is_there(1) && is_there(2)
}
