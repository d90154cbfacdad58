//! The copula 이다, whose forms differ from those of verbs.

use super::conjugate::{Ending, Join};
use super::particle::{Final, final_sound};

/// Verbs that end in 이다; in every other word it is the copula.
const I_VERBS: &[&str] = &[
    "보이다",
    "줄이다",
    "먹이다",
    "쓰이다",
    "높이다",
    "붙이다",
    "들이다",
    "모이다",
    "놓이다",
    "쌓이다",
    "섞이다",
    "움직이다",
    "기울이다",
    "망설이다",
    "속이다",
    "끓이다",
    "벌이다",
    "반짝이다",
    "덮이다",
    "꺾이다",
    "깎이다",
    "녹이다",
    "죽이다",
    "늘이다",
    "절이다",
];

/// The noun before a copula: 얼마 of 얼마이다.
pub(super) fn copula_noun(word: &str) -> Option<&str> {
    let noun = word.strip_suffix("이다")?;
    let verb = noun.is_empty() || I_VERBS.iter().any(|v| word.ends_with(v));
    (!verb).then_some(noun)
}

/// The form of 이다 after a noun.
pub(super) fn copula(noun: &str, ending: Ending) -> String {
    let open = final_sound(noun) == Final::Vowel;
    let i = if open { "" } else { "이" };
    let rest = ending.rest;
    match (ending.join, rest) {
        (Join::Plain, "나요") => "인가요".to_owned(),
        (Join::Statement, "다는" | "다고") => format!("{i}라{}", rest.trim_start_matches('다')),
        (Join::Plain | Join::Eu | Join::EuDropping | Join::Statement, _) => format!("{i}{rest}"),
        (Join::Vowel, "요") => if open { "예요" } else { "이에요" }.to_owned(),
        (Join::Vowel, "") => format!("{i}야"),
        (Join::Vowel, "서" | "도") => format!("{i}라{rest}"),
        (Join::Vowel, _) => format!("{}{rest}", if open { "여" } else { "이어" }),
        (Join::Past, _) => format!("{}{rest}", if open { "였" } else { "이었" }),
        (Join::FinalN | Join::Modifier, _) => format!("인{rest}"),
        (Join::FinalL, _) => format!("일{rest}"),
        (Join::FinalB, _) => format!("입{rest}"),
    }
}
