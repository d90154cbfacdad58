//! Text the way the reference implementations see it.

/// Whether Python's `str.split()` splits here. Differs from Rust's notion by U+001C…U+001F.
pub(crate) fn is_python_space(c: char) -> bool {
    c.is_whitespace() || ('\u{1c}'..='\u{1f}').contains(&c)
}

/// The words of Python's `str.split()`.
pub(crate) fn python_words(text: &str) -> impl Iterator<Item = &str> {
    text.split(is_python_space).filter(|word| !word.is_empty())
}

/// Bytes in hexadecimal.
pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |hex, byte| hex + &format!("{byte:02x}"))
}

/// Whether this is a precomposed Hangul syllable.
pub(crate) fn is_hangul_syllable(c: char) -> bool {
    ('가'..='힣').contains(&c)
}

/// Numbers the distinct items of two sequences, so that comparing items is comparing numbers.
pub(crate) fn number<'a, T: std::hash::Hash + Eq + 'a>(
    known: &mut std::collections::HashMap<&'a T, u32>,
    items: &'a [T],
) -> Vec<u32> {
    items
        .iter()
        .map(|item| {
            let next = known.len() as u32;
            *known.entry(item).or_insert(next)
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn splits_as_python_does() {
        let cases: [(&str, &[&str]); 6] = [
            ("", &[]),
            ("  a b ", &["a", "b"]),
            ("a\u{1c}b\u{1f}c", &["a", "b", "c"]),
            ("a\u{a0}b\u{3000}c\u{85}d", &["a", "b", "c", "d"]),
            ("a\u{200b}b", &["a\u{200b}b"]),
            ("a\u{180e}b\u{feff}c", &["a\u{180e}b\u{feff}c"]),
        ];
        for (text, words) in cases {
            assert_eq!(python_words(text).collect::<Vec<_>>(), words, "{text:?}");
        }
    }
}
