//! A teacher's answers beside the quotas, round by round.
//!
//! 1. [`Lesson::asks`] says what is asked next: first every chunk by the facts it holds; then, where questions were
//!    refused or not written, the chunks whose facts nobody asked for, with the questions there are already.
//! 2. [`Lesson::hear`] takes the answers. Each question is looked at by the validator, which refuses what it refuses of
//!    anybody.
//! 3. [`Lesson::end`] chooses the questions of the quotas by coverage, adds those that the documents do not answer, and
//!    says which quota could not be filled and why.
//!
//! Nothing is asked here: the same answers give the same questions, whoever asked for them and however often.

use std::collections::{BTreeMap, BTreeSet};

use data::validate::{Kind, Validator};
use serde_json::Value;

use super::extractive::{self, Drafts, Setting};
use super::facts::{Facts, facts};
use super::known;
use super::plan::{Coverage, LEAST, Quotas, Said, Unfilled};
use super::prompts::Bilingual;
use super::question::Question;
use super::teacher::{self, AnswerError, Ask};

/// Rounds after which a quota stays as it is.
const MOST_ROUNDS: usize = 3;

/// The kinds that a teacher is asked for.
const KINDS: [Kind; 2] = [Kind::Lookup, Kind::Procedure];

/// What a teacher was asked and has answered.
pub struct Lesson {
    validator: Validator,
    facts: Facts,
    quotas: Quotas,
    seed: u64,
    prompts: Bilingual,
    round: usize,
    /// Questions that came in.
    written: usize,
    accepted: Vec<Question>,
    refused: Vec<Question>,
    /// How many were accepted before the last round.
    before: usize,
}

impl Lesson {
    /// A lesson about a validator's documents.
    pub fn new(validator: Validator, quotas: Quotas, seed: u64, prompts: Bilingual) -> Self {
        let facts = facts(validator.sources().trees());
        let (accepted, refused) = (Vec::new(), Vec::new());
        Self { validator, facts, quotas, seed, prompts, round: 0, written: 0, accepted, refused, before: 0 }
    }

    /// Whether most of what is asked about is Korean.
    pub fn is_korean(&self) -> bool {
        let korean = self.facts.facts.iter().filter(|fact| fact.is_korean).count();
        korean * 2 >= self.facts.facts.len()
    }

    /// How many questions of the teacher are accepted so far.
    pub fn accepted(&self) -> usize {
        self.accepted.len()
    }

    /// The questions of the teacher that were refused so far.
    pub fn refused(&self) -> &[Question] {
        &self.refused
    }

    /// The round that is asked next, from 1.
    pub fn round(&self) -> usize {
        self.round + 1
    }

    /// What is asked next; nothing where the quotas are filled, or where asking again brought nothing.
    pub fn asks(&self) -> Vec<Ask> {
        if self.round == 0 {
            return teacher::asks(self.validator.sources(), &self.facts, &self.quotas, &self.prompts);
        }
        if self.round >= MOST_ROUNDS || self.accepted.len() == self.before {
            return Vec::new();
        }
        let sources = self.validator.sources();
        let asked: BTreeSet<&str> = self.accepted.iter().filter_map(|q| q.fact.as_deref()).collect();
        let all = || self.facts.facts.iter().map(|fact| (fact, fact.kind.asked_by()));
        let fresh = |kind| all().any(|(fact, of)| of == kind && !asked.contains(fact.id.as_str()));
        let (lookup, procedure) = (fresh(Kind::Lookup), fresh(Kind::Procedure));
        // Where every fact was asked for, it is asked for in other words.
        let is_next = |fact: &str, kind| match kind {
            Kind::Lookup => !lookup || !asked.contains(fact),
            _ => !procedure || !asked.contains(fact),
        };
        let next = all().filter(|(fact, kind)| is_next(&fact.id, *kind));
        let wanted = teacher::shares(sources, next, &|kind| self.missing(kind));
        let of_chunk = |at: usize| -> Vec<&str> {
            let id = Some(sources.chunks()[at].id.as_str());
            let here = self.accepted.iter().chain(&self.refused).filter(|q| q.chunk.as_deref() == id);
            here.map(|question| question.pair.question.as_str()).collect()
        };
        wanted
            .iter()
            .map(|(&at, kinds)| teacher::ask(sources, at, kinds, &of_chunk(at), &self.prompts))
            .collect()
    }

    /// Takes the answers of a round: one for each ask, none where there is none that could be used. Gives how many
    /// answers were no questions.
    pub fn hear(&mut self, asks: &[Ask], answers: &[Option<Value>]) -> usize {
        let (mut useless, prefix) = (0, "questions#t");
        self.before = self.accepted.len();
        for (ask, answer) in asks.iter().zip(answers) {
            let Some(answer) = answer else { continue };
            let written = &mut self.written;
            let mut ids = || {
                *written += 1;
                format!("{prefix}{written:04}")
            };
            match teacher::questions(ask, answer, self.validator.sources(), &mut ids) {
                Ok(questions) => questions.into_iter().for_each(|question| self.take(question)),
                // A chunk of which nothing can be asked.
                Err(AnswerError::Empty { .. }) => {}
                Err(AnswerError::Shape { .. }) => useless += 1,
            }
        }
        self.round += 1;
        useless
    }

