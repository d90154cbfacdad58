//! Scores with intervals and tests, answers side by side, and what leaked.

use serde::{Deserialize, Serialize};

use super::Count;

/// How one model did on the test split.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Evaluation {
    /// The model's name: `main`.
    pub name: String,
    /// Of questions about documents: which of them these are. Absent elsewhere.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub asked: Option<Asked>,
    /// Rows answered by every system.
    pub rows: u64,
    /// Who answered, baselines included.
    pub systems: Vec<System>,
    /// What was measured.
    #[serde(default)]
    pub measures: Vec<Measure>,
    /// Share of answers that hold the key facts, where facts are given; one a system.
    #[serde(default)]
    pub key_facts: Vec<FactScore>,
    /// The leading measure by category.
    #[serde(default)]
    pub by_category: Vec<CategoryScore>,
    /// Answers side by side.
    #[serde(default)]
    pub samples: Vec<Sample>,
    /// Settings of the generation: `max_tokens 96, greedy`.
    #[serde(default)]
    pub generation: String,
}

/// Which questions about documents are asked, and with what at hand.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Asked {
    /// Which questions.
    pub slice: Slice,
    /// Whether a text of the documents stands in the prompt.
    pub book: Book,
}

/// Which questions about documents.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Slice {
    /// Facts of the training in other words.
    Test,
    /// Articles that the training never saw.
    TestUnseen,
    /// Questions beside the splits whose answers have to contain key facts.
    KeyFacts,
    /// Questions beside the splits of which some have to be refused.
    Refusals,
}

/// What a model has at hand when it answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Book {
    /// Text of the documents stands in the prompt.
    Open,
    /// The question alone: what the model remembers.
    Closed,
}

/// Who answered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct System {
    /// Short and unique: `base`, `tuned`, `commonest`, `nearest`.
    pub id: String,
    /// What part it plays.
    pub role: SystemRole,
    /// Answers that ended because they were too long.
    #[serde(default)]
    pub cut_off: u64,
    /// Answers that failed.
    #[serde(default)]
    pub failed: u64,
}

/// What part a system plays in a comparison.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SystemRole {
    /// The model before tuning.
    Base,
    /// The model after tuning.
    Tuned,
    /// Always the commonest training answer.
    CommonestAnswer,
    /// The answer of the most similar training question.
    NearestQuestion,
    /// The first sentence of the text that was to be summarised.
    LeadSentence,
    /// Anything else.
    Other,
}

/// One number that is measured, for all systems.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Measure {
    /// `chrF2`, `BLEU`, `rouge1` …; 0 is worst and 100 is best.
    pub name: String,
    /// How it was computed, in the form its reference implementation prints.
    pub signature: String,
    /// One a system.
    pub scores: Vec<Score>,
    /// The tuned model against each other system.
    #[serde(default)]
    pub tests: Vec<PairedTest>,
}

impl Measure {
    /// The score of a system.
    pub fn score_of(&self, system: &str) -> Option<&Score> {
        self.scores.iter().find(|s| s.system == system)
    }
}

/// A system's score.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Score {
    /// The system's id.
    pub system: String,
    /// The score over all rows.
    pub value: f64,
    /// Where it lies when the rows are drawn again.
    pub interval: Interval,
}

/// A confidence interval.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
pub struct Interval {
    /// Lower end.
    pub low: f64,
    /// Upper end.
    pub high: f64,
    /// Share of the resamples inside: 0.95.
    pub confidence: f64,
}

/// Whether two systems differ.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct PairedTest {
    /// The system that is tested.
    pub system: String,
    /// The system it is compared with.
    pub against: String,
    /// Score of `system` less score of `against`.
    pub difference: f64,
    /// Where the difference lies when the same rows are drawn for both.
    pub interval: Interval,
    /// Probability of a difference at least as great by chance, paired bootstrap.
    pub p_bootstrap: f64,
    /// The same by paired approximate randomisation.
    pub p_randomisation: f64,
    /// How many times each was drawn.
    pub trials: u64,
}

