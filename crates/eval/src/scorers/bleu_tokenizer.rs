//! The tokenizers of BLEU, as sacreBLEU 2.6 defines them.

use std::sync::LazyLock;

use regex::Regex;

use crate::text::{is_python_space, python_words};

/// How text is cut into the tokens that BLEU counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Tokenizer {
    /// mteval-v13a, for Western languages; the default.
    #[default]
    V13a,
    /// Every character is a token.
    Char,
    /// Chinese characters and wide forms are tokens, the rest is as [`Tokenizer::V13a`].
    Zh,
    /// mteval-v14: punctuation and symbols of all scripts.
    Intl,
    /// Blanks only.
    None,
}

impl Tokenizer {
    /// The name in a signature.
    pub fn name(self) -> &'static str {
        match self {
            Self::V13a => "13a",
            Self::Char => "char",
            Self::Zh => "zh",
            Self::Intl => "intl",
            Self::None => "none",
        }
    }

    /// The tokens of a segment.
    pub fn tokens(self, segment: &str) -> Vec<String> {
        let segment = segment.trim_end_matches(is_python_space);
        match self {
            Self::V13a => western(&format!(" {} ", unescape(segment))),
            Self::Char => segment.chars().filter(|&c| !is_python_space(c)).map(String::from).collect(),
            Self::Zh => western(&space_out_chinese(segment.trim_matches(is_python_space))),
            Self::Intl => international(segment),
            Self::None => words(segment),
        }
    }
}

fn words(text: &str) -> Vec<String> {
    python_words(text).map(str::to_owned).collect()
}

/// Marks left over from SGML, and words hyphenated over a line end.
fn unescape(segment: &str) -> String {
    segment
        .replace("<skipped>", "")
        .replace("-\n", "")
        .replace('\n', " ")
        .replace("&quot;", "\"")
        .replace("&amp;", "&")
        .replace("&lt;", "<")
        .replace("&gt;", ">")
}

/// A sequence of replacements.
type Rules = Vec<(Regex, &'static str)>;

fn rules(rules: &[(&str, &'static str)]) -> Rules {
    rules.iter().map(|(pattern, with)| (Regex::new(pattern).expect("a constant"), *with)).collect()
}

fn apply(rules: &Rules, text: &str) -> Vec<String> {
    let mut text = text.to_owned();
    for (pattern, with) in rules {
        text = pattern.replace_all(&text, *with).into_owned();
    }
    words(&text)
}

/// Punctuation apart from words; full stop, comma and hyphen stay inside numbers.
fn western(text: &str) -> Vec<String> {
    static RULES: LazyLock<Rules> = LazyLock::new(|| {
        rules(&[
            (r"([\{-~\[-` -&\(-\+:-@/])", " ${1} "),
            (r"([^0-9])([.,])", "${1} ${2} "),
            (r"([.,])([^0-9])", " ${1} ${2}"),
            (r"([0-9])(-)", "${1} ${2} "),
        ])
    });
    apply(&RULES, text)
}

/// Punctuation beside anything but a number, and all symbols, apart from words.
fn international(text: &str) -> Vec<String> {
    static RULES: LazyLock<Rules> = LazyLock::new(|| {
        rules(&[(r"(\P{N})(\p{P})", "${1} ${2} "), (r"(\p{P})(\P{N})", " ${1} ${2}"), (r"(\p{S})", " ${1} ")])
    });
    apply(&RULES, text)
}

fn space_out_chinese(text: &str) -> String {
    let mut spaced = String::with_capacity(text.len() * 2);
    for c in text.chars() {
        if counts_as_chinese(c) {
            spaced.extend([' ', c, ' ']);
        } else {
            spaced.push(c);
        }
    }
    spaced
}

/// The ranges of sacreBLEU's `zh`, its two slips included: supplementary planes were written with
/// four-digit escapes, so that U+2001…U+2A6D (dashes, quotes, arrows, box drawings …) count as Chinese
/// and the ideographs beyond the basic plane do not.
fn counts_as_chinese(c: char) -> bool {
    matches!(c,
        '\u{2001}'..='\u{2a6d}'
        | '\u{2e80}'..='\u{2fdf}'
        | '\u{2ff0}'..='\u{303f}'
        | '\u{3100}'..='\u{312f}'
        | '\u{31a0}'..='\u{31bf}'
        | '\u{31c0}'..='\u{31ef}'
        | '\u{3200}'..='\u{33ff}'
        | '\u{3400}'..='\u{4db5}'
        | '\u{4e00}'..='\u{9fbb}'
        | '\u{f900}'..='\u{fa2d}'
        | '\u{fa30}'..='\u{fa6a}'
        | '\u{fa70}'..='\u{fad9}'
        | '\u{fe10}'..='\u{fe1f}'
        | '\u{fe30}'..='\u{fe4f}'
        | '\u{ff00}'..='\u{ffef}')
}
