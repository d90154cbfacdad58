//! A few places of each kind where something was masked, for the report: the sentence as it reads now.

use std::collections::BTreeMap;

use data::privacy::{Entity, Masked, Masker};
use eval::report::MaskedExample;

/// Places kept a kind.
pub const MOST: usize = 3;

/// Characters shown on either side.
const SIDE: usize = 48;

/// The first places of each kind in the order of ids, whatever the order in which they come.
#[derive(Debug, Default)]
pub struct Places(BTreeMap<Entity, Vec<MaskedExample>>);

/// Shorter ids first, so that row 9 comes before row 10.
fn order(id: &str) -> (usize, &str) {
    (id.len(), id)
}

impl Places {
    /// Notes the places of a masked text. A row whose key is itself personal is passed over.
    pub fn note(&mut self, id: &str, masked: &Masked, masker: &Masker) {
        let (mut shift, mut seen) = (0isize, Vec::new());
        for span in &masked.spans {
            let start = span.range.start.saturating_add_signed(shift);
            shift += span.replacement.len() as isize - span.range.len() as isize;
            let place = self.0.entry(span.entity).or_default();
            let is_wanted =
                place.len() < MOST || place.last().is_some_and(|last| order(id) < order(&last.id));
            // One place of a kind in a row is enough.
            if !is_wanted || seen.contains(&span.entity) || place.iter().any(|known| known.id == id) {
                continue;
            }
            seen.push(span.entity);
            let key = id.rsplit_once('#').map_or(id, |(_, key)| key);
            if masker.mask(key).text != key {
                return;
            }
            let text = excerpt(&masked.text, start, start + span.replacement.len());
            place.push(MaskedExample { id: id.to_owned(), text });
            place.sort_by(|a, b| order(&a.id).cmp(&order(&b.id)));
            place.truncate(MOST);
        }
    }

    /// Adds the places of another thread.
    pub fn merge(&mut self, other: Self) {
        for (entity, places) in other.0 {
            let all = self.0.entry(entity).or_default();
            all.extend(places);
            all.sort_by(|a, b| order(&a.id).cmp(&order(&b.id)));
            all.truncate(MOST);
        }
    }

    /// All of them.
    pub fn into_iter(self) -> impl Iterator<Item = (Entity, Vec<MaskedExample>)> {
        self.0.into_iter().filter(|(_, places)| !places.is_empty())
    }
}

/// The sentence around a place, shortened on either side where it is long.
fn excerpt(text: &str, start: usize, end: usize) -> String {
    let mark = |is_cut| if is_cut { "…" } else { "" };
    let (mut from, mut cut_before) = (start, false);
    for (n, (at, c)) in text[..start].char_indices().rev().enumerate() {
        if n == SIDE {
            cut_before = true;
            break;
        }
        if ends_sentence(c, text[at + c.len_utf8()..].chars().next()) {
            break;
        }
        from = at;
    }
    let (mut to, mut cut_after) = (end, false);
    for (n, (at, c)) in text[end..].char_indices().enumerate() {
        if n == SIDE {
            cut_after = true;
            break;
        }
        if c == '\n' {
            break;
        }
        to = end + at + c.len_utf8();
        if ends_sentence(c, text[to..].chars().next()) {
            break;
        }
    }
    format!("{}{}{}", mark(cut_before), text[from..to].trim(), mark(cut_after))
}

/// Whether a sentence ends with `c` when `next` follows it.
fn ends_sentence(c: char, next: Option<char>) -> bool {
    c == '\n' || (matches!(c, '.' | '!' | '?') && next.is_none_or(char::is_whitespace))
}

#[cfg(test)]
mod tests {
    use data::privacy::MaskConfig;

    use super::*;

    fn places(rows: &[(&str, &str)]) -> Vec<(Entity, Vec<(String, String)>)> {
        let masker = Masker::new(MaskConfig::default()).unwrap();
        let mut places = Places::default();
        for (id, text) in rows {
            places.note(id, &masker.mask(text), &masker);
        }
        let pairs = |all: Vec<MaskedExample>| all.into_iter().map(|place| (place.id, place.text)).collect();
        places.into_iter().map(|(entity, all)| (entity, pairs(all))).collect()
    }

    #[test]
    fn the_sentence_is_shown_and_the_value_is_not() {
        let found = places(&[(
            "q#1",
            "주문이 늦어요. 010-1234-5678로 문자 주세요! 메일은 hong@example.com이고 번호는 010-9876-5432예요.",
        )]);
        let text = |text: &str| vec![("q#1".to_owned(), text.to_owned())];
        assert_eq!(
            found,
            [
                (Entity::Mobile, text("[전화번호]로 문자 주세요!")),
                (Entity::Email, text("메일은 [이메일]이고 번호는 [전화번호]예요.")),
            ]
        );
        let long = format!("{}연락처 010-1234-5678{}", "가".repeat(200), "나".repeat(200));
        let found = places(&[("q#1", &long)]);
        let text = &found[0].1[0].1;
        assert!(text.starts_with("…가") && text.ends_with("나…") && text.chars().count() < 120, "{text}");
    }

    #[test]
    fn the_first_rows_are_kept_whatever_the_order() {
        let row = |n: usize| (format!("q#{n}"), format!("{n}번 고객 연락처 010-1234-5678"));
        let all: Vec<_> = (1..40).map(row).collect();
        let ids = |order: &mut dyn Iterator<Item = &(String, String)>| {
            let rows: Vec<_> = order.map(|(id, text)| (id.as_str(), text.as_str())).collect();
            places(&rows)[0].1.iter().map(|(id, _)| id.clone()).collect::<Vec<_>>()
        };
        assert_eq!(ids(&mut all.iter()), ["q#1", "q#2", "q#3"]);
        assert_eq!(ids(&mut all.iter().rev()), ["q#1", "q#2", "q#3"]);
    }

    #[test]
    fn a_key_that_is_personal_is_not_shown() {
        assert_eq!(places(&[("q#010-1234-5678", "연락처는 010-1234-5678입니다.")]), []);
    }
}
