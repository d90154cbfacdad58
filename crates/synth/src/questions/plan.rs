//! How many questions of which kind are asked, and of which facts.

use std::collections::BTreeMap;

use data::validate::Kind;
use serde::{Deserialize, Serialize};

use super::facts::{Fact, Facts, Leaf};
use super::known;
use super::question::Question;

/// How many questions of each kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Quotas {
    /// Values and definitions.
    pub lookup: usize,
    /// Steps, documents, deadlines, responsibles, duties.
    pub procedure: usize,
    /// Questions that the documents do not answer.
    pub absent: usize,
    /// Further absent questions, to score refusals.
    pub further_absent: usize,
    /// Further answerable questions, to score key facts.
    pub further_answerable: usize,
    /// Whether every fact that these leave is asked as well, every article at least twice, and as many more absent
    /// questions as keep their share: to learn from.
    pub cover: bool,
}

impl Default for Quotas {
    fn default() -> Self {
        Self {
            lookup: 150,
            procedure: 100,
            absent: 50,
            further_absent: 50,
            further_answerable: 50,
            cover: false,
        }
    }
}

impl Quotas {
    /// The quota of a kind.
    pub fn of(&self, kind: Kind) -> usize {
        match kind {
            Kind::Lookup => self.lookup,
            Kind::Procedure => self.procedure,
            Kind::Absent => self.absent,
        }
    }

    /// Absent questions for each that is answered.
    pub(super) fn absent_share(&self) -> f64 {
        self.absent as f64 / (self.lookup + self.procedure).max(1) as f64
    }
}

/// A question that is to be written: a fact, and which wording of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ask {
    /// The fact's index.
    pub fact: usize,
    /// How often the fact was asked before.
    pub round: usize,
}

/// The order in which facts are asked: every fact once before any is asked twice, the facts of an article not one
/// after the other, so that a small quota reaches every article.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plan {
    by_kind: BTreeMap<Kind, Vec<usize>>,
    articles: Vec<usize>,
}

impl Plan {
    /// The plan of facts.
    pub fn new(facts: &[Fact]) -> Self {
        let mut numbers: BTreeMap<(&str, &str), usize> = BTreeMap::new();
        let mut articles = Vec::with_capacity(facts.len());
        // How many facts of its article and kind come before each.
        let mut depth: BTreeMap<(usize, Kind), usize> = BTreeMap::new();
        let mut order: BTreeMap<Kind, Vec<(usize, usize)>> = BTreeMap::new();
        for (at, fact) in facts.iter().enumerate() {
            let n = numbers.len();
            let article = *numbers.entry((&fact.document, &fact.article)).or_insert(n);
            articles.push(article);
            let kind = fact.kind.asked_by();
            let depth = depth.entry((article, kind)).or_default();
            order.entry(kind).or_default().push((*depth, at));
            *depth += 1;
        }
        let by_kind = order
            .into_iter()
            .map(|(kind, mut facts)| {
                facts.sort_unstable();
                (kind, facts.into_iter().map(|(_, at)| at).collect())
            })
            .collect();
        Self { by_kind, articles }
    }

    /// The facts of a kind in one round. From the second round on, those of articles that were asked least come
    /// first.
    pub fn round(&self, kind: Kind, round: usize, asked_of_article: &BTreeMap<usize, usize>) -> Vec<Ask> {
        let mut facts = self.by_kind.get(&kind).cloned().unwrap_or_default();
        if round > 0 {
            facts.sort_by_key(|fact| asked_of_article.get(&self.articles[*fact]).copied().unwrap_or(0));
        }
        facts.into_iter().map(|fact| Ask { fact, round }).collect()
    }

    /// The article of a fact, as a number.
    pub fn article(&self, fact: usize) -> usize {
        self.articles[fact]
    }
}

/// What was asked, and what was not.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Coverage {
    /// Facts that the documents hold.
    pub facts: usize,
    /// Facts that were asked at least once, or that the answer to another question of their article says.
    pub facts_asked: usize,
    /// Facts that were neither, by id.
    pub facts_left: Vec<String>,
    /// Articles that hold a fact.
    pub articles: usize,
    /// Articles that hold a fact and were asked less than twice, with how often.
    pub articles_asked_once: BTreeMap<String, usize>,
    /// Leaves that hold no fact.
    pub leaves_without: Vec<Leaf>,
    /// Leaves that are not asked about: preambles, supplements, forms, what was deleted.
    #[serde(default)]
    pub leaves_set_aside: Vec<Leaf>,
    /// Questions of each kind that were wanted and could not be written, with what there is.
    pub unfilled: Vec<Unfilled>,
}

