//! Predicates of Korean sentences. The verb ends its clause, so a segment ends with its predicate.

use std::sync::LazyLock;

use regex::Regex;

use super::{Segment, Sign};
use crate::validate::text::{fold, verb, words};

/// What a predicate looks like, and its sign. Group 1 is the verb, or the noun that is spoken of.
type Pattern = (Regex, Sign);

/// Earlier ones take what later ones would misread.
static PATTERNS: LazyLock<Vec<Pattern>> = LazyLock::new(|| {
    use Sign::{Is, May, Must, MustNot, NeedNot, Not};
    let never = r"(?:(?:아니|안)\s?(?:되|된|될|됩|돼)\S*|수\s?(?:는|도)?\s?없\S*|못\s?(?:하|한|합)\S*)";
    let patterns: [(&str, Sign); 24] = [
        // 하지 아니하면 아니 된다, 하지 않고는 ~할 수 없다, 승인 없이는 ~할 수 없다: must.
        (
            &format!(
                r"([가-힣]+)지\s?(?:는|도)?\s?(?:아니하|않|못하)(?:으면|면|고는|고서는)[^.]{{0,40}}?{never}"
            ),
            Must,
        ),
        (r"(?:([가-힣]+)\s?)?(?:예외|지체|차별|이유|관계|상관|틀림|제한)\s?없이", Is),
        (
            &format!(
                r"([가-힣]+?)(?:을|를|이|가)?\s?없이(?:는)?,?\s[^.]{{0,40}}?(?:{never}|지\s?(?:못|아니|않|말)\S*)"
            ),
            Must,
        ),
        (r"(뿐만?)\s?아니라", Is),
        (r"(\S+에도)\s?불구하고", Is),
        // With 된다 or another clause after it: what is not done is not needed.
        (
            r"([가-힣]+)지\s?(?:아니하여도|아니해도|않아도|않더라도|아니하더라도)(?:\s?(?:된|되|됩|돼|무방|괜찮)\S*)?",
            NeedNot,
        ),
        (
            r"([가-힣]+?)(?:이|가)?\s(?:아니어도|아니라도|아니더라도|없어도|없더라도)(?:\s?(?:된|되|됩|돼|무방|괜찮)\S*)?",
            NeedNot,
        ),
        (r"([가-힣]+)지\s?(?:아니할|않을)\s?수\s?(?:도\s?)?있\S*", NeedNot),
        (
            r"([가-힣]+?)(?:할|하실|을)?\s(?:필요|의무|까닭)(?:는|가|도)?\s?(?:없|있지\s?(?:않|아니)|지지\s?(?:않|아니))\S*",
            NeedNot,
        ),
        (r"([가-힣]+?)(?:은|는|이|가|도)?\s필요(?:로\s)?하지\s?(?:는\s?)?(?:않|아니)\S*", NeedNot),
        (r"([가-힣]+)\s?수(?:는|가|도)?\s?없\S*", MustNot),
        (r"([가-힣]+?)(?:으?면|서는|여서는|해서는)\s?(?:아니|안)\s?(?:되|된|될|됩|돼)\S*", MustNot),
        // 허가가 안 됩니다, 철회는 안 돼요; 안 받습니다, 못 씁니다.
        (r"([가-힣]+?)(?:이|가|은|는|도)?\s안\s?(?:되|된|될|됩|돼)\S*", MustNot),
        (
            r"(?:^|\s)안\s([하한할합해받주준줄쓰쓸써씁내낸낼냅가간갈넣빼들드있쉬바알붙물깎깍나남늘줄][가-힣]*)",
            Not,
        ),
        (r"(?:^|\s)못\s?([받주준줄쓰쓸써씁내낸낼냅가간갈넣들쉬바나][가-힣]*)", MustNot),
        (r"([가-힣]+)지\s?(?:는|도|를)?\s?(?:못\s?(?:하|한|할|합|해)|말|마십|마세)\S*", MustNot),
        (r"([가-힣]+)지\s?(?:는|도|를)?\s?(?:아니하|아니한|아니할|아니합|아니함|아니해|않)\S*", Not),
        (r"([가-힣]+?)(?:기|하기|받기)(?:는|가|도)?\s어렵\S*", MustNot),
        (r"([가-힣]+?)(?:이|가|을|를|은|는|도)?\s?(?:금지|불가능?|불허|금하|금한|금합)\S*", MustNot),
        (
            r"([가-힣]+?)(?:이|가|은|는|을|를)?\s(?:아니다|아닙니다|아니며|아니고|아니면|아닌|아니에요|없다|없습니다|없는|없으며|없고|없으면|없을|없음|없어요|없어서|없이|없지\S*)",
            Not,
        ),
        (r"([가-힣]+)\s?수(?:는|도)?\s?있\S*", May),
        (r"([가-힣]+?)(?:하여|해|아|어|여)?도\s?(?:됩니|된다|되며|되고|되나|돼|좋습|좋다|괜찮|무방)\S*", May),
        (r"([가-힣]+?)(?:이|가|은|는)?\s?(?:가능|허용)\S*", May),
        (r"([가-힣]+?)(?:아야|어야|여야|해야|하여야)(?:만)?\s?(?:한|하|할|합|해|함|됩|된|되|돼)\S*", Must),
    ];
    patterns.map(|(text, sign)| (Regex::new(text).expect("the pattern is tested"), sign)).into()
});

