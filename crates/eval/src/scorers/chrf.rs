//! chrF and chrF++: F-score over character (and word) n-grams.
//!
//! Popović 2015 and 2017, computed as sacreBLEU 2.6 does with its defaults: blanks are left out, and
//! precision and recall are averaged over the orders that both sides have.

use std::collections::HashMap;

use super::{Row, Scorer};
use crate::text::python_words;

/// The settings of chrF.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Chrf {
    /// Longest character n-gram.
    pub char_order: usize,
    /// Longest word n-gram; 2 makes it chrF++.
    pub word_order: usize,
    /// How many times as much recall counts as precision.
    pub beta: u32,
    /// Whether case is ignored.
    pub lowercase: bool,
}

impl Default for Chrf {
    fn default() -> Self {
        Self { char_order: 6, word_order: 0, beta: 2, lowercase: false }
    }
}

/// Counts of one order: of the hypothesis, of the reference, of both.
type Counts = [f64; 3];

impl Chrf {
    /// The score of one answer, 0 to 100.
    pub fn sentence(&self, prediction: &str, references: &[String]) -> f64 {
        self.score(&self.counts(prediction, references))
    }

    /// The score of summed counts, three an order.
    fn score(&self, counts: &[f64]) -> f64 {
        let (mut precision, mut recall, mut orders) = (0.0, 0.0, 0.0);
        for order in counts.chunks_exact(3) {
            let [hypothesis, reference, matched] = [order[0], order[1], order[2]];
            if hypothesis > 0.0 && reference > 0.0 {
                precision += matched / hypothesis;
                recall += matched / reference;
                orders += 1.0;
            }
        }
        if orders == 0.0 || precision + recall == 0.0 {
            return 0.0;
        }
        let (precision, recall) = (precision / orders, recall / orders);
        let factor = f64::from(self.beta * self.beta);
        100.0 * ((1.0 + factor) * precision * recall / (factor * precision + recall))
    }

    /// Counts against the reference that gives the best score.
    fn counts(&self, prediction: &str, references: &[String]) -> Vec<f64> {
        let prediction = self.grams(prediction);
        let mut best = vec![0.0; 3 * (self.char_order + self.word_order)];
        let mut best_score = -1.0;
        for reference in references {
            let reference = self.grams(reference);
            let counts: Vec<f64> =
                prediction.iter().zip(&reference).flat_map(|(h, r)| match_counts(h, r)).collect();
            let score = self.score(&counts);
            if score > best_score {
                best_score = score;
                best = counts;
            }
        }
        best
    }

    /// How often which n-gram stands in a text, one map an order.
    fn grams(&self, text: &str) -> Vec<HashMap<Vec<char>, u32>> {
        let lowered;
        let text = if self.lowercase {
            lowered = text.to_lowercase();
            &lowered
        } else {
            text
        };
        let characters: Vec<char> = python_words(text).flat_map(str::chars).collect();
        let mut grams: Vec<_> = (1..=self.char_order).map(|n| count_windows(&characters, n)).collect();
        if self.word_order > 0 {
            let words = words_and_marks(text);
            grams.extend((1..=self.word_order).map(|n| count_word_windows(&words, n)));
        }
        grams
    }
}

fn count_windows(characters: &[char], n: usize) -> HashMap<Vec<char>, u32> {
    let mut counts = HashMap::new();
    for window in characters.windows(n) {
        match counts.get_mut(window) {
            Some(count) => *count += 1,
            None => {
                counts.insert(window.to_vec(), 1);
            }
        }
    }
    counts
}

fn count_word_windows(words: &[Vec<char>], n: usize) -> HashMap<Vec<char>, u32> {
    let mut counts = HashMap::new();
    for window in words.windows(n) {
        *counts.entry(window.join(&' ')).or_insert(0) += 1;
    }
    counts
}

fn match_counts(hypothesis: &HashMap<Vec<char>, u32>, reference: &HashMap<Vec<char>, u32>) -> Counts {
    let (mut total, mut matched) = (0u64, 0u64);
    for (gram, &count) in hypothesis {
        total += u64::from(count);
        matched += u64::from(reference.get(gram).map_or(0, |&r| r.min(count)));
    }
    // A hypothesis n-gram cannot be wrong where the reference has none of that order.
    let total = if reference.is_empty() { 0 } else { total };
    let of_reference: u64 = reference.values().map(|&c| u64::from(c)).sum();
    [total as f64, of_reference as f64, matched as f64]
}

/// Words with one ASCII punctuation mark split off: the last if there is one at the end, else the first.
fn words_and_marks(text: &str) -> Vec<Vec<char>> {
    let mut words = Vec::new();
    for word in python_words(text) {
        let mut word: Vec<char> = word.chars().collect();
        if word.len() > 1 && word[word.len() - 1].is_ascii_punctuation() {
            let mark = word.split_off(word.len() - 1);
            words.extend([word, mark]);
        } else if word.len() > 1 && word[0].is_ascii_punctuation() {
            let rest = word.split_off(1);
            words.extend([word, rest]);
        } else {
            words.push(word);
        }
    }
    words
}

impl Scorer for Chrf {
    fn measures(&self) -> Vec<String> {
        vec![format!("chrF{}{}", self.beta, "+".repeat(self.word_order))]
    }

    fn signature(&self, n_references: usize) -> String {
        let case = if self.lowercase { "lc" } else { "mixed" };
        format!(
            "nrefs:{n_references}|case:{case}|eff:yes|nc:{}|nw:{}|space:no|version:2.6.0",
            self.char_order, self.word_order
        )
    }

    fn statistics(&self, row: &Row) -> Vec<f64> {
        self.counts(row.prediction, row.references)
    }

    fn scores(&self, sum: &[f64]) -> Vec<f64> {
        vec![self.score(sum)]
    }
}
