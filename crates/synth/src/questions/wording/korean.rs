//! Korean questions ask in place: the value becomes 며칠, 얼마, 누구, and the sentence ends as a question.

mod sentence;
mod topic;

use std::ops::Range;
use std::sync::LazyLock;

use data::validate::quantity::Unit;
use data::validate::text::fold::final_of;
use data::validate::text::stems;
use regex::Regex;

use super::Wording;
use crate::korean::Particle;
use crate::questions::facts::{Fact, FactKind};
use crate::questions::wording_frames;
use crate::rng::Rng;
use sentence::{Cleft, Sentence, conjugated, with_particle};

/// Endings of a question, and openings that a person puts before one.
const FRAMES: &str = include_str!("../text/frames.ko.txt");

pub(super) fn wordings(fact: &Fact, rng: &mut Rng) -> Vec<Wording> {
    let Some(sentence) = Sentence::read(&fact.sentence) else { return item_wordings(fact, rng) };
    let mut out = match fact.kind {
        FactKind::Definition => definition(fact, &sentence, rng),
        FactKind::List => list(fact, &sentence, rng),
        FactKind::Duty => duty(fact, &sentence, rng),
        FactKind::Value(_) | FactKind::Deadline(_) => value(fact, &sentence, rng),
        FactKind::Document | FactKind::Responsible => who_or_what(fact, &sentence, rng),
    };
    let is_a_sentence = matches!(fact.kind, FactKind::Duty | FactKind::Document | FactKind::Responsible);
    if fact.is_only && is_a_sentence {
        let question = rng.pick(&frames("alone")).replace("{topic}", &fact.topic);
        let answer = cited(&polite(&sentence.dictionary), fact);
        out.push(Wording { question: with_particle(&question), answer });
    }
    out
}

fn frames(section: &str) -> Vec<&'static str> {
    wording_frames(FRAMES, section)
}

/// A dictionary form as a question, in one of the endings.
fn question(dictionary: &str, rng: &mut Rng) -> String {
    let (ending, after) = rng.pick(&frames("ending")).split_once('|').unwrap_or(("나요", "?"));
    let opening = if rng.percent(30) { *rng.pick(&frames("opening")) } else { "" };
    format!("{opening}{}{after}", conjugated(dictionary, ending)).trim().to_owned()
}

fn cited(answer: &str, fact: &Fact) -> String {
    format!("{}({}).", answer.trim_end_matches('.'), fact.citation)
}

fn polite(dictionary: &str) -> String {
    conjugated(dictionary, "습니다")
}

/// What a question is about, where its sentence does not say it.
fn about(fact: &Fact, text: &str, rng: &mut Rng) -> String {
    let of_topic = stems(&fact.topic);
    let letters = data::validate::text::bare(text);
    if of_topic.is_empty() || of_topic.iter().any(|stem| letters.contains(stem.as_str())) {
        return String::new();
    }
    let frames = frames("about");
    with_particle(&rng.pick(&frames).replace("{topic}", &fact.topic))
}

fn wording(fact: &Fact, dictionary: &str, answer: &str, rng: &mut Rng) -> Wording {
    let about = about(fact, dictionary, rng);
    Wording { question: question(&format!("{about}{dictionary}"), rng), answer: cited(answer, fact) }
}

fn definition(fact: &Fact, sentence: &Sentence, rng: &mut Rng) -> Vec<Wording> {
    let term = fact.value();
    let answer = cited(&polite(&sentence.dictionary), fact);
    let ask = |frame: &&'static str| Wording {
        question: with_particle(&frame.replace("{term}", term)),
        answer: answer.clone(),
    };
    let mut frames = frames("definition");
    rng.shuffle(&mut frames);
    frames.iter().take(3).map(ask).collect()
}

