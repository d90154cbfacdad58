//! The exact similarity of one text to several others.

use super::sketch::each_gram;

/// A gram of the text that is compared (`of` is its number), or of the one it was last compared with (`seen`).
#[derive(Debug, Clone, Copy, Default)]
struct Slot {
    gram: u64,
    of: u32,
    seen: u32,
}

/// Counts the n-grams that texts have in common, in a table that serves text after text.
#[derive(Debug, Default)]
pub(super) struct Overlap {
    /// Open addressing, at most half full. What earlier comparisons left counts as free.
    slots: Vec<Slot>,
    text: u32,
    comparison: u32,
    n_grams: usize,
}

impl Overlap {
    /// Takes the text that others are compared with; none of them has more than `most_chars`.
    pub(super) fn load(&mut self, folded: &str, most_chars: usize) {
        // Three grams end at a character at most.
        let wanted = (2 * 3 * (folded.chars().count() + most_chars).max(1)).next_power_of_two();
        if self.slots.len() < wanted || self.text == u32::MAX {
            self.slots.clear();
            self.slots.resize(wanted, Slot::default());
            (self.text, self.comparison) = (0, 0);
        }
        self.text += 1;
        self.n_grams = 0;
        let mask = self.slots.len() - 1;
        each_gram(folded, |gram| {
            let mut at = gram as usize & mask;
            while self.slots[at].of == self.text {
                if self.slots[at].gram == gram {
                    return;
                }
                at = (at + 1) & mask;
            }
            self.slots[at] = Slot { gram, of: self.text, seen: 0 };
            self.n_grams += 1;
        });
    }

    /// Jaccard similarity of the n-gram sets of the loaded text and another, 0 to 1.
    pub(super) fn jaccard(&mut self, folded: &str) -> f64 {
        self.comparison += 1;
        let (mut shared, mut others) = (0usize, 0usize);
        let mask = self.slots.len() - 1;
        each_gram(folded, |gram| {
            let mut at = gram as usize & mask;
            loop {
                let slot = &mut self.slots[at];
                let (is_own, is_seen) = (slot.of == self.text, slot.seen == self.comparison);
                if !is_own && !is_seen {
                    *slot = Slot { gram, of: 0, seen: self.comparison };
                    others += 1;
                    return;
                }
                if slot.gram == gram {
                    if !is_seen {
                        slot.seen = self.comparison;
                        shared += 1;
                    }
                    return;
                }
                at = (at + 1) & mask;
            }
        });
        shared as f64 / (self.n_grams + others) as f64
    }
}

#[cfg(test)]
mod tests {
    use super::super::sketch::{gram_set, jaccard};
    use super::*;

    #[test]
    fn as_sorted_sets_say() {
        let texts =
            ["가나다라마바사", "가나다라마바", "나다라마바사아", "aaaaaaaa", "aaaa", "ab", "xyzxyzxyz", ""];
        let mut overlap = Overlap::default();
        for a in texts {
            overlap.load(a, 40);
            for b in texts {
                let want = jaccard(&gram_set(a), &gram_set(b));
                assert_eq!(overlap.jaccard(b), want, "{a} {b}");
            }
        }
    }
}
