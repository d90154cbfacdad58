//! Words without what grammar puts on them: particles and endings in Korean, plurals and endings in English.

use std::collections::HashSet;
use std::sync::OnceLock;

use super::fold::{final_of, is_hangul, open};

/// A word of a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Word {
    /// What stays of it: lower case, without particle or ending.
    pub stem: String,
    /// The particle that was taken off; empty where there was none.
    pub particle: String,
    /// Where it begins, in bytes of the text.
    pub start: usize,
    /// Where it ends, with its particle.
    pub end: usize,
    /// Whether it carries meaning of its own: no particle word, auxiliary or polite filler.
    pub is_content: bool,
}

const PARTICLES: &str = include_str!("particles.txt");
const NOUNS_LIKE_PARTICLES: &str = include_str!("nouns_like_particles.txt");
const LIGHT_WORDS: &str = include_str!("light_words.txt");

/// Syllables that forms of 하다 and 되다 begin with.
const LIGHT_VERBS: &str = "하한할함합해했되된될됨됩돼됐시킨킬킴";

/// Syllables that endings are made of.
const ENDINGS: &str = "다는고며여야면지기니습나요은을던게도서였었아어려거므로까십시오세신실때만데록자라인가죠네든써한할함되된키킨킬";

/// The words of a folded text, in order.
pub fn words(text: &str) -> Vec<Word> {
    let mut out = Vec::new();
    let mut start = None;
    let mut kind = Kind::Other;
    for (at, c) in text.char_indices().chain([(text.len(), ' ')]) {
        let next = Kind::of(c);
        if next != kind || next == Kind::Other {
            if let Some(from) = start.take() {
                out.push(word(text, from, at, kind));
            }
            kind = next;
            if next != Kind::Other {
                start = Some(at);
            }
        }
    }
    out
}

/// The stems of the words that say what a question is about: those that carry meaning, without verbs, whose forms
/// differ from text to text, and without single syllables.
pub fn topics(text: &str) -> Vec<String> {
    let is_topic = |word: &Word| {
        let surface = &text[word.start..word.end];
        let is_short = surface.starts_with(is_hangul) && word.stem.chars().count() < 2;
        word.is_content && !is_short && (verb_root(surface).is_some() || verb(surface).is_none())
    };
    words(text).into_iter().filter(is_topic).map(|word| word.stem).collect()
}

/// Endings of questions, conditions and connectives that verbs take; longer ones first.
const VERB_ENDINGS: &[&str] = &[
    "시겠습니까",
    "시겠어요",
    "겠습니까",
    "았습니까",
    "었습니까",
    "습니까",
    "습니다",
    "는지요",
    "는가요",
    "는데요",
    "을까요",
    "으려면",
    "으면서",
    "려면",
    "나요",
    "는지",
    "는데",
    "는가",
    "까요",
    "지요",
    "으면",
    "면서",
    "어요",
    "아요",
    "어도",
    "아도",
    "어서",
    "아서",
    "어야",
    "아야",
    "여도",
    "죠",
    "면",
    "고",
    "서",
    "야",
];

/// The stem of a verb in a form that questions have: 늘어나 of 늘어나는지요, 되 of 됩니까; none for other words.
pub fn verb(surface: &str) -> Option<String> {
    let close = |stem: &str, tail: &str| {
        let last = stem.chars().next_back()?;
        // ㅂ니까, ㅂ니다.
        (final_of(last) == Some(17))
            .then(|| format!("{}{}{tail}", &stem[..stem.len() - last.len_utf8()], open(last)))
    };
    if let Some(stem) = ["습니까", "습니다"].iter().find_map(|ending| surface.strip_suffix(ending)) {
        return (!stem.is_empty()).then(|| stem.to_owned());
    }
    for ending in ["니까", "니다"] {
        if let Some(stem) = surface.strip_suffix(ending).and_then(|stem| close(stem, "")) {
            return Some(stem);
        }
    }
    let (stem, _) =
        VERB_ENDINGS.iter().find_map(|ending| surface.strip_suffix(ending).map(|stem| (stem, ending)))?;
    (!stem.is_empty() && !is_noun_like(surface)).then(|| stem.to_owned())
}

