//! What the triples are like: how varied, how much of the test stands in the training, and what a summary that takes
//! the first sentence would be worth.

use std::collections::HashSet;

use super::{Language, Triple};
use crate::grammar::mask;
use crate::korean::{ParticleReport, check_particles};
use crate::nano::sentences;

/// Measures of triples to train on beside those to test with.
#[derive(Debug, Clone, PartialEq)]
pub struct Measures {
    /// Triples to train on.
    pub train: usize,
    /// Triples to test with.
    pub test: usize,
    /// Those of either that are Korean.
    pub korean: usize,
    /// Sentences of all texts to train on.
    pub sentences: usize,
    /// Share of them that are distinct when digits and slot values are masked.
    pub distinct: f64,
    /// Share of the summaries to train on that are distinct when digits and slot values are masked.
    pub distinct_summaries: f64,
    /// Whether particles agree, in all texts.
    pub particles: ParticleReport,
    /// Test summaries that stand verbatim in the training.
    pub verbatim_summaries: usize,
    /// Share of the sentences of test answers that stand verbatim in the training.
    pub verbatim_sentences: f64,
    /// Fewest and most sentences of an answer.
    pub answer_sentences: (usize, usize),
    /// Characters of an answer, on average.
    pub answer_characters: f64,
    /// Characters of a summary, on average.
    pub summary_characters: f64,
    /// Words of a summary that stand in its answer, in percent of all, on average.
    pub words_of_answer: f64,
    /// The same for the first sentence of the answer alone.
    pub words_of_lead: f64,
}

/// The sentences of a text, as they are and masked.
fn cut<'t>(text: &'t str, slots: &[std::ops::Range<usize>]) -> Vec<(&'t str, String)> {
    let masked = |s: &std::ops::Range<usize>| {
        let inside: Vec<_> = slots
            .iter()
            .filter(|v| v.start >= s.start && v.end <= s.end)
            .map(|v| v.start - s.start..v.end - s.start)
            .collect();
        mask(&text[s.clone()], &inside)
    };
    sentences(text).iter().map(|s| (&text[s.clone()], masked(s))).collect()
}

/// Words of a text, of a Korean one the first two syllables: endings and particles differ.
fn stems(text: &str, language: Language) -> HashSet<String> {
    let words = text.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty());
    let most = if language == Language::Korean { 2 } else { usize::MAX };
    words.map(|word| word.to_lowercase().chars().take(most).collect()).collect()
}

fn share(part: usize, all: usize) -> f64 {
    part as f64 / all.max(1) as f64
}

/// Measures triples.
pub fn measures(train: &[Triple], test: &[Triple]) -> Measures {
    let (mut all, mut distinct, mut verbatim) = (0, HashSet::new(), HashSet::new());
    let (mut particles, mut summaries) = (ParticleReport::default(), HashSet::new());
    for triple in train {
        for (text, slots) in triple.parts() {
            for (sentence, masked) in cut(text, slots) {
                all += 1;
                distinct.insert(masked);
                verbatim.insert(sentence);
            }
        }
        summaries.insert(mask(&triple.summary, triple.parts()[2].1));
    }
    let both = || train.iter().chain(test);
    for triple in both().filter(|triple| triple.language == Language::Korean) {
        triple.parts().iter().for_each(|(text, _)| particles.add(&check_particles(text)));
    }
    let known: HashSet<&str> = train.iter().map(|triple| triple.summary.as_str()).collect();
    let spoken: Vec<&str> =
        test.iter().flat_map(|t| cut(&t.answer, t.parts()[1].1)).map(|(sentence, _)| sentence).collect();
    let lengths = || both().map(|triple| sentences(&triple.answer).len());
    let mean = |of: &dyn Fn(&Triple) -> f64| both().map(of).sum::<f64>() / both().count().max(1) as f64;
    let held = |triple: &Triple, text: &str| {
        let (wanted, there) = (stems(&triple.summary, triple.language), stems(text, triple.language));
        100.0 * share(wanted.intersection(&there).count(), wanted.len())
    };
    Measures {
        train: train.len(),
        test: test.len(),
        korean: both().filter(|triple| triple.language == Language::Korean).count(),
        sentences: all,
        distinct: share(distinct.len(), all),
        distinct_summaries: share(summaries.len(), train.len()),
        particles,
        verbatim_summaries: test.iter().filter(|triple| known.contains(triple.summary.as_str())).count(),
        verbatim_sentences: share(spoken.iter().filter(|s| verbatim.contains(**s)).count(), spoken.len()),
        answer_sentences: (lengths().min().unwrap_or(0), lengths().max().unwrap_or(0)),
        answer_characters: mean(&|triple| triple.answer.chars().count() as f64),
        summary_characters: mean(&|triple| triple.summary.chars().count() as f64),
        words_of_answer: mean(&|triple| held(triple, &triple.answer)),
        words_of_lead: mean(&|triple| {
            let lead = sentences(&triple.answer).into_iter().next().unwrap_or(0..0);
            held(triple, &triple.answer[lead])
        }),
    }
}
