//! Facts of English rules.

use std::sync::LazyLock;

use data::validate::entity::{EntityKind, entities};
use data::validate::quantity::{Quantity, Unit, quantities};
use data::validate::text::{sentences, words};
use regex::Regex;

use super::{Fact, FactKind, Place};

const LONGEST: usize = 220;

static DEFINITION: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r#"^"([^"]{2,40})" (?:means|refers to|is) .{8,}$"#).expect("the pattern is tested")
});
static LIST: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"(?i)(?:the following|these [a-z]+|:)\s*:?$").expect("the pattern is tested")
});
static DUTY: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(
        r"(?i)\b(?:must|may|can|cannot|shall|should|has to|have to|needs? to|is required|are required)\b",
    )
    .expect("the pattern is tested")
});
static DUE: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"(?i)\b(?:within|no later than|before|by|in advance|at least)\b.*")
        .expect("the pattern is tested")
});
static ACT: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"(?i)\b(?:submit|request|report|notify|tell|send|file|apply|return|give|inform|complete|register|hand|ask|enter)\b")
        .expect("the pattern is tested")
});
/// Sentences that tell the reader to do something.
pub(in crate::questions) static IMPERATIVE: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"^(?:Send|Tell|Ask|Submit|Give|Return|Report|Complete|Take|Use|Enter|Keep|Write|Contact|Call|Sign|Hand|Fill|Check|Agree|Book|Bring|Let|Request|Apply|Wear|Lock|Talk|Follow|Make|Leave|Put|Do not|Never) ")
        .expect("the pattern is tested")
});
/// Who does something: the subject of a sentence, without what belongs to it.
static SUBJECT: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"^(?:The |Your |An |A )?[A-Z]?[A-Za-z]+(?: [a-z]+| [A-Z][A-Za-z]+){0,3} (?:approves?|decides?|reviews?|handles?|keeps?|pays?|signs?|checks?|manages?|answers?|must|may|will|is responsible)\b")
        .expect("the pattern is tested")
});

pub(super) fn facts(place: &Place<'_>, text: &str) -> Vec<Fact> {
    let mut out = Vec::new();
    for sentence in sentences(text) {
        of_sentence(place, sentence, &mut out);
    }
    out
}

fn of_sentence(place: &Place<'_>, sentence: &str, out: &mut Vec<Fact>) {
    let n_words = sentence.split_whitespace().count();
    if let Some(captures) = DEFINITION.captures(sentence) {
        let term = captures.get(1).expect("a group of the pattern");
        out.push(place.fact(FactKind::Definition, sentence, term.range()));
        return;
    }
    if LIST.is_match(sentence.trim_end_matches('.')) {
        let items = place.items();
        if items.len() > 1 {
            let mut fact = place.fact(FactKind::List, sentence, 0..0);
            fact.items = items;
            out.push(fact);
        }
        return;
    }
    if sentence.len() > LONGEST || n_words < 4 || needs_context(sentence) || !is_statement(sentence) {
        return;
    }
    let before = out.len();
    let all = quantities(sentence);
    let is_range = |value: &Quantity| {
        let before = sentence[..value.start].trim_end();
        let after = sentence[value.end..].trim_start();
        let is_end = before.contains("between") && (before.ends_with(" and") || before.ends_with(" to"));
        is_end || after.starts_with("to ") || after.starts_with("and ")
    };
    for value in all.iter().filter(|q| q.unit != Unit::Bare && !is_range(q)) {
        let is_time =
            matches!(value.unit, Unit::Days | Unit::Months | Unit::Minutes | Unit::Date | Unit::Clock);
        let is_limit = DUE.find(&sentence[..value.end]).is_some() && ACT.is_match(sentence) && is_time;
        let kind = if is_limit { FactKind::Deadline(value.unit) } else { FactKind::Value(value.unit) };
        out.push(place.fact(kind, sentence, value.start..value.end));
    }
    if let Some(subject) = responsible(sentence) {
        out.push(place.fact(FactKind::Responsible, sentence, subject));
    }
    let is_order = IMPERATIVE.is_match(sentence);
    if is_order || (out.len() == before && DUTY.is_match(sentence)) {
        out.push(place.fact(FactKind::Duty, sentence, 0..0));
    }
}

/// The subject of a sentence that says who decides or does something.
fn responsible(sentence: &str) -> Option<std::ops::Range<usize>> {
    let found = SUBJECT.find(sentence)?;
    let subject = sentence[..found.end()].rsplit_once(' ')?.0;
    let subject = subject.strip_suffix(" is").unwrap_or(subject);
    let last = entities(subject).into_iter().next_back()?;
    let everybody = ["employee", "employees", "staff", "you"].contains(&last.name.as_str());
    (last.kind == EntityKind::Role && !everybody && last.end == subject.len()).then_some(0..subject.len())
}

fn needs_context(sentence: &str) -> bool {
    let first = sentence.split_whitespace().next().unwrap_or_default().trim_matches(',');
    [
        "It",
        "They",
        "This",
        "That",
        "These",
        "Those",
        "He",
        "She",
        "Then",
        "Additionally",
        "However",
        "For",
        "As",
    ]
    .contains(&first)
        || sentence.starts_with("In this case")
}

/// A sentence, not a heading, a link or a fragment of markup.
fn is_statement(sentence: &str) -> bool {
    let is_plain =
        !sentence.contains(['{', '}', '[', ']', '<', '>', '|', '#', '_']) && !sentence.contains("http");
    let starts = sentence.starts_with(|c: char| c.is_ascii_uppercase());
    is_plain
        && starts
        && sentence.ends_with('.')
        && words(sentence).iter().filter(|word| word.is_content).count() >= 3
}