static INTERROGATIVE_TAIL: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"^(?:[\d,.]+|[가-힣]{1,3}?)?\s?(?:천|만|억|백)?\s?(개월|영업일|근무일|년|달|주일|주간|주|시간|분|명|인|사람|회|번|차례|세|살|개|건|부|통|장|매|가지|단계|종류|군데|곳|배|퍼센트|%|점|킬로미터)$")
        .expect("the pattern is tested")
});

/// What asks for a value: 며칠 for 15일, 몇 개월 for 3개월, 얼마 for 30만원.
fn interrogative(fact: &Fact) -> String {
    let (FactKind::Value(unit) | FactKind::Deadline(unit)) = fact.kind else { return "무엇".to_owned() };
    let tail = INTERROGATIVE_TAIL.captures(fact.value()).map(|c| c[1].to_owned());
    match (unit, tail.as_deref()) {
        (Unit::Won | Unit::Dollars | Unit::Pounds | Unit::Euros, _) => "얼마".to_owned(),
        (Unit::Date, _) => "언제".to_owned(),
        (Unit::Clock, _) => "몇 시".to_owned(),
        (Unit::Percent, Some("%") | None) if fact.value().contains("분의") => "얼마".to_owned(),
        (Unit::Percent, _) => "몇 퍼센트".to_owned(),
        (Unit::Days, None) => "며칠".to_owned(),
        (_, Some(tail)) => format!("몇 {tail}"),
        (Unit::Months, None) if fact.value().ends_with('월') => "몇 월".to_owned(),
        (Unit::Months, None) => "몇 달".to_owned(),
        _ => "얼마".to_owned(),
    }
}

/// A text with its value replaced, and the particle behind it agreeing.
fn replaced(text: &str, range: &Range<usize>, with: &str) -> String {
    const PAIRS: [(&str, &str); 5] = [("을", "를"), ("은", "는"), ("이", "가"), ("과", "와"), ("으로", "로")];
    let rest = &text[range.end..];
    // 1월 1일에 → 언제.
    let rest = if with == "언제" {
        rest.strip_prefix("에").filter(|r| r.starts_with(' ')).unwrap_or(rest)
    } else {
        rest
    };
    for (closed, open) in PAIRS {
        let Some(after) = rest.strip_prefix(closed).or_else(|| rest.strip_prefix(open)) else { continue };
        if !after.starts_with(data::validate::text::is_hangul) {
            let form = Particle { closed, open }.after(with);
            return format!("{}{with}{form}{after}", &text[..range.start]);
        }
    }
    format!("{}{with}{rest}", &text[..range.start])
}

fn value(fact: &Fact, sentence: &Sentence, rng: &mut Rng) -> Vec<Wording> {
    let Some(range) = sentence.find(fact.value(), &fact.sentence, fact.value.start) else {
        return Vec::new();
    };
    let ask = interrogative(fact);
    let in_place = replaced(&sentence.dictionary, &range, &ask);
    let mut out = vec![wording(fact, &in_place, &polite(&sentence.dictionary), rng)];
    if let Some(cleft) = sentence.cleft(&range) {
        let answer = polite(&cleft.sentence(fact.value()));
        out.push(wording(fact, &cleft.sentence(&ask), &answer, rng));
        out.push(situation(fact, &cleft, &ask, &answer, rng));
    }
    if fact.is_only {
        out.push(of_topic(fact, sentence, &range, &ask, rng));
    }
    if let Some((condition, rest)) = sentence.condition(&range) {
        let asked = replaced(&rest.0, &rest.1, &ask);
        let answer = polite(&sentence.dictionary);
        let about = about(fact, &sentence.dictionary, rng);
        out.push(Wording {
            question: format!("{about}{condition}{}", question(&asked, rng)),
            answer: cited(&answer, fact),
        });
    }
    out
}

