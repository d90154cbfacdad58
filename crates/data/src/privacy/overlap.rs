//! Which finds stand when several cover the same text.
//!
//! 1. Finds are taken in order of `Entity::rank`, then the longer first, then the earlier.
//! 2. A find that a taken one covers is dropped.
//! 3. A find that covers or crosses taken ones keeps its parts outside them that still hold a letter
//!    or digit, so that a wrong guess about one part never uncovers another.

use std::collections::BTreeMap;

use super::scan::Found;
use super::squeeze::is_word_char;

/// The finds that stand, in order of place, without overlaps.
pub(crate) fn resolve(text: &str, mut found: Vec<Found>) -> Vec<Found> {
    found.sort_by_key(|f| f.start);
    if found.windows(2).all(|pair| pair[0].end <= pair[1].start) && found.iter().all(|f| f.start < f.end) {
        return found;
    }
    found.sort_by_key(|f| (f.entity.rank(), std::cmp::Reverse(f.end - f.start), f.start));
    let mut taken: BTreeMap<usize, Found> = BTreeMap::new();
    for find in found {
        let parts = outside(&taken, find);
        let whole = parts.len() == 1 && parts[0] == find;
        let kept = parts.into_iter().filter(|p| whole || has_content(&text[p.start..p.end]));
        taken.extend(kept.map(|p| (p.start, p)));
    }
    taken.into_values().collect()
}

/// The parts of `find` outside the taken ones, which do not overlap.
fn outside(taken: &BTreeMap<usize, Found>, find: Found) -> Vec<Found> {
    let before = taken.range(..=find.start).next_back().map(|(_, t)| t.end);
    let mut at = find.start.max(before.unwrap_or(0));
    let mut parts = Vec::with_capacity(1);
    if at >= find.end {
        return parts;
    }
    for (_, t) in taken.range(at..find.end) {
        if at < t.start {
            parts.push(Found { start: at, end: t.start, ..find });
        }
        at = t.end;
    }
    if at < find.end {
        parts.push(Found { start: at, ..find });
    }
    parts
}

fn has_content(text: &str) -> bool {
    text.chars().filter(|&c| is_word_char(c)).take(2).count() == 2
}

#[cfg(test)]
mod tests {
    use super::super::entity::Entity;
    use super::*;

    fn find(entity: Entity, start: usize, end: usize) -> Found {
        Found { entity, start, end }
    }

    #[test]
    fn the_checkable_kind_wins() {
        let text = "0123456789abcdef";
        let kept = resolve(text, vec![find(Entity::Account, 0, 10), find(Entity::Card, 0, 10)]);
        assert_eq!(kept, [find(Entity::Card, 0, 10)]);
    }

    #[test]
    fn what_stands_out_stays_covered() {
        let text = "abcd0123456789efgh";
        let kept = resolve(text, vec![find(Entity::Address, 0, 18), find(Entity::Mobile, 4, 14)]);
        assert_eq!(
            kept,
            [find(Entity::Address, 0, 4), find(Entity::Mobile, 4, 14), find(Entity::Address, 14, 18)]
        );
    }
}
