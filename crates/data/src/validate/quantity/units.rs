//! What is counted.

use super::ONE;

/// What a number counts. Units that are turned into each other are kept as the smallest of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Unit {
    /// Seconds.
    Seconds,
    /// Minutes and hours.
    Minutes,
    /// Days and weeks.
    Days,
    /// Months and years.
    Months,
    /// A day of the calendar: year · 10000 + month · 100 + day, with zeros for what is not said.
    Date,
    /// A time of day, in minutes from midnight.
    Clock,
    /// Won.
    Won,
    /// Dollars.
    Dollars,
    /// Pounds sterling.
    Pounds,
    /// Euros.
    Euros,
    /// Per cent; `3분의 2` is 66.666 666 of them.
    Percent,
    /// `3배`.
    Times,
    /// People.
    People,
    /// How often.
    Occasions,
    /// Years of age.
    Age,
    /// Pieces, copies, rooms.
    Pieces,
    /// Kilometres and metres, in metres.
    Metres,
    /// Points of an evaluation.
    Points,
    /// Grades of pay or rank.
    Grades,
    /// No unit, or one that is not known.
    Bare,
}

struct Entry {
    name: &'static str,
    unit: Unit,
    factor: i128,
    /// Whether the name alone makes a number of a Korean numeral word before it.
    takes_words: bool,
}

const fn e(name: &'static str, unit: Unit, factor: i128, takes_words: bool) -> Entry {
    Entry { name, unit, factor, takes_words }
}

/// Longer names before those they begin with.
const KOREAN: &[Entry] = &[
    e("퍼센트", Unit::Percent, 1, true),
    e("프로", Unit::Percent, 1, false),
    e("%", Unit::Percent, 1, true),
    e("개월", Unit::Months, 1, true),
    e("달러", Unit::Dollars, 1, true),
    e("달", Unit::Months, 1, true),
    e("년", Unit::Months, 12, true),
    e("개년", Unit::Months, 12, true),
    e("월", Unit::Months, 1, false),
    e("주간", Unit::Days, 7, true),
    e("주일", Unit::Days, 7, true),
    e("주", Unit::Days, 7, false),
    e("영업일", Unit::Days, 1, true),
    e("근무일", Unit::Days, 1, true),
    e("일", Unit::Days, 1, true),
    e("날", Unit::Days, 1, true),
    e("시간", Unit::Minutes, 60, true),
    e("분", Unit::Minutes, 1, false),
    e("초", Unit::Seconds, 1, false),
    e("천원", Unit::Won, 1000, true),
    e("만원", Unit::Won, 10_000, true),
    e("원", Unit::Won, 1, true),
    e("₩", Unit::Won, 1, false),
    e("불", Unit::Dollars, 1, false),
    e("배", Unit::Times, 1, true),
    e("명", Unit::People, 1, true),
    e("인", Unit::People, 1, false),
    e("사람", Unit::People, 1, true),
    e("회", Unit::Occasions, 1, false),
    e("번", Unit::Occasions, 1, true),
    e("차례", Unit::Occasions, 1, true),
    e("세", Unit::Age, 1, false),
    e("살", Unit::Age, 1, true),
    e("개", Unit::Pieces, 1, true),
    e("건", Unit::Pieces, 1, true),
    e("부", Unit::Pieces, 1, false),
    e("통", Unit::Pieces, 1, false),
    e("장", Unit::Pieces, 1, false),
    e("매", Unit::Pieces, 1, false),
    e("가지", Unit::Pieces, 1, true),
    e("단계", Unit::Pieces, 1, true),
    e("종류", Unit::Pieces, 1, true),
    e("군데", Unit::Pieces, 1, true),
    e("곳", Unit::Pieces, 1, true),
    e("킬로미터", Unit::Metres, 1000, true),
    e("km", Unit::Metres, 1000, false),
    e("미터", Unit::Metres, 1, true),
    e("점", Unit::Points, 1, false),
    e("급", Unit::Grades, 1, false),
    e("호봉", Unit::Grades, 1, false),
];

const ENGLISH: &[Entry] = &[
    e("seconds", Unit::Seconds, 1, true),
    e("second", Unit::Seconds, 1, true),
    e("minutes", Unit::Minutes, 1, true),
    e("minute", Unit::Minutes, 1, true),
    e("hours", Unit::Minutes, 60, true),
    e("hour", Unit::Minutes, 60, true),
    e("hrs", Unit::Minutes, 60, true),
    e("business days", Unit::Days, 1, true),
    e("working days", Unit::Days, 1, true),
    e("calendar days", Unit::Days, 1, true),
    e("workdays", Unit::Days, 1, true),
    e("days", Unit::Days, 1, true),
    e("business day", Unit::Days, 1, true),
    e("working day", Unit::Days, 1, true),
    e("calendar day", Unit::Days, 1, true),
    e("day", Unit::Days, 1, true),
    e("weeks", Unit::Days, 7, true),
    e("week", Unit::Days, 7, true),
    e("months", Unit::Months, 1, true),
    e("month", Unit::Months, 1, true),
    e("years", Unit::Months, 12, true),
    e("year", Unit::Months, 12, true),
    e("percent", Unit::Percent, 1, true),
    e("per cent", Unit::Percent, 1, true),
    e("dollars", Unit::Dollars, 1, true),
    e("usd", Unit::Dollars, 1, false),
    e("pounds", Unit::Pounds, 1, true),
    e("euros", Unit::Euros, 1, true),
    e("won", Unit::Won, 1, false),
    e("times", Unit::Occasions, 1, true),
    e("people", Unit::People, 1, true),
    e("persons", Unit::People, 1, true),
    e("employees", Unit::People, 1, true),
    e("copies", Unit::Pieces, 1, true),
    e("miles", Unit::Metres, 1609, true),
    e("mile", Unit::Metres, 1609, true),
    e("kilometers", Unit::Metres, 1000, true),
    e("kilometres", Unit::Metres, 1000, true),
    e("points", Unit::Points, 1, true),
];

