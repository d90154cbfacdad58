//! Questions that were asked before. Another wording of the same question is none; the same words with other
//! blanks, marks, particles or politeness are.

use std::collections::{BTreeSet, HashMap};

use super::quantity::{Unit, quantities};
use super::text::words::verb_root;
use super::text::{Word, bare, fold, words};

/// Two questions about one place whose letters are this alike are one; about different places they may differ in
/// one telling word.
const NEAR: f32 = 0.82;

/// Questions that were seen.
#[derive(Debug, Default)]
pub struct Seen {
    ids: Vec<String>,
    asked: Vec<Fingerprint>,
    keys: HashMap<String, usize>,
    by_place: HashMap<String, Vec<usize>>,
}

/// What two wordings of one question share.
#[derive(Debug)]
struct Fingerprint {
    /// Its telling words in one, and the amounts in one form; with the grades it names, which are too short to tell.
    key: String,
    /// Its letters, without blanks and marks.
    bare: String,
    /// The pairs of letters of its telling words, and of all of them.
    grams: [Vec<u64>; 2],
    values: (Vec<i128>, Vec<String>),
    /// The stems of its telling nouns.
    nouns: BTreeSet<String>,
    /// The amounts of its answer.
    answered: Vec<(Unit, i128)>,
}

impl Fingerprint {
    fn of(question: &str, answer: &str) -> Self {
        let folded = fold(question);
        let (key, values) = (key(&folded), values(&folded));
        let mut answered: Vec<_> = quantities(&fold(answer)).iter().map(|q| (q.unit, q.value)).collect();
        answered.sort_unstable();
        Self {
            grams: [grams(&key), grams(&whole(&folded))],
            key: key + &values.1.concat(),
            bare: bare(&folded),
            values,
            nouns: nouns(&folded),
            answered,
        }
    }

    fn is_near(&self, other: &Self) -> bool {
        let is_near = |n: usize| jaccard(&self.grams[n], &other.grams[n]) >= NEAR;
        self.values == other.values && (is_near(0) || is_near(1)) && !self.is_of_another_row(other)
    }

    /// Rows of a table are asked for in the same words but one, and have each an amount of its own: the pay of a 기사
    /// and of a 기장.
    fn is_of_another_row(&self, other: &Self) -> bool {
        let own = |a: &Self, b: &Self| a.nouns.difference(&b.nouns).count();
        self.answered != other.answered && own(self, other) == 1 && own(other, self) == 1
    }
}

impl Seen {
    /// The id of the question that says the same, where there is one. `place` names what is asked about.
    pub fn find(&self, question: &str, answer: &str, place: &str) -> Option<String> {
        let new = Fingerprint::of(question, answer);
        let exact = self.keys.get(&new.key).or_else(|| self.keys.get(&new.bare));
        let near = || self.by_place.get(place)?.iter().find(|&&at| self.asked[at].is_near(&new));
        exact.or_else(near).map(|&at| self.ids[at].clone())
    }

    /// Remembers a question and its answer.
    pub fn push(&mut self, id: &str, question: &str, answer: &str, place: &str) {
        let (new, at) = (Fingerprint::of(question, answer), self.ids.len());
        self.by_place.entry(place.to_owned()).or_default().push(at);
        self.ids.push(id.to_owned());
        self.keys.insert(new.key.clone(), at);
        self.keys.insert(new.bare.clone(), at);
        self.asked.push(new);
    }
}

fn nouns(folded: &str) -> BTreeSet<String> {
    let is_noun = |word: &Word| {
        let surface = &folded[word.start..word.end];
        word.is_content && (super::text::verb(surface).is_none() || verb_root(surface).is_some())
    };
    words(folded).into_iter().filter(is_noun).map(|word| word.stem).collect()
}

/// The amounts of a question, and the grades that Korean ones name by letters (`A등급`), sorted: they are short, and
/// tell questions apart all the same.
fn values(folded: &str) -> (Vec<i128>, Vec<String>) {
    const LONGEST_GRADE: usize = 2;
    let mut values: Vec<i128> = quantities(folded).iter().map(|q| q.value).collect();
    values.sort_unstable();
    if !folded.contains(super::text::is_hangul) {
        return (values, Vec::new());
    }
    let runs = folded.split(|c: char| !c.is_ascii_alphabetic());
    let grades = runs.filter(|run| (1..=LONGEST_GRADE).contains(&run.len()));
    let mut grades: Vec<String> = grades.map(str::to_ascii_uppercase).collect();
    grades.sort_unstable();
    (values, grades)
}

/// All words, verbs without their endings.
fn whole(folded: &str) -> String {
    let surface = |word: &Word| folded[word.start..word.end].to_lowercase();
    words(folded)
        .iter()
        .map(|word| super::text::verb(&surface(word)).unwrap_or_else(|| surface(word)))
        .collect()
}

