//! Joining the lines of a paragraph: with a blank, without one, or with a hyphen taken away.
//!
//! Up to half of the wrapped lines of Korean text break inside a word. In this order it is decided (a) by a blank
//! that the file writes at the line's end, where its producer writes them; (b) by the joined or the split form
//! elsewhere in the document, and (c) by the syllables around, weighed together. How often lines of this document
//! break inside words is estimated along with it, for some producers never do it.

use std::collections::HashMap;

use serde::{Deserialize, Serialize};

use super::line::Line;
use super::quick::Quick;
use super::syllables::{Gap, Syllables};
use super::words::{is_hangul, is_punctuation};

/// What stands where two lines were joined.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Join {
    /// A blank.
    Blank,
    /// Nothing: the line broke inside a word.
    Nothing,
    /// Nothing, and the hyphen at the line's end is gone.
    HyphenDropped,
}

/// Why a join was made as it was.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum JoinReason {
    /// The file writes its blanks at the ends of lines.
    Written,
    /// The document has the words so elsewhere.
    Seen,
    /// The syllables around speak for it.
    Syllables,
    /// The script leaves no choice.
    Script,
}

/// What a word may be broken with at a line's end.
const HYPHENS: [char; 3] = ['-', '\u{ad}', '\u{2010}'];

/// Two lines that follow each other in a paragraph.
#[derive(Debug, Clone, Copy)]
pub(super) struct Seam<'l> {
    pub upper: &'l Line,
    pub lower: &'l Line,
}

impl<'l> Seam<'l> {
    /// The word, or the part of one, before and after the seam, without punctuation around.
    fn parts(&self) -> (&'l str, &'l str) {
        let upper = self.upper.text.rsplit(' ').next().unwrap_or_default();
        let lower = self.lower.text.split(' ').next().unwrap_or_default();
        (upper.trim_start_matches(is_punctuation), lower.trim_end_matches(is_punctuation))
    }

    fn ends(&self) -> (char, char) {
        let upper = self.upper.text.chars().next_back().unwrap_or(' ');
        (upper, self.lower.text.chars().next().unwrap_or(' '))
    }
}

fn has_hangul(seam: &Seam<'_>) -> bool {
    let (last, first) = seam.ends();
    is_hangul(last) || is_hangul(first)
}

/// Han, kana and what belongs to them, which are written without blanks.
fn is_unspaced(c: char) -> bool {
    matches!(c, '\u{3040}'..='\u{30ff}' | '\u{3400}'..='\u{9fff}' | '\u{f900}'..='\u{faff}' | '\u{3001}' | '\u{3002}')
}

/// What speaks for a blank, in logarithms of odds: fitted on a constitution and nine bills wrapped at three widths, each
/// of which is right where the other was fitted.
mod weights {
    /// Of the syllables around.
    pub const SYLLABLES: f32 = 1.05;
    /// Without anything else: what a line holds is whole words more often than a place inside it would suggest.
    pub const BIAS: f32 = 1.3;
    /// The part before the seam is a word elsewhere, and so is the part after it (for each factor of e).
    pub const UPPER_IS_WORD: f32 = 1.0;
    pub const LOWER_IS_WORD: f32 = 0.55;
    /// The part is a single syllable.
    pub const UPPER_IS_SHORT: f32 = -3.2;
    pub const LOWER_IS_SHORT: f32 = -1.3;
    /// Both are seen one after the other, or as one word.
    pub const SEEN: f32 = 0.8;
    /// The share of seams with a blank in the texts of the fit.
    pub const PRIOR: f32 = 0.45;
}

/// What the document says about its seams.
#[derive(Default)]
pub(super) struct Joiner {
    /// Whether the producer writes blanks at the ends of wrapped lines.
    writes_blanks: bool,
    /// How often a word occurs, at all and inside lines, where it is certainly whole.
    words: HashMap<String, (u32, u32), Quick>,
    /// How often two parts stand one after the other.
    split: HashMap<(String, String), u32>,
    syllables: Syllables,
    /// What this document's own habit adds.
    habit: f32,
}

