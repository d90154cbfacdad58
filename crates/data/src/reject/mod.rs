//! Rows that should not be learnt from, and why: too short, too long, an advertisement, not a question,
//! no answer, the wrong language.
//!
//! Each reason is one check with a code to count by. The first that applies, in the order of [`Reason`], wins.
//! Word lists are data files under `rules/`.

mod language;

use std::sync::LazyLock;

use aho_corasick::AhoCorasick;
use regex::Regex;
use serde::{Deserialize, Serialize};

use crate::finder::Finder;

pub use language::{Language, LanguageShare};

/// Why a row was set aside.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reason {
    /// No question at all.
    QuestionMissing,
    /// An advertisement.
    Advertisement,
    /// No answer at all.
    AnswerMissing,
    /// An answer that only promises one: "확인 후 연락드리겠습니다".
    AnswerDeferred,
    /// Fewer characters than the recipe allows.
    TooShort,
    /// More characters than the recipe allows.
    TooLong,
    /// Written in a language that the recipe does not list.
    WrongLanguage,
    /// Thanks, praise or chat, without a question or a request.
    NotAQuestion,
}

impl Reason {
    /// The code in counts and in `rejected.jsonl`.
    pub fn code(self) -> &'static str {
        match self {
            Self::QuestionMissing => "question_missing",
            Self::AnswerMissing => "answer_missing",
            Self::AnswerDeferred => "answer_deferred",
            Self::TooShort => "too_short",
            Self::TooLong => "too_long",
            Self::Advertisement => "advertisement",
            Self::WrongLanguage => "wrong_language",
            Self::NotAQuestion => "not_a_question",
        }
    }
}

/// What a recipe refuses. The default refuses only what cannot be learnt from: missing text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Limits {
    /// Fewest characters, blanks not counted, of a question and of an answer; 0 is no limit.
    pub short_chars: usize,
    /// Most characters of a question or an answer; 0 is no limit.
    pub long_chars: usize,
    /// Refuse advertisements.
    pub advertisements: bool,
    /// Refuse texts that ask for nothing.
    pub not_a_question: bool,
    /// Refuse answers that only promise one.
    pub deferred_answers: bool,
    /// Languages that are kept; empty keeps all.
    pub languages: Vec<Language>,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            short_chars: 0,
            long_chars: 0,
            advertisements: false,
            not_a_question: false,
            deferred_answers: true,
            languages: Vec::new(),
        }
    }
}

/// A refusal: the reason, and the place and shape of what was wrong, never the text itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// Why.
    pub reason: Reason,
    /// For a person: "the answer has 3 characters; at least 5".
    pub detail: String,
}

impl Limits {
    /// The first reason to refuse a cleaned question and answer, if there is one.
    ///
    /// ```
    /// use data::reject::{Limits, Reason};
    /// let limits = Limits { short_chars: 5, ..Limits::default() };
    /// assert_eq!(limits.check("배송 언제 되나요?", "내일.").unwrap().reason, Reason::TooShort);
    /// assert_eq!(limits.check("배송 언제 되나요?", "주문 뒤 이틀 걸립니다."), None);
    /// ```
    pub fn check(&self, question: &str, answer: &str) -> Option<Refusal> {
        let refuse = |reason, detail: String| Some(Refusal { reason, detail });
        if question.trim().is_empty() {
            return refuse(Reason::QuestionMissing, "the question is empty after cleaning".into());
        }
        if let Some(refusal) = self.check_advertisement(question, answer) {
            return Some(refusal);
        }
        if answer.trim().is_empty() {
            return refuse(Reason::AnswerMissing, "the answer is empty after cleaning".into());
        }
        if self.deferred_answers && is_deferred(answer) {
            return refuse(Reason::AnswerDeferred, "the answer only promises an answer".into());
        }
        for (name, text) in [("question", question), ("answer", answer)] {
            if let Some(refusal) = self.check_length(name, text) {
                return Some(refusal);
            }
        }
        if let Some(refusal) = self.check_language(question) {
            return Some(refusal);
        }
        if self.not_a_question && !asks(question) {
            return refuse(Reason::NotAQuestion, "no question or request found".into());
        }
        None
    }

    /// As [`Limits::check`] for a text that nobody answers, such as one with a label.
    pub fn check_text(&self, text: &str) -> Option<Refusal> {
        if text.trim().is_empty() {
            let detail = "the text is empty after cleaning".into();
            return Some(Refusal { reason: Reason::QuestionMissing, detail });
        }
        let length = || self.check_length("text", text);
        self.check_advertisement(text, "").or_else(length).or_else(|| self.check_language(text)).or_else(
            || {
                let detail = "no question or request found".into();
                let is_idle = self.not_a_question && !asks(text);
                is_idle.then_some(Refusal { reason: Reason::NotAQuestion, detail })
            },
        )
    }

