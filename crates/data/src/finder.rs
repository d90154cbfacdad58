//! Many fixed words found in one pass over a text.
//!
//! At the beginning of every character eight bytes are read at once. The first two or three of them choose a
//! row of a small table, and a few bits of those behind them a bit of it that tells whether a word may begin
//! so. Most places of a text cost no more than that, however many words there are.

use std::collections::BTreeSet;

use crate::block;

/// Bits of a row's number: the rows stay at hand, and hardly two beginnings share one by chance.
const ROW_BITS: u32 = 11;
/// How many bytes are read at once.
const WIDTH: usize = 8;

/// Finds every occurrence of its words, overlapping ones too; ASCII letters match in any case.
#[derive(Debug)]
pub(crate) struct Finder {
    /// By the row of their beginning, then as given.
    words: Vec<Word>,
    /// Where each row's words begin, and where the last row's end.
    rows: Vec<u16>,
    /// For each row one bit for each value of [`Beginning::bit`]: whether a word may go on so.
    filter: Box<[u64; 1 << ROW_BITS]>,
    /// A byte with which no word begins: the blank, or one that is in no text.
    skipped: u8,
}

#[derive(Debug, Clone)]
struct Word {
    /// Its first bytes, folded, and which of the bytes read are its own.
    head: u64,
    mask: u64,
    number: u32,
    rest: Rest,
    bytes: Box<[u8]>,
}

/// What is to be compared where the head is a word's.
#[derive(Debug, Clone, Copy)]
enum Rest {
    /// Nothing: the head is all of it, and none of its bytes is folded.
    Nothing,
    /// The bytes.
    Bytes,
    /// The bytes, letters in any case.
    Letters,
}

impl Word {
    fn new(number: usize, word: &[u8]) -> Self {
        let mask = if word.len() < WIDTH { (1 << (8 * word.len())) - 1 } else { u64::MAX };
        let rest = if word.iter().any(u8::is_ascii_alphabetic) {
            Rest::Letters
        } else if word.len() <= WIDTH && !word.iter().any(u8::is_ascii) {
            Rest::Nothing
        } else {
            Rest::Bytes
        };
        Self { head: read_folded(word) & mask, mask, number: number as u32, rest, bytes: word.into() }
    }

    /// Where the word ends that begins at a place, if it stands there. `read` is what is read at the place.
    #[inline]
    fn end(&self, bytes: &[u8], at: usize, read: u64) -> Option<usize> {
        if read & self.mask != self.head {
            return None;
        }
        let end = at + self.bytes.len();
        let same = match self.rest {
            Rest::Nothing => true,
            Rest::Bytes => *bytes.get(at..end)? == *self.bytes,
            Rest::Letters => bytes.get(at..end)?.eq_ignore_ascii_case(&self.bytes),
        };
        same.then_some(end)
    }
}

/// What tells quickly whether a word may stand somewhere.
struct Beginning {
    /// By the first two bytes, or three where the first character has three or four.
    row: usize,
    /// By the lower two bits of each of the three bytes behind: 0 to 63.
    bit: u64,
}

impl Beginning {
    #[inline(always)]
    #[expect(clippy::inline_always, reason = "a call for every character of every text")]
    fn of(read: u64) -> Self {
        let read = if read & 0xFF < 0xE0 { read << 8 } else { read };
        let row = ((read & 0xFF_FFFF).wrapping_mul(0x9E37_79B9_7F4A_7C15) >> (64 - ROW_BITS)) as usize;
        let behind = read >> 24 & 0x03_03_03;
        Self { row, bit: (behind | behind >> 6 | behind >> 12) & 63 }
    }

    /// Every way in which a word may stand in a text: what follows a short word may be anything.
    fn of_word(word: &[u8]) -> (BTreeSet<usize>, u64) {
        let n_head = if word[0] < 0xE0 { 2 } else { 3 };
        let seconds = if word.len() < n_head { 0..=0xFF } else { word[1]..=word[1] };
        let mut longer = word.to_vec();
        let rows = seconds.map(|second| {
            longer.truncate(word.len());
            longer.resize(word.len().max(2), second);
            Self::of(read_folded(&longer)).row
        });
        let rows = rows.collect();
        let behind = word.get(n_head..).unwrap_or_default();
        let may_follow = |bit: &u64| {
            (0..)
                .step_by(2)
                .zip(behind.iter().take(3))
                .all(|(shift, byte)| bit >> shift & 3 == u64::from(fold(*byte) & 3))
        };
        (rows, (0..64).filter(may_follow).fold(0, |bits, bit| bits | 1 << bit))
    }
}

