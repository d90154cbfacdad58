//! Which questions are trained on, watched and scored.
//!
//! Whole articles are held out for `test_unseen` first. The rest is split 8:1:1, stratified by kind. A question goes
//! to validation or test only where another wording of its fact stays in training, as long as there are enough of
//! these: the main test asks the same facts in other words. Near-duplicates stay together. What was asked over the
//! quotas is learned from, but for that of articles that are held out.

use std::collections::{BTreeMap, BTreeSet};

use data::dedupe::Clusters;
use data::validate::Kind;
use serde::{Deserialize, Serialize};

use super::question::Question;
use crate::rng::Rng;

/// The slices' names, as their files are called.
pub const SLICES: [&str; 4] = ["train", "valid", "test", "test_unseen"];

/// Questions at least this alike are never on both sides.
const NEAR_DUPLICATE: f64 = 0.9;

/// How questions are split.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Shares {
    /// Of what is not held out as whole articles.
    pub valid: f64,
    /// Of what is not held out as whole articles.
    pub test: f64,
    /// Of all answerable questions: whole articles up to this share.
    pub unseen: f64,
}

impl Default for Shares {
    fn default() -> Self {
        Self { valid: 0.1, test: 0.1, unseen: 0.05 }
    }
}

/// Where each question goes, as an index into [`SLICES`], and what that could not keep.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Slices {
    /// One for each question.
    pub places: Vec<usize>,
    /// Questions of validation and test whose fact training does not have in other words, by id.
    pub alone: Vec<String>,
}

const TRAIN: usize = 0;
const VALID: usize = 1;
const TEST: usize = 2;
const UNSEEN: usize = 3;

/// Splits questions; the same for the same seed, whatever their order of equals.
pub fn split(questions: &[Question], shares: &Shares, seed: u64) -> Slices {
    let mut slices = Slices { places: vec![TRAIN; questions.len()], alone: Vec::new() };
    hold_out(questions, shares.unseen, seed, &mut slices.places);
    let clusters = clusters(questions);
    for kind in Kind::ALL {
        let mut free: Vec<usize> = (0..questions.len())
            .filter(|&at| slices.places[at] == TRAIN && questions[at].pair.kind == kind)
            .filter(|&at| !questions[at].besides)
            .collect();
        let n = free.len() as f64;
        let mut rng = Rng::stream(seed, "slices", kind as u64);
        rng.shuffle(&mut free);
        for (slice, share) in [(TEST, shares.test), (VALID, shares.valid)] {
            let wanted = (n * share).round() as usize;
            take(questions, &free, &clusters, slice, wanted, &mut slices);
        }
    }
    slices
}

/// Moves questions of a kind into a slice.
fn take(
    questions: &[Question],
    free: &[usize],
    clusters: &[Option<u64>],
    slice: usize,
    wanted: usize,
    slices: &mut Slices,
) {
    let mut taken = 0;
    // First those whose fact stays in training in other words, then any.
    for must_stay in [true, false] {
        for &at in free {
            if taken >= wanted || slices.places[at] != TRAIN {
                continue;
            }
            let unit: Vec<usize> = match clusters[at] {
                Some(cluster) => (0..questions.len()).filter(|&i| clusters[i] == Some(cluster)).collect(),
                None => vec![at],
            };
            let is_free = unit.iter().all(|i| slices.places[*i] == TRAIN);
            let stays = unit
                .iter()
                .all(|&i| questions[i].is_absent() || stays_known(questions, i, &unit, &slices.places));
            if !is_free || (must_stay && !stays) || taken + unit.len() > wanted.max(1) {
                continue;
            }
            for &i in &unit {
                slices.places[i] = slice;
            }
            if !stays {
                slices.alone.extend(unit.iter().map(|&i| questions[i].pair.id.clone()));
            }
            taken += unit.len();
        }
    }
}

/// Whether training keeps the fact of a question in another wording.
fn stays_known(questions: &[Question], at: usize, unit: &[usize], places: &[usize]) -> bool {
    let Some(fact) = &questions[at].fact else { return false };
    (0..questions.len())
        .any(|i| !unit.contains(&i) && places[i] == TRAIN && questions[i].fact.as_ref() == Some(fact))
}

