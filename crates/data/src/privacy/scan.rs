//! What the recognisers share: the view, its cues, the finds so far, and questions about neighbours.

use std::cell::Cell;

use super::chain::Chain;
use super::cues::{Cue, Cues};
use super::entity::Entity;
use super::particles::{hangul_run, may_follow_noun};
use super::squeeze::is_word_char;

/// A find on the view.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Found {
    pub(crate) entity: Entity,
    pub(crate) start: usize,
    pub(crate) end: usize,
}

/// One text being scanned.
#[derive(Debug)]
pub(crate) struct Scan<'a> {
    pub(crate) text: &'a str,
    pub(crate) bytes: &'a [u8],
    pub(crate) cues: &'a Cues,
    pub(crate) found: Vec<Found>,
    /// Every run of digits, in order.
    pub(crate) numbers: Vec<(usize, usize)>,
    /// The last answer of [`Self::label_before`] and its place: one recogniser after another asks it.
    label: Cell<Option<(usize, Option<Cue>)>>,
}

/// How far a label may stand before its number, in bytes.
const LABEL_REACH: usize = 48;
/// How much text may stand between a label and its number, in bytes: `번호는 신한은행 `.
const LABEL_GAP: usize = 26;

impl<'a> Scan<'a> {
    pub(crate) fn new(text: &'a str, cues: &'a Cues) -> Self {
        let (found, numbers) = (Vec::new(), Vec::new());
        Self { text, bytes: text.as_bytes(), cues, found, numbers, label: Cell::new(None) }
    }

    pub(crate) fn push(&mut self, entity: Entity, start: usize, end: usize) {
        self.found.push(Found { entity, start, end });
    }

    /// The label that a number at `at` stands under, where there is one right before it.
    pub(crate) fn label_before(&self, at: usize) -> Option<Cue> {
        if let Some((_, label)) = self.label.get().filter(|(place, _)| *place == at) {
            return label;
        }
        // A parcel's number is a code to everything but telephones, which ask for it by itself.
        let label = self.find_label(at).map(|cue| if cue == Cue::Parcel { Cue::Code } else { cue });
        self.label.set(Some((at, label)));
        label
    }

    fn find_label(&self, at: usize) -> Option<Cue> {
        let from = at.saturating_sub(LABEL_REACH);
        let mut bank = None;
        for hit in self.cues.ending_in(from, at) {
            if !is_number_label(hit.cue) {
                continue;
            }
            let gap = &self.text[hit.end..at];
            if gap.len() > LABEL_GAP || !is_label_gap(gap) {
                break;
            }
            match hit.cue {
                // `쿠폰이 얼마예요 4123-…`: the talk of an amount ended, and another sentence began.
                Cue::Code if is_amount_word(&self.text[hit.start..hit.end]) && has_ended(gap) => break,
                Cue::BankWord if gap.len() > 4 => {}
                // `카드로 …`: a bank or card named first, then the real label; the nearer one is it.
                Cue::Bank | Cue::BankWord => bank = bank.or(Some(Cue::Bank)),
                cue if bank.is_some() && !matches!(cue, Cue::Code | Cue::Parcel) => return Some(cue),
                cue => return Some(bank.unwrap_or(cue)),
            }
        }
        bank
    }

    /// Whether one of the cues stands within `before` bytes before `start` or `after` bytes after `end`,
    /// in the same paragraph.
    pub(crate) fn is_near(
        &self,
        wanted: &[Cue],
        start: usize,
        end: usize,
        before: usize,
        after: usize,
    ) -> bool {
        let from = start.saturating_sub(before);
        let ahead = self.cues.ending_in(from, start).any(|h| {
            wanted.contains(&h.cue) && self.text.get(h.end..start).is_some_and(|gap| !has_empty_line(gap))
        });
        ahead
            || self.cues.starting_in(end, end + after).any(|h| {
                wanted.contains(&h.cue) && self.text.get(end..h.start).is_some_and(|gap| !gap.contains('\n'))
            })
    }

    /// Whether a Latin letter, digit or underscore touches the range.
    pub(crate) fn is_glued(&self, start: usize, end: usize) -> bool {
        let before = start.checked_sub(1).map(|i| self.bytes[i]);
        let after = self.bytes.get(end).copied();
        before.is_some_and(is_word_byte) || after.is_some_and(is_word_byte)
    }

    /// Whether the range is a part of a code such as `ORD-123-45` or `123-45-A`.
    pub(crate) fn is_inside_code(&self, start: usize, end: usize) -> bool {
        let joins = |b: u8| matches!(b, b'-' | b'_' | b'/' | b'#' | b'=');
        let before = start >= 1
            && joins(self.bytes[start - 1])
            && (self.bytes[start - 1] == b'#'
                || (start >= 2 && self.bytes[start - 2].is_ascii_alphanumeric()));
        let after = self.bytes.get(end).is_some_and(|&b| b == b'-' || b == b'_')
            && self.bytes.get(end + 1).is_some_and(u8::is_ascii_alphanumeric);
        before || after
    }

