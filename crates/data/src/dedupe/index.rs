//! The rows kept so far, found again by their bands.

use std::cmp::Reverse;

use super::overlap::Overlap;
use super::sketch::{N_BANDS, N_BINS, Sketch};

/// Rows looked at in one band. Templates shared by very many rows would otherwise cost a scan of them all.
const MAX_CANDIDATES: usize = 32;

/// Candidates whose similarity is measured exactly: the likeliest by their MinHash values.
const MAX_VERIFIED: usize = 3;

/// From so many MinHash values of its own on, a text's agreement with another is a good estimate.
const MANY_FULL: u8 = 48;

/// The duplicate of an earlier row.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Match {
    /// The winner's number, as given to [`Index::insert_unless_duplicate`].
    pub row: u32,
    /// Jaccard similarity of the two texts' n-grams, 1 for texts that are equal when folded.
    pub similarity: f64,
}

/// Kept rows by band. Memory a row: 8 bytes for each of 12 bands (over the table's fill), 60 for the
/// MinHash bytes, and the folded text.
#[derive(Debug)]
pub struct Index {
    threshold: f64,
    /// Fewer equal MinHash bytes than these, and two texts are not that similar.
    least_agreement: u8,
    /// Open addressing over all bands: a 32-bit tag of the band key, and the row + 1 (0 is free). The tag's
    /// upper bits pick the slot.
    slots: Vec<(u32, u32)>,
    n_used: usize,
    /// Folded texts of the kept rows, one after another.
    texts: String,
    /// Characters of the longest of them.
    longest_text: usize,
    /// Where each kept row's text ends, and its number.
    kept: Vec<(usize, u32)>,
    /// Each kept row's MinHash bytes.
    bytes: Vec<[u8; N_BINS]>,
    overlap: Overlap,
}

impl Index {
    /// An index that calls texts of at least this similarity (0 to 1) duplicates.
    pub fn new(threshold: f64) -> Self {
        let mean = N_BINS as f64 * threshold;
        // Six standard deviations: one such pair in a thousand million is missed.
        let least = mean - 6.0 * (mean * (1.0 - threshold)).max(0.0).sqrt();
        Self {
            threshold,
            least_agreement: least.max(0.0) as u8,
            slots: vec![(0, 0); 1 << 12],
            n_used: 0,
            texts: String::new(),
            longest_text: 0,
            kept: Vec::new(),
            bytes: Vec::new(),
            overlap: Overlap::default(),
        }
    }

    /// The best match among the rows kept so far, the earliest where several are equally similar;
    /// without one the row is kept under the number `row`.
    pub fn insert_unless_duplicate(&mut self, row: u32, sketch: &Sketch) -> Option<Match> {
        let (matches, is_equal) = self.matches(sketch);
        let mut best = matches.last().copied().filter(|_| is_equal);
        for found in matches {
            if best.is_none_or(|b| found.similarity > b.similarity) {
                best = Some(found);
            }
        }
        if best.is_none() {
            self.insert(row, sketch);
        }
        best
    }

    /// Rows kept.
    pub fn len(&self) -> usize {
        self.kept.len()
    }

    /// Whether no row is kept.
    pub fn is_empty(&self) -> bool {
        self.kept.is_empty()
    }

    /// Kept rows that are similar enough, the likeliest first, and whether the last of them is equal when
    /// folded. Nothing is looked for behind an equal one.
    pub(super) fn matches(&mut self, sketch: &Sketch) -> (Vec<Match>, bool) {
        let mut matches = Vec::new();
        let mut is_loaded = false;
        for at in self.likeliest(sketch) {
            let (range, row) = self.kept_row(at as usize);
            let text = &self.texts[range];
            if *text == *sketch.folded {
                matches.push(Match { row, similarity: 1.0 });
                return (matches, true);
            }
            if !is_loaded {
                self.overlap.load(&sketch.folded, self.longest_text);
                is_loaded = true;
            }
            let similarity = self.overlap.jaccard(text);
            if similarity >= self.threshold {
                matches.push(Match { row, similarity });
            }
        }
        (matches, false)
    }

