//! The text as the detectors see it: NFKC, one hyphen, no invisible characters – with a way back.
//!
//! Most text is its own view and is borrowed. Where a character changes, the view keeps *runs* that
//! map view offsets to original offsets, so a find on the view becomes a byte range of the original.
//! Deviations from NFKC, each for a reason: compatibility jamo (ㅋㅋ) stay as they are, because nobody
//! writes numbers with them; circled digits become digits only beside another circled digit, because
//! a single one is a list mark; `ㅡ` and the dashes become `-`.

use std::borrow::Cow;
use std::ops::Range;

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::canonical_combining_class;

/// A text as seen by the detectors.
#[derive(Debug)]
pub(crate) struct View<'a> {
    text: Cow<'a, str>,
    /// Empty where the view is the original.
    runs: Vec<Run>,
}

/// A stretch of the view and the stretch of the original it came from.
#[derive(Debug, Clone, Copy)]
struct Run {
    view: usize,
    original: usize,
    original_len: usize,
    /// Byte for byte the same; otherwise the stretch maps as a whole.
    same: bool,
}

impl<'a> View<'a> {
    /// The view of a text.
    pub(crate) fn of(original: &'a str) -> Self {
        match first_change(original) {
            None => Self { text: Cow::Borrowed(original), runs: Vec::new() },
            Some(at) => Builder::run(original, at),
        }
    }

    /// The text of the view.
    pub(crate) fn text(&self) -> &str {
        &self.text
    }

    /// The byte range of the original that a byte range of the view came from.
    pub(crate) fn original_range(&self, view: Range<usize>) -> Range<usize> {
        if self.runs.is_empty() || view.is_empty() {
            return view;
        }
        let first = self.run_at(view.start);
        let last = self.run_at(view.end - 1);
        let start = if first.same { first.original + (view.start - first.view) } else { first.original };
        let end = if last.same {
            last.original + (view.end - last.view)
        } else {
            last.original + last.original_len
        };
        start..end
    }

    fn run_at(&self, at: usize) -> Run {
        let after = self.runs.partition_point(|r| r.view <= at);
        self.runs[after.saturating_sub(1)]
    }
}

/// Whether there is nothing but ASCII and U+A000–U+D77F, told without taking the characters apart.
#[expect(clippy::needless_bitwise_bool, reason = "a branch would keep bytes from being compared at once")]
fn is_plain(bytes: &[u8]) -> bool {
    let next = bytes.get(1..).unwrap_or_default();
    let odd = |b: u8, next: u8| ((0xC0..0xEA).contains(&b)) | (b > 0xED) | ((b == 0xED) & (next > 0x9D));
    // No branch inside, so that many bytes are compared at once. The last byte of a text begins no character.
    !bytes.iter().zip(next).fold(false, |any, (&b, &next)| any | odd(b, next))
}

/// Where the first character stands that the view changes.
fn first_change(text: &str) -> Option<usize> {
    let bytes = text.as_bytes();
    if is_plain(bytes) {
        return None;
    }
    let mut i = 0;
    while i < bytes.len() {
        i += match bytes[i] {
            0..=0x7F => 1,
            // U+A000–U+CFFF, almost all Hangul syllables.
            0xEA..=0xEC => 3,
            // U+D000–U+D77F, the rest of them but for a few.
            0xED if bytes[i + 1] <= 0x9D => 3,
            _ => {
                let c = text[i..].chars().next()?;
                if changes(c) {
                    return Some(i);
                }
                c.len_utf8()
            }
        };
    }
    None
}

/// Whether the view shows this character otherwise than the original does.
fn changes(c: char) -> bool {
    match c {
        '\u{3161}' | '\u{3164}' => true,
        '\u{0}'..='\u{7F}'
        | '\u{AC00}'..='\u{D7A3}'
        | '\u{3001}'..='\u{3003}'
        | '\u{3008}'..='\u{3011}'
        | '\u{3131}'..='\u{318E}' => false,
        _ => {
            is_invisible(c)
                || is_hyphen(c)
                || is_circled(c)
                || canonical_combining_class(c) != 0
                || is_medial_or_final(c)
                || !unicode_normalization::is_nfkc(c.encode_utf8(&mut [0; 4]))
        }
    }
}

