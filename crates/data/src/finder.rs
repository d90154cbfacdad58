//! Many fixed words found in one pass over a text.
//!
//! A word is looked up by its first two characters, so most places of a text cost one look into a small
//! table, however many words there are.

/// Hangul syllables, U+AC00 to U+D7A3.
const N_SYLLABLES: usize = 11_172;
const FIRST_SYLLABLE: u32 = 0xAC00;
/// Bits of the filter: few enough to stay at hand, so many that hardly a pair passes by chance.
const FILTER_BITS: u32 = 16;

/// Finds every occurrence of its words, overlapping ones too; ASCII letters match in any case.
#[derive(Debug)]
pub(crate) struct Finder {
    /// In order of bucket, then as given.
    words: Vec<Word>,
    /// Where each bucket's words begin, and where the last bucket's end.
    buckets: Vec<u16>,
    shift: u32,
    /// One bit for each hash of two characters: whether a word may begin with them.
    filter: Box<[u64]>,
    /// Words of one character.
    alone: Alone,
}

/// Characters that are words.
#[derive(Debug)]
struct Alone {
    is_any: bool,
    ascii: [bool; 128],
    syllables: Box<[bool]>,
    others: Vec<u32>,
}

impl Alone {
    fn insert(&mut self, c: u32) {
        self.is_any = true;
        let syllable = c.wrapping_sub(FIRST_SYLLABLE) as usize;
        if c < 128 {
            self.ascii[c as usize] = true;
        } else if syllable < N_SYLLABLES {
            self.syllables[syllable] = true;
        } else {
            self.others.push(c);
        }
    }

    fn contains(&self, c: u32) -> bool {
        if let Some(&is_word) = self.syllables.get(c.wrapping_sub(FIRST_SYLLABLE) as usize) {
            is_word
        } else if c < 128 {
            self.ascii[c as usize]
        } else {
            self.others.contains(&c)
        }
    }
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
            filter: vec![0; 1 << (FILTER_BITS - 6)].into(),
            alone: Alone {
                is_any: false,
                ascii: [false; 128],
                syllables: vec![false; N_SYLLABLES].into(),
                others: Vec::new(),
            },
        };
        let mut placed: Vec<(usize, Word)> = Vec::new();
        for (number, word) in words.iter().map(AsRef::as_ref).enumerate().filter(|(_, w)| !w.is_empty()) {
            let (first, n) = decode(word, 0);
            let hash = if n < word.len() {
                let hash = pair(first, decode(word, n).0);
                let bit = (hash >> (32 - FILTER_BITS)) as usize;
                finder.filter[bit / 64] |= 1 << (bit % 64);
                hash
            } else {
                finder.alone.insert(first);
                pair(first, 0)
            };
            let word = Word {
                bytes: word.into(),
                number: number as u32,
                has_ascii_letter: word.iter().any(u8::is_ascii_alphabetic),
            };
            placed.push(((hash >> finder.shift) as usize, word));
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

    /// Calls `visit` with the number, the start and the end of every occurrence, ordered by start, and at
    /// one place in the order in which words of the same beginning were given.
    pub(crate) fn each(&self, text: &str, mut visit: impl FnMut(usize, usize, usize)) {
        let bytes = text.as_bytes();
        let mut at = 0;
        let mut character = if bytes.is_empty() { (0, 0) } else { decode(bytes, 0) };
        while at < bytes.len() {
            let (first, n) = character;
            if at + n < bytes.len() {
                character = decode(bytes, at + n);
                let hash = pair(first, character.0);
                let bit = (hash >> (32 - FILTER_BITS)) as usize;
                if self.filter[bit / 64] >> (bit % 64) & 1 != 0 {
                    self.at(bytes, at, hash, |word| word.bytes.len() > n, &mut visit);
                }
            }
            if self.alone.is_any && self.alone.contains(first) {
                self.at(bytes, at, pair(first, 0), |word| word.bytes.len() == n, &mut visit);
            }
            at += n;
        }
    }

    /// The words of one bucket that stand at a place. A word alone and longer ones may share a bucket.
    fn at(
        &self,
        bytes: &[u8],
        at: usize,
        hash: u32,
        wanted: impl Fn(&Word) -> bool,
        visit: &mut impl FnMut(usize, usize, usize),
    ) {
        let bucket = (hash >> self.shift) as usize;
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
#[expect(clippy::inline_always, reason = "a call for every character of every text")]
fn decode(bytes: &[u8], at: usize) -> (u32, usize) {
    let tail = |i: usize| u32::from(bytes[at + i] & 0x3F);
    let head = bytes[at];
    if head < 0x80 {
        (u32::from(head.to_ascii_lowercase()), 1)
    } else if head & 0xF0 == 0xE0 {
        (u32::from(head & 0x0F) << 12 | tail(1) << 6 | tail(2), 3)
    } else if head < 0xE0 {
        (u32::from(head & 0x1F) << 6 | tail(1), 2)
    } else {
        (u32::from(head & 0x07) << 18 | tail(1) << 12 | tail(2) << 6 | tail(3), 4)
    }
}

/// A hash of two characters, whose upper bits are the best ones.
#[inline]
fn pair(first: u32, second: u32) -> u32 {
    let mixed = first.wrapping_mul(0x9E37_79B1) ^ second.wrapping_mul(0x85EB_CA6B).rotate_left(15);
    mixed.wrapping_mul(0xC2B2_AE35)
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
