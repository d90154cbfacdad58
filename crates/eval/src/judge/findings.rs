//! From verdicts to what a report shows.

use std::collections::HashMap;

use super::case::{Case, Task};
use super::run::Heard;
use super::verdict::{Fault, Ruling};
use crate::report::{
    Agreement, Count, Doubt, Duel, GradeDifference, Grades, Judging, Kappa, Outcome, PairVerdict, Replies,
    System, SystemRole, Viewed, ViewedAnswer,
};
use crate::statistics::Resampling;
use crate::statistics::kappa::{Weights, cohen};
use crate::statistics::resample::{interval, mean, mean_interval, randomisation, sign_test};
use crate::statistics::slope::slope;

/// From this share of errors on, the figures say nothing.
const FATAL_ERRORS: f64 = 0.2;

/// From this share of flips on, a judge contradicts itself too often. One that tosses a coin flips half of the time.
const MANY_FLIPS: f64 = 0.35;

/// Below this κ, agreement is weak.
const WEAK_KAPPA: f64 = 0.4;

/// Grades from which on it is strange that all are the same.
const ENOUGH_GRADES: u64 = 10;

/// What a person says of answers. It belongs to their texts and not to whose they are: the person need not know, and a
/// label of an answer that is no longer given fits nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Label {
    /// The case's id.
    pub id: String,
    /// What of it.
    pub labelled: Labelled,
}

/// What a person has judged.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Labelled {
    /// A grade.
    Grade {
        /// The answer.
        answer: String,
        /// From 1 to 10.
        score: u8,
    },
    /// The winner of two.
    Pair {
        /// One answer.
        a: String,
        /// The other.
        b: String,
        /// [`Ruling::First`], [`Ruling::Second`] or [`Ruling::Tie`].
        winner: Ruling,
    },
}

/// Verdicts, with all that is needed to make figures of them.
#[derive(Debug)]
pub struct Findings<'a> {
    /// The model's name.
    pub name: &'a str,
    /// Who judged, in words.
    pub judge: &'a str,
    /// How it was asked, in words.
    pub settings: &'a str,
    /// Who answered. Differences and duels are those of the first tuned one, or of the first.
    pub systems: &'a [System],
    /// The questions.
    pub cases: &'a [Case],
    /// The verdicts.
    pub heard: &'a [Heard],
    /// The systems that were compared with that first one, by their places; empty where none were.
    pub others: &'a [usize],
    /// What a person says.
    pub labels: &'a [Label],
    /// How often to draw.
    pub resampling: Resampling,
    /// Questions to show.
    pub samples: usize,
}

/// The system whose differences and duels are told: the first tuned one, or the first.
pub fn principal(systems: &[System]) -> usize {
    systems.iter().position(|system| system.role == SystemRole::Tuned).unwrap_or(0)
}

/// A pair's two verdicts: with the principal system first, and second.
type Orders<'a> = [Option<&'a Heard>; 2];

/// Verdicts by what they are about.
struct Table<'a> {
    by_task: HashMap<Task, &'a Heard>,
}

impl<'a> Table<'a> {
    fn score(&self, case: usize, system: usize) -> Option<u8> {
        match self.by_task.get(&Task::Grade { case, system })?.verdict.as_ref().ok()?.ruling {
            Ruling::Score(score) => Some(score),
            _ => None,
        }
    }

    fn reason(&self, task: Task) -> String {
        let verdict = self.by_task.get(&task).and_then(|heard| heard.verdict.as_ref().ok());
        verdict.map_or_else(String::new, |verdict| verdict.reason.clone())
    }

    fn orders(&self, case: usize, system: usize, other: usize) -> Orders<'a> {
        [(system, other), (other, system)]
            .map(|(first, second)| self.by_task.get(&Task::Duel { case, first, second }).copied())
    }
}

/// What two orders come to for the system that is shown first in the first of them.
fn outcome(orders: Orders<'_>) -> Outcome {
    let ruling = |heard: Option<&Heard>| heard?.verdict.as_ref().ok().map(|verdict| verdict.ruling);
    match orders.map(ruling) {
        [Some(Ruling::First), Some(Ruling::Second)] => Outcome::Win,
        [Some(Ruling::Second), Some(Ruling::First)] => Outcome::Loss,
        [Some(Ruling::Tie), Some(Ruling::Tie)] => Outcome::Tie,
        [Some(_), Some(_)] => Outcome::Flip,
        _ => Outcome::Error,
    }
}

