//! English questions bring what is asked for to the front: within how many days must I …?

use std::ops::Range;
use std::sync::LazyLock;

use data::validate::quantity::Unit;
use data::validate::text::{bare, stems};
use regex::Regex;

use super::Wording;
use crate::questions::facts::{COLUMN, Fact, FactKind, IMPERATIVE};
use crate::questions::wording_frames;
use crate::rng::Rng;

/// Frames around a question.
const FRAMES: &str = include_str!("../text/frames.en.txt");

/// A sentence with a modal before its value: subject, modal, verb, bound, value, rest.
static MODAL: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"^(?P<subject>[A-Z][^,;]{1,60}?) (?P<modal>must|may|can|should|shall|will|cannot) (?P<verb>[^,;]{2,90}?)$")
        .expect("the pattern is tested")
});
/// What bounds a value, with the preposition that goes to the front with it.
static BOUND: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"(?i)\s((?:(?:on|for|in|to|at) )?(?:within|at least|up to|no later than|no more than|at most|more than|less than|a maximum of|a minimum of)|for|by|before|after|from|until|every|on|at)(?: a| an| the)?$")
        .expect("the pattern is tested")
});
static EQUALS: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"^(?P<subject>[A-Z][^,;]{2,70}?) (?P<verb>is|are|lasts?|takes?)$")
        .expect("the pattern is tested")
});
/// Something that is done: `Salaries are paid`.
static PASSIVE: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"^(?P<subject>[A-Z][^,;]{2,60}?) (?P<verb>is|are) (?P<done>[a-z]+(?:ed|id|en|ept|ade|eld)(?: [^,;]{1,40})?)$")
        .expect("the pattern is tested")
});
static YES_NO: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"^(?P<subject>[A-Z][^,;]{1,50}?) (?P<modal>must not|may not|cannot|should not|shall not|must|may|can|should|shall) (?P<rest>.+?)\.?$")
        .expect("the pattern is tested")
});

pub(super) fn wordings(fact: &Fact, rng: &mut Rng) -> Vec<Wording> {
    match fact.kind {
        FactKind::Value(unit) | FactKind::Deadline(unit) => value(fact, unit, rng),
        FactKind::Definition => from_frames(fact, "definition", fact.value(), 3, rng),
        FactKind::List => list(fact, rng),
        FactKind::Duty => duty(fact, rng),
        FactKind::Document | FactKind::Responsible => responsible(fact, rng),
    }
}

fn frames(section: &str) -> Vec<&'static str> {
    wording_frames(FRAMES, section)
}

/// The sentence with its place: `Probation lasts 4 months (Employee Handbook, Section 2.2).`
fn cited(answer: &str, fact: &Fact) -> String {
    format!("{} ({}).", answer.trim_end_matches(['.', ':']), fact.citation)
}

fn from_frames(fact: &Fact, section: &str, word: &str, most: usize, rng: &mut Rng) -> Vec<Wording> {
    let mut frames = frames(section);
    rng.shuffle(&mut frames);
    let make = |frame: &&str| Wording {
        question: frame.replace("{word}", word).replace("{topic}", &topic(fact)),
        answer: cited(&fact.sentence, fact),
    };
    frames.iter().take(most).map(make).collect()
}

/// The heading as it stands in a sentence.
fn topic(fact: &Fact) -> String {
    fact.topic.trim_start_matches(|c: char| c.is_ascii_digit() || c == '.' || c == ' ').to_owned()
}

/// The heading in front, where the question does not have its words.
fn with_topic(question: &str, fact: &Fact, rng: &mut Rng) -> String {
    let letters = bare(question);
    let of_topic = stems(&fact.topic);
    let is_open = [" it ", " them "].iter().any(|word| question.contains(word));
    let is_said =
        of_topic.is_empty() || !is_open && of_topic.iter().any(|stem| letters.contains(stem.as_str()));
    if is_said {
        let opening = if rng.percent(25) { *rng.pick(&frames("opening")) } else { "" };
        return format!("{opening}{question}");
    }
    let about = rng.pick(&frames("about")).replace("{topic}", &topic(fact));
    format!("{about}{question}")
}

