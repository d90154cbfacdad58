//! Precomposed Hangul syllables by arithmetic (Unicode Standard, section 3.12).

const BASE: u32 = 0xAC00;
const LAST: u32 = 0xD7A3;

/// Index of no final consonant, ㄴ, ㄹ, ㅂ, ㅅ, ㅆ and ㅎ among the 28 finals.
pub const NONE: u32 = 0;
pub const NIEUN: u32 = 4;
pub const DIGEUT: u32 = 7;
pub const RIEUL: u32 = 8;
pub const BIEUP: u32 = 17;
pub const SIOT: u32 = 19;
pub const SSANG_SIOT: u32 = 20;
pub const HIEUT: u32 = 27;

/// Initial, vowel and final of a syllable, as indices; none for any other character.
pub fn split(c: char) -> Option<(u32, u32, u32)> {
    let code = c as u32;
    (BASE..=LAST).contains(&code).then(|| {
        let i = code - BASE;
        (i / 588, i / 28 % 21, i % 28)
    })
}

/// The syllable of an initial, a vowel and a final.
pub fn join(initial: u32, vowel: u32, last: u32) -> char {
    char::from_u32(BASE + (initial * 21 + vowel) * 28 + last).expect("indices within their tables")
}

/// The syllable with another final.
pub fn with_final(c: char, last: u32) -> char {
    split(c).map_or(c, |(i, v, _)| join(i, v, last))
}