    /// Whether a unit or a currency makes the range an amount.
    pub(crate) fn is_amount(&self, start: usize, end: usize) -> bool {
        let rest = self.text[end..].trim_start_matches(' ');
        let before = self.text[..start].trim_end_matches(' ');
        let decimal = rest.starts_with(',') && rest[1..].starts_with(|c: char| c.is_ascii_digit());
        let counted = units(rest)
            .iter()
            .any(|u| starts_with_ignoring_case(rest, u) && may_follow_noun(hangul_run(&rest[u.len()..])));
        decimal || counted || before.ends_with(['₩', '$', '€', '¥', '\\'])
    }

    /// Whether a window without separators may be a number of its own.
    pub(crate) fn is_free(&self, start: usize, end: usize) -> bool {
        !self.is_glued(start, end) && !self.is_inside_code(start, end) && !self.is_amount(start, end)
    }

    /// The range of groups `from..to` of a chain, with a parenthesis that opens right before and closes inside.
    pub(crate) fn range(&self, chain: &Chain<'_>, from: usize, to: usize) -> (usize, usize) {
        let groups = chain.groups();
        let (mut start, end) = (groups[from].start, groups[to - 1].end);
        let closes = self.bytes[start..end].contains(&b')') && !self.bytes[start..end].contains(&b'(');
        if closes && start > 0 && self.bytes[start - 1] == b'(' {
            start -= 1;
        }
        (start, end)
    }
}

/// The units that a text may start with, by its first character.
fn units(text: &str) -> &'static [&'static str] {
    match text.chars().next() {
        Some('원') => &["원"],
        Some('개') => &["개"],
        Some('건') => &["건"],
        Some('명') => &["명"],
        Some('점') => &["점"],
        Some('%') => &["%"],
        Some('만') => &["만원"],
        Some('달') => &["달러"],
        Some('포') => &["포인트"],
        Some('마') => &["마일"],
        Some('회') => &["회"],
        Some('번') => &["번째"],
        Some('k' | 'K') => &["km", "krw"],
        Some('u' | 'U') => &["usd"],
        Some('m' | 'M') => &["ms"],
        _ => &[],
    }
}

fn starts_with_ignoring_case(text: &str, head: &str) -> bool {
    text.get(..head.len()).is_some_and(|t| t.eq_ignore_ascii_case(head))
}

fn has_empty_line(text: &str) -> bool {
    text.as_bytes().windows(2).any(|pair| pair == b"\n\n")
}

fn is_word_byte(b: u8) -> bool {
    b.is_ascii_alphanumeric() || b == b'_'
}

/// Whether a cue labels a number (and not a name or a place).
fn is_number_label(cue: Cue) -> bool {
    matches!(
        cue,
        Cue::Resident
            | Cue::Foreigner
            | Cue::Corporate
            | Cue::Business
            | Cue::Licence
            | Cue::Passport
            | Cue::Phone
            | Cue::Account
            | Cue::Bank
            | Cue::BankWord
            | Cue::Card
            | Cue::Plate
            | Cue::Ip
            | Cue::Version
            | Cue::Code
            | Cue::Parcel
            | Cue::Zip
    )
}

/// Whether a label of codes is a word of amounts, which name no number by themselves.
fn is_amount_word(word: &str) -> bool {
    matches!(
        word,
        "쿠폰"
            | "가격"
            | "금액"
            | "합계"
            | "총액"
            | "조회"
            | "수량"
            | "포인트"
            | "매출"
            | "판매량"
            | "재고"
    )
}

/// Whether a sentence ends in a gap without a mark: its verb does.
fn has_ended(gap: &str) -> bool {
    gap.split([' ', '\n']).any(|word| ["요", "니다", "까", "죠"].iter().any(|end| word.ends_with(end)))
}

/// Whether a text may stand between a label and its number: no other number, no end of a sentence.
fn is_label_gap(gap: &str) -> bool {
    let bytes = gap.as_bytes();
    let ends_sentence = |i: usize| {
        matches!(bytes[i], b'.' | b'?' | b'!')
            && bytes.get(i + 1).is_none_or(u8::is_ascii_whitespace)
            && i > 2
    };
    if (0..bytes.len()).any(|i| bytes[i].is_ascii_digit() || ends_sentence(i)) {
        return false;
    }
    // A label above its value: nothing but marks between them.
    !gap.contains('\n') || gap.chars().all(|c| !is_word_char(c))
}