impl Findings<'_> {
    /// The figures.
    pub fn judging(&self) -> Judging {
        let table = Table { by_task: self.heard.iter().map(|heard| (heard.task, heard)).collect() };
        let is_graded = self.heard.iter().any(|heard| matches!(heard.task, Task::Grade { .. }));
        let system = principal(self.systems);
        let mut judging = Judging {
            name: self.name.to_owned(),
            judge: self.judge.to_owned(),
            settings: self.settings.to_owned(),
            rows: self.cases.len() as u64,
            with_reference: self.cases.iter().filter(|case| case.reference.is_some()).count() as u64,
            systems: self.systems.to_vec(),
            replies: replies(self.heard),
            agreement: self.agreement(&table),
            samples: self.samples(&table, is_graded),
            ..Judging::default()
        };
        if is_graded {
            judging.grades = (0..self.systems.len()).map(|system| self.grades(&table, system)).collect();
            let others = (0..self.systems.len()).filter(|&other| other != system);
            judging.differences = others.filter_map(|other| self.difference(&table, system, other)).collect();
        }
        judging.duels = self.others.iter().map(|&other| self.duel(&table, system, other)).collect();
        judging.doubts = doubts(&judging);
        judging
    }

    fn id(&self, system: usize) -> String {
        self.systems[system].id.clone()
    }

    fn grades(&self, table: &Table<'_>, system: usize) -> Grades {
        let mut grades = Grades { system: self.id(system), ..Grades::default() };
        let (mut scores, mut points) = (Vec::new(), Vec::new());
        for (case, it) in self.cases.iter().enumerate() {
            let Some(score) = table.score(case, system) else {
                grades.errors += 1;
                continue;
            };
            grades.histogram[usize::from(score) - 1] += 1;
            scores.push(f64::from(score));
            points.push((hundreds(&it.answers[system]), f64::from(score)));
        }
        grades.graded = scores.len() as u64;
        grades.mean = mean(&scores);
        grades.interval = mean_interval(&scores, &self.resampling);
        grades.length = slope(&points, &self.resampling);
        grades
    }

    fn difference(&self, table: &Table<'_>, system: usize, other: usize) -> Option<GradeDifference> {
        let of = |case| Some(f64::from(table.score(case, system)?) - f64::from(table.score(case, other)?));
        let differences: Vec<f64> = (0..self.cases.len()).filter_map(of).collect();
        Some(GradeDifference {
            system: self.id(system),
            against: self.id(other),
            rows: differences.len() as u64,
            mean: mean(&differences)?,
            interval: mean_interval(&differences, &self.resampling)?,
            p_randomisation: randomisation(&differences, &self.resampling),
        })
    }

    fn duel(&self, table: &Table<'_>, system: usize, other: usize) -> Duel {
        let mut duel = Duel {
            system: self.id(system),
            against: self.id(other),
            rows: self.cases.len() as u64,
            ..Duel::default()
        };
        // Of each pair that was judged: its worth, how much longer the answer is, and the winners by place.
        let (mut worths, mut points, mut places) = (Vec::new(), Vec::new(), Vec::new());
        for (case, it) in self.cases.iter().enumerate() {
            let orders = table.orders(case, system, other);
            let outcome = if it.is_same(system, other) {
                duel.same += 1;
                Outcome::Tie
            } else {
                outcome(orders)
            };
            *match outcome {
                Outcome::Win => &mut duel.wins,
                Outcome::Tie => &mut duel.ties,
                Outcome::Loss => &mut duel.losses,
                Outcome::Flip => &mut duel.flips,
                Outcome::Error => &mut duel.errors,
            } += 1;
            if outcome == Outcome::Error {
                continue;
            }
            let worth = worth(outcome);
            worths.push(f64::midpoint(worth, 1.0));
            points.push((hundreds(&it.answers[system]) - hundreds(&it.answers[other]), worth));
            places.push(by_place(orders));
        }
        let asked = duel.judged() - duel.same;
        duel.flip_rate = (asked > 0).then(|| duel.flips as f64 / asked as f64);
        duel.win_rate = mean(&worths);
        duel.interval = mean_interval(&worths, &self.resampling);
        duel.p_sign = sign_test(duel.wins, duel.losses);
        duel.first_share = first_share(places.iter());
        duel.first_interval = interval(places.len(), &self.resampling, |rows| {
            first_share(rows.iter().map(|&row| &places[row]))
        });
        duel.length = slope(&points, &self.resampling);
        duel
    }

    /// Questions spread over the principal system's grades from the worst to the best; without grades, over the rows.
    fn samples(&self, table: &Table<'_>, is_graded: bool) -> Vec<Viewed> {
        let system = principal(self.systems);
        let mut order: Vec<usize> = (0..self.cases.len()).collect();
        if is_graded {
            order.sort_by_key(|&case| table.score(case, system));
        }
        let n = self.samples.min(order.len());
        let spread = |place: usize| order[place * (order.len() - 1) / (n - 1).max(1)];
        (0..n).map(|place| self.viewed(table, spread(place))).collect()
    }

    fn viewed(&self, table: &Table<'_>, case: usize) -> Viewed {
        let it = &self.cases[case];
        let answer = |system: usize| ViewedAnswer {
            system: self.id(system),
            text: it.answers[system].clone(),
            score: table.score(case, system),
            reason: table.reason(Task::Grade { case, system }),
        };
        let principal = principal(self.systems);
        let pair = |&other: &usize| PairVerdict {
            system: self.id(principal),
            against: self.id(other),
            outcome: if it.is_same(principal, other) {
                Outcome::Tie
            } else {
                outcome(table.orders(case, principal, other))
            },
            reasons: [(principal, other), (other, principal)]
                .map(|(first, second)| table.reason(Task::Duel { case, first, second })),
        };
        Viewed {
            id: it.id.clone(),
            question: it.question.clone(),
            reference: it.reference.clone(),
            answers: (0..self.systems.len()).map(answer).collect(),
            pairs: self.others.iter().map(pair).collect(),
        }
    }

    /// None without labels.
    fn agreement(&self, table: &Table<'_>) -> Option<Agreement> {
        if self.labels.is_empty() {
            return None;
        }
        let places: HashMap<&str, usize> =
            self.cases.iter().enumerate().map(|(place, case)| (case.id.as_str(), place)).collect();
        let (mut grades, mut winners) = (Vec::new(), Vec::new());
        for label in self.labels {
            let Some(&case) = places.get(label.id.as_str()) else { continue };
            match &label.labelled {
                Labelled::Grade { answer, score } => {
                    let said = self.who_said(case, answer).and_then(|system| table.score(case, system));
                    grades.extend(said.map(|said| (usize::from(*score) - 1, usize::from(said) - 1)));
                }
                Labelled::Pair { a, b, winner } => {
                    let found = self.winner(table, case, a, b);
                    winners.extend(found.map(|found| (category(worth_of(*winner)), category(worth(found)))));
                }
            }
        }
        let n = (grades.len() + winners.len()) as u64;
        Some(Agreement {
            labels: self.labels.len() as u64,
            unknown: self.labels.len() as u64 - n,
            grades: (!grades.is_empty()).then(|| self.kappa(&grades, 10)),
            winners: (!winners.is_empty()).then(|| self.kappa(&winners, 3)),
        })
    }

    fn who_said(&self, case: usize, answer: &str) -> Option<usize> {
        // Of several who say the same, the first who has a grade would do: they were asked as one.
        self.cases[case].answers.iter().position(|text| text.trim() == answer.trim())
    }

    /// What the judge makes of two answers, for the first of them.
    fn winner(&self, table: &Table<'_>, case: usize, a: &str, b: &str) -> Option<Outcome> {
        let (a, b) = (self.who_said(case, a)?, self.who_said(case, b)?);
        Some(outcome(table.orders(case, a, b))).filter(|outcome| *outcome != Outcome::Error)
    }

    fn kappa(&self, pairs: &[(usize, usize)], categories: usize) -> Kappa {
        let of = |weights| cohen(pairs.iter().copied(), categories, weights);
        let within = |weights| {
            interval(pairs.len(), &self.resampling, |rows| {
                cohen(rows.iter().map(|&row| pairs[row]), categories, weights)
            })
        };
        let is_graded = categories == 10;
        Kappa {
            rows: pairs.len() as u64,
            same: pairs.iter().filter(|(a, b)| a == b).count() as u64,
            value: of(Weights::Same),
            interval: within(Weights::Same),
            weighted: is_graded.then(|| of(Weights::Quadratic)).flatten(),
            weighted_interval: is_graded.then(|| within(Weights::Quadratic)).flatten(),
        }
    }
}

