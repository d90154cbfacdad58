//! Interviews to summarise: triples of question, answer and summary, in Korean and English.
//!
//! 1. A frame (`text/korean.txt`, `text/english.txt`) says a few key facts in the answer and again, in other words,
//!    in the summary. They meet under labels of the grammar.
//! 2. Around the key facts the answer opens, digresses with clauses of the same kind, and closes: a summary has to
//!    select, and the first sentence is never a key fact.
//! 3. People, firms, places, things and clauses are others in the test triples ([`Split::Test`]) than in those to train
//!    on: a model that repeats what it was trained on, and a search for the nearest row, tell the wrong facts.
//!
//! ```
//! use synth::interview::{Interviews, Split};
//!
//! let triple = Interviews::new(1, Split::Train).triple(0);
//! assert!(triple.summary.len() < triple.answer.len());
//! ```

mod measure;
mod write;

use std::ops::Range;

use crate::grammar::Grammar;
use crate::rng::Rng;

pub use measure::{Measures, measures};

/// Which triples.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Split {
    /// To train on.
    Train,
    /// To measure with.
    Test,
}

/// The language of a triple.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Language {
    /// Korean.
    Korean,
    /// English.
    English,
}

/// A question that was asked in an interview, the answer, and what it comes to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Triple {
    /// The interview: `job`, `customer`, `expert`, `oral`, `founder`, `exit`, `artist` or `athlete`.
    pub kind: &'static str,
    /// The language of all three texts.
    pub language: Language,
    /// What was asked.
    pub question: String,
    /// What was answered, 4 to 12 sentences.
    pub answer: String,
    /// One or two sentences that say what the answer says.
    pub summary: String,
    /// Places of slot values in question, answer and summary.
    slots: [Vec<Range<usize>>; 3],
}

/// The kinds of interview of a language, each with how often it is drawn and how many things are asked in it.
const KOREAN: [(&str, usize, usize); 8] = [
    ("job", 3, 2),
    ("customer", 3, 2),
    ("expert", 2, 1),
    ("oral", 2, 1),
    ("founder", 2, 2),
    ("exit", 2, 1),
    ("artist", 2, 1),
    ("athlete", 2, 1),
];
const ENGLISH: [(&str, usize, usize); 4] =
    [("job", 1, 1), ("customer", 1, 1), ("expert", 1, 1), ("founder", 1, 2)];

/// Korean triples in a hundred.
const KOREAN_PERCENT: u32 = 80;

/// The generator with a seed.
#[derive(Debug)]
pub struct Interviews {
    seed: u64,
    split: Split,
    grammar: Grammar,
}

impl Interviews {
    /// Triples of a seed.
    pub fn new(seed: u64, split: Split) -> Self {
        let phrases = match split {
            Split::Train => [include_str!("text/korean_train.txt"), include_str!("text/english_train.txt")],
            Split::Test => [include_str!("text/korean_test.txt"), include_str!("text/english_test.txt")],
        };
        let frames = [include_str!("text/korean.txt"), include_str!("text/english.txt")];
        let grammar = Grammar::parse(&[frames, phrases].concat())
            .expect("the grammar is part of the program and tested");
        Self { seed, split, grammar }
    }

    /// The `index`-th triple; each can be had without those before it.
    pub fn triple(&self, index: u64) -> Triple {
        let label = match self.split {
            Split::Train => "interview",
            Split::Test => "interview to test",
        };
        let mut rng = Rng::stream(self.seed, label, index);
        let language = if rng.percent(KOREAN_PERCENT) { Language::Korean } else { Language::English };
        let kinds: &[_] = if language == Language::Korean { &KOREAN } else { &ENGLISH };
        let mut draw = rng.below(kinds.iter().map(|(_, weight, _)| weight).sum());
        let (kind, _, topics) = *kinds
            .iter()
            .find(|(_, weight, _)| {
                let found = draw < *weight;
                draw = draw.wrapping_sub(*weight);
                found
            })
            .expect("the draw is below the sum of the weights");
        let topic = 1 + rng.below(topics);
        write::triple(&self.grammar, rng, language, kind, topic)
    }

    /// The first `n` triples, in which no summary and no answer stands twice.
    pub fn triples(&self, n: usize) -> Vec<Triple> {
        let mut seen = std::collections::HashSet::new();
        let is_new =
            |triple: &Triple| seen.insert(triple.summary.clone()) && seen.insert(triple.answer.clone());
        (0..).map(|index| self.triple(index)).filter(is_new).take(n).collect()
    }
}

/// Triples as CSV after RFC 4180, with the columns `kind`, `question`, `answer` and `summary`.
pub fn csv(triples: &[Triple]) -> String {
    let quoted = |text: &str| format!("\"{}\"", text.replace('"', "\"\""));
    let mut out = String::from("kind,question,answer,summary\n");
    for triple in triples {
        let cells = [&triple.question, &triple.answer, &triple.summary].map(|text| quoted(text));
        out += &format!("{},{}\n", triple.label(), cells.join(","));
    }
    out
}

impl Triple {
    /// Kind and language in one word: `job-ko`.
    pub fn label(&self) -> String {
        let language = if self.language == Language::Korean { "ko" } else { "en" };
        format!("{}-{language}", self.kind)
    }

    /// Question, answer and summary with the places of their slot values.
    fn parts(&self) -> [(&str, &[Range<usize>]); 3] {
        let texts = [&self.question, &self.answer, &self.summary];
        [0, 1, 2].map(|i| (texts[i].as_str(), self.slots[i].as_slice()))
    }
}
