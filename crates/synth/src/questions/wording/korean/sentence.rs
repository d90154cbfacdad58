//! A rule's sentence, ready to be ended in another way.

use std::ops::Range;
use std::sync::LazyLock;

use data::validate::text::fold;
use data::validate::text::fold::{final_of, open};
use regex::Regex;

use super::topic::{clause, subject_form};
use crate::korean::{Ending, Particle, conjugate};

/// A sentence that ends in the dictionary form of its predicate: `회사는 15일의 유급휴가를 주다`.
pub(super) struct Sentence {
    pub dictionary: String,
}

/// A sentence that says of a noun what its value is.
pub(super) struct Cleft {
    /// What has the value: `직원이 출장비를 정산해야 하는 기한`.
    pub noun: String,
    /// From when on the value counts: `돌아온 날부터`; mostly empty.
    pub since: String,
    /// ` 이내`, ` 이상`; mostly empty.
    pub bound: String,
}

impl Cleft {
    /// What is said of the noun, with a value or what asks for one.
    pub fn predicate(&self, value: &str) -> String {
        format!("{} {value}{}", self.since, self.bound).trim().to_owned()
    }

    /// The whole sentence.
    pub fn sentence(&self, value: &str) -> String {
        with_particle(&format!("{}~은 {}이다", self.noun, self.predicate(value)))
    }
}

/// Forms of the law's language, and what people say.
const MODERN: &[(&str, &str)] = &[
    ("하여서는 아니 된다", "해서는 안 된다"),
    ("하여서는 아니된다", "해서는 안 된다"),
    ("아니 된다", "안 된다"),
    ("아니된다", "안 된다"),
    ("지 아니하여야 한다", "지 않아야 한다"),
    ("지 아니하여도", "지 않아도"),
    ("지 아니하면", "지 않으면"),
    ("지 아니하며", "지 않으며"),
    ("지 아니하고", "지 않고"),
    ("지 아니하는", "지 않는"),
    ("지 아니할", "지 않을"),
    ("지 아니한다", "지 않는다"),
    ("지 아니한", "지 않은"),
    ("하여야", "해야"),
    ("되어야", "되어야"),
    ("에 의하여", "에 따라"),
];

/// Verbs in ㄹ lose it before ㄴ: 만든다, not 만들는다.
const RIEUL: &[(&str, &str)] = &[
    ("만든다", "만들다"),
    ("연다", "열다"),
    ("안다", "알다"),
    ("건다", "걸다"),
    ("푼다", "풀다"),
    ("든다", "들다"),
    ("판다", "팔다"),
    ("줄인다", "줄이다"),
    ("늘린다", "늘리다"),
];

impl Sentence {
    /// None for a text that is no statement.
    pub fn read(text: &str) -> Option<Self> {
        let mut text = labelled(fold(text).trim_end_matches(['.', ' ']));
        for (old, new) in MODERN {
            text = text.replace(old, new);
        }
        dictionary(&text).map(|dictionary| Self { dictionary })
    }

    /// Where a value stands; `text` and `at` say where it stood before the sentence was changed.
    pub fn find(&self, value: &str, text: &str, at: usize) -> Option<Range<usize>> {
        let n_before = text[..at].matches(value).count();
        let (start, _) = self.dictionary.match_indices(value).nth(n_before)?;
        Some(start..start + value.len())
    }

    /// What the value is said of, as a noun, and what bounds the value: `회사가 직원에게 주는 유급휴가`;
    /// `직원이 출장비를 정산해야 하는 기한`, from `돌아온 날부터`, ` 이내`.
    pub fn cleft(&self, value: &Range<usize>) -> Option<Cleft> {
        static OF_NOUN: LazyLock<Regex> = LazyLock::new(|| {
            Regex::new(r"^(\s?(?:이상|이하|이내|한도))?의 ([가-힣A-Za-z ]{2,16}?)(?:을|를|이|가) ([가-힣 ]{1,14}다)$").expect("the pattern is tested")
        });
        static LIMIT: LazyLock<Regex> = LazyLock::new(|| {
            Regex::new(r"^(\s?(?:이내|전|안|후))(?:에|까지) ([가-힣A-Za-z0-9 ]{2,40}다)$")
                .expect("the pattern is tested")
        });
        static EQUALS: LazyLock<Regex> = LazyLock::new(|| {
            Regex::new(r"^(\s?(?:이상|이하|이내|미만|초과))?(?:으로|로) (?:하다|정하다)$|^(\s?(?:이상|이하|이내|미만|초과))?이다$").expect("the pattern is tested")
        });
        let before = self.dictionary[..value.start].trim_end();
        // What joins two clauses cannot be turned into one noun.
        let joins = ["하고", "하며", "하되", "되고", "되며", "주며", "내며"];
        if joins.iter().any(|end| before.contains(&format!("{end},")) || before.contains(&format!("{end} ")))
        {
            return None;
        }
        let rest = &self.dictionary[value.end..];
        let group =
            |c: &regex::Captures<'_>, i: usize| c.get(i).map_or(String::new(), |m| m.as_str().to_owned());
        if let Some(c) = EQUALS.captures(rest) {
            let noun = before.strip_suffix(['은', '는', '이', '가'])?;
            let bound = format!("{}{}", group(&c, 1), group(&c, 2));
            let is_long_enough = noun.chars().count() > 2;
            return is_long_enough.then(|| Cleft { noun: noun.to_owned(), since: String::new(), bound });
        }
        if before.is_empty() {
            return None;
        }
        if let Some(c) = OF_NOUN.captures(rest) {
            let noun = format!("{} {} {}", subject_form(before), conjugated(&c[3], "는"), &c[2]);
            return Some(Cleft { noun, since: String::new(), bound: group(&c, 1) });
        }
        let c = LIMIT.captures(rest)?;
        let (clause, since) = clause(before, &c[2])?;
        let noun = format!("{clause} {} 기한", conjugated(&c[2], "는"));
        Some(Cleft { noun, since, bound: group(&c, 1) })
    }

