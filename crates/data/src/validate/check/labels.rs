//! Lines that begin with what they are about: `Day staff: …`, `Night staff: …`.

use super::super::quantity::quantities;
use super::super::text::{Word, is_hangul, stems, words};

/// The most words that a label has.
const LABEL_WORDS: usize = 6;

/// A source in lines with labels, of which a question names some.
pub(super) struct Labelled<'a> {
    lines: Vec<(&'a str, Option<Vec<String>>)>,
    asked: Vec<String>,
}

impl<'a> Labelled<'a> {
    pub(super) fn new(source: &'a str, question: &str) -> Self {
        Self { lines: source.lines().map(|line| (line, label(line))).collect(), asked: marks(question) }
    }

    /// Whether a word stands in one label only, so that it tells it from the others.
    fn tells(&self, word: &String) -> bool {
        self.lines.iter().filter_map(|(_, label)| label.as_ref()).filter(|label| label.contains(word)).count()
            == 1
    }

    fn is_named(&self, label: &[String], text: &[String]) -> bool {
        label.iter().any(|word| text.contains(word) && self.tells(word))
    }

    /// Whether the question names a label.
    pub(super) fn names_any(&self) -> bool {
        self.labels().any(|label| self.is_named(label, &self.asked))
    }

    /// The source without the lines whose label is another than the one that the question names. What is said of the
    /// night staff answers no question about the day staff.
    pub(super) fn meant(&self) -> String {
        let is_any = self.names_any();
        let is_meant = |label: &Option<Vec<String>>| {
            !is_any || label.as_ref().is_none_or(|label| self.is_named(label, &self.asked))
        };
        let lines = self.lines.iter().filter(|(_, label)| is_meant(label));
        lines.map(|(line, _)| *line).collect::<Vec<_>>().join("\n")
    }

    /// Whether an answer speaks of a label that the question does not name.
    pub(super) fn speaks_of_others(&self, answer: &str) -> bool {
        let said = marks(answer);
        self.labels().any(|label| self.is_named(label, &said) && !self.is_named(label, &self.asked))
    }

    fn labels(&self) -> impl Iterator<Item = &Vec<String>> {
        self.lines.iter().filter_map(|(_, label)| label.as_ref())
    }
}

/// What stands before the colon of a line, or in the first cell of a row.
fn label(line: &str) -> Option<Vec<String>> {
    // A remark is about all lines.
    const REMARKS: [&str; 6] = ["비고", "참고", "주", "※", "Note", "Remarks"];
    let (head, rest) = line.split_once(": ").or_else(|| row(line))?;
    if REMARKS.contains(&head.trim()) {
        return None;
    }
    let is_label = !rest.trim().is_empty() && words(head).len() <= LABEL_WORDS;
    is_label.then(|| marks(head)).filter(|marks| !marks.is_empty())
}

/// A row of a table, parted before its first cell with an amount: 사망 | 배우자 | 10일.
fn row(line: &str) -> Option<(&str, &str)> {
    let walls = line.match_indices(" | ").map(|(at, _)| at);
    let cells: Vec<usize> = walls.take_while(|at| quantities(&line[..*at]).is_empty()).collect();
    let at = cells.into_iter().next_back().or_else(|| line.find(" | "))?;
    Some((&line[..at], &line[at + 3..]))
}

/// The stems and amounts of a text, and what it names by a number.
fn marks(text: &str) -> Vec<String> {
    let amounts = quantities(text).into_iter().map(|q| format!("{:?} {}", q.unit, q.value));
    stems(text).into_iter().chain(amounts).chain(numbered(text)).collect()
}

/// What a text names by a number or a letter: 2조, 1급, `Level 4`, the A of A등급.
pub(super) fn numbered(text: &str) -> Vec<String> {
    let all = words(text);
    let name = |pair: &[Word]| {
        let is_number = |word: &Word| text[word.start..word.end].bytes().all(|b| b.is_ascii_digit());
        let between = &text[pair[0].end..pair[1].start];
        let is_name = match between {
            "" => is_number(&pair[0]),
            " " => is_number(&pair[1]) && pair[0].is_content && pair[0].stem.is_ascii(),
            _ => false,
        };
        is_name.then(|| format!("{}{between}{}", pair[0].stem, pair[1].stem))
    };
    let is_letter = |pair: &&[Word]| {
        let is_one = pair[0].end - pair[0].start == 1 && text.as_bytes()[pair[0].start].is_ascii_uppercase();
        is_one && pair[0].end == pair[1].start && text[pair[1].start..].starts_with(is_hangul)
    };
    let letters = all.windows(2).filter(is_letter).map(|pair| pair[0].stem.clone());
    all.windows(2).filter_map(name).chain(letters).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_line_of_the_label_that_is_named_is_left() {
        let source = "Badges are worn.\nDay guards: a torch is issued.\nNight guards: no torch is issued.";
        let about = |question: &str| Labelled::new(source, question).meant();
        assert_eq!(
            about("Do night guards get a torch?"),
            "Badges are worn.\nNight guards: no torch is issued."
        );
        assert_eq!(about("Do guards get a torch?"), source);
        let prizes = "10명 이상: 쌀 한 포대\n30명 이상: 소 한 마리";
        assert_eq!(Labelled::new(prizes, "30명이 모이면 무엇을 받나요?").meant(), "30명 이상: 소 한 마리");
    }

    #[test]
    fn numbers_and_letters_name_things() {
        for (text, want) in [
            ("2조는 몇 시에 나오나요?", vec!["2조"]),
            ("A등급을 받으면요?", vec!["a"]),
            ("What does Level 4 get?", vec!["level 4"]),
            ("The office is open.", vec![]),
        ] {
            assert_eq!(numbered(text), want, "{text}");
        }
    }
}
