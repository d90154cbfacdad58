//! Scores the answers of several systems to the same questions, and tests who is better.
//!
//! The outcome is the evaluation part of a report: one [`Measure`] a score with an interval for each
//! system and paired tests of the tuned model against the others, key facts, the leading measure by
//! category, and answers side by side.

use chat::{Example, Message, Role};
use serde_json::Value;

use crate::baselines::{NearestQuestion, commonest_answer, lead_sentence};
use crate::error::EvalError;
use crate::report::{
    CategoryScore, Evaluation, FactScore, Measure, PairedTest, Sample, SampleAnswer, Score, System,
    SystemRole,
};
use crate::run::{Answer, Finish, Question};
use crate::scorers::{KeyFact, Row, Scorer};
use crate::statistics::{Resampling, intervals, paired, sum, wilson};

/// A row of the test split.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct TestRow {
    /// `source#key`.
    pub id: String,
    /// What is asked, as text.
    pub question: String,
    /// What it is compared with; at least one.
    pub references: Vec<String>,
    /// What an answer has to contain; may be empty.
    pub facts: Vec<KeyFact>,
    /// Its category, where there is one.
    pub category: Option<String>,
}

impl TestRow {
    /// Takes an example apart: the question to be asked, and the row to score its answer with.
    ///
    /// The category is `meta[category]`. Key facts are `meta[facts]`: a text is one fact with one wording;
    /// a list holds facts, each a text or a list of wordings, any of which will do.
    ///
    /// # Errors
    /// When the example does not end with an assistant turn.
    pub fn of(
        example: &Example,
        category: Option<&str>,
        facts: Option<&str>,
    ) -> Result<(Question, Self), EvalError> {
        let (question, reference) = Question::of(example)?;
        let meta = |name: Option<&str>| name.and_then(|name| example.meta.get(name));
        let row = Self {
            id: example.id.clone(),
            question: question_text(&question.messages).to_owned(),
            references: vec![reference],
            facts: meta(facts).map(facts_of).unwrap_or_default(),
            category: meta(category).and_then(Value::as_str).map(str::to_owned),
        };
        Ok((question, row))
    }
}

/// Key facts: a text is one fact with one wording; a list holds facts, each a text or a list of wordings.
pub fn facts_of(value: &Value) -> Vec<KeyFact> {
    let wordings = |value: &Value| -> Vec<String> {
        let texts = value.as_array().map_or(std::slice::from_ref(value), Vec::as_slice);
        texts.iter().filter_map(Value::as_str).map(str::to_owned).collect()
    };
    let facts = value.as_array().map_or(std::slice::from_ref(value), Vec::as_slice);
    facts
        .iter()
        .map(|fact| KeyFact { any_of: wordings(fact) })
        .filter(|fact| !fact.any_of.is_empty())
        .collect()
}

/// A system and its answers, one a test row and in their order.
#[derive(Debug, Clone, PartialEq)]
pub struct Answers {
    /// Who answered.
    pub system: System,
    /// What it said.
    pub texts: Vec<String>,
}

impl Answers {
    /// Answers of a model.
    pub fn of_model(id: &str, role: SystemRole, answers: &[Answer]) -> Self {
        let count = |wanted: fn(&Finish) -> bool| answers.iter().filter(|a| wanted(&a.finish)).count() as u64;
        let system = System {
            id: id.to_owned(),
            role,
            cut_off: count(|finish| matches!(finish, Finish::Length)),
            failed: count(|finish| matches!(finish, Finish::Failed(_))),
        };
        Self { system, texts: answers.iter().map(|answer| answer.text.clone()).collect() }
    }

