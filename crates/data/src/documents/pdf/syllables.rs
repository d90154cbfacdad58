//! Whether a blank stands between two syllables, from how texts are written: P(blank | three to the left, two to the
//! right), by counts that shrink towards those of shorter contexts.
//!
//! What is counted is the document itself.

use std::collections::HashMap;

use super::quick::Quick;

/// Contexts from the shortest to the longest: how many syllables to the left and to the right.
const CONTEXTS: [(usize, usize); 6] = [(1, 0), (0, 1), (1, 1), (2, 1), (1, 2), (3, 2)];

/// How many occurrences of a shorter context a longer one is weighed against.
const SHRINKAGE: f32 = 1.5;

/// What is counted as one: digits, Latin letters.
fn kind(character: char) -> char {
    match character {
        '0'..='9' => '0',
        'a'..='z' | 'A'..='Z' => 'a',
        c if c.is_whitespace() => ' ',
        c => c,
    }
}

/// A context as a number that tells it from the others.
fn key(context: usize, left: &[char], right: &[char]) -> u64 {
    // FNV-1a, 64 bits.
    let mut hash = 0xcbf2_9ce4_8422_2325_u64;
    let mut mix = |value: u32| {
        for byte in value.to_le_bytes() {
            hash = (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
        }
    };
    mix(context as u32);
    for c in left.iter().chain(['|'].iter()).chain(right) {
        mix(*c as u32);
    }
    hash ^ (hash >> 29)
}

/// The keys of a place, for each context that fits there. `left` is nearest last, `right` nearest first.
fn keys(left: &[char], right: &[char]) -> impl Iterator<Item = (usize, u64)> {
    keys_of(left, right, [true; 3])
}

/// The same for some of the contexts: the first, the second, all others.
fn keys_of(left: &[char], right: &[char], wanted: [bool; 3]) -> impl Iterator<Item = (usize, u64)> {
    let contexts = CONTEXTS.iter().enumerate().filter(move |(at, _)| wanted[(*at).min(2)]);
    contexts.filter_map(move |(at, &(l, r))| {
        let left = left.get(left.len().checked_sub(l)?..)?;
        Some((at, key(at, left, right.get(..r)?)))
    })
}

/// Each place of a text between two characters that are no blanks: what stands left and right, and whether a blank
/// does. Blanks further off are part of what stands there.
fn places(text: &str, mut each: impl FnMut(&[char], &[char], bool)) {
    let kinds: Vec<char> = text.chars().map(kind).collect();
    for at in 1..kinds.len() {
        if kinds[at] == ' ' || at + 1 > kinds.len() {
            continue;
        }
        let is_blank = kinds[at - 1] == ' ';
        let end = if is_blank { at - 1 } else { at };
        if end == 0 || kinds[end - 1] == ' ' {
            continue;
        }
        each(&kinds[end.saturating_sub(3)..end], &kinds[at..(at + 2).min(kinds.len())], is_blank);
    }
}

/// A place to decide: up to three characters to the left, up to two to the right.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Gap {
    left: Vec<char>,
    right: Vec<char>,
}

impl Gap {
    pub fn new(upper: &str, lower: &str) -> Self {
        let mut left: Vec<char> = upper.chars().rev().take(3).map(kind).collect();
        left.reverse();
        Self { left, right: lower.chars().take(2).map(kind).collect() }
    }
}

/// Counts of the contexts that are asked about.
#[derive(Debug, Default)]
pub(super) struct Syllables {
    counts: HashMap<u64, (u32, u32), Quick>,
    /// Which neighbours are asked about at all, so that most places of a text are passed over quickly.
    asked: Vec<bool>,
    blanks: u64,
    places: u64,
}

/// A small number for a pair of neighbours.
fn pair_class(left: char, right: char) -> usize {
    ((left as u32).wrapping_mul(0x9e37_79b1) ^ (right as u32).wrapping_mul(0x85eb_ca6b)) as usize >> 16
        & 0xffff
}

impl Syllables {
    /// Ready to learn what is needed for `gaps`.
    pub fn for_gaps<'g>(gaps: impl Iterator<Item = &'g Gap>) -> Self {
        let mut model = Self { asked: vec![false; 3 << 16], ..Self::default() };
        for gap in gaps {
            let (Some(&left), Some(&right)) = (gap.left.last(), gap.right.first()) else { continue };
            model.asked[pair_class(left, '\0')] = true;
            model.asked[(1 << 16) + pair_class('\0', right)] = true;
            model.asked[(2 << 16) + pair_class(left, right)] = true;
            for (_, key) in keys(&gap.left, &gap.right) {
                model.counts.insert(key, (0, 0));
            }
        }
        model
    }

    /// Counts a text.
    pub fn learn(&mut self, text: &str) {
        let Self { counts, asked, blanks, places: total } = self;
        places(text, |left, right, is_blank| {
            *total += 1;
            *blanks += u64::from(is_blank);
            let (Some(&l), Some(&r)) = (left.last(), right.first()) else { return };
            // The first two contexts are the neighbours alone; the others need both.
            let is_asked = [
                asked[pair_class(l, '\0')],
                asked[(1 << 16) + pair_class('\0', r)],
                asked[(2 << 16) + pair_class(l, r)],
            ];
            if is_asked == [false; 3] {
                return;
            }
            for (_, key) in keys_of(left, right, is_asked) {
                if let Some((blank, all)) = counts.get_mut(&key) {
                    *blank += u32::from(is_blank);
                    *all += 1;
                }
            }
        });
    }

    /// Whether nothing is asked about.
    pub fn is_idle(&self) -> bool {
        self.counts.is_empty()
    }

    /// The probability of a blank, from what stands around.
    pub fn blank(&self, gap: &Gap) -> f32 {
        let mut p = (self.blanks as f32 + 3.0) / (self.places as f32 + 10.0);
        for (_, key) in keys(&gap.left, &gap.right) {
            let (blank, all) = self.counts.get(&key).copied().unwrap_or((0, 0));
            p = (blank as f32 + SHRINKAGE * p) / (all as f32 + SHRINKAGE);
        }
        p
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_teaches_where_its_own_words_end() {
        let text = "국가는 국민의 권리를 보장한다. 국민의 의무는 법률로 정한다. 국가는 국민의 안전을 지킨다.";
        let (apart, inside) = (Gap::new("대한국가는", "국민의 자유"), Gap::new("모든 국", "민의 자유"));
        let mut model = Syllables::for_gaps([&apart, &inside].into_iter());
        model.learn(text);
        assert!(model.blank(&apart) > 0.5, "{}", model.blank(&apart));
        assert!(model.blank(&inside) < 0.5, "{}", model.blank(&inside));
    }
}