/// Words that say of themselves that something is refused or left out: the noun before them is negated.
pub(super) const NEGATIVE_WORDS: &[&str] = &[
    "제외",
    "예외",
    "면제",
    "면하",
    "거부",
    "거절",
    "무효",
    "박탈",
    "반려",
    "불합격",
    "상실",
    "정지",
    "중지",
    "중단",
];

/// Words after which another segment begins although they are no predicate that is read.
const CUTS: &[&str] = &[
    "경우에도",
    "때에도",
    "경우",
    "경우에는",
    "경우에",
    "경우에만",
    "때에는",
    "때에",
    "때는",
    "때",
    "때에만",
    "하여",
    "받아",
];

/// Words that stand before a comma without being part of a list.
const ANSWERS: &[&str] = &["네", "예", "아니요", "아니오", "다만", "단", "또한", "그러나", "따라서"];

/// Nouns that stand at the end of a sentence for what is said before them, and what follows them there.
const DUMMIES: &[&str] = &["사유", "경우", "때", "것", "대상", "까닭", "이유", "행위", "사항"];
const COPULAS: &[&str] = &["입니다", "이다", "이에요", "예요", "이며", "이고", "이므로"];

struct Found {
    start: usize,
    end: usize,
    sign: Sign,
    predicate: String,
    /// The verb itself, where the predicate is its object.
    verb: String,
}

pub(super) fn segments(sentence: &str) -> Vec<Segment> {
    let mut found = predicates(sentence);
    flip_negative_words(sentence, &mut found);
    let mut ends: Vec<(usize, Option<&Found>)> = found.iter().map(|f| (f.end, Some(f))).collect();
    for word in words::words(sentence) {
        let surface = &sentence[word.start..word.end];
        // The nouns of a list have no particle before their commas: 지각, 조퇴와 외출.
        let is_listed = word.particle.is_empty() && verb(surface).is_none() && !ANSWERS.contains(&surface);
        let is_listed = is_listed && words::verb_root(surface).is_none();
        let is_cut = CUTS.contains(&surface)
            || (sentence[word.end..].starts_with(',') && !is_listed)
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
            out.extend(segment(&sentence[start..end], &sentence[end..], found));
            start = end;
        }
    }
    share_predicates(&mut out, sentence);
    out
}

