//! The rows kept so far, found again by their bands.

use super::sketch::{N_BANDS, N_BINS, Sketch, gram_set, jaccard};

/// Rows looked at in one band. Templates shared by very many rows would otherwise cost a scan of them all.
const MAX_CANDIDATES: usize = 32;

/// Candidates whose similarity is measured exactly: the likeliest by their MinHash values.
const MAX_VERIFIED: usize = 3;

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
    /// Open addressing over all bands: a 32-bit tag of the band key, and the row + 1 (0 is free).
    slots: Vec<(u32, u32)>,
    n_used: usize,
    /// Folded texts of the kept rows, one after another.
    texts: String,
    /// Where each kept row's text ends, and its number.
    kept: Vec<(usize, u32)>,
    /// Each kept row's MinHash bytes.
    bytes: Vec<[u8; N_BINS]>,
}

impl Index {
    /// An index that calls texts of at least this similarity (0 to 1) duplicates.
    pub fn new(threshold: f64) -> Self {
        Self {
            threshold,
            slots: vec![(0, 0); 1 << 12],
            n_used: 0,
            texts: String::new(),
            kept: Vec::new(),
            bytes: Vec::new(),
        }
    }

    /// The best match among the rows kept so far, the earliest where several are equally similar;
    /// without one the row is kept under the number `row`.
    pub fn insert_unless_duplicate(&mut self, row: u32, sketch: &Sketch) -> Option<Match> {
        if let Some(found) = self.find(sketch) {
            return Some(found);
        }
        self.insert(row, sketch);
        None
    }

    /// Rows kept.
    pub fn len(&self) -> usize {
        self.kept.len()
    }

    /// Whether no row is kept.
    pub fn is_empty(&self) -> bool {
        self.kept.is_empty()
    }

    fn find(&self, sketch: &Sketch) -> Option<Match> {
        let mut candidates: Vec<u32> = Vec::new();
        for band in sketch.bands {
            self.each_in_band(band, |at| {
                if candidates.len() < MAX_CANDIDATES && !candidates.contains(&at) {
                    candidates.push(at);
                }
            });
        }
        // The likeliest first, the earlier of equals first.
        let agreement =
            |at: u32| self.bytes[at as usize].iter().zip(&sketch.bytes).filter(|(a, b)| a == b).count();
        let mut ranked: Vec<(std::cmp::Reverse<usize>, u32)> =
            candidates.into_iter().map(|at| (std::cmp::Reverse(agreement(at)), at)).collect();
        ranked.sort_unstable();
        let mut grams = None;
        let mut best: Option<Match> = None;
        for (_, at) in ranked.into_iter().take(MAX_VERIFIED) {
            let (text, row) = self.kept_row(at as usize);
            if *text == *sketch.folded {
                return Some(Match { row, similarity: 1.0 });
            }
            let grams = grams.get_or_insert_with(|| gram_set(&sketch.folded));
            let similarity = jaccard(grams, &gram_set(text));
            if similarity >= self.threshold && best.is_none_or(|b| similarity > b.similarity) {
                best = Some(Match { row, similarity });
            }
        }
        best
    }

    #[cfg(test)]
    pub(super) fn find_for_test(&self, sketch: &Sketch) -> Option<u32> {
        self.find(sketch).map(|found| found.row)
    }

    fn kept_row(&self, at: usize) -> (&str, u32) {
        let start = if at == 0 { 0 } else { self.kept[at - 1].0 };
        let (end, row) = self.kept[at];
        (&self.texts[start..end], row)
    }

    fn each_in_band(&self, band: u64, mut visit: impl FnMut(u32)) {
        let mask = self.slots.len() - 1;
        let mut slot = band as usize & mask;
        let mut n_visited = 0;
        while self.slots[slot].1 != 0 {
            if self.slots[slot].0 == tag(band) {
                visit(self.slots[slot].1 - 1);
                n_visited += 1;
                if n_visited == MAX_CANDIDATES {
                    break;
                }
            }
            slot = (slot + 1) & mask;
        }
    }

    fn insert(&mut self, row: u32, sketch: &Sketch) {
        if (self.n_used + N_BANDS) * 10 > self.slots.len() * 7 {
            self.grow();
        }
        let at = self.kept.len() as u32;
        self.texts.push_str(&sketch.folded);
        self.kept.push((self.texts.len(), row));
        self.bytes.push(sketch.bytes);
        for band in sketch.bands {
            self.place(band, at);
        }
    }

    /// Stores `at` under `band`, unless the band already leads to as many rows as are ever looked at.
    fn place(&mut self, band: u64, at: u32) {
        let mask = self.slots.len() - 1;
        let mut slot = band as usize & mask;
        let mut n_same = 0;
        while self.slots[slot].1 != 0 {
            n_same += usize::from(self.slots[slot].0 == tag(band));
            if n_same == MAX_CANDIDATES {
                return;
            }
            slot = (slot + 1) & mask;
        }
        self.slots[slot] = (tag(band), at + 1);
        self.n_used += 1;
    }

    /// Doubles the table. Bands are not stored whole, so they are made again from the kept texts.
    fn grow(&mut self) {
        let doubled = self.slots.len() * 2;
        self.slots.clear();
        self.slots.resize(doubled, (0, 0));
        self.n_used = 0;
        for at in 0..self.kept.len() {
            let bands = Sketch::of(self.kept_row(at).0).bands;
            for band in bands {
                self.place(band, at as u32);
            }
        }
    }
}

/// The upper half of a band key; the lower half picks the slot.
fn tag(band: u64) -> u32 {
    (band >> 32) as u32
}