    /// The baseline `lead` of summaries: the first sentence of each of the texts that were to be summarised.
    pub fn of_lead<'t>(texts: impl IntoIterator<Item = &'t str>) -> Self {
        let system = System { id: "lead".to_owned(), role: SystemRole::LeadSentence, cut_off: 0, failed: 0 };
        Self { system, texts: texts.into_iter().map(|text| lead_sentence(text).to_owned()).collect() }
    }

    /// The two baselines that need only pairs, `commonest` and `nearest`, from pairs of training
    /// question and answer. None where there are no pairs.
    pub fn of_baselines(training: &[(String, String)], rows: &[TestRow]) -> Vec<Self> {
        let Some(commonest) = commonest_answer(training.iter().map(|(_, answer)| answer.as_str())) else {
            return Vec::new();
        };
        let index = NearestQuestion::new(training.iter().map(|(question, _)| question.as_str()));
        let nearest = |row: &TestRow| index.find(&row.question).map_or(0, |(place, _)| place);
        let baseline = |id: &str, role, texts| Self {
            system: System { id: id.to_owned(), role, cut_off: 0, failed: 0 },
            texts,
        };
        vec![
            baseline(
                "commonest",
                SystemRole::CommonestAnswer,
                rows.iter().map(|_| commonest.to_owned()).collect(),
            ),
            baseline(
                "nearest",
                SystemRole::NearestQuestion,
                rows.iter().map(|row| training[nearest(row)].1.clone()).collect(),
            ),
        ]
    }
}

/// The last user turn, which is what a person would call the question.
pub fn question_text(messages: &[Message]) -> &str {
    messages.iter().rev().find(|m| m.role == Role::User).map_or("", |m| m.content.as_str())
}

/// What to compare and how.
pub struct Comparison<'a> {
    /// The evaluation's name: `main`.
    pub name: &'a str,
    /// The test rows.
    pub rows: &'a [TestRow],
    /// Who answered. The tests set the first of role [`SystemRole::Tuned`] against all others.
    pub systems: &'a [Answers],
    /// The metrics.
    pub scorers: &'a [Box<dyn Scorer>],
    /// The name of the leading measure, which comes first and is shown by category and by answer: the first score of
    /// the first metric where empty.
    pub leading: &'a str,
    /// How often to draw, and from which seed.
    pub resampling: Resampling,
    /// Questions to show side by side.
    pub samples: usize,
    /// How the answers were generated, in words.
    pub generation: &'a str,
}

/// Sufficient statistics of one scorer: `[system][row]`.
type Statistics = Vec<Vec<Vec<f64>>>;

/// Which score of which scorer has the name of the leading measure; the first of the first where there is no name.
///
/// # Errors
/// When none has it.
pub fn leading_place(scorers: &[Box<dyn Scorer>], leading: &str) -> Result<(usize, usize), EvalError> {
    if leading.is_empty() {
        return Ok((0, 0));
    }
    let mut found = scorers.iter().enumerate().filter_map(|(place, scorer)| {
        Some((place, scorer.measures().iter().position(|name| name == leading)?))
    });
    found.next().ok_or_else(|| EvalError::UnknownMeasure {
        name: leading.to_owned(),
        known: scorers.iter().flat_map(|scorer| scorer.measures()).collect(),
    })
}

/// The measure that leads.
struct Leading<'a> {
    scorer: &'a dyn Scorer,
    /// Which of the scorer's scores.
    score: usize,
    statistics: &'a Statistics,
}

impl Leading<'_> {
    fn of(&self, sum: &[f64]) -> f64 {
        self.scorer.scores(sum)[self.score]
    }
}

