//! Whether a clause affirms or negates, allows or forbids.
//!
//! 1. [`korean`] and [`english`] part a text into segments that each have one predicate, with its [`Sign`].
//! 2. [`differs`] finds, for each segment of an answer, the segments of the source that speak of the same, and
//!    compares their signs.

mod antonyms;
mod english;
mod korean;
mod lists;
mod synonyms;
mod turned;
mod verbatim;

use super::text::{bare, fold, is_korean, sentences, stems, words};

/// What a predicate does to what it is said of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub enum Sign {
    /// 한다, is.
    #[default]
    Is,
    /// 하지 아니한다, is not.
    Not,
    /// 하여야 한다, must.
    Must,
    /// 하여서는 아니 된다, 할 수 없다, must not, cannot.
    MustNot,
    /// 할 수 있다, may.
    May,
    /// 하지 아니할 수 있다, need not.
    NeedNot,
}

impl Sign {
    fn is_negative(self) -> bool {
        matches!(self, Self::Not | Self::MustNot | Self::NeedNot)
    }

    /// The sign of what is excepted: 다만, … 그러하지 아니하다.
    fn excepted(self) -> Self {
        match self {
            Self::Is => Self::Not,
            Self::Not => Self::Is,
            Self::Must => Self::NeedNot,
            Self::NeedNot => Self::Must,
            Self::MustNot => Self::May,
            Self::May => Self::MustNot,
        }
    }

    /// Whether the two cannot both hold. `Must` against `May` is another strength, not a contradiction.
    pub fn contradicts(self, other: Self) -> bool {
        use Sign::{MustNot, NeedNot};
        self.is_negative() != other.is_negative()
            || matches!((self, other), (MustNot, NeedNot) | (NeedNot, MustNot))
    }
}

/// A stretch of text with one predicate.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Segment {
    /// Its words, without particles and endings.
    pub stems: Vec<String>,
    /// The words of the segment before it in its sentence: the condition of what it says.
    pub context: Vec<String>,
    /// What is said of them; empty where the predicate has no word of its own.
    pub predicate: String,
    /// The verb itself, where the predicate is its object.
    pub verb: String,
    /// What the predicate does.
    pub sign: Sign,
    /// As it is written.
    pub text: String,
    /// The segment before it in its sentence, as it is written.
    pub before: String,
    /// The condition that follows it in its sentence, or what tells which one is meant, as it is written.
    pub behind: String,
    /// Whether it holds under the condition that stands before it.
    pub is_conditioned: bool,
    /// Whether it only says when something holds, or of what: 경우에는, 때에는, 하지 아니한.
    pub is_condition: bool,
    /// Whether the condition before it negates: 신고하지 아니하면 …
    pub after_negation: bool,
    /// Whether it asserts nothing: a heading, a question, an item without a sentence.
    pub is_fragment: bool,
}

/// The segments of a folded text.
pub fn segments(text: &str) -> Vec<Segment> {
    let read = if is_korean(text) { korean::segments } else { english::segments };
    let mut out: Vec<Segment> = Vec::new();
    // The sentence that a list belongs to: 다음 각 호의 행위를 하여서는 아니 된다.
    let mut lead: Option<Segment> = None;
    // `<개정 2024. 1. 1.>` says when something was said.
    for sentence in sentences(text).into_iter().filter(|sentence| !sentence.starts_with(['<', '['])) {
        let (head, items) = match sentence.split_once(": ").filter(|(head, _)| lists::leads(head)) {
            Some((head, items)) => (head, Some(items)),
            None => (sentence, None),
        };
        let mut all = linked(read(head));
        let is_item = lists::is_item(head);
        if let Some(lead) = lead.as_ref().filter(|_| is_item) {
            lists::inherit(&mut all, lead);
        }
        excepted(&mut all, out.iter().rev().find(|segment| !segment.is_condition));
        let is_question = head.ends_with('?');
        if lead.is_none() && (lists::is_heading(head) || is_question) {
            for segment in &mut all {
                segment.is_fragment |= segment.sign == Sign::Is || is_question;
            }
        }
        if !is_item {
            lead = all.last().filter(|_| lists::leads(head)).cloned();
        }
        out.extend(all);
        if let (Some(items), Some(lead)) = (items, &lead) {
            let mut all = linked(read(items));
            lists::inherit(&mut all, lead);
            out.extend(all);
        }
    }
    out
}

