//! Key facts: the share of rows whose answer contains all that it has to contain.

use serde::{Deserialize, Serialize};

use super::normalise::normalise;
use super::{Row, Scorer};

/// Something an answer has to contain, in any one of these wordings: `["3일", "사흘"]`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeyFact {
    /// The wordings.
    pub any_of: Vec<String>,
}

impl KeyFact {
    /// A fact with one wording.
    pub fn new(wording: impl Into<String>) -> Self {
        Self { any_of: vec![wording.into()] }
    }

    /// Whether `answer` contains the fact. Both are normalised, and a number or an ASCII word has to
    /// stand whole: `3일` is not in `13일`, in `3~5일`, in `2.3일`; `3000원` is not in `5만 3,000원`.
    pub fn is_in(&self, answer: &str) -> bool {
        let answer = normalise(answer);
        self.any_of.iter().any(|wording| contains_whole(&answer, &normalise(wording)))
    }
}

/// Numerals that make a longer number of the digits beside them.
const KOREAN_NUMERALS: [char; 6] = ['십', '백', '천', '만', '억', '조'];

fn contains_whole(answer: &[char], wording: &[char]) -> bool {
    if wording.is_empty() || wording.len() > answer.len() {
        return false;
    }
    (0..=answer.len() - wording.len()).any(|at| {
        let end = at + wording.len();
        answer[at..end] == *wording
            && !continues(wording[0], &mut answer[..at].iter().rev().copied(), true)
            && !continues(wording[wording.len() - 1], &mut answer[end..].iter().copied(), false)
    })
}

/// Whether the number or ASCII word whose outermost character is `edge` goes on in `outside`, which
/// yields characters from the edge away.
fn continues(edge: char, outside: &mut dyn Iterator<Item = char>, before: bool) -> bool {
    let Some(next) = outside.next() else { return false };
    if edge.is_ascii_alphabetic() {
        return next.is_ascii_alphabetic();
    }
    if !edge.is_ascii_digit() {
        return false;
    }
    let is_numeral = KOREAN_NUMERALS.contains(&next);
    match outside.next() {
        // `5만 3000`: the numeral itself has to follow a digit, or it is the end of a word (`하지만 3일`).
        Some(beyond) if before && is_numeral => beyond.is_ascii_digit() || KOREAN_NUMERALS.contains(&beyond),
        // A mark that normalisation left stands between two digits.
        Some(beyond) if !next.is_alphanumeric() && next != ' ' => beyond.is_ascii_digit(),
        _ => next.is_ascii_digit() || (is_numeral && !before),
    }
}

/// The key-fact scorer; rows without facts do not count.
#[derive(Debug, Clone, Copy, Default)]
pub struct KeyFacts;

impl Scorer for KeyFacts {
    fn measures(&self) -> Vec<String> {
        vec!["key facts".to_owned()]
    }

    fn signature(&self, _n_references: usize) -> String {
        "row:all-facts|norm:nfkc+lower+marks+blanks|edges:whole|version:1".to_owned()
    }

    fn statistics(&self, row: &Row) -> Vec<f64> {
        let has_facts = !row.facts.is_empty();
        let holds = has_facts && row.facts.iter().all(|fact| fact.is_in(row.prediction));
        vec![f64::from(u8::from(holds)), f64::from(u8::from(has_facts))]
    }

    fn scores(&self, sum: &[f64]) -> Vec<f64> {
        vec![100.0 * sum[0] / sum[1].max(1.0)]
    }

    fn proportion(&self, sum: &[f64]) -> Option<(f64, f64)> {
        Some((*sum.first()?, *sum.get(1)?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_and_words_stand_whole() {
        let cases = [
            ("3일", "영업일 기준 3일 이내에 도착합니다.", true),
            ("3일", "13일 걸립니다.", false),
            ("3일", "3~5일 걸립니다.", false),
            ("5일", "3~5일 걸립니다.", false),
            ("3~5일", "보통 3 – 5일", false),
            ("3~5일", "보통 3–5일", true),
            ("3일", "2.3일", false),
            ("3일", "하지만 3일은 걸려요", true),
            ("3000원", "배송비는 3,000원입니다", true),
            ("3,000원", "배송비는 13,000원입니다", false),
            ("3,000원", "총 5만 3,000원입니다", false),
            ("3000", "3000만 원", false),
            ("50,000원", "５０,０００원 이상", true),
            ("CJ대한통운", "택배사는 cj 대한통운이에요", true),
            ("refund", "No prerefunds here", false),
            ("refund", "A Refund takes 7 days.", true),
            ("7 days", "It takes 17 days.", false),
            ("1588-0000", "고객센터 1588–0000로 전화", true),
            ("", "무엇이든", false),
            ("오전 9시", "오전9시부터", true),
            ("9", "3, 9", true),
            ("7일", "7일", true),
        ];
        for (fact, answer, holds) in cases {
            assert_eq!(KeyFact::new(fact).is_in(answer), holds, "{fact:?} in {answer:?}");
        }
    }

    #[test]
    fn any_wording_will_do_and_all_facts_are_needed() {
        let facts = [KeyFact { any_of: vec!["3일".into(), "사흘".into()] }, KeyFact::new("무료")];
        let scored = |prediction: &str| {
            let row = Row { prediction, references: &[], facts: &facts };
            KeyFacts.scores(&KeyFacts.statistics(&row))[0]
        };
        assert_eq!(scored("사흘 안에 무료로 보내 드려요"), 100.0);
        assert_eq!(scored("사흘 걸려요"), 0.0);
        let none = KeyFacts.statistics(&Row { prediction: "네", references: &[], facts: &[] });
        assert_eq!(none, [0.0, 0.0]);
    }
}
