//! The numbers of an answer: whether the cited text has them, and for the same thing.

use super::super::asked;
use super::super::quantity::{Quantity, Unit, quantities};
use super::super::slots::{Slot, is_swapped};
use super::super::source::Cited;
use super::super::text::bare;
use super::super::verdict::{Code, Finding};
use super::{Case, Validator, is_verbatim, push, sentence_at};
use derived::{Said, is_derived};
use meant::Meant;

mod computed;
mod derived;
mod meant;

/// The numbers of a pair and of what it cites.
struct Numbers<'a> {
    source: &'a str,
    own: Vec<Quantity>,
    theirs: Vec<Quantity>,
    /// The words of the question that say what its number is of.
    asked: &'a [String],
}

impl Validator {
    /// Numbers that the cited text does not have, or has for something else.
    pub(super) fn wrong_numbers(
        &self,
        case: &Case<'_>,
        cited: &Cited,
        source: &str,
        findings: &mut Vec<Finding>,
    ) {
        // Of a question that asks for two things nothing tells which number answers which.
        let asked = if asked::count(&case.question) > 1 { &[] } else { case.asked.as_slice() };
        let numbers = Numbers { source, own: quantities(&case.claims), theirs: quantities(source), asked };
        let mut given = quantities(&case.question);
        given.extend(quantities(&cited.headings));
        let letters = bare(source);
        let said = Said { question: &case.question, claims: &case.claims, source };
        let meant = Meant::of(case, source);
        for (at, own) in numbers.own.iter().enumerate() {
            let claim = case.claims[own.start..own.end].trim();
            if is_denied(&case.claims[own.end..]) {
                continue;
            }
            let same: Vec<&Quantity> = numbers.theirs.iter().filter(|q| q.equals(own)).collect();
            if same.is_empty() {
                let is_given = given.iter().any(|q| q.equals(own)) || stands_in(&case.question, claim);
                if !is_given && !is_derived(own, said, cited) {
                    push(findings, Code::NumberNotInSource, claim, &numbers.kin(own));
                }
                continue;
            }
            let agrees =
                |q: &&Quantity| q.bound.zip(own.bound).is_none_or(|(theirs, own)| !own.contradicts(theirs));
            if let Some(meant) = meant.as_ref().filter(|meant| meant.has_another(own)) {
                push(findings, Code::NumberSwapped, claim, &meant.text);
            } else if !same.iter().any(agrees) {
                push(findings, Code::BoundDiffers, claim, sentence_at(source, same[0].start));
            } else if let Some(evidence) = self.holder_of_asked(case, &numbers, at, &letters) {
                push(findings, Code::NumberSwapped, claim, &evidence);
            }
        }
    }

    /// What the source says with another number where the answer has this one.
    fn holder_of_asked(
        &self,
        case: &Case<'_>,
        numbers: &Numbers<'_>,
        at: usize,
        letters: &str,
    ) -> Option<String> {
        let own = &numbers.own[at];
        let is_verbatim = is_verbatim(&case.claims, own.start, own.end, letters);
        let swapped = if is_verbatim { None } else { self.swapped_number(case, numbers, at) };
        let swapped = swapped.map(|other| sentence_at(numbers.source, other.start).to_owned());
        swapped.or_else(|| self.asked_of_another(case, numbers, own))
    }

    /// The number of the source that stands where the answer has another one. A value that is said twice is judged where
    /// it fits best: `14시부터, 즉 오후 2시부터`.
    fn swapped_number<'q>(
        &self,
        case: &Case<'_>,
        numbers: &'q Numbers<'_>,
        at: usize,
    ) -> Option<&'q Quantity> {
        let value = &numbers.own[at];
        let mut again = numbers.own.iter().filter(|q| q.start != value.start && q.equals(value));
        let swapped = self.swapped_here(case, numbers, value)?;
        again.all(|q| self.swapped_here(case, numbers, q).is_some()).then_some(swapped)
    }

    fn swapped_here<'q>(
        &self,
        case: &Case<'_>,
        numbers: &'q Numbers<'_>,
        own: &Quantity,
    ) -> Option<&'q Quantity> {
        let others = |q: &&Quantity| q.is_comparable(own);
        if !numbers.theirs.iter().filter(others).any(|q| !q.equals(own)) || own.unit == Unit::Bare {
            return None;
        }
        let weight = |stem: &str| self.weight(stem);
        let slot = |q: &Quantity| Slot::of_number(&case.claims, q.start, q.end, q.bound);
        let place = |q: &Quantity| Slot::of_number(numbers.source, q.start, q.end, q.bound);
        let own_slot = slot(own);
        let (mut same, mut other): (f32, Option<(f32, &Quantity)>) = (0.0, None);
        for q in numbers.theirs.iter().filter(others) {
            // What stands in brackets beside a number is said of the same thing in another case.
            let bracketed =
                numbers.beside(q).map_or(0.0, |main| own_slot.fit(&place(main), numbers.asked, &weight));
            let fit = own_slot.fit(&place(q), numbers.asked, &weight);
            if q.equals(own) {
                same = same.max(fit).max(bracketed);
            } else if other.is_none_or(|(best, _)| fit > best) {
                other = Some((fit, q));
            }
        }
        let (fit, holder) = other.filter(|(fit, _)| is_swapped(same, *fit))?;
        // A place whose own number the answer names there, too, is taken.
        let is_taken =
            |q: &Quantity| q.equals(holder) && slot(q).fit(&place(holder), numbers.asked, &weight) >= fit;
        (!numbers.own.iter().any(is_taken)).then_some(holder)
    }
}

/// Whether a text has a number as it is written: 11월 of 11월 1일, but not the 1월 of it.
fn stands_in(text: &str, claim: &str) -> bool {
    let mut places = text.match_indices(claim);
    places.any(|(at, _)| !text[..at].ends_with(|c: char| c.is_ascii_digit() || matches!(c, '.' | ',')))
}

/// Whether what follows a number says that it is another one: `한 달이 아니라`.
fn is_denied(after: &str) -> bool {
    let start: String = after.chars().take(8).collect();
    start.contains("이 아니라") || start.contains("가 아니라")
}

impl Numbers<'_> {
    /// The numbers of the source that count the same, as they are written.
    fn kin(&self, own: &Quantity) -> String {
        let kin = self.theirs.iter().filter(|q| q.is_comparable(own));
        kin.map(|q| self.source[q.start..q.end].trim()).collect::<Vec<_>>().join(", ")
    }

    /// The number that a number in brackets stands beside: 45일 of `45일(쌍둥이는 60일)`.
    fn beside(&self, alternative: &Quantity) -> Option<&Quantity> {
        let open = self.source[..alternative.start].rfind('(')?;
        let is_inside = !self.source[open..alternative.start].contains(')');
        self.theirs.iter().find(|q| is_inside && q.end == open && q.is_comparable(alternative))
    }
}