/// Segments of one sentence with what stands before each.
fn linked(mut all: Vec<Segment>) -> Vec<Segment> {
    let (mut before, mut words) = (Vec::new(), String::new());
    let (mut is_negated, mut is_open) = (false, false);
    for i in 1..all.len() {
        if all[i].is_condition || english::is_relative(&all[i].text) {
            let (before, after) = all.split_at_mut(i);
            before[i - 1].behind.clone_from(&after[0].text);
        }
    }
    for segment in &mut all {
        segment.context = std::mem::replace(&mut before, segment.stems.clone());
        segment.before = std::mem::replace(&mut words, segment.text.clone());
        segment.after_negation = is_negated;
        segment.is_conditioned = std::mem::replace(&mut is_open, segment.is_condition);
        // `자기의 행위가 아닌 친족의 행위` names something and asks for nothing.
        let asks = segment.is_condition && !segment.text.ends_with("아닌");
        let concedes =
            ["않아도", "어도", "하여도", "더라도", "라도"].iter().any(|end| segment.text.ends_with(end));
        // `unless it is signed` asks for the opposite of what it says.
        let is_turned = segment.text.get(..7).is_some_and(|word| word.eq_ignore_ascii_case("unless "));
        is_negated =
            (asks && segment.sign.is_negative() != is_turned) || (concedes && segment.sign != Sign::Is);
    }
    all
}

/// 그러하지 아니하다 says of its condition the opposite of the sentence before.
fn excepted(all: &mut [Segment], before: Option<&Segment>) {
    for segment in all {
        let letters = bare(&segment.text);
        if !["그러하지아니", "그렇지않", "그렇지아니"].iter().any(|word| letters.contains(word))
        {
            continue;
        }
        let Some(before) = before else {
            // It says nothing without the sentence before.
            segment.is_condition = true;
            continue;
        };
        segment.sign = before.sign.excepted();
        segment.predicate.clone_from(&before.predicate);
        segment.stems.push(before.predicate.clone());
        segment.stems.extend(segment.context.iter().cloned());
    }
}

/// A contradiction between an answer and its source: what each says.
#[derive(Debug, Clone, PartialEq)]
pub struct Contradiction {
    /// The answer's words.
    pub claim: String,
    /// The source's words.
    pub evidence: String,
}

/// Whether an answer speaks of what its source speaks of: two words and half of what a clause says are in a clause there,
/// or the opposite of its verb is.
pub fn is_near(answer: &str, source: &str) -> bool {
    let (own, theirs) = (segments(answer), segments(source));
    own.iter().any(|own| {
        theirs.iter().any(|theirs| {
            let shared =
                own.stems.iter().filter(|stem| theirs.stems.iter().any(|s| is_alike(s, stem))).count();
            (shared >= 2 && shared * 2 >= own.stems.len())
                || (shared >= 1 && antonyms::are_opposed(own, theirs))
        })
    })
}

/// The first contradiction of an answer and its source, where there is one.
pub fn differs(
    answer: &str,
    question: &str,
    source: &str,
    weight: &dyn Fn(&str) -> f32,
) -> Option<Contradiction> {
    let (own, theirs) = (segments(answer), segments(source));
    let asked = stems(question);
    let letters = bare(source);
    let said: Vec<String> = theirs.iter().map(|segment| bare(&segment.text)).collect();
    // What stands there letter by letter, negation included, is no contradiction.
    let is_new = |segment: &&Segment| {
        let own = bare(&segment.text);
        if segment.is_condition && !segment.before.ends_with("even") {
            return false;
        }
        if own.chars().count() < 6 || !letters.contains(&own) {
            return true;
        }
        // `승인 없이` stands in `승인 없이 할 수 없다`, `papers are asked for` in `No papers are asked for`.
        let negative = |segment: &Segment| segment.sign.is_negative();
        let mut holding = theirs.iter().zip(&said).filter(|(_, said)| said.contains(&own)).peekable();
        holding.peek().is_some() && holding.all(|(theirs, _)| negative(theirs) != negative(segment))
    };
    let found = own.iter().filter(is_new).find_map(|segment| of_segment(segment, &theirs, &asked, weight));
    let means = || turned::by_other_means(answer, source);
    let by_other_means = || means().map(|(claim, evidence)| Contradiction { claim, evidence });
    let found = found.or_else(|| antonyms::differs(&own, &theirs)).or_else(by_other_means);
    found.or_else(|| verbatim::differs(answer, source))
}