/// Characters in hundreds.
fn hundreds(text: &str) -> f64 {
    text.trim().chars().count() as f64 / 100.0
}

fn worth(outcome: Outcome) -> f64 {
    match outcome {
        Outcome::Win => 1.0,
        Outcome::Loss => -1.0,
        Outcome::Tie | Outcome::Flip | Outcome::Error => 0.0,
    }
}

fn worth_of(ruling: Ruling) -> f64 {
    match ruling {
        Ruling::First => 1.0,
        Ruling::Second => -1.0,
        Ruling::Tie | Ruling::Score(_) => 0.0,
    }
}

/// Loss, tie and win as categories. A flip counts as a tie: it decides nothing.
fn category(worth: f64) -> usize {
    (worth + 1.0) as usize
}

/// Verdicts of a pair that fall to the answer shown first, and those with a winner.
fn by_place(orders: Orders<'_>) -> (f64, f64) {
    let mut counted = (0.0, 0.0);
    for verdict in orders.into_iter().flatten().filter_map(|heard| heard.verdict.as_ref().ok()) {
        counted.0 += f64::from(verdict.ruling == Ruling::First);
        counted.1 += f64::from(verdict.ruling != Ruling::Tie);
    }
    counted
}

fn first_share<'a>(places: impl Iterator<Item = &'a (f64, f64)>) -> Option<f64> {
    let (first, all) = places.fold((0.0, 0.0), |sum, place| (sum.0 + place.0, sum.1 + place.1));
    (all > 0.0).then(|| first / all)
}

