//! The validator: every check of a pair, one after the other.

use std::cell::RefCell;
use std::collections::{HashMap, HashSet};
use std::sync::LazyLock;

use regex::Regex;

use super::duplicates::Seen;
use super::overlap::{containment, coverage, similarity};
use super::polarity;
use super::quantity::quantities;
use super::reference::{Reference, references};
use super::source::{Cited, Sources};
use super::text::{bare, fold, has_stem, spaced, topics};
use super::verdict::{Code, Finding, Kind, Pair, Verdict};
use chat::refusal::is_refusal;

mod answerable;
mod labels;
mod numbers;
mod people;

use labels::Labelled;

/// Where the lines are drawn. The defaults are measured on the planted faults of the tests.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Limits {
    /// Least share of an answer's letters that the cited text has, where its words are not alike either.
    pub least_overlap: f32,
    /// Least similarity of words, where the letters are not alike either.
    pub least_similarity: f32,
    /// Least share of a question's words that the cited text has, when another text has far more of them.
    pub least_coverage: f32,
    /// Most of an absent question's words that any chunk may have.
    pub most_absent_coverage: f32,
    /// How many chunks are looked at for an absent question, and for whether another text answers a question.
    pub searched: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            least_overlap: 0.22,
            least_similarity: 0.3,
            least_coverage: 0.45,
            most_absent_coverage: 0.82,
            searched: 8,
        }
    }
}

/// Judges pairs against their documents. Duplicates are found among the pairs it has accepted.
#[derive(Debug)]
pub struct Validator {
    sources: Sources,
    limits: Limits,
    seen: Seen,
    weights: RefCell<HashMap<String, f32>>,
}

/// A pair as its checks see it.
struct Case<'a> {
    pair: &'a Pair,
    question: String,
    answer: String,
    /// The answer without the brackets that name its source.
    claims: String,
    asked: Vec<String>,
}

impl Validator {
    /// A validator over documents.
    pub fn new(sources: Sources, limits: Limits) -> Self {
        Self { sources, limits, seen: Seen::default(), weights: RefCell::default() }
    }

    /// The documents.
    pub fn sources(&self) -> &Sources {
        &self.sources
    }

    /// Judges a pair. One that is accepted is remembered: the same question again is a duplicate.
    pub fn judge(&mut self, pair: &Pair) -> Verdict {
        let mut verdict = self.judge_alone(pair);
        let place = pair.paths.join(" ");
        if let Some(id) = self.asked_before(pair) {
            push(&mut verdict.findings, Code::Duplicate, &pair.question, &format!("asked before: {id}"));
        }
        if verdict.is_accepted() {
            self.seen.push(&pair.id, &pair.question, &pair.answer, &place);
        }
        verdict
    }

    /// The id of a pair that was accepted and asks the same.
    pub fn asked_before(&self, pair: &Pair) -> Option<String> {
        self.seen.find(&pair.question, &pair.answer, &pair.paths.join(" "))
    }

    /// Judges a pair without regard to others.
    pub fn judge_alone(&self, pair: &Pair) -> Verdict {
        let (question, answer) = (fold(&pair.question), fold(&pair.answer));
        let (mut asked, claims) = (topics(&without_how(&question)), without_citations(&answer));
        // A word that is said twice asks for nothing more.
        let mut seen = HashSet::new();
        asked.retain(|stem| seen.insert(stem.clone()));
        let case = Case { pair, question, answer, claims, asked };
        let mut verdict = Verdict::default();
        if bare(&case.question).is_empty() || bare(&case.answer).is_empty() {
            push(&mut verdict.findings, Code::Empty, "", "");
        } else if pair.kind == Kind::Absent {
            self.absent(&case, &mut verdict);
        } else {
            match self.sources.cited(&pair.document, &pair.paths) {
                Ok(cited) if !pair.paths.is_empty() => self.answerable(&case, &cited, &mut verdict),
                Ok(_) => push(&mut verdict.findings, Code::UnknownCitation, "", "no place is cited"),
                Err(path) => {
                    let why = format!("`{}` has no such place", pair.document);
                    push(&mut verdict.findings, Code::UnknownCitation, &path, &why);
                }
            }
        }
        verdict
    }