/// How many answers hold the facts they have to hold.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct FactScore {
    /// The system's id.
    pub system: String,
    /// Rows that have facts.
    pub rows: u64,
    /// Rows whose answer holds all of its facts.
    pub rows_with_all: u64,
    /// Facts of all rows.
    pub facts: u64,
    /// Facts that were found.
    pub facts_found: u64,
    /// Where the share of rows with all facts lies, in percent (Wilson's interval).
    #[serde(default)]
    pub interval: Interval,
}

/// The leading measure within one category.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct CategoryScore {
    /// The category.
    pub category: String,
    /// Its test rows.
    pub rows: u64,
    /// `(system id, score)`, in the order of the systems.
    pub scores: Vec<(String, f64)>,
}

/// One question with everybody's answer.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Sample {
    /// `source#key`.
    pub id: String,
    /// Its category, where there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub category: Option<String>,
    /// What was asked, masked.
    pub question: String,
    /// What a person had answered, masked.
    pub reference: String,
    /// One a system, in the order of the systems.
    pub answers: Vec<SampleAnswer>,
}

/// A system's answer to one question.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct SampleAnswer {
    /// The system's id.
    pub system: String,
    /// What it said.
    pub text: String,
    /// The leading measure of this answer alone.
    pub score: f64,
    /// Whether it holds the key facts; absent where the question has none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub holds_facts: Option<bool>,
}

/// Whether anything personal came through.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Leaks {
    /// Personal values that are known and were looked for.
    pub known_values: u64,
    /// One a thing that was searched.
    pub checks: Vec<LeakCheck>,
    /// One a model that was made to talk.
    #[serde(default)]
    pub tests: Vec<LeakTest>,
    /// Values that are exempt because they are public or on the keep list.
    #[serde(default)]
    pub exempt: Vec<Count>,
}

/// One thing that was searched for known values.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct LeakCheck {
    /// What was searched: a file of `out/`, or the samples of a model.
    pub what: String,
    /// Texts searched.
    pub texts: u64,
    /// Known values found in them; 0 is what is wanted.
    pub found: u64,
}

/// What a model said when it was made to say what it may not know: replies drawn at random, and texts that
/// go on from a lead-in such as "제 전화번호는". Never the texts or the values themselves.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct LeakTest {
    /// The model: `main`.
    pub name: String,
    /// Replies that were drawn at random.
    pub samples: u64,
    /// Lead-ins that the model had to go on from.
    pub prefixes: u64,
    /// Texts that go on from them.
    pub continuations: u64,
    /// Tokens that were generated in all.
    pub tokens: u64,
    /// Known personal values that every text was searched for.
    pub known_values: u64,
    /// One a kind of lead-in; `sample` are the random replies.
    pub attacks: Vec<LeakAttack>,
    /// Known values that were said, by kind.
    pub found: Vec<Count>,
    /// Settings of the generation: `temperature 1, at most 24 tokens, seed 42`.
    #[serde(default)]
    pub generation: String,
}

/// One kind of attempt in a [`LeakTest`].
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct LeakAttack {
    /// The kind of value that was asked for; `sample` for none.
    pub kind: String,
    /// Lead-ins.
    pub prefixes: u64,
    /// Texts.
    pub texts: u64,
    /// Texts that say a placeholder: where a value could have stood, masking had put a word.
    pub placeholders: u64,
    /// Known values that were said, of whatever kind.
    pub found: u64,
}

impl LeakTest {
    /// Texts that were searched.
    pub fn texts(&self) -> u64 {
        self.samples + self.continuations
    }

    /// Known values that were said.
    pub fn leaked(&self) -> u64 {
        self.found.iter().map(|count| count.count).sum()
    }
}

impl Leaks {
    /// Known values found anywhere: in a file, or in what a model said.
    pub fn found(&self) -> u64 {
        let in_files: u64 = self.checks.iter().map(|check| check.found).sum();
        in_files + self.tests.iter().map(LeakTest::leaked).sum::<u64>()
    }
}
