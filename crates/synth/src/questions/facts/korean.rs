//! Facts of Korean rules. A sentence is told from its end: 한다, 하여야 한다, 할 수 없다, 말한다, 다음 각 호와 같다.

use std::ops::Range;
use std::sync::LazyLock;

use data::validate::entity::{EntityKind, entities};
use data::validate::quantity::{Quantity, Unit, quantities};
use data::validate::text::fold::final_of;
use data::validate::text::{sentences, words};
use regex::Regex;

use super::{Fact, FactKind, Place};

/// Longer sentences make no question that a person would ask.
const LONGEST: usize = 150;

/// Generic people: asking who they are asks nothing.
const EVERYBODY: &[&str] = &[
    "직원",
    "사원",
    "근로자",
    "회사",
    "국민",
    "국가",
    "사용자",
    "임직원",
    "본인",
    "당사자",
    "신청인",
    "신청자",
];

static DEFINITION: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r#"^"?([^"]{2,30}?)"?(?:이?란|이?라 함은)\s(.+?)(?:을|를) (?:말한다|의미한다|뜻한다)\.?$"#)
        .expect("the pattern is tested")
});
static LIST: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"다음\s?(?:각\s?)?(?:호|목|순서|표|의\s구분)").expect("the pattern is tested")
});
static ITEM_VALUE: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r"^(.{2,60}?)\s?:\s?(.{1,60})$").expect("the pattern is tested"));
static DUE: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(
        r"(?:신청|제출|보고|신고|통지|통보|납부|청구|이의|반납|알리|알려|알린|내야|낸다|정산|인계|예고|등록)",
    )
    .expect("the pattern is tested")
});

pub(super) fn facts(place: &Place<'_>, text: &str) -> Vec<Fact> {
    let mut out = Vec::new();
    for sentence in sentences(text) {
        let alone = cleaned(sentence);
        if !is_remark(sentence, &alone) {
            of_sentence(place, &alone, &mut out);
        }
    }
    out
}

fn of_sentence(place: &Place<'_>, sentence: &str, out: &mut Vec<Fact>) {
    let n_chars = sentence.chars().count();
    if n_chars < 8 || needs_context(sentence) {
        return;
    }
    let items = || if LIST.is_match(sentence) { place.items() } else { Vec::new() };
    if let Some(captures) = DEFINITION.captures(sentence).filter(|_| items().len() < 2) {
        let term = captures.get(1).expect("a group of the pattern");
        out.push(place.fact(FactKind::Definition, sentence, term.start()..term.end()));
        return;
    }
    if LIST.is_match(sentence) {
        let items = place.items();
        if items.len() > 1 {
            let mut fact = place.fact(FactKind::List, sentence, 0..0);
            fact.items = items;
            out.push(fact);
        } else if n_chars <= LONGEST && is_statement(sentence) {
            // What a sentence says beside its table.
            values(place, sentence, out);
        }
        return;
    }
    if let Some(captures) = ITEM_VALUE.captures(sentence).filter(|_| !sentence.ends_with("다.")) {
        out.extend(item(place, sentence, captures.get(2).expect("a group of the pattern").range()));
        return;
    }
    if n_chars > LONGEST || !is_statement(sentence) {
        return;
    }
    let before = out.len();
    values(place, sentence, out);
    people_and_documents(place, sentence, out);
    if out.len() == before && is_duty(sentence) {
        out.push(place.fact(FactKind::Duty, sentence, 0..0));
    }
}

/// `본인 결혼: 5일`: the label says whose value it is. What says more than one value is asked with its list.
fn item(place: &Place<'_>, sentence: &str, range: Range<usize>) -> Option<Fact> {
    const MOST_BESIDE: usize = 8;
    let given = sentence[range.clone()].chars().count();
    let mut values = quantities(sentence).into_iter().filter(|q| q.start >= range.start && is_asked_for(q));
    let value = values.next()?;
    let n_beside = given.saturating_sub(sentence[value.start..value.end].chars().count());
    let is_plain = values.next().is_none() && n_beside <= MOST_BESIDE;
    is_plain.then(|| place.fact(FactKind::Value(value.unit), sentence, value.start..value.end))
}

