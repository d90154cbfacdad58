//! One form for characters that are written in several ways.

use unicode_normalization::UnicodeNormalization;

/// The text with composed syllables, plain quotes, dashes, tildes and digits, and single blanks. Line breaks stay.
pub fn fold(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.nfc() {
        match plain(c) {
            Some(' ') if out.ends_with([' ', '\n']) => {}
            Some('\n') => {
                out.truncate(out.trim_end_matches(' ').len());
                out.push('\n');
            }
            Some(c) => out.push(c),
            None => {}
        }
    }
    out.truncate(out.trim_end().len());
    out
}

/// The plain form of a character; none where it is not seen.
fn plain(c: char) -> Option<char> {
    Some(match c {
        '\u{200B}'..='\u{200D}' | '\u{2060}' | '\u{FEFF}' | '\u{00AD}' | '*' | '`' => return None,
        '\n' => '\n',
        c if c.is_whitespace() || c.is_control() => ' ',
        '\u{FF01}'..='\u{FF5E}' => char::from_u32(c as u32 - 0xFEE0).unwrap_or(c),
        '“' | '”' | '„' | '「' | '」' | '『' | '』' | '｢' | '｣' | '«' | '»' => '"',
        '‘' | '’' | '‚' | '′' => '\'',
        '‐'..='―' | '−' => '-',
        '∼' | '〜' | '∽' => '~',
        '․' | '‧' | '･' | 'ㆍ' | '•' | '⋅' => '·',
        '﹪' => '%',
        '￦' => '₩',
        c => c,
    })
}

/// Letters and digits only, in lower case: what stays of a text whose spacing and marks do not matter.
pub fn bare(text: &str) -> String {
    text.nfc().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

/// The letters of a text as [`bare`] has them, with a blank between words of other scripts than Hangul, so that the `pen`
/// of `open` is none.
pub fn spaced(text: &str) -> String {
    let mut out = String::new();
    let mut is_apart = false;
    for c in text.nfc().flat_map(char::to_lowercase) {
        if !c.is_alphanumeric() {
            is_apart = true;
            continue;
        }
        let is_word = out.chars().next_back().is_some_and(|last| !is_hangul(last)) && !is_hangul(c);
        if is_apart && is_word {
            out.push(' ');
        }
        out.push(c);
        is_apart = false;
    }
    out
}

/// Whether letters (see [`spaced`]) have a stem; one in Latin letters begins a word there.
pub fn has_stem(letters: &str, stem: &str) -> bool {
    if !stem.starts_with(|c: char| c.is_ascii_alphanumeric()) {
        return letters.contains(stem);
    }
    let mut places = letters.match_indices(stem);
    places.any(|(at, _)| at == 0 || !letters.as_bytes()[at - 1].is_ascii_alphanumeric())
}

/// Whether a character is a Hangul syllable.
pub fn is_hangul(c: char) -> bool {
    ('가'..='힣').contains(&c)
}

/// The number of a syllable's final consonant, 0 for none, 8 for ㄹ; none for other characters.
pub fn final_of(c: char) -> Option<u32> {
    is_hangul(c).then(|| (c as u32 - 0xAC00) % 28)
}

/// A syllable without its final consonant.
pub fn open(c: char) -> char {
    match final_of(c) {
        Some(last) => char::from_u32(c as u32 - last).unwrap_or(c),
        None => c,
    }
}

/// Whether more of a text is Hangul than Latin.
pub fn is_korean(text: &str) -> bool {
    let hangul = text.chars().filter(|c| is_hangul(*c)).count();
    // A syllable says as much as two to three letters.
    hangul * 2 >= text.chars().filter(char::is_ascii_alphabetic).count()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_form() {
        for (text, want) in [
            ("제５조　“휴가”", "제5조 \"휴가\""),
            ("3∼5일 – 8%", "3~5일 - 8%"),
            ("a \u{200B} b \n  c  ", "a b\nc"),
        ] {
            assert_eq!(fold(text), want);
        }
        assert_eq!(bare("연차 휴가, 15일!"), "연차휴가15일");
        assert_eq!((open('할'), final_of('할'), final_of('하')), ('하', Some(8), Some(0)));
        assert!(is_korean("연차휴가 leave") && !is_korean("annual leave 연차"));
    }
}
