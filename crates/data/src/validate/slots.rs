//! Whether a value stands in an answer where it stands in the source: the words around it say so.
//!
//! A value of the answer (an amount, somebody) has a place: the words left and right of it in its sentence, its
//! particle, and what the question asks. The places of all values of its kind in the source are compared with that
//! place. Where the best one holds another value, by a margin, the value was swapped.

use std::collections::BTreeMap;

use super::quantity::Bound;
use super::text::{Word, sentences, words};

/// How many words to each side count.
const REACH: usize = 7;

/// The share of a word's weight that counts where only the question has it.
const ASKED: f32 = 0.4;

/// What a particle in common adds, in units of a word's weight.
const PARTICLE: f32 = 0.4;

/// The share of a word's weight that counts where it stands on the other side.
const OTHER_SIDE: f32 = 0.45;

/// By how much another value's place has to fit better, in units of a word's weight.
pub const MARGIN: f32 = 0.3;

/// The weight of a word that another clause has; each further word of the same clause loses a tenth.
const OTHER_CLAUSE: f32 = 0.3;

/// The surroundings of a value.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Slot {
    /// Nearest first, with how near each is, 0 to 1.
    left: Vec<(String, f32)>,
    right: Vec<(String, f32)>,
    particle: String,
    bound: Option<Bound>,
}

impl Slot {
    /// The surroundings of `start..end` in a folded text.
    pub fn of(text: &str, start: usize, end: usize, particle: &str) -> Self {
        let sentence = sentences(text)
            .into_iter()
            .map(|s| (s.as_ptr() as usize - text.as_ptr() as usize, s))
            .find(|(at, s)| (*at..=at + s.len()).contains(&start));
        let Some((at, sentence)) = sentence else { return Self::default() };
        let is_telling = |word: &Word| word.is_content || TIMES.contains(&word.stem.as_str());
        let all: Vec<Word> = words(sentence).into_iter().filter(is_telling).collect();
        let (start, end) = (start - at, (end - at).min(sentence.len()));
        let row = Row::of(sentence, start);
        let reach = if row.is_some() { all.len() } else { REACH };
        let left = all.iter().filter(|word| word.end <= start).rev().take(reach);
        let right = all.iter().filter(|word| word.start >= end).take(reach);
        let near = |(n, word): (usize, &Word)| {
            if let Some(row) = &row {
                return (word.stem.clone(), row.nearness(n, word));
            }
            let between =
                if word.end <= start { &sentence[word.end..start] } else { &sentence[end..word.start] };
            let clause = match cut(&sentence[word.start..word.end], between) {
                Cut::None => 1.0,
                // The head of a list is said of all of its items, but not what stands beside another value.
                Cut::Item if word.end <= start && !is_beside_number(sentence, word) => 0.85,
                Cut::Item | Cut::Clause => OTHER_CLAUSE,
            };
            (word.stem.clone(), clause * (1.0 - 0.1 * n as f32))
        };
        Self {
            left: left.enumerate().map(near).collect(),
            right: right.enumerate().map(near).collect(),
            particle: particle.to_owned(),
            bound: None,
        }
    }

    /// The same for a number, which may be a bound.
    pub fn of_number(text: &str, start: usize, end: usize, bound: Option<Bound>) -> Self {
        Self { bound, ..Self::of(text, start, end, "") }
    }

    /// How well a place of the source fits this one of an answer to a question about `asked`.
    pub fn fit(&self, source: &Self, asked: &[String], weight: &dyn Fn(&str) -> f32) -> f32 {
        self.fit_asked(source, asked, ASKED, weight)
    }

    /// The same where a word of the question counts `share` of one beside the value.
    pub fn fit_asked(
        &self,
        source: &Self,
        asked: &[String],
        share: f32,
        weight: &dyn Fn(&str) -> f32,
    ) -> f32 {
        let mut counted: BTreeMap<&str, f32> = BTreeMap::new();
        for (own, same, other) in
            [(&self.left, &source.left, &source.right), (&self.right, &source.right, &source.left)]
        {
            for (stem, near) in own {
                // What another clause of the answer says is not said of its value.
                let clause = if *near <= OTHER_CLAUSE { OTHER_CLAUSE } else { 1.0 };
                let share = clause * nearness(same, stem).max(OTHER_SIDE * nearness(other, stem));
                let entry = counted.entry(stem).or_insert(0.0);
                *entry = entry.max(share);
            }
        }
        for stem in asked {
            let share = share * nearness(&source.left, stem).max(nearness(&source.right, stem));
            let entry = counted.entry(stem).or_insert(0.0);
            *entry = entry.max(share);
        }
        let mut score: f32 = counted
            .into_iter()
            .map(|(stem, share)| share * if TIMES.contains(&stem) { 1.5 } else { weight(stem) })
            .sum();
        if !self.particle.is_empty() && class(&self.particle) == class(&source.particle) {
            score += PARTICLE;
        }
        if let (Some(own), Some(theirs)) = (self.bound, source.bound) {
            score += if own == theirs { PARTICLE } else { -PARTICLE };
        }
        score
    }
}

/// A row of a table, as a source writes it: `Place Abroad | Hotel £160 | Meals £50`.
struct Row<'a> {
    sentence: &'a str,
    /// The cell of the value.
    cell: usize,
}

impl<'a> Row<'a> {
    const WALL: &'static str = " | ";

