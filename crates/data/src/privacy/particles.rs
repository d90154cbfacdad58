//! What may stick to the end of a Korean noun or name: particles, the copula, titles.

use std::sync::LazyLock;

use super::squeeze::is_hangul;
use crate::words::WordSet;

/// Particles and forms of the copula, as they stand right after a noun.
#[rustfmt::skip]
const ENDINGS: [&str; 118] = [
    "은", "는", "이", "가", "을", "를", "의", "에", "도", "만", "과", "와", "로", "으로", "에서", "에게", "에게서", "한테", "한테서", "께",
    "께서", "께서는", "부터", "까지", "이랑", "랑", "하고", "처럼", "보다", "이나", "나", "라도", "이라도", "에는", "에도", "에만", "에서는",
    "에서도", "으로는", "로는", "으로만", "로만", "으로도", "로도", "에게는", "한테는", "에요", "이에요", "예요", "이예요", "여요", "입니다",
    "이구요", "구요", "이고", "고", "이고요", "고요", "이며", "며", "인데", "인데요", "이라", "라", "이라고", "라고", "이라는", "라는", "이라고요",
    "라고요", "이었", "였", "이지만", "지만", "인가요", "인지", "인지요", "이니", "니", "이요", "요", "이네요", "네요", "이죠", "죠", "이랍니다",
    "랍니다", "이어서", "여서", "이라서", "라서", "이던", "이면", "면", "으로부터", "로부터", "이세요", "세요", "이신", "이십니다", "임", "인",
    "이와", "앞", "측", "본인", "외", "등", "및", "입니당", "임다", "이옵니다", "님", "씨", "로서", "으로서", "로써", "야",
];

static ENDING_SET: LazyLock<WordSet> = LazyLock::new(|| WordSet::new(ENDINGS));

/// Whether the Hangul after a noun is nothing, a particle, or starts with the copula.
pub(crate) fn may_follow_noun(rest: &str) -> bool {
    rest.is_empty()
        || ENDING_SET.contains(rest)
        || rest.starts_with("입니")
        || rest.starts_with("이라")
        || rest.starts_with("이었")
}

/// The most syllables of a run that are looked at, so that a long word costs no more than a short one.
const RUN: usize = 24;

/// The run of Hangul syllables that a text starts with.
pub(crate) fn hangul_run(text: &str) -> &str {
    let syllables = text.chars().take(RUN).take_while(|&c| is_hangul(c)).count();
    &text[..3 * syllables]
}

/// The run of Hangul syllables that a text ends with.
pub(crate) fn hangul_tail(text: &str) -> &str {
    let start = text
        .char_indices()
        .rev()
        .take(RUN)
        .take_while(|&(_, c)| is_hangul(c))
        .last()
        .map_or(text.len(), |(i, _)| i);
    &text[start..]
}

/// Whether a syllable ends in a consonant other than ㄹ, so that `로` after it is no particle.
pub(crate) fn has_hard_final(syllable: char) -> bool {
    let last = (syllable as u32).wrapping_sub('가' as u32) % 28;
    is_hangul(syllable) && last != 0 && last != 8
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn runs_and_finals() {
        assert_eq!(hangul_run("김민수(남)"), "김민수");
        assert_eq!(hangul_tail("문의: 김민수"), "김민수");
        assert!(has_hard_final('란') && !has_hard_final('대') && !has_hard_final('울'));
        assert!(may_follow_noun("입니다만") && may_follow_noun("") && !may_follow_noun("상품"));
    }
}