    /// The few candidates that are measured, the likeliest first, the earlier of equals first.
    fn likeliest(&self, sketch: &Sketch) -> Vec<u32> {
        let candidates = self.candidates(sketch);
        let least = if sketch.n_full < MANY_FULL { 0 } else { self.least_agreement };
        let mut ranked: Vec<(Reverse<u8>, u32)> = Vec::new();
        for at in candidates {
            let pairs = self.bytes[at as usize].iter().zip(&sketch.bytes);
            let agreement: u8 = pairs.map(|(a, b)| u8::from(a == b)).sum();
            if agreement >= least {
                ranked.push((Reverse(agreement), at));
            }
        }
        ranked.sort_unstable();
        ranked.into_iter().take(MAX_VERIFIED).map(|(_, at)| at).collect()
    }

    /// Kept rows that share a band.
    fn candidates(&self, sketch: &Sketch) -> Vec<u32> {
        let mut candidates = Vec::new();
        for band in sketch.bands {
            for at in self.in_band(band) {
                if !candidates.contains(&at) {
                    candidates.push(at);
                    if candidates.len() == MAX_CANDIDATES {
                        return candidates;
                    }
                }
            }
        }
        candidates
    }

    #[cfg(test)]
    pub(super) fn find_for_test(&mut self, sketch: &Sketch) -> Option<u32> {
        self.matches(sketch).0.last().map(|found| found.row)
    }

    /// Where a kept row's text is, and its number.
    fn kept_row(&self, at: usize) -> (std::ops::Range<usize>, u32) {
        let start = if at == 0 { 0 } else { self.kept[at - 1].0 };
        let (end, row) = self.kept[at];
        (start..end, row)
    }

    /// The first slot of a tag, and the mask of slot numbers.
    fn slot(&self, tag: u32) -> (usize, usize) {
        let mask = self.slots.len() - 1;
        (((u64::from(tag) * self.slots.len() as u64) >> 32) as usize, mask)
    }

    fn in_band(&self, band: u64) -> impl Iterator<Item = u32> {
        let tag = tag(band);
        let (slot, mask) = self.slot(tag);
        let slots = (slot..).map(move |slot| self.slots[slot & mask]).take_while(|(_, row)| *row != 0);
        slots.filter(move |(t, _)| *t == tag).map(|(_, row)| row - 1).take(MAX_CANDIDATES)
    }

    /// Keeps a row under the number `row`.
    pub(super) fn insert(&mut self, row: u32, sketch: &Sketch) {
        if (self.n_used + N_BANDS) * 10 > self.slots.len() * 7 {
            self.grow();
        }
        let at = self.kept.len() as u32;
        self.texts.push_str(&sketch.folded);
        self.longest_text = self.longest_text.max(sketch.folded.chars().count());
        self.kept.push((self.texts.len(), row));
        self.bytes.push(sketch.bytes);
        for band in sketch.bands {
            self.place(tag(band), at);
        }
    }

    /// Stores `at` under a tag, unless the tag already leads to as many rows as are ever looked at.
    fn place(&mut self, tag: u32, at: u32) {
        let (mut slot, mask) = self.slot(tag);
        let mut n_same = 0;
        while self.slots[slot].1 != 0 {
            n_same += usize::from(self.slots[slot].0 == tag);
            if n_same == MAX_CANDIDATES {
                return;
            }
            slot = (slot + 1) & mask;
        }
        self.slots[slot] = (tag, at + 1);
        self.n_used += 1;
    }

    /// Doubles the table. Tags keep their order, and so do the rows of one tag.
    fn grow(&mut self) {
        let doubled = vec![(0, 0); self.slots.len() * 2];
        let old = std::mem::replace(&mut self.slots, doubled);
        self.n_used = 0;
        // From a free slot on, so that no run of taken ones is entered in its middle.
        let free = old.iter().position(|(_, row)| *row == 0).unwrap_or(0);
        let (tail, head) = old.split_at(free);
        for &(tag, row) in head.iter().chain(tail).filter(|(_, row)| *row != 0) {
            self.place(tag, row - 1);
        }
    }
}

/// The upper half of a band key.
fn tag(band: u64) -> u32 {
    (band >> 32) as u32
}
