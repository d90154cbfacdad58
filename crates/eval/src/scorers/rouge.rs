//! ROUGE (Lin 2004), computed as Python's `rouge_score` 0.1.2 does.
//!
//! Text is lowered, everything but `a–z` and `0–9` parts words, and words longer than three letters are
//! stemmed where that is asked for. It therefore sees nothing of Hangul; see [`super::rouge_ko`].

use std::collections::HashMap;
use std::hash::Hash;

use super::{Row, Scorer, porter};
use crate::text::number;

/// The settings of ROUGE.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Rouge {
    /// Whether words longer than three letters are stemmed.
    pub stem: bool,
}

/// Precision, recall and their harmonic mean, each from 0 to 1.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct RougeScore {
    /// Share of the prediction that is in the reference.
    pub precision: f64,
    /// Share of the reference that is in the prediction.
    pub recall: f64,
    /// Their harmonic mean.
    pub f: f64,
}

/// The four scores of an answer.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct RougeScores {
    /// Single words.
    pub rouge1: RougeScore,
    /// Pairs of words.
    pub rouge2: RougeScore,
    /// Longest common subsequence of the whole texts.
    pub rouge_l: RougeScore,
    /// Union of longest common subsequences over lines.
    pub rouge_l_sum: RougeScore,
}

impl Rouge {
    /// The words of a text.
    pub fn tokens(&self, text: &str) -> Vec<String> {
        let lowered = text.to_lowercase();
        let words = lowered.split(|c: char| !(c.is_ascii_lowercase() || c.is_ascii_digit()));
        words
            .filter(|word| !word.is_empty())
            .map(|word| if self.stem && word.len() > 3 { porter::stem(word) } else { word.to_owned() })
            .collect()
    }

    /// The scores of an answer; each score is of the reference where it is best.
    pub fn score(&self, prediction: &str, references: &[String]) -> RougeScores {
        score_with(|text| self.tokens(text), prediction, references)
    }
}

/// The scores under any tokenisation; the four of [`Rouge::score`].
pub(super) fn score_with<T: Hash + Eq>(
    tokens: impl Fn(&str) -> Vec<T>,
    prediction: &str,
    references: &[String],
) -> RougeScores {
    let whole = tokens(prediction);
    let lines = line_tokens(&tokens, prediction);
    let mut best: Option<RougeScores> = None;
    for reference in references {
        let scores = score_pair(&whole, &lines, &tokens(reference), &line_tokens(&tokens, reference));
        best = Some(match best {
            None => scores,
            Some(best) => RougeScores {
                rouge1: better(best.rouge1, scores.rouge1),
                rouge2: better(best.rouge2, scores.rouge2),
                rouge_l: better(best.rouge_l, scores.rouge_l),
                rouge_l_sum: better(best.rouge_l_sum, scores.rouge_l_sum),
            },
        });
    }
    best.unwrap_or_default()
}

fn better(first: RougeScore, second: RougeScore) -> RougeScore {
    if second.f > first.f { second } else { first }
}

fn line_tokens<T>(tokens: &impl Fn(&str) -> Vec<T>, text: &str) -> Vec<Vec<T>> {
    text.split('\n').filter(|line| !line.is_empty()).map(tokens).collect()
}

fn score_pair<T: Hash + Eq>(
    prediction: &[T],
    prediction_lines: &[Vec<T>],
    reference: &[T],
    reference_lines: &[Vec<T>],
) -> RougeScores {
    let mut known = HashMap::new();
    let prediction = number(&mut known, prediction);
    let reference = number(&mut known, reference);
    let prediction_lines: Vec<_> = prediction_lines.iter().map(|line| number(&mut known, line)).collect();
    let reference_lines: Vec<_> = reference_lines.iter().map(|line| number(&mut known, line)).collect();
    RougeScores {
        rouge1: n_gram_score(&prediction, &reference, 1),
        rouge2: n_gram_score(&prediction, &reference, 2),
        rouge_l: of_hits(common_subsequence_len(&reference, &prediction), prediction.len(), reference.len()),
        rouge_l_sum: lines_score(&prediction_lines, &reference_lines),
    }
}

fn of_hits(hits: usize, in_prediction: usize, in_reference: usize) -> RougeScore {
    let precision = hits as f64 / in_prediction.max(1) as f64;
    let recall = hits as f64 / in_reference.max(1) as f64;
    let f = if precision + recall > 0.0 { 2.0 * precision * recall / (precision + recall) } else { 0.0 };
    RougeScore { precision, recall, f }
}

fn n_gram_score(prediction: &[u32], reference: &[u32], n: usize) -> RougeScore {
    let mut left: HashMap<&[u32], usize> = HashMap::new();
    for gram in reference.windows(n) {
        *left.entry(gram).or_insert(0) += 1;
    }
    let mut hits = 0;
    for gram in prediction.windows(n) {
        if let Some(count) = left.get_mut(gram).filter(|count| **count > 0) {
            *count -= 1;
            hits += 1;
        }
    }
    let grams = |len: usize| (len + 1).saturating_sub(n);
    of_hits(hits, grams(prediction.len()), grams(reference.len()))
}

