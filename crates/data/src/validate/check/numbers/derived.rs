//! Numbers that a text says without writing them: how many items its list has, how often what is done every year is done.

use super::super::super::quantity::{ONE, Quantity, Unit, quantities};
use super::super::super::source::Cited;
use super::super::super::text::{bare, sentences, stems};
use super::computed::{is_computed, is_sum};

/// What a number of an answer may follow from.
#[derive(Clone, Copy)]
pub(super) struct Said<'a> {
    pub question: &'a str,
    pub claims: &'a str,
    pub source: &'a str,
}

/// Whether a number of an answer follows from what the source or the answer lists or says in other words.
pub(super) fn is_derived(own: &Quantity, said: Said<'_>, cited: &Cited) -> bool {
    let Said { claims, source, .. } = said;
    let word = &claims[own.start..own.end];
    counts_listed(own, said, cited)
        || counts_months(own, source)
        || is_frequency(own, said)
        || is_once(own, claims, source)
        || is_sum(own, source)
        || is_computed(own, said)
        // 과반수 is written together with the word before it, too.
        || (!word.contains(|c: char| c.is_ascii_digit())
            && bare(word).chars().count() > 2
            && bare(source).contains(&bare(word)))
}

/// `세 가지`, `three steps`: as many as the answer or the source lists.
fn counts_listed(own: &Quantity, said: Said<'_>, cited: &Cited) -> bool {
    const COUNTED: [&str; 6] = ["가지", "단계", "종류", "군데", "곳", "개"];
    let word = &said.claims[own.start..own.end];
    let is_count = own.unit == Unit::Bare
        || own.unit == Unit::Pieces && COUNTED.iter().any(|counted| word.ends_with(counted));
    let n = usize::try_from(own.value / ONE).unwrap_or(0);
    if !is_count || own.value % ONE != 0 || !(2..10).contains(&n) {
        return false;
    }
    let n_lines = cited.own.lines().count();
    // The line above a list leads to it.
    let is_list_of = |lines: usize| n_lines == lines || n_lines == lines + 1;
    // A list that has nothing to do with what is asked and answered is not what is counted.
    let spoken: Vec<String> = [said.question, said.claims].iter().flat_map(|text| stems(text)).collect();
    let is_spoken_of = |sentence: &str| stems(sentence).iter().any(|stem| spoken.contains(stem));
    is_list_of(n)
        || is_numbered_to(said.claims, n)
        || sentences(said.claims).iter().any(|s| n_items(s, n))
        || sentences(said.source).iter().any(|s| n_items(s, n) && is_spoken_of(s))
}

/// Whether a text numbers so many things in words: 첫째, 둘째, 셋째.
fn is_numbered_to(text: &str, n: usize) -> bool {
    const ORDINALS: [[&str; 2]; 6] = [
        ["첫째", "first"],
        ["둘째", "second"],
        ["셋째", "third"],
        ["넷째", "fourth"],
        ["다섯째", "fifth"],
        ["여섯째", "sixth"],
    ];
    let lower = text.to_ascii_lowercase();
    let has = |n: usize| ORDINALS.get(n).is_some_and(|words| words.iter().any(|word| lower.contains(word)));
    (0..n).all(has) && !has(n)
}

/// Whether a sentence, or a bracket in it, joins so many items by marks, or numbers them in words.
fn n_items(sentence: &str, n: usize) -> bool {
    let parts = sentence.split(['(', ')', ':']);
    let marks = |part: &str| {
        let dots = part.matches('·').count();
        let commas = part.matches(", ").count();
        let joints = [" and ", " or ", " 및 ", " 또는 ", "와 ", "과 ", "그리고 "];
        let joined = joints.iter().filter(|joint| part.contains(**joint)).count();
        dots + 1 == n || (commas > 0 && commas + 1 == n) || (commas + joined > 0 && commas + joined + 1 == n)
    };
    parts.into_iter().any(marks)
}

/// 두 번 of 3월과 9월에: as often as months are named in one sentence.
fn counts_months(own: &Quantity, source: &str) -> bool {
    let months = |sentence: &&str| {
        let words = sentence.split(|c: char| c.is_whitespace() || c == ',' || c == '·');
        let is_month = |word: &&str| {
            word.split_once('월').is_some_and(|(n, _)| !n.is_empty() && n.chars().all(|c| c.is_ascii_digit()))
        };
        let named: std::collections::BTreeSet<&str> =
            words.filter(is_month).filter_map(|word| Some(word.split_once('월')?.0)).collect();
        named.len() as i128
    };
    own.unit == Unit::Occasions && sentences(source).iter().any(|s| months(s) * ONE == own.value)
}

/// What is done every year is done once a year.
fn is_frequency(own: &Quantity, said: Said<'_>) -> bool {
    let lower = said.source.to_ascii_lowercase();
    let is_once = own.unit == Unit::Occasions && own.value == ONE;
    // 두 달에 한 번 is 두 달마다; 한 번 alone is not.
    if is_once && (lower.contains("마다") || lower.contains("every ")) {
        return [said.question, said.claims].iter().any(|text| names_period(text));
    }
    EVERY.iter().any(|(words, unit, n)| {
        let is_meant = is_once || own.unit == *unit && own.value == n * ONE;
        is_meant && words.iter().any(|word| lower.contains(word))
    })
}

