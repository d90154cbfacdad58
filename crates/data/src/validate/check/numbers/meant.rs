//! Of which of a text's numbers a question asks: by the label of its line, or by the words of its clause.

use super::super::super::overlap::coverage;
use super::super::super::quantity::{Quantity, Unit, quantities};
use super::super::super::slots::TIMES;
use super::super::super::text::{clauses, sentences, spaced, stems, words};
use super::super::answerable::TELLING;
use super::super::labels::{Labelled, numbered};
use super::super::{Case, Validator, without_amounts};
use super::Numbers;

/// The lines of the label that a question names, where there is one and the answer keeps to it.
pub(super) struct Meant {
    pub text: String,
    theirs: Vec<Quantity>,
    given: Vec<Quantity>,
}

impl Meant {
    pub fn of(case: &Case<'_>, source: &str) -> Option<Self> {
        let asked = Labelled::new(source, &case.question);
        // Where the question has no line's own word, the answer may say of which line it speaks.
        let lines = if asked.names_any() { asked } else { Labelled::new(source, &case.claims) };
        let text = lines.meant();
        let is_part = text.len() < source.len() && !lines.speaks_of_others(&case.claims);
        is_part.then(|| Self { theirs: quantities(&text), given: quantities(&case.question), text })
    }

    /// Whether a number of the answer stands in lines of other labels only.
    pub fn has_another(&self, own: &Quantity) -> bool {
        self.theirs.iter().any(|q| q.is_comparable(own))
            && !self.theirs.iter().chain(&self.given).any(|q| q.equals(own))
    }
}

/// A clause of the source that says an amount.
struct Clause<'a> {
    text: &'a str,
    letters: String,
    /// The letters of its sentence, and which one it is.
    of_sentence: String,
    sentence: usize,
    amounts: Vec<Quantity>,
    has_own: bool,
}

impl Validator {
    /// The clause of the source that has what is asked for, where the answer has the amount of another clause: the question
    /// says a telling word of the one and none of the other.
    pub(super) fn asked_of_another(
        &self,
        case: &Case<'_>,
        numbers: &Numbers<'_>,
        own: &Quantity,
    ) -> Option<String> {
        // Of a question that asks for two things nothing tells which number answers which.
        if numbers.asked.is_empty() || own.unit == Unit::Bare {
            return None;
        }
        let clauses = with_amounts(numbers.source, own);
        let (same, others): (Vec<&Clause<'_>>, Vec<&Clause<'_>>) = clauses.iter().partition(|c| c.has_own);
        let asked = spoken(&case.question);
        let answered = spoken(&case.claims);
        let found = others.iter().find(|other| {
            // What the same sentence says of both tells nothing; another sentence is told by all of its words.
            let own_letters = |clause: &&Clause<'_>| {
                let is_beside = clause.sentence == other.sentence;
                if is_beside { clause.letters.clone() } else { clause.of_sentence.clone() }
            };
            let same: Vec<String> = same.iter().map(own_letters).collect();
            let other_letters = [other.letters.clone()];
            let speaks_for = |words: &[String], texts: &[String], against: &[String], least: f32| {
                words
                    .iter()
                    .any(|stem| self.weight(stem) >= least && best(texts, stem) > best(against, stem) + 0.2)
            };
            let is_said = other.amounts.iter().all(|amount| numbers.own.iter().any(|q| q.equals(amount)));
            !is_said
                && !names_another(&case.question, other.text)
                && speaks_for(&asked, &other_letters, &same, TELLING)
                && !speaks_for(&asked, &same, &other_letters, 0.0)
                && !speaks_for(&answered, &same, &other_letters, 0.0)
        });
        found.map(|clause| clause.text.to_owned())
    }
}

/// How much of a word the text that has most of it has.
fn best(texts: &[String], stem: &str) -> f32 {
    texts.iter().map(|letters| coverage(stem, letters)).fold(0.0, f32::max)
}

/// The words of a text, those of order and time among them, and what it names by a number, without its amounts.
fn spoken(text: &str) -> Vec<String> {
    let text = without_amounts(text);
    let times = words(&text).into_iter().map(|word| word.stem).filter(|stem| TIMES.contains(&stem.as_str()));
    stems(&text).into_iter().chain(times).chain(numbered(&text)).collect()
}

/// Whether a clause names another number of what a question names: `Level 3` for `Level 4`.
fn names_another(question: &str, clause: &str) -> bool {
    let (asked, named) = (numbered(question), numbered(clause));
    let kind = |name: &str| name.chars().filter(|c| !c.is_ascii_digit()).collect::<String>();
    let is_kin = |a: &String| asked.iter().any(|b| kind(a) == kind(b));
    named.iter().any(is_kin) && !named.iter().any(|name| asked.contains(name))
}

/// The clauses of a source that say an amount of the kind of another one. One that ends with a particle at its comma has
/// the predicate of its sentence: 정기권은 30일을, 할인권은 10일을 넘을 수 없다. Cells of a row are clauses.
fn with_amounts<'a>(source: &'a str, own: &Quantity) -> Vec<Clause<'a>> {
    let mut out = Vec::new();
    for (at, sentence) in sentences(source).into_iter().enumerate() {
        let predicate: Vec<&str> = sentence.split_whitespace().rev().take(3).collect();
        let is_row = sentence.contains(" | ");
        for text in if is_row { sentence.split(" | ").collect() } else { clauses(sentence) } {
            let amounts = quantities(text);
            if amounts.iter().any(|q| q.is_comparable(own)) {
                let is_gapped = ["을,", "를,", "은,", "는,", "로,"].iter().any(|end| text.ends_with(end));
                let tail = if is_gapped { predicate.join(" ") } else { String::new() };
                let letters = spaced(&format!("{text} {tail}"));
                let has_own = amounts.iter().any(|q| q.equals(own));
                let of_sentence = spaced(sentence);
                out.push(Clause { text, letters, of_sentence, sentence: at, amounts, has_own });
            }
        }
    }
    out
}