fn common_subsequence_len(a: &[u32], b: &[u32]) -> usize {
    let mut row = vec![0usize; b.len() + 1];
    for x in a {
        let mut diagonal = 0;
        for (j, y) in b.iter().enumerate() {
            let above = row[j + 1];
            row[j + 1] = if x == y { diagonal + 1 } else { above.max(row[j]) };
            diagonal = above;
        }
    }
    row[b.len()]
}

/// ROUGE-Lsum: for each line of the reference, the union of its common subsequences with all lines of
/// the prediction, where no word counts more often than it stands on either side.
fn lines_score(prediction: &[Vec<u32>], reference: &[Vec<u32>]) -> RougeScore {
    let mut left_in_prediction = counts(prediction);
    let mut left_in_reference = counts(reference);
    let mut hits = 0;
    for line in reference {
        let mut in_union = vec![false; line.len()];
        for other in prediction {
            mark_common_subsequence(line, other, &mut in_union);
        }
        for (word, _) in line.iter().zip(&in_union).filter(|(_, marked)| **marked) {
            let in_prediction = left_in_prediction.get_mut(word).filter(|count| **count > 0);
            let in_reference = left_in_reference.get_mut(word).filter(|count| **count > 0);
            if let (Some(p), Some(r)) = (in_prediction, in_reference) {
                *p -= 1;
                *r -= 1;
                hits += 1;
            }
        }
    }
    let len = |lines: &[Vec<u32>]| lines.iter().map(Vec::len).sum();
    of_hits(hits, len(prediction), len(reference))
}

fn counts(lines: &[Vec<u32>]) -> HashMap<u32, usize> {
    let mut counts = HashMap::new();
    for word in lines.iter().flatten() {
        *counts.entry(*word).or_insert(0) += 1;
    }
    counts
}

/// Marks the words of `reference` in one longest common subsequence. Which one is chosen matters for the
/// union: from the end, a match is taken, else the way goes left only where that is strictly better.
fn mark_common_subsequence(reference: &[u32], prediction: &[u32], marked: &mut [bool]) {
    let width = prediction.len() + 1;
    let mut lengths = vec![0u32; (reference.len() + 1) * width];
    for (i, x) in reference.iter().enumerate() {
        for (j, y) in prediction.iter().enumerate() {
            let (above, left) = (lengths[i * width + j + 1], lengths[(i + 1) * width + j]);
            lengths[(i + 1) * width + j + 1] =
                if x == y { lengths[i * width + j] + 1 } else { above.max(left) };
        }
    }
    let (mut i, mut j) = (reference.len(), prediction.len());
    while i > 0 && j > 0 {
        if reference[i - 1] == prediction[j - 1] {
            marked[i - 1] = true;
            i -= 1;
            j -= 1;
        } else if lengths[i * width + j - 1] > lengths[(i - 1) * width + j] {
            j -= 1;
        } else {
            i -= 1;
        }
    }
}

/// Share of the letters and digits of `texts` that ROUGE drops, in whole percent.
pub(super) fn unseen_percent<'a>(texts: impl IntoIterator<Item = &'a str>) -> u32 {
    let (mut seen, mut unseen) = (0u64, 0u64);
    for c in texts.into_iter().flat_map(str::chars).filter(|c| c.is_alphanumeric()) {
        if c.is_ascii() { seen += 1 } else { unseen += 1 }
    }
    (unseen * 100).checked_div(seen + unseen).unwrap_or(0) as u32
}

/// The f of each score and a row count, which add up.
pub(super) fn additive(scores: &RougeScores) -> Vec<f64> {
    vec![scores.rouge1.f, scores.rouge2.f, scores.rouge_l.f, scores.rouge_l_sum.f, 1.0]
}

/// Means in percent of what [`additive`] gave.
pub(super) fn means(sum: &[f64]) -> Vec<f64> {
    let rows = sum[sum.len() - 1].max(1.0);
    sum[..sum.len() - 1].iter().map(|f| 100.0 * f / rows).collect()
}

impl Scorer for Rouge {
    fn measures(&self) -> Vec<String> {
        ["rouge1", "rouge2", "rougeL", "rougeLsum"].map(str::to_owned).to_vec()
    }

    fn signature(&self, n_references: usize) -> String {
        let stem = if self.stem { "porter" } else { "none" };
        format!("nrefs:{n_references}|score:f|tok:a-z0-9|stem:{stem}|version:rouge_score-0.1.2")
    }

    fn statistics(&self, row: &Row) -> Vec<f64> {
        additive(&self.score(row.prediction, row.references))
    }

    fn scores(&self, sum: &[f64]) -> Vec<f64> {
        means(sum)
    }
}
