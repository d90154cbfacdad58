//! Looks for known values in what is about to leave.
//!
//! Long values are looked for everywhere, however they are spaced and punctuated. Short ones are also
//! words and amounts: they are looked for in the outputs of the rows that carry them, and names also
//! wherever a name's context stands around them.

use std::collections::{HashMap, HashSet};
use std::hash::{BuildHasherDefault, Hasher};
use std::ops::Range;

use super::canonical;
use super::cues::Cues;
use super::entity::Entity;
use super::keyed::Secret;
use super::known::{HEAD, HEADS, KnownValues, ROW, VALUE};
use super::names;
use super::scan::Scan;
use super::squeeze::{Squeezed, is_hangul, squeeze};
use super::typed::is_whole;
use super::view::View;

/// A known value that stands in an output. It says where and of what shape, never which.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hit {
    /// What the value is.
    pub entity: Entity,
    /// Its byte range in the checked text.
    pub range: Range<usize>,
    /// Its shape: digits as 9, Hangul as 가, Latin letters as a; cut after 24 characters.
    pub shape: String,
}

/// What a sweep of one text found.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Swept {
    /// Known values, in order of place.
    pub hits: Vec<Hit>,
    /// Known values that the recipe's `keep` list allows.
    pub exempt: u64,
}

/// Fingerprints are already evenly spread.
#[derive(Debug, Default, Clone, Copy)]
struct AsIs(u64);

impl Hasher for AsIs {
    fn finish(&self) -> u64 {
        self.0
    }
    fn write(&mut self, bytes: &[u8]) {
        self.0 = bytes.iter().fold(self.0, |h, &b| h.rotate_left(8) ^ u64::from(b));
    }
    fn write_u64(&mut self, n: u64) {
        self.0 = n;
    }
}

type Prints<T> = HashMap<u64, T, BuildHasherDefault<AsIs>>;

/// Known values, arranged for looking.
#[derive(Debug)]
pub struct Sweep {
    secret: Secret,
    /// One bit for each value of a head's top bits.
    bits: Vec<u64>,
    heads: Prints<Vec<u16>>,
    long: Prints<Entity>,
    rows: Prints<Vec<(u64, u16, Entity)>>,
    names: HashSet<u64, BuildHasherDefault<AsIs>>,
    name_lens: Vec<u16>,
    keep: HashSet<String>,
}

const BITS: u32 = 20;

impl Sweep {
    /// A sweep for these values; `keep` is the recipe's list of values that may stand.
    pub fn new(known: &KnownValues, keep: &[String]) -> Self {
        let mut sweep = Self {
            secret: known.secret.clone(),
            bits: vec![0; 1 << (BITS - 6)],
            heads: Prints::default(),
            long: Prints::default(),
            rows: Prints::default(),
            names: HashSet::default(),
            name_lens: Vec::new(),
            keep: keep.iter().flat_map(|k| [squeeze(k), canonical(Entity::Mobile, k)]).collect(),
        };
        for value in known.long.values().iter() {
            let bit = value.head >> (64 - BITS);
            sweep.bits[(bit >> 6) as usize] |= 1 << (bit & 63);
            let lens = sweep.heads.entry(value.head).or_default();
            if !lens.contains(&value.n) {
                lens.push(value.n);
            }
            let entity = Entity::from_index(usize::from(value.entity)).unwrap_or(Entity::Personal);
            sweep.long.entry(value.value).or_insert(entity);
        }
        for value in known.short.values().iter() {
            let entity = Entity::from_index(usize::from(value.entity)).unwrap_or(Entity::Personal);
            sweep.rows.entry(value.row).or_default().push((value.value, value.n, entity));
            if entity == Entity::Person {
                sweep.names.insert(value.value);
                if !sweep.name_lens.contains(&value.n) {
                    sweep.name_lens.push(value.n);
                }
            }
        }
        sweep
    }

    /// Looks for known values in an output. `row` is the row it was made from, where there is one
    /// (a model's answer to nobody's question has none).
    pub fn check(&self, text: &str, row: Option<&str>) -> Swept {
        let view = View::of(text);
        let squeezed = Squeezed::of(view.text());
        let mut found: Vec<(Entity, usize, usize)> = Vec::new();
        self.long_values(view.text(), &squeezed, &mut found);
        if let Some(row) = row {
            self.values_of_row(view.text(), &squeezed, row, &mut found);
        }
        self.names_in_context(view.text(), &squeezed, &mut found);
        self.report(text, &view, found)
    }