/// Whether of two rules with conditions of their own the first is the one whose case a segment speaks of: a small group needs
/// no notice, a large one does.
fn is_case_of(own: &Segment, rules: [&Segment; 2], asked: &[String], weight: &dyn Fn(&str) -> f32) -> bool {
    let behind = stems(&own.behind);
    let speaks = |rule: &Segment| -> f32 {
        let mut case = own.stems.iter().chain(&own.context).chain(&behind).chain(asked).collect::<Vec<_>>();
        case.retain(|stem| rule.context.iter().any(|s| is_alike(s, stem)));
        case.sort_unstable();
        case.dedup();
        case.into_iter().map(|stem| weight(stem)).sum()
    };
    rules.iter().all(|rule| rule.is_conditioned && shares_predicate(own, rule))
        && speaks(rules[0]) > speaks(rules[1])
}

/// The segment that is most like another one, with how much it is.
type Best<'a> = Option<(f32, &'a Segment)>;

/// The contradiction of one segment.
fn of_segment(
    own: &Segment,
    theirs: &[Segment],
    asked: &[String],
    weight: &dyn Fn(&str) -> f32,
) -> Option<Contradiction> {
    let theirs: Vec<&Segment> = theirs.iter().filter(|segment| speaks_to(segment, own)).collect();
    if let Some(rule) = theirs.iter().find(|rule| turned::forgets_exception(own, rule)) {
        return Some(Contradiction { claim: own.text.clone(), evidence: rule.text.clone() });
    }
    let best = nearest(own, &theirs, asked, weight);
    let (against, segment) = best[1]?;
    if best[0].is_some_and(|(_, agreeing)| is_case_of(own, [agreeing, segment], asked, weight)) {
        return None;
    }
    let agreeing = best[0].map_or(0.0, |(s, _)| s);
    let is_shared = shares_predicate(own, segment);
    if (own.text.ends_with("없이") || own.sign == Sign::NeedNot) && !is_shared {
        return None;
    }
    let is_told_apart = is_shared
        && !own.is_conditioned
        && names_all(own, segment)
        && best[0].is_some_and(|(_, other)| names_other(own, other));
    // Without the predicate in common much else has to be.
    let agrees = best[0].map(|(_, other)| (shares_predicate(own, other), other.sign == own.sign));
    let (least, factor) = match (is_shared, agrees) {
        // What speaks of something else agrees with nothing.
        (true, _) if is_told_apart => (1.0, 0.0),
        (true, None | Some((false, _))) => (1.0, 0.9),
        (true, Some((true, false))) => (1.0, 1.15),
        (true, Some((true, true))) => (1.0, 1.25),
        (false, _) => (2.4, 1.6),
    };
    let is_clear = own.sign.is_negative() || segment.sign.is_negative() && is_shared;
    (is_clear && against >= least && against > agreeing * factor)
        .then(|| Contradiction { claim: own.text.clone(), evidence: segment.text.clone() })
}

/// What a segment says its predicate of, without the words that only say how.
fn named(segment: &Segment) -> impl Iterator<Item = &String> {
    const HOW: [&str; 10] =
        ["함께", "모두", "또한", "역시", "별도", "따로", "전부", "각각", "also", "separately"];
    let is_how = |stem: &str| HOW.contains(&stem);
    segment.stems.iter().filter(move |stem| !is_alike(stem, &segment.predicate) && !is_how(stem))
}

fn is_named(stem: &str, segment: &Segment) -> bool {
    segment.stems.iter().chain(&segment.context).any(|s| is_alike(s, stem))
}

/// Whether another segment has all that one says its predicate of: 숙박비 of 숙박비도 지급합니다.
fn names_all(own: &Segment, other: &Segment) -> bool {
    named(own).next().is_some() && named(own).all(|stem| is_named(stem, other))
}

/// Whether another segment says its predicate of something else, and not of what this one names.
fn names_other(own: &Segment, other: &Segment) -> bool {
    let has_other = named(other).any(|stem| !own.stems.iter().any(|s| is_alike(s, stem)));
    has_other && named(own).any(|stem| !is_named(stem, other))
}

/// Whether a segment asserts something that another one may contradict. `if it does not leak` is what `even if it leaks`
/// and `one that leaks` speak against.
fn speaks_to(segment: &Segment, own: &Segment) -> bool {
    let is_meant = !segment.is_condition
        || (own.before.ends_with("even") || english::is_relative(&own.text))
            && segment.sign.is_negative()
            && shares_predicate(own, segment);
    is_meant && !segment.is_fragment
}

