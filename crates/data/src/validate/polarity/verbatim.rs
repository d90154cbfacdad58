//! English sentences that say a sentence of their source word for word, but for a negation: `if it does compete` for `if it
//! does not compete`. Wherever in the sentence it stands, the two cannot both be right.

use super::Contradiction;
use crate::validate::text::sentences;

/// Fewer words are in too many sentences.
const LEAST_WORDS: usize = 5;

/// The words of a sentence without its negations, and where those stood.
struct Words {
    words: Vec<String>,
    /// How many negations stand before each word.
    negations: Vec<usize>,
}

impl Words {
    fn of(sentence: &str) -> Self {
        let mut out = Self { words: Vec::new(), negations: Vec::new() };
        // `No, gifts may not be accepted` answers, and negates nothing.
        let opening = ["No, ", "Yes, "].iter().find_map(|opening| sentence.strip_prefix(opening));
        let mut negations = 0;
        for word in opening.unwrap_or(sentence).split_whitespace() {
            let word = word.trim_matches(|c: char| !c.is_alphanumeric()).to_ascii_lowercase();
            let (word, is_negated) = split(&word);
            negations += usize::from(is_negated);
            if !word.is_empty() {
                out.words.push(word.to_owned());
                out.negations.push(std::mem::take(&mut negations));
            }
        }
        out
    }

    /// Where the words of another sentence stand in this one.
    fn find(&self, other: &Self) -> Option<usize> {
        self.words.windows(other.words.len()).position(|window| window == other.words)
    }

    fn is_negated(&self, from: usize, len: usize) -> bool {
        self.negations[from..from + len].iter().sum::<usize>() % 2 == 1
    }
}

/// A word without its negation, and whether it had one. `do` only carries a negation.
fn split(word: &str) -> (&str, bool) {
    match word {
        "not" | "never" | "no" | "don't" | "doesn't" | "didn't" => ("", true),
        "do" | "does" | "did" => ("", false),
        "cannot" | "can't" => ("can", true),
        "won't" => ("will", true),
        _ => word.strip_suffix("n't").map_or((word, false), |word| (word, true)),
    }
}

/// The first sentence of an answer that its source says the other way round.
pub(super) fn differs(answer: &str, source: &str) -> Option<Contradiction> {
    let theirs: Vec<(&str, Words)> = sentences(source).into_iter().map(|s| (s, Words::of(s))).collect();
    sentences(answer).into_iter().find_map(|sentence| {
        let own = Words::of(sentence);
        if own.words.len() < LEAST_WORDS {
            return None;
        }
        let is_negated = own.is_negated(0, own.words.len());
        let (mut same, mut other) = (false, None);
        for (text, words) in &theirs {
            let Some(at) = words.find(&own) else { continue };
            if words.is_negated(at, own.words.len()) == is_negated {
                same = true;
            } else {
                other = other.or(Some(*text));
            }
        }
        other
            .filter(|_| !same)
            .map(|evidence| Contradiction { claim: sentence.to_owned(), evidence: evidence.to_owned() })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sentence_that_lost_or_won_a_negation_is_found() {
        let source = "Ask the desk when you are not sure which lamp is lit. You may borrow a drill if it does not leak. \
                      No receipts are asked for at the gate.";
        for (answer, want) in [
            ("Ask the desk when you are not sure which lamp is lit.", false),
            ("No. Ask the desk when you are sure which lamp is lit.", true),
            ("You may borrow a drill if it does leak.", true),
            ("You may borrow a drill if it doesn't leak.", false),
            ("Receipts are asked for at the gate.", true),
            ("No, no receipts are asked for at the gate.", false),
            ("Yes, receipts are asked for at the gate.", true),
            ("No receipts are asked for at the gate.", false),
            ("You may borrow.", false),
            ("The gate asks for no receipts at all.", false),
        ] {
            assert_eq!(differs(answer, source).is_some(), want, "{answer}");
        }
    }
}
