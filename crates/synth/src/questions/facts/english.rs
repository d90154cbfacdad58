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
    Regex::new(r"^(?:Send|Tell|Ask|Submit|Give|Return|Report|Complete|Take|Use|Enter|Keep|Write|Contact|Call|Sign|Hand|Fill|Check|Agree|Book|Bring|Let|Request|Apply|Wear|Lock|Talk|Follow|Attach|Claim|Show|Register|Appeal|Make|Leave(?: the| your| by| it)|Put|Do not|Never) ")
        .expect("the pattern is tested")
});
/// Who does something: the subject of a sentence, without what belongs to it.
static SUBJECT: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"^(?:The |Your |An |A )?[A-Z]?[A-Za-z]+(?: [a-z]+| [A-Z][A-Za-z]+){0,3} (?:approves?|decides?|reviews?|handles?|keeps?|pays?|signs?|checks?|manages?|answers?|must|may|will|is responsible)\b")
        .expect("the pattern is tested")
});

pub(super) fn facts(place: &Place<'_>, text: &str) -> Vec<Fact> {
    let mut out = Vec::new();
    let all = statements(text);
    for (at, sentence) in all.iter().enumerate() {
        let before = at.checked_sub(1).map(|before| all[before].as_str());
        if needs_context(sentence) {
            out.extend(
                before.and_then(|before| after_another(place, before, sentence)).into_iter().flatten(),
            );
        } else {
            of_sentence(place, sentence, &mut out);
        }
    }
    out
}

/// Sentences as they stand by themselves: what a semicolon parts begins with a capital and ends with a full stop.
fn statements(text: &str) -> Vec<String> {
    let mut goes_on = false;
    let whole = |sentence: &str| {
        let is_part = std::mem::replace(&mut goes_on, sentence.ends_with(';'));
        let sentence = match sentence.strip_suffix(';') {
            Some(part) => format!("{part}."),
            None => sentence.to_owned(),
        };
        let begins = |sentence: &str| sentence.strip_prefix("and ").unwrap_or(sentence).to_owned();
        if is_part { capitalised(&begins(&sentence)) } else { sentence }
    };
    sentences(text).into_iter().map(whole).collect()
}

/// The values of a sentence that is only understood after another, which goes with it.
fn after_another(place: &Place<'_>, before: &str, sentence: &str) -> Option<Vec<Fact>> {
    let whole = format!("{before} {sentence}");
    let is_plain = !needs_context(before) && is_statement(before) && is_statement(sentence);
    if !is_plain || whole.len() > LONGEST {
        return None;
    }
    let mut out = Vec::new();
    values(place, sentence, &mut out);
    let lead = before.len() + 1;
    for fact in &mut out {
        fact.value = fact.value.start + lead..fact.value.end + lead;
        fact.sentence.clone_from(&whole);
        fact.lead = lead;
    }
    Some(out)
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
    if sentence.len() > LONGEST || n_words < 4 || !is_statement(sentence) {
        return;
    }
    let before = out.len();
    values(place, sentence, out);
    if let Some(subject) = responsible(sentence) {
        out.push(place.fact(FactKind::Responsible, sentence, subject));
    }
    let is_order = IMPERATIVE.is_match(sentence);
    if is_order || (out.len() == before && DUTY.is_match(sentence)) {
        out.push(place.fact(FactKind::Duty, sentence, 0..0));
    }
}

/// What a sentence says in numbers: each by itself, the two ends of a range as one.
fn values(place: &Place<'_>, sentence: &str, out: &mut Vec<Fact>) {
    let all = quantities(sentence);
    let mut at = 0;
    while let Some(value) = all.get(at) {
        let end = all.get(at + 1).filter(|end| is_range(sentence, value, end));
        at += 1 + usize::from(end.is_some());
        let Some(range) = end.map_or_else(|| counted(sentence, value), |end| Some(value.start..end.end))
        else {
            continue;
        };
        let is_time =
            matches!(value.unit, Unit::Days | Unit::Months | Unit::Minutes | Unit::Date | Unit::Clock);
        if end.is_some() && !is_time {
            continue;
        }
        let is_limit = DUE.find(&sentence[..range.end]).is_some() && ACT.is_match(sentence) && is_time;
        let kind = if is_limit { FactKind::Deadline(value.unit) } else { FactKind::Value(value.unit) };
        out.push(place.fact(kind, sentence, range));
    }
}

/// Whether two values are the ends of a range: `10:00 to 15:30`, `between 1 and 6 months`.
fn is_range(sentence: &str, from: &Quantity, to: &Quantity) -> bool {
    let between = sentence[from.end..to.start].trim();
    let is_between = sentence[..from.start].trim_end().ends_with("between");
    let is_kin = from.unit == Unit::Bare || from.is_comparable(to);
    is_kin && (matches!(between, "to" | "-" | "–") || is_between && between == "and")
}

/// Where a value stands, with what is counted: `14 characters`, `6 paid days`. None for a number that only names
/// something: `chapter 8`.
fn counted(sentence: &str, value: &Quantity) -> Option<std::ops::Range<usize>> {
    static COUNTED: LazyLock<Regex> =
        LazyLock::new(|| Regex::new(r"^(?: [a-z]{3,12})? [a-z]{3,14}s\b").expect("the pattern is tested"));
    const NAMED: [&str; 9] =
        ["chapter", "chapters", "section", "sections", "level", "part", "page", "step", "form"];
    if value.unit != Unit::Bare {
        return Some(value.start..value.end);
    }
    let before = sentence[..value.start].split_whitespace().next_back().unwrap_or_default().to_lowercase();
    let noun = COUNTED.find(&sentence[value.end..])?;
    let is_clause =
        noun.as_str().split_whitespace().any(|word| ["and", "has", "was", "does", "this"].contains(&word));
    (!NAMED.contains(&before.as_str()) && !is_clause).then(|| value.start..value.end + noun.end())
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
    ["It", "They", "This", "That", "These", "Those", "He", "She", "Then", "Additionally", "However", "As"]
        .contains(&first)
        || ["In this case", "For example", "For this", "For that", "For these"]
            .iter()
            .any(|start| sentence.starts_with(start))
}

fn capitalised(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map(|c| c.to_uppercase().collect::<String>() + chars.as_str()).unwrap_or_default()
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
