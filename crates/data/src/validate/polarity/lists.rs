//! A list under a sentence: what the sentence says, it says of each item.

use super::{Segment, Sign};
use crate::validate::text::words::verb_root;

/// Nouns that end an item which is an act: 근무하는 행위.
const ACTS: [&str; 3] = ["행위", "것", "일"];

/// Whether a list belongs to a sentence.
pub(super) fn leads(sentence: &str) -> bool {
    sentence.split_whitespace().any(|word| word == "다음" || word.starts_with("다음의"))
}

/// Whether a line is an item rather than a sentence of its own.
pub(super) fn is_item(sentence: &str) -> bool {
    let text = sentence.trim_end_matches(|c: char| !c.is_alphanumeric());
    !text.ends_with('다') && !text.ends_with('요')
}

/// Whether a line is a heading, or an item that says nothing by itself: it ends like no sentence.
pub(super) fn is_heading(sentence: &str) -> bool {
    let ends = ['.', '!', ':', ';', ',', '"', ')', '다', '요', '음', '함', '됨', '임'];
    !sentence.trim_end().ends_with(ends)
}

/// Says of the last segment of an item what its list says of all: a negated list negates its items, an item that itself
/// negates is affirmed by it.
pub(super) fn inherit(item: &mut [Segment], lead: &Segment) {
    for segment in item {
        let is_nominal = segment.sign == Sign::Is && is_item(&segment.text);
        let words: Vec<&str> = segment.text.split_whitespace().collect();
        let last = words.last().copied().unwrap_or_default().trim_matches(|c: char| !c.is_alphanumeric());
        let act = words.iter().rev().nth(1).filter(|_| ACTS.contains(&last));
        if let Some(act) = act {
            segment.predicate = act_root(act);
        } else {
            segment.predicate.clone_from(&lead.predicate);
            segment.stems.extend(lead.stems.iter().cloned());
        }
        segment.context.extend(lead.stems.iter().cloned());
        segment.sign = match (lead.sign.is_negative(), segment.sign.is_negative()) {
            (true, true) => Sign::Must,
            (_, false) if is_nominal => lead.sign,
            _ => segment.sign,
        };
    }
}

/// The verb of 근무하는, 피우는.
fn act_root(word: &str) -> String {
    let word = word.trim_matches(|c: char| !c.is_alphanumeric());
    let short = ["는", "은"].iter().find_map(|ending| word.strip_suffix(ending)).unwrap_or(word);
    verb_root(word).unwrap_or(short).to_owned()
}