fn values(place: &Place<'_>, sentence: &str, out: &mut Vec<Fact>) {
    let all = quantities(sentence);
    for value in all.iter().filter(|q| is_asked_for(q) && stands_alone(sentence, q, &all)) {
        let rest: String = sentence[value.end..].chars().take(8).collect();
        let is_limit =
            rest.contains("까지") || rest.contains("이내") || rest.contains("안에") || rest.contains("전에");
        let is_time =
            matches!(value.unit, Unit::Days | Unit::Months | Unit::Minutes | Unit::Date | Unit::Clock);
        let kind = if is_limit && is_time && DUE.is_match(&sentence[value.end..]) {
            FactKind::Deadline(value.unit)
        } else {
            FactKind::Value(value.unit)
        };
        out.push(place.fact(kind, sentence, trimmed(sentence, value)));
    }
}

/// Whether a value is asked for by itself: not the 1일 of `1일 8시간`, not one of `2월, 4월, 6월`, neither end of
/// `1개월 이상 3개월 이하`, neither the year of `1년에 30일` nor the trip of `한 번의 출장에 5만원`, and no date that only
/// names a day.
fn stands_alone(sentence: &str, value: &Quantity, all: &[Quantity]) -> bool {
    let after = all.iter().find(|other| other.start >= value.end);
    let before = all.iter().rev().find(|other| other.end <= value.start);
    let is_joined = after.is_some_and(|next| joins(&sentence[value.end..next.start]));
    let is_item = before.is_some_and(|other| {
        let between = sentence[other.end..value.start].trim();
        !between.is_empty() && joins(between)
    });
    let rest = &sentence[value.end..];
    let is_unit = is_one(sentence[value.start..value.end].trim());
    let is_base = after.is_some() && is_unit && (rest.starts_with("에 ") || rest.starts_with("의 "));
    let is_name = value.unit == Unit::Date && rest.starts_with("의 ");
    !is_joined && !is_item && !is_base && !is_name
}

/// Whether a text between two values makes a range or a row of them.
fn joins(text: &str) -> bool {
    const JOINTS: &[&str] = &[
        "과", "와", "및", "또는", "부터", "에서", "내지", "이상", "이하", "초과", "미만", "이내", "이후",
        "다음", "날",
    ];
    text.trim_start_matches('의')
        .split([' ', ',', '~', '·'])
        .all(|word| word.is_empty() || JOINTS.contains(&word))
}

/// 1년, 한 번: of rates, the unit that they count by.
fn is_one(value: &str) -> bool {
    let rest = value.strip_prefix('1').or_else(|| value.strip_prefix('한'));
    rest.is_some_and(|rest| !rest.starts_with(|c: char| c.is_ascii_digit() || matches!(c, '.' | ',')))
}

fn trimmed(sentence: &str, value: &Quantity) -> Range<usize> {
    let text = &sentence[value.start..value.end];
    let start = value.start + text.len() - text.trim_start().len();
    start..value.end - (text.len() - text.trim_end().len())
}

/// Bare numbers are mostly names of things.
fn is_asked_for(value: &Quantity) -> bool {
    value.unit != Unit::Bare && value.unit != Unit::Grades
}

fn people_and_documents(place: &Place<'_>, sentence: &str, out: &mut Vec<Fact>) {
    let mut has = [false; 2];
    for entity in entities(sentence) {
        let name_end = entity.start + entity.name.len();
        let is_whole = sentence.get(entity.start..name_end) == Some(entity.name.as_str());
        if !is_whole || EVERYBODY.contains(&entity.name.as_str()) || followed_by_noun(sentence, name_end) {
            continue;
        }
        let particle = entity.particle.as_str();
        let kind = match entity.kind {
            EntityKind::Role if matches!(particle, "은" | "는" | "이" | "가" | "의" | "에게") => {
                FactKind::Responsible
            }
            EntityKind::Document if matches!(particle, "을" | "를") => FactKind::Document,
            _ => continue,
        };
        let Some(start) = whole_name(sentence, entity.start) else { continue };
        let seen = &mut has[usize::from(kind == FactKind::Document)];
        if !std::mem::replace(seen, true) {
            out.push(place.fact(kind, sentence, start..name_end));
        }
    }
}

