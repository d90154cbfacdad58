//! Whether the cited text has what is asked for, or another text has it.

use std::collections::HashSet;

use super::super::asked::{Asked, asked};
use super::super::entity::is_role;
use super::super::overlap::coverage;
use super::super::reference::references;
use super::super::source::{Cited, Place};
use super::super::text::words::verb_root;
use super::super::text::{Word, has_stem, sentences, spaced, topics, verb, words};
use super::super::verdict::{Code, Finding};
use super::{Case, Validator, push, without_amounts, without_how};
use crate::documents::Level;

/// The least weight of a word that tells one text from others: no more than the square root of all texts have it.
pub(super) const TELLING: f32 = 0.5;

/// How much of a question's words a text has.
pub(super) struct Coverage {
    /// The share, by weight, 0 to 1.
    pub share: f32,
    /// The words that are missing.
    missing: Vec<String>,
}

impl Validator {
    /// Whether the cited text has what is asked for, and the answer, too.
    pub(super) fn unanswerable(&self, case: &Case<'_>, cited: &Cited, findings: &mut Vec<Finding>) {
        let wanted = asked(&case.question);
        if !wanted.is_in(&cited.text()) {
            push(findings, Code::NotAnswerable, wanted.name(), &cited.names());
        } else if !wanted.is_in(&case.answer) {
            push(findings, Code::NotAnswered, wanted.name(), &case.pair.answer);
        }
        if let Some(noun) = self.invented(case, cited) {
            push(findings, Code::NotAnswerable, &noun, &cited.names());
        }
        // `I got home on Monday. When is the form due?` tells of a case and asks with its last sentence.
        let asks: Vec<&str> = sentences(&case.question).into_iter().filter(|s| s.ends_with('?')).collect();
        let asks = if asks.is_empty() { case.question.clone() } else { asks.join(" ") };
        let views = [asks, case.question.clone()];
        let found: Vec<Finding> =
            views.iter().map_while(|question| self.asked_elsewhere(question, case, cited, wanted)).collect();
        findings.extend(found.into_iter().nth(views.len() - 1));
    }

    /// A noun of an answer that neither the cited text nor the question has, where the answer takes what it speaks of from
    /// the question alone: 교통비를 실비로 지급합니다 of a text that knows no 교통비 and no 실비. Words of its own for what the
    /// text says are no invention.
    fn invented(&self, case: &Case<'_>, cited: &Cited) -> Option<String> {
        let letters = spaced(&format!("{}\n{}", cited.context(), self.referred(case, cited)));
        let question = spaced(&case.question);
        let is_new = |stem: &String| self.weight(stem) >= TELLING && coverage(stem, &letters) < 0.5;
        let new: Vec<String> = nouns(&case.claims).into_iter().filter(is_new).collect();
        let (asked, own): (Vec<String>, Vec<String>) =
            new.into_iter().partition(|stem| coverage(stem, &question) >= 0.5);
        own.into_iter().next().filter(|_| !asked.is_empty())
    }

    /// Another place that has far more of a question's words than the cited one.
    fn asked_elsewhere(
        &self,
        question: &str,
        case: &Case<'_>,
        cited: &Cited,
        wanted: Asked,
    ) -> Option<Finding> {
        let letters = spaced(&format!("{}\n{}", cited.context(), self.referred(case, cited)));
        let sought = sought(question, &letters);
        let here = self.question_coverage(&sought, &letters);
        if here.missing.is_empty() || self.is_about(&sought, cited) {
            return None;
        }
        let own = here.share;
        let elsewhere = self.best_elsewhere(case, &sought, &here.missing, wanted);
        // A text that has far more of the question's words is what is asked about. Where no text has them, the
        // question is in words of its own.
        let is_nothing_here = own < 0.3 && elsewhere > 0.65;
        let is_far_better =
            here.missing.len() > 1 && own < self.limits.least_coverage && elsewhere > (own + 0.3).max(0.6);
        // One word that a question whether or how has for itself may be its own word for what the text says.
        let is_clear = here.missing.len() > 1 || wanted != Asked::Other;
        let is_all_there = own < 0.5 && elsewhere > 0.97 && is_clear && elsewhere > own + 0.45;
        (is_nothing_here || is_far_better || is_all_there).then(|| Finding {
            code: Code::NotAnswerable,
            claim: here.missing.join(", "),
            evidence: format!(
                "{}: {own:.2} of the question's words, elsewhere {elsewhere:.2}",
                cited.names()
            ),
        })
    }

    /// Whether the cited text itself says the most telling word of a question: what it is about.
    fn is_about(&self, sought: &[String], cited: &Cited) -> bool {
        let letters = spaced(&cited.text());
        let most = sought.iter().map(|stem| self.weight(stem)).fold(0.0, f32::max);
        sought.iter().any(|stem| self.weight(stem) >= most && has_stem(&letters, stem))
    }

    /// The paragraphs of its own article that the cited text names: 제1항의 조치를 하였는데도 speaks of what 제1항 says.
    fn referred(&self, case: &Case<'_>, cited: &Cited) -> String {
        let mut texts = Vec::new();
        for reference in references(&cited.own) {
            let [(Level::Paragraph, number)] = reference.parts[..] else { continue };
            for outer in case.pair.paths.iter().filter_map(|path| Some(path.rsplit_once('/')?.0)) {
                let path = format!("{outer}/제{}항", number.main);
                let named = self.sources.cited(&case.pair.document, &[path]);
                texts.extend(named.map(|named| named.own));
            }
        }
        texts.join("\n")
    }

