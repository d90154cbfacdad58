//! What a judge made of the answers, and how far it can be trusted.

use serde::{Deserialize, Serialize};

use super::{Count, Interval, System};

/// A model's answers under a judge, beside those of others.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Judging {
    /// The model's name: `main`.
    pub name: String,
    /// Who judged, in words.
    pub judge: String,
    /// Questions whose answers were judged.
    pub rows: u64,
    /// Of these, those that were judged beside a right answer.
    pub with_reference: u64,
    /// Whose answers were judged.
    pub systems: Vec<System>,
    /// What came back.
    pub replies: Replies,
    /// Grades from 1 to 10, one a system; empty where none were asked for.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub grades: Vec<Grades>,
    /// The first system's grades beside each other one's.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub differences: Vec<GradeDifference>,
    /// Comparisons in both orders; empty where none were asked for.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub duels: Vec<Duel>,
    /// How far the judge agrees with a person; absent without labels.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub agreement: Option<Agreement>,
    /// Why the figures should be doubted; empty where nothing speaks against them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub doubts: Vec<Doubt>,
    /// Some answers with what was said of them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub samples: Vec<Viewed>,
    /// How the judge was asked, in words.
    #[serde(default)]
    pub settings: String,
}

impl Judging {
    /// Whether the figures say anything at all.
    pub fn is_usable(&self) -> bool {
        !self.doubts.iter().any(Doubt::is_fatal)
    }
}

/// What came back from a judge.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Replies {
    /// Verdicts that were asked for.
    pub tasks: u64,
    /// Those that came only when the judge was told what was wrong with its first reply.
    pub asked_again: u64,
    /// Those that did not come, by reason.
    pub errors: Vec<Count>,
    /// One of the reasons in the judge's or the endpoint's words, where it is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    /// Tokens of all prompts.
    pub prompt_tokens: u64,
    /// Tokens of all replies.
    pub completion_tokens: u64,
}

impl Replies {
    /// Verdicts that did not come.
    pub fn n_errors(&self) -> u64 {
        self.errors.iter().map(|count| count.count).sum()
    }

    /// Their share, 0 to 1.
    pub fn error_rate(&self) -> f64 {
        if self.tasks == 0 { 0.0 } else { self.n_errors() as f64 / self.tasks as f64 }
    }
}

/// A system's grades.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Grades {
    /// The system's id.
    pub system: String,
    /// Answers that got a grade.
    pub graded: u64,
    /// Answers that got none.
    pub errors: u64,
    /// The mean grade, 1 to 10; absent where there is no grade.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mean: Option<f64>,
    /// Where the mean lies when the rows are drawn again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub interval: Option<Interval>,
    /// Answers by grade, from 1 to 10.
    pub histogram: [u64; 10],
    /// Grades that come with a hundred characters more of an answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub length: Option<Slope>,
}

/// The mean difference of grades of the same questions.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct GradeDifference {
    /// The system whose grades are taken.
    pub system: String,
    /// The system whose grades are taken away.
    pub against: String,
    /// Questions for which both have a grade.
    pub rows: u64,
    /// The mean difference.
    pub mean: f64,
    /// Where it lies when the rows are drawn again.
    pub interval: Interval,
    /// Probability of a difference at least as great by chance, paired approximate randomisation.
    pub p_randomisation: f64,
}

/// A line through points.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
pub struct Slope {
    /// Its slope by least squares.
    pub value: f64,
    /// Where the slope lies when the points are drawn again.
    pub interval: Interval,
    /// Points.
    pub rows: u64,
}

impl Slope {
    /// Whether it is more than chance allows.
    pub fn is_certain(&self) -> bool {
        self.interval.low > 0.0 || self.interval.high < 0.0
    }
}

