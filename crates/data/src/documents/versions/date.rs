//! Dates in rules: `2024. 1. 1.`, `2024년 1월 1일`, `2024-01-01`, `20240101`.

use serde::{Deserialize, Serialize};

/// A day; month and day are 0 where only the year is known. It is stored as it is displayed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Date {
    /// The year.
    pub year: u16,
    /// 1 to 12.
    pub month: u8,
    /// 1 to 31.
    pub day: u8,
}

impl std::fmt::Display for Date {
    /// `2024-03-01`, or `2024` where only the year is known.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match (self.month, self.day) {
            (0, _) => write!(f, "{:04}", self.year),
            (month, 0) => write!(f, "{:04}-{month:02}", self.year),
            (month, day) => write!(f, "{:04}-{month:02}-{day:02}", self.year),
        }
    }
}

impl std::str::FromStr for Date {
    type Err = String;

    /// A day as it is displayed: `2024-03-01`.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let of_month = |year: u16, month: u8| match month {
            4 | 6 | 9 | 11 => 30,
            2 if year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400)) => 29,
            2 => 28,
            _ => 31,
        };
        match dates(text).as_slice() {
            [(found, ..)] if found.to_string() == text && found.day <= of_month(found.year, found.month) => {
                Ok(*found)
            }
            _ => Err("not a day: YYYY-MM-DD".to_owned()),
        }
    }
}

