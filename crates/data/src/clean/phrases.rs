//! Greetings, closings and over-polite filler, sentence by sentence, and a recipe's own patterns.

use std::borrow::Cow;
use std::ops::Range;

use regex::Regex;

use super::{Cleaned, Removed, Rule, Rules, needles};
use crate::finder::Finder;

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
    /// Words without which no rule matches.
    needles: Finder,
    /// The rule that each of them speaks for.
    needle_rules: Vec<Rule>,
    /// Rules that have no such words.
    untold: Rules,
}

/// Where words stand that speak for a rule.
struct Hits<'a> {
    found: Vec<(Rule, usize, usize)>,
    untold: &'a Rules,
}

impl Hits<'_> {
    /// Whether a rule may match somewhere inside the range.
    fn may_match(&self, rule: Rule, within: &Range<usize>) -> bool {
        let inside = |(of, start, end): &(Rule, usize, usize)| {
            *of == rule && *start >= within.start && *end <= within.end
        };
        self.untold.contains(rule) || self.found.iter().any(inside)
    }
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
        let (mut words, mut needle_rules, mut untold) = (Vec::new(), Vec::new(), Rules::default());
        for rule in FILES.map(|(rule, _)| rule) {
            match alternation(rule).map(|body| needles::of(&body)) {
                None => {}
                Some(None) => untold.insert(rule),
                Some(Some(of_rule)) => {
                    needle_rules.extend(std::iter::repeat_n(rule, of_rule.len()));
                    words.extend(of_rule);
                }
            }
        }
        let needles = Finder::new(&words);
        Ok(Self { greeting, closing, closing_tail, over_polite, custom, needles, needle_rules, untold })
    }

    fn hits(&self, text: &str) -> Hits<'_> {
        let mut found = Vec::new();
        self.needles.each(text, |word, start, end| found.push((self.needle_rules[word], start, end)));
        Hits { found, untold: &self.untold }
    }

    /// Removes what the rules match from `out`.
    pub(super) fn strip(&self, out: &mut Cleaned<'_>) {
        let before = out.removed.by();
        let kept = self.kept_ranges(&out.text, &mut out.removed);
        if out.removed.by() != before {
            let text = join(&out.text, &kept);
            out.text = Cow::Owned(text);
        }
        for pattern in &self.custom {
            if let Cow::Owned(changed) = pattern.replace_all(&out.text, "") {
                out.removed.note_change(Rule::Custom, &out.text, &changed);
                out.text = Cow::Owned(changed);
            }
        }
    }

    /// The ranges of `text` that stay, in order; what the rules take of the others is noted.
    fn kept_ranges(&self, text: &str, removed: &mut Removed) -> Vec<Range<usize>> {
        let hits = self.hits(text);
        let mut rest = 0..text.len();
        for _ in 0..MAX_FROM_AN_END {
            let Some(start) = self.front(text, &rest, &hits, removed) else { break };
            rest.start = start;
        }
        for _ in 0..MAX_FROM_AN_END {
            let Some(end) = self.back(text, &rest, &hits, removed) else { break };
            rest.end = end;
        }
        let over_polite = self.over_polite.as_ref().filter(|_| hits.may_match(Rule::OverPolite, &rest));
        let Some(rule) = over_polite else { return vec![rest] };
        let mut kept = Vec::new();
        for sentence in sentences(text, rest) {
            if hits.may_match(Rule::OverPolite, &sentence) && is_filler(rule, &text[sentence.clone()]) {
                removed.note(Rule::OverPolite, &text[sentence]);
            } else {
                kept.push(sentence);
            }
        }
        kept
    }

    /// Where the rest of a text begins when the greeting or filler sentence at its beginning is cut.
    fn front(
        &self,
        text: &str,
        rest: &Range<usize>,
        hits: &Hits<'_>,
        removed: &mut Removed,
    ) -> Option<usize> {
        let head = rest.start..rest.start + window_front(&text[rest.clone()]).len();
        let greeting = self.greeting.as_ref().filter(|_| hits.may_match(Rule::Greetings, &head));
        if let Some(found) = greeting.and_then(|rule| rule.find(&text[head])).filter(|f| !f.is_empty()) {
            removed.note(Rule::Greetings, found.as_str());
            return Some(rest.start + found.end());
        }
        let over_polite = self.over_polite.as_ref().filter(|_| hits.may_match(Rule::OverPolite, rest))?;
        let first = sentences(text, rest.clone()).next()?;
        if hits.may_match(Rule::OverPolite, &first) && is_filler(over_polite, &text[first.clone()]) {
            removed.note(Rule::OverPolite, &text[first.clone()]);
            return Some(first.end);
        }
        None
    }

    /// Where the rest of a text ends when the closing sentence at its end is cut.
    fn back(&self, text: &str, rest: &Range<usize>, hits: &Hits<'_>, removed: &mut Removed) -> Option<usize> {
        let tail = rest.start + window_back(&text[rest.clone()])..rest.end;
        if !hits.may_match(Rule::Closings, &tail) && !hits.may_match(Rule::OverPolite, &tail) {
            return None;
        }
        let last = last_sentence(text, tail)?;
        let sentence = text[last.clone()].trim_start();
        let closes = hits.may_match(Rule::Closings, &last);
        if closes && self.closing.as_ref().is_some_and(|rule| is_filler(rule, sentence)) {
            removed.note(Rule::Closings, &text[last.clone()]);
            return Some(last.start);
        }
        let over_polite = self.over_polite.as_ref().filter(|_| hits.may_match(Rule::OverPolite, &last));
        if over_polite.is_some_and(|rule| is_filler(rule, sentence)) {
            removed.note(Rule::OverPolite, &text[last.clone()]);
            return Some(last.start);
        }
        let closing_tail = self.closing_tail.as_ref().filter(|_| closes)?;
        let tail = closing_tail.captures(&text[last.clone()])?.get(1)?;
        removed.note(Rule::Closings, tail.as_str());
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

/// The last sentence of `text[within]` that is not blank. One that begins before is too long to be filler,
/// but its tail may be one.
fn last_sentence(text: &str, within: Range<usize>) -> Option<Range<usize>> {
    let body = text[within.clone()].trim_end();
    if body.is_empty() {
        return None;
    }
    // Where the characters begin that stand after the blanks we are in.
    let mut after_blanks = None;
    for (at, c) in body.char_indices().rev() {
        if c.is_whitespace() {
            let start = *after_blanks.get_or_insert(at + c.len_utf8());
            if c == '\n' {
                return Some(within.start + start..within.end);
            }
        } else if let Some(start) = after_blanks.take()
            && is_mark(c)
        {
            return Some(within.start + start..within.end);
        }
    }
    Some(within)
}

/// Whether a character ends a sentence where a blank follows.
fn is_mark(c: char) -> bool {
    matches!(c, '.' | '!' | '?' | '~' | '…')
}

/// Sentences of `text[within]`: a mark followed by a blank or the end closes one, and so does a line break.
fn sentences(text: &str, within: Range<usize>) -> impl Iterator<Item = Range<usize>> + '_ {
    let mut start = within.start;
    std::iter::from_fn(move || {
        if start >= within.end {
            return None;
        }
        let sentence = start..sentence_end(text, start..within.end);
        start = sentence.end;
        Some(sentence)
    })
}

/// Where the first sentence of `text[within]` ends, the blanks after it included.
fn sentence_end(text: &str, within: Range<usize>) -> usize {
    let bytes = text.as_bytes();
    let begins_blank = |at: usize| match bytes[at] {
        b @ 0..=0x7F => char::from(b).is_whitespace(),
        _ => text[at..].starts_with(char::is_whitespace),
    };
    for at in within.clone() {
        let mark = match bytes[at] {
            b'\n' | b'.' | b'!' | b'?' | b'~' => 1,
            0xE2 if text[at..].starts_with('…') => 3,
            _ => continue,
        };
        let after = at + mark;
        if bytes[at] == b'\n' || after >= within.end || begins_blank(after) {
            let rest = &text[after..within.end];
            return within.end - rest.trim_start().len();
        }
    }
    within.end
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