/// Whole amounts in one word.
const WORDS: &[(&str, Unit, i128)] = &[
    ("하루", Unit::Days, 1_000_000),
    ("이틀", Unit::Days, 2_000_000),
    ("사흘", Unit::Days, 3_000_000),
    ("나흘", Unit::Days, 4_000_000),
    ("닷새", Unit::Days, 5_000_000),
    ("엿새", Unit::Days, 6_000_000),
    ("이레", Unit::Days, 7_000_000),
    ("여드레", Unit::Days, 8_000_000),
    ("아흐레", Unit::Days, 9_000_000),
    ("열흘", Unit::Days, 10_000_000),
    ("보름", Unit::Days, 15_000_000),
    ("일주일", Unit::Days, 7_000_000),
    ("이주일", Unit::Days, 14_000_000),
    ("반년", Unit::Months, 6_000_000),
    ("반일", Unit::Days, 500_000),
    ("반나절", Unit::Days, 500_000),
    ("한나절", Unit::Days, 500_000),
    ("절반", Unit::Percent, 50_000_000),
    ("전액", Unit::Percent, 100_000_000),
    ("과반수", Unit::Percent, 50_000_000),
    ("정오", Unit::Clock, 720_000_000),
    ("half", Unit::Percent, 50_000_000),
    ("noon", Unit::Clock, 720_000_000),
    ("midnight", Unit::Clock, 0),
    ("twice", Unit::Occasions, 2_000_000),
    ("fortnight", Unit::Days, 14_000_000),
];

/// A unit at the start of what follows a number.
#[derive(Debug, Clone, Copy)]
pub(super) struct Found {
    pub unit: Unit,
    pub factor: i128,
    /// Bytes of blank and unit.
    pub len: usize,
    pub takes_words: bool,
}

/// The unit that follows a number. A blank, or in English a hyphen, may stand between.
pub(super) fn after(rest: &str) -> Option<Found> {
    let gap = usize::from(rest.starts_with([' ', '-']));
    let text = &rest[gap..];
    let of = |entry: &Entry| Found {
        unit: entry.unit,
        factor: entry.factor,
        len: gap + entry.name.len(),
        takes_words: entry.takes_words,
    };
    if let Some(entry) = KOREAN.iter().find(|entry| text.starts_with(entry.name)) {
        return Some(of(entry)).filter(|_| is_unit_end(entry.name, &text[entry.name.len()..]));
    }
    let lower: String = text.chars().take(20).collect::<String>().to_ascii_lowercase();
    let entry = ENGLISH.iter().find(|entry| {
        lower.starts_with(entry.name)
            && !lower[entry.name.len()..].starts_with(|c: char| c.is_ascii_alphabetic())
    })?;
    Some(of(entry))
}

/// Whether a short unit ends where it seems to: 3부 and 3부터 differ, 5인 and 5인지, 2장 and 2장소.
fn is_unit_end(name: &str, rest: &str) -> bool {
    match name {
        "부" => {
            !rest.starts_with(['터', '서', '문', '분', '모', '품', '장', '속', '담', '정', '족', '하', '처'])
        }
        "인" => !rest.starts_with(['지', '가', '데']),
        "장" => !rest.starts_with(['소', '기']),
        "회" => !rest.starts_with(['사', '의']) || rest.starts_with("의 "),
        "분" => !rest.starts_with("의 ") && !rest.starts_with(['의', '기', '할', '류']),
        "주" => !rest.starts_with(['민', '식', '소']),
        "점" => !rest.starts_with(['검', '심']),
        "통" => !rest.starts_with(['지', '보']),
        "세" => !rest.starts_with(['기', '금']),
        "매" => !rest.starts_with(['월', '년']),
        _ => true,
    }
}

/// A whole amount in one word at the start of a text.
pub(super) fn word(text: &str) -> Option<(Unit, i128, usize)> {
    let found = WORDS.iter().filter(|(name, ..)| {
        text.get(..name.len()).is_some_and(|start| start.eq_ignore_ascii_case(name))
            && !(name.is_ascii() && text[name.len()..].starts_with(|c: char| c.is_ascii_alphabetic()))
    });
    found.max_by_key(|(name, ..)| name.len()).map(|(name, unit, value)| (*unit, *value, name.len()))
}

/// Per cent of a fraction, in parts of [`ONE`].
pub(super) fn fraction(numerator: i128, denominator: i128) -> Option<i128> {
    (denominator != 0).then(|| numerator * 100 * ONE / denominator)
}