impl Joiner {
    /// Learns from all lines of a document what is needed for its `seams`.
    pub fn learn<'l>(seams: &[Seam<'l>], lines: impl Iterator<Item = &'l Line>) -> Self {
        let written = seams.iter().filter(|seam| seam.upper.ends_with_blank).count();
        let mut joiner =
            Self { writes_blanks: written >= 3 && written * 5 >= seams.len(), ..Self::default() };
        let open: Vec<&Seam<'_>> = seams.iter().filter(|seam| !joiner.is_certain(seam)).collect();
        let korean = || open.iter().filter(|seam| has_hangul(seam));
        let gaps: Vec<Gap> = korean().map(|s| Gap::new(&s.upper.text, &s.lower.text)).collect();
        joiner.syllables = Syllables::for_gaps(gaps.iter());
        for seam in open.iter().filter(|seam| has_hangul(seam) || seam.upper.text.ends_with(HYPHENS)) {
            let (upper, lower) = seam.parts();
            for word in [bare(upper).to_owned(), bare(lower).to_owned(), joined(upper, lower)] {
                joiner.words.insert(word, (0, 0));
            }
            joiner.split.insert((upper.to_owned(), lower.to_owned()), 0);
        }
        // English words are joined by their hyphens, and asked about only there.
        if !joiner.words.is_empty() {
            lines.for_each(|line| joiner.read(&line.text));
            joiner.habit = habit(&korean().map(|seam| joiner.evidence(seam)).collect::<Vec<f32>>());
        }
        joiner
    }

    fn is_certain(&self, seam: &Seam<'_>) -> bool {
        let (upper, _) = seam.ends();
        upper != '-' && (self.writes_blanks || seam.upper.ends_with_blank)
    }

    fn read(&mut self, text: &str) {
        if !self.syllables.is_idle() {
            self.syllables.learn(text);
        }
        let mut previous = "";
        let mut words = text.split(' ').enumerate().peekable();
        while let Some((at, word)) = words.next() {
            if let Some(count) = self.words.get_mut(bare(word)) {
                count.0 += 1;
                count.1 += u32::from(at > 0 && words.peek().is_some());
            }
            let end = word.trim_end_matches(is_punctuation);
            if !previous.is_empty() && !end.is_empty() && self.words.contains_key(bare(end)) {
                let pair = (previous.to_owned(), end.to_owned());
                if let Some(count) = self.split.get_mut(&pair) {
                    *count += 1;
                }
            }
            previous = word.trim_start_matches(is_punctuation);
        }
    }

    /// What speaks for a blank (positive) and against it.
    fn evidence(&self, seam: &Seam<'_>) -> f32 {
        let (upper, lower) = seam.parts();
        let p = self.syllables.blank(&Gap::new(&seam.upper.text, &seam.lower.text)).clamp(0.001, 0.999);
        let inside = |word: &str| log_count(self.words.get(bare(word)).map_or(0, |count| count.1));
        let is_short = |part: &str| f32::from(u8::from(part.chars().count() == 1));
        weights::SYLLABLES * (p / (1.0 - p)).ln()
            + weights::BIAS
            + weights::UPPER_IS_WORD * inside(upper)
            + weights::LOWER_IS_WORD * inside(lower)
            + weights::UPPER_IS_SHORT * is_short(upper)
            + weights::LOWER_IS_SHORT * is_short(lower)
            + weights::SEEN * (log_count(self.seen_split(seam)) - log_count(self.seen_joined(seam)))
    }

    fn seen_joined(&self, seam: &Seam<'_>) -> u32 {
        let (upper, lower) = seam.parts();
        self.words.get(&joined(upper, lower)).map_or(0, |count| count.0)
    }

    fn seen_split(&self, seam: &Seam<'_>) -> u32 {
        let (upper, lower) = seam.parts();
        self.split.get(&(upper.to_owned(), lower.to_owned())).copied().unwrap_or(0)
    }

    /// How two lines are to be joined.
    pub fn join(&self, seam: &Seam<'_>) -> (Join, JoinReason) {
        let (last, first) = seam.ends();
        if HYPHENS.contains(&last) {
            return self.hyphen(seam, last);
        }
        if seam.upper.ends_with_blank {
            return (Join::Blank, JoinReason::Written);
        }
        if is_unspaced(last) && is_unspaced(first) {
            return (Join::Nothing, JoinReason::Script);
        }
        if !has_hangul(seam) {
            return (Self::without_hangul(last, first), JoinReason::Script);
        }
        if self.writes_blanks {
            return (Join::Nothing, JoinReason::Written);
        }
        self.korean(seam)
    }

    fn korean(&self, seam: &Seam<'_>) -> (Join, JoinReason) {
        if begins_phrase(seam) {
            return (Join::Blank, JoinReason::Syllables);
        }
        let join = if self.evidence(seam) + self.habit > 0.0 { Join::Blank } else { Join::Nothing };
        let is_seen = match join {
            Join::Blank => self.seen_split(seam) > 0,
            _ => self.seen_joined(seam) > 0,
        };
        (join, if is_seen { JoinReason::Seen } else { JoinReason::Syllables })
    }

    /// Letters and digits that stand alone are words; what binds them binds over a line's end too.
    fn without_hangul(last: char, first: char) -> Join {
        let binds =
            |c: char| matches!(c, '/' | '_' | '@' | '–' | '·' | 'ㆍ' | '(' | '[' | '「' | '『' | '“' | '‘');
        let closes = |c: char| matches!(c, ')' | ']' | '」' | '』' | '”' | '’' | ',' | '.');
        if binds(last) || closes(first) { Join::Nothing } else { Join::Blank }
    }

    fn hyphen(&self, seam: &Seam<'_>, hyphen: char) -> (Join, JoinReason) {
        if hyphen == '\u{ad}' {
            return (Join::HyphenDropped, JoinReason::Script);
        }
        let (upper, lower) = seam.parts();
        let stem = upper.trim_end_matches(['-', '\u{2010}']);
        if stem.is_empty() {
            return (Join::Blank, JoinReason::Script);
        }
        if self.seen_joined(seam) > 0 {
            return (Join::HyphenDropped, JoinReason::Seen);
        }
        let is_lower = |c: Option<char>| c.is_some_and(char::is_lowercase);
        let breaks_word = is_lower(stem.chars().next_back()) && is_lower(lower.chars().next());
        (if breaks_word { Join::HyphenDropped } else { Join::Nothing }, JoinReason::Script)
    }
}