/// Characters that take no place: zero-width, soft hyphen, direction marks, variation selectors, fillers.
fn is_invisible(c: char) -> bool {
    matches!(c,
        '\u{AD}' | '\u{34F}' | '\u{61C}' | '\u{115F}' | '\u{1160}' | '\u{180B}'..='\u{180E}'
        | '\u{200B}'..='\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2060}'..='\u{206F}'
        | '\u{3164}' | '\u{FE00}'..='\u{FE0F}' | '\u{FEFF}' | '\u{FFA0}' | '\u{E0100}'..='\u{E01EF}')
}

/// Characters people type for a hyphen.
pub(crate) fn is_hyphen(c: char) -> bool {
    matches!(
        c,
        '\u{2D7}' | '\u{2010}'
            ..='\u{2015}'
                | '\u{2043}'
                | '\u{207B}'
                | '\u{208B}'
                | '\u{2212}'
                | '\u{2500}'
                | '\u{2501}'
                | '\u{2796}'
                | '\u{30FC}'
                | '\u{3161}'
                | '\u{FE58}'
                | '\u{FE63}'
                | '\u{FF0D}'
                | '\u{FF70}'
    )
}

/// Circled and parenthesised numbers.
fn is_circled(c: char) -> bool {
    matches!(c, '\u{2460}'..='\u{249B}' | '\u{24EA}'..='\u{24FF}' | '\u{2776}'..='\u{2793}')
}

fn circled_digit(c: char) -> Option<u32> {
    match c {
        '\u{24EA}' | '\u{24FF}' => Some(0),
        '\u{2460}'..='\u{2468}' => Some(c as u32 - 0x245F),
        '\u{2776}'..='\u{277E}' => Some(c as u32 - 0x2775),
        '\u{2780}'..='\u{2788}' => Some(c as u32 - 0x277F),
        '\u{278A}'..='\u{2792}' => Some(c as u32 - 0x2789),
        '\u{24F5}'..='\u{24FD}' => Some(c as u32 - 0x24F4),
        _ => None,
    }
}

fn is_medial_or_final(c: char) -> bool {
    matches!(c, '\u{1160}'..='\u{11FF}' | '\u{D7B0}'..='\u{D7FF}')
}

struct Builder<'a> {
    original: &'a str,
    text: String,
    runs: Vec<Run>,
}