/// A quota that the documents cannot fill.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Unfilled {
    /// The kind, or `further_absent`, `further_answerable`.
    pub quota: String,
    /// Questions that were wanted.
    pub wanted: usize,
    /// Questions that were written and accepted.
    pub written: usize,
    /// Facts of the kind, or subjects that the documents lack.
    pub facts: usize,
    /// Questions that were written and refused by the validators.
    pub refused: usize,
}

impl Unfilled {
    /// Whether a teacher is asked for these questions, and not the text alone.
    pub fn is_taught(&self) -> bool {
        [Kind::Lookup, Kind::Procedure].iter().any(|kind| self.quota == kind.name())
    }

    /// What is missing, without what to do about it.
    pub fn what(&self) -> String {
        format!(
            "{} questions of {} wanted for `{}`: the text has {} facts for them, and {} questions were refused",
            self.written, self.wanted, self.quota, self.facts, self.refused
        )
    }
}

impl std::fmt::Display for Unfilled {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}; lower the quota or add documents", self.what())
    }
}

impl Coverage {
    /// The coverage of facts by questions.
    pub fn of(facts: &Facts, questions: &[Question]) -> Self {
        let mut said = Said::new(facts);
        for question in questions {
            said.add(question);
        }
        let articles = said.of_article.iter();
        let name = |&(document, article): &(&str, &str)| format!("{document}/{article}");
        let left: Vec<usize> = said.left().collect();
        Self {
            facts: facts.facts.len(),
            facts_asked: facts.facts.len() - left.len(),
            facts_left: left.into_iter().map(|fact| facts.facts[fact].id.clone()).collect(),
            articles: said.of_article.len(),
            articles_asked_once: articles
                .filter(|(_, n)| **n < LEAST)
                .map(|(key, n)| (name(key), *n))
                .collect(),
            leaves_without: facts.without.clone(),
            leaves_set_aside: facts.set_aside.clone(),
            unfilled: Vec::new(),
        }
    }
}

/// How often every article that holds a fact is to be asked.
pub(super) const LEAST: usize = 2;

/// Which facts questions and their answers say, and how often articles were asked.
pub(super) struct Said<'a> {
    facts: &'a Facts,
    by_article: BTreeMap<(&'a str, &'a str), Vec<usize>>,
    by_id: BTreeMap<&'a str, usize>,
    /// Whether each fact is said.
    found: Vec<bool>,
    /// How often each article was asked.
    of_article: BTreeMap<(&'a str, &'a str), usize>,
}

impl<'a> Said<'a> {
    pub fn new(facts: &'a Facts) -> Self {
        let mut by_article: BTreeMap<(&str, &str), Vec<usize>> = BTreeMap::new();
        for (at, fact) in facts.facts.iter().enumerate() {
            by_article.entry((&fact.document, &fact.article)).or_default().push(at);
        }
        Self {
            of_article: by_article.keys().map(|key| (*key, 0)).collect(),
            by_id: facts.facts.iter().enumerate().map(|(at, fact)| (fact.id.as_str(), at)).collect(),
            found: vec![false; facts.facts.len()],
            by_article,
            facts,
        }
    }

    /// Notes what a question asks for and what its answer says.
    pub fn add(&mut self, question: &Question) {
        let Some(&at) = question.fact.as_ref().and_then(|fact| self.by_id.get(fact.as_str())) else { return };
        let fact = &self.facts.facts[at];
        let key = (fact.document.as_str(), fact.article.as_str());
        *self.of_article.entry(key).or_default() += 1;
        self.found[at] = true;
        let answer = known::squeezed(&question.pair.answer);
        for &other in self.by_article.get(&key).into_iter().flatten() {
            self.found[other] |= known::says(&answer, &self.facts.facts[other]);
        }
    }

    /// Whether a fact is said.
    pub fn is_said(&self, fact: usize) -> bool {
        self.found[fact]
    }

    /// How often the article of a fact was asked.
    pub fn times(&self, fact: usize) -> usize {
        let fact = &self.facts.facts[fact];
        self.of_article.get(&(fact.document.as_str(), fact.article.as_str())).copied().unwrap_or(0)
    }

    fn left(&self) -> impl Iterator<Item = usize> {
        (0..self.found.len()).filter(|&fact| !self.found[fact])
    }
}