/// Whether grammar says that a word begins at the seam: 수 of 줄 수 있다 is never written together with its verb, and neither
/// is a numeral that counts with what stands before it: 문자 중 세 가지.
fn begins_phrase(seam: &Seam<'_>) -> bool {
    const RIEUL: u32 = 8;
    const CAN: [&str; 4] = ["수 있", "수 없", "수는 없", "수도 있"];
    const NUMERALS: [&str; 8] = ["한", "두", "세", "네", "다섯", "여섯", "일곱", "여덟"];
    const COUNTERS: [&str; 8] = ["가지", "사람", "명", "차례", "번", "단계", "시간", "달"];
    let (last, _) = seam.ends();
    let lower = seam.lower.text.as_str();
    let ends_in_rieul = is_hangul(last) && (u32::from(last) - 0xAC00) % 28 == RIEUL;
    let counts = || {
        let (numeral, rest) = lower.split_once(' ').unwrap_or_default();
        NUMERALS.contains(&numeral) && COUNTERS.iter().any(|counter| rest.starts_with(counter))
    };
    ends_in_rieul && CAN.iter().any(|can| lower.starts_with(can)) || is_hangul(last) && counts()
}

/// A word without punctuation around it.
fn bare(word: &str) -> &str {
    word.trim_matches(is_punctuation)
}

/// Two parts as one word, without the hyphen between them.
fn joined(upper: &str, lower: &str) -> String {
    format!("{}{}", bare(upper), bare(lower))
}

fn log_count(count: u32) -> f32 {
    (count as f32).ln_1p()
}

