//! `builtin:extractive`: questions and answers without a model.

use std::collections::{BTreeMap, BTreeSet};

use data::validate::{Kind, Pair, Validator, Verdict};

use super::absent;
use super::facts::{Fact, Facts, facts};
use super::plan::{Ask, Coverage, LEAST, Plan, Quotas, Said, Unfilled};
use super::question::{Asker, Question};
use super::wording::{Wording, key_facts, wordings};
use crate::rng::Rng;

/// What is written.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Setting {
    /// How many questions of each kind.
    pub quotas: Quotas,
    /// Same seed, same questions.
    pub seed: u64,
    /// The share of each quota that asks facts again in other words, so that a test can ask what training knows. With
    /// 0 every fact is asked before any is asked twice; otherwise only where there are facts enough for the rest.
    pub again: f64,
}

impl Default for Setting {
    fn default() -> Self {
        Self { quotas: Quotas::default(), seed: 1, again: 0.2 }
    }
}

/// What was written.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Drafts {
    /// The questions of the quotas, and those over them; every one accepted by the validator.
    pub questions: Vec<Question>,
    /// Further questions that are none of them: absent and answerable ones.
    pub further: Vec<Question>,
    /// What was written and refused, with the reasons.
    pub refused: Vec<Question>,
    /// What was asked, and what was not.
    pub coverage: Coverage,
}

/// Writes questions about a validator's documents. What it refuses is counted and kept aside; another wording is
/// tried in its place.
pub fn write(validator: &mut Validator, setting: &Setting) -> Drafts {
    write_with(validator, setting, &[], setting.quotas.absent_share())
}

/// Writes questions beside those that are there `already`; over the quotas `absent_share` absent questions come with
/// each that is answered.
pub(super) fn write_with(
    validator: &mut Validator,
    setting: &Setting,
    already: &[Question],
    absent_share: f64,
) -> Drafts {
    let facts = facts(validator.sources().trees());
    let mut writer = Writer::new(validator, &facts, setting);
    let mut unfilled = Vec::new();
    for kind in [Kind::Lookup, Kind::Procedure] {
        unfilled.extend(writer.answerable(kind, setting.quotas.of(kind)));
    }
    let n_besides = if setting.quotas.cover { writer.cover(already) } else { 0 };
    let Quotas { absent, further_absent, .. } = setting.quotas;
    let besides = (n_besides as f64 * absent_share).round() as usize;
    unfilled.extend(writer.absent(absent, further_absent, besides));
    unfilled.extend(writer.further(setting.quotas.further_answerable));
    let mut drafts = writer.drafts;
    drafts.coverage = Coverage::of(&facts, &drafts.questions);
    drafts.coverage.unfilled = unfilled;
    drafts
}

struct Writer<'a> {
    validator: &'a mut Validator,
    facts: &'a Facts,
    plan: Plan,
    /// Each fact's wordings that have not been tried.
    left: Vec<std::collections::VecDeque<Wording>>,
    asked_of_article: BTreeMap<usize, usize>,
    /// How often each fact was asked.
    asked: BTreeMap<usize, usize>,
    seed: u64,
    again: f64,
    drafts: Drafts,
}

/// Rounds after which no fact has another wording.
const MOST_ROUNDS: usize = 6;

impl<'a> Writer<'a> {
    fn new(validator: &'a mut Validator, facts: &'a Facts, setting: &Setting) -> Self {
        let left = facts.facts.iter().enumerate().map(|(at, fact)| {
            let mut rng = Rng::stream(setting.seed, "wording", at as u64);
            wordings(fact, &mut rng).into()
        });
        Self {
            plan: Plan::new(&facts.facts),
            left: left.collect(),
            validator,
            facts,
            asked_of_article: BTreeMap::new(),
            asked: BTreeMap::new(),
            seed: setting.seed,
            again: setting.again.clamp(0.0, 1.0),
            drafts: Drafts::default(),
        }
    }

    /// Fills the quota of a kind; what is missing, where the text cannot.
    fn answerable(&mut self, kind: Kind, quota: usize) -> Option<Unfilled> {
        let refused = self.drafts.refused.len();
        let kept_back = (quota as f64 * self.again).round() as usize;
        let mut written = self.rounds(kind, quota - kept_back);
        written += self.again(kind, quota - written);
        written += self.rounds(kind, quota - written);
        let of_kind = self.facts.facts.iter().filter(|fact| fact.kind.asked_by() == kind).count();
        (written < quota).then(|| Unfilled {
            quota: kind.name().to_owned(),
            wanted: quota,
            written,
            facts: of_kind,
            refused: self.drafts.refused.len() - refused,
        })
    }

    /// Asks facts in the plan's order, those that were asked least first.
    fn rounds(&mut self, kind: Kind, wanted: usize) -> usize {
        let mut written = 0;
        for round in 0..MOST_ROUNDS {
            for ask in self.plan.round(kind, round, &self.asked_of_article) {
                if written == wanted {
                    return written;
                }
                if self.asked.get(&ask.fact).copied().unwrap_or(0) > round {
                    continue;
                }
                if let Some(question) = self.next_wording(ask) {
                    self.drafts.questions.push(question);
                    written += 1;
                }
            }
        }
        written
    }

    /// Asks facts that were asked once in other words, those of articles that were asked least first.
    fn again(&mut self, kind: Kind, wanted: usize) -> usize {
        let mut written = 0;
        for ask in self.plan.round(kind, 1, &self.asked_of_article) {
            if written < wanted
                && self.asked.get(&ask.fact) == Some(&1)
                && let Some(question) = self.next_wording(ask)
            {
                self.drafts.questions.push(question);
                written += 1;
            }
        }
        written
    }

