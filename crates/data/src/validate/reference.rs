//! References to places of a document: 제23조제1항, 별표 2, Section 4.2, Article 5(2).

use std::sync::LazyLock;

use regex::Regex;

use crate::documents::{Level, Number};

/// A reference as it is written in a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reference {
    /// Its numbers from the outside to the inside: 제23조제1항 is an article and a paragraph.
    pub parts: Vec<(Level, Number)>,
    /// `4.2` of an English reference; empty in Korean.
    pub dotted: Vec<u32>,
    /// Where it begins, in bytes of the folded text.
    pub start: usize,
    /// Where it ends.
    pub end: usize,
}

static KOREAN: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(
        r"제\s?(\d+)\s?(편|장|절|관|조|항|호|목)(?:의\s?(\d+))?|(?:^|[^\d])(\d+)\s?(조|항|호)(?:의\s?(\d+))?|(별표|별지)\s?(?:제)?(\d+)?(?:호)?|(부칙)",
    )
    .expect("the pattern is tested")
});

static ENGLISH: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(
        r"(?i)(?:\b(Article|Section|Sec\.|Chapter|Part|Paragraph|Clause|Appendix|Annex)|(§))\s?(\d+(?:\.\d+)*)((?:\s?\([a-z0-9]{1,3}\))*)",
    )
    .expect("the pattern is tested")
});

/// The references of a folded text, in order.
pub fn references(text: &str) -> Vec<Reference> {
    let mut out: Vec<Reference> = Vec::new();
    for one in korean(text) {
        match out.last_mut() {
            // 제23조 제1항: a smaller place right after a larger one.
            Some(last)
                if text[last.end..one.start].trim().is_empty()
                    && rank(last.parts[last.parts.len() - 1].0) < rank(one.parts[0].0) =>
            {
                last.parts.extend(one.parts);
                last.end = one.end;
            }
            _ => out.push(one),
        }
    }
    out.extend(english(text));
    out.sort_by_key(|reference| reference.start);
    out
}

/// Where references stand, so that their numbers are not taken for amounts.
pub fn places(text: &str) -> Vec<(usize, usize)> {
    references(text).into_iter().map(|reference| (reference.start, reference.end)).collect()
}

fn korean(text: &str) -> Vec<Reference> {
    let number = |group: Option<regex::Match<'_>>| group.and_then(|m| m.as_str().parse().ok()).unwrap_or(0);
    let of = |captures: regex::Captures<'_>| {
        let whole = captures.get(0)?;
        let (main, level, branch, start) = if let Some(level) = captures.get(2) {
            (captures.get(1), level, captures.get(3), whole.start())
        } else if let Some(level) = captures.get(5) {
            // `3호봉`, `2조원` are amounts.
            if text[whole.end()..].starts_with(['봉', '원']) {
                return None;
            }
            (captures.get(4), level, captures.get(6), captures.get(4)?.start())
        } else {
            let level = captures.get(7).or_else(|| captures.get(9))?;
            (captures.get(8), level, None, whole.start())
        };
        let number = Number { main: number(main), branch: number(branch) };
        let end = whole.end() - (whole.as_str().len() - whole.as_str().trim_end().len());
        Some(Reference { parts: vec![(level_of(level.as_str())?, number)], dotted: Vec::new(), start, end })
    };
    KOREAN.captures_iter(text).filter_map(of).collect()
}

fn english(text: &str) -> impl Iterator<Item = Reference> {
    ENGLISH.captures_iter(text).filter_map(|captures| {
        let whole = captures.get(0)?;
        let dotted: Vec<u32> = captures[3].split('.').filter_map(|part| part.parse().ok()).collect();
        let level = captures.get(1).map_or(Level::Section, |word| level_of_word(word.as_str()));
        let mut parts = vec![(level, Number { main: *dotted.first()?, branch: 0 })];
        let inner = captures[4].split(['(', ')', ' ']).filter(|part| !part.is_empty());
        let inner = inner.filter_map(letter_or_number).zip([Level::Paragraph, Level::Item, Level::SubItem]);
        parts.extend(inner.map(|(main, level)| (level, Number { main, branch: 0 })));
        Some(Reference { parts, dotted, start: whole.start(), end: whole.end() })
    })
}

fn letter_or_number(part: &str) -> Option<u32> {
    part.parse().ok().or_else(|| {
        let letter = part.bytes().next().filter(|_| part.len() == 1)?.to_ascii_lowercase();
        letter.is_ascii_lowercase().then(|| u32::from(letter - b'a') + 1)
    })
}

fn level_of(word: &str) -> Option<Level> {
    Some(match word {
        "편" => Level::Part,
        "장" => Level::Chapter,
        "절" => Level::Section,
        "관" => Level::Subsection,
        "조" => Level::Article,
        "항" => Level::Paragraph,
        "호" => Level::Item,
        "목" => Level::SubItem,
        "별표" => Level::Annex,
        "별지" => Level::Form,
        "부칙" => Level::Supplement,
        _ => return None,
    })
}

fn level_of_word(word: &str) -> Level {
    match word.to_ascii_lowercase().as_str() {
        "article" => Level::Article,
        "chapter" => Level::Chapter,
        "part" => Level::Part,
        "paragraph" | "clause" => Level::Paragraph,
        "appendix" | "annex" => Level::Annex,
        _ => Level::Section,
    }
}

/// How far inside a level is.
fn rank(level: Level) -> u8 {
    match level {
        Level::Supplement | Level::Annex | Level::Form => 0,
        Level::Part => 1,
        Level::Chapter => 2,
        Level::Section => 3,
        Level::Subsection => 4,
        Level::Article => 5,
        Level::Paragraph => 6,
        Level::Item => 7,
        Level::SubItem => 8,
        _ => 9,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Vec<Vec<(Level, u32, u32)>> {
        let parts = |r: Reference| r.parts.iter().map(|(l, n)| (*l, n.main, n.branch)).collect();
        references(text).into_iter().map(parts).collect()
    }

    #[test]
    fn korean_and_english() {
        use Level::{Annex, Article, Chapter, Item, Paragraph, Section, Supplement};
        for (text, want) in [
            ("제23조제1항", vec![vec![(Article, 23, 0), (Paragraph, 1, 0)]]),
            ("제23조 제1항 제2호에 따라", vec![vec![(Article, 23, 0), (Paragraph, 1, 0), (Item, 2, 0)]]),
            ("제5조의2 및 제6조", vec![vec![(Article, 5, 2)], vec![(Article, 6, 0)]]),
            ("23조 1항", vec![vec![(Article, 23, 0), (Paragraph, 1, 0)]]),
            ("제2장", vec![vec![(Chapter, 2, 0)]]),
            ("별표 2", vec![vec![(Annex, 2, 0)]]),
            ("부칙 제2조", vec![vec![(Supplement, 0, 0), (Article, 2, 0)]]),
            ("Section 4.2(a)", vec![vec![(Section, 4, 0), (Paragraph, 1, 0)]]),
            ("Article 5(2)", vec![vec![(Article, 5, 0), (Paragraph, 2, 0)]]),
            ("3호봉, 2조원, 15일", vec![]),
        ] {
            assert_eq!(read(text), want, "{text}");
        }
        assert_eq!(references("see Section 4.2.")[0].dotted, [4, 2]);
    }
}
