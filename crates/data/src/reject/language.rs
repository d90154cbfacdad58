//! Which language a text is written in, by its script.

use serde::{Deserialize, Serialize};

/// A language that a script gives away.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Language {
    /// Korean: Hangul.
    Ko,
    /// English, and whatever else is written in Latin letters.
    En,
    /// Japanese: kana, with or without ideographs.
    Ja,
    /// Chinese: ideographs without kana.
    Zh,
    /// Any other script.
    Other,
}

impl Language {
    /// The code in recipes.
    pub fn code(self) -> &'static str {
        match self {
            Self::Ko => "ko",
            Self::En => "en",
            Self::Ja => "ja",
            Self::Zh => "zh",
            Self::Other => "other",
        }
    }

    /// The language of a code, where there is one.
    pub fn from_code(code: &str) -> Option<Self> {
        [Self::Ko, Self::En, Self::Ja, Self::Zh, Self::Other].into_iter().find(|l| l.code() == code)
    }
}

/// Letters of a text by script.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct LanguageShare {
    hangul: usize,
    latin: usize,
    kana: usize,
    ideograph: usize,
    other: usize,
}

impl LanguageShare {
    /// Counts the letters of `text`.
    pub fn of(text: &str) -> Self {
        let mut share = Self::default();
        for c in text.chars() {
            match c {
                'a'..='z' | 'A'..='Z' | '\u{00C0}'..='\u{024F}' => share.latin += 1,
                '가'..='힣' | '\u{1100}'..='\u{11FF}' | '\u{3131}'..='\u{318E}' => share.hangul += 1,
                '\u{3041}'..='\u{30FF}' => share.kana += 1,
                '\u{3400}'..='\u{9FFF}' => share.ideograph += 1,
                c if c.is_alphabetic() => share.other += 1,
                _ => {}
            }
        }
        share
    }

    /// The main language; nothing for a text without letters. A Hangul syllable is worth about two and
    /// a half Latin letters, so that product codes and addresses do not make a Korean text English.
    pub fn main(self) -> Option<Language> {
        let weighed = [
            (self.hangul * 5, Language::Ko),
            (self.latin * 2, Language::En),
            (if self.kana > 0 { (self.kana + self.ideograph) * 5 } else { 0 }, Language::Ja),
            (if self.kana > 0 { 0 } else { self.ideograph * 5 }, Language::Zh),
            (self.other * 3, Language::Other),
        ];
        let (most, language) = weighed.into_iter().rev().max_by_key(|(weight, _)| *weight)?;
        (most > 0).then_some(language)
    }
}