/// 정기권은 30일을, 할인권은 10일을 넘을 수 없다: what ends in a particle at a comma has the predicate of what follows.
fn share_predicates(all: &mut [Segment], sentence: &str) {
    for i in (1..all.len()).rev() {
        let (before, after) = all.split_at_mut(i);
        let (own, next) = (&mut before[i - 1], &after[0]);
        let surface = own.text.rsplit(' ').next().unwrap_or_default();
        let is_gapped = sentence.contains(&format!("{surface},"))
            && own.sign == Sign::Is
            && !own.is_condition
            // 늘어나지만, is a predicate of its own.
            && !["지만", "는데", "으나", "므로", "니까"].iter().any(|end| surface.ends_with(end))
            && words::words(surface).first().is_some_and(|word| !word.particle.is_empty())
            && (verb(surface).is_none() && words::verb_root(surface).is_none());
        if is_gapped {
            own.sign = next.sign;
            own.predicate.clone_from(&next.predicate);
            own.verb.clone_from(&next.verb);
        }
    }
}

fn segment(text: &str, rest: &str, found: Option<&Found>) -> Option<Segment> {
    let stems: Vec<String> =
        words::words(text).into_iter().filter(|w| w.is_content).map(|w| w.stem).collect();
    if stems.is_empty() {
        return None;
    }
    let verb = found.map(|found| found.verb.clone()).unwrap_or_default();
    let (sign, predicate) = match found {
        Some(found) => (found.sign, found.predicate.clone()),
        None => only_when(text).unwrap_or_else(|| plain(text, &stems)),
    };
    let predicate = if predicate.is_empty() { stems.last().cloned().unwrap_or_default() } else { predicate };
    let is_condition = is_condition(text, rest, found.is_some());
    let text = text.trim().to_owned();
    Some(Segment { stems, predicate, verb, sign, text, is_condition, ..Segment::default() })
}

/// Whether a segment only says when something holds, or of what: 경우에는, 없을 때, 하지 아니하면, 없는 사람.
fn is_condition(text: &str, rest: &str, has_predicate: bool) -> bool {
    let last = text.trim_end_matches(|c: char| !c.is_alphanumeric()).rsplit(' ').next().unwrap_or_default();
    let is_occasion = |word: &str| {
        let is_only = word.trim_end_matches(|c: char| !c.is_alphanumeric()).ends_with('만');
        !is_only && (word.starts_with("경우") || (word.starts_with('때') && !word.starts_with("때문")))
    };
    if is_occasion(last) {
        return true;
    }
    // 않은, 없는, 없을 go with a noun after them.
    let ending = last.chars().next_back().and_then(fold::final_of);
    let is_adnominal = matches!(ending, Some(4 | 8));
    let next = rest.split_whitespace().next().unwrap_or_default();
    // 허가가 안 되는 사유입니다 says that it is not.
    let is_whole = DUMMIES.iter().any(|noun| {
        next.strip_prefix(noun).is_some_and(|end| COPULAS.iter().any(|copula| end.starts_with(copula)))
    });
    has_predicate
        && !next.is_empty()
        && !is_whole
        && (is_adnominal || last.ends_with('면') || is_occasion(next))
}

/// 승인한 때에만 asks for what it names.
fn only_when(text: &str) -> Option<(Sign, String)> {
    let mut words = text.split_whitespace().rev();
    let last = words.next()?.trim_end_matches(|c: char| !c.is_alphanumeric());
    let is_only = (last.starts_with('때') || last.starts_with("경우")) && last.ends_with('만');
    let verb = words.next().filter(|_| is_only)?;
    Some((Sign::Must, words::verb_root(verb).unwrap_or(verb).to_owned()))
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
        None => (Sign::Is, last_predicate(text, stems)),
    }
}