/// How much more or less likely a blank is at the line ends of this document than in those of the fit, by what its own
/// seams say together (expectation and maximisation over their share; Saerens, Latinne and Decaestecker 2002).
fn habit(evidence: &[f32]) -> f32 {
    let odds = |share: f32| (share / (1.0 - share)).ln();
    let mut share = weights::PRIOR;
    for _ in 0..20 {
        let shift = odds(share) - odds(weights::PRIOR);
        let blanks: f32 = evidence.iter().map(|e| 1.0 / (1.0 + (-(e + shift)).exp())).sum();
        share = (blanks + 2.0 * weights::PRIOR) / (evidence.len() as f32 + 2.0);
        share = share.clamp(0.02, 0.98);
    }
    odds(share) - odds(weights::PRIOR)
}

/// Adds a line to a text.
pub(super) fn append(text: &mut String, line: &str, join: Join) {
    match join {
        Join::Blank => text.push(' '),
        Join::Nothing => {}
        Join::HyphenDropped => {
            text.pop();
        }
    }
    text.push_str(line);
}

#[cfg(test)]
mod tests {
    use super::super::super::Rect;
    use super::super::glyph::Direction;
    use super::*;

    fn line(text: &str, ends_with_blank: bool) -> Line {
        Line {
            text: text.to_owned(),
            ends_with_blank,
            x0: 0.0,
            x1: 1.0,
            y: 0.0,
            size: 10.0,
            bold: 0.0,
            font: 0,
            direction: Direction::RIGHT,
            bounds: Rect::default(),
            cell: None,
            artifact: false,
            is_entry: false,
        }
    }

    /// Joins the lines that are parted by `|`; `_` at a line's end is a blank that the file writes.
    fn joined_text(text: &str) -> String {
        let lines: Vec<Line> =
            text.split('|').map(|l| line(l.trim_end_matches('_'), l.ends_with('_'))).collect();
        let seams: Vec<Seam<'_>> =
            lines.windows(2).map(|pair| Seam { upper: &pair[0], lower: &pair[1] }).collect();
        let joiner = Joiner::learn(&seams, lines.iter());
        let mut out = lines[0].text.clone();
        for seam in &seams {
            append(&mut out, &seam.lower.text, joiner.join(seam).0);
        }
        out
    }

    #[test]
    fn lines_are_joined_as_the_document_and_the_script_say() {
        for (lines, joined) in [
            // The file writes its blanks.
            (
                "회사는 직원의_|권리를 보장하고 직|원은 의무를 진다._|모든 직원은_|평등하다.",
                "회사는 직원의 권리를 보장하고 직원은 의무를 진다. 모든 직원은 평등하다.",
            ),
            // The document has the word and the pair elsewhere.
            (
                "모든 국민은 국민의 권리를 국|민의 권리를 가진다",
                "모든 국민은 국민의 권리를 국민의 권리를 가진다",
            ),
            (
                "국민의 권리를 국민의 권리를 국민의|권리를 가진다",
                "국민의 권리를 국민의 권리를 국민의 권리를 가진다",
            ),
            // What grammar parts, however short it is.
            ("합의하여 휴가를 줄|수 있다", "합의하여 휴가를 줄 수 있다"),
            ("숫자와 특수문자 중|세 가지 이상을 섞는다", "숫자와 특수문자 중 세 가지 이상을 섞는다"),
            // English.
            ("all employ-|ees shall re-|apply", "all employees shall reapply"),
            ("the time-|Table of the|rules", "the time-Table of the rules"),
            ("from 2024-|2025", "from 2024-2025"),
            ("1988年の|日本語", "1988年の日本語"),
        ] {
            assert_eq!(joined_text(lines), joined);
        }
    }

    #[test]
    fn a_document_that_never_breaks_words_is_taken_at_its_word() {
        let evidence = vec![2.0, 3.0, -0.4, 2.5, 1.8, 4.0, 2.2, 3.3, 2.9, 2.1];
        assert!(habit(&evidence) > 0.4);
        assert!(habit(&[2.0, -2.0, -3.0, 1.0, -2.5]).abs() < 0.8);
    }
}