/// The title alone asks for the value, where no other of its unit stands under it.
fn of_topic(fact: &Fact, sentence: &Sentence, value: &Range<usize>, ask: &str, rng: &mut Rng) -> Wording {
    let is_said_of_it = sentence
        .cleft(value)
        .is_some_and(|cleft| cleft.since.is_empty() && cleft.noun.ends_with(&fact.topic));
    let section = match fact.kind {
        _ if is_said_of_it => "topic itself",
        FactKind::Deadline(_) if sentence.dictionary[value.end..].trim_start().starts_with('전') => {
            "topic before"
        }
        FactKind::Deadline(_) => "topic limit",
        _ => "topic",
    };
    // 매월 21일에: a day of the month, no period.
    let is_day = ask == "며칠" && sentence.dictionary[value.end..].starts_with("에 ");
    let what = if is_day { "날짜" } else { quality(fact, ask) };
    let frame = rng.pick(&frames(section)).replace("{what}", what);
    let text = frame.replace("{topic}", &fact.topic).replace("{ask}", ask);
    Wording { question: with_particle(&text), answer: cited(&polite(&sentence.dictionary), fact) }
}

/// What a value is one of, as a question names it: 기간, 금액, 비율.
fn quality(fact: &Fact, ask: &str) -> &'static str {
    let is_share = matches!(fact.kind, FactKind::Value(Unit::Percent) | FactKind::Deadline(Unit::Percent));
    match ask.trim_start_matches("몇 ") {
        "얼마" if !is_share => "금액",
        "얼마" | "퍼센트" | "%" => "비율",
        "언제" => "날짜",
        "시" => "시각",
        "월" => "달",
        "며칠" | "영업일" | "근무일" | "개월" | "년" | "달" | "주일" | "주간" | "주" | "시간" | "분" => {
            "기간"
        }
        "명" | "인" | "사람" => "인원",
        "회" | "번" | "차례" => "횟수",
        "세" | "살" => "나이",
        "점" => "점수",
        "배" => "배수",
        "킬로미터" => "거리",
        "단계" => "정도",
        _ => "수",
    }
}

/// The asked-for noun first, and the rest as what the person is looking for.
fn situation(fact: &Fact, cleft: &Cleft, ask: &str, answer: &str, rng: &mut Rng) -> Wording {
    let text = rng
        .pick(&frames("looking"))
        .replace("{noun}", &cleft.noun)
        .replace("{topic}", &fact.topic)
        .replace("{ask}", &cleft.predicate(ask));
    Wording { question: with_particle(&text), answer: cited(answer, fact) }
}

fn who_or_what(fact: &Fact, sentence: &Sentence, rng: &mut Rng) -> Vec<Wording> {
    let Some(range) = sentence.find(fact.value(), &fact.sentence, fact.value.start) else {
        return Vec::new();
    };
    let rest = &sentence.dictionary[range.end..];
    let (ask, used) = match (fact.kind, rest) {
        (FactKind::Document, _) => ("어떤 서류", 0),
        (_, rest) if rest.starts_with(['은', '는', '이', '가']) => {
            ("누가", rest.chars().next().map_or(0, char::len_utf8))
        }
        _ => ("누구", 0),
    };
    let asked = if used > 0 {
        format!("{}{ask}{}", &sentence.dictionary[..range.start], &rest[used..])
    } else {
        replaced(&sentence.dictionary, &range, ask)
    };
    let answer = polite(&sentence.dictionary);
    let mut out = vec![wording(fact, &asked, &answer, rng)];
    if used > 0 && range.start < 12 {
        // 누가 … 하나요 → … 하는 사람은 누구인가요.
        let what = conjugated(rest[used..].trim(), "는");
        let dictionary = format!("{what} 것은 누구이다");
        out.push(Wording { question: question(&dictionary, rng), answer: cited(&answer, fact) });
    } else if fact.kind == FactKind::Document {
        let frames = frames("document");
        let before = sentence.dictionary[..range.start].trim().trim_end_matches(',');
        if before.chars().count() > 5 && is_handed_in(rest) && !goes_on(before) {
            let text = rng.pick(&frames).replace("{before}", before);
            out.push(Wording { question: with_particle(&text), answer: cited(&answer, fact) });
        }
    }
    out
}

