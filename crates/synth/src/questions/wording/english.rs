//! English questions bring what is asked for to the front: within how many days must I …?

use std::ops::Range;
use std::sync::LazyLock;

use data::validate::quantity::Unit;
use data::validate::text::{bare, stems};
use regex::Regex;

use super::Wording;
use crate::questions::facts::{Fact, FactKind, IMPERATIVE};
use crate::questions::wording_frames;
use crate::rng::Rng;

/// Frames around a question.
const FRAMES: &str = include_str!("../text/frames.en.txt");

/// A sentence with a modal before its value: subject, modal, verb, bound, value, rest.
static MODAL: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"^(?P<subject>[A-Z][^,;]{1,60}?) (?P<modal>must|may|can|should|shall|will|cannot) (?P<verb>[^,;]{2,90}?)$")
        .expect("the pattern is tested")
});
static BOUND: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"(?i)\s(within|at least|up to|no later than|no more than|at most|more than|less than|for|by|after|a maximum of|a minimum of)(?: a| an| the)?$")
        .expect("the pattern is tested")
});
static EQUALS: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"^(?P<subject>[A-Z][^,;]{2,70}?) (?P<verb>is|are|lasts?|takes?)$")
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
    let is_said = of_topic.is_empty() || of_topic.iter().any(|stem| letters.contains(stem.as_str()));
    if is_said {
        let opening = if rng.percent(25) { *rng.pick(&frames("opening")) } else { "" };
        return format!("{opening}{question}");
    }
    let about = rng.pick(&frames("about")).replace("{topic}", &topic(fact));
    format!("{about}{question}")
}

/// The first letter small, unless it begins a name or is `I`.
fn lowered(subject: &str) -> String {
    let first = subject.split_whitespace().next().unwrap_or_default();
    let is_plain = [
        "The",
        "A",
        "An",
        "You",
        "Your",
        "Employees",
        "Employee",
        "Staff",
        "Managers",
        "Each",
        "Every",
        "All",
        "Any",
        "We",
        "Our",
        "No",
        "In",
        "On",
        "Leave",
        "Office",
    ];
    if is_plain.contains(&first) || (first.len() > 3 && first.ends_with('s')) {
        let mut chars = subject.chars();
        return chars
            .next()
            .map(|c| c.to_lowercase().collect::<String>() + chars.as_str())
            .unwrap_or_default();
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

/// `how many days` for `5 working days`, `how much` for `$50`.
fn interrogative(value: &str, unit: Unit) -> String {
    let noun = value.trim_start_matches(|c: char| !c.is_ascii_alphabetic());
    match unit {
        Unit::Won | Unit::Dollars | Unit::Pounds | Unit::Euros => "how much".to_owned(),
        Unit::Percent => "what percentage".to_owned(),
        Unit::Date => "what date".to_owned(),
        Unit::Clock => "what time".to_owned(),
        Unit::Occasions => "how many times".to_owned(),
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
    let sentence = fact.sentence.trim_end_matches('.');
    if let Some((label, given)) = sentence.split_once(": ").filter(|_| !fact.sentence.ends_with('.')) {
        return cell(fact, label, given, rng);
    }
    let ask = interrogative(fact.value(), unit);
    let answer = cited(&fact.sentence, fact);
    let mut out = Vec::new();
    let mut push = |question: String, rng: &mut Rng| {
        out.push(Wording { question: with_topic(&question, fact, rng), answer: answer.clone() });
    };
    if let Some(question) = fronted(sentence, &fact.value, &ask) {
        push(question, rng);
    }
    push(in_place(sentence, &fact.value, &ask), rng);
    if fact.is_only {
        let frame = rng.pick(&frames("value")).replace("{ask}", &ask).replace("{topic}", &topic(fact));
        out.push(Wording { question: capitalised(&frame), answer: answer.clone() });
    }
    out
}

/// A cell of a table: `Night Shift allowance: 25% of basic pay`.
fn cell(fact: &Fact, label: &str, given: &str, rng: &mut Rng) -> Vec<Wording> {
    let answer = cited(&format!("For {label} the table says {given}"), fact);
    let mut frames = frames("cell");
    rng.shuffle(&mut frames);
    let make = |frame: &&str| Wording {
        question: frame.replace("{label}", label).replace("{topic}", &topic(fact)),
        answer: answer.clone(),
    };
    frames.iter().take(2).map(make).collect()
}

/// `Within how many days must employees submit the report?`
fn fronted(sentence: &str, value: &Range<usize>, ask: &str) -> Option<String> {
    let (mut before, rest) = (sentence[..value.start].trim_end(), &sentence[value.end..]);
    let bound = BOUND.captures(before).map(|c| c[1].to_lowercase());
    if let Some(found) = BOUND.find(before) {
        before = &before[..found.start()];
    }
    let ask =
        bound.map_or(
            ask.to_owned(),
            |bound| if bound == "for" { ask.to_owned() } else { format!("{bound} {ask}") },
        );
    let ask = capitalised(&ask);
    if let Some(c) = MODAL.captures(before).filter(|c| is_subject(&c["subject"])) {
        return Some(format!("{ask}{rest} {} {} {}?", &c["modal"], lowered(&c["subject"]), &c["verb"]));
    }
    let c = EQUALS.captures(before).filter(|c| is_subject(&c["subject"]))?;
    let subject = lowered(&c["subject"]);
    Some(match &c["verb"] {
        "is" | "are" => format!("{ask} {} {subject}{rest}?", &c["verb"]),
        verb => format!("{ask} does {subject} {}{rest}?", verb.trim_end_matches('s')),
    })
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
    let mut out = Vec::new();
    if IMPERATIVE.is_match(sentence) {
        let rest = lowered_verb(sentence);
        let (question, said) = match rest.strip_prefix("do not ").or_else(|| rest.strip_prefix("never ")) {
            Some(rest) => (format!("May I {rest}?"), "No. "),
            None => (format!("Do I have to {rest}?"), "Yes. "),
        };
        let question = question.replace(" your ", " my ").replace(" you ", " I ");
        out.push(Wording {
            question: with_topic(&question, fact, rng),
            answer: cited(&format!("{said}{sentence}"), fact),
        });
    } else if let Some(c) = YES_NO.captures(sentence).filter(|c| is_subject(&c["subject"])) {
        let (modal, is_negative) = match &c["modal"] {
            "must not" | "may not" => ("May", true),
            "cannot" => ("Can", true),
            "should not" | "shall not" => ("Should", true),
            other => (other, false),
        };
        let said = if is_negative { "No. " } else { "Yes. " };
        let question = format!("{} {} {}?", capitalised(modal), lowered(&c["subject"]), &c["rest"]);
        out.push(Wording {
            question: with_topic(&question, fact, rng),
            answer: cited(&format!("{said}{sentence}"), fact),
        });
    }
    if let Some(c) = YES_NO.captures(sentence).filter(|c| is_subject(&c["subject"])) {
        let modal = c["modal"].replace(" not", "").replace("not", "");
        let about = format!("{} {modal} {}", lowered(&c["subject"]), &c["rest"]);
        let question = rng.pick(&frames("duty")).replace("{about}", &about).replace("{topic}", &topic(fact));
        out.push(Wording { question, answer: cited(sentence, fact) });
    }
    out
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