    /// A condition as something that has happened, and the rest with the place of the value in it.
    pub fn condition(&self, value: &Range<usize>) -> Option<(String, (String, Range<usize>))> {
        static CASE: LazyLock<Regex> = LazyLock::new(|| {
            Regex::new(r"^(.{4,60}?[가-힣]) (?:경우에는|경우에|경우|때에는|때)(?:,)? ")
                .expect("the pattern is tested")
        });
        let found = CASE.captures(&self.dictionary)?;
        let whole = found.get(0)?;
        if whole.end() > value.start {
            return None;
        }
        let rest = self.dictionary[whole.end()..].to_owned();
        let range = value.start - whole.end()..value.end - whole.end();
        Some((format!("{} 경우를 여쭙니다. ", &found[1]), (rest, range)))
    }

    /// The sentence as a question for what its list has.
    pub fn list_question(&self) -> Option<String> {
        const ASKS: &[(&str, &str)] = &[
            ("다음 각 호의 어느 하나에 해당하는 ", "어떤 "),
            ("다음 각 호의 어느 하나에 해당", "어떤 경우에 해당"),
            ("다음 각 호의 어느 하나", "어떤 것"),
            ("다음 각 호의 순서", "어떤 순서"),
            ("다음 각 호의 절차", "어떤 절차"),
            ("다음 각 호의 ", "어떤 "),
            ("다음 각 목의 ", "어떤 "),
            ("다음 각 호에 따라", "어떻게"),
            ("다음 각 호에 따른 ", "어떤 "),
            ("다음 각 호와 같이", "어떻게"),
            ("다음 각 호로 ", "무엇으로 "),
            ("다음 각 호를 ", "무엇을 "),
            ("다음 순서", "어떤 순서"),
            ("다음 표에 따라", "어떻게"),
        ];
        for same in ["다음 각 호와 같다", "다음 각 목과 같다", "다음과 같다"] {
            if let Some(before) = self.dictionary.strip_suffix(same) {
                return Some(format!("{}무엇이다", before));
            }
        }
        ASKS.iter()
            .find(|(said, _)| self.dictionary.contains(said))
            .map(|(said, ask)| self.dictionary.replace(said, ask))
    }

    /// The sentence as it leads to its list.
    pub fn list_lead(&self) -> String {
        self.dictionary
            .replace("다음 각 호의 어느 하나에 해당하는 ", "다음에 해당하는 ")
            .replace("다음 각 호의 ", "다음 ")
            .replace("다음 각 목의 ", "다음 ")
            .replace("다음 각 호와 ", "다음과 ")
            .replace("다음 각 목과 ", "다음과 ")
            .replace("다음 각 호에 ", "다음에 ")
    }

    /// The affirmed sentence as a question, and whether the answer affirms it.
    pub fn yes_or_no(&self) -> (String, bool) {
        let text = &self.dictionary;
        if let Some(before) = text.strip_suffix("수 없다") {
            return (format!("{before}수 있다"), false);
        }
        if let Some(before) = text.strip_suffix("서는 안 되다") {
            return (format!("{before}도 되다"), false);
        }
        for negation in ["지 않다", "지 못하다"] {
            if let Some(before) = text.strip_suffix(negation) {
                let verb = format!("{before}다");
                let asked = if negation == "지 않다" {
                    verb
                } else {
                    format!("{} 수 있다", conjugated(&verb, "을"))
                };
                return (asked, false);
            }
        }
        (text.clone(), true)
    }

    /// The subject and what is said of it.
    pub fn subject(&self) -> Option<(String, String)> {
        let (subject, rest) = self.dictionary.split_once(' ')?;
        let noun = subject.strip_suffix(['은', '는'])?;
        (noun.chars().count() > 1 && rest.chars().count() > 8).then(|| (noun.to_owned(), rest.to_owned()))
    }
}