    fn take(&mut self, mut question: Question) {
        known::find(&mut question, &self.facts);
        question.verdict = self.validator.judge(&question.pair);
        let list = if question.verdict.is_accepted() { &mut self.accepted } else { &mut self.refused };
        list.push(question);
    }

    fn missing(&self, kind: Kind) -> usize {
        let n = self.accepted.iter().filter(|question| question.pair.kind == kind).count();
        self.quotas.of(kind).saturating_sub(n)
    }

    /// The questions of the quotas, and what could not be filled.
    pub fn end(mut self) -> Drafts {
        let mut questions = Vec::new();
        let mut unfilled = Vec::new();
        let mut left = Vec::new();
        for kind in KINDS {
            let (of_kind, others) = self.accepted.into_iter().partition(|q: &Question| q.pair.kind == kind);
            self.accepted = others;
            let (chosen, rest) = by_coverage(of_kind, self.quotas.of(kind));
            unfilled.extend(self.quotas.lacking(kind, chosen.len(), &self.facts, &self.refused));
            questions.extend(chosen);
            left.extend(rest);
        }
        // What nobody needs of them scores what was learned.
        let n_left = left.len().min(self.quotas.further_answerable);
        let rest = Quotas {
            lookup: 0,
            procedure: 0,
            further_answerable: self.quotas.further_answerable - n_left,
            ..self.quotas
        };
        // Of what is over the quotas, what says something new is learned from.
        let over = left.split_off(self.quotas.further_answerable.min(left.len()));
        if self.quotas.cover {
            questions.extend(news(&self.facts, &questions, over));
        }
        let setting = Setting { quotas: rest, seed: self.seed, ..Setting::default() };
        let share = self.quotas.absent_share();
        let others = extractive::write_with(&mut self.validator, &setting, &questions, share);
        questions.extend(others.questions);
        let further = left.into_iter().chain(others.further).collect();
        let refused = self.refused.into_iter().chain(others.refused).collect();
        let mut coverage = Coverage::of(&self.facts, &questions);
        unfilled.extend(others.coverage.unfilled);
        coverage.unfilled = unfilled;
        Drafts { questions, further, refused, coverage }
    }
}

/// Of accepted questions those that ask what nobody has asked or said, or what stands in an article that was asked too
/// seldom.
fn news(facts: &Facts, asked: &[Question], over: Vec<Question>) -> Vec<Question> {
    let mut said = Said::new(facts);
    for question in asked {
        said.add(question);
    }
    let is_new = |question: &Question, said: &Said<'_>| {
        let at = facts.facts.iter().position(|fact| Some(&fact.id) == question.fact.as_ref());
        at.is_some_and(|at| !said.is_said(at) || said.times(at) < LEAST)
    };
    let mut chosen = Vec::new();
    for question in over {
        if is_new(&question, &said) {
            said.add(&question);
            chosen.push(Question { besides: true, ..question });
        }
    }
    chosen
}

/// So many questions: every fact before any comes twice, then those of articles that were asked least; and the others.
fn by_coverage(mut questions: Vec<Question>, quota: usize) -> (Vec<Question>, Vec<Question>) {
    let mut of_fact: BTreeMap<String, usize> = BTreeMap::new();
    let mut of_article: BTreeMap<(String, String), usize> = BTreeMap::new();
    let mut chosen = Vec::new();
    while chosen.len() < quota && !questions.is_empty() {
        let article = |q: &Question| (q.pair.document.clone(), q.article.clone());
        let times = |q: &Question| {
            let fact = q.fact.as_ref().and_then(|fact| of_fact.get(fact)).copied().unwrap_or(0);
            (fact, of_article.get(&article(q)).copied().unwrap_or(0))
        };
        let next = (0..questions.len()).min_by_key(|&at| times(&questions[at])).unwrap_or(0);
        let question = questions.remove(next);
        *of_article.entry(article(&question)).or_default() += 1;
        if let Some(fact) = &question.fact {
            *of_fact.entry(fact.clone()).or_default() += 1;
        }
        chosen.push(question);
    }
    (chosen, questions)
}

impl Quotas {
    /// What a quota lacks, and why, where it does.
    fn lacking(&self, kind: Kind, written: usize, facts: &Facts, refused: &[Question]) -> Option<Unfilled> {
        let wanted = self.of(kind);
        (written < wanted).then(|| Unfilled {
            quota: kind.name().to_owned(),
            wanted,
            written,
            facts: facts.facts.iter().filter(|fact| fact.kind.asked_by() == kind).count(),
            refused: refused.iter().filter(|question| question.pair.kind == kind).count(),
        })
    }
}
