//! Which fact a question that somebody wrote asks for.

use data::validate::text::fold;

use super::facts::{Fact, FactKind, Facts};
use super::question::Question;
use super::wording::key_facts;

/// Finds the fact of a question by its place and by what its answer states, and fills in what a right answer contains
/// where the writer did not say.
pub(super) fn find(question: &mut Question, facts: &Facts) {
    let answer = squeezed(&question.pair.answer);
    let here = facts
        .facts
        .iter()
        .filter(|fact| fact.document == question.pair.document && question.pair.paths.contains(&fact.path));
    let stated: Vec<&Fact> = here.filter(|fact| is_stated(fact, &answer)).collect();
    let of_kind = |fact: &&&Fact| fact.kind.asked_by() == question.pair.kind;
    // A duty has no value that could be looked for: it is meant where nothing else is.
    let valued = |fact: &&&Fact| !matches!(fact.kind, FactKind::Duty);
    let Some(fact) = (stated.iter().filter(valued).find(of_kind))
        .or_else(|| stated.iter().find(valued))
        .or_else(|| stated.first())
    else {
        return;
    };
    question.fact = Some(fact.id.clone());
    if question.facts.is_empty() {
        let known = key_facts(fact).into_iter();
        question.facts =
            known.filter(|forms| forms.iter().any(|form| answer.contains(&squeezed(form)))).collect();
    }
}

fn is_stated(fact: &Fact, answer: &str) -> bool {
    match fact.kind {
        FactKind::Duty => true,
        FactKind::List => {
            let stated = fact.items.iter().filter(|item| answer.contains(&squeezed(item))).count();
            stated * 2 >= fact.items.len().max(1)
        }
        _ => !fact.value().is_empty() && answer.contains(&squeezed(fact.value())),
    }
}

/// Whether an answer says a fact that it was not asked for: the sentence but for its ending, with the value in it.
pub(super) fn says(squeezed_answer: &str, fact: &Fact) -> bool {
    let sentence = squeezed(&fact.sentence);
    let n = sentence.chars().count();
    // 하여야 한다 is 하여야 합니다 in an answer.
    let stem: String = sentence.chars().take(n - n / 4).collect();
    squeezed_answer.contains(&stem) && squeezed_answer.contains(&squeezed(fact.value()))
}

/// Without what is written one way or another: case, width, blanks.
pub(super) fn squeezed(text: &str) -> String {
    fold(text).chars().filter(|c| !c.is_whitespace()).collect()
}
