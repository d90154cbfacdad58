//! Sentences that say one thing, one of them with a negation: 서면으로 하지 아니하면 효력이 없다 and 서면으로 하여야 효력이 있다,
//! `cannot be more than` and `up to`.

use std::sync::LazyLock;

use regex::Regex;

use super::{Segment, Sign, is_alike};

/// Whether two segments whose signs differ say the same all the same.
pub(super) fn agree(own: &Segment, other: &Segment) -> bool {
    is_contrapositive(own, other)
        || is_requirement(own, other)
        || is_only_after(own, other)
        || is_limit(own, other)
        || is_without(own, other)
        || is_exception(own, other)
}

/// 허가 없이 찍어서는 안 된다 and the forbidden act of 허가 없이 찍는 행위: what both do without is the same.
fn is_without(own: &Segment, other: &Segment) -> bool {
    let lacking = |segment: &Segment| {
        let text = format!("{} {}", segment.before, segment.text);
        let words: Vec<String> = text.split_whitespace().map(str::to_owned).collect();
        words.windows(2).find(|pair| pair[1].starts_with("없이")).map(|pair| pair[0].clone())
    };
    let is_double = own.sign == Sign::Must && own.text.contains("없이");
    is_double && other.sign == Sign::MustNot && lacking(own).is_some_and(|noun| lacking(other) == Some(noun))
}

/// 등록하려면 서명하여야 한다 does not say that one may register.
fn is_requirement(own: &Segment, other: &Segment) -> bool {
    let (negated, plain) = if own.sign.is_negative() { (own, other) } else { (other, own) };
    !negated.predicate.is_empty()
        && ["하려면", "되려면", "려면", "으려면"]
            .iter()
            .any(|end| plain.text.contains(&format!("{}{end}", negated.predicate)))
}

/// Whether one says of what is not done the opposite of what the other says of what is done.
fn is_contrapositive(own: &Segment, other: &Segment) -> bool {
    let (negated, plain) = if own.after_negation { (own, other) } else { (other, own) };
    let is_turned = |segment: &Segment| segment.sign.is_negative() == segment.after_negation;
    negated.after_negation
        && !plain.after_negation
        && is_turned(negated)
        && is_turned(plain)
        && negated
            .context
            .iter()
            .any(|stem| plain.context.iter().chain(&plain.stems).any(|s| is_alike(s, stem)))
}

fn any(pattern: &str) -> Regex {
    Regex::new(&format!("(?i){pattern}")).expect("the pattern is tested")
}

static NOT_BEFORE: LazyLock<Regex> = LazyLock::new(|| {
    any(
        r"전에는|전까지|때까지|까지는|(?:않|아니하)으?면|(?:않|아니하)고는|없이는|없으면|\b(?:until|before|unless|without)\b",
    )
});
static ONLY_AFTER: LazyLock<Regex> = LazyLock::new(|| {
    any(r"뒤|후|다음|나서|나면|비로소|때부터|[아어여해]야|\b(?:after|once|only|when|if|as soon as)\b")
});
static EVEN_BEFORE: LazyLock<Regex> = LazyLock::new(|| any(r"전에도|않아도|없이도|\b(?:before|without)\b"));

/// 점검하기 전에는 켜지 아니한다 and 점검한 뒤에야 켤 수 있다; `not until it is paid` and `once it is paid`.
fn is_only_after(own: &Segment, other: &Segment) -> bool {
    let (negated, plain) = if own.sign.is_negative() { (own, other) } else { (other, own) };
    let words = |segment: &Segment| format!("{} {} {}", segment.before, segment.text, segment.behind);
    let (no, yes) = (words(negated), words(plain));
    negated.sign.is_negative()
        && !plain.sign.is_negative()
        && NOT_BEFORE.is_match(&no)
        && ONLY_AFTER.is_match(&yes)
        && !EVEN_BEFORE.is_match(&yes)
}

static MORE: LazyLock<Regex> = LazyLock::new(|| {
    any(
        r"넘|초과|이상|\b(?:more|longer|greater|higher|further|later|fewer|less|earlier|sooner)\b.*\bthan\b|\bexceed|\bbeyond\b",
    )
});

