//! Korean words without their particles.

use crate::text::is_hangul_syllable;

/// Which stems a particle may follow.
#[derive(Clone, Copy, PartialEq)]
enum After {
    /// Any.
    Any,
    /// Those that end in a consonant.
    Consonant,
    /// Those that end in a vowel.
    Vowel,
    /// Those that end in a vowel or in ㄹ.
    VowelOrRieul,
}

use After::{Any, Consonant, Vowel, VowelOrRieul};

/// Particles, longer ones first. One syllable is taken off a stem of one syllable only where it marks
/// topic or object, because many nouns of two syllables end like the other particles (`회의`, `바로`).
const PARTICLES: [(&str, After, usize); 42] = [
    ("으로부터", Consonant, 1),
    ("에게서는", Any, 1),
    ("이라고는", Consonant, 2),
    ("으로는", Consonant, 1),
    ("으로도", Consonant, 1),
    ("로부터", VowelOrRieul, 1),
    ("에서는", Any, 1),
    ("에서도", Any, 1),
    ("에게는", Any, 1),
    ("에게서", Any, 1),
    ("까지는", Any, 1),
    ("까지도", Any, 1),
    ("부터는", Any, 1),
    ("이라도", Consonant, 2),
    ("이라는", Consonant, 2),
    ("이라고", Consonant, 2),
    ("에서", Any, 1),
    ("에게", Any, 1),
    ("께서", Any, 1),
    ("한테", Any, 1),
    ("으로", Consonant, 1),
    ("까지", Any, 1),
    ("부터", Any, 1),
    ("보다", Any, 2),
    ("처럼", Any, 1),
    ("마다", Any, 2),
    ("조차", Any, 2),
    ("에는", Any, 1),
    ("에도", Any, 1),
    ("로는", VowelOrRieul, 2),
    ("이나", Consonant, 2),
    ("은", Consonant, 1),
    ("는", Vowel, 1),
    ("을", Consonant, 1),
    ("를", Vowel, 1),
    ("이", Consonant, 2),
    ("가", Vowel, 2),
    ("과", Consonant, 2),
    ("와", Vowel, 2),
    ("에", Any, 2),
    ("의", Any, 2),
    ("로", VowelOrRieul, 2),
];

/// The word without the longest particle it ends with; the whole word where there is none.
pub(super) fn without_particle(word: &str) -> &str {
    for (particle, after, least_syllables) in PARTICLES {
        if let Some(stem) = word.strip_suffix(particle)
            && stem.chars().count() >= least_syllables
            && stem.chars().next_back().is_some_and(|last| may_follow(last, after))
        {
            return stem;
        }
    }
    word
}

/// Whether a particle of that kind may follow the letter. How digits and Latin letters are read aloud is
/// not decided here: any particle may follow them.
fn may_follow(last: char, after: After) -> bool {
    if !is_hangul_syllable(last) {
        return last.is_alphanumeric();
    }
    const RIEUL: u32 = 8;
    let final_consonant = (last as u32 - '가' as u32) % 28;
    match after {
        Any => true,
        Consonant => final_consonant != 0,
        Vowel => final_consonant == 0,
        VowelOrRieul => final_consonant == 0 || final_consonant == RIEUL,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn particles_come_off_where_they_agree() {
        let cases = [
            ("배송은", "배송"),
            ("배송비는", "배송비"),
            ("환불을", "환불"),
            ("집을", "집"),
            ("가을", "가을"),
            ("노을이", "노을"),
            ("회의", "회의"),
            ("바로", "바로"),
            ("매장에서는", "매장"),
            ("서울로", "서울"),
            ("부산으로", "부산"),
            ("3일까지도", "3일"),
            ("CJ로부터", "CJ"),
            ("고객센터로", "고객센터"),
            ("가", "가"),
            ("은", "은"),
            ("", ""),
        ];
        for (word, stem) in cases {
            assert_eq!(without_particle(word), stem, "{word}");
        }
    }
}
