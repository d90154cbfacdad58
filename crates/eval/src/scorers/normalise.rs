//! When two answers count as the same: one normal form for exact match and key facts.

use unicode_normalization::UnicodeNormalization;

/// The normal form of a text.
///
/// NFKC and lower case; thousands separators go (`3,000` is `3000`); punctuation and symbols go, except
/// for a mark that joins two digits (`1.5`, `9:30`, `3~5`); blanks stay only between two ASCII letters
/// or digits, because Korean spacing is not agreed on (`3 일 이내` is `3일이내`).
pub(super) fn normalise(text: &str) -> Vec<char> {
    let characters: Vec<char> = text.nfkc().flat_map(char::to_lowercase).collect();
    let mut kept: Vec<char> = Vec::with_capacity(characters.len());
    let mut gap = false;
    for (i, &c) in characters.iter().enumerate() {
        let between_digits = i > 0
            && characters[i - 1].is_ascii_digit()
            && characters.get(i + 1).is_some_and(char::is_ascii_digit);
        if c.is_alphanumeric() || is_unit(c) {
            if gap && c.is_ascii_alphanumeric() && kept.last().is_some_and(char::is_ascii_alphanumeric) {
                kept.push(' ');
            }
            kept.push(c);
            gap = false;
        } else if between_digits && c == ',' && groups_thousands(&characters[i + 1..]) {
            // The digits on both sides are one number.
        } else if between_digits && !c.is_whitespace() {
            kept.push(joiner(c));
            gap = false;
        } else {
            gap = true;
        }
    }
    kept
}

/// Symbols that say what is counted.
fn is_unit(c: char) -> bool {
    matches!(c, '%' | '₩' | '$' | '€' | '°')
}

/// Whether exactly three digits follow.
fn groups_thousands(after: &[char]) -> bool {
    after.len() >= 3
        && after[..3].iter().all(char::is_ascii_digit)
        && !after.get(3).is_some_and(char::is_ascii_digit)
}

/// Dashes and tildes between digits all say `to`.
fn joiner(c: char) -> char {
    match c {
        '~' | '∼' | '〜' | '-' | '‐'..='―' | '−' => '~',
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forms() {
        let cases = [
            ("", ""),
            ("  .,!? ", ""),
            ("3 일 이내!", "3일이내"),
            ("3,000원입니다.", "3000원입니다"),
            ("1,2,3", "1,2,3"),
            ("1,234,567원", "1234567원"),
            ("Within 7 Days.", "within 7 days"),
            ("１２：３０", "12:30"),
            ("3–5일", "3~5일"),
            ("3 - 5일", "3 5일"),
            ("1.5kg / 2 kg", "1.5kg 2 kg"),
            ("(주)모루", "주모루"),
            ("Ⅲ단계", "iii단계"),
            ("50 % 할인", "50%할인"),
            ("좋아요 👍🏽 네", "좋아요네"),
        ];
        for (text, form) in cases {
            assert_eq!(normalise(text).iter().collect::<String>(), form, "{text:?}");
        }
    }
}
