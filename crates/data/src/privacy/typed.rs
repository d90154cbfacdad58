//! Values that a row's typed columns declare personal, found in the texts of the same row.

use super::entity::Entity;
use super::names;
use super::particles::hangul_run;
use super::scan::Found;
use super::squeeze::{Squeezed, is_hangul, squeeze};

/// A value of a column that the recipe declares personal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Typed {
    /// What the column holds; [`Entity::Personal`] where the recipe does not say.
    pub entity: Entity,
    /// The value.
    pub value: String,
}

/// Every place of the view where a typed value stands.
pub(crate) fn find(view: &str, typed: &[Typed]) -> Vec<Found> {
    if typed.is_empty() {
        return Vec::new();
    }
    let squeezed = Squeezed::of(view);
    let mut found = Vec::new();
    for t in typed {
        let wanted = squeeze(&t.value);
        let n = wanted.chars().count();
        if n < 2 {
            continue;
        }
        for (at, _) in squeezed.text.match_indices(&wanted) {
            let from = squeezed.chars.partition_point(|p| p.at < at);
            if is_whole(view, &squeezed, from, from + n) {
                found.push(Found {
                    entity: t.entity,
                    start: squeezed.chars[from].start,
                    end: squeezed.chars[from + n - 1].end,
                });
            }
        }
    }
    found
}

/// How much punctuation and space may stand between two characters of one written value, in bytes.
const WIDEST_GAP: usize = 4;

/// Whether characters `from..to` are a value of their own: not a piece of a longer number or word,
/// nor scattered over a sentence.
pub(crate) fn is_whole(view: &str, squeezed: &Squeezed, from: usize, to: usize) -> bool {
    let chars = &squeezed.chars[from..to];
    let (start, end) = (chars[0].start, chars[chars.len() - 1].end);
    if chars
        .windows(2)
        .any(|w| w[1].start - w[0].end > WIDEST_GAP || view[w[0].end..w[1].start].contains("\n\n"))
    {
        return false;
    }
    let first = view[start..].chars().next().unwrap_or(' ');
    let last = view[..end].chars().next_back().unwrap_or(' ');
    let before = view[..start].chars().next_back().unwrap_or(' ');
    let after = view[end..].chars().next().unwrap_or(' ');
    if same_kind(before, first) && !is_hangul(first) || same_kind(last, after) && !is_hangul(last) {
        return false;
    }
    let value = &view[start..end];
    if value.chars().all(|c| c.is_ascii_digit() || c == ',' || c == '.') && value.contains(',') {
        return false;
    }
    // Short Korean values are also pieces of words: 이수 in 이수하다.
    if chars.len() <= 3 && value.chars().all(is_hangul) {
        let rest = hangul_run(&view[end..]);
        // 이수하고 is a verb, 이수와 a person.
        let verb = chars.len() == 2 && rest.starts_with(['하', '되', '해', '했', '된', '한', '됐']);
        return !is_hangul(before) && !verb && names::may_follow(rest);
    }
    true
}

fn same_kind(a: char, b: char) -> bool {
    (a.is_ascii_digit() && b.is_ascii_digit()) || (a.is_ascii_alphabetic() && b.is_ascii_alphabetic())
}