impl<'a> Builder<'a> {
    fn run(original: &'a str, first: usize) -> View<'a> {
        let mut b = Self { original, text: String::with_capacity(original.len() + 16), runs: Vec::new() };
        // The character before a combining mark belongs to its cluster.
        let start = original[..first].char_indices().next_back().map_or(0, |(i, _)| i);
        b.same(0, start);
        let mut at = start;
        while at < original.len() {
            at = b.step(at);
        }
        // A view without a run would read as the original; an empty view has no offsets to map.
        View { text: Cow::Owned(b.text), runs: b.runs }
    }

    fn step(&mut self, at: usize) -> usize {
        let Some(c) = self.original[at..].chars().next() else { return self.original.len() };
        let end = at + c.len_utf8();
        if c == '\u{20E3}' || is_invisible(c) {
            // A keycap (1️⃣) ends where no other keycap follows.
            if c == '\u{20E3}' && !self.keycap_follows(end) {
                self.changed(at, end, " ");
            }
            return end;
        }
        if is_hyphen(c) {
            self.changed(at, end, "-");
            return end;
        }
        if is_circled(c) {
            self.circled(c, at, end);
            return end;
        }
        let cluster_end = self.cluster_end(end);
        let cluster = &self.original[at..cluster_end];
        if cluster_end == end && !changes(c) {
            self.same(at, end);
        } else {
            let folded: String = cluster.chars().filter(|&c| !is_invisible(c)).nfkc().collect();
            if folded == cluster {
                self.same(at, cluster_end);
            } else {
                self.changed(at, cluster_end, &folded);
            }
        }
        cluster_end
    }

    fn keycap_follows(&self, at: usize) -> bool {
        let mut next = self.original[at..].chars().filter(|c| *c != '\u{FE0F}');
        next.next().is_some_and(|c| c.is_ascii_digit()) && next.next() == Some('\u{20E3}')
    }

    fn circled(&mut self, c: char, at: usize, end: usize) {
        let near = |c: Option<char>| c.is_some_and(|c| circled_digit(c).is_some());
        let neighbour =
            near(self.original[end..].chars().next()) || near(self.original[..at].chars().next_back());
        match circled_digit(c) {
            Some(d) if neighbour => {
                let digit = char::from_digit(d, 10).unwrap_or('0');
                self.changed(at, end, digit.encode_utf8(&mut [0; 4]));
            }
            _ => self.changed(at, end, " "),
        }
    }

    /// Where the cluster ends whose first character ends at `at`.
    fn cluster_end(&self, at: usize) -> usize {
        let mut end = at;
        for c in self.original[at..].chars() {
            if c == '\u{20E3}' || is_invisible(c) {
                break;
            }
            if canonical_combining_class(c) == 0 && !is_medial_or_final(c) {
                break;
            }
            end += c.len_utf8();
        }
        end
    }

    fn same(&mut self, start: usize, end: usize) {
        if start == end {
            return;
        }
        let extends = self.runs.last().is_some_and(|r| r.same && r.original + r.original_len == start);
        if extends {
            if let Some(last) = self.runs.last_mut() {
                last.original_len += end - start;
            }
        } else {
            self.runs.push(Run {
                view: self.text.len(),
                original: start,
                original_len: end - start,
                same: true,
            });
        }
        self.text.push_str(&self.original[start..end]);
    }

    fn changed(&mut self, start: usize, end: usize, shown: &str) {
        if shown.is_empty() {
            return;
        }
        self.runs.push(Run {
            view: self.text.len(),
            original: start,
            original_len: end - start,
            same: false,
        });
        self.text.push_str(shown);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shows(original: &str, view: &str) {
        assert_eq!(View::of(original).text(), view, "view of {original:?}");
    }

    #[test]
    fn plain_text_is_told() {
        for plain in ["", "a", "문의: 010-1234-5678 해", "\u{A000}\u{D77F}"] {
            assert!(is_plain(plain.as_bytes()), "{plain}");
        }
        for other in ["é", "a漢", "ㅋㅋ", "가\u{200B}나", "힣", "\u{F900}", "📞", "가\u{D7B0}"] {
            assert!(!is_plain(other.as_bytes()), "{other}");
        }
    }

    #[test]
    fn plain_text_is_borrowed() {
        let view = View::of("문의: 010-1234-5678 ㅋㅋ ㅠㅠ 「가」");
        assert!(matches!(view.text, Cow::Borrowed(_)));
    }

    #[test]
    fn forms_become_one() {
        shows("０１０－１２３４－５６７８", "010-1234-5678");
        shows("010‐1234‑5678", "010-1234-5678");
        shows("010–1234—5678", "010-1234-5678");
        shows("010―1234ㅡ5678", "010-1234-5678");
        shows("010\u{200B}-12\u{FEFF}34-5678", "010-1234-5678");
        shows("\u{1100}\u{1161}\u{11A8}남구", "각남구");
        shows("⓪①⓪", "010");
        shows("①010", " 010");
        shows("ＨＯＮＧ＠ｅｘａｍｐｌｅ．ｃｏｍ", "HONG@example.com");
        shows("1\u{FE0F}\u{20E3}2\u{FE0F}\u{20E3}", "12 ");
    }

    #[test]
    fn ranges_lead_back() {
        let original = "가\u{200B}０１\u{200B}０나";
        let view = View::of(original);
        let at = view.text().find("010").unwrap();
        let range = view.original_range(at..at + 3);
        assert_eq!(&original[range], "０１\u{200B}０");
    }

    #[test]
    fn a_decomposed_syllable_maps_as_a_whole() {
        let original = "x\u{1100}\u{1161}y";
        let view = View::of(original);
        assert_eq!(view.text(), "x가y");
        assert_eq!(view.original_range(1..4), 1..7);
        assert_eq!(view.original_range(4..5), 7..8);
    }
}
