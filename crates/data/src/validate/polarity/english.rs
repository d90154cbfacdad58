//! Predicates of English sentences. The auxiliary stands before its verb.

use std::sync::LazyLock;

use regex::Regex;

use super::{Segment, Sign};
use crate::validate::text::{Word, words};

/// Longer ones first. `no later than` and its kin bound a number and negate nothing.
static SIGNS: LazyLock<Vec<(Regex, Option<Sign>)>> = LazyLock::new(|| {
    let entry = |pattern: &str, sign| {
        (Regex::new(&format!(r"(?i)\b(?:{pattern})\b")).expect("the pattern is tested"), sign)
    };
    vec![
        entry(
            r"(?:no|not) (?:later|more|less|fewer|earlier) than|not only|whether or not|no matter|not (?:to )?exceed",
            None,
        ),
        entry(
            r"(?:need not|not (?:be )?required|(?:do|does|did) not (?:have|need) to|(?:don't|doesn't) (?:have|need) to|not necessary|not mandatory|no need|optional)",
            Some(Sign::NeedNot),
        ),
        entry(
            r"(?:cannot|can't|can not|must not|mustn't|may not|shall not|should not|shouldn't|could not|not (?:be )?(?:allowed|permitted|able|eligible|entitled)|never|prohibited|prohibits?|forbidden|forbids?|ineligible|unable|unauthorized|no longer)",
            Some(Sign::MustNot),
        ),
        entry(
            r"(?:not|n't|isn't|aren't|won't|doesn't|don't|didn't|wasn't|no|none|neither|nor|without|nobody|no one|nothing)",
            Some(Sign::Not),
        ),
        entry(
            r"(?:must|shall|required to|have to|has to|needs? to|mandatory|is required|are required)",
            Some(Sign::Must),
        ),
        entry(r"(?:may|can|could|allowed|permitted|eligible|entitled)", Some(Sign::May)),
    ]
});

const CUTS: &[&str] = &[
    "but",
    "however",
    "unless",
    "although",
    "though",
    "while",
    "whereas",
    "otherwise",
    "if",
    "when",
    "because",
    "and",
    "who",
    "that",
];

pub(super) fn segments(sentence: &str) -> Vec<Segment> {
    let mut out = Vec::new();
    let mut start = 0;
    let all = words(sentence);
    for (i, word) in all.iter().enumerate() {
        let surface = sentence[word.start..word.end].to_ascii_lowercase();
        let after_mark = sentence[..word.start].trim_end().ends_with([',', ':', ';']);
        let is_cut = CUTS.contains(&surface.as_str()) || after_mark;
        // `and` joins nouns as often as clauses; a clause has a verb with a sign, or a subject.
        let is_clause = surface != "and" || has_sign(&sentence[word.start..]) || i == 0;
        if is_cut && is_clause && word.start > start {
            out.extend(segment(&sentence[start..word.start]));
            start = word.start;
        }
    }
    out.extend(segment(&sentence[start..]));
    out
}

fn has_sign(text: &str) -> bool {
    let head: String = text.split_whitespace().take(5).collect::<Vec<_>>().join(" ");
    SIGNS.iter().any(|(regex, sign)| sign.is_some() && regex.is_match(&head))
}

fn segment(text: &str) -> Option<Segment> {
    let all: Vec<Word> = words(text).into_iter().filter(|word| word.is_content).collect();
    if all.is_empty() {
        return None;
    }
    let (sign, at) = sign_of(text);
    // Without an auxiliary nothing tells which word is the verb.
    let after = at.map(|at| all.iter().find(|word| word.start >= at).or(all.last()));
    let predicate = after.flatten().map(|word| word.stem.clone()).unwrap_or_default();
    Some(Segment {
        stems: all.into_iter().map(|word| word.stem).collect(),
        predicate,
        sign,
        text: text.trim().to_owned(),
        ..Segment::default()
    })
}

/// The sign of a segment, and where the word behind it begins. Two negations affirm.
fn sign_of(text: &str) -> (Sign, Option<usize>) {
    let mut taken: Vec<(usize, usize, Option<Sign>)> = Vec::new();
    for (regex, sign) in SIGNS.iter() {
        for found in regex.find_iter(text) {
            if taken.iter().all(|(start, end, _)| found.end() <= *start || *end <= found.start()) {
                taken.push((found.start(), found.end(), *sign));
            }
        }
    }
    let negatives: Vec<_> = taken.iter().filter(|(_, _, s)| s.is_some_and(Sign::is_negative)).collect();
    let strongest = negatives.first().map(|(_, end, sign)| (*sign, *end));
    let plain = taken.iter().find(|(_, _, sign)| sign.is_some()).map(|(_, end, sign)| (*sign, *end));
    match (negatives.len(), strongest.or(plain)) {
        // `may not be refused without a reason`.
        (2, Some((_, end))) => (Sign::Must, Some(end)),
        (_, Some((Some(sign), end))) => (sign, Some(end)),
        _ => (Sign::Is, None),
    }
}