/// Whether the person who asks gives the document, and does not get it.
fn is_handed_in(rest: &str) -> bool {
    ["내", "제출", "붙", "첨부", "갖추", "구비", "작성"].iter().any(|verb| rest.contains(verb))
        && !["내주", "내준", "발급"].iter().any(|verb| rest.contains(verb))
}

/// Whether a text ends in what belongs to a noun after it: 에 관한, 회사의, 신청서와.
fn goes_on(text: &str) -> bool {
    const NIEUN: u32 = 4;
    text.ends_with(['의', '와', '과', '나', '는'])
        || text.chars().next_back().and_then(final_of).is_some_and(|last| last == NIEUN)
}

fn list(fact: &Fact, sentence: &Sentence, rng: &mut Rng) -> Vec<Wording> {
    let Some(asked) = sentence.list_question() else { return Vec::new() };
    let items: Vec<&str> = fact.items.iter().take(8).map(String::as_str).collect();
    let lead = polite(&sentence.list_lead());
    let answer = cited(&format!("{lead}: {}", items.join(", ")), fact);
    let about = about(fact, &asked, rng);
    let mut out =
        vec![Wording { question: question(&format!("{about}{asked}"), rng), answer: answer.clone() }];
    if !fact.topic.is_empty() {
        let mut frames = frames("list");
        rng.shuffle(&mut frames);
        let ask = |frame: &&str| Wording {
            question: with_particle(&frame.replace("{topic}", &fact.topic)),
            answer: answer.clone(),
        };
        out.extend(frames.iter().take(2).map(ask));
    }
    out
}

fn duty(fact: &Fact, sentence: &Sentence, rng: &mut Rng) -> Vec<Wording> {
    let (asked, is_affirmed) = sentence.yes_or_no();
    let answer = polite(&sentence.dictionary);
    let said = if is_affirmed { "네, " } else { "아니요, " };
    let mut out = vec![wording(fact, &asked, &format!("{said}{answer}"), rng)];
    if let Some((subject, rest)) = sentence.subject() {
        let frames = frames("duty");
        let text =
            rng.pick(&frames).replace("{rest}", &conjugated(&rest, "는지")).replace("{subject}", &subject);
        let about = about(fact, &sentence.dictionary, rng);
        out.push(Wording {
            question: with_particle(&format!("{about}{text}")),
            answer: cited(&answer, fact),
        });
    }
    out
}

/// `본인 결혼: 5일` under a topic.
fn item_wordings(fact: &Fact, rng: &mut Rng) -> Vec<Wording> {
    let is_list = fact.kind == FactKind::List;
    if !is_list && !matches!(fact.kind, FactKind::Value(_) | FactKind::Deadline(_)) {
        return Vec::new();
    }
    let Some((label, given)) = fact.sentence.split_once(':') else { return Vec::new() };
    let (label, given) = (label.trim(), given.trim().trim_end_matches('.'));
    let items = fact.items.join(", ");
    let given = if is_list { &items } else { given };
    let ask = if is_list { "어떻게".to_owned() } else { interrogative(fact) };
    // 병역 의무를 이행하는 때 has no 의 경우.
    let is_time = label.ends_with(['때', '날']) || label.ends_with("경우");
    let said_of = if is_time { format!("{label}에는") } else { format!("{label}의 경우") };
    let answer = format!("{said_of} {}", polite(&format!("{given}이다")));
    let mut frames = frames(match (is_list, is_time) {
        (true, _) => "item list",
        (false, true) => "item time",
        (false, false) => "item",
    });
    rng.shuffle(&mut frames);
    let make = |frame: &&str| {
        let text = frame.replace("{topic}", &fact.topic).replace("{label}", label).replace("{ask}", &ask);
        Wording { question: with_particle(text.trim()), answer: cited(&answer, fact) }
    };
    frames.iter().take(3).map(make).collect()
}
