//! Finding chunks by what they say: BM25 over character n-grams, which needs no dictionary for Korean.
//!
//! Grams are two and three syllables of Hangul (blanks do not count, because Korean spacing is not agreed on), and
//! whole words and four letters of everything else. The score is Robertson and Zaragoza's ("The Probabilistic
//! Relevance Framework", 2009) with k₁ = 1.2, b = 0.75; ties go to the earlier text.

use std::collections::HashMap;

use super::text::{fold, is_hangul};

const K1: f32 = 1.2;
const B: f32 = 0.75;

/// A text that was found.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Hit {
    /// The text's place in what the index was made of.
    pub index: usize,
    /// BM25; above 0.
    pub score: f32,
}

/// An index over texts, built once and asked often.
#[derive(Debug)]
pub struct Retriever {
    /// Where each gram's postings stand.
    grams: HashMap<u64, std::ops::Range<u32>>,
    /// Text and what the gram adds to its score.
    postings: Vec<(u32, f32)>,
    n_texts: usize,
}

impl Retriever {
    /// An index over texts, in their order.
    pub fn new<T: AsRef<str>>(texts: &[T]) -> Self {
        let mut counts: Vec<(u64, u32, u32)> = Vec::new();
        let mut lengths = Vec::with_capacity(texts.len());
        for (text, at) in texts.iter().zip(0u32..) {
            let mut grams = grams(text.as_ref());
            lengths.push(grams.len() as f32);
            grams.sort_unstable();
            for run in grams.chunk_by(|a, b| a == b) {
                counts.push((run[0], at, run.len() as u32));
            }
        }
        counts.sort_unstable();
        let mean = (lengths.iter().sum::<f32>() / lengths.len().max(1) as f32).max(1.0);
        let mut index = Self { grams: HashMap::new(), postings: Vec::new(), n_texts: texts.len() };
        for run in counts.chunk_by(|a, b| a.0 == b.0) {
            let idf = idf(texts.len(), run.len());
            let from = index.postings.len() as u32;
            index.postings.extend(run.iter().map(|&(_, text, n)| {
                let norm = K1 * (1.0 - B + B * lengths[text as usize] / mean);
                (text, idf * n as f32 * (K1 + 1.0) / (n as f32 + norm))
            }));
            index.grams.insert(run[0].0, from..index.postings.len() as u32);
        }
        index
    }

    /// How many texts it holds.
    pub fn len(&self) -> usize {
        self.n_texts
    }

    /// Whether it holds none.
    pub fn is_empty(&self) -> bool {
        self.n_texts == 0
    }

    /// The `k` texts that match best, best first; only those that share a gram with the query.
    pub fn search(&self, query: &str, k: usize) -> Vec<Hit> {
        let mut grams = grams(query);
        grams.sort_unstable();
        grams.dedup();
        let mut scores = vec![0.0f32; self.n_texts];
        for gram in grams {
            let Some(range) = self.grams.get(&gram) else { continue };
            for &(text, score) in &self.postings[range.start as usize..range.end as usize] {
                scores[text as usize] += score;
            }
        }
        let mut hits: Vec<Hit> = scores
            .iter()
            .enumerate()
            .filter(|(_, score)| **score > 0.0)
            .map(|(index, &score)| Hit { index, score })
            .collect();
        let better = |a: &Hit, b: &Hit| b.score.total_cmp(&a.score).then(a.index.cmp(&b.index));
        if hits.len() > k && k > 0 {
            hits.select_nth_unstable_by(k - 1, better);
        }
        hits.truncate(k);
        hits.sort_by(better);
        hits
    }

    /// The place of a text among all texts by their match with the query, from 1; none where it does not match.
    pub fn rank(&self, query: &str, index: usize) -> Option<usize> {
        self.search(query, self.n_texts).iter().position(|hit| hit.index == index).map(|at| at + 1)
    }
}

fn idf(n_texts: usize, n_with: usize) -> f32 {
    (((n_texts - n_with) as f32 + 0.5) / (n_with as f32 + 0.5)).ln_1p()
}

/// The hashed n-grams of a text, in order, repeats included.
fn grams(text: &str) -> Vec<u64> {
    let text = fold(text);
    let mut out = Vec::with_capacity(text.len());
    let (mut hangul, mut word): (Vec<char>, Vec<char>) = (Vec::new(), Vec::new());
    for c in text.chars().flat_map(char::to_lowercase).chain([' ']) {
        if is_hangul(c) {
            end_word(&mut word, &mut out);
            hangul.push(c);
        } else if c.is_alphanumeric() {
            end_hangul(&mut hangul, &mut out);
            word.push(c);
        } else {
            end_word(&mut word, &mut out);
            if c != ' ' {
                end_hangul(&mut hangul, &mut out);
            }
        }
    }
    end_hangul(&mut hangul, &mut out);
    out
}

fn end_hangul(run: &mut Vec<char>, out: &mut Vec<u64>) {
    if run.len() == 1 {
        out.push(hash(run));
    }
    for n in [2, 3] {
        out.extend(run.windows(n).map(hash));
    }
    run.clear();
}

fn end_word(word: &mut Vec<char>, out: &mut Vec<u64>) {
    if word.is_empty() {
        return;
    }
    let stem: Vec<char> = super::text::words::english(&word.iter().collect::<String>()).chars().collect();
    out.push(hash(&stem) ^ 1);
    out.extend(word.windows(4).map(hash));
    word.clear();
}

fn hash(gram: &[char]) -> u64 {
    gram.iter().fold(gram.len() as u64, |h, &c| {
        let mixed = (h ^ u64::from(u32::from(c))).wrapping_mul(0x9E37_79B9_7F4A_7C15);
        mixed ^ (mixed >> 29)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_text_that_says_it_comes_first() {
        let texts = [
            "연차 유급휴가는 15일로 한다.",
            "출장비는 출장 후 7일 이내에 정산한다.",
            "Employees may telework two days a week.",
        ];
        let index = Retriever::new(&texts);
        for (query, want) in [
            ("연차유급휴가는 며칠인가요?", 0),
            ("출장 비용 정산은 언제까지", 1),
            ("how many telework days", 2),
            ("teleworking", 2),
        ] {
            assert_eq!(index.search(query, 3)[0].index, want, "{query}");
        }
        assert!(index.search("", 3).is_empty());
        assert!(index.search("xyz", 0).is_empty());
        assert_eq!(index.rank("출장비", 1), Some(1));
        assert!(Retriever::new::<&str>(&[]).search("연차", 5).is_empty());
    }

    #[test]
    fn ties_go_to_the_earlier_text() {
        let index = Retriever::new(&["병가", "병가", "휴직"]);
        let found: Vec<usize> = index.search("병가", 1).iter().map(|hit| hit.index).collect();
        assert_eq!(found, [0]);
    }
}
