//! A text as a folded form and MinHash bands.

/// Bands of a sketch. A pair is found when it agrees in one of them.
pub(super) const N_BANDS: usize = 12;

/// MinHash values in a band: a pair of similarity 0.9 is missed with probability (1 − 0.9⁵)¹² < 10⁻⁴,
/// one of 0.8 with 0.8 %.
pub(super) const ROWS_PER_BAND: usize = 5;

/// MinHash values of a sketch.
pub(super) const N_BINS: usize = N_BANDS * ROWS_PER_BAND;

/// N-gram lengths in characters.
const GRAMS: std::ops::RangeInclusive<usize> = 3..=5;

/// What the index needs of a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sketch {
    /// The folded text, on which similarity is measured.
    pub(super) folded: Box<str>,
    /// One key a band.
    pub(super) bands: [u64; N_BANDS],
    /// One byte a MinHash value: two texts agree in about their similarity's share of them.
    pub(super) bytes: [u8; N_BINS],
    /// MinHash values that the text gave itself; the others are copies of them.
    pub(super) n_full: u8,
}

impl Sketch {
    /// The sketch of a text. Two texts that differ only in case, blanks and marks have the same sketch.
    pub fn of(text: &str) -> Self {
        let folded = fold(text);
        let mut bins = [u64::MAX; N_BINS];
        each_gram(&folded, |hash| {
            let bin = (((hash >> 32) * N_BINS as u64) >> 32) as usize;
            bins[bin] = bins[bin].min(hash);
        });
        let n_full = bins.iter().filter(|bin| **bin != u64::MAX).count() as u8;
        densify(&mut bins);
        let mut bands = [0; N_BANDS];
        for (band, key) in bands.iter_mut().enumerate() {
            *key = bins[band * ROWS_PER_BAND..][..ROWS_PER_BAND]
                .iter()
                .fold(band as u64 + 1, |key, bin| mix(key ^ bin.rotate_left(17)));
        }
        let bytes = bins.map(|bin| bin as u8);
        Self { folded: folded.into(), bands, bytes, n_full }
    }
}

/// Lower case, letters and digits only.
fn fold(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            'a'..='z' | '0'..='9' | '가'..='힣' => out.push(c),
            'A'..='Z' => out.push(c.to_ascii_lowercase()),
            c if c.is_ascii() => {}
            c if c.is_alphanumeric() => out.extend(c.to_lowercase()),
            _ => {}
        }
    }
    out
}

/// Calls `visit` with the hash of each 3-, 4- and 5-gram. A text shorter than three characters is one gram.
pub(super) fn each_gram(folded: &str, mut visit: impl FnMut(u64)) {
    let mut window = [0u64; *GRAMS.end()];
    let mut seen = 0;
    for c in folded.chars() {
        window.rotate_left(1);
        window[GRAMS.end() - 1] = u64::from(u32::from(c));
        seen += 1;
        let mut hash = 0;
        for n in 1..=(*GRAMS.end()).min(seen) {
            hash = (hash ^ window[GRAMS.end() - n]).wrapping_mul(0x9E37_79B9_7F4A_7C15).rotate_left(23);
            if GRAMS.contains(&n) {
                visit(mix(hash ^ n as u64));
            }
        }
    }
    if seen < *GRAMS.start() {
        let hash = folded
            .chars()
            .fold(0, |h: u64, c| (h ^ u64::from(u32::from(c))).wrapping_mul(0x9E37_79B9_7F4A_7C15));
        visit(mix(hash));
    }
}

/// Fills empty bins from full ones that a hash of the bin and the attempt picks, the same for every text.
fn densify(bins: &mut [u64; N_BINS]) {
    let full = *bins;
    if full.iter().all(|bin| *bin == u64::MAX) {
        return;
    }
    for (at, bin) in bins.iter_mut().enumerate().filter(|(_, bin)| **bin == u64::MAX) {
        let mut attempt = 0;
        while *bin == u64::MAX {
            attempt += 1;
            let from = mix((at as u64) << 32 | attempt) % N_BINS as u64;
            *bin = full[from as usize];
        }
    }
}

/// The finaliser of SplitMix64 (Steele, Lea and Flood 2014).
fn mix(mut x: u64) -> u64 {
    x = (x ^ (x >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    x = (x ^ (x >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    x ^ (x >> 31)
}

/// Jaccard similarity of the n-gram sets of two sketched texts, 0 to 1. Two texts without a letter are equal.
pub fn similarity(a: &Sketch, b: &Sketch) -> f64 {
    folded_similarity(&a.folded, &b.folded)
}

fn folded_similarity(a: &str, b: &str) -> f64 {
    if a == b { 1.0 } else { jaccard(&gram_set(a), &gram_set(b)) }
}

/// Jaccard similarity of two sorted sets, not both empty.
pub(super) fn jaccard(a: &[u64], b: &[u64]) -> f64 {
    let (mut i, mut j, mut shared) = (0, 0, 0usize);
    while i < a.len() && j < b.len() {
        match a[i].cmp(&b[j]) {
            std::cmp::Ordering::Less => i += 1,
            std::cmp::Ordering::Greater => j += 1,
            std::cmp::Ordering::Equal => {
                shared += 1;
                i += 1;
                j += 1;
            }
        }
    }
    shared as f64 / (a.len() + b.len() - shared) as f64
}

/// The hashes of a folded text's n-grams, sorted.
pub(super) fn gram_set(folded: &str) -> Vec<u64> {
    let mut grams = Vec::with_capacity(folded.len());
    each_gram(folded, |hash| grams.push(hash));
    grams.sort_unstable();
    grams.dedup();
    grams
}