impl Finder {
    /// A finder of words, which are numbered in the order in which they are given. Empty words are never found.
    pub(crate) fn new<W: AsRef<[u8]>>(words: &[W]) -> Self {
        let mut filter = Box::new([0; 1 << ROW_BITS]);
        let mut placed: Vec<(usize, Word)> = Vec::new();
        for (number, word) in words.iter().map(AsRef::as_ref).enumerate().filter(|(_, w)| !w.is_empty()) {
            let (rows, bits) = Beginning::of_word(word);
            for row in rows {
                filter[row] |= bits;
                placed.push((row, Word::new(number, word)));
            }
        }
        placed.sort_by_key(|(row, _)| *row);
        let mut rows = vec![0; filter.len() + 1];
        for (row, _) in &placed {
            rows[row + 1] += 1;
        }
        for i in 1..rows.len() {
            rows[i] += rows[i - 1];
        }
        let begins_blank = words.iter().any(|word| word.as_ref().starts_with(b" "));
        let skipped = if begins_blank { 0xFF } else { b' ' };
        Self { words: placed.into_iter().map(|(_, word)| word).collect(), rows, filter, skipped }
    }

    /// Calls `visit` with the number, the start and the end of every occurrence, ordered by start, and at
    /// one place in the order in which the words were given.
    pub(crate) fn each(&self, text: &str, mut visit: impl FnMut(usize, usize, usize)) {
        let bytes = text.as_bytes();
        let mut spare = [0; block::BLOCK + WIDTH];
        for start in (0..bytes.len()).step_by(block::BLOCK) {
            let folded = block::window(bytes, start, &mut spare).map(fold);
            let mut places = self.places(&folded) & block::first(bytes.len() - start);
            while places != 0 {
                let place = places.trailing_zeros() as usize;
                places &= places - 1;
                let read = read(&folded[place..]);
                let beginning = Beginning::of(read);
                if self.filter[beginning.row] >> beginning.bit & 1 != 0 {
                    self.at(bytes, start + place, beginning.row, read, &mut visit);
                }
            }
        }
    }

    /// Where the characters begin with which a word may begin.
    #[inline]
    #[expect(clippy::needless_bitwise_bool, reason = "a jump would keep bytes from being looked at together")]
    fn places(&self, folded: &[u8; block::BLOCK + WIDTH]) -> u64 {
        let (block, _) = folded.split_first_chunk().expect("it is longer than a block");
        // Bytes behind the first of a character are 0x80 to 0xBF.
        block::bits(block, |b| (b.cast_signed() >= -0x40) & (b != self.skipped))
    }

    /// The words of one row that stand at a place.
    #[inline(never)]
    fn at(
        &self,
        bytes: &[u8],
        at: usize,
        row: usize,
        read: u64,
        visit: &mut impl FnMut(usize, usize, usize),
    ) {
        for word in &self.words[usize::from(self.rows[row])..usize::from(self.rows[row + 1])] {
            if let Some(end) = word.end(bytes, at, read) {
                visit(word.number as usize, at, end);
            }
        }
    }
}

/// The first eight bytes, the first the lowest.
#[inline]
fn read(bytes: &[u8]) -> u64 {
    match bytes.first_chunk() {
        Some(whole) => u64::from_le_bytes(*whole),
        None => bytes.iter().rev().fold(0, |read, &byte| read << 8 | u64::from(byte)),
    }
}

/// The first eight bytes of a word, folded.
fn read_folded(word: &[u8]) -> u64 {
    read(&word.iter().take(WIDTH).copied().map(fold).collect::<Vec<_>>())
}

/// ASCII letters in lower case. Other ASCII bytes change too, and some that differ become equal: what is told by
/// them is asked again of the bytes themselves.
#[inline]
fn fold(byte: u8) -> u8 {
    byte | (!byte & 0x80) >> 2
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
        assert_eq!(
            found(&["e", "ex", "e"], "eExe"),
            [(0, 0, 1), (2, 0, 1), (0, 1, 2), (1, 1, 3), (2, 1, 2), (0, 3, 4), (2, 3, 4)]
        );
        assert_eq!(found(&["가나", "가나"], "가나"), [(0, 0, 6), (1, 0, 6)]);
        assert_eq!(found(&["", "저 "], "저 "), [(1, 0, 4)]);
        assert_eq!(found(&["가나다"], "가나"), []);
        assert_eq!(found(&["📞", "ß", "éa"], "📞ßéA"), [(0, 0, 4), (1, 4, 6), (2, 6, 9)]);
        assert_eq!(found(&[], "가나"), []);
        assert_eq!(
            found(&["저 ", "a@b", "a ", "[at]"], "저 a`b a\0 {AT} 저\0[AT] A@B a"),
            [(0, 0, 4), (3, 20, 24), (1, 25, 28)]
        );
        assert_eq!(found(&["저 ", "a "], "저"), []);
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
