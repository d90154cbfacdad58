//! Which finds stand when several cover the same text.
//!
//! 1. Finds are taken in order of `Entity::rank`, then the longer first, then the earlier.
//! 2. A find that a taken one covers is dropped.
//! 3. A find that covers or crosses taken ones keeps its parts outside them that still hold a letter
//!    or digit, so that a wrong guess about one part never uncovers another.

use super::scan::Found;

/// The finds that stand, in order of place, without overlaps.
pub(crate) fn resolve(text: &str, mut found: Vec<Found>) -> Vec<Found> {
    if found.len() < 2 {
        return found;
    }
    found.sort_by_key(|f| (f.entity.rank(), std::cmp::Reverse(f.end - f.start), f.start));
    let mut taken: Vec<Found> = Vec::with_capacity(found.len());
    for find in found {
        let mut rest = vec![find];
        for t in taken.iter().filter(|t| t.start < find.end && find.start < t.end) {
            rest = rest.into_iter().flat_map(|r| without(r, t)).collect();
        }
        let whole = rest.len() == 1 && rest[0] == find;
        taken.extend(rest.into_iter().filter(|r| whole || has_content(&text[r.start..r.end])));
    }
    taken.sort_by_key(|f| f.start);
    taken
}

/// The parts of `find` outside `taken`.
fn without(find: Found, taken: &Found) -> Vec<Found> {
    let mut parts = Vec::with_capacity(2);
    if find.start < taken.start {
        parts.push(Found { end: find.end.min(taken.start), ..find });
    }
    if find.end > taken.end {
        parts.push(Found { start: find.start.max(taken.end), ..find });
    }
    parts
}

fn has_content(text: &str) -> bool {
    text.chars().filter(|c| c.is_alphanumeric()).count() >= 2
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