    fn answerable(&self, case: &Case<'_>, cited: &Cited, verdict: &mut Verdict) {
        if is_refusal(&case.answer) {
            push(&mut verdict.findings, Code::Refused, &case.pair.answer, "a place is cited");
            return;
        }
        let source = cited.text();
        let weight = |stem: &str| self.weight(stem);
        verdict.overlap = containment(&case.claims, &format!("{}\n{}", cited.context(), case.question));
        verdict.similarity = similarity(&case.claims, &cited.context(), &weight);
        verdict.rank = self.rank(case, cited);
        let findings = &mut verdict.findings;
        wrong_references(case, cited, findings);
        wrong_heading(case, cited, findings);
        self.wrong_numbers(case, cited, &source, findings);
        self.wrong_entities(case, cited, &source, findings);
        let meant = Labelled::new(&source, &case.question).meant();
        if let Some(found) = polarity::differs(&case.claims, &case.question, &meant, &weight) {
            push(findings, Code::NegationDiffers, &found.claim, &found.evidence);
        }
        // A bare amount has nothing else in common with its text.
        let is_bare = topics(&without_amounts(&case.claims)).is_empty();
        let is_alike = is_bare
            || is_supported(case, cited, &source)
            || polarity::is_near(&case.claims, &source)
            || verdict.overlap >= self.limits.least_overlap
            || verdict.similarity >= self.limits.least_similarity;
        if !is_alike {
            push(findings, Code::LittleInCommon, &case.pair.answer, &cited.names());
        }
        self.unanswerable(case, cited, findings);
    }

    fn rank(&self, case: &Case<'_>, cited: &Cited) -> u32 {
        let rank =
            cited.chunks.iter().filter_map(|&at| self.sources.retriever.rank(&case.question, at)).min();
        rank.unwrap_or(0) as u32
    }

    fn absent(&self, case: &Case<'_>, verdict: &mut Verdict) {
        if !is_refusal(&case.answer) {
            push(&mut verdict.findings, Code::NotRefused, &case.pair.answer, "");
        }
        let (most, chunk) = self.presence(&case.question);
        if most > self.limits.most_absent_coverage {
            let evidence = chunk.map_or(String::new(), |at| self.sources.chunks()[at].id.clone());
            push(&mut verdict.findings, Code::NotAbsent, &case.pair.question, &evidence);
        }
    }

    /// How much of a question any one chunk has, 0 to 1, and which. Low values prove that it is not answered.
    pub fn presence(&self, question: &str) -> (f32, Option<usize>) {
        let question = fold(question);
        let asked = topics(&question);
        if asked.is_empty() {
            return (1.0, None);
        }
        let hits = self.sources.retriever.search(&question, self.limits.searched);
        let shares = hits.iter().map(|hit| {
            let letters = &self.sources.chunk_letters[hit.index];
            (self.question_coverage(&asked, letters).share, Some(hit.index))
        });
        shares.fold((0.0, None), |best, next| if next.0 > best.0 { next } else { best })
    }

    /// How telling a word is: inverse document frequency over the chunks, from 0.1 to 1.
    pub fn weight(&self, stem: &str) -> f32 {
        if let Some(weight) = self.weights.borrow().get(stem) {
            return *weight;
        }
        let n = self.sources.chunk_letters.len();
        let with = self.sources.chunk_letters.iter().filter(|letters| has_stem(letters, stem)).count();
        let weight = (((n + 1) as f32 / (with + 1) as f32).ln() / ((n + 1) as f32).ln().max(1.0)).max(0.1);
        self.weights.borrow_mut().insert(stem.to_owned(), weight);
        weight
    }
}