/// Whether a text names a stretch of time in which something is done.
fn names_period(text: &str) -> bool {
    let lower = text.to_ascii_lowercase();
    let is_time = |q: &Quantity| matches!(q.unit, Unit::Minutes | Unit::Days | Unit::Months);
    quantities(text).iter().any(is_time)
        || ["마다", "every", "얼마나 자주", "how often"].iter().any(|word| lower.contains(word))
        || EVERY.iter().flat_map(|(words, ..)| *words).any(|word| lower.contains(word))
}

/// Words for what is done again and again, with the stretch of time that each names.
const EVERY: &[(&[&str], Unit, i128)] = &[
    (
        &["매년", "매 년", "해마다", "연간", "every year", "annually", "yearly", "each year", "per year"],
        Unit::Months,
        12,
    ),
    (
        &["매월", "매 월", "매달", "달마다", "every month", "monthly", "each month", "per month"],
        Unit::Months,
        1,
    ),
    (&["매주", "매 주", "주마다", "every week", "weekly", "each week", "per week"], Unit::Days, 7),
    (&["매일", "날마다", "every day", "daily", "each day", "per day"], Unit::Days, 1),
    (&["매분기", "매 분기", "분기마다", "quarterly", "every quarter", "each quarter"], Unit::Months, 3),
    (&["매반기", "반기마다", "every half year", "twice a year"], Unit::Months, 6),
];

/// What cannot be done again is done once, and cannot be done twice.
fn is_once(own: &Quantity, claims: &str, source: &str) -> bool {
    const AGAIN: &[&str] = &[
        "중임",
        "연임",
        "재임",
        "거듭",
        "다시",
        "재차",
        "중복",
        "재연장",
        "추가로",
        "again",
        "repeat",
        "renew",
        "one-time",
    ];
    const NEVER: &[&str] = &["없", "못", "아니", "않", "금지", "안 되", "안 된", "not", "never", "no "];
    let after = claims[own.end..].to_ascii_lowercase();
    let before = claims[..own.start].to_ascii_lowercase();
    let is_denied =
        NEVER.iter().any(|never| after.contains(never) || never.is_ascii() && before.contains(never));
    own.unit == Unit::Occasions
        && (own.value == ONE || own.value == 2 * ONE && is_denied)
        && sentences(source).iter().any(|sentence| {
            let lower = sentence.to_ascii_lowercase();
            AGAIN.iter().any(|word| {
                lower.find(word).is_some_and(|at| {
                    NEVER.iter().any(|never| {
                        lower[at..].contains(never) || never.is_ascii() && lower[..at].contains(never)
                    })
                })
            })
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn items_that_are_listed_can_be_counted() {
        for (sentence, n, want) in [
            ("문구류(볼펜·공책·지우개·자)", 4, true),
            ("문구류(볼펜·공책·지우개·자)", 3, false),
            ("첫 서류는 여권, 비자와 사진이다", 3, true),
            ("You bring a towel, a lock, and a bottle", 4, true),
            ("the guard and the cook sign it", 2, true),
            ("the guard signs it", 2, false),
        ] {
            assert_eq!(n_items(sentence, n), want, "{sentence} {n}");
        }
    }

    #[test]
    fn months_that_are_named_can_be_counted() {
        for (answer, want) in [("두 번 뽑습니다", true), ("세 번 뽑습니다", false)] {
            assert_eq!(counts_months(&quantities(answer)[0], "대의원은 4월과 10월에 뽑는다."), want);
        }
    }

    #[test]
    fn how_often_is_said_in_several_ways() {
        for (answer, source, want) in [
            ("일 년에 한 번 점검합니다", "소화기는 매년 점검한다", true),
            ("한 달에 한 번 점검합니다", "소화기는 매월 점검한다", true),
            ("두 달에 한 번 점검합니다", "소화기는 2개월마다 점검한다", true),
            ("한 번만 점검합니다", "소화기는 2개월마다 점검한다", false),
            ("한 달에 두 번 점검합니다", "소화기는 매월 점검한다", false),
            ("반장은 한 번만 맡습니다", "반장은 연임할 수 없다", true),
            ("반장은 세 번만 맡습니다", "반장은 연임할 수 없다", false),
            ("반장은 두 번 맡을 수 있습니다", "반장은 연임할 수 없다", false),
            ("반장은 두 번 맡을 수 없습니다", "반장은 연임할 수 없다", true),
            ("반장은 한 번만 맡습니다", "반장은 연임할 수 있다", false),
        ] {
            let all = quantities(answer);
            let own = all.iter().find(|q| q.unit == Unit::Occasions).unwrap();
            let said = Said { question: "", claims: answer, source };
            assert_eq!(is_frequency(own, said) || is_once(own, answer, source), want, "{answer}");
        }
    }
}
