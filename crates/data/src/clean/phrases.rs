//! Greetings, closings and over-polite filler, sentence by sentence, and a recipe's own patterns.

use std::borrow::Cow;
use std::ops::Range;

use regex::Regex;

use super::{Cleaned, Rule, Rules};

/// Rules that come with the program, one file a rule.
const FILES: [(Rule, &str); 3] = [
    (Rule::Greetings, include_str!("rules/greetings.txt")),
    (Rule::Closings, include_str!("rules/closings.txt")),
    (Rule::OverPolite, include_str!("rules/over-polite.txt")),
];

/// Sentences looked at from either end. A text whose first six sentences are greetings does not occur.
const MAX_FROM_AN_END: usize = 6;

/// Longest sentence in bytes that a phrase rule is tried on; filler is short.
const MAX_SENTENCE_BYTES: usize = 360;

/// A pattern that cannot be used.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum PatternError {
    /// Not a regular expression.
    #[error("`{pattern}` is not a regular expression: {cause}")]
    Invalid {
        /// The pattern as given.
        pattern: String,
        /// What the parser says.
        cause: Box<regex::Error>,
    },
    /// Matches the empty text, and would match everywhere.
    #[error("`{pattern}` matches the empty text; make it match at least one character")]
    MatchesNothing {
        /// The pattern as given.
        pattern: String,
    },
}

/// Compiled phrase rules.
#[derive(Debug)]
pub struct Phrases {
    /// A greeting at the beginning, with the blanks and marks that follow it.
    greeting: Option<Regex>,
    /// A closing as a whole sentence.
    closing: Option<Regex>,
    /// A closing after a finished sentence that has no mark of its own: "…되나요 감사합니다".
    closing_tail: Option<Regex>,
    /// Filler as a whole sentence.
    over_polite: Option<Regex>,
    custom: Vec<Regex>,
}

impl Phrases {
    /// Compiles the phrase rules among `rules`, and the recipe's own patterns.
    pub(super) fn new(rules: Rules, custom: &[String]) -> Result<Self, PatternError> {
        let alternation = |rule: Rule| {
            let (_, text) = FILES.iter().find(|(name, _)| *name == rule)?;
            rules.contains(rule).then(|| alternation_of(text))
        };
        let whole = |body: &str| compile(&format!(r"^(?:{body})(?:,? ?(?:고객|회원)님)?[\s.!?~…^,;:)]*$"));
        let greeting = alternation(Rule::Greetings)
            .map(|body| compile(&format!(r"^\s*(?:{body})(?:[\s,.!?~…^;:)]+|$)")))
            .transpose()?;
        let closings = alternation(Rule::Closings);
        let closing = closings.as_deref().map(whole).transpose()?;
        let closing_tail = closings
            .map(|body| {
                let finished = "요|다|까|죠|음|함|됨|임|네|군|게|지|[.!?~)]";
                compile(&format!(r"(?:{finished})(\s+(?:{body})[\s.!~^]*)$"))
            })
            .transpose()?;
        let over_polite = alternation(Rule::OverPolite).as_deref().map(whole).transpose()?;
        let custom = custom.iter().map(|pattern| custom_pattern(pattern)).collect::<Result<_, _>>()?;
        Ok(Self { greeting, closing, closing_tail, over_polite, custom })
    }

    /// Removes what the rules match from `out`.
    pub(super) fn strip(&self, out: &mut Cleaned<'_>) {
        let (kept, changed_by) = self.kept_ranges(&out.text);
        if !changed_by.is_empty() {
            let text = join(&out.text, &kept);
            out.text = Cow::Owned(text);
            changed_by.iter().for_each(|rule| out.changed_by.insert(rule));
        }
        for pattern in &self.custom {
            if let Cow::Owned(changed) = pattern.replace_all(&out.text, "") {
                out.text = Cow::Owned(changed);
                out.changed_by.insert(Rule::Custom);
            }
        }
    }

    /// The ranges of `text` that stay, in order, and the rules that took the others.
    fn kept_ranges(&self, text: &str) -> (Vec<Range<usize>>, Rules) {
        let mut changed_by = Rules::default();
        let mut start = 0;
        let mut end = text.len();
        for _ in 0..MAX_FROM_AN_END {
            let Some(cut) = self.front(&text[start..end], &mut changed_by) else { break };
            start += cut;
        }
        for _ in 0..MAX_FROM_AN_END {
            let Some(cut) = self.back(&text[start..end], &mut changed_by) else { break };
            end = start + cut;
        }
        let mut kept = Vec::new();
        match &self.over_polite {
            Some(rule) => {
                for sentence in sentences(text, start..end) {
                    if is_filler(rule, &text[sentence.clone()]) {
                        changed_by.insert(Rule::OverPolite);
                    } else {
                        kept.push(sentence);
                    }
                }
            }
            None => kept.push(start..end),
        }
        (kept, changed_by)
    }

