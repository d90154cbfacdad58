//! Runs of the same letter or mark, written for effect.

/// Laughter and tears dropped where they run, marks written once, dots at most three.
/// `None` when that changes nothing.
pub(super) fn shorten(text: &str) -> Option<String> {
    let mut out = String::with_capacity(text.len());
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        if is_laugh(c) {
            let mut n = 1;
            while chars.next_if(|next| is_laugh(*next)).is_some() {
                n += 1;
            }
            if n == 1 {
                out.push(c);
            } else if out.ends_with(' ') && chars.peek().is_some_and(|next| *next == ' ') {
                out.pop();
            }
            continue;
        }
        let mut n = 1;
        while chars.next_if_eq(&c).is_some() {
            n += 1;
        }
        let kept = match c {
            '!' | '?' | '~' | '^' | ',' | ';' => 1,
            '.' => {
                if n >= 2 {
                    3.min(n)
                } else {
                    1
                }
            }
            _ => n,
        };
        for _ in 0..kept {
            out.push(c);
        }
    }
    (out != text).then_some(out)
}

fn is_laugh(c: char) -> bool {
    matches!(c, 'ㅋ' | 'ㅎ' | 'ㅠ' | 'ㅜ')
}

#[cfg(test)]
mod tests {
    use super::shorten;

    #[test]
    fn runs_are_shortened_and_words_are_not() {
        for (text, want) in [
            ("언제 와요ㅠㅠㅠㅠ", "언제 와요"),
            ("하하 ㅋㅋㅋ 네", "하하 네"),
            ("빨리요!!!!!", "빨리요!"),
            ("정말요???", "정말요?"),
            ("음.......", "음..."),
            ("네~~~", "네~"),
            ("ㅠㅜㅠㅜ 속상", " 속상"),
        ] {
            assert_eq!(shorten(text).as_deref(), Some(want), "{text}");
        }
        for text in ["10000원", "쓱싹쓱싹", "ㅋ", "1.2.3", "네...", "aaa"] {
            assert_eq!(shorten(text), None, "{text}");
        }
    }
}
