//! Many fixed words found in one pass over a text.
//!
//! A word is looked up by its first two characters, so most places of a text cost one look into a small
//! table, however many words there are.

/// Whether a character begins a word of two characters or more.
const PAIR: u8 = 1;
/// Whether a character is a word.
const ALONE: u8 = 2;
/// Hangul syllables, U+AC00 to U+D7A3.
const N_SYLLABLES: usize = 11_172;
const FIRST_SYLLABLE: u32 = 0xAC00;

/// Finds every occurrence of its words, overlapping ones too; ASCII letters match in any case.
#[derive(Debug)]
pub(crate) struct Finder {
    /// In order of bucket, then as given.
    words: Vec<Word>,
    /// Where each bucket's words begin, and where the last bucket's end.
    buckets: Vec<u16>,
    shift: u32,
    ascii: [u8; 128],
    syllables: Box<[u8]>,
    /// All other characters that begin a word.
    others: Vec<(u32, u8)>,
}

#[derive(Debug)]
struct Word {
    bytes: Box<[u8]>,
    number: u32,
    has_ascii_letter: bool,
}

impl Finder {
    /// A finder of words, which are numbered in the order in which they are given. Empty words are never found.
    pub(crate) fn new<W: AsRef<[u8]>>(words: &[W]) -> Self {
        let bits = (4 * words.len()).next_power_of_two().trailing_zeros().clamp(6, 15);
        let mut finder = Self {
            words: Vec::new(),
            buckets: Vec::new(),
            shift: 32 - bits,
            ascii: [0; 128],
            syllables: vec![0; N_SYLLABLES].into(),
            others: Vec::new(),
        };
        let mut placed: Vec<(usize, Word)> = Vec::new();
        for (number, word) in words.iter().map(AsRef::as_ref).enumerate().filter(|(_, w)| !w.is_empty()) {
            let (first, n) = decode(word, 0);
            let (second, bit) = if n < word.len() { (decode(word, n).0, PAIR) } else { (0, ALONE) };
            finder.mark(first, bit);
            let word = Word {
                bytes: word.into(),
                number: number as u32,
                has_ascii_letter: word.iter().any(u8::is_ascii_alphabetic),
            };
            placed.push((bucket(first, second, finder.shift), word));
        }
        placed.sort_by_key(|(bucket, _)| *bucket);
        finder.buckets = vec![0; (1 << bits) + 1];
        for (bucket, _) in &placed {
            finder.buckets[bucket + 1] += 1;
        }
        for i in 1..finder.buckets.len() {
            finder.buckets[i] += finder.buckets[i - 1];
        }
        finder.words = placed.into_iter().map(|(_, word)| word).collect();
        finder
    }

    fn mark(&mut self, first: u32, bit: u8) {
        let syllable = first.wrapping_sub(FIRST_SYLLABLE) as usize;
        if first < 128 {
            self.ascii[first as usize] |= bit;
        } else if syllable < N_SYLLABLES {
            self.syllables[syllable] |= bit;
        } else if let Some(other) = self.others.iter_mut().find(|(c, _)| *c == first) {
            other.1 |= bit;
        } else {
            self.others.push((first, bit));
        }
    }

    /// Calls `visit` with the number, the start and the end of every occurrence, ordered by start, and at
    /// one place in the order in which words of the same beginning were given.
    pub(crate) fn each(&self, text: &str, mut visit: impl FnMut(usize, usize, usize)) {
        let bytes = text.as_bytes();
        let mut at = 0;
        let mut character = if bytes.is_empty() { (0, 0) } else { decode(bytes, 0) };
        while at < bytes.len() {
            let (first, n) = character;
            let bits = self.bits(first);
            let has_next = at + n < bytes.len();
            if has_next {
                character = decode(bytes, at + n);
            }
            if bits & PAIR != 0 && has_next {
                let bucket = bucket(first, character.0, self.shift);
                if self.buckets[bucket] != self.buckets[bucket + 1] {
                    self.at(bytes, at, bucket, |word| word.bytes.len() > n, &mut visit);
                }
            }
            if bits & ALONE != 0 {
                let bucket = bucket(first, 0, self.shift);
                self.at(bytes, at, bucket, |word| word.bytes.len() == n, &mut visit);
            }
            at += n;
        }
    }

