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
            r"(?:no|not) (?:later|more|less|fewer|earlier) than|not only|whether or not|no matter|not (?:to )?exceed|(?:people|persons|employees|those|anyone|anybody|someone|somebody|members|staff|workers|holders) without|no-\w+|not just|not necessarily|if not|nothing (?:but|other than)|none other than",
            None,
        ),
        // The `No` of `No - not available` answers, and the rest negates once.
        entry(r"no\s?[-–—:,]\s?not", Some(Sign::Not)),
        entry(
            r"(?:need not|not (?:be )?required|(?:do|does|did) not (?:have|need) to|(?:don't|doesn't) (?:have|need) to|not necessary|not mandatory|no need|no (?:obligation|requirement|duty|reason) to|not obliged|optional)",
            Some(Sign::NeedNot),
        ),
        entry(
            r"(?:cannot|can't|can not|must not|mustn't|may not|shall not|should not|shouldn't|could not|not (?:be )?(?:allowed|permitted|able|eligible|entitled)|no (?:opportunity|chance|way|right|option|ability|possibility|permission) (?:to|of|for)|never|prohibited|prohibits?|forbidden|forbids?|ineligible|unable|unauthorized|no longer)",
            Some(Sign::MustNot),
        ),
        entry(
            r"(?:not|n't|isn't|aren't|won't|doesn't|don't|didn't|wasn't|no|none|neither|nor|without|nobody|no one|nothing|rather than|instead of)",
            Some(Sign::Not),
        ),
        entry(
            r"(?:must|shall|required to|have to|has to|needs? to|mandatory|is required|are required)",
            Some(Sign::Must),
        ),
        entry(r"(?:may|can|could|allowed|permitted|eligible|entitled)", Some(Sign::May)),
    ]
});

static ASIDE: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"(?i)\s?\((?:not|but not|no) [^()]{1,60}\)").expect("the pattern is tested")
});

/// `The amount you can receive depends on …` says nothing of whether you can.
static EMBEDDED: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"(?i)\b(?:amount|number|maximum|limit|how (?:much|many|long|often)|whether)\b[^,.;]{0,60}?\b(?:you|they|we|it|employees) (?:can|may|could|must|should|have to|need to)\b")
        .expect("the pattern is tested")
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
    "rather",
    "instead",
];

pub(super) fn segments(sentence: &str) -> Vec<Segment> {
    // `Training (not at a conference)` says of which training it speaks.
    let sentence = &*ASIDE.replace_all(sentence, "");
    let mut out = Vec::new();
    let mut start = 0;
    let all = words(sentence);
    for (i, word) in all.iter().enumerate() {
        let surface = sentence[word.start..word.end].to_ascii_lowercase();
        // The comma of `$1,500` parts nothing.
        let before = &sentence[..word.start];
        let after_mark = before.trim_end().ends_with([',', ':', ';']) && before.ends_with(' ');
        let is_cut = CUTS.contains(&surface.as_str()) || after_mark;
        // `and` joins nouns as often as clauses; a clause has a verb with a sign, or a subject.
        // What is joined to a few words without a verb is their partner: `Cats and dogs may not …`.
        let begun = &sentence[start..word.start];
        let is_begun = has_sign(begun) || begun.split_whitespace().count() > 3;
        let is_clause = surface != "and" || has_sign(&sentence[word.start..]) && is_begun || i == 0;
        if is_cut && is_clause && word.start > start {
            out.extend(segment(&sentence[start..word.start]));
            start = word.start;
        }
    }
    out.extend(segment(&sentence[start..]));
    mark_conditions(&mut out);
    out
}

/// Words that begin a condition: what follows them says when something holds, and is not said to hold.
const CONDITIONS: &[&str] = &["if", "when", "unless", "whenever"];

/// Marks conditions, and what `and` or `or` joins to one: `If you stay, and you did not rest, …`.
fn mark_conditions(all: &mut [Segment]) {
    let mut is_open = false;
    for segment in all {
        let first = segment.text.split(|c: char| !c.is_alphanumeric()).next().unwrap_or_default();
        let first = first.to_ascii_lowercase();
        let goes_on = is_open && matches!(first.as_str(), "and" | "or");
        segment.is_condition = CONDITIONS.contains(&first.as_str()) || goes_on;
        is_open = segment.is_condition;
    }
}

/// Words that may stand between an auxiliary and its verb.
fn is_auxiliary(stem: &str) -> bool {
    const WORDS: &[&str] = &[
        "be", "been", "being", "to", "have", "has", "had", "hav", "a", "an", "the", "any", "also", "only",
        "always", "ever", "yet", "in", "on", "at", "for", "of", "it", "you", "your", "we", "they", "there",
        "is", "are", "was", "wer", "then", "all", "that", "thi", "this", "these", "and", "or", "by", "with",
        "from", "as", "so", "such", "more", "mor", "up",
    ];
    WORDS.contains(&stem)
}

/// Whether a segment tells which one is meant: `that leaks`.
pub(super) fn is_relative(text: &str) -> bool {
    ["that ", "which ", "who "].iter().any(|word| text.starts_with(word))
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
    let verb = |at: usize| words(text).into_iter().find(|word| word.start >= at && !is_auxiliary(&word.stem));
    let predicate = at.and_then(verb).or_else(|| at.and(all.last().cloned())).map(|word| word.stem);
    let predicate = predicate.unwrap_or_default();
    Some(Segment {
        is_fragment: EMBEDDED.is_match(text),
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
    // `may not be refused without a reason`, but not `optional for those who are not here`.
    let is_double = negatives.len() == 2 && strongest.is_some_and(|(sign, _)| sign != Some(Sign::NeedNot));
    match (is_double, strongest.or(plain)) {
        (true, Some((_, end))) => (Sign::Must, Some(end)),
        (_, Some((Some(sign), end))) => (sign, Some(end)),
        _ => (Sign::Is, None),
    }
}
