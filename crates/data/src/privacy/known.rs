//! What is known to be personal: every typed value and every find, as keyed hashes.
//!
//! The store holds no value, only fingerprints under the project's secret: of a value's letters and
//! digits, and of its first four of them, so that a sweep need not try every length at every place.

use super::address;
use super::canonical;
use super::entity::Entity;
use super::keyed::Secret;
use super::masker::Masked;
use super::sorted::Sorted;
use super::squeeze::squeeze;

/// Values of this many letters and digits are looked for in every output.
pub const LONG: usize = 6;
/// A longer value is known by its first so many letters and digits.
pub(crate) const LONGEST: usize = 64;
/// The letters and digits that a head's fingerprint covers.
pub(crate) const HEAD: usize = 4;

/// Purposes of the keyed hashes.
pub(crate) const VALUE: u64 = 0x5641;
pub(crate) const HEADS: u64 = 0x4845;
pub(crate) const ROW: u64 = 0x524f;

/// A long value's fingerprints.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Long {
    pub(crate) head: u64,
    pub(crate) value: u64,
    pub(crate) n: u16,
    pub(crate) entity: u16,
}

/// A short value's or a name's fingerprint, bound to the row that carries it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Short {
    pub(crate) row: u64,
    pub(crate) value: u64,
    pub(crate) n: u16,
    pub(crate) entity: u16,
}

/// Fingerprints of every known personal value.
#[derive(Debug, Clone)]
pub struct KnownValues {
    pub(crate) secret: Secret,
    pub(crate) long: Sorted<Long>,
    pub(crate) short: Sorted<Short>,
    ignored: u64,
}

impl KnownValues {
    /// None yet.
    pub fn new(secret: &Secret) -> Self {
        Self { secret: secret.clone(), long: Sorted::default(), short: Sorted::default(), ignored: 0 }
    }

    /// Adds the value of a column that the recipe declares personal.
    pub fn add_typed(&mut self, row: &str, entity: Entity, value: &str) {
        self.add(row, entity, value);
        // A column of numbers may hold text around them, and a name its parts.
        if entity == Entity::Person && value.split_whitespace().count() > 1 && value.is_ascii() {
            value.split_whitespace().filter(|w| w.len() > 2).for_each(|w| self.add(row, entity, w));
        }
    }

    /// Adds everything that was replaced in a text.
    pub fn observe(&mut self, row: &str, original: &str, masked: &Masked) {
        for span in masked.spans.iter().filter(|span| !span.is_part) {
            self.add(row, span.entity, &original[span.range.clone()]);
        }
    }

    /// Adds the values of another thread or source.
    pub fn merge(&mut self, other: Self) {
        self.long.merge(other.long);
        self.short.merge(other.short);
        self.ignored += other.ignored;
    }

    /// How many fingerprints there are.
    pub fn len(&self) -> usize {
        self.long.values().len() + self.short.values().len()
    }

    /// Whether nothing is known.
    pub fn is_empty(&self) -> bool {
        self.long.is_empty() && self.short.is_empty()
    }

    /// How many values were too slight to be looked for: one character, all the same, `없음`.
    pub fn ignored(&self) -> u64 {
        self.ignored
    }

    pub(crate) fn set_ignored(&mut self, ignored: u64) {
        self.ignored = ignored;
    }

    fn add(&mut self, row: &str, entity: Entity, value: &str) {
        let same = canonical(entity, value);
        if is_slight(&same) {
            self.ignored += 1;
            return;
        }
        self.add_squeezed(row, entity, &same);
        // A number may stand behind its country's code, without its zero.
        if let Some(rest) = same.strip_prefix('0').filter(|_| entity.is_numeric()) {
            self.add_squeezed(row, entity, rest);
        }
        if entity == Entity::Address {
            let detail = squeeze(address::without_region(value));
            if detail.chars().count() >= LONG && detail.bytes().any(|b| b.is_ascii_digit()) {
                self.add_squeezed(row, entity, &detail);
            }
        }
    }

    fn add_squeezed(&mut self, row: &str, entity: Entity, same: &str) {
        let n = same.chars().count();
        let cut = |n: usize| same.char_indices().nth(n).map_or(same, |(i, _)| &same[..i]);
        let entity = entity.index() as u16;
        if n >= LONG {
            let value = self.secret.hash(VALUE, cut(LONGEST).as_bytes());
            let head = self.secret.hash(HEADS, cut(HEAD).as_bytes());
            self.long.insert(Long { head, value, n: n.min(LONGEST) as u16, entity });
        } else {
            let row = self.secret.hash(ROW, row.as_bytes());
            let value = self.secret.hash(VALUE, same.as_bytes());
            self.short.insert(Short { row, value, n: n as u16, entity });
        }
    }
}

/// Values that say nothing: looking for them would find them everywhere.
fn is_slight(same: &str) -> bool {
    const WORDS: [&str; 22] = [
        "없음",
        "해당없음",
        "해당사항없음",
        "미입력",
        "미상",
        "비공개",
        "익명",
        "무명",
        "고객",
        "회원",
        "비회원",
        "테스트",
        "관리자",
        "본인",
        "상동",
        "null",
        "none",
        "na",
        "nan",
        "unknown",
        "test",
        "anonymous",
    ];
    let mut chars = same.chars();
    let Some(first) = chars.next() else { return true };
    chars.all(|c| c == first) || WORDS.contains(&same)
}
