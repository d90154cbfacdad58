//! Masked words in replies: filled in from the recipe, or the sentence that holds one is dropped.
//!
//! A model that was trained on masked text says `[전화번호]`. A customer must never read that.

use std::collections::BTreeMap;

/// The placeholders that masking writes, and what a reply says instead.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Placeholders {
    /// Placeholder with its brackets → its value, where the recipe has one.
    values: BTreeMap<String, Option<String>>,
}

impl Placeholders {
    /// `known` are all placeholders that may occur, such as `[전화번호]`; `values` gives what some of them say.
    pub fn new<'a>(
        known: impl IntoIterator<Item = &'a str>,
        values: impl IntoIterator<Item = (String, String)>,
    ) -> Self {
        let mut all: BTreeMap<String, Option<String>> =
            known.into_iter().map(|placeholder| (placeholder.to_string(), None)).collect();
        all.extend(values.into_iter().map(|(placeholder, value)| (placeholder, Some(value))));
        all.remove("");
        Self { values: all }
    }

    /// Whether there are none, so that nothing is ever changed.
    pub fn is_empty(&self) -> bool {
        self.values.is_empty()
    }

    /// A whole text, filled in.
    pub fn fill(&self, text: &str) -> String {
        let mut filler = self.filler();
        let mut out = filler.push(text);
        out.push_str(&filler.finish());
        out
    }

    /// Fills in a text that comes in pieces.
    pub fn filler(&self) -> Filler<'_> {
        Filler { placeholders: self, sentence: String::new(), filled: 0, dropped: 0 }
    }

    /// The first known placeholder in a text, the longest where several begin there.
    fn find<'t>(&self, text: &'t str) -> Option<(usize, &'t str, Option<&str>)> {
        let found = self.values.iter().filter_map(|(placeholder, value)| {
            let at = text.find(placeholder.as_str())?;
            Some((at, &text[at..at + placeholder.len()], value.as_deref()))
        });
        found.min_by_key(|(at, placeholder, _)| (*at, std::cmp::Reverse(placeholder.len())))
    }
}

/// Fills in one reply, sentence by sentence.
#[derive(Debug)]
pub struct Filler<'a> {
    placeholders: &'a Placeholders,
    sentence: String,
    filled: usize,
    dropped: usize,
}

impl Filler<'_> {
    /// Takes a piece; gives what is settled, which is whole sentences.
    pub fn push(&mut self, piece: &str) -> String {
        if self.placeholders.is_empty() {
            return piece.to_string();
        }
        let mut out = String::new();
        self.sentence.push_str(piece);
        while let Some(end) = sentence_end(&self.sentence) {
            let rest = self.sentence.split_off(end);
            let sentence = std::mem::replace(&mut self.sentence, rest);
            self.settle(&sentence, &mut out);
        }
        out
    }

    /// Gives the last sentence.
    pub fn finish(&mut self) -> String {
        let mut out = String::new();
        let sentence = std::mem::take(&mut self.sentence);
        self.settle(&sentence, &mut out);
        out
    }

    /// Placeholders that were filled in.
    pub fn filled(&self) -> usize {
        self.filled
    }

    /// Sentences that were dropped.
    pub fn dropped(&self) -> usize {
        self.dropped
    }

    fn settle(&mut self, sentence: &str, out: &mut String) {
        let mut filled = String::new();
        let (mut rest, mut count) = (sentence, 0);
        while let Some((at, placeholder, value)) = self.placeholders.find(rest) {
            let Some(value) = value else {
                self.dropped += 1;
                // The line break stays, so that what was said in two lines is not run together.
                let end = sentence.trim_end_matches(['\n', '\r']).len();
                out.push_str(&sentence[end..]);
                return;
            };
            filled.push_str(&rest[..at]);
            filled.push_str(value);
            rest = &rest[at + placeholder.len()..];
            count += 1;
        }
        self.filled += count;
        out.push_str(&filled);
        out.push_str(rest);
    }
}

/// Where the first sentence ends, the white space behind it included; none where it may go on.
/// A sentence ends at a line break, or at `.`, `!`, `?` or `。` before white space.
fn sentence_end(text: &str) -> Option<usize> {
    let mut chars = text.char_indices().peekable();
    while let Some((at, c)) = chars.next() {
        if c == '\n' {
            return Some(at + 1);
        }
        let ends = matches!(c, '.' | '!' | '?' | '。');
        if !ends {
            continue;
        }
        if let Some(&(next, following)) = chars.peek()
            && following.is_whitespace()
        {
            let spaces = &text[next..];
            let behind = spaces.trim_start_matches(' ');
            if behind.is_empty() {
                // More white space may come.
                return None;
            }
            return Some(text.len() - behind.len());
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn placeholders() -> Placeholders {
        let value = ("[전화번호]".to_string(), "1588-0000".to_string());
        Placeholders::new(["[전화번호]", "[이름]", "[주소]"], [value])
    }

    #[test]
    fn values_are_filled_in_and_the_rest_is_dropped() {
        for (text, expected) in [
            ("[전화번호]로 연락 주세요.", "1588-0000로 연락 주세요."),
            ("[이름]님, 안녕하세요. 배송은 2.5일 걸립니다.", "배송은 2.5일 걸립니다."),
            ("네.\n[주소]로 보냈습니다.\n감사합니다.", "네.\n\n감사합니다."),
            ("문의: [전화번호] 또는 [이름].", ""),
            ("[배송] 분류는 그대로입니다. [전화번호]!", "[배송] 분류는 그대로입니다. 1588-0000!"),
            ("", ""),
        ] {
            assert_eq!(placeholders().fill(text), expected, "{text}");
        }
        assert_eq!(Placeholders::default().fill("[이름]님"), "[이름]님");
    }

    #[test]
    fn pieces_do_not_matter() {
        let all = placeholders();
        let text = "안녕하세요! [이름]님. 번호는 [전화번호]입니다.  또 [주소]\n끝 [전화번호]";
        let whole = all.fill(text);
        for size in 1..8 {
            let chars: Vec<char> = text.chars().collect();
            let mut filler = all.filler();
            let mut out = String::new();
            for piece in chars.chunks(size) {
                out.push_str(&filler.push(&piece.iter().collect::<String>()));
            }
            out.push_str(&filler.finish());
            assert_eq!(out, whole, "pieces of {size}");
            assert_eq!((filler.filled(), filler.dropped()), (2, 2));
        }
    }
}
