//! Predicates of Korean sentences. The verb ends its clause, so a segment ends with its predicate.

use std::sync::LazyLock;

use regex::Regex;

use super::{Segment, Sign};
use crate::validate::text::{fold, words};

struct Pattern {
    regex: LazyLock<Regex>,
    sign: Sign,
}

macro_rules! pattern {
    ($sign:ident, $regex:literal) => {
        Pattern {
            regex: LazyLock::new(|| Regex::new($regex).expect("the pattern is tested")),
            sign: Sign::$sign,
        }
    };
}

/// Earlier ones take what later ones would misread. Group 1 is the verb, or the noun that is spoken of.
static PATTERNS: [Pattern; 18] = [
    // 하지 아니하면 아니 된다, 하지 않고는 ~할 수 없다, 승인 없이는 ~할 수 없다: must.
    pattern!(
        Must,
        r"([가-힣]+)지\s?(?:는|도)?\s?(?:아니하|않|못하)(?:으면|면|고는|고서는)[^.]{0,40}?(?:(?:아니|안)\s?(?:되|된|될|됩|돼)\S*|수\s?없\S*|못\s?(?:하|한|합)\S*)"
    ),
    pattern!(
        Must,
        r"([가-힣]+?)(?:을|를|이|가)?\s?없이(?:는)?\s[^.]{0,40}?(?:수\s?(?:는|도)?\s?없\S*|지\s?(?:못|아니|않|말)\S*|(?:아니|안)\s?(?:되|된|될|됩|돼)\S*)"
    ),
    pattern!(Is, r"([가-힣]+)\s?(?:예외|지체|차별|이유|관계|상관|틀림)\s?없이"),
    pattern!(Is, r"(예외|지체|관계|상관|틀림)\s?없이"),
    pattern!(Is, r"(뿐만?)\s?아니라"),
    pattern!(Is, r"(\S+에도)\s?불구하고"),
    pattern!(
        NeedNot,
        r"([가-힣]+)지\s?(?:아니하여도|아니해도|않아도|않더라도|아니하더라도)\s?(?:된|되|됩|돼|무방|괜찮)\S*"
    ),
    pattern!(NeedNot, r"([가-힣]+)지\s?(?:아니할|않을)\s?수\s?(?:도\s?)?있\S*"),
    pattern!(NeedNot, r"([가-힣]+?)(?:할|하실|을|ㄹ)?\s필요(?:는|가)?\s?없\S*"),
    pattern!(MustNot, r"([가-힣]+)\s?수(?:는|가|도)?\s?없\S*"),
    pattern!(MustNot, r"([가-힣]+?)(?:으?면|서는|여서는|해서는)\s?(?:아니|안)\s?(?:되|된|될|됩|돼)\S*"),
    pattern!(MustNot, r"([가-힣]+)지\s?(?:는|도|를)?\s?(?:못\s?(?:하|한|할|합|해)|말|마십|마세)\S*"),
    pattern!(Not, r"([가-힣]+)지\s?(?:는|도|를)?\s?(?:아니하|아니한|아니할|아니합|아니함|아니해|않)\S*"),
    pattern!(MustNot, r"([가-힣]+?)(?:이|가|을|를|은|는|도)?\s?(?:금지|불가능?|불허|금하|금한|금합)\S*"),
    pattern!(
        Not,
        r"([가-힣]+?)(?:이|가|은|는|을|를)?\s(?:아니다|아닙니다|아니며|아니고|아닌|아니에요|없다|없습니다|없는|없으며|없고|없으면|없을|없음|없어\S*|없이|없지\S*)"
    ),
    pattern!(May, r"([가-힣]+)\s?수(?:는|도)?\s?있\S*"),
    pattern!(May, r"([가-힣]+?)(?:이|가|은|는)?\s?(?:가능|허용)\S*"),
    pattern!(
        Must,
        r"([가-힣]+?)(?:아야|어야|여야|해야|하여야)(?:만)?\s?(?:한|하|할|합|해|함|됩|된|되|돼)\S*"
    ),
];

