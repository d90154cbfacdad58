//! Words of which every match of a regular expression holds at least one.
//!
//! They are worked out from the expression itself, whoever wrote it. Most texts hold none of them, and need
//! not be matched at all.

use regex_syntax::hir::{Class, Hir, HirKind, Repetition};

/// Most words that stand for one piece of an expression.
const MOST_WORDS: usize = 48;
/// A word of so many bytes (three syllables) is as good as a longer one.
const LONG_ENOUGH: usize = 9;
/// Ends of sentences that stand in most texts, and so tell little.
const COMMON: [&str; 12] = [
    "합니다",
    "습니다",
    "입니다",
    "됩니다",
    "드립니다",
    "바랍니다",
    "이에요",
    "예요",
    "해요",
    "드려요",
    "주세요",
    "주십시오",
];

/// The words, ASCII letters in lower case, to be looked for in any case; nothing where an expression
/// matches texts that have no word in common.
pub(super) fn of(pattern: &str) -> Option<Vec<String>> {
    required(&regex_syntax::parse(pattern).ok()?)
}

fn required(hir: &Hir) -> Option<Vec<String>> {
    if let Some(words) = language(hir) {
        return shortest(words);
    }
    match hir.kind() {
        HirKind::Capture(capture) => required(&capture.sub),
        HirKind::Repetition(repetition) if repetition.min > 0 => required(&repetition.sub),
        HirKind::Alternation(branches) => {
            let words = branches.iter().map(required).collect::<Option<Vec<_>>>()?;
            shortest(words.concat())
        }
        HirKind::Concat(pieces) => of_sequence(pieces),
        _ => None,
    }
}

/// The best words among those of each stretch of a sequence.
fn of_sequence(pieces: &[Hir]) -> Option<Vec<String>> {
    let mut best: Option<Vec<String>> = None;
    let mut offer = |words: Option<Vec<String>>| {
        let Some(words) = words.and_then(shortest) else { return };
        if best.as_ref().is_none_or(|b| worth(&words) > worth(b)) {
            best = Some(words);
        }
    };
    let mut stretch = vec![String::new()];
    for piece in pieces {
        let words = language(piece);
        if let Some(longer) = words.as_ref().and_then(|words| joined(&stretch, words)) {
            stretch = longer;
            continue;
        }
        offer(Some(std::mem::replace(&mut stretch, vec![String::new()])));
        match words {
            Some(words) => stretch = words,
            None => offer(required(piece)),
        }
    }
    offer(Some(stretch));
    best
}

/// How much some words spare: the worst of them counts, then how many there are.
fn worth(words: &[String]) -> (usize, std::cmp::Reverse<usize>) {
    let of_one =
        |word: &String| if COMMON.contains(&word.as_str()) { 1 } else { word.len().min(LONG_ENOUGH) };
    (words.iter().map(of_one).min().unwrap_or(0), std::cmp::Reverse(words.len()))
}

/// Everything that an expression matches, where that is little.
fn language(hir: &Hir) -> Option<Vec<String>> {
    let words = match hir.kind() {
        HirKind::Empty | HirKind::Look(_) => vec![String::new()],
        HirKind::Literal(literal) => vec![std::str::from_utf8(&literal.0).ok()?.to_ascii_lowercase()],
        HirKind::Class(class) => characters(class)?,
        HirKind::Capture(capture) => language(&capture.sub)?,
        HirKind::Repetition(Repetition { min: 0, max: Some(1), sub, .. }) => {
            let mut words = language(sub)?;
            words.push(String::new());
            words
        }
        HirKind::Repetition(_) => return None,
        HirKind::Concat(pieces) => {
            let mut words = vec![String::new()];
            for piece in pieces {
                words = joined(&words, &language(piece)?)?;
            }
            words
        }
        HirKind::Alternation(branches) => branches.iter().map(language).collect::<Option<Vec<_>>>()?.concat(),
    };
    (words.len() <= MOST_WORDS).then_some(words)
}

fn characters(class: &Class) -> Option<Vec<String>> {
    let Class::Unicode(class) = class else { return None };
    let n: usize = class.ranges().iter().map(regex_syntax::hir::ClassUnicodeRange::len).sum();
    if n > MOST_WORDS {
        return None;
    }
    let all = class.ranges().iter().flat_map(|range| range.start()..=range.end());
    let mut words: Vec<String> = all.map(|c| c.to_ascii_lowercase().to_string()).collect();
    words.sort_unstable();
    words.dedup();
    Some(words)
}

/// Every word of one list with every word of the other behind it, where that makes few.
fn joined(heads: &[String], tails: &[String]) -> Option<Vec<String>> {
    (heads.len() * tails.len() <= MOST_WORDS).then(|| {
        heads.iter().flat_map(|head| tails.iter().map(move |tail| format!("{head}{tail}"))).collect()
    })
}

/// The words that hold no other of them; nothing where one is empty and stands in every text.
fn shortest(mut words: Vec<String>) -> Option<Vec<String>> {
    words.sort_unstable_by(|a, b| a.len().cmp(&b.len()).then_with(|| a.cmp(b)));
    words.dedup();
    let mut kept: Vec<String> = Vec::new();
    for word in words {
        if !kept.iter().any(|k| word.contains(k.as_str())) {
            kept.push(word);
        }
    }
    (!kept.is_empty() && !kept[0].is_empty()).then_some(kept)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_of_expressions() {
        for (pattern, words) in [
            ("감사(합니다|드립니다)", &["감사합니다", "감사드립니다"][..]),
            ("(정말 ?)?고맙(습니다|네요)", &["고맙네요", "고맙습니다"]),
            ("[^.]{0,20}(을|를)? ?주(셔서|심에)", &["주셔서", "주심에"]),
            ("가나다|[가-힣]+라마", &["라마", "가나다"]),
            ("(죄송|사과).{0,20}(합니다|드립니다)", &["죄송", "사과"]),
            ("(?i:Hello|hi)", &["hi", "hello"]),
            ("^abc$", &["abc"]),
        ] {
            let mut want: Vec<String> = words.iter().map(|w| (*w).to_owned()).collect();
            want.sort_unstable_by_key(|w| (w.len(), w.clone()));
            assert_eq!(of(pattern), Some(want), "{pattern}");
        }
        for pattern in ["가?", "[가-힣]{2,10}", "가나|[다-힣]", "", "(", ".*"] {
            assert_eq!(of(pattern), None, "{pattern}");
        }
    }

    #[test]
    fn every_match_holds_a_word() {
        // The Kelvin sign is a `k` to a pattern that ignores case.
        let pattern = "(?i:(many )?thanks?( a lot)?)";
        let words = of(pattern).unwrap();
        let regex = regex::Regex::new(pattern).unwrap();
        for text in ["THANKS", "than\u{212A}s a lot", "Many thank", "than\u{212A}\u{17F}"] {
            assert!(regex.is_match(text), "{text}");
            let text = text.to_ascii_lowercase();
            assert!(words.iter().any(|w| text.contains(w.as_str())), "{text}: {words:?}");
        }
    }
}
