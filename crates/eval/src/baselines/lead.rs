//! The first sentence of a text, which a summary is often mistaken for.

/// Words after which a full stop ends no sentence.
const SHORT: [&str; 8] = ["Mr", "Mrs", "Ms", "Dr", "Prof", "St", "vs", "No"];

/// The first sentence of a text: up to a line break, or to a full stop, question or exclamation mark that white space
/// follows. The whole text where there is no such place.
pub fn lead_sentence(text: &str) -> &str {
    let text = text.trim();
    let ends_here = |(at, c): (usize, char)| {
        let rest = &text[at + c.len_utf8()..];
        let word = text[..at].rsplit(char::is_whitespace).next().unwrap_or_default();
        match c {
            '\n' => Some(at),
            '。' => Some(at + c.len_utf8()),
            '.' if SHORT.contains(&word) => None,
            '.' | '?' | '!' => rest.starts_with(char::is_whitespace).then_some(at + 1),
            _ => None,
        }
    };
    let end = text.char_indices().find_map(ends_here).unwrap_or(text.len());
    text[..end].trim_end()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sentences_end_where_readers_end_them() {
        for (text, lead) in [
            ("", ""),
            ("하나뿐", "하나뿐"),
            ("글쎄요, 길어요. 그다음은요?", "글쎄요, 길어요."),
            (" 3.5%예요! 네.", "3.5%예요!"),
            ("Dr. Kim said so. Then", "Dr. Kim said so."),
            ("줄\n다음 줄.", "줄"),
            ("这是。那是。", "这是。"),
        ] {
            assert_eq!(lead_sentence(text), lead, "{text}");
        }
    }
}
