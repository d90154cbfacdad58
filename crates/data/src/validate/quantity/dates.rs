//! Days of the calendar and times of day.

use std::sync::LazyLock;

use regex::{Captures, Regex};

use super::units::Unit;
use super::{ONE, Quantity};

struct Pattern {
    regex: LazyLock<Regex>,
    read: fn(&Captures<'_>) -> Option<(Unit, i128)>,
}

macro_rules! pattern {
    ($regex:literal, $read:expr) => {
        Pattern { regex: LazyLock::new(|| Regex::new($regex).expect("the pattern is tested")), read: $read }
    };
}

const MONTHS: [&str; 12] =
    ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];

fn number(captures: &Captures<'_>, group: usize) -> i128 {
    captures.get(group).and_then(|m| m.as_str().parse().ok()).unwrap_or(0)
}

fn date(year: i128, month: i128, day: i128) -> Option<(Unit, i128)> {
    let is_date = (1..=12).contains(&month) && (0..=31).contains(&day);
    is_date.then_some((Unit::Date, (year * 10_000 + month * 100 + day) * ONE))
}

fn month_name(name: &str) -> i128 {
    let lower = name.to_ascii_lowercase();
    MONTHS.iter().position(|month| lower.starts_with(month)).map_or(0, |at| at as i128 + 1)
}

fn clock(hours: i128, minutes: i128, is_afternoon: bool) -> Option<(Unit, i128)> {
    let hours = if is_afternoon && hours < 12 { hours + 12 } else { hours };
    (hours <= 24 && minutes < 60).then_some((Unit::Clock, (hours * 60 + minutes) * ONE))
}

static PATTERNS: [Pattern; 10] = [
    pattern!(r"(\d{4})\s?년\s?(\d{1,2})\s?월(?:\s?(\d{1,2})\s?일)?", |c| date(
        number(c, 1),
        number(c, 2),
        number(c, 3)
    )),
    pattern!(r"(\d{4})\s?[.\-/]\s?(\d{1,2})\s?[.\-/]\s?(\d{1,2})\.?", |c| date(
        number(c, 1),
        number(c, 2),
        number(c, 3)
    )),
    pattern!(r"\b(\d{1,2})/(\d{1,2})/(\d{4}|\d{2})\b", |c| {
        let year = number(c, 3);
        date(if year < 100 { year + 2000 } else { year }, number(c, 1), number(c, 2))
    }),
    pattern!(r"(\d{1,2})\s?월\s?(\d{1,2})\s?일", |c| date(0, number(c, 1), number(c, 2))),
    pattern!(
        r"\b(\d{1,2})(?:st|nd|rd|th)? (Jan(?:uary)?|Feb(?:ruary)?|Mar(?:ch)?|Apr(?:il)?|May|June?|July?|Aug(?:ust)?|Sept?(?:ember)?|Oct(?:ober)?|Nov(?:ember)?|Dec(?:ember)?)\b(?:,? (\d{4})\b)?",
        |c| date(number(c, 3), month_name(&c[2]), number(c, 1))
    ),
    // A day of every month.
    pattern!(
        r"(?i)\b(?:the )?(\d{1,2})(?:st|nd|rd|th) of (?:each|every|the|that|this)(?: (?:following|next|same|current))? month\b",
        |c| Some((Unit::Date, number(c, 1) * ONE)).filter(|_| (1..=31).contains(&number(c, 1)))
    ),
    pattern!(
        r"(?i)\b(Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Sept|Oct|Nov|Dec)[a-z]*\.? (\d{1,2})(?:st|nd|rd|th)?\b(?:,? (\d{4}))?",
        |c| date(number(c, 3), month_name(&c[1]), number(c, 2))
    ),
    pattern!(
        r"(오전|오후|저녁|밤|새벽|낮)?\s?(\d{1,2})\s?시(?:\s?(\d{1,2})\s?분|\s?(반))?",
        |c| {
            let is_afternoon = matches!(c.get(1).map(|m| m.as_str()), Some("오후" | "저녁" | "밤"));
            clock(number(c, 2), if c.get(4).is_some() { 30 } else { number(c, 3) }, is_afternoon)
        }
    ),
    pattern!(r"\b(\d{1,2}):(\d{2})\b(?:\s?([ap])\.?m)?", |c| {
        clock(number(c, 1), number(c, 2), c.get(3).is_some_and(|m| m.as_str() == "p"))
    }),
    pattern!(r"(?i)\b(\d{1,2})\s?([ap])\.?m\b", |c| {
        clock(number(c, 1) % 12, 0, c[2].eq_ignore_ascii_case("p"))
    }),
];

/// Dates and times of a folded text, without overlaps, in no order.
pub(super) fn find(text: &str) -> Vec<Quantity> {
    let mut out: Vec<Quantity> = Vec::new();
    for pattern in &PATTERNS {
        for captures in pattern.regex.captures_iter(text) {
            let Some(whole) = captures.get(0) else { continue };
            let start = whole.start() + whole.as_str().len() - whole.as_str().trim_start().len();
            let is_free = out.iter().all(|q| q.end <= start || whole.end() <= q.start);
            // `2시간` is no time of day.
            let goes_on = text[whole.end()..].starts_with('간');
            if let Some((unit, value)) = (pattern.read)(&captures)
                && is_free
                && !(goes_on && unit == Unit::Clock)
            {
                out.push(Quantity { value, unit, bound: None, start, end: whole.end() });
            }
        }
    }
    out
}