/// Words that say of themselves that something is refused or left out: the noun before them is negated.
const NEGATIVE_WORDS: &[&str] = &["제외", "면제", "거부", "거절", "무효", "박탈", "반려", "불합격", "상실"];

/// Words after which another segment begins although they are no predicate that is read.
const CUTS: &[&str] =
    &["경우에도", "때에도", "경우", "경우에는", "경우에", "때에는", "때에", "때는", "때", "하여", "받아"];

struct Found {
    start: usize,
    end: usize,
    sign: Sign,
    predicate: String,
}

pub(super) fn segments(sentence: &str) -> Vec<Segment> {
    let mut found = predicates(sentence);
    flip_negative_words(sentence, &mut found);
    let mut ends: Vec<(usize, Option<&Found>)> = found.iter().map(|f| (f.end, Some(f))).collect();
    for word in words(sentence) {
        let surface = &sentence[word.start..word.end];
        let is_cut = CUTS.contains(&surface)
            || sentence[word.end..].starts_with(',')
            || (surface.len() > 6
                && ["하며", "하고", "되며", "되고", "하되"].iter().any(|e| surface.ends_with(e)));
        let is_inside = found.iter().any(|f| f.start < word.end && word.end < f.end);
        if is_cut && !is_inside && !ends.iter().any(|(end, _)| *end == word.end) {
            ends.push((word.end, None));
        }
    }
    if !ends.iter().any(|(end, _)| *end >= sentence.trim_end_matches(|c: char| !c.is_alphanumeric()).len()) {
        ends.push((sentence.len(), None));
    }
    ends.sort_by_key(|(end, _)| *end);
    let mut start = 0;
    let mut out = Vec::new();
    for (end, found) in ends {
        if end > start {
            out.extend(segment(&sentence[start..end], found));
            start = end;
        }
    }
    out
}

fn segment(text: &str, found: Option<&Found>) -> Option<Segment> {
    let stems: Vec<String> = words(text).into_iter().filter(|w| w.is_content).map(|w| w.stem).collect();
    if stems.is_empty() {
        return None;
    }
    let (sign, predicate) = match found {
        Some(found) => (found.sign, found.predicate.clone()),
        None => plain(text, &stems),
    };
    let predicate = if predicate.is_empty() { stems.last().cloned().unwrap_or_default() } else { predicate };
    let last = text.trim_end_matches(|c: char| !c.is_alphanumeric()).rsplit(' ').next().unwrap_or_default();
    let is_condition =
        last.starts_with("경우") || matches!(last, "때" | "때에는" | "때에" | "때는" | "때에도");
    Some(Segment { stems, context: Vec::new(), predicate, sign, text: text.trim().to_owned(), is_condition })
}

/// A segment without a pattern: affirmed, unless its last words refuse.
fn plain(text: &str, stems: &[String]) -> (Sign, String) {
    let last = stems.iter().rev().take(2).position(|stem| NEGATIVE_WORDS.iter().any(|w| stem.ends_with(w)));
    match last {
        Some(at) => {
            let noun = stems.iter().rev().nth(at + 1).cloned().unwrap_or_default();
            (Sign::Not, noun)
        }
        None if text.trim_end_matches(|c: char| !c.is_alphanumeric()).ends_with("야") => {
            (Sign::Must, stems.last().cloned().unwrap_or_default())
        }
        None => (Sign::Is, last_predicate(text).or_else(|| stems.last().cloned()).unwrap_or_default()),
    }
}