/// A statement in its dictionary form: 준다 → 주다, 받는다 → 받다, 있다 → 있다.
fn dictionary(text: &str) -> Option<String> {
    let stem = text.strip_suffix('다')?;
    if let Some((_, verb)) = RIEUL.iter().find(|(form, _)| {
        text.strip_suffix(form)
            .is_some_and(|before| before.is_empty() || before.ends_with(' ') || form.chars().count() > 2)
    }) {
        let before = &text[..text.len() - RIEUL.iter().find(|(_, v)| v == verb)?.0.len()];
        return Some(format!("{before}{verb}"));
    }
    if let Some(verb) = stem.strip_suffix('는') {
        return Some(format!("{verb}다"));
    }
    let last = stem.chars().next_back()?;
    match final_of(last)? {
        // ㄴ
        4 => Some(format!("{}{}다", &stem[..stem.len() - last.len_utf8()], open(last))),
        _ => Some(text.to_owned()),
    }
}

/// A dictionary form with an ending that the grammar names.
pub(super) fn conjugated(dictionary: &str, ending: &str) -> String {
    let mut text = dictionary.to_owned();
    match Ending::at_start(ending) {
        Some((ending, _)) => conjugate(&mut text, ending),
        None => text.push_str(ending),
    }
    text
}

/// A sentence under a label (`공로상: …`) as one about it; a remark is told by itself.
fn labelled(text: &str) -> String {
    static LABEL: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(r"^([가-힣A-Za-z][가-힣A-Za-z· ]{0,14}?)\s?:\s(.+)$").expect("the pattern is tested")
    });
    match LABEL.captures(text) {
        Some(c) if matches!(&c[1], "비고" | "참고" | "주" | "예") => c[2].to_owned(),
        Some(c) if c[2].ends_with('다') => format!("{}의 경우 {}", &c[1], &c[2]),
        _ => text.to_owned(),
    }
}

/// A text whose `~은`, `~을` … are the forms that agree.
pub(super) fn with_particle(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('~') {
        out.push_str(&rest[..at]);
        let after = &rest[at + 1..];
        if let Some((particle, used)) = Particle::at_start(after) {
            let form = particle.after(&out);
            out.push_str(form);
            rest = &after[used..];
        } else {
            out.push('~');
            rest = after;
        }
    }
    out + rest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn statements_have_a_dictionary_form() {
        for (text, want) in [
            ("회사는 15일의 유급휴가를 준다.", "회사는 15일의 유급휴가를 주다"),
            ("급여를 받는다", "급여를 받다"),
            ("이의를 제기할 수 있다.", "이의를 제기할 수 있다"),
            ("서면으로 신청하여야 한다.", "서면으로 신청해야 하다"),
            ("겸직하여서는 아니 된다.", "겸직해서는 안 되다"),
            ("차별을 받지 아니한다.", "차별을 받지 않다"),
            ("대한민국은 민주공화국이다.", "대한민국은 민주공화국이다"),
            ("명부를 만든다.", "명부를 만들다"),
        ] {
            assert_eq!(Sentence::read(text).unwrap().dictionary, want);
        }
        assert!(Sentence::read("배우자 출산: 10일").is_none());
    }

    /// A sentence turned into what is said of a noun, with the value as it was.
    fn cleft(text: &str, value: &str) -> Option<String> {
        let sentence = Sentence::read(text).unwrap();
        let at = sentence.dictionary.find(value).unwrap();
        sentence.cleft(&(at..at + value.len())).map(|cleft| cleft.sentence(value))
    }

    #[test]
    fn a_limit_is_said_of_the_clause_that_it_limits() {
        for (text, value, want) in [
            (
                "대출한 사람은 책을 받은 날부터 21일 이내에 책을 도서실에 돌려준다.",
                "21일",
                "대출한 사람이 책을 도서실에 돌려주는 기한은 책을 받은 날부터 21일 이내이다",
            ),
            (
                "발표자는 행사가 시작되기 2주 전까지 원고를 보낸다.",
                "2주",
                "발표자가 원고를 보내는 기한은 행사가 시작되기 2주 전이다",
            ),
            (
                "환급금은 신청서를 받아 접수일부터 10일 이내에 지급한다.",
                "10일",
                "환급금을 신청서를 받아 지급하는 기한은 접수일부터 10일 이내이다",
            ),
            ("주차장의 요금은 1,500원으로 한다.", "1,500원", "주차장의 요금은 1,500원이다"),
            ("학교는 학생에게 3일의 휴가를 준다.", "3일", "학교가 학생에게 주는 휴가는 3일이다"),
        ] {
            assert_eq!(cleft(text, value).as_deref(), Some(want));
        }
        assert_eq!(cleft("행사를 여는 날의 3일 전까지 자리를 정한다.", "3일"), None);
    }

    #[test]
    fn a_label_is_what_the_sentence_is_about() {
        let read = |text| Sentence::read(text).unwrap().dictionary;
        assert_eq!(read("야간권: 값은 8,000원으로 한다."), "야간권의 경우 값은 8,000원으로 하다");
        assert_eq!(read("비고: 요금은 해마다 정한다."), "요금은 해마다 정하다");
    }

    #[test]
    fn particles_agree() {
        assert_eq!(with_particle("휴가~은 며칠"), "휴가는 며칠");
        assert_eq!(with_particle("3~5일"), "3~5일");
    }
}