    fn bits(&self, first: u32) -> u8 {
        if let Some(&bits) = self.syllables.get(first.wrapping_sub(FIRST_SYLLABLE) as usize) {
            bits
        } else if first < 128 {
            self.ascii[first as usize]
        } else {
            self.others.iter().find(|(c, _)| *c == first).map_or(0, |(_, bits)| *bits)
        }
    }

    /// The words of one bucket that stand at a place. A word alone and longer ones may share a bucket.
    fn at(
        &self,
        bytes: &[u8],
        at: usize,
        bucket: usize,
        wanted: impl Fn(&Word) -> bool,
        visit: &mut impl FnMut(usize, usize, usize),
    ) {
        let words = usize::from(self.buckets[bucket])..usize::from(self.buckets[bucket + 1]);
        for word in self.words[words].iter().filter(|word| wanted(word)) {
            let end = at + word.bytes.len();
            let Some(found) = bytes.get(at..end) else { continue };
            let same = if word.has_ascii_letter {
                found.eq_ignore_ascii_case(&word.bytes)
            } else {
                *found == *word.bytes
            };
            if same {
                visit(word.number as usize, at, end);
            }
        }
    }
}

/// The character at a place of valid UTF-8, an ASCII letter in lower case, and how many bytes it takes.
#[inline(always)]
#[expect(clippy::inline_always, reason = "two calls for every character of every text")]
fn decode(bytes: &[u8], at: usize) -> (u32, usize) {
    let tail = |i: usize| u32::from(bytes[at + i] & 0x3F);
    match bytes[at] {
        b @ 0..=0x7F => (u32::from(b.to_ascii_lowercase()), 1),
        b @ 0xE0..=0xEF => (u32::from(b & 0x0F) << 12 | tail(1) << 6 | tail(2), 3),
        b @ 0x80..=0xDF => (u32::from(b & 0x1F) << 6 | tail(1), 2),
        b => (u32::from(b & 0x07) << 18 | tail(1) << 12 | tail(2) << 6 | tail(3), 4),
    }
}

#[inline]
fn bucket(first: u32, second: u32, shift: u32) -> usize {
    let mixed = first.wrapping_mul(0x9E37_79B1) ^ second.wrapping_mul(0x85EB_CA6B).rotate_left(15);
    (mixed.wrapping_mul(0xC2B2_AE35) >> shift) as usize
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(words: &[&str], text: &str) -> Vec<(usize, usize, usize)> {
        let mut all = Vec::new();
        Finder::new(words).each(text, |number, start, end| all.push((number, start, end)));
        all
    }

    #[test]
    fn every_occurrence_is_found() {
        assert_eq!(found(&["님", "고객", "고객님"], "고객님"), [(1, 0, 6), (2, 0, 9), (0, 6, 9)]);
        assert_eq!(found(&["Tel", "☎", "e"], "TEL ☎"), [(0, 0, 3), (2, 1, 2), (1, 4, 7)]);
        assert_eq!(found(&["가나", "가나"], "가나"), [(0, 0, 6), (1, 0, 6)]);
        assert_eq!(found(&["", "저 "], "저 "), [(1, 0, 4)]);
        assert_eq!(found(&["가나다"], "가나"), []);
        assert_eq!(found(&["📞", "ß", "éa"], "📞ßéA"), [(0, 0, 4), (1, 4, 6), (2, 6, 9)]);
        assert_eq!(found(&[], "가나"), []);
    }

    #[test]
    fn as_many_as_a_search_word_by_word_finds() {
        let pieces = ["가", "나", "a", "B", " ", "é", "漢"];
        let mut state = 1u64;
        let mut next = |n: usize| {
            state = state.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
            (state >> 33) as usize % n
        };
        for _ in 0..500 {
            let mut text = |n: usize| (0..n).map(|_| pieces[next(7)]).collect::<String>();
            let words: Vec<String> = (0..8).map(|i| text(1 + i % 4)).collect();
            let text = text(20);
            let (lower, mut n) = (text.to_ascii_lowercase(), 0);
            for word in words.iter().map(|w| w.to_ascii_lowercase()) {
                n += (0..lower.len())
                    .filter(|&i| lower.get(i..).is_some_and(|t| t.starts_with(&word)))
                    .count();
            }
            let words: Vec<&str> = words.iter().map(String::as_str).collect();
            assert_eq!(found(&words, &text).len(), n, "{words:?} in {text:?}");
        }
    }
}
