//! Tokens of a text whose tokenizer is not known here.

/// About as many tokens as most models need for a text, and rather too many: three letters a token where they are of
/// ASCII, one for each other character, as Hangul takes in vocabularies of 100,000 tokens.
pub fn roughly(text: &str) -> usize {
    let ascii = text.bytes().filter(u8::is_ascii).count();
    let others = text.chars().count() - ascii;
    ascii.div_ceil(3) + others
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn korean_and_english_differ() {
        assert_eq!(roughly(""), 0);
        assert_eq!(roughly("a leave of fifteen days"), 8);
        assert_eq!(roughly("연차휴가는 15일"), 7);
    }
}