/// `Nobody may hold more than 30 cards` and `up to 30 cards may be held`: what is not above a line is below it.
fn is_limit(own: &Segment, other: &Segment) -> bool {
    let (negated, plain) = if own.sign.is_negative() { (own, other) } else { (other, own) };
    negated.sign.is_negative()
        && !plain.sign.is_negative()
        && MORE.is_match(&negated.text)
        && !MORE.is_match(&plain.text)
}

static EXCEPTED: LazyLock<Regex> = LazyLock::new(|| {
    any(
        r"(?P<a>[^,.]{2,80}?)(?:을|를|은|는)?\s?(?:제외하고는?|제외하면|빼고는?|외에는|아닌 한)|\b(?:except(?: for| in| when| if| that)?|other than|with the exception of|unless) (?P<b>[^,.;]{3,80})",
    )
});

/// The stems of what a segment excepts: 화재 of 화재를 제외하고는.
fn excepted(segment: &Segment) -> Option<Vec<String>> {
    let found = EXCEPTED.captures(&segment.text)?;
    let words = found.name("a").or_else(|| found.name("b"))?;
    let stems = crate::validate::text::stems(words.as_str());
    // What the exception is about ends its words; its subject may stand before.
    let from = stems.len().saturating_sub(4);
    Some(stems[from..].to_vec()).filter(|stems| !stems.is_empty())
}

/// 화재가 아니어도 is no case of 화재.
static IS_NONE: LazyLock<Regex> = LazyLock::new(|| any(r"[이가]\s?아[니닌]"));

/// How much of what `rule` excepts `case` speaks of; none where it excepts nothing, or `case` excepts it, too.
fn share_of_excepted(case: &Segment, rule: &Segment) -> Option<f32> {
    let words = format!("{} {}", case.before, case.text);
    let stems = excepted(rule).filter(|_| !EXCEPTED.is_match(&words) && !IS_NONE.is_match(&words))?;
    let has = |stem: &&String| case.context.iter().chain(&case.stems).any(|s| is_alike(s, stem));
    Some(stems.iter().filter(has).count() as f32 / stems.len() as f32)
}

/// What a rule excepts has the opposite sign: 화재를 제외하고는 열지 아니한다 and 화재가 나면 연다.
fn is_exception(own: &Segment, other: &Segment) -> bool {
    own.sign.contradicts(other.sign)
        && [(own, other), (other, own)]
            .iter()
            .any(|(case, rule)| share_of_excepted(case, rule).is_some_and(|share| share > 0.6))
}

static EVEN: LazyLock<Regex> =
    LazyLock::new(|| any(r"라도|에도|여도|해도|더라도|\beven\b|\bincluding\b|포함"));

/// 말로 통지해도 of 서면으로 통지하여야: with what a verb is done, and that it may be done with it.
static BY_OTHER_MEANS: LazyLock<Regex> = LazyLock::new(|| {
    any(r"(?P<with>[가-힣]+?)(?:으로|로)만?도?\s(?P<verb>[가-힣]{2,}?)(?:하여|해|되어|돼)도(?:\s|$)")
});
static BY_MEANS: LazyLock<Regex> =
    LazyLock::new(|| any(r"(?P<with>[가-힣]+?)(?:으로|로)\s(?P<verb>[가-힣]{2,}?)(?:하여야|해야|되어야)"));

/// Whether an answer lets something be done by other means than the ones that its source asks for.
pub(super) fn by_other_means(answer: &str, source: &str) -> Option<(String, String)> {
    let own = BY_OTHER_MEANS.captures(answer)?;
    let rule = BY_MEANS.captures_iter(source).find(|rule| rule["verb"] == own["verb"])?;
    let is_other = rule["with"] != own["with"] && !source.contains(&own["with"]);
    is_other.then(|| (own[0].to_owned(), rule[0].to_owned()))
}

/// Whether an answer says of what its source excepts what the source says of everything else.
pub(super) fn forgets_exception(own: &Segment, rule: &Segment) -> bool {
    let words = format!("{} {}", own.before, own.text);
    !own.sign.contradicts(rule.sign)
        && !matches!(rule.sign, Sign::Is | Sign::May)
        && EVEN.is_match(&words)
        && !EXCEPTED.is_match(&words)
        && super::shares_predicate(own, rule)
        && share_of_excepted(own, rule).is_some_and(|share| share > 0.6)
}