/// The verb at the end of a text as [`root`] would give it: 가지 of 가진다, 처벌받 of 처벌받습니다.
fn last_predicate(text: &str) -> Option<String> {
    let surface = text.trim_end_matches(|c: char| !c.is_alphanumeric()).rsplit(' ').next()?;
    if let Some(noun) = crate::validate::text::words::verb_root(surface) {
        return Some(noun.to_owned());
    }
    let stem = crate::validate::text::verb(surface)
        .or_else(|| ["는다", "다"].iter().find_map(|end| surface.strip_suffix(end).map(str::to_owned)))?;
    let last = stem.chars().next_back()?;
    let opened = uncontracted(crate::validate::text::fold::open(last));
    let root = format!("{}{opened}", &stem[..stem.len() - last.len_utf8()]);
    (root.chars().count() > 1).then_some(root)
}

fn predicates(sentence: &str) -> Vec<Found> {
    let mut out: Vec<Found> = Vec::new();
    for pattern in &PATTERNS {
        for captures in pattern.regex.captures_iter(sentence) {
            let (Some(whole), Some(verb)) = (captures.get(0), captures.get(1)) else { continue };
            let core = verb.end();
            let is_free = out.iter().all(|f| whole.end() <= f.start || f.end <= core);
            // 수 있다, 수 없다 follow a verb in ㄹ: 할 수, not 점수.
            let is_ability = captures[0][verb.as_str().len()..].trim_start().starts_with('수');
            let ends_in_rieul =
                verb.as_str().chars().next_back().is_some_and(|c| (c as u32 - 0xAC00) % 28 == 8);
            if is_free && (!is_ability || ends_in_rieul) {
                out.push(Found {
                    start: verb.start(),
                    end: whole.end(),
                    sign: pattern.sign,
                    predicate: root(sentence, verb.start(), verb.as_str()),
                });
            }
        }
    }
    out.sort_by_key(|f| f.end);
    out
}

/// 제외하지 아니한다 affirms what 제외한다 negates.
fn flip_negative_words(sentence: &str, found: &mut [Found]) {
    for f in found {
        let is_negative = NEGATIVE_WORDS.iter().any(|word| f.predicate.ends_with(word));
        if !is_negative {
            continue;
        }
        let before = words(&sentence[..f.start]);
        if let Some(noun) = before.iter().rev().find(|word| word.is_content) {
            f.predicate.clone_from(&noun.stem);
        }
        f.sign = match f.sign {
            Sign::Not | Sign::MustNot => Sign::Is,
            Sign::NeedNot | Sign::May => Sign::May,
            Sign::Is | Sign::Must => Sign::Not,
        };
    }
}

/// The vowel of a stem before it met 어: 켜 → 키, 해 → 하, 돼 → 되.
fn uncontracted(c: char) -> char {
    const VOWELS: [(u32, u32); 5] = [(6, 20), (9, 8), (14, 13), (10, 11), (1, 0)];
    let Some(place) = (c as u32).checked_sub(0xAC00).filter(|place| place % 28 == 0 && *place < 11_172)
    else {
        return c;
    };
    let vowel = place / 28 % 21;
    // 애 is a vowel of its own, except in 해.
    let of = VOWELS.iter().find(|(from, _)| *from == vowel && (vowel != 1 || c == '해'));
    of.and_then(|(from, to)| char::from_u32(c as u32 + 28 * to - 28 * from)).unwrap_or(c)
}

/// The word that stands for a verb: the noun of 하다 and 되다; for a short verb its object.
fn root(sentence: &str, start: usize, verb: &str) -> String {
    let mut chars: Vec<char> = fold(verb).chars().collect();
    if let Some(last) = chars.last_mut() {
        // 할 → 하, 받을 → 받을.
        *last = uncontracted(crate::validate::text::fold::open(*last));
    }
    let mut text: String = chars.iter().collect();
    for ending in ["하이", "되이", "하", "되", "시키", "으"] {
        if let Some(noun) = text.strip_suffix(ending) {
            text.truncate(noun.len());
            break;
        }
    }
    if text.chars().count() >= 2 {
        // 허가하 → 허가; the stem of a verb stays as it is.
        return text;
    }
    let before = words(&sentence[..start]);
    before.iter().rev().find(|word| word.is_content).map_or(text, |word| word.stem.clone())
}
