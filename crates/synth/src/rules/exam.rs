//! Questions written by hand, apart from those that a teacher asks: what a tuned model is examined with.

use super::{Book, Rules};

/// A question that an employee asks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Question {
    /// The rules it is asked of. Absent questions are absent from this book.
    pub book: Book,
    /// As it is asked.
    pub text: String,
    /// What the rules say to it.
    pub answer: Answer,
}

/// What the rules say to a question.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// The node of a path tells it, and a right answer has these words of it.
    At {
        /// As in the tree.
        path: String,
        /// They stand in the node.
        words: Vec<String>,
    },
    /// Nothing: the book has none of these words, so what is asked about cannot stand in it.
    Absent {
        /// What is asked about.
        words: Vec<String>,
    },
}

/// The questions about the books of today, in the order of the books.
///
/// # Panics
/// Never: the questions are part of the program and tested.
pub fn exam() -> Vec<Question> {
    let mut book = None;
    let mut questions = Vec::new();
    for line in include_str!("text/exam.txt").lines() {
        if let Some(name) = line.strip_prefix('[') {
            let name = name.trim_end_matches(']');
            book = Book::ALL.into_iter().find(|book| book.name() == name);
        } else if !line.is_empty() && !line.starts_with('#') {
            let book = book.expect("a question stands under its book");
            questions.push(question(book, line).expect("tested"));
        }
    }
    questions
}

fn question(book: Book, line: &str) -> Option<Question> {
    let mut parts = line.split(" | ").map(str::to_owned);
    let first = parts.next()?;
    let answer = if first.starts_with("? ") {
        Answer::At { path: parts.next()?, words: parts.collect() }
    } else {
        Answer::Absent { words: parts.collect() }
    };
    let text = first.strip_prefix("? ").or(first.strip_prefix("! "))?.to_owned();
    Some(Question { book, text, answer })
}

impl Question {
    /// Whether the rules bear it out: the words of an answer stand where it says, what is absent stands nowhere.
    pub fn is_borne_out(&self, rules: &Rules) -> bool {
        match &self.answer {
            Answer::At { path, words } => {
                let node = rules.tree.nodes.iter().find(|node| node.path == *path);
                !words.is_empty() && node.is_some_and(|n| words.iter().all(|word| n.text.contains(word)))
            }
            Answer::Absent { words } => {
                let text = rules.text().to_lowercase();
                let stands = |word: &String| {
                    let word = word.to_lowercase();
                    // An English word is looked for from its beginning: `option` is not in `adoption`.
                    let begins = |(at, _): (usize, &str)| {
                        !word.is_ascii() || !text[..at].ends_with(|c: char| c.is_ascii_alphabetic())
                    };
                    text.match_indices(word.as_str()).any(begins)
                };
                !words.is_empty() && !words.iter().any(stands)
            }
        }
    }
}