/// The stems of the words that carry meaning.
pub fn stems(text: &str) -> Vec<String> {
    words(text).into_iter().filter(|word| word.is_content).map(|word| word.stem).collect()
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Hangul,
    Latin,
    Digit,
    Other,
}

impl Kind {
    fn of(c: char) -> Self {
        match c {
            c if is_hangul(c) => Self::Hangul,
            '0'..='9' => Self::Digit,
            '\'' => Self::Other,
            c if c.is_alphabetic() => Self::Latin,
            _ => Self::Other,
        }
    }
}

fn word(text: &str, start: usize, end: usize, kind: Kind) -> Word {
    let surface = &text[start..end];
    let (stem, particle) = match kind {
        Kind::Hangul => korean(surface),
        Kind::Latin => (english(&surface.to_lowercase()), ""),
        Kind::Digit | Kind::Other => (surface.to_owned(), ""),
    };
    let is_content = match kind {
        // 년의 of `10년의` is a unit.
        Kind::Hangul => {
            let is_unit =
                text[..start].ends_with(|c: char| c.is_ascii_digit()) && surface.chars().count() < 4;
            !is_unit && !is_light(surface) && !is_light(&stem)
        }
        Kind::Latin => stem.chars().count() > 1 && !is_light(&surface.to_lowercase()) && !is_light(&stem),
        Kind::Digit | Kind::Other => false,
    };
    Word { particle: particle.to_owned(), stem, start, end, is_content }
}

fn is_light(word: &str) -> bool {
    static WORDS: OnceLock<HashSet<&str>> = OnceLock::new();
    let words = WORDS.get_or_init(|| {
        // An English word is light in all its forms.
        let stem = |word: &'static str| &word[..english(word).len().min(word.len())];
        let stems =
            listed(LIGHT_WORDS).filter(|word| word.is_ascii()).map(stem).filter(|stem| stem.len() > 1);
        listed(LIGHT_WORDS).chain(stems).collect()
    });
    words.contains(word)
}

