//! Many fixed words found in one pass over a text.
//!
//! A word is looked up by its first two characters, so most places of a text cost one look into a small
//! table, however many words there are. Characters are not decoded for that, and no jump depends on how many
//! bytes one takes: Korean text changes between three and one every few characters.

/// Bits of a filter: few enough to stay at hand, so many that hardly a pair passes by chance.
const FILTER_BITS: u32 = 16;

/// Finds every occurrence of its words, overlapping ones too; ASCII letters match in any case.
#[derive(Debug)]
pub(crate) struct Finder {
    /// In order of bucket, then as given.
    words: Vec<Word>,
    /// Where each bucket's words begin, and where the last bucket's end.
    buckets: Vec<u16>,
    shift: u32,
    /// Two characters that a word may begin with.
    pairs: Filter,
    /// Characters that may be words.
    alone: Option<Filter>,
}

/// One bit for each hash.
#[derive(Debug)]
struct Filter(Box<[u64]>);

impl Filter {
    fn new() -> Self {
        Self(vec![0; 1 << (FILTER_BITS - 6)].into())
    }

    fn insert(&mut self, hash: u64) {
        let bit = (hash >> (64 - FILTER_BITS)) as usize;
        self.0[bit / 64] |= 1 << (bit % 64);
    }

    #[inline]
    fn may_have(&self, hash: u64) -> bool {
        let bit = (hash >> (64 - FILTER_BITS)) as usize;
        self.0[bit / 64] >> (bit % 64) & 1 != 0
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
            shift: 64 - bits,
            pairs: Filter::new(),
            alone: None,
        };
        let mut placed: Vec<(usize, Word)> = Vec::new();
        for (number, word) in words.iter().map(AsRef::as_ref).enumerate().filter(|(_, w)| !w.is_empty()) {
            let begin = Begin::at(word, 0);
            let hash = if begin.width < word.len() {
                finder.pairs.insert(begin.pair);
                begin.pair
            } else {
                finder.alone.get_or_insert_with(Filter::new).insert(begin.alone());
                begin.alone()
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
        while at < bytes.len() {
            let begin = Begin::at(bytes, at);
            if self.pairs.may_have(begin.pair) {
                self.at(bytes, at, begin.pair, |word| word.bytes.len() > begin.width, &mut visit);
            }
            if let Some(alone) = &self.alone
                && alone.may_have(begin.alone())
            {
                self.at(bytes, at, begin.alone(), |word| word.bytes.len() == begin.width, &mut visit);
            }
            at += begin.width;
        }
    }

    /// The words of one bucket that stand at a place. A word alone and longer ones may share a bucket.
    fn at(
        &self,
        bytes: &[u8],
        at: usize,
        hash: u64,
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

/// What stands at a character of a text.
struct Begin {
    /// A hash of it and the character after it, whose upper bits are the best ones.
    pair: u64,
    /// Up to eight bytes from there, ASCII letters in lower case.
    bytes: u64,
    /// How many of them are the character.
    width: usize,
}

impl Begin {
    /// At a character of valid UTF-8.
    #[inline(always)]
    #[expect(clippy::inline_always, reason = "a call for every character of every text")]
    fn at(text: &[u8], at: usize) -> Self {
        let bytes = lower(match text[at..].first_chunk() {
            Some(bytes) => u64::from_le_bytes(*bytes),
            None => text[at..].iter().rev().fold(0, |word, &byte| word << 8 | u64::from(byte)),
        });
        let width = width(bytes as u8);
        // Behind the end stands a zero, which is as wide as a letter.
        let both = width + self::width((bytes >> (8 * width)) as u8);
        Self { pair: hash(bytes & MASKS[both]), bytes, width }
    }

    fn alone(&self) -> u64 {
        hash(self.bytes & MASKS[self.width])
    }
}

/// The lowest so many bytes of a word.
const MASKS: [u64; 9] = {
    let mut masks = [u64::MAX; 9];
    let mut n = 0;
    while n < 8 {
        masks[n] = (1 << (8 * n)) - 1;
        n += 1;
    }
    masks
};

/// How many bytes a character takes that begins with this one.
#[inline]
fn width(first: u8) -> usize {
    const WIDTHS: [u8; 16] = [1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 2, 2, 3, 4];
    usize::from(WIDTHS[usize::from(first >> 4)])
}

/// Eight bytes with ASCII letters in lower case. Some marks change too, into marks: words that are looked up
/// are compared afterwards.
#[inline]
fn lower(bytes: u64) -> u64 {
    const ASCII: u64 = 0x8080_8080_8080_8080;
    bytes | (bytes & (ASCII >> 1) & !((bytes & ASCII) >> 1)) >> 1
}

#[inline]
fn hash(bytes: u64) -> u64 {
    bytes.wrapping_mul(0x9E37_79B9_7F4A_7C15)
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