    fn long_values(&self, view: &str, squeezed: &Squeezed, found: &mut Vec<(Entity, usize, usize)>) {
        if self.long.is_empty() {
            return;
        }
        let mut until = 0;
        for from in 0..squeezed.len().saturating_sub(HEAD - 1) {
            let place = squeezed.chars[from];
            if place.start < until || is_inside_word(view, place.start) {
                continue;
            }
            let Some(head) = squeezed.window(from, from + HEAD) else { break };
            let print = self.secret.hash(HEADS, head.as_bytes());
            let bit = print >> (64 - BITS);
            if self.bits[(bit >> 6) as usize] & (1 << (bit & 63)) == 0 {
                continue;
            }
            let Some(lens) = self.heads.get(&print) else { continue };
            let hit = lens.iter().rev().find_map(|&n| {
                let to = from + usize::from(n);
                let window = squeezed.window(from, to)?;
                let entity = *self.long.get(&self.secret.hash(VALUE, window.as_bytes()))?;
                let whole = is_whole(view, squeezed, from, to) || follows_country_code(view, place.start);
                whole.then(|| (entity, place.start, squeezed.chars[to - 1].end))
            });
            if let Some(hit) = hit {
                until = hit.2;
                found.push(hit);
            }
        }
    }

    fn values_of_row(
        &self,
        view: &str,
        squeezed: &Squeezed,
        row: &str,
        found: &mut Vec<(Entity, usize, usize)>,
    ) {
        let Some(values) = self.rows.get(&self.secret.hash(ROW, row.as_bytes())) else { return };
        let mut lens: Vec<u16> = values.iter().map(|v| v.1).collect();
        lens.sort_unstable();
        lens.dedup();
        for from in 0..squeezed.len() {
            for &n in &lens {
                let to = from + usize::from(n);
                let Some(window) = squeezed.window(from, to) else { continue };
                let print = self.secret.hash(VALUE, window.as_bytes());
                let known = values.iter().find(|v| v.0 == print && v.1 == n);
                if let Some(value) = known.filter(|_| is_whole(view, squeezed, from, to)) {
                    found.push((value.2, squeezed.chars[from].start, squeezed.chars[to - 1].end));
                }
            }
        }
    }

    fn names_in_context(&self, view: &str, squeezed: &Squeezed, found: &mut Vec<(Entity, usize, usize)>) {
        if self.names.is_empty() {
            return;
        }
        let mut cues: Option<Cues> = None;
        for from in 0..squeezed.len() {
            let start = squeezed.chars[from].start;
            if view[..start].chars().next_back().is_some_and(is_hangul) {
                continue;
            }
            for &n in &self.name_lens {
                let to = from + usize::from(n);
                let Some(window) = squeezed.window(from, to) else { continue };
                if !self.names.contains(&self.secret.hash(VALUE, window.as_bytes())) {
                    continue;
                }
                let end = squeezed.chars[to - 1].end;
                let scan = Scan::new(view, cues.get_or_insert_with(|| Cues::of(view)));
                if names::is_in_context(&scan, start, end) && is_whole(view, squeezed, from, to) {
                    found.push((Entity::Person, start, end));
                }
            }
        }
    }

    fn report(&self, text: &str, view: &View<'_>, mut found: Vec<(Entity, usize, usize)>) -> Swept {
        found.sort_by_key(|f| (f.1, std::cmp::Reverse(f.2)));
        let mut swept = Swept::default();
        let mut until = 0;
        for (entity, start, end) in found {
            if start < until {
                continue;
            }
            until = end;
            let value = &view.text()[start..end];
            if self.keep.contains(&canonical(entity, value)) {
                swept.exempt += 1;
                continue;
            }
            let range = view.original_range(start..end);
            let shape = shape(&text[range.clone()]);
            swept.hits.push(Hit { entity, range, shape });
        }
        swept
    }
}

/// Whether a place is inside a number or a Latin word, and not right behind a country code.
fn is_inside_word(view: &str, at: usize) -> bool {
    let bytes = view.as_bytes();
    let Some(before) = at.checked_sub(1).map(|i| bytes[i]) else { return false };
    let here = bytes[at];
    let same = (before.is_ascii_digit() && here.is_ascii_digit())
        || (before.is_ascii_alphabetic() && here.is_ascii_alphabetic());
    same && !follows_country_code(view, at)
}

fn follows_country_code(view: &str, at: usize) -> bool {
    let before = view[..at].trim_end_matches('0');
    before.ends_with("82") && !before[..before.len() - 2].ends_with(|c: char| c.is_ascii_digit() && c != '0')
}

fn shape(value: &str) -> String {
    let mut shape: String = value
        .chars()
        .take(24)
        .map(|c| match c {
            c if c.is_numeric() => '9',
            c if is_hangul(c) => '가',
            c if c.is_alphabetic() => 'a',
            c => c,
        })
        .collect();
    if value.chars().nth(24).is_some() {
        shape.push('…');
    }
    shape
}
