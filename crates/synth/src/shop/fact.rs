//! Whether an answer states a promised value, however it is written.
//!
//! `3,000원`, `3000 원`, `3천원`, `삼천 원` and `0.3만원` are the same amount; `13,000원` and `3일` are
//! not. `7일`, `칠 일`, `일주일` and `1주` are the same length, as are `12개월` and `1년`, `48시간` and `이틀`.

use std::sync::LazyLock;

use regex::Regex;

use super::policy::{PolicyValue, Unit};

/// More different amounts of one unit than this are a list of guesses, not an answer.
const MOST_AMOUNTS: usize = 4;

/// An amount found in a text. `half` tells which half of the day an hour was given in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Quantity {
    unit: Unit,
    amount: u64,
    half: Half,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Half {
    Morning,
    Afternoon,
    Unsaid,
}

static QUANTITY: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(concat!(
        r"(?P<half>오전|아침|새벽|오후|저녁|낮|밤)?",
        r"(?:(?P<n>\d+(?:\.\d+)?(?:[십백천만억]\d*)*|열두|열한|다섯|여섯|일곱|여덟|아홉|하나|[한두세석네넉열]|[일이삼사오육칠팔구십백천만억]+)",
        r"(?P<unit>시간|시반|시\d+분|시|:\d\d|원|포인트|[Pp]|개월반|개월|달반|달|주일|주|년반|년|일|%|퍼센트|프로|장|개))",
        r"|(?P<word>하루|이틀|사흘|나흘|닷새|엿새|열흘|보름|정오|반년)",
    ))
    .expect("the pattern is fixed")
});

/// Whether `answer` states the promised value.
///
/// An answer that lists more than four different amounts of the same unit states none.
pub fn contains_fact(answer: &str, value: &PolicyValue) -> bool {
    let found = quantities(answer);
    let mut amounts: Vec<u64> = found.iter().filter(|q| q.unit == value.unit).map(|q| q.amount).collect();
    amounts.sort_unstable();
    amounts.dedup();
    amounts.len() <= MOST_AMOUNTS && found.iter().any(|q| states(*q, value))
}

fn states(q: Quantity, value: &PolicyValue) -> bool {
    match (value.unit, q.unit) {
        (Unit::Clock, Unit::Clock) => {
            let afternoon = if q.amount < 12 { q.amount + 12 } else { q.amount };
            match q.half {
                Half::Morning => q.amount == value.amount,
                Half::Afternoon => afternoon == value.amount,
                Half::Unsaid => q.amount == value.amount || afternoon == value.amount,
            }
        }
        (want, got) if want == got => q.amount == value.amount,
        (Unit::Days, Unit::Months) => q.amount * 30 == value.amount,
        (Unit::Days, Unit::Hours) => q.amount == value.amount * 24,
        (Unit::Hours, Unit::Days) => q.amount * 24 == value.amount,
        _ => false,
    }
}

fn quantities(text: &str) -> Vec<Quantity> {
    let text = compact(text);
    QUANTITY
        .captures_iter(&text)
        .filter_map(|found| {
            if let Some(word) = found.name("word") {
                return Some(word_quantity(word.as_str()));
            }
            let number = found.name("n")?;
            let (unit, scale) = unit_of(&found["unit"])?;
            // The upper end of a range is not the promised value, but hours are promised as ranges.
            if unit != Unit::Clock && ends_range(&text[..number.start()]) {
                return None;
            }
            let half = match found.name("half").map(|h| h.as_str()) {
                Some("오전" | "아침" | "새벽") => Half::Morning,
                Some(_) => Half::Afternoon,
                None => Half::Unsaid,
            };
            Some(Quantity { unit, amount: scale(number_value(number.as_str())?)?, half })
        })
        .collect()
}