/// The first letter small, unless it begins a name or is `I`: of several words the second tells, of one that it is a
/// plural or usual at the beginning of a rule.
fn lowered(subject: &str) -> String {
    const PLAIN: [&str; 12] =
        ["The", "A", "An", "You", "Everybody", "Anybody", "Staff", "We", "It", "They", "Leave", "Nobody"];
    let mut all = subject.split_whitespace();
    let first = all.next().unwrap_or_default();
    let is_plain = match all.next() {
        Some(second) => second.starts_with(|c: char| c.is_lowercase()) || PLAIN.contains(&first),
        None => first.len() > 3 && first.ends_with('s'),
    };
    let is_word = first.chars().skip(1).all(|c| c.is_lowercase() || c == '-');
    if is_word && first != "I" && (is_plain || PLAIN.contains(&first)) {
        return lowered_verb(subject);
    }
    subject.to_owned()
}

/// Whether a text is a subject, not the beginning of a clause before it.
fn is_subject(text: &str) -> bool {
    const NO_SUBJECT: [&str; 16] = [
        "After", "Before", "If", "When", "During", "For", "In", "On", "At", "From", "To", "Up", "With",
        "Where", "As", "Once",
    ];
    !NO_SUBJECT.contains(&text.split_whitespace().next().unwrap_or_default())
}

/// A sentence that begins with its verb, as it goes on after another.
fn lowered_verb(sentence: &str) -> String {
    let mut chars = sentence.chars();
    chars.next().map(|c| c.to_lowercase().collect::<String>() + chars.as_str()).unwrap_or_default()
}

/// `how many days` for `5 working days`, `how much` for `$50`, `how long` for `between 1 and 6 months`.
fn interrogative(value: &str, unit: Unit) -> String {
    let noun = value.trim_start_matches(|c: char| !c.is_ascii_alphabetic());
    let is_range = data::validate::quantity::quantities(value).len() > 1;
    match unit {
        Unit::Won | Unit::Dollars | Unit::Pounds | Unit::Euros => "how much".to_owned(),
        Unit::Percent => "what percentage".to_owned(),
        Unit::Date | Unit::Clock if is_range => "when".to_owned(),
        Unit::Date if value.ends_with("month") => "what day of the month".to_owned(),
        Unit::Date => "what date".to_owned(),
        Unit::Clock => "what time".to_owned(),
        Unit::Occasions => "how many times".to_owned(),
        _ if is_range => "how long".to_owned(),
        _ => format!("how many {}", plural(last_words(noun, value))),
    }
}

/// The words of a value without its number: `working days` of `five working days`.
fn last_words<'a>(noun: &'a str, value: &'a str) -> &'a str {
    if value.starts_with(|c: char| c.is_ascii_digit()) {
        return noun;
    }
    value.split_once([' ', '-']).map_or(value, |(_, rest)| rest)
}

fn plural(noun: &str) -> String {
    let noun = noun.trim_start_matches('-');
    if noun.is_empty() || noun.ends_with('s') || noun == "people" {
        noun.to_owned()
    } else {
        format!("{noun}s")
    }
}

fn value(fact: &Fact, unit: Unit, rng: &mut Rng) -> Vec<Wording> {
    let (lead, sentence) = fact.sentence.split_at(fact.lead);
    let value = fact.value.start - fact.lead..fact.value.end - fact.lead;
    let sentence = sentence.trim_end_matches('.');
    if let Some((label, given)) = sentence.split_once(": ").filter(|_| !fact.sentence.ends_with('.')) {
        return cell(fact, label, given, rng);
    }
    let ask = interrogative(fact.value(), unit);
    let answer = cited(&fact.sentence, fact);
    let mut questions: Vec<String> = fronted(sentence, &value, &ask).into_iter().collect();
    questions.push(in_place(sentence, &value, &ask));
    questions.extend(clause(sentence, &value).map(|(clause, value)| in_place(clause, &value, &ask)));
    let mut out: Vec<Wording> = Vec::new();
    for question in questions {
        let question = with_topic(&format!("{lead}{question}"), fact, rng);
        out.push(Wording { question, answer: answer.clone() });
    }
    if fact.is_only {
        let frame = rng.pick(&frames("value")).replace("{ask}", &ask).replace("{topic}", &topic(fact));
        out.push(Wording { question: capitalised(&frame), answer: answer.clone() });
    }
    out
}

/// The part of a sentence that says its value, where a comma and a conjunction part it from another.
fn clause<'a>(sentence: &'a str, value: &Range<usize>) -> Option<(&'a str, Range<usize>)> {
    const LEAST_WORDS: usize = 5;
    let mut start = 0;
    let mut parts: Vec<Range<usize>> = Vec::new();
    for (at, _) in sentence.match_indices(", ") {
        let after = &sentence[at + 2..];
        let joint = ["and ", "but ", "so that "].iter().find(|joint| after.starts_with(**joint));
        if let Some(joint) = joint {
            parts.push(start..at);
            start = at + 2 + joint.len();
        }
    }
    parts.push(start..sentence.len());
    let part = parts.iter().find(|part| part.start <= value.start && value.end <= part.end)?;
    let text = &sentence[part.clone()];
    (parts.len() > 1 && text.split_whitespace().count() >= LEAST_WORDS)
        .then(|| (text, value.start - part.start..value.end - part.start))
}