/// Whether what an answer names stands in its source or in its question: all of it, or a good part of it in the
/// source. Short answers and those in other words have little else in common with what they cite.
fn is_supported(case: &Case<'_>, cited: &Cited, source: &str) -> bool {
    let (letters, question) = (spaced(&cited.context()), spaced(&case.question));
    let theirs = quantities(source);
    let amounts = quantities(&case.claims).iter().filter(|own| theirs.iter().any(|q| q.equals(own))).count();
    // 무거워질 수 없다: verbs are said in other words more often than nouns.
    let is_verb = |stem: &String| ["지", "질", "기", "도", "아", "어"].iter().any(|end| stem.ends_with(end));
    let words = topics(&without_amounts(&case.claims));
    let has = |letters: &str, stem: &str| coverage(stem, letters) > 0.5;
    let here = words.iter().filter(|stem| has(&letters, stem)).count();
    let is_missing = |stem: &&String| !has(&letters, stem) && !has(&question, stem) && !is_verb(stem);
    let missing = words.iter().filter(is_missing).count();
    let found = here + amounts;
    let all = words.len() + amounts;
    found > 0 && (missing == 0 || missing < 3 && found * 3 >= all || found * 2 > all)
}

/// An English question without what its `how` asks for: the `early` of `how early` need stand nowhere.
fn without_how(question: &str) -> String {
    static HOW: LazyLock<Regex> =
        LazyLock::new(|| Regex::new(r"(?i)\bhow [a-z]+\b").expect("the pattern is tested"));
    HOW.replace_all(question, "how").into_owned()
}

/// A text without its amounts.
fn without_amounts(text: &str) -> String {
    let mut out = String::new();
    let mut at = 0;
    for amount in quantities(text) {
        if amount.start < at {
            continue;
        }
        out.push_str(&text[at..amount.start]);
        // What is glued to an amount is its ending.
        let rest = &text[amount.end..];
        at = amount.end + rest.find(|c: char| !c.is_alphanumeric()).unwrap_or(rest.len());
        at = at.max(amount.end);
    }
    out + text.get(at..).unwrap_or_default()
}

/// Whether the source has the words around a value letter by letter: then it stands where it stood.
fn is_verbatim(text: &str, start: usize, end: usize, letters: &str) -> bool {
    // Up to two words before it, as far as its item of a list goes.
    let item = text[..start].rfind([',', ':', ';', '.', '\n']).map_or(0, |at| at + 1);
    let words: Vec<&str> = text[item..start].split_whitespace().collect();
    let words = &words[words.len().saturating_sub(2)..];
    // An article stands before anybody.
    let is_article = |word: &&str| ["The", "the", "A", "a", "An", "an", "Your", "your"].contains(word);
    let head = if words.iter().all(is_article) { String::new() } else { bare(&words.concat()) };
    let after: Vec<char> = bare(&text[end..]).chars().collect();
    let n_after = after.len().min(if head.is_empty() { 16 } else { 2 });
    let tail: String = after[..n_after].iter().collect();
    head.chars().count() + n_after > 2
        && letters.contains(&format!("{head}{}{tail}", bare(&text[start..end])))
}

/// An answer without the brackets that hold a reference or a quoted heading.
fn without_citations(answer: &str) -> String {
    let mut out = String::new();
    let mut rest = answer;
    while let Some((before, after)) = rest.split_once('(') {
        let Some((inner, tail)) = after.split_once(')') else { break };
        out.push_str(before);
        let is_citation = !references(inner).is_empty() || inner.contains('"');
        if !is_citation {
            out.push('(');
            out.push_str(inner);
            out.push(')');
        }
        rest = tail;
    }
    out.push_str(rest);
    NAMED_HEADING.replace_all(&out, "").into_owned()
}

/// A heading that an answer names as its source outside brackets: `the section "Travel cards" says`.
static NAMED_HEADING: LazyLock<Regex> = LazyLock::new(|| {
    let named =
        r#"(?:the )?(?:section|heading|chapter|part|page)s?(?: called| titled| named| on)? "([^"]{3,90})""#;
    let before = r#"(?:the )?"([^"]{3,90})" (?:section|heading|chapter|part|page)\b"#;
    let under = r#"\b(?:under|per|explained in|described in|according to) (?:the )?"([^"]{3,90})""#;
    Regex::new(&format!("(?i){named}|{before}|{under}")).expect("the pattern is tested")
});

