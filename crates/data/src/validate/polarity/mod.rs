//! Whether a clause affirms or negates, allows or forbids.
//!
//! 1. [`korean`] and [`english`] part a text into segments that each have one predicate, with its [`Sign`].
//! 2. [`differs`] finds, for each segment of an answer, the segments of the source that speak of the same, and
//!    compares their signs.

mod antonyms;
mod english;
mod korean;

use super::text::{bare, is_korean, sentences, stems};

/// What a predicate does to what it is said of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Sign {
    /// 한다, is.
    Is,
    /// 하지 아니한다, is not.
    Not,
    /// 하여야 한다, must.
    Must,
    /// 하여서는 아니 된다, 할 수 없다, must not, cannot.
    MustNot,
    /// 할 수 있다, may.
    May,
    /// 하지 아니할 수 있다, need not.
    NeedNot,
}

impl Sign {
    fn is_negative(self) -> bool {
        matches!(self, Self::Not | Self::MustNot | Self::NeedNot)
    }

    /// Whether the two cannot both hold. `Must` against `May` is another strength, not a contradiction.
    pub fn contradicts(self, other: Self) -> bool {
        use Sign::{MustNot, NeedNot};
        self.is_negative() != other.is_negative()
            || matches!((self, other), (MustNot, NeedNot) | (NeedNot, MustNot))
    }
}

/// A stretch of text with one predicate.
#[derive(Debug, Clone, PartialEq)]
pub struct Segment {
    /// Its words, without particles and endings.
    pub stems: Vec<String>,
    /// The words of the segment before it in its sentence: the condition of what it says.
    pub context: Vec<String>,
    /// What is said of them; empty where the predicate has no word of its own.
    pub predicate: String,
    /// What the predicate does.
    pub sign: Sign,
    /// As it is written.
    pub text: String,
    /// Whether it only says when something holds: 경우에는, 때에는.
    pub is_condition: bool,
}

/// The segments of a folded text.
pub fn segments(text: &str) -> Vec<Segment> {
    let read = if is_korean(text) { korean::segments } else { english::segments };
    let of_sentence = |sentence| {
        let mut all = read(sentence);
        let mut before = Vec::new();
        for segment in &mut all {
            segment.context = std::mem::replace(&mut before, segment.stems.clone());
        }
        all
    };
    sentences(text).into_iter().flat_map(of_sentence).collect()
}

/// A contradiction between an answer and its source: what each says.
#[derive(Debug, Clone, PartialEq)]
pub struct Contradiction {
    /// The answer's words.
    pub claim: String,
    /// The source's words.
    pub evidence: String,
}

/// The first contradiction of an answer and its source, where there is one.
pub fn differs(
    answer: &str,
    question: &str,
    source: &str,
    weight: &dyn Fn(&str) -> f32,
) -> Option<Contradiction> {
    let (own, theirs) = (segments(answer), segments(source));
    let asked = stems(question);
    let letters = bare(source);
    // What stands there letter by letter, negation included, is no contradiction.
    let is_new = |segment: &&Segment| {
        let own = bare(&segment.text);
        // `승인 없이` stands in `승인 없이 할 수 없다`, and says another thing before 할 수 있다.
        let is_without = own.ends_with("없이") || own.ends_with("없이는");
        !segment.is_condition && (is_without || own.chars().count() < 6 || !letters.contains(&own))
    };
    let found = own.iter().filter(is_new).find_map(|segment| of_segment(segment, &theirs, &asked, weight));
    found.or_else(|| antonyms::differs(&own, &theirs))
}

/// The contradiction of one segment.
fn of_segment(
    own: &Segment,
    theirs: &[Segment],
    asked: &[String],
    weight: &dyn Fn(&str) -> f32,
) -> Option<Contradiction> {
    let mut best: [Option<(f32, &Segment)>; 2] = [None, None];
    for segment in theirs.iter().filter(|segment| !segment.is_condition) {
        let score = likeness(own, segment, asked, weight);
        let place = usize::from(own.sign.contradicts(segment.sign));
        if best[place].is_none_or(|(s, _)| score > s) {
            best[place] = Some((score, segment));
        }
    }
    let (against, segment) = best[1]?;
    let agreeing = best[0].map_or(0.0, |(s, _)| s);
    let is_shared = shares_predicate(own, segment);
    if own.text.ends_with("없이") && !is_shared {
        return None;
    }
    // Without the predicate in common much else has to be.
    let agrees = best[0].is_some_and(|(_, other)| shares_predicate(own, other) && other.sign == own.sign);
    let (least, factor) = match (is_shared, agrees) {
        (true, false) => (1.0, 1.15),
        (true, true) => (1.0, 1.25),
        (false, _) => (2.4, 1.6),
    };
    let is_clear = own.sign.is_negative() || segment.sign.is_negative() && is_shared;
    (is_clear && against >= least && against > agreeing * factor)
        .then(|| Contradiction { claim: own.text.clone(), evidence: segment.text.clone() })
}

/// How much two segments speak of the same.
fn likeness(own: &Segment, other: &Segment, asked: &[String], weight: &dyn Fn(&str) -> f32) -> f32 {
    let has = |stems: &[String], stem: &str| stems.iter().any(|s| is_alike(s, stem));
    let mut score = 0.0;
    for stem in &own.stems {
        if has(&other.stems, stem) {
            score += weight(stem);
        }
    }
    for stem in asked {
        if has(&other.stems, stem) && !has(&own.stems, stem) {
            score += 0.4 * weight(stem);
        }
    }
    let is_of_same = score > 0.0 || shares_predicate(own, other);
    for stem in own.context.iter().filter(|_| is_of_same) {
        if has(&other.context, stem) || has(&other.stems, stem) {
            score += 0.7 * weight(stem);
        }
    }
    if shares_predicate(own, other) {
        score += 1.0 + weight(&own.predicate);
    }
    score
}

fn shares_predicate(a: &Segment, b: &Segment) -> bool {
    let speaks = |segment: &Segment, word: &str| {
        is_alike(&segment.predicate, word) || segment.stems.iter().any(|stem| is_alike(stem, word))
    };
    // The predicate of the one that negates is what counts: 겸직할 수 없다 against 겸직이 가능하다.
    let negated = if a.sign.is_negative() { (a, b) } else { (b, a) };
    !negated.0.predicate.is_empty() && speaks(negated.1, &negated.0.predicate)
}

fn is_alike(a: &str, b: &str) -> bool {
    if a.is_empty() || b.is_empty() {
        return false;
    }
    let (short, long) = if a.len() <= b.len() { (a, b) } else { (b, a) };
    a == b || (short.chars().count() > 1 && (long.starts_with(short) || long.ends_with(short)))
}

#[cfg(test)]
mod tests;
