//! ROUGE for Korean: the n-grams of [`super::rouge`] over two tokenisations that see Hangul.
//!
//! - `char`: every letter or digit is a token.
//! - `syllable`: particles come off the ends of words; then every Hangul syllable, every run of other
//!   letters and every run of digits is a token.

use unicode_normalization::UnicodeNormalization;

use super::korean::without_particle;
use super::rouge::{RougeScores, additive, means, score_with};
use super::{Row, Scorer};
use crate::text::is_hangul_syllable;

/// How Korean text is cut.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tokenisation {
    /// Letters and digits one by one.
    Char,
    /// Syllables of words without particles.
    Syllable,
}

impl Tokenisation {
    /// The tokens of a text, after NFKC and lowering.
    pub fn tokens(self, text: &str) -> Vec<String> {
        let text = text.nfkc().collect::<String>().to_lowercase();
        let words = text.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty());
        match self {
            Self::Char => words.flat_map(str::chars).map(String::from).collect(),
            Self::Syllable => words.flat_map(|word| syllables(without_particle(word))).collect(),
        }
    }

    /// The scores of an answer under this tokenisation; each is of the reference where it is best.
    pub fn score(self, prediction: &str, references: &[String]) -> RougeScores {
        score_with(|text| self.tokens(text), prediction, references)
    }
}

/// Hangul syllables one by one; runs of digits and runs of other letters whole.
fn syllables(word: &str) -> Vec<String> {
    #[derive(PartialEq, Clone, Copy)]
    enum Kind {
        Hangul,
        Digit,
        Letter,
    }
    let mut tokens: Vec<String> = Vec::new();
    let mut before = Kind::Hangul;
    for c in word.chars() {
        let kind = match c {
            c if is_hangul_syllable(c) => Kind::Hangul,
            c if c.is_numeric() => Kind::Digit,
            _ => Kind::Letter,
        };
        match tokens.last_mut() {
            Some(token) if kind != Kind::Hangul && kind == before => token.push(c),
            _ => tokens.push(c.to_string()),
        }
        before = kind;
    }
    tokens
}

/// The Korean ROUGE scorer: rouge1, rouge2 and rougeL under both tokenisations.
#[derive(Debug, Clone, Copy, Default)]
pub struct RougeKo;

impl Scorer for RougeKo {
    fn measures(&self) -> Vec<String> {
        ["char", "syllable"]
            .iter()
            .flat_map(|tokens| ["1", "2", "L"].map(|kind| format!("rouge{kind}-{tokens}")))
            .collect()
    }

    fn signature(&self, n_references: usize) -> String {
        format!("nrefs:{n_references}|score:f|tok:char,syllable-without-particle|norm:nfkc+lower|version:1")
    }

    fn statistics(&self, row: &Row) -> Vec<f64> {
        let mut sums = Vec::with_capacity(7);
        for tokens in [Tokenisation::Char, Tokenisation::Syllable] {
            sums.extend(&additive(&tokens.score(row.prediction, row.references))[..3]);
        }
        sums.push(1.0);
        sums
    }

    fn scores(&self, sum: &[f64]) -> Vec<f64> {
        means(sum)
    }
}
