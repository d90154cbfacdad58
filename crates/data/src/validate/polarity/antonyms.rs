//! Words that say the opposite of each other: 유급 and 무급, paid and unpaid.

use super::{Contradiction, Segment};
use crate::validate::text::words::listed;

const PAIRS: &str = include_str!("antonyms.txt");

/// The first pair of which the answer has one word and the source the other, both affirmed or both negated.
pub(super) fn differs(answer: &[Segment], source: &[Segment]) -> Option<Contradiction> {
    let lines = PAIRS.lines().filter(|line| !line.starts_with('#'));
    let pairs = lines.filter_map(|line| {
        let mut words = listed(line);
        words.next().zip(words.next())
    });
    for (a, b) in pairs {
        for (said, opposite) in [(a, b), (b, a)] {
            let own = find(answer, said).filter(|_| find(answer, opposite).is_none());
            let theirs = find(source, opposite).filter(|_| find(source, said).is_none());
            if let (Some(own), Some(theirs)) = (own, theirs)
                && own.sign.is_negative() == theirs.sign.is_negative()
            {
                return Some(Contradiction { claim: own.text.clone(), evidence: theirs.text.clone() });
            }
        }
    }
    None
}

/// The segment that has a word, as a whole English word or as the beginning of a Korean one.
fn find<'a>(segments: &'a [Segment], word: &str) -> Option<&'a Segment> {
    let is_word = |w: &str| {
        let w = w.trim_matches(|c: char| !c.is_alphanumeric());
        if word.is_ascii() { w.eq_ignore_ascii_case(word) } else { w.starts_with(word) }
    };
    segments.iter().find(|segment| segment.text.split_whitespace().any(is_word))
}
