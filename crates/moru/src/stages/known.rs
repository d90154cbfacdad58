//! Personal values that are known to be in the sources, and the search for them in what leaves.
//!
//! Known are those that masking saw or a column declared, by fingerprint; and where the truth about an
//! example is at hand, those that were planted in it. What is found is told by kind and place, never as
//! a value.

use std::collections::{BTreeMap, HashMap};
use std::ops::Range;
use std::path::Path;

use aho_corasick::{AhoCorasick, MatchKind};
use data::privacy::{KnownValues, Secret, Sweep};
use synth::shop::Planted;

use super::{Names, privacy, shop};
use crate::project::Project;

/// A planted value of this many characters may stand nowhere; a shorter one may be a word or an amount.
const LONG_CHARS: usize = 6;

/// Everything that is looked for.
pub struct Known {
    /// What masking saw, by fingerprint.
    seen: Option<Sweep>,
    n_seen: u64,
    /// What was planted and may stand nowhere.
    anywhere: Option<AhoCorasick>,
    /// What each of them is.
    kinds: Vec<String>,
    /// Shorter planted values and names with what they are, by the row that carries them.
    of_row: HashMap<i64, Vec<(String, String)>>,
    n_planted: u64,
}

/// A known value in a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Find {
    /// What it is: a kind of personal data, or a pattern of the recipe.
    pub kind: String,
    /// Where it stands, in bytes.
    pub range: Range<usize>,
}

impl Known {
    /// What is known of a project whose rows are prepared.
    pub fn of(project: &Project, results: &pipeline::Project) -> anyhow::Result<Self> {
        let seen = results.output(Names::PREPARE, Names::KNOWN).ok();
        let planted = shop::planted(&project.folder)?.unwrap_or_default();
        Self::open(seen.as_deref(), &privacy::secret_bytes(project)?, keep(project), &planted)
    }

    /// Opens a store of fingerprints, and adds what was planted.
    pub fn open(
        seen: Option<&Path>,
        secret: &[u8],
        keep: &[String],
        planted: &[Planted],
    ) -> anyhow::Result<Self> {
        let seen = seen.map(|path| KnownValues::load(path, &Secret::new(secret))).transpose()?;
        let n_seen = seen.as_ref().map_or(0, KnownValues::len) as u64;
        let seen = seen.map(|known| Sweep::new(&known, keep));
        let mut anywhere: BTreeMap<String, String> = BTreeMap::new();
        let mut of_row: HashMap<i64, Vec<(String, String)>> = HashMap::new();
        for planted in planted {
            for needle in planted.needles() {
                if planted.entity != "person" && needle.chars().count() >= LONG_CHARS {
                    anywhere.insert(needle, planted.entity.clone());
                } else if is_of_inquiry(planted) {
                    of_row.entry(planted.row).or_default().push((needle, planted.entity.clone()));
                }
            }
        }
        // Of a value and its parts, the value is told.
        let automaton = |values| AhoCorasick::builder().match_kind(MatchKind::LeftmostLongest).build(values);
        let automaton = (!anywhere.is_empty()).then(|| automaton(anywhere.keys())).transpose()?;
        let kinds = anywhere.into_values().collect();
        Ok(Self { seen, n_seen, anywhere: automaton, kinds, of_row, n_planted: planted.len() as u64 })
    }

    /// Whether there is nothing to look for.
    pub fn is_empty(&self) -> bool {
        self.seen.is_none() && self.anywhere.is_none()
    }

    /// How many values are looked for. The truth counts them as they were planted; fingerprints stand for
    /// each value once.
    pub fn n_values(&self) -> u64 {
        if self.n_planted > 0 { self.n_planted } else { self.n_seen }
    }

    /// The known values in a text, in order of place, none inside another. `id` is the row that it was made
    /// from, where there is one: only there short values are looked for.
    pub fn finds(&self, text: &str, id: Option<&str>) -> Vec<Find> {
        let mut finds: Vec<Find> = Vec::new();
        let mut push = |kind: &str, range: Range<usize>| finds.push(Find { kind: kind.to_owned(), range });
        for hit in self.seen.iter().flat_map(|seen| seen.check(text, id).hits) {
            push(hit.entity.name(), hit.range);
        }
        for found in self.anywhere.iter().flat_map(|anywhere| anywhere.find_iter(text)) {
            push(&self.kinds[found.pattern().as_usize()], found.range());
        }
        let row = id.and_then(row_key).and_then(|row| self.of_row.get(&row));
        for (value, kind) in row.into_iter().flatten() {
            for (start, value) in text.match_indices(value.as_str()) {
                push(kind, start..start + value.len());
            }
        }
        finds.sort_by_key(|find| (find.range.start, std::cmp::Reverse(find.range.end)));
        let mut until = 0;
        finds.retain(|find| {
            let is_apart = find.range.start >= until;
            until = until.max(find.range.end);
            is_apart
        });
        finds
    }
}

/// The recipe's list of values that may stand.
fn keep(project: &Project) -> &[String] {
    &project.resolved().prepare.mask.keep
}

/// Whether the row of the planted value is the inquiry's, whose key the examples carry.
fn is_of_inquiry(planted: &Planted) -> bool {
    planted.table == "inquiries"
}

fn row_key(id: &str) -> Option<i64> {
    id.rsplit_once('#')?.1.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_value_is_found_once_wherever_it_is_known_from() {
        let planted = |row, table: &str, entity: &str, value: &str| Planted {
            row,
            table: table.into(),
            column: "body".into(),
            entity: entity.into(),
            value: value.into(),
        };
        let known = Known::open(
            None,
            b"secret",
            &[],
            &[
                planted(1, "inquiries", "mobile", "010-2345-6789"),
                planted(1, "inquiries", "person", "김서연"),
                planted(2, "customers", "person", "박지호"),
                planted(2, "inquiries", "address", "서울 마포구 솔밭로 12, 101동 1203호"),
            ],
        )
        .unwrap();
        let kinds = |text: &str, id| -> Vec<String> {
            known.finds(text, id).into_iter().map(|find| find.kind).collect()
        };
        assert_eq!(known.n_values(), 4);
        assert_eq!(kinds("김서연입니다, 01023456789", None), ["mobile"]);
        assert_eq!(kinds("김서연입니다, 010-2345-6789", Some("inquiries#1")), ["person", "mobile"]);
        assert_eq!(kinds("서울 마포구 솔밭로 12, 101동 1203호로", None), ["address"], "not its parts again");
        assert_eq!(kinds("솔밭로 12, 뒷문", Some("inquiries#2")), ["address"]);
        assert_eq!(kinds("박지호님께", Some("inquiries#2")), Vec::<String>::new());
        assert_eq!(kinds("010-2345-678", Some("inquiries#1")), Vec::<String>::new());
    }
}