/// Two systems compared on the same questions, each in both orders. Counts add up to `rows`.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Duel {
    /// The system whose wins are counted.
    pub system: String,
    /// The other one.
    pub against: String,
    /// Questions.
    pub rows: u64,
    /// Better in both orders.
    pub wins: u64,
    /// A tie in both orders, or the same answer to the letter.
    pub ties: u64,
    /// Worse in both orders.
    pub losses: u64,
    /// The two orders do not agree: neither a win nor a loss.
    pub flips: u64,
    /// A verdict is missing.
    pub errors: u64,
    /// Of the ties, answers that are the same; the judge was not asked.
    pub same: u64,
    /// Wins and half of the ties and flips, as a share of what was judged, 0 to 1; absent where nothing was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub win_rate: Option<f64>,
    /// Where the win rate lies when the rows are drawn again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub interval: Option<Interval>,
    /// Probability of wins and losses at least as far apart by chance, sign test.
    pub p_sign: f64,
    /// Flips as a share of the pairs that were judged in both orders, 0 to 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub flip_rate: Option<f64>,
    /// Share of the verdicts with a winner that fall to the answer shown first; 0.5 is no pull of the place.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub first_share: Option<f64>,
    /// Where that share lies when the rows are drawn again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub first_interval: Option<Interval>,
    /// Wins (1, 0 or −1) that come with a hundred characters more than the other answer has.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub length: Option<Slope>,
}

impl Duel {
    /// Pairs with a verdict in both orders, or the same answer.
    pub fn judged(&self) -> u64 {
        self.rows - self.errors
    }
}

/// How far a judge agrees with a person about the same answers.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Agreement {
    /// Labels that a person gave.
    pub labels: u64,
    /// Labels whose answer is none that was judged.
    pub unknown: u64,
    /// Grades: exact ones, and by the square of their distance.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub grades: Option<Kappa>,
    /// Winners of pairs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub winners: Option<Kappa>,
}

/// Cohen's κ.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Kappa {
    /// What both have judged.
    pub rows: u64,
    /// What both have judged the same.
    pub same: u64,
    /// κ; absent where both always say the same one thing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value: Option<f64>,
    /// Where κ lies when the rows are drawn again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub interval: Option<Interval>,
    /// κ with quadratic weights; of grades only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub weighted: Option<f64>,
    /// Where the weighted κ lies.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub weighted_interval: Option<Interval>,
}

/// Why a judge's figures should be doubted.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "is", rename_all = "snake_case")]
pub enum Doubt {
    /// Too many verdicts did not come.
    Errors {
        /// Their share, 0 to 1.
        rate: f64,
    },
    /// Every answer got the same grade.
    OneGrade {
        /// The grade.
        grade: u8,
    },
    /// The judge contradicts itself when the answers change places.
    Flips {
        /// The system whose duels they are.
        against: String,
        /// Their share, 0 to 1.
        rate: f64,
    },
    /// The place of an answer pulls.
    Place {
        /// The system whose duels they are.
        against: String,
        /// Share of verdicts that fall to the first, 0 to 1.
        first_share: f64,
    },
    /// Longer answers do better.
    Length {
        /// The system whose answers or duels they are.
        system: String,
        /// What a hundred characters bring.
        slope: f64,
    },
    /// The judge agrees with a person little more than chance does.
    Agreement {
        /// κ, weighted where it is of grades.
        kappa: f64,
    },
}

impl Doubt {
    /// Whether the figures say nothing at all.
    pub fn is_fatal(&self) -> bool {
        matches!(self, Self::Errors { .. } | Self::OneGrade { .. })
    }
}

/// A question with its answers and what was said of them.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Viewed {
    /// `source#key`.
    pub id: String,
    /// What was asked, masked.
    pub question: String,
    /// The right answer that the judge saw, where there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reference: Option<String>,
    /// One a system.
    pub answers: Vec<ViewedAnswer>,
    /// One a pair.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub pairs: Vec<PairVerdict>,
}

/// An answer and its grade.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct ViewedAnswer {
    /// The system's id.
    pub system: String,
    /// What it said.
    pub text: String,
    /// Its grade; absent where there is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub score: Option<u8>,
    /// Why.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub reason: String,
}

/// What became of a pair in its two orders.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PairVerdict {
    /// The system that was shown first in the first order.
    pub system: String,
    /// The other one.
    pub against: String,
    /// What it comes to.
    pub outcome: Outcome,
    /// Why, in each order; empty where the judge was not asked or said nothing.
    pub reasons: [String; 2],
}

/// What two verdicts about a pair come to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// Better in both orders.
    Win,
    /// Neither is better.
    Tie,
    /// Worse in both orders.
    Loss,
    /// The orders do not agree.
    Flip,
    /// A verdict is missing.
    Error,
}