    /// The share of a question's words that letters have, by weight, and the words that are missing.
    pub(super) fn question_coverage(&self, asked: &[String], letters: &str) -> Coverage {
        let mut covered = Coverage { share: 1.0, missing: Vec::new() };
        let (mut all, mut found) = (0.0, 0.0);
        for stem in asked {
            let (weight, share) = (self.weight(stem), coverage(stem, letters));
            all += weight;
            found += weight * share;
            if share < 0.5 {
                covered.missing.push(stem.clone());
            }
        }
        if all > 0.0 {
            covered.share = found / all;
        }
        covered
    }

    /// The best coverage of a question by a place that is not cited, that has a telling word which the cited one lacks,
    /// and that has such a thing as is asked for.
    fn best_elsewhere(&self, case: &Case<'_>, sought: &[String], missing: &[String], wanted: Asked) -> f32 {
        let hits = self.sources.retriever.search(&case.question, self.limits.searched);
        let places = hits.iter().flat_map(|hit| self.sources.places(hit.index));
        let document = &case.pair.document;
        let is_cited = |path: &str| {
            let paths = &mut case.pair.paths.iter();
            paths.any(|own| own == path || is_within(path, own) || is_within(own, path))
        };
        // 신청하면 may be said of anything; where a question has no telling noun, a common one says what it is about.
        let is_telling = |stem: &&String| self.weight(stem) >= TELLING;
        let verbs = verb_roots(&case.question);
        let nouns: Vec<&String> = missing.iter().filter(|stem| !verbs.contains(stem)).collect();
        let is_common = !sought.iter().any(|stem| is_telling(&stem));
        let tells = |place: &Place| {
            let mut there = nouns.iter().filter(|stem| coverage(stem, &place.letters) >= 0.5);
            there.any(|stem| is_common || is_telling(stem))
        };
        let others = places.filter(|place| place.document != *document || !is_cited(&place.path));
        let found: Vec<(&Place, f32)> = others
            .filter(|place| tells(place))
            .map(|place| (place, self.best_sentence(sought, place)))
            .collect();
        // Of places that have the same words the innermost one is meant.
        let is_inmost = |place: &Place, share: f32| {
            let mut inner = found.iter().filter(|(inner, _)| place.holds(inner));
            !inner.any(|(_, inner)| *inner >= share)
        };
        let meant = found.iter().filter(|(place, share)| is_inmost(place, *share));
        let answering = meant.filter(|(place, _)| self.has_wanted(place, wanted));
        answering.map(|(_, share)| *share).fold(0.0, f32::max)
    }

    /// How much of a question the sentence of a place has that has most of it. Words that stand in sentences apart say less.
    fn best_sentence(&self, sought: &[String], place: &Place) -> f32 {
        let shares = place.sentences.iter().map(|letters| self.question_coverage(sought, letters).share);
        shares.fold(0.0, f32::max)
    }

    /// Whether a place has such a thing as is asked for.
    fn has_wanted(&self, place: &Place, wanted: Asked) -> bool {
        let paths = std::slice::from_ref(&place.path);
        self.sources.cited(&place.document, paths).is_ok_and(|cited| wanted.is_in(&cited.text()))
    }
}

impl Place {
    /// Whether another place stands in this one.
    fn holds(&self, inner: &Self) -> bool {
        self.document == inner.document && is_within(&inner.path, &self.path)
    }
}

/// Whether a path leads to a place inside another one.
fn is_within(path: &str, outer: &str) -> bool {
    path.strip_prefix(outer).is_some_and(|rest| rest.starts_with('/'))
}

/// The Korean nouns of a text that a particle marks, without amounts.
fn nouns(text: &str) -> Vec<String> {
    const MARKS: [&str; 8] = ["을", "를", "은", "는", "이", "가", "로", "으로"];
    let text = without_amounts(text);
    let is_noun = |word: &Word| {
        let surface = &text[word.start..word.end];
        // 뽑기로 is a verb.
        let is_verb = verb_root(surface).is_some() || verb(surface).is_some() || word.stem.ends_with('기');
        MARKS.contains(&word.particle.as_str()) && word.is_content && !is_verb
    };
    words(&text).into_iter().filter(is_noun).map(|word| word.stem).collect()
}

/// The roots of the verbs of a question: 신청 of 신청하면.
fn verb_roots(question: &str) -> Vec<String> {
    let roots = question.split_whitespace().filter_map(verb_root);
    roots.map(str::to_owned).collect()
}

/// What a question asks about: its words without the amounts of the case that it brings and without people whom the
/// cited text does not name, who are of that case, too. Where nothing is left, all of them.
fn sought(question: &str, letters: &str) -> Vec<String> {
    let mut seen = HashSet::new();
    let all = topics(&without_how(&without_amounts(question)));
    let unique: Vec<String> = all.into_iter().filter(|stem| seen.insert(stem.clone())).collect();
    let is_meant = |stem: &&String| !is_role(stem) || coverage(stem, letters) >= 0.5;
    let meant: Vec<String> = unique.iter().filter(is_meant).cloned().collect();
    if meant.is_empty() { unique } else { meant }
}