    fn of(sentence: &'a str, value: usize) -> Option<Self> {
        let row = Self { sentence, cell: 0 };
        sentence.contains(Self::WALL).then(|| Self { cell: row.cell_at(value), ..row })
    }

    fn cell_at(&self, at: usize) -> usize {
        self.sentence[..at].matches(Self::WALL).count()
    }

    /// How near the `n`th word from a value is: its own cell's by their order; the first cell's, which says what the
    /// row is about, alike for all cells; another cell's least.
    fn nearness(&self, n: usize, word: &Word) -> f32 {
        let by_order = 1.0 - 0.1 * n.min(REACH) as f32;
        match self.cell_at(word.start) {
            cell if cell == self.cell => by_order,
            0 => 0.85,
            _ => OTHER_CLAUSE * by_order,
        }
    }
}

/// What ends between a word and a value.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Cut {
    None,
    Item,
    Clause,
}

/// English words that begin another clause.
const CLAUSE_STARTS: &[&str] =
    &["and", "but", "while", "which", "who", "provided", "unless", "although", "because", "whereas"];

/// What ends between a word and a value; the word itself may close its clause.
fn cut(word: &str, between: &str) -> Cut {
    const ENDS: [&str; 6] = ["하고", "하며", "되고", "되며", "하되", "이고"];
    let closes = |w: &str| ENDS.iter().any(|end| w.trim_end_matches(',').ends_with(end));
    let is_and = |w: &str| CLAUSE_STARTS.contains(&w.to_ascii_lowercase().as_str());
    if closes(word) || between.contains(';') || between.split_whitespace().any(|w| closes(w) || is_and(w)) {
        Cut::Clause
    } else if between.contains([',', '|']) {
        Cut::Item
    } else {
        Cut::None
    }
}

/// Whether a number follows right away, or behind the word that has this one for its owner: 본관의 높이는 3층.
fn is_beside_number(sentence: &str, word: &Word) -> bool {
    let is_beside = |rest: &str| rest.chars().take(3).any(|c| c.is_ascii_digit());
    let rest = &sentence[word.end..];
    let owned = || rest.trim_start().split_once(' ').is_some_and(|(_, rest)| is_beside(rest));
    is_beside(rest) || sentence[word.start..word.end].ends_with('의') && owned()
}

/// Words of order and time, which say little elsewhere and much beside a value.
pub(super) const TIMES: &[&str] =
    &["before", "after", "during", "until", "전", "후", "중", "이전", "이후", "abroad", "outside", "inside"];

/// Particles of one use count as one.
fn class(particle: &str) -> &str {
    match particle {
        "은" | "는" | "이" | "가" | "께서" | "께서는" => "가",
        "을" | "를" => "를",
        "에게" | "께" | "한테" | "에게는" => "에게",
        "와" | "과" => "와",
        "으로" | "로" => "로",
        other => other,
    }
}

fn nearness(stems: &[(String, f32)], stem: &str) -> f32 {
    stems.iter().filter(|(other, _)| is_alike(other, stem)).map(|(_, near)| *near).fold(0.0, f32::max)
}

/// Equal, or one the end or beginning of the other (휴가, 연차휴가), or synonyms.
fn is_alike(a: &str, b: &str) -> bool {
    let (short, long) = if a.len() <= b.len() { (a, b) } else { (b, a) };
    a == b
        || (short.chars().count() > 1 && (long.starts_with(short) || long.ends_with(short)))
        || super::overlap::synonyms(a).contains(&b)
}

/// Whether the best place of another value fits so much better than the best one of this value that they were
/// swapped.
pub fn is_swapped(same: f32, other: f32) -> bool {
    is_swapped_by(same, other, MARGIN)
}

/// The same by another margin.
pub fn is_swapped_by(same: f32, other: f32, margin: f32) -> bool {
    other > 0.7 && other > same * 1.12 + margin
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fit(answer: (&str, &str), source: (&str, &str), asked: &[&str]) -> f32 {
        let slot = |(text, value): (&str, &str)| {
            let at = text.find(value).unwrap();
            Slot::of(text, at, at + value.len(), "")
        };
        let asked: Vec<String> = asked.iter().map(|s| (*s).to_owned()).collect();
        slot(answer).fit(&slot(source), &asked, &|_| 1.0)
    }

    #[test]
    fn the_place_with_the_same_words_fits_best() {
        let source = "본인이 결혼하면 5일, 배우자가 출산하면 10일의 휴가를 준다.";
        let answer = ("배우자가 출산하면 5일입니다.", "5일");
        assert!(fit(answer, (source, "10일"), &[]) > fit(answer, (source, "5일"), &[]));
        // What a row is about is as near to its last cell as to its first.
        let row = "Place Other parts of the country | Hotel, one night £120 | Meals, one day £35";
        let own = ("For other parts of the country, “Meals, one day” is £35.", "£35");
        assert!(fit(own, (row, "£35"), &[]) > fit(own, (row, "£120"), &[]));
        let gapped = "본관의 높이는 3층을, 별관의 높이는 5층을 넘지 못한다.";
        let own = ("본관은 3층을 넘지 못합니다.", "3층");
        assert!(!is_swapped(fit(own, (gapped, "3층"), &[]), fit(own, (gapped, "5층"), &[])));
        let short = ("10일입니다.", "10일");
        assert!(
            fit(short, ("배우자 출산 10일", "10일"), &["배우자"])
                > fit(short, ("본인 결혼 5일", "5일"), &["배우자"])
        );
    }
}