impl Comparison<'_> {
    /// Scores, tests and samples.
    ///
    /// # Errors
    /// When there are no rows or no scorers, when none of them has the leading measure, when a row has no reference,
    /// and when a system does not answer every row.
    pub fn evaluate(&self) -> Result<Evaluation, EvalError> {
        self.check()?;
        let place = leading_place(self.scorers, self.leading)?;
        let statistics: Vec<Statistics> =
            self.scorers.iter().map(|scorer| self.statistics(scorer.as_ref())).collect();
        let mut measures = Vec::new();
        for (scorer, statistics) in self.scorers.iter().zip(&statistics) {
            measures.extend(self.measures(scorer.as_ref(), statistics));
        }
        let leading = Leading {
            scorer: self.scorers[place.0].as_ref(),
            score: place.1,
            statistics: &statistics[place.0],
        };
        let before: usize = self.scorers[..place.0].iter().map(|scorer| scorer.measures().len()).sum();
        measures[..=before + place.1].rotate_right(1);
        Ok(Evaluation {
            name: self.name.to_owned(),
            asked: None,
            rows: self.rows.len() as u64,
            systems: self.systems.iter().map(|answers| answers.system.clone()).collect(),
            measures,
            key_facts: self.key_facts(),
            by_category: self.by_category(&leading),
            samples: self.samples(&leading),
            generation: self.generation.to_owned(),
        })
    }

    pub(crate) fn check(&self) -> Result<(), EvalError> {
        if self.rows.is_empty() {
            return Err(EvalError::NoRows);
        }
        if self.scorers.is_empty() {
            return Err(EvalError::NoMetric { known: crate::scorers::NAMES.to_vec() });
        }
        if let Some(row) = self.rows.iter().find(|row| row.references.is_empty()) {
            return Err(EvalError::NoReference { id: row.id.clone() });
        }
        match self.systems.iter().find(|answers| answers.texts.len() != self.rows.len()) {
            None => Ok(()),
            Some(answers) => Err(EvalError::AnswerCount {
                system: answers.system.id.clone(),
                given: answers.texts.len(),
                rows: self.rows.len(),
            }),
        }
    }

    fn statistics(&self, scorer: &dyn Scorer) -> Statistics {
        let of_row = |(row, text): (&TestRow, &String)| {
            scorer.statistics(&Row { prediction: text, references: &row.references, facts: &row.facts })
        };
        self.systems
            .iter()
            .map(|answers| self.rows.iter().zip(&answers.texts).map(of_row).collect())
            .collect()
    }

    /// One measure a score of the scorer.
    fn measures(&self, scorer: &dyn Scorer, statistics: &Statistics) -> Vec<Measure> {
        let references = self.rows.iter().map(|row| row.references.len()).max().unwrap_or(1);
        let signature = scorer.signature(references);
        let mut measures: Vec<Measure> = scorer
            .measures()
            .into_iter()
            .map(|name| Measure { name, signature: signature.clone(), scores: Vec::new(), tests: Vec::new() })
            .collect();
        for (answers, rows) in self.systems.iter().zip(statistics) {
            let values = scorer.scores(&sum(rows));
            let intervals = intervals(scorer, rows, &self.resampling);
            for ((measure, value), interval) in measures.iter_mut().zip(values).zip(intervals) {
                measure.scores.push(Score { system: answers.system.id.clone(), value, interval });
            }
        }
        let tuned = self.systems.iter().position(|answers| answers.system.role == SystemRole::Tuned);
        let Some(tuned) = tuned else { return measures };
        for other in (0..self.systems.len()).filter(|&other| other != tuned) {
            let tests = paired::compare(scorer, &statistics[tuned], &statistics[other], &self.resampling);
            for (measure, test) in measures.iter_mut().zip(tests) {
                measure.tests.push(PairedTest {
                    system: self.systems[tuned].system.id.clone(),
                    against: self.systems[other].system.id.clone(),
                    difference: test.difference,
                    interval: test.interval,
                    p_bootstrap: test.p_bootstrap,
                    p_randomisation: test.p_randomisation,
                    trials: u64::from(self.resampling.trials),
                });
            }
        }
        measures
    }

    /// Empty where no row has facts.
    fn key_facts(&self) -> Vec<FactScore> {
        if self.rows.iter().all(|row| row.facts.is_empty()) {
            return Vec::new();
        }
        self.systems
            .iter()
            .map(|answers| {
                let mut score = FactScore { system: answers.system.id.clone(), ..FactScore::default() };
                for (row, text) in self.rows.iter().zip(&answers.texts) {
                    let found = row.facts.iter().filter(|fact| fact.is_in(text)).count();
                    score.facts += row.facts.len() as u64;
                    score.facts_found += found as u64;
                    score.rows += u64::from(!row.facts.is_empty());
                    score.rows_with_all += u64::from(!row.facts.is_empty() && found == row.facts.len());
                }
                let (hits, trials) = (score.rows_with_all as f64, score.rows as f64);
                score.interval = wilson::interval(hits, trials, self.resampling.confidence);
                score
            })
            .collect()
    }

    /// The places of the rows of each category, largest category first; rows without one are left out.
    fn categories(&self) -> Vec<(&str, Vec<usize>)> {
        let mut categories: Vec<(&str, Vec<usize>)> = Vec::new();
        for (place, row) in self.rows.iter().enumerate() {
            let Some(category) = row.category.as_deref() else { continue };
            match categories.iter_mut().find(|(name, _)| *name == category) {
                Some((_, places)) => places.push(place),
                None => categories.push((category, vec![place])),
            }
        }
        categories.sort_by_key(|(_, places)| std::cmp::Reverse(places.len()));
        categories
    }

    /// The leading measure within each category, largest category first.
    fn by_category(&self, leading: &Leading<'_>) -> Vec<CategoryScore> {
        let score = |rows: &Vec<Vec<f64>>, places: &[usize]| {
            let picked: Vec<Vec<f64>> = places.iter().map(|&place| rows[place].clone()).collect();
            leading.of(&sum(&picked))
        };
        self.categories()
            .into_iter()
            .map(|(category, places)| CategoryScore {
                category: category.to_owned(),
                rows: places.len() as u64,
                scores: self
                    .systems
                    .iter()
                    .zip(leading.statistics)
                    .map(|(answers, rows)| (answers.system.id.clone(), score(rows, &places)))
                    .collect(),
            })
            .collect()
    }

    /// Questions that nobody picks: the categories take turns, each with rows spread evenly over it.
    fn samples(&self, leading: &Leading<'_>) -> Vec<Sample> {
        let mut groups: Vec<Vec<usize>> = self.categories().into_iter().map(|(_, places)| places).collect();
        groups.push((0..self.rows.len()).filter(|&place| self.rows[place].category.is_none()).collect());
        take_turns(&groups, self.samples).into_iter().map(|place| self.sample(place, leading)).collect()
    }

    fn sample(&self, place: usize, leading: &Leading<'_>) -> Sample {
        let row = &self.rows[place];
        let answer = |(answers, rows): (&Answers, &Vec<Vec<f64>>)| {
            let text = &answers.texts[place];
            SampleAnswer {
                system: answers.system.id.clone(),
                text: text.clone(),
                score: leading.of(&rows[place]),
                holds_facts: (!row.facts.is_empty()).then(|| row.facts.iter().all(|fact| fact.is_in(text))),
            }
        };
        Sample {
            id: row.id.clone(),
            category: row.category.clone(),
            question: row.question.clone(),
            reference: row.references[0].clone(),
            answers: self.systems.iter().zip(leading.statistics).map(answer).collect(),
        }
    }
}

/// `wanted` places from groups that take turns; those of one group lie evenly apart in it.
fn take_turns(groups: &[Vec<usize>], wanted: usize) -> Vec<usize> {
    let mut turns = vec![0; groups.len()];
    let mut left = wanted.min(groups.iter().map(Vec::len).sum());
    let mut order = Vec::with_capacity(left);
    while left > 0 {
        for (group, places) in groups.iter().enumerate() {
            if left > 0 && turns[group] < places.len() {
                order.push((group, turns[group]));
                turns[group] += 1;
                left -= 1;
            }
        }
    }
    order.into_iter().map(|(group, turn)| groups[group][turn * groups[group].len() / turns[group]]).collect()
}
