//! Runs of the same letter or mark, written for effect.

/// Bytes that a character begins with of which a run is shortened.
const RUNS: [bool; 256] = {
    let (mut runs, marks) = ([false; 256], b"!?~^,;.\xE3");
    let mut i = 0;
    while i < marks.len() {
        runs[marks[i] as usize] = true;
        i += 1;
    }
    runs
};

/// Laughter and tears dropped where they run, marks written once, dots at most three.
/// `None` when that changes nothing.
pub(super) fn shorten(text: &str) -> Option<String> {
    let mut out = String::new();
    // What is behind `copied` has not been copied yet.
    let (mut copied, mut at) = (0, 0);
    while let Some(next) = text.as_bytes()[at..].iter().position(|&byte| RUNS[usize::from(byte)]) {
        at += next;
        let Some(c) = text[at..].chars().next() else { break };
        let width = c.len_utf8();
        let is_run = |next: char| if is_laugh(c) { is_laugh(next) } else { next == c };
        let most = match c {
            '!' | '?' | '~' | '^' | ',' | ';' => 1,
            '.' => 3,
            c if is_laugh(c) => 1,
            _ => {
                at += width;
                continue;
            }
        };
        let n = text[at..].chars().take_while(|next| is_run(*next)).count();
        let end = at + n * width;
        if n > most {
            let kept = if is_laugh(c) { 0 } else { most };
            out.push_str(&text[copied..at + kept * width]);
            copied = end;
            if kept == 0 && out.ends_with(' ') && text[end..].starts_with(' ') {
                out.pop();
            }
        }
        at = end;
    }
    if copied == 0 {
        return None;
    }
    out.push_str(&text[copied..]);
    Some(out)
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