impl TryFrom<String> for Date {
    type Error = String;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl From<Date> for String {
    fn from(date: Date) -> Self {
        date.to_string()
    }
}

/// The latest date in a text.
pub(super) fn latest(text: &str) -> Option<Date> {
    dates(text).into_iter().map(|(date, _, _)| date).max()
}

/// The latest date that something was made, changed or came into effect. What ends then (`까지`) does not, and what an
/// exception says (`다만, 제5조는 2027년 1월 1일부터 시행한다`) is not said of the whole.
pub(super) fn latest_of_effect(text: &str) -> Option<Date> {
    const WORDS: [&str; 8] = ["시행", "개정", "제정", "신설", "공포", "effective", "revised", "amended"];
    let near = |from: usize, to: usize| {
        let begin = floor(text, from.saturating_sub(40));
        let end = floor(text, (to + 40).min(text.len()));
        let around = text[begin..end].to_lowercase();
        WORDS.iter().any(|word| around.contains(word))
    };
    let is_meant =
        |from: usize, to: usize| near(from, to) && !is_excepted(&text[..from]) && !ends(&text[to..]);
    dates(text).into_iter().filter(|(_, from, to)| is_meant(*from, *to)).map(|(date, _, _)| date).max()
}

/// Whether the sentence that a text breaks off in is an exception from what was said before.
fn is_excepted(before: &str) -> bool {
    const BEGIN: [&str; 5] = ["다만", "단,", "단 ", "However", "except"];
    const ENDS: [&str; 4] = ["다. ", "다.\n", "함. ", "함.\n"];
    // The end of a word is none: `공단 규정`.
    let is_word = |at: &usize| !before[..*at].ends_with(char::is_alphanumeric);
    let last = |word: &&str| before.match_indices(*word).map(|(at, _)| at).filter(is_word).last();
    let begun = BEGIN.iter().filter_map(last).max();
    let is_sentence = |rest: &str| {
        let mut after = rest.match_indices(". ").map(|(at, _)| rest[at + 2..].chars().next());
        ENDS.iter().any(|end| rest.contains(end)) || after.any(|c| c.is_some_and(char::is_uppercase))
    };
    begun.is_some_and(|at| !is_sentence(&before[at..]))
}

/// Whether what follows a date says that something lasts until then.
fn ends(after: &str) -> bool {
    after.trim_start_matches(['.', '일', ' ', ')']).starts_with("까지")
}

fn floor(text: &str, mut at: usize) -> usize {
    while !text.is_char_boundary(at) {
        at -= 1;
    }
    at
}

/// The dates in a text with the bytes they fill.
fn dates(text: &str) -> Vec<(Date, usize, usize)> {
    let bytes = text.as_bytes();
    let mut out = Vec::new();
    let mut at = 0;
    while at < bytes.len() {
        if !bytes[at].is_ascii_digit() {
            at += 1;
            continue;
        }
        let digits = bytes[at..].iter().take_while(|b| b.is_ascii_digit()).count();
        let found = match digits {
            8 => whole(&text[at..at + 8]).map(|date| (date, at + 8)),
            4 => apart(text, at),
            _ => None,
        };
        match found {
            Some((date, end)) => {
                out.push((date, at, end));
                at = end;
            }
            None => at += digits,
        }
    }
    out
}

/// `20240101`.
fn whole(digits: &str) -> Option<Date> {
    date(digits[..4].parse().ok()?, digits[4..6].parse().ok()?, digits[6..].parse().ok()?)
}

/// `2024. 1. 1.`
fn apart(text: &str, at: usize) -> Option<(Date, usize)> {
    let year = text[at..at + 4].parse().ok()?;
    let (month, end) = next(text, at + 4)?;
    let (day, end) = next(text, end)?;
    Some((date(year, month, day)?, end))
}

/// A number after a separator.
fn next(text: &str, at: usize) -> Option<(u8, usize)> {
    let rest = &text[at..];
    let number = rest.trim_start_matches(['.', '-', '/', ' ', '년', '월', '_']);
    let skipped = rest.len() - number.len();
    if skipped == 0 || skipped > 6 {
        return None;
    }
    let digits = number.bytes().take_while(u8::is_ascii_digit).count();
    if digits == 0 || digits > 2 {
        return None;
    }
    Some((number[..digits].parse().ok()?, at + skipped + digits))
}

fn date(year: u16, month: u8, day: u8) -> Option<Date> {
    let valid = (1900..=2200).contains(&year) && (1..=12).contains(&month) && (1..=31).contains(&day);
    valid.then_some(Date { year, month, day })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_found() {
        let day = |year, month, day| Some(Date { year, month, day });
        for (text, want) in [
            ("개정 2024. 1. 15.", day(2024, 1, 15)),
            ("2023년 12월 31일부터 시행", day(2023, 12, 31)),
            ("취업규칙_20240301.pdf", day(2024, 3, 1)),
            ("2020-02-03 and 2021/04/05", day(2021, 4, 5)),
            ("제2024조", None),
            ("20241301", None),
            ("2024. 15. 1.", None),
        ] {
            assert_eq!(latest(text), want, "{text}");
        }
        assert_eq!(Date { year: 2024, month: 3, day: 1 }.to_string(), "2024-03-01");
        assert_eq!("2024-02-29".parse(), Ok(Date { year: 2024, month: 2, day: 29 }));
        for text in ["", "2024", "2024-3-1", "2023-02-29", "2024-04-31", "2024-13-01", "2024-03-01 ", "내일"]
        {
            assert!(text.parse::<Date>().is_err(), "{text}");
        }
        assert_eq!(latest_of_effect("이 규정은 2024년 3월 1일부터 시행한다."), day(2024, 3, 1));
        assert_eq!(latest_of_effect("1948년 7월 12일에 있었던 일"), None);
        for (text, want) in [
            ("2024년 1월 1일부터 시행한다. 다만, 제17조는 2027년 1월 1일부터 시행한다.", day(2024, 1, 1)),
            ("다만, 제5조는 2027. 1. 1.부터 시행한다. 이 규칙은 2024. 3. 1.부터 시행한다.", day(2024, 3, 1)),
            ("Effective 2024-01-01. However, section 5 is effective 2027-01-01.", day(2024, 1, 1)),
            ("이 규칙은 2024. 3. 1.부터 시행하고 2028년 12월 31일까지 효력이 있다.", day(2024, 3, 1)),
            ("개정 2020. 1. 1., 개정 2025. 1. 1.", day(2025, 1, 1)),
            ("두레공단 인사규정 (2024. 3. 1. 시행)", day(2024, 3, 1)),
            ("이 규정은 2024. 3. 1.부터 시행한다. 단, 제3조는 2026. 1. 1.부터 시행한다.", day(2024, 3, 1)),
        ] {
            assert_eq!(latest_of_effect(text), want, "{text}");
        }
    }
}