/// Where a name begins with what belongs to it: `소속 부서장`. None where it is a part of another (`계좌 사본`), or
/// of somebody who was named before (`그 배우자`).
fn whole_name(sentence: &str, start: usize) -> Option<usize> {
    let before = sentence[..start].trim_end();
    let word = before.rsplit(char::is_whitespace).next().unwrap_or_default();
    match word {
        "" => Some(start),
        "소속" => Some(before.len() - word.len()),
        "그" => None,
        _ => ends_a_phrase(word).then_some(start),
    }
}

/// Whether a word has a particle or an ending: a noun without either goes on with the next.
fn ends_a_phrase(word: &str) -> bool {
    const ENDS: &[char] = &[
        '을', '를', '은', '는', '이', '가', '에', '의', '로', '서', '도', '만', '며', '고', '면', '게', '지',
        '터', '어', '아', '여', '쳐', ',', '"', ')',
    ];
    const NIEUN: u32 = 4;
    const RIEUL: u32 = 8;
    word.ends_with(ENDS)
        || word.chars().next_back().and_then(final_of).is_some_and(|last| last == NIEUN || last == RIEUL)
}

/// `대통령 및`, `의원과`: one of several; asking for it alone has no single answer.
fn followed_by_noun(sentence: &str, end: usize) -> bool {
    let rest = &sentence[end..];
    let joined = [" 및", "과 ", "와 ", "·", ",", " 또는", "이나 ", "나 "];
    let before = sentence[..end].trim_end();
    let start = before.rfind(char::is_whitespace).map_or(0, |at| at);
    let before = before[..start].trim_end();
    joined.iter().any(|j| rest.starts_with(j))
        || ["및", "또는", ",", "·"].iter().any(|j| before.ends_with(j))
        || ["과", "와", "이나"].iter().any(|j| before.ends_with(j))
}

/// Whether a sentence says too little without the case that it goes on from: `이 경우 3일을 더한다.`
fn is_remark(sentence: &str, alone: &str) -> bool {
    const LEAST_WORDS: usize = 3;
    sentence.trim_start().starts_with("이 경우")
        && words(alone).iter().filter(|word| word.is_content).count() < LEAST_WORDS
}

/// A sentence that is only understood after the one before it.
fn needs_context(sentence: &str) -> bool {
    ["그 ", "이를", "이때", "이는", "전항", "위 ", "같은 ", "제1호의", "각 호의", "해당 "]
        .iter()
        .any(|start| sentence.starts_with(start))
        || sentence.contains("제1항의") && sentence.chars().count() < 30
}

fn is_statement(sentence: &str) -> bool {
    sentence.trim_end_matches('.').ends_with('다')
}

/// Sentences that say what has to be, may be or must not be done.
fn is_duty(sentence: &str) -> bool {
    let words = words(sentence);
    let is_long_enough = words.iter().filter(|word| word.is_content).count() >= 3;
    let is_purpose =
        sentence.contains("목적으로 한다") || sentence.contains("적용한다") || sentence.contains("준용한다");
    is_long_enough && !is_purpose
}

/// A sentence without what only joins it to others.
fn cleaned(sentence: &str) -> String {
    static JOINTS: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(r"^(?:다만|단|또한|그리고|그러나|이 경우(?:에도|에는)?)\s?,?\s")
            .expect("the pattern is tested")
    });
    static REFERENCE: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(r"^(?:제\d+(?:조|항|호)(?:의\d+)?\s?(?:제\d+(?:항|호))?\s?(?:및|와|과|,)?\s?)+(?:에도 불구하고|에 따라|에 따른|의 경우에는|의 경우|에 의하여|에도|에 의한)\s?,?\s?")
            .expect("the pattern is tested")
    });
    static ASIDE: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(r"\s?\((?:이하|단,)[^)]*\)|\s?<[^>]*>|\s?\[[^\]]*\]").expect("the pattern is tested")
    });
    let sentence = JOINTS.replace(sentence.trim(), "").into_owned();
    let sentence = REFERENCE.replace(&sentence, "").into_owned();
    ASIDE.replace_all(&sentence, "").trim().to_owned()
}
