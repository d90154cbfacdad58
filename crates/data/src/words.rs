//! Sets of words and of syllables that are asked for very often.

/// A fixed set of words.
#[derive(Debug)]
pub(crate) struct WordSet {
    /// Open addressing, at most half full; the empty word is a free place.
    slots: Vec<&'static str>,
}

impl WordSet {
    /// The set of the words; an empty word is left out.
    pub(crate) fn new(words: impl IntoIterator<Item = &'static str>) -> Self {
        let words: Vec<&'static str> = words.into_iter().filter(|w| !w.is_empty()).collect();
        let mut set = Self { slots: vec![""; (2 * words.len() + 1).next_power_of_two()] };
        for word in words {
            let slot = set.slot(word);
            set.slots[slot] = word;
        }
        set
    }

    /// Whether a word is in the set.
    pub(crate) fn contains(&self, word: &str) -> bool {
        !word.is_empty() && !self.slots[self.slot(word)].is_empty()
    }

    /// Where a word is, or would be.
    fn slot(&self, word: &str) -> usize {
        let mask = self.slots.len() - 1;
        let mut slot = (hash(word.as_bytes()) >> 32) as usize & mask;
        while !self.slots[slot].is_empty() && self.slots[slot] != word {
            slot = (slot + 1) & mask;
        }
        slot
    }
}

/// Both ends and the length of a word, mixed. Words that agree in them share a slot and are told apart there.
fn hash(word: &[u8]) -> u64 {
    let n = word.len();
    let ends = if let (Some(head), Some(tail)) = (word.first_chunk::<8>(), word.last_chunk::<8>()) {
        u64::from_le_bytes(*head) ^ u64::from_le_bytes(*tail).rotate_left(29)
    } else if let (Some(head), Some(tail)) = (word.first_chunk::<4>(), word.last_chunk::<4>()) {
        u64::from(u32::from_le_bytes(*head)) | u64::from(u32::from_le_bytes(*tail)) << 32
    } else {
        word.iter().fold(0, |h, &b| h << 8 | u64::from(b))
    };
    let mixed = (ends ^ n as u64).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    (mixed ^ (mixed >> 32)).wrapping_mul(0xBF58_476D_1CE4_E5B9)
}

/// A fixed set of Hangul syllables.
#[derive(Debug)]
pub(crate) struct Syllables([u64; 175]);

impl Syllables {
    /// The syllables of a text; it has no other characters.
    pub(crate) const fn of(text: &str) -> Self {
        let bytes = text.as_bytes();
        let mut bits = [0; 175];
        let mut i = 0;
        while i < bytes.len() {
            let c = ((bytes[i] & 0x0F) as u32) << 12
                | ((bytes[i + 1] & 0x3F) as u32) << 6
                | (bytes[i + 2] & 0x3F) as u32;
            let place = (c - 0xAC00) as usize;
            bits[place / 64] |= 1 << (place % 64);
            i += 3;
        }
        Self(bits)
    }

    /// Whether a character is one of them.
    pub(crate) fn contains(&self, c: char) -> bool {
        let place = (c as usize).wrapping_sub(0xAC00);
        self.0.get(place / 64).is_some_and(|bits| bits >> (place % 64) & 1 != 0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_told_apart() {
        let words = ["가", "가나", "은", "으로부터", "example", "서울특별시", "서울특별시 강남구"];
        let set = WordSet::new(words.into_iter().chain([""]));
        assert!(words.iter().all(|w| set.contains(w)));
        for other in ["", "나", "가나다", "으로", "examplf", "서울특별시 강북구", "서울특별자치시 강남구"]
        {
            assert!(!set.contains(other), "{other}");
        }
        assert!(!WordSet::new([]).contains("가"));
    }

    #[test]
    fn syllables() {
        static SET: Syllables = Syllables::of("가나힣");
        assert!("가나힣".chars().all(|c| SET.contains(c)));
        assert!("각힢a漢\u{D7A4}\u{10FFFF}".chars().all(|c| !SET.contains(c)));
    }
}