    /// Bytes of the greeting or filler sentence at the beginning of `text`.
    fn front(&self, text: &str, changed_by: &mut Rules) -> Option<usize> {
        let head = window_front(text);
        if let Some(found) = self.greeting.as_ref().and_then(|rule| rule.find(head)).filter(|f| !f.is_empty())
        {
            changed_by.insert(Rule::Greetings);
            return Some(found.end());
        }
        let first = sentences(text, 0..text.len()).next()?;
        if self.over_polite.as_ref().is_some_and(|rule| is_filler(rule, &text[first.clone()])) {
            changed_by.insert(Rule::OverPolite);
            return Some(first.end);
        }
        None
    }

    /// Bytes of `text` that stay when the closing sentence at its end is cut.
    fn back(&self, text: &str, changed_by: &mut Rules) -> Option<usize> {
        let tail_at = window_back(text);
        let last = last_sentence(text, tail_at)?;
        let sentence = text[last.clone()].trim_start();
        if self.closing.as_ref().is_some_and(|rule| is_filler(rule, sentence)) {
            changed_by.insert(Rule::Closings);
            return Some(last.start);
        }
        if self.over_polite.as_ref().is_some_and(|rule| is_filler(rule, sentence)) {
            changed_by.insert(Rule::OverPolite);
            return Some(last.start);
        }
        let tail = self.closing_tail.as_ref()?.captures(&text[last.clone()])?.get(1)?;
        changed_by.insert(Rule::Closings);
        Some(last.start + tail.start())
    }
}

fn is_filler(rule: &Regex, sentence: &str) -> bool {
    let sentence = sentence.trim();
    !sentence.is_empty() && sentence.len() <= MAX_SENTENCE_BYTES && rule.is_match(sentence)
}

/// Up to [`MAX_SENTENCE_BYTES`] from the beginning, cut at a character.
fn window_front(text: &str) -> &str {
    &text[..text.floor_char_boundary(MAX_SENTENCE_BYTES)]
}

/// Where the last [`MAX_SENTENCE_BYTES`] begin, at a character.
fn window_back(text: &str) -> usize {
    text.ceil_char_boundary(text.len().saturating_sub(MAX_SENTENCE_BYTES))
}

/// The last sentence of `text`, if it begins at or after `from` or the text is short.
fn last_sentence(text: &str, from: usize) -> Option<Range<usize>> {
    let mut last = None;
    for sentence in sentences(text, from..text.len()) {
        if !text[sentence.clone()].trim().is_empty() {
            last = Some(sentence);
        }
    }
    // A sentence that begins before the window is too long to be filler, but its tail may be one.
    last
}

/// Sentences of `text[within]`: a mark followed by a blank or the end closes one, and so does a line break.
fn sentences(text: &str, within: Range<usize>) -> impl Iterator<Item = Range<usize>> + '_ {
    let mut start = within.start;
    std::iter::from_fn(move || {
        if start >= within.end {
            return None;
        }
        let mut chars = text[start..within.end].char_indices().peekable();
        let mut end = within.end;
        while let Some((at, c)) = chars.next() {
            let closes = match c {
                '\n' => true,
                '.' | '!' | '?' | '~' | '…' => chars.peek().is_none_or(|(_, next)| next.is_whitespace()),
                _ => false,
            };
            if closes {
                end = start + at + c.len_utf8();
                while let Some((_, next)) = chars.next_if(|(_, next)| next.is_whitespace()) {
                    end += next.len_utf8();
                }
                break;
            }
        }
        let sentence = start..end;
        start = end;
        Some(sentence)
    })
}

/// The kept ranges of `text` one after another.
fn join(text: &str, kept: &[Range<usize>]) -> String {
    let mut out = String::with_capacity(text.len());
    for range in kept {
        out.push_str(&text[range.clone()]);
    }
    out.truncate(out.trim_end().len());
    out
}

/// One pattern from a rule file: comments dropped, a blank optional, `…` up to 20 characters.
fn alternation_of(file: &str) -> String {
    let lines = file.lines().filter(|line| !line.is_empty() && !line.starts_with('#'));
    let patterns: Vec<String> = lines
        .map(|line| {
            let is_korean = line.chars().any(|c| ('가'..='힣').contains(&c));
            let blank = if is_korean { " ?" } else { " " };
            line.replace(' ', blank).replace('…', r"[^.!?\n]{0,20}")
        })
        .collect();
    patterns.join("|")
}

fn compile(pattern: &str) -> Result<Regex, PatternError> {
    Regex::new(pattern)
        .map_err(|cause| PatternError::Invalid { pattern: pattern.to_string(), cause: Box::new(cause) })
}

fn custom_pattern(pattern: &str) -> Result<Regex, PatternError> {
    let compiled = compile(pattern)?;
    if compiled.is_match("") {
        return Err(PatternError::MatchesNothing { pattern: pattern.to_string() });
    }
    Ok(compiled)
}