/// The letters of the words that carry meaning, with the amounts in one form and the question words. Verbs come
/// without their endings, so that politeness makes no difference.
fn key(folded: &str) -> String {
    const ASKING: [&str; 16] = [
        "며칠",
        "언제",
        "얼마",
        "누구",
        "누가",
        "어디",
        "무엇",
        "어떻게",
        "왜",
        "몇",
        "who",
        "when",
        "where",
        "why",
        "how",
        "what",
    ];
    let amounts = quantities(folded);
    let mut key = String::new();
    let mut told = 0;
    for word in words(folded) {
        let surface = folded[word.start..word.end].to_lowercase();
        if let Some(at) = amounts.iter().position(|q| q.start < word.end && word.start < q.end) {
            if told <= at {
                key.push_str(&amounts[at].value.to_string());
                told = at + 1;
            }
        } else if let Some(asking) = ASKING.iter().find(|asking| surface.starts_with(**asking)) {
            key.push_str(asking);
        } else if word.is_content {
            let is_noun = verb_root(&surface).is_some();
            match super::text::verb(&surface).filter(|_| !is_noun) {
                Some(verb) => key.push_str(&verb),
                None => key.push_str(&word.stem),
            }
        }
    }
    key
}

fn grams(key: &str) -> Vec<u64> {
    let chars: Vec<char> = key.chars().collect();
    let mut grams: Vec<u64> = chars
        .windows(2)
        .map(|pair| u64::from(u32::from(pair[0])) << 32 | u64::from(u32::from(pair[1])))
        .collect();
    grams.sort_unstable();
    grams.dedup();
    grams
}

fn jaccard(a: &[u64], b: &[u64]) -> f32 {
    if a.is_empty() || b.is_empty() {
        return 0.0;
    }
    let shared = a.iter().filter(|gram| b.binary_search(gram).is_ok()).count();
    shared as f32 / (a.len() + b.len() - shared) as f32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_words_are_a_duplicate_and_another_wording_is_none() {
        let mut seen = Seen::default();
        seen.push("a", "연차휴가는 며칠인가요?", "15일입니다.", "제1조");
        for same in
            ["연차휴가는 며칠인가요", "연차 휴가는 며칠입니까?", "혹시 연차휴가가 며칠인지 알려 주세요."]
        {
            assert_eq!(seen.find(same, "15일입니다.", "제1조").as_deref(), Some("a"), "{same}");
        }
        for other in [
            "1년을 다니면 유급으로 쉬는 날이 며칠이나 되나요?",
            "연차휴가는 언제 신청하나요?",
            "병가는 며칠인가요?",
        ] {
            assert_eq!(seen.find(other, "15일입니다.", "제1조"), None, "{other}");
        }
        seen.push(
            "b",
            "성과급에서 120퍼센트 이상 A등급의 경우 몇 퍼센트인가요?",
            "300퍼센트입니다.",
            "제19조",
        );
        let of_grade = |grade: &str| format!("성과급에서 120퍼센트 이상 {grade}등급의 경우 몇 퍼센트입니까?");
        assert_eq!(seen.find(&of_grade("A"), "300퍼센트입니다.", "제19조").as_deref(), Some("b"));
        assert_eq!(seen.find(&of_grade("B"), "200퍼센트입니다.", "제19조"), None);
        seen.push("c", "How many days of annual leave do I get?", "15 days.", "1");
        assert_eq!(
            seen.find("how many days of annual leave do I get", "15 days.", "1").as_deref(),
            Some("c")
        );
        assert_eq!(seen.find("Who approves annual leave?", "The team lead.", "1"), None);
    }

    #[test]
    fn rows_of_a_table_are_asked_for_each() {
        let mut seen = Seen::default();
        let of_rise = |grade: &str| format!("연봉의 결정에서 인상률 {grade}의 경우 몇 퍼센트인가요?");
        seen.push("a", &of_rise("B"), "인상률 B의 경우 4퍼센트입니다.", "제5조");
        assert_eq!(seen.find(&of_rise("C"), "인상률 C의 경우 2퍼센트입니다.", "제5조"), None);
        assert_eq!(seen.find(&of_rise("B"), "4퍼센트입니다.", "제5조").as_deref(), Some("a"));
        let of_pay = |grade: &str| format!("기능사원 기본급표에서 1호봉 {grade}의 경우 얼마인가요?");
        seen.push("b", &of_pay("기사"), "1호봉 기사의 경우 2,380,000원입니다.", "별표 1");
        assert_eq!(seen.find(&of_pay("기장"), "1호봉 기장의 경우 3,470,000원입니다.", "별표 1"), None);
        // The same answer to a question that is one word apart: another word for the same thing.
        let again = seen.find(&of_pay("기사님"), "1호봉 기사의 경우 2,380,000원입니다.", "별표 1");
        assert_eq!(again.as_deref(), Some("b"));
    }
}