/// The entries of a word list: separated by blanks, `#` begins a comment.
pub fn listed(list: &'static str) -> impl Iterator<Item = &'static str> {
    list.lines().map(|line| line.split('#').next().unwrap_or_default()).flat_map(str::split_whitespace)
}

/// Stem and particle of a word in Hangul.
fn korean(surface: &str) -> (String, &'static str) {
    if let Some(root) = verb_root(surface) {
        return (root.to_owned(), "");
    }
    let (stem, particle) = without_particle(surface);
    match verb_root(stem) {
        Some(root) => (root.to_owned(), particle),
        None => (stem.to_owned(), particle),
    }
}

/// The noun of a form of 하다 or 되다: 신청하여야 → 신청.
pub fn verb_root(surface: &str) -> Option<&str> {
    let mut places = surface.char_indices().skip(2);
    places
        .find(|(at, c)| {
            LIGHT_VERBS.contains(*c) && surface[at + c.len_utf8()..].chars().all(|c| ENDINGS.contains(c))
        })
        .map(|(at, _)| &surface[..at])
        .filter(|_| !is_noun_like(surface))
}

fn is_noun_like(word: &str) -> bool {
    static NOUNS: OnceLock<Vec<&str>> = OnceLock::new();
    NOUNS.get_or_init(|| listed(NOUNS_LIKE_PARTICLES).collect()).iter().any(|noun| word.ends_with(noun))
}

/// A word without the particle at its end, and the particle.
pub fn without_particle(surface: &str) -> (&str, &'static str) {
    static LIST: OnceLock<Vec<&str>> = OnceLock::new();
    let list = LIST.get_or_init(|| {
        let mut all: Vec<&str> = listed(PARTICLES).collect();
        all.sort_by_key(|particle| std::cmp::Reverse(particle.len()));
        all
    });
    for particle in list {
        let Some(stem) = surface.strip_suffix(particle) else { continue };
        let n_syllables = stem.chars().count();
        let is_short = particle.chars().count() == 1;
        if n_syllables == 0
            || (n_syllables == 1 && (is_short && !matches!(*particle, "을" | "를" | "은" | "는")))
        {
            continue;
        }
        // 대표이사의 ends like 사의, and is 대표이사 all the same.
        if is_short && is_noun_like(surface) && !super::super::entity::is_role(stem) {
            continue;
        }
        if agrees(stem, particle) {
            return (stem, particle);
        }
    }
    (surface, "")
}

/// Whether a particle with two forms has the one that its stem's last sound asks for.
fn agrees(stem: &str, particle: &str) -> bool {
    let Some(last) = stem.chars().next_back().and_then(final_of) else { return true };
    match particle.chars().next() {
        Some('은' | '을' | '과' | '이') => last != 0,
        Some('는' | '를' | '와' | '가') => last == 0,
        Some('으') => last != 0 && last != 8,
        _ => true,
    }
}

/// An English word without its ending. Meant for matching, not for reading.
pub fn english(word: &str) -> String {
    let cut = |n: usize, add: &str| format!("{}{add}", &word[..word.len() - n]);
    if !word.is_ascii() || word.len() <= 3 {
        return word.to_owned();
    }
    let stem = if word.ends_with("ies") && word.len() > 4 {
        cut(3, "y")
    } else if word.ends_with("sses")
        || word.ends_with("xes")
        || word.ends_with("ches")
        || word.ends_with("shes")
    {
        cut(2, "")
    } else if word.ends_with('s') && !word.ends_with("ss") && !word.ends_with("us") && !word.ends_with("is") {
        cut(1, "")
    } else {
        word.to_owned()
    };
    without_tense(&stem)
}

fn without_tense(word: &str) -> String {
    let root = if word.len() > 5 && word.ends_with("ing") {
        &word[..word.len() - 3]
    } else if word.len() > 4 && word.ends_with("ied") {
        return format!("{}y", &word[..word.len() - 3]);
    } else if word.len() > 4 && word.ends_with("ed") && !word.ends_with("eed") {
        &word[..word.len() - 2]
    } else {
        return word.strip_suffix('e').filter(|root| root.len() > 2).unwrap_or(word).to_owned();
    };
    let bytes = root.as_bytes();
    let doubled = bytes.len() > 3
        && bytes[bytes.len() - 1] == bytes[bytes.len() - 2]
        && !matches!(bytes[bytes.len() - 1], b'l' | b's' | b'z');
    let root = if doubled { &root[..root.len() - 1] } else { root };
    root.strip_suffix('e').filter(|shorter| shorter.len() > 2).unwrap_or(root).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn korean_words_lose_particles_and_endings() {
        for (word, stem) in [
            ("연차휴가는", "연차휴가"),
            ("연차휴가", "연차휴가"),
            ("회의에서", "회의"),
            ("직원에게", "직원"),
            ("신청하여야", "신청"),
            ("신청합니다", "신청"),
            ("제출한", "제출"),
            ("허가를", "허가"),
            ("허가", "허가"),
            ("인사팀장의", "인사팀장"),
            ("보고하고", "보고"),
            ("지급되지", "지급"),
        ] {
            assert_eq!(words(word)[0].stem, stem, "{word}");
        }
    }

    #[test]
    fn english_words_lose_endings_alike() {
        for group in [["request", "requests", "requested"], ["approve", "approved", "approving"]] {
            let stems: HashSet<String> = group.iter().map(|word| english(word)).collect();
            assert_eq!(stems.len(), 1, "{stems:?}");
        }
        assert_eq!(english("policies"), "policy");
        assert_eq!(stems("The employees must submit a form"), ["employe", "submit", "form"]);
    }

    #[test]
    fn places_are_those_of_the_text() {
        let text = "휴가는 15일(3개월)";
        for word in words(text) {
            assert!(text[word.start..word.end].starts_with(&word.stem));
        }
    }
}