fn replies(heard: &[Heard]) -> Replies {
    let mut replies = Replies { tasks: heard.len() as u64, ..Replies::default() };
    let mut errors: Vec<Count> = Vec::new();
    for heard in heard {
        replies.prompt_tokens += heard.tokens.prompt_tokens as u64;
        replies.completion_tokens += heard.tokens.completion_tokens as u64;
        match &heard.verdict {
            Ok(_) => replies.asked_again += u64::from(heard.asked > 1),
            Err(fault) => {
                let name = fault.code();
                match errors.iter_mut().find(|count| count.name == name) {
                    Some(count) => count.count += 1,
                    None => errors.push(Count { name: name.to_owned(), count: 1 }),
                }
                if replies.error.is_none() || matches!(fault, Fault::Unanswered { .. }) {
                    replies.error = Some(fault.to_string());
                }
            }
        }
    }
    errors.sort_by_key(|count| std::cmp::Reverse(count.count));
    Replies { errors, ..replies }
}

fn doubts(judging: &Judging) -> Vec<Doubt> {
    let mut doubts = Vec::new();
    let rate = judging.replies.error_rate();
    if rate > FATAL_ERRORS {
        doubts.push(Doubt::Errors { rate });
    }
    let graded: u64 = judging.grades.iter().map(|grades| grades.graded).sum();
    let all = |grade: usize| judging.grades.iter().map(|grades| grades.histogram[grade]).sum::<u64>();
    if let Some(grade) = (0..10).find(|&grade| graded >= ENOUGH_GRADES && all(grade) == graded) {
        doubts.push(Doubt::OneGrade { grade: grade as u8 + 1 });
    }
    for duel in &judging.duels {
        if let Some(rate) = duel.flip_rate.filter(|rate| *rate > MANY_FLIPS) {
            doubts.push(Doubt::Flips { against: duel.against.clone(), rate });
        }
        if let (Some(first_share), Some(within)) = (duel.first_share, duel.first_interval)
            && (within.low > 0.5 || within.high < 0.5)
        {
            doubts.push(Doubt::Place { against: duel.against.clone(), first_share });
        }
    }
    let lengths = judging.grades.iter().map(|grades| (&grades.system, grades.length));
    for (system, length) in lengths.chain(judging.duels.iter().map(|duel| (&duel.against, duel.length))) {
        if let Some(slope) = length.filter(|slope| slope.interval.low > 0.0) {
            doubts.push(Doubt::Length { system: system.clone(), slope: slope.value });
        }
    }
    let kappas = judging.agreement.iter().flat_map(|agreement| [&agreement.grades, &agreement.winners]);
    for kappa in kappas.flatten().filter_map(|kappa| kappa.weighted.or(kappa.value)) {
        if kappa < WEAK_KAPPA {
            doubts.push(Doubt::Agreement { kappa });
        }
    }
    doubts
}