/// Holds whole articles out, until the share of answerable questions is reached.
fn hold_out(questions: &[Question], share: f64, seed: u64, places: &mut [usize]) {
    let mut by_article: BTreeMap<(&str, &str), Vec<usize>> = BTreeMap::new();
    for (at, question) in questions.iter().enumerate().filter(|(_, question)| !question.is_absent()) {
        by_article.entry((&question.pair.document, &question.article)).or_default().push(at);
    }
    let of_quota = |article: &Vec<usize>| article.iter().filter(|&&at| !questions[at].besides).count();
    let n: usize = by_article.values().map(of_quota).sum();
    let wanted = (n as f64 * share).round() as usize;
    let mut articles: Vec<&Vec<usize>> = by_article.values().collect();
    Rng::stream(seed, "unseen", 0).shuffle(&mut articles);
    let mut taken = 0;
    for article in articles {
        let more = of_quota(article);
        if taken < wanted && more > 0 && taken + more <= wanted + 2 {
            taken += more;
            for &at in article {
                places[at] = UNSEEN;
            }
        }
    }
}

fn clusters(questions: &[Question]) -> Vec<Option<u64>> {
    let mut clusters = Clusters::new(NEAR_DUPLICATE);
    for question in questions {
        clusters.push(&question.pair.question);
    }
    clusters.of_rows()
}

/// The articles of a slice, as document and article.
pub fn articles<'a>(
    questions: &'a [Question],
    slices: &Slices,
    slice: usize,
) -> BTreeSet<(&'a str, &'a str)> {
    questions
        .iter()
        .zip(&slices.places)
        .filter(|(question, place)| **place == slice && !question.is_absent())
        .map(|(question, _)| (question.pair.document.as_str(), question.article.as_str()))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::questions::question::Asker;
    use data::validate::{Pair, Verdict};

    fn question(n: usize, fact: usize, kind: Kind) -> Question {
        let words = ["휴가", "출장비", "정산", "보안", "교육", "징계", "채용", "퇴직", "회의", "차량"];
        Question {
            pair: Pair {
                id: format!("questions#{n:04}"),
                kind,
                question: format!(
                    "{}{} {}{}의 {n}번째 물음",
                    words[n % 10],
                    words[fact % 7],
                    words[n / 7 % 10],
                    fact
                ),
                answer: "답".into(),
                document: "규정".into(),
                paths: vec![format!("제{fact}조")],
            },
            chunk: None,
            fact: (kind != Kind::Absent).then(|| format!("규정/제{fact}조#1")),
            article: format!("제{fact}조"),
            facts: Vec::new(),
            asker: Asker::Builtin,
            besides: false,
            verdict: Verdict::default(),
        }
    }

    #[test]
    fn tests_ask_what_training_knows_in_other_words() {
        let mut questions: Vec<Question> = (0..250)
            .map(|n| question(n, n % 125, if n < 150 { Kind::Lookup } else { Kind::Procedure }))
            .collect();
        questions.extend((250..300).map(|n| question(n, n, Kind::Absent)));
        let slices = split(&questions, &Shares::default(), 1);
        let count = |slice| slices.places.iter().filter(|place| **place == slice).count();
        assert_eq!(count(TRAIN) + count(VALID) + count(TEST) + count(UNSEEN), 300);
        assert!((11..=15).contains(&count(UNSEEN)), "{}", count(UNSEEN));
        assert!(
            (27..=31).contains(&count(TEST)) && (27..=31).contains(&count(VALID)),
            "{} {}",
            count(TEST),
            count(VALID)
        );
        for (at, place) in
            slices.places.iter().enumerate().filter(|(_, place)| [VALID, TEST].contains(*place))
        {
            let known = stays_known(&questions, at, &[at], &slices.places);
            assert!(
                known || questions[at].is_absent() || slices.alone.contains(&questions[at].pair.id),
                "{place}"
            );
        }
        assert!(slices.alone.len() <= 4, "{:?}", slices.alone);
        let (train, unseen) = (articles(&questions, &slices, TRAIN), articles(&questions, &slices, UNSEEN));
        assert!(train.is_disjoint(&unseen) && !unseen.is_empty());
        assert_eq!(split(&questions, &Shares::default(), 1), slices);
    }
}