/// The text without spaces, and without the commas that group digits; full-width digits made plain.
fn compact(text: &str) -> String {
    let plain: Vec<char> = text
        .chars()
        .filter(|c| !c.is_whitespace())
        .map(|c| match c {
            '０'..='９' => char::from(b'0' + (c as u32 - '０' as u32) as u8),
            '％' => '%',
            '，' => ',',
            '〜' | '∼' | '–' | '—' => '~',
            c => c,
        })
        .collect();
    let digit = |i: usize| plain.get(i).is_some_and(char::is_ascii_digit);
    plain
        .iter()
        .enumerate()
        .filter(|(i, c)| !(**c == ',' && *i > 0 && digit(i - 1) && digit(i + 1)))
        .map(|(_, c)| *c)
        .collect()
}

fn ends_range(before: &str) -> bool {
    let Some(rest) = before.strip_suffix(['~', '-']) else { return false };
    rest.ends_with(|c: char| c.is_ascii_digit()) || rest.ends_with(['일', '원', '월', '주', '달'])
}

fn word_quantity(word: &str) -> Quantity {
    let (unit, amount) = match word {
        "하루" => (Unit::Days, 1),
        "이틀" => (Unit::Days, 2),
        "사흘" => (Unit::Days, 3),
        "나흘" => (Unit::Days, 4),
        "닷새" => (Unit::Days, 5),
        "엿새" => (Unit::Days, 6),
        "열흘" => (Unit::Days, 10),
        "보름" => (Unit::Days, 15),
        "반년" => (Unit::Months, 6),
        _ => (Unit::Clock, 12),
    };
    let half = if word == "정오" { Half::Afternoon } else { Half::Unsaid };
    Quantity { unit, amount, half }
}

type Scale = fn(u64) -> Option<u64>;

/// The unit of a word, and what one of it is worth; none for half hours, which are no promise.
fn unit_of(word: &str) -> Option<(Unit, Scale)> {
    let same: Scale = Some;
    Some(match word {
        "시간" => (Unit::Hours, same),
        "시" | ":00" | "시00분" => (Unit::Clock, same),
        "원" | "포인트" | "P" | "p" => (Unit::Won, same),
        "개월" | "달" => (Unit::Months, same),
        "주일" | "주" => (Unit::Days, |n| n.checked_mul(7)),
        "년" => (Unit::Months, |n| n.checked_mul(12)),
        "년반" => (Unit::Months, |n| n.checked_mul(12)?.checked_add(6)),
        "일" => (Unit::Days, same),
        "%" | "퍼센트" | "프로" => (Unit::Percent, same),
        "장" | "개" => (Unit::Sheets, same),
        _ => return None,
    })
}

fn number_value(text: &str) -> Option<u64> {
    let native = ["하나", "두", "세", "네", "다섯", "여섯", "일곱", "여덟", "아홉", "열", "열한", "열두"];
    match text {
        "한" => return Some(1),
        "석" => return Some(3),
        "넉" => return Some(4),
        _ => {}
    }
    if let Some(i) = native.iter().position(|w| *w == text) {
        return Some(i as u64 + 1);
    }
    if let Some((whole, rest)) = text.split_once('.') {
        return decimal(whole, rest);
    }
    mixed(text)
}

/// `0.3만`, `2.5천`; a plain `2.5` has no whole value.
fn decimal(whole: &str, rest: &str) -> Option<u64> {
    let unit = rest.chars().last()?;
    let digits = rest.trim_end_matches(unit);
    let scale = place_of(unit)?;
    let tenths = 10_u64.checked_pow(u32::try_from(digits.len()).ok()?)?;
    let value = whole.parse::<u64>().ok()?.checked_mul(tenths)?.checked_add(digits.parse().ok()?)?;
    let value = value.checked_mul(scale)?;
    (value % tenths == 0).then_some(value / tenths)
}

fn place_of(c: char) -> Option<u64> {
    Some(match c {
        '십' => 10,
        '백' => 100,
        '천' => 1000,
        '만' => 10_000,
        '억' => 100_000_000,
        _ => return None,
    })
}