/// References of an answer that neither name the cited place nor stand in its text.
fn wrong_references(case: &Case<'_>, cited: &Cited, findings: &mut Vec<Finding>) {
    let source = cited.text();
    let known = references(&source);
    let own = references(&case.answer);
    let names_cited = own.iter().any(|reference| cited.is_named_by(reference));
    for reference in &own {
        if cited.is_named_by(reference) {
            continue;
        }
        let claim = &case.answer[reference.start..reference.end];
        let is_known = known.iter().any(|k| reference.parts.iter().all(|part| k.parts.contains(part)));
        let is_said = is_said_of(&case.answer[reference.end..], reference, &known, &source);
        let cites = cites(&case.answer, reference.start, reference.end);
        if !is_known || (cites && !names_cited && !is_said) {
            push(findings, Code::WrongReference, claim, &cited.names());
        }
    }
}

/// Whether the source has what an answer says to be laid down at a reference beside that reference, too: 별표 3에서 정한 연수 and
/// 별표 3의 연수.
fn is_said_of(after: &str, reference: &Reference, known: &[Reference], source: &str) -> bool {
    let laid_down = ["에서 정한 ", "에서 정하는 "].iter().find_map(|word| after.strip_prefix(word));
    let first = |text: &str| super::text::stems(text).into_iter().next();
    let same = known.iter().filter(|known| known.parts == reference.parts);
    laid_down.and_then(first).is_some_and(|stem| {
        same.clone()
            .any(|known| first(source[known.end..].trim_start_matches('의')).is_some_and(|of| of == stem))
    })
}

/// A quoted heading in the brackets at an answer's end under which the cited place does not stand and that it does not say.
/// A heading further up names many other places, too.
fn wrong_heading(case: &Case<'_>, cited: &Cited, findings: &mut Vec<Finding>) {
    for captures in NAMED_HEADING.captures_iter(&case.answer) {
        let Some(heading) = captures.iter().skip(1).flatten().next() else { continue };
        let said = bare(&format!("{}\n{}", cited.headings, cited.text()));
        if !said.contains(&bare(heading.as_str())) {
            push(findings, Code::WrongReference, heading.as_str(), &cited.headings.replace('\n', ", "));
        }
    }
    let end = case.answer.trim_end_matches(['.', ' ']);
    let Some((before, heading)) = end.strip_suffix("\")").and_then(|answer| answer.rsplit_once('"')) else {
        return;
    };
    let letters = bare(heading);
    let all: Vec<&str> = cited.headings.lines().filter(|line| !line.is_empty()).collect();
    let is_one = case.pair.paths.len() == 1;
    let near = match (all.first(), all.last()) {
        (Some(title), Some(nearest)) if is_one => format!("{title}\n{nearest}"),
        _ => cited.headings.clone(),
    };
    let said = bare(&format!("{near}\n{}", cited.text()));
    if before.contains('(') && !letters.is_empty() && !said.contains(&letters) {
        push(findings, Code::WrongReference, heading, &cited.headings.replace('\n', ", "));
    }
}

/// Whether a reference stands where an answer says its source: in brackets at its end, or before `에 따르면`.
fn cites(answer: &str, start: usize, end: usize) -> bool {
    let after = answer[end..].trim_start();
    let in_brackets = answer[..start].rfind('(').is_some_and(|open| !answer[open..start].contains(')'));
    (in_brackets && after.trim_start_matches([')', '.', ' ']).is_empty())
        || ["에 따르면", "에 의하면", "에서 정"].iter().any(|word| after.starts_with(word))
}

fn sentence_at(text: &str, at: usize) -> &str {
    let start = |s: &str| s.as_ptr() as usize - text.as_ptr() as usize;
    super::text::sentences(text)
        .into_iter()
        .find(|s| (start(s)..=start(s) + s.len()).contains(&at))
        .unwrap_or_default()
}

fn push(findings: &mut Vec<Finding>, code: Code, claim: &str, evidence: &str) {
    findings.push(Finding { code, claim: claim.to_owned(), evidence: evidence.to_owned() });
}
