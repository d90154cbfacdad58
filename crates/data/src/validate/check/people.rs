//! Who and what an answer names: whether the cited text has them, and in the same place.

use super::super::asked::is_for_somebody;
use super::super::entity::{Entity, EntityKind, entities};
use super::super::slots::{MARGIN, Slot, is_swapped_by};
use super::super::source::Cited;
use super::super::text::{bare, stems};
use super::super::verdict::{Code, Finding};
use super::{Case, Validator, is_verbatim, push, sentence_at};

/// How much a word of a question for somebody counts: it says what is done as well as a word of the answer.
const ASKED_OF_SOMEBODY: f32 = 0.8;

/// Who an answer and what it cites name.
struct Named<'a> {
    claims: &'a str,
    source: &'a str,
    own: Vec<Entity>,
    theirs: Vec<Entity>,
    /// The words of a question for somebody: they say what is done by whoever the answer names.
    asked: Vec<String>,
}

impl Validator {
    /// Somebody that the cited text does not have, or has in another's place.
    pub(super) fn wrong_entities(
        &self,
        case: &Case<'_>,
        cited: &Cited,
        source: &str,
        findings: &mut Vec<Finding>,
    ) {
        let context = format!("{}\n{}", cited.context(), case.question);
        let letters = bare(&context);
        let is_who = is_for_somebody(&case.question);
        let named = Named {
            claims: &case.claims,
            source,
            own: entities(&case.claims),
            theirs: entities(source),
            asked: if is_who { stems(&case.question) } else { Vec::new() },
        };
        let own_letters = bare(source);
        let mut refused: Vec<&str> = Vec::new();
        for own in &named.own {
            if refused.contains(&own.name.as_str()) {
                continue;
            }
            if !own.is_in(&context, &letters) {
                let kin = named.theirs.iter().filter(|e| e.kind == own.kind).map(|e| e.name.as_str());
                push(findings, Code::EntityNotInSource, &own.name, &kin.collect::<Vec<_>>().join(", "));
                refused.push(&own.name);
                continue;
            }
            // What is said of everybody stands in every place, and names are not of one kind.
            let stands = is_verbatim(&case.claims, own.start, own.end, &own_letters);
            if own.is_everybody() || own.kind == EntityKind::Name && !named.acts(own) || stands {
                continue;
            }
            if let Some(holder) = self.holder(&named, own) {
                push(findings, Code::EntitySwapped, &own.name, sentence_at(source, holder.start));
                refused.push(&own.name);
            }
        }
    }

    /// Who stands in the source where the answer has somebody else.
    fn holder<'n>(&self, named: &'n Named<'_>, own: &Entity) -> Option<&'n Entity> {
        let weight = |stem: &str| self.weight(stem);
        let place = |e: &Entity| Slot::of(named.source, e.start, e.end, &e.particle);
        let slot = |e: &Entity| Slot::of(named.claims, e.start, e.end, &e.particle);
        let fit = |own: &Entity, e: &Entity| {
            slot(own).fit_asked(&place(e), &named.asked, ASKED_OF_SOMEBODY, &weight)
        };
        let best = |is_same: bool| {
            named
                .theirs
                .iter()
                .filter(|e| e.is(own) == is_same && (is_same || named.may_stand_for(e, own)))
                .map(|e| (fit(own, e), e))
                .max_by(|a, b| a.0.total_cmp(&b.0))
        };
        // An office that is named in capitals may stand in the source as no more than a name.
        let same = best(true).map(|(fit, _)| fit).or((own.kind == EntityKind::Name).then_some(0.0))?;
        let (other, holder) = best(false)?;
        // A place whose own name the answer has there, too, is taken.
        let is_taken = |e: &Entity| e.is(holder) && fit(e, holder) >= other;
        (is_swapped_by(same, other, named.margin()) && !named.own.iter().any(is_taken)).then_some(holder)
    }
}

impl Named<'_> {
    /// How much better another's place has to fit: less where the question asks for nothing but somebody.
    fn margin(&self) -> f32 {
        if self.asked.is_empty() { MARGIN } else { MARGIN / 2.0 }
    }

    /// Whether a name in capitals is the answer to a question for somebody: `OPM approves it`.
    fn acts(&self, name: &Entity) -> bool {
        let surface = &self.claims[name.start..name.end];
        let is_first = self.own.iter().find(|e| !e.is_everybody()).is_some_and(|e| e.start == name.start);
        !self.asked.is_empty() && is_first && surface.bytes().all(|b| b.is_ascii_uppercase())
    }

    /// Whether somebody in the source may be whom the answer's name stands for: nobody in general, no owner of what is
    /// spoken of (`your child's birth`) and nobody beside it.
    fn may_stand_for(&self, other: &Entity, own: &Entity) -> bool {
        let is_kin = other.kind == own.kind || own.kind == EntityKind::Name && other.kind == EntityKind::Role;
        let is_owner = self.source[other.end..].starts_with("'s");
        is_kin && !other.is_everybody() && !is_owner && !self.is_beside(own, other)
    }

    /// Whether the source joins somebody to whom the answer names: 이사·감사, `the cook or the guard`. What is said of the one
    /// is said of the other.
    fn is_beside(&self, own: &Entity, other: &Entity) -> bool {
        const JOINTS: [&str; 8] = ["·", "및", "또는", "나", "와", "과", "or", "and"];
        let is_joined = |a: &Entity, b: &Entity| {
            let between = self.source.get(a.end..b.start).unwrap_or_default();
            let joint = format!("{} {between}", a.particle);
            let is_short =
                a.end <= b.start && between.split_whitespace().count() < 4 && !between.contains(['.', '\n']);
            is_short
                && joint
                    .split([' ', ','])
                    .any(|word| JOINTS.contains(&word.trim_matches('이')) || word.contains('·'))
        };
        let same = self.theirs.iter().filter(|e| e.is(own));
        same.into_iter().any(|e| is_joined(e, other) || is_joined(other, e))
    }
}
