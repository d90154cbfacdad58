//! Sentences, and the clauses that Korean and English join to longer ones.

/// Connectives after which a Korean clause ends; each closes a word.
const KOREAN_ENDS: &[&str] =
    &["하며", "으며", "이며", "되며", "하고", "되고", "이고", "하되", "으나", "지만", "하거나"];

/// Words that begin another English clause.
const ENGLISH_STARTS: &[&str] = &[
    "but",
    "however",
    "unless",
    "except",
    "although",
    "though",
    "while",
    "whereas",
    "provided",
    "otherwise",
];

/// The sentences of a folded text, without blanks around them. Line breaks end a sentence; a full stop does so
/// only where it ends a word, not in `1.5`, `2024. 1. 1.` or `e.g.`
pub fn sentences(text: &str) -> Vec<&str> {
    split(text, |text, at, c| match c {
        '\n' | '?' | '!' | ';' => true,
        '.' => ends_sentence(text, at),
        _ => false,
    })
}

fn ends_sentence(text: &str, at: usize) -> bool {
    let (before, after) = (&text[..at], &text[at + 1..]);
    let Some(last) = before.chars().next_back() else { return false };
    if after.starts_with(|c: char| c.is_alphanumeric()) {
        return false;
    }
    let word_start = before.rfind(|c: char| c.is_whitespace() || c == '(').map_or(0, |i| i + 1);
    let word = &before[word_start..];
    if last.is_ascii_digit() {
        // `until 15:30. You may`: a time or an amount; of other digits it is not clear that they are no item's number.
        let goes_on =
            after.strip_prefix(' ').is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_uppercase()));
        return goes_on && word.contains([':', '$', '£', '€']);
    }
    // `U.S.`, `e.g.`, initials.
    !(word.is_ascii() && (word.contains('.') || word.len() < 2))
}

/// The clauses of a folded text: its sentences, parted at commas and connectives.
pub fn clauses(text: &str) -> Vec<&str> {
    sentences(text).into_iter().flat_map(clauses_of).collect()
}

fn clauses_of(sentence: &str) -> Vec<&str> {
    let mut cuts = vec![0];
    let mut previous_end = 0;
    for (start, word) in split_words(sentence) {
        let lower = word.trim_matches(|c: char| !c.is_alphanumeric()).to_ascii_lowercase();
        if ENGLISH_STARTS.contains(&lower.as_str()) && start > 0 {
            cuts.push(start);
        }
        let is_comma = word.ends_with(',') && !lower.ends_with(|c: char| c.is_ascii_digit());
        if is_comma || KOREAN_ENDS.iter().any(|end| lower.ends_with(end) && lower.len() > end.len()) {
            cuts.push(start + word.len());
        }
        previous_end = start + word.len();
    }
    cuts.push(previous_end.max(sentence.len()));
    cuts.windows(2).map(|w| sentence[w[0]..w[1]].trim()).filter(|clause| !clause.is_empty()).collect()
}

fn split_words(text: &str) -> impl Iterator<Item = (usize, &str)> {
    text.split_whitespace().map(move |word| (word.as_ptr() as usize - text.as_ptr() as usize, word))
}

fn split(text: &str, is_end: impl Fn(&str, usize, char) -> bool) -> Vec<&str> {
    let mut out = Vec::new();
    let mut start = 0;
    for (at, c) in text.char_indices() {
        if is_end(text, at, c) {
            out.push(text[start..at + c.len_utf8()].trim());
            start = at + c.len_utf8();
        }
    }
    out.push(text[start..].trim());
    out.retain(|sentence| sentence.chars().any(char::is_alphanumeric));
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sentences_end_where_words_end() {
        for (text, want) in [
            ("휴가는 1.5일이다. 다만, 2024. 1. 1.부터는 2일로 한다.", 2),
            ("1. 신청서\n2. 증명서", 2),
            ("Pay is $1.50 in the U.S. office. It is monthly.", 2),
            ("누구인가요? 모릅니다!", 2),
            ("Core hours end at 15:30. You may leave then. Costs are £40. We pay.", 4),
            ("Go to step 2. Then sign.", 1),
            ("  ", 0),
        ] {
            assert_eq!(sentences(text).len(), want, "{:?}", sentences(text));
        }
    }

    #[test]
    fn clauses_end_at_connectives() {
        assert_eq!(clauses("신청서를 제출하고, 승인을 받아야 한다.").len(), 2);
        assert_eq!(clauses("You may telework unless your manager objects.").len(), 2);
        assert_eq!(clauses("30,000원을 지급한다.").len(), 1);
    }
}