/// The verb at the end of a text as [`root`] would give it: 가지 of 가진다, 처벌받 of 처벌받습니다; of a short verb its
/// object.
fn last_predicate(text: &str, stems: &[String]) -> String {
    let last = || stems.last().cloned().unwrap_or_default();
    let surface =
        text.trim_end_matches(|c: char| !c.is_alphanumeric()).rsplit(' ').next().unwrap_or_default();
    if let Some(noun) = words::verb_root(surface) {
        return noun.to_owned();
    }
    let stem = verb(surface)
        .or_else(|| ["는다", "다"].iter().find_map(|end| surface.strip_suffix(end).map(str::to_owned)));
    let Some((stem, end)) = stem.and_then(|stem| stem.chars().next_back().map(|end| (stem, end))) else {
        return last();
    };
    // 가진다 has 가지; 처벌받습니다 has 처벌받.
    let opened = match fold::final_of(end) {
        Some(4 | 17) => fold::open(end),
        _ => end,
    };
    let root = format!("{}{}", &stem[..stem.len() - end.len_utf8()], uncontracted(opened));
    if root.chars().count() > 1 {
        return root;
    }
    let before = &text[..text.rfind(surface).unwrap_or(0)];
    let object = words::words(before).into_iter().rev().find(|word| word.is_content);
    object.map_or_else(last, |word| word.stem)
}

fn predicates(sentence: &str) -> Vec<Found> {
    let mut out: Vec<Found> = Vec::new();
    for (regex, sign) in PATTERNS.iter() {
        for captures in regex.captures_iter(sentence) {
            let Some(whole) = captures.get(0) else { continue };
            // 지체 없이 at the beginning of a sentence speaks of nothing.
            let (from, core) =
                captures.get(1).map_or((whole.start(), whole.start()), |v| (v.start(), v.end()));
            let spoken_of = &sentence[from..core];
            let is_free = out.iter().all(|f| whole.end() <= f.start || f.end <= core);
            let after = sentence[core..whole.end()].trim_start();
            // 수 있다, 수 없다 follow a verb in ㄹ: 할 수, not 점수.
            let ends_in_rieul = spoken_of.chars().next_back().and_then(fold::final_of) == Some(8);
            if is_free && (!after.starts_with('수') || ends_in_rieul) {
                let is_adnominal = ends_in_rieul
                    && ["수", "필요", "의무", "까닭"].iter().any(|noun| after.starts_with(noun));
                let verb = verb_of(spoken_of, is_adnominal);
                let predicate = match whole.as_str().trim_start() {
                    short if short.starts_with(['안', '못']) && from > whole.start() => {
                        last_predicate(&sentence[..whole.end()], &[])
                    }
                    _ => root(sentence, from, &verb),
                };
                out.push(Found { start: from, end: whole.end(), sign: *sign, predicate, verb });
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
        // 예외 없이 leaves nothing out.
        if !is_negative || sentence[f.start..f.end].ends_with("없이") {
            continue;
        }
        let before = words::words(&sentence[..f.start]);
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

/// The stem of a verb; of 하다 and 되다 the noun. `is_adnominal`: the verb ends in the ㄹ of 할 수 and 할 필요.
fn verb_of(verb: &str, is_adnominal: bool) -> String {
    let mut chars: Vec<char> = fold::fold(verb).chars().collect();
    if let Some(last) = chars.last_mut() {
        // 할 → 하; 받 stays.
        *last = uncontracted(if is_adnominal { fold::open(*last) } else { *last });
    }
    let mut text: String = chars.iter().collect();
    for ending in ["하이", "되이", "하", "되", "시키", "으"] {
        if let Some(noun) = text.strip_suffix(ending) {
            // 겸하다 and 면하다 have one syllable before 하.
            let n_syllables = noun.chars().count();
            if n_syllables != 1 || ending == "으" {
                text.truncate(noun.len());
            }
            break;
        }
    }
    text
}

/// The word that stands for a verb: for a short one its object.
fn root(sentence: &str, start: usize, verb: &str) -> String {
    if verb.chars().count() >= 2 {
        // 허가하 → 허가; the stem of a verb stays as it is.
        return verb.to_owned();
    }
    let before = words::words(&sentence[..start]);
    before.iter().rev().find(|word| word.is_content).map_or(verb.to_owned(), |word| word.stem.clone())
}