/// A cell of a table: `Night – Shift allowance: 25% of basic pay`.
fn cell(fact: &Fact, label: &str, given: &str, rng: &mut Rng) -> Vec<Wording> {
    let (row, column) = label.split_once(COLUMN).unwrap_or((label, ""));
    let answer = cited(&format!("For {row}, “{column}” is {given}"), fact);
    let mut frames = frames("cell");
    rng.shuffle(&mut frames);
    let make = |frame: &&str| Wording {
        question: frame.replace("{row}", row).replace("{column}", column).replace("{topic}", &topic(fact)),
        answer: answer.clone(),
    };
    frames.iter().take(3).map(make).collect()
}

/// `Within how many days must employees submit the report?`
fn fronted(sentence: &str, value: &Range<usize>, ask: &str) -> Option<String> {
    let mut before = sentence[..value.start].trim_end();
    let bound = BOUND.captures(before).map(|c| c[1].to_lowercase());
    if let Some(found) = BOUND.find(before) {
        before = &before[..found.start()];
    }
    let (near, late) = parted(&sentence[value.end..]);
    let is_open = near.contains(" and ")
        || ["of", "to", "with", "than", "and", "or", "the", "a"]
            .iter()
            .any(|word| before.strip_suffix(word).is_some_and(|head| head.ends_with(' ')));
    if is_open {
        return None;
    }
    let ask = match bound.as_deref() {
        None => capitalised(ask),
        Some(bound) => capitalised(&format!("{bound} {ask}")),
    };
    if IMPERATIVE.is_match(&format!("{before} ")) {
        let act = of_myself(&lowered_verb(before));
        return Some(format!("{ask}{} do I have to {act}{late}?", of_myself_after(near)));
    }
    if let Some(c) = MODAL.captures(before).filter(|c| is_subject(&c["subject"])) {
        return Some(format!("{ask}{near} {} {} {}{late}?", &c["modal"], lowered(&c["subject"]), &c["verb"]));
    }
    if let Some(c) = PASSIVE.captures(before).filter(|c| is_subject(&c["subject"])) {
        return Some(format!("{ask}{near} {} {} {}{late}?", &c["verb"], lowered(&c["subject"]), &c["done"]));
    }
    let c = EQUALS.captures(before).filter(|c| is_subject(&c["subject"]))?;
    let subject = lowered(&c["subject"]);
    Some(match &c["verb"] {
        "is" | "are" => format!("{ask} {} {subject}{near}{late}?", &c["verb"]),
        verb => format!("{ask} does {subject} {}{near}{late}?", verb.trim_end_matches('s')),
    })
}

/// What belongs to a value behind it, and what is said of the whole: ` a week` and ` if it does not compete`. What a
/// comma parts from both is said in the answer only.
fn parted(rest: &str) -> (&str, &str) {
    let rest = rest.split(", ").next().unwrap_or_default();
    let condition = [" if ", " when ", " unless ", " provided ", " once "];
    let at = condition.iter().filter_map(|joint| rest.find(joint)).min().unwrap_or(rest.len());
    rest.split_at(at)
}

/// What follows a value, as the reader says it.
fn of_myself_after(rest: &str) -> String {
    if rest.is_empty() { String::new() } else { format!(" {}", of_myself(rest.trim_start())) }
}

/// `Employees must submit the report within how many days?`
fn in_place(sentence: &str, value: &Range<usize>, ask: &str) -> String {
    let text = format!("{}{ask}{}", &sentence[..value.start], &sentence[value.end..]);
    format!("{}?", capitalised(&text))
}

/// The words that a person would use to ask for the value: the ones that follow the subject.
fn around(sentence: &str, value: &Range<usize>) -> Option<String> {
    let before = stems_as_written(&sentence[..value.start]);
    let after = stems_as_written(&sentence[value.end..]);
    let words: Vec<&str> = before.iter().rev().take(3).rev().chain(after.iter().take(3)).copied().collect();
    (words.len() > 2).then(|| words.join(" "))
}

fn stems_as_written(text: &str) -> Vec<&str> {
    data::validate::text::words(text)
        .iter()
        .filter(|word| word.is_content)
        .map(|word| &text[word.start..word.end])
        .collect()
}