    /// Advertisements are told as such whether or not somebody answered them.
    fn check_advertisement(&self, question: &str, answer: &str) -> Option<Refusal> {
        if !self.advertisements {
            return None;
        }
        let score = advertisement_score(question).max(advertisement_score(answer));
        (score >= ADVERTISEMENT).then(|| {
            let detail = format!("advertisement score {score}; at most {}", ADVERTISEMENT - 1);
            Refusal { reason: Reason::Advertisement, detail }
        })
    }

    fn check_length(&self, name: &str, text: &str) -> Option<Refusal> {
        if self.short_chars == 0 && self.long_chars == 0 {
            return None;
        }
        let chars = || text.chars().filter(|c| !c.is_whitespace());
        // A long text is not counted to its end where nobody asks how long it is.
        let most = self.short_chars.max(self.long_chars.saturating_add(1));
        let n_chars = chars().take(most).count();
        if n_chars < self.short_chars {
            let detail = format!("the {name} has {n_chars} characters; at least {}", self.short_chars);
            return Some(Refusal { reason: Reason::TooShort, detail });
        }
        if self.long_chars > 0 && n_chars > self.long_chars {
            let n_chars = chars().count();
            let detail = format!("the {name} has {n_chars} characters; at most {}", self.long_chars);
            return Some(Refusal { reason: Reason::TooLong, detail });
        }
        None
    }

    fn check_language(&self, text: &str) -> Option<Refusal> {
        if self.languages.is_empty() {
            return None;
        }
        let language = LanguageShare::of(text).main()?;
        if self.languages.contains(&language) {
            return None;
        }
        let kept: Vec<&str> = self.languages.iter().map(|l| l.code()).collect();
        let detail = format!("written in `{}`; kept: {}", language.code(), kept.join(", "));
        Some(Refusal { reason: Reason::WrongLanguage, detail })
    }
}

/// Score from which on a text is an advertisement. One strong mark, or three weak ones.
const ADVERTISEMENT: u32 = 3;

/// Words and their weights, one `weight word` a line.
static ADVERTISEMENT_WORDS: LazyLock<(Finder, Vec<u32>)> = LazyLock::new(|| {
    let (mut words, mut weights) = (Vec::new(), Vec::new());
    for line in include_str!("rules/advertisements.txt").lines() {
        if let Some((weight, word)) = line.split_once(' ').filter(|_| !line.starts_with('#')) {
            words.push(word);
            weights.push(weight.parse().expect("a constant weight"));
        }
    }
    (Finder::new(&words), weights)
});

/// Sum of the weights of the advertisement words in `text`, each counted once.
pub fn advertisement_score(text: &str) -> u32 {
    let (words, weights) = &*ADVERTISEMENT_WORDS;
    let mut seen = Vec::new();
    words.each(text, |word, _, _| {
        if !seen.contains(&word) {
            seen.push(word);
        }
    });
    seen.into_iter().map(|word| weights[word]).sum()
}

/// Marks of a question or a request.
static ASKING: LazyLock<AhoCorasick> = LazyLock::new(|| {
    let words =
        include_str!("rules/asking.txt").lines().filter(|line| !line.is_empty() && !line.starts_with('#'));
    AhoCorasick::builder().ascii_case_insensitive(true).build(words).expect("constant words")
});

/// Whether a text asks for something: a question mark, a question's ending, a request, a complaint that wants one.
pub fn asks(text: &str) -> bool {
    ASKING.is_match(text)
}

static DEFERRED: LazyLock<Regex> = LazyLock::new(|| {
    let lines =
        include_str!("rules/deferred.txt").lines().filter(|line| !line.is_empty() && !line.starts_with('#'));
    let body: Vec<String> = lines.map(|line| line.replace(' ', r"\s*")).collect();
    Regex::new(&format!(r"^(?:{})[\s.!~]*$", body.join("|"))).expect("constant patterns")
});

/// Longest answer in characters that can be nothing but a promise.
const MAX_DEFERRED_CHARS: usize = 60;

/// Whether every sentence of an answer only promises an answer.
pub fn is_deferred(answer: &str) -> bool {
    // A character takes four bytes at most.
    if answer.len() > 4 * MAX_DEFERRED_CHARS || answer.chars().count() > MAX_DEFERRED_CHARS {
        return false;
    }
    let mut sentences =
        answer.split_inclusive(['.', '!', '\n']).map(str::trim).filter(|s| !s.is_empty()).peekable();
    sentences.peek().is_some() && sentences.all(|sentence| DEFERRED.is_match(sentence))
}

#[cfg(test)]
mod tests;
