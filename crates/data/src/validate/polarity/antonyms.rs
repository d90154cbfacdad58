//! Words that say the opposite of each other: 유급 and 무급, paid and unpaid.

use std::sync::LazyLock;

use super::korean::NEGATIVE_WORDS;
use super::{Contradiction, Segment};
use crate::validate::text::words::english;

const PAIRS: &str = include_str!("antonyms.txt");

/// The words of one side and of the other.
type Pair = [Vec<&'static str>; 2];

static LISTED: LazyLock<Vec<Pair>> = LazyLock::new(|| {
    let side = |text: &'static str| text.split_whitespace().collect();
    let pair = |line: &'static str| line.split_once('|').map(|(a, b)| [side(a), side(b)]);
    PAIRS.lines().filter(|line| !line.starts_with('#')).filter_map(pair).collect()
});

/// Whether one segment has one side of a pair and the other segment the other.
pub(super) fn are_opposed(own: &Segment, theirs: &Segment) -> bool {
    let (own, theirs) = (std::slice::from_ref(own), std::slice::from_ref(theirs));
    // 제외한다 is read as a negation of its own.
    let has = |segments: &[Segment], side: &[&str]| {
        let side: Vec<&str> = side.iter().copied().filter(|word| !NEGATIVE_WORDS.contains(word)).collect();
        find(segments, &side).is_some()
    };
    LISTED.iter().any(|[a, b]| {
        let (own_a, own_b) = (has(own, a), has(own, b));
        own_a != own_b && own_a == has(theirs, b) && own_b == has(theirs, a)
    })
}

/// Whether two segments have words of one side, of which one word's negation is its own: 제외한다 and 뺀다.
pub(super) fn are_same(own: &Segment, theirs: &Segment) -> bool {
    let (own, theirs) = (std::slice::from_ref(own), std::slice::from_ref(theirs));
    let has = |segments: &[Segment], side: &[&str], is_negative: bool| {
        let side: Vec<&str> =
            side.iter().copied().filter(|word| NEGATIVE_WORDS.contains(word) == is_negative).collect();
        find(segments, &side).is_some()
    };
    LISTED.iter().flatten().any(|side| {
        let differ = |a: &[Segment], b: &[Segment]| has(a, side, true) && has(b, side, false);
        (differ(own, theirs) && !has(theirs, side, true)) || (differ(theirs, own) && !has(own, side, true))
    })
}

/// The first pair of which the answer has one side and the source the other, both affirmed or both negated.
pub(super) fn differs(answer: &[Segment], source: &[Segment]) -> Option<Contradiction> {
    let sides = LISTED.iter().flat_map(|[a, b]| [(a, b), (b, a)]);
    for (said, opposite) in sides {
        let own = find(answer, said).filter(|_| find(answer, opposite).is_none());
        let theirs = find(source, opposite).filter(|_| find(source, said).is_none());
        if let (Some(own), Some(theirs)) = (own, theirs)
            && own.is_negated == theirs.is_negated
        {
            let (claim, evidence) = (own.segment.text.clone(), theirs.segment.text.clone());
            return Some(Contradiction { claim, evidence });
        }
    }
    of_same(answer, source)
}

/// The same for a source that has both sides: what counts is the side that it says of what the answer names.
fn of_same(answer: &[Segment], source: &[Segment]) -> Option<Contradiction> {
    let sides = LISTED.iter().flat_map(|[a, b]| [(a, b), (b, a)]);
    for (said, opposite) in sides {
        let Some(own) = find(answer, said).filter(|_| find(answer, opposite).is_none()) else { continue };
        let is_word = |stem: &str| said.iter().chain(opposite).any(|word| stem.starts_with(word));
        let names = |segment: &Segment| {
            let mut shared = own.segment.stems.iter().filter(|stem| !is_word(stem));
            shared.any(|stem| segment.stems.iter().any(|s| s == stem))
        };
        let of_same: Vec<Segment> = source.iter().filter(|segment| names(segment)).cloned().collect();
        if find(&of_same, said).is_none()
            && let Some(theirs) = find(&of_same, opposite)
            && own.is_negated == theirs.is_negated
        {
            let (claim, evidence) = (own.segment.text.clone(), theirs.segment.text.clone());
            return Some(Contradiction { claim, evidence });
        }
    }
    None
}

/// A word where it stands, and whether it is negated there.
struct Found<'a> {
    segment: &'a Segment,
    is_negated: bool,
}

/// The segment that has one of these words: in English in any of its forms, in Korean as the beginning of one.
fn find<'a>(segments: &'a [Segment], side: &[&str]) -> Option<Found<'a>> {
    // 화재를 제외하고는 names an exception; nothing is left out of anything.
    const EXCEPT: [&str; 4] = ["제외하고", "제외하면", "빼고", "빼면"];
    let is_word = |word: &str, w: &str| {
        let w = w.trim_matches(|c: char| !c.is_alphanumeric()).to_lowercase();
        if EXCEPT.iter().any(|except| w.starts_with(except)) {
            return false;
        }
        if word.is_ascii() { english(&w) == english(word) } else { w.starts_with(word) }
    };
    segments.iter().find_map(|segment| {
        let mut words = segment.text.split_whitespace();
        let word = words.find_map(|w| side.iter().find(|word| is_word(word, w)))?;
        // The sign of 제외한다 is the word's own.
        let is_negated = segment.sign.is_negative() != NEGATIVE_WORDS.contains(word);
        Some(Found { segment, is_negated })
    })
}