    /// Asks what nobody has asked or said yet, over the quotas: every fact, then in other words those of articles that
    /// were asked less than twice. How many questions that took.
    fn cover(&mut self, already: &[Question]) -> usize {
        let mut said = Said::new(self.facts);
        for question in already.iter().chain(&self.drafts.questions) {
            said.add(question);
        }
        let before = self.drafts.questions.len();
        for fact in 0..self.facts.facts.len() {
            if !said.is_said(fact) {
                self.besides(Ask { fact, round: 0 }, &mut said);
            }
        }
        for fact in 0..self.facts.facts.len() {
            while said.times(fact) < LEAST && self.besides(Ask { fact, round: 1 }, &mut said) {}
        }
        self.drafts.questions.len() - before
    }

    /// One more question over the quotas; false where its fact has no other wording.
    fn besides(&mut self, ask: Ask, said: &mut Said<'_>) -> bool {
        let Some(mut question) = self.next_wording(ask) else { return false };
        question.besides = true;
        said.add(&question);
        self.drafts.questions.push(question);
        true
    }

    /// The next wording of a fact that the validator accepts.
    fn next_wording(&mut self, ask: Ask) -> Option<Question> {
        let fact = &self.facts.facts[ask.fact];
        while let Some(wording) = self.left[ask.fact].pop_front() {
            let n = self.drafts.questions.len() + self.drafts.further.len() + self.drafts.refused.len() + 1;
            let pair = Pair {
                id: format!("questions#{n:04}"),
                kind: fact.kind.asked_by(),
                question: wording.question,
                answer: wording.answer,
                document: fact.document.clone(),
                paths: vec![fact.path.clone()],
            };
            let verdict = self.validator.judge(&pair);
            let question = self.question(pair, Some(fact), verdict);
            if question.verdict.is_accepted() {
                *self.asked_of_article.entry(self.plan.article(ask.fact)).or_default() += 1;
                *self.asked.entry(ask.fact).or_default() += 1;
                return Some(question);
            }
            self.drafts.refused.push(question);
        }
        None
    }

    fn question(&self, pair: Pair, fact: Option<&Fact>, verdict: Verdict) -> Question {
        let sources = self.validator.sources();
        let path = pair.paths.first().map_or("", String::as_str);
        let chunk =
            sources.chunks_of(&pair.document, path).first().map(|&at| sources.chunks()[at].id.clone());
        Question {
            chunk: chunk.filter(|_| fact.is_some()),
            fact: fact.map(|fact| fact.id.clone()),
            article: fact.map_or(String::new(), |fact| fact.article.clone()),
            facts: fact.map(key_facts).unwrap_or_default(),
            asker: Asker::Builtin,
            besides: false,
            verdict,
            pair,
        }
    }

    /// Absent questions: the first of them are the quota's, then come further ones, and as many as there are of those
    /// over the quotas.
    fn absent(&mut self, quota: usize, further: usize, besides: usize) -> Vec<Unfilled> {
        let trees = self.validator.sources().trees();
        let titles: Vec<String> = trees.iter().map(|tree| tree.title.clone()).collect();
        let n_korean = self.facts.facts.iter().filter(|fact| fact.is_korean).count();
        let is_korean = n_korean * 2 >= self.facts.facts.len();
        let candidates = absent::questions(self.validator, &titles, is_korean, self.seed);
        let subjects: BTreeSet<&str> = candidates.iter().map(|absent| absent.subject).collect();
        let n_subjects = subjects.len();
        let (mut written, refused) = (0, self.drafts.refused.len());
        for candidate in candidates {
            if written == quota + further + besides {
                break;
            }
            let n = self.drafts.questions.len() + self.drafts.further.len() + self.drafts.refused.len() + 1;
            let pair = absent::pair(&candidate, format!("questions#{n:04}"));
            let verdict = self.validator.judge(&pair);
            let mut question = self.question(pair, None, verdict);
            question.article = format!("absent: {}", candidate.subject);
            if !question.verdict.is_accepted() {
                self.drafts.refused.push(question);
                continue;
            }
            question.besides = written >= quota + further;
            let is_further = written >= quota && !question.besides;
            let list = if is_further { &mut self.drafts.further } else { &mut self.drafts.questions };
            list.push(question);
            written += 1;
        }
        let missing = |name: &str, wanted: usize, written: usize| Unfilled {
            quota: name.to_owned(),
            wanted,
            written,
            facts: n_subjects,
            refused: self.drafts.refused.len() - refused,
        };
        let mut out = Vec::new();
        if written < quota {
            out.push(missing("absent", quota, written));
        }
        if written < quota + further {
            out.push(missing("further_absent", further, written.saturating_sub(quota)));
        }
        out
    }

    /// Further answerable questions: facts that were asked, in words that were not.
    fn further(&mut self, quota: usize) -> Option<Unfilled> {
        let mut written = 0;
        let refused = self.drafts.refused.len();
        let mut order: Vec<usize> = (0..self.facts.facts.len()).collect();
        Rng::stream(self.seed, "further", 0).shuffle(&mut order);
        // A model can only know what it was taught.
        order.sort_by_key(|fact| !self.asked.contains_key(fact));
        for fact in order {
            if written == quota {
                break;
            }
            if let Some(question) = self.next_wording(Ask { fact, round: 0 }) {
                self.drafts.further.push(question);
                written += 1;
            }
        }
        (written < quota).then(|| Unfilled {
            quota: "further_answerable".to_owned(),
            wanted: quota,
            written,
            facts: self.facts.facts.len(),
            refused: self.drafts.refused.len() - refused,
        })
    }
}