/// Digits and number words together: `5만5천`, `2천500`, `만오천`.
fn mixed(text: &str) -> Option<u64> {
    let (mut total, mut group, mut digit) = (0_u64, 0_u64, None::<u64>);
    for c in text.chars() {
        if let Some(d) = c.to_digit(10) {
            digit = Some(digit.unwrap_or(0).checked_mul(10)?.checked_add(u64::from(d))?);
        } else if let Some(d) = "영일이삼사오육칠팔구".chars().position(|w| w == c) {
            digit = Some(d as u64);
        } else {
            let place = place_of(c)?;
            if place < 10_000 {
                group = group.checked_add(digit.take().unwrap_or(1).checked_mul(place)?)?;
            } else {
                let sum = group + digit.take().unwrap_or(u64::from(group == 0));
                total = total.checked_add(sum.checked_mul(place)?)?;
                group = 0;
            }
        }
    }
    total.checked_add(group)?.checked_add(digit.unwrap_or(0))
}

#[cfg(test)]
mod tests {
    use super::super::policy::{PolicyTable, forms};
    use super::*;

    fn value(amount: u64, unit: Unit) -> PolicyValue {
        PolicyValue { key: "k".to_owned(), amount, unit, forms: forms(amount, unit) }
    }

    #[test]
    fn every_listed_form_states_its_value() {
        for seed in 0..20 {
            for v in PolicyTable::draw(seed).values {
                for form in &v.forms {
                    let answer = format!("네 고객님, {form} 기준으로 안내드립니다.");
                    assert!(contains_fact(&answer, &v), "{answer} / {} {:?}", v.amount, v.unit);
                }
            }
        }
    }

    #[test]
    fn other_ways_to_say_it() {
        for (answer, amount, unit) in [
            ("3 , 000 원", 3000, Unit::Won),
            ("배송비는 삼천원입니다", 3000, Unit::Won),
            ("2천5백원이에요", 2500, Unit::Won),
            ("1만5천 원", 15_000, Unit::Won),
            ("0.3만원", 3000, Unit::Won),
            ("후기 포인트 500P 드려요", 500, Unit::Won),
            ("수령 후 일주일 안에", 7, Unit::Days),
            ("2주 이내", 14, Unit::Days),
            ("한 달 안에", 30, Unit::Days),
            ("영업일 기준 사흘", 3, Unit::Days),
            ("48시간", 48, Unit::Hours),
            ("이틀 안에 입금", 48, Unit::Hours),
            ("1년 동안", 12, Unit::Months),
            ("여섯 달", 6, Unit::Months),
            ("1년 반", 18, Unit::Months),
            ("３％ 적립", 3, Unit::Percent),
            ("한 장만", 1, Unit::Sheets),
            ("쿠폰은 하나만 ... 1개", 1, Unit::Sheets),
            ("오후3시 전", 15, Unit::Clock),
            ("15:00까지", 15, Unit::Clock),
            ("9시부터 6시까지", 18, Unit::Clock),
            ("평일 09:00~18:00", 9, Unit::Clock),
            ("정오까지", 12, Unit::Clock),
        ] {
            assert!(contains_fact(answer, &value(amount, unit)), "{answer}: {:?}", quantities(answer));
        }
    }

    #[test]
    fn what_does_not_state_it() {
        for (answer, amount, unit) in [
            ("13,000원", 3000, Unit::Won),
            ("3일", 3000, Unit::Won),
            ("30,000원", 3000, Unit::Won),
            ("13일", 3, Unit::Days),
            ("3시간", 3, Unit::Days),
            ("3~5일", 5, Unit::Days),
            ("오전 3시", 15, Unit::Clock),
            ("오후 3시 30분", 15, Unit::Clock),
            ("13개월", 3, Unit::Months),
            ("확인 후 연락드리겠습니다", 3, Unit::Days),
            ("", 1, Unit::Days),
            ("1일, 2일, 3일, 4일, 5일 중 하나", 3, Unit::Days),
            ("99999999999999999999999만원", 3000, Unit::Won),
        ] {
            assert!(!contains_fact(answer, &value(amount, unit)), "{answer}: {:?}", quantities(answer));
        }
    }
}