/// The segments that agree with one most, and that it contradicts most.
fn nearest<'a>(
    own: &Segment,
    theirs: &[&'a Segment],
    asked: &[String],
    weight: &dyn Fn(&str) -> f32,
) -> [Best<'a>; 2] {
    let mut best: [Best<'a>; 2] = [None, None];
    for &segment in theirs.iter().filter(|segment| !turned::agree(own, segment)) {
        let score = likeness(own, segment, asked, weight);
        // 넣지 않는다 and 뺀다 agree.
        let is_turned = antonyms::are_opposed(own, segment) || antonyms::are_same(own, segment);
        let place = usize::from(own.sign.contradicts(segment.sign) != is_turned);
        if best[place].is_none_or(|(s, _)| score > s) {
            best[place] = Some((score, segment));
        }
    }
    best
}

/// How much two segments speak of the same.
fn likeness(own: &Segment, other: &Segment, asked: &[String], weight: &dyn Fn(&str) -> f32) -> f32 {
    let has = |stems: &[String], stem: &str| stems.iter().any(|s| is_alike(s, stem));
    let mut score = 0.0;
    for stem in &own.stems {
        if has(&other.stems, stem) {
            score += weight(stem);
        }
    }
    for stem in asked {
        if has(&other.stems, stem) && !has(&own.stems, stem) {
            score += 0.4 * weight(stem);
        }
    }
    let is_of_same = score > 0.0 || shares_predicate(own, other);
    for stem in own.context.iter().filter(|_| is_of_same) {
        if has(&other.context, stem) || has(&other.stems, stem) {
            score += 0.7 * weight(stem);
        }
    }
    if shares_predicate(own, other) {
        // In English only a verb with an auxiliary is known for one.
        let known = [&own.predicate, &other.predicate].into_iter().find(|predicate| !predicate.is_empty());
        score += 1.0 + known.map_or(0.0, |predicate| weight(predicate));
    }
    score
}

fn shares_predicate(a: &Segment, b: &Segment) -> bool {
    let speaks = |segment: &Segment, word: &str| {
        is_alike(&segment.predicate, word)
            || segment.stems.iter().any(|stem| is_alike(stem, word))
            || has_form(&segment.text, word)
    };
    // The predicate of the one that negates is what counts: 겸직할 수 없다 against 겸직이 가능하다.
    let negated = if a.sign.is_negative() { (a, b) } else { (b, a) };
    let same_verb = !a.verb.is_empty()
        && (synonyms::are(&a.verb, &b.verb) || synonyms::are(&a.verb, &b.predicate))
        || !b.verb.is_empty() && synonyms::are(&b.verb, &a.predicate);
    // 사거나 팔 수 없다: what is joined is negated, too.
    let joined = |word: &str| {
        let word = word.trim_end_matches(',');
        word.strip_suffix("거나")
            .and_then(|_| words::verb_root(word))
            .is_some_and(|root| speaks(negated.1, root))
    };
    !negated.0.predicate.is_empty()
        && (same_verb
            || speaks(negated.1, &negated.0.predicate)
            || negated.0.sign.is_negative() && negated.0.text.split(' ').any(joined))
}

/// Whether a text has a form of a verb that is no word of its topics: 따른 of 따르, `used` of `use`.
fn has_form(text: &str, verb: &str) -> bool {
    let n_syllables = verb.chars().count();
    // ㄴ, ㄹ and ㅂ join a stem: 따른, 따를, 따릅니다.
    let opened = |word: &str| -> String {
        let last = word.chars().nth(n_syllables - 1);
        let last =
            last.map(|c| if matches!(fold::final_of(c), Some(4 | 8 | 17)) { fold::open(c) } else { c });
        word.chars().take(n_syllables - 1).chain(last).collect()
    };
    n_syllables > 1
        && verb.starts_with(super::text::is_hangul)
        && fold::final_of(verb.chars().next_back().unwrap_or(' ')) == Some(0)
        && text.split_whitespace().any(|word| opened(word) == verb)
        || verb.is_ascii() && words::words(text).iter().any(|word| word.stem == verb)
}

fn is_alike(a: &str, b: &str) -> bool {
    if a.is_empty() || b.is_empty() {
        return false;
    }
    let (short, long) = if a.len() <= b.len() { (a, b) } else { (b, a) };
    a == b
        || (short.chars().count() > 1 && (long.starts_with(short) || long.ends_with(short)))
        || synonyms::are(a, b)
}

#[cfg(test)]
mod tests;