fn capitalised(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map(|c| c.to_uppercase().collect::<String>() + chars.as_str()).unwrap_or_default()
}

fn duty(fact: &Fact, rng: &mut Rng) -> Vec<Wording> {
    let sentence = fact.sentence.trim_end_matches('.');
    if IMPERATIVE.is_match(sentence) {
        return order(fact, sentence, rng);
    }
    let Some(c) = YES_NO.captures(sentence).filter(|c| is_subject(&c["subject"])) else { return Vec::new() };
    let (modal, is_negative) = match &c["modal"] {
        "must not" | "may not" => ("May", true),
        "cannot" => ("Can", true),
        "should not" | "shall not" => ("Should", true),
        other => (other, false),
    };
    let said = if is_negative { "No. " } else { "Yes. " };
    let question = format!("{} {} {}?", capitalised(modal), lowered(&c["subject"]), &c["rest"]);
    let yes_no = Wording {
        question: with_topic(&question, fact, rng),
        answer: cited(&format!("{said}{sentence}"), fact),
    };
    let modal = c["modal"].replace(" not", "").replace("not", "");
    let about = format!("{} {modal} {}", lowered(&c["subject"]), &c["rest"]);
    let question = rng.pick(&frames("duty")).replace("{about}", &about).replace("{topic}", &topic(fact));
    vec![yes_no, Wording { question, answer: cited(sentence, fact) }]
}

/// What a reader is told to do: asked for as such, by its occasion, and in other words.
fn order(fact: &Fact, sentence: &str, rng: &mut Rng) -> Vec<Wording> {
    static OCCASION: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(r"^.{8,}? (?P<when>(?:when|if|before|after|until|unless) [^,]{6,60})$")
            .expect("the pattern is tested")
    });
    let rest = lowered_verb(sentence);
    let (question, said) = match rest.strip_prefix("do not ").or_else(|| rest.strip_prefix("never ")) {
        Some(rest) => (format!("May I {rest}?"), "No. "),
        None => (format!("Do I have to {rest}?"), "Yes. "),
    };
    let mut out = vec![Wording {
        question: with_topic(&of_myself(&question), fact, rng),
        answer: cited(&format!("{said}{sentence}"), fact),
    }];
    // What is said of `it` or goes on behind `and` is no occasion by itself.
    let is_plain = |when: &str| ![" and ", " it ", " them ", " they "].iter().any(|word| when.contains(word));
    let occasion = OCCASION
        .captures(sentence)
        .filter(|c| is_plain(&c["when"]))
        .map(|c| format!("What do I have to do {}?", of_myself(&c["when"])));
    if let Some(question) = occasion {
        out.push(Wording { question: with_topic(&question, fact, rng), answer: cited(sentence, fact) });
    }
    if said == "Yes. " {
        let frame = rng.pick(&frames("order")).replace("{rest}", &of_myself(&rest));
        out.push(Wording { question: with_topic(&frame, fact, rng), answer: cited(sentence, fact) });
    }
    if fact.is_only {
        let question = rng.pick(&frames("alone")).replace("{topic}", &topic(fact));
        out.push(Wording { question, answer: cited(sentence, fact) });
    }
    out
}

/// What is said to a reader, as the reader says it: `you are not sure` is `I am not sure`.
fn of_myself(text: &str) -> String {
    let text =
        format!(" {text} ").replace(" you are ", " I am ").replace(" your ", " my ").replace(" you ", " I ");
    text.trim().to_owned()
}

fn responsible(fact: &Fact, rng: &mut Rng) -> Vec<Wording> {
    let sentence = fact.sentence.trim_end_matches('.');
    let rest = sentence[fact.value.end..].trim();
    let answer = cited(sentence, fact);
    let mut out =
        vec![Wording { question: with_topic(&format!("Who {rest}?"), fact, rng), answer: answer.clone() }];
    if let Some(words) = around(sentence, &(sentence.len()..sentence.len())) {
        let frame = rng.pick(&frames("who")).replace("{word}", &words);
        out.push(Wording { question: frame.replace("{topic}", &topic(fact)), answer });
    }
    out
}

fn list(fact: &Fact, rng: &mut Rng) -> Vec<Wording> {
    let items: Vec<&str> = fact.items.iter().take(8).map(|item| item.trim_end_matches('.')).collect();
    let lead = fact.sentence.trim_end_matches([':', '.', ' ']);
    let answer = cited(&format!("{lead}: {}", items.join("; ")), fact);
    let mut out = from_frames(fact, "list", lead, 3, rng);
    for wording in &mut out {
        wording.answer.clone_from(&answer);
    }
    out
}
