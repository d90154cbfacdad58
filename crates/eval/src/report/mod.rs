//! What a run has to show for itself, as data: the machine twin of the page a person reads.
//!
//! 1. [`data`](self::data) – where the rows came from, what was masked and what was set aside.
//! 2. [`training`](self::training) – the curves and what they cost.
//! 3. [`pretraining`](self::pretraining) – what a model trained from the beginning learned of its text.
//! 4. [`evaluation`](self::evaluation) – scores, baselines, tests, answers side by side, leaks.
//! 5. [`judging`](self::judging) – what a judge made of the answers, and how far it can be trusted.
//! 6. [`classification`](self::classification) – what a classifier found, label by label.
//! 7. [`artifact`](self::artifact) and [`compared`](self::compared) – what was written, and models beside each other.
//!
//! Everything personal in these types is masked before it is put here; nothing here looks at raw rows.

mod artifact;
mod classification;
mod compared;
mod data;
mod documents;
mod editions;
mod evaluation;
mod judging;
mod pretraining;
mod training;

use serde::{Deserialize, Serialize};

pub use artifact::{Artifact, ArtifactFit, Speed};
pub use classification::{ClassScore, Classification};
pub use compared::{Behind, Candidate, Compared};
pub use data::{
    Bin, Category, Data, Histogram, Kept, MaskedEntity, MaskedExample, RejectedExample, RejectedReason,
    Source, SplitTokens, Stripped, TokenCounts,
};
pub use documents::{QuestionCoverage, UnreadFile};
pub use editions::{RuleDoubt, RuleEdition, RuleEditions};
pub use evaluation::{
    Asked, Book, CategoryScore, Evaluation, FactScore, Interval, LeakAttack, LeakCheck, LeakTest, Leaks,
    Measure, PairedTest, Sample, SampleAnswer, Score, Slice, System, SystemRole,
};
pub use judging::{
    Agreement, Doubt, Duel, GradeDifference, Grades, Judging, Kappa, Outcome, PairVerdict, Replies, Slope,
    Viewed, ViewedAnswer,
};
pub use pretraining::{Copied, Pretraining, TextFit};
pub use training::{BatchTokens, StepPoint, Training, ValidPoint};

/// The layout of `report.json` that this version writes.
pub const FORMAT: u32 = 1;

/// Everything a report shows; serialised as `out/report.json`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Report {
    /// Layout of this file, [`FORMAT`].
    pub format: u32,
    /// The project's name.
    pub project: String,
    /// The language of the page.
    pub language: Language,
    /// What made it, so that it can be made again.
    pub provenance: Provenance,
    /// The stages in the order they ran.
    #[serde(default)]
    pub stages: Vec<Stage>,
    /// Rows, masks, rejections, lengths.
    #[serde(default)]
    pub data: Data,
    /// One a trained model.
    #[serde(default)]
    pub training: Vec<Training>,
    /// One a model that was trained on written text from the beginning.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub pretraining: Vec<Pretraining>,
    /// One an evaluated model.
    #[serde(default)]
    pub evaluation: Vec<Evaluation>,
    /// One a model whose answers were judged.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub judging: Vec<Judging>,
    /// One a classifier.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub classification: Vec<Classification>,
    /// One a model that was written for other tools.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub artifacts: Vec<Artifact>,
    /// Models beside each other; absent where there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub compared: Option<Compared>,
    /// Whether anything personal came through; absent where no check ran.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub leaks: Option<Leaks>,
    /// What a reader should know before trusting a number.
    #[serde(default)]
    pub warnings: Vec<Warning>,
}

/// The language of a page.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub enum Language {
    /// Korean.
    #[default]
    #[serde(rename = "ko")]
    Korean,
    /// English.
    #[serde(rename = "en")]
    English,
}

/// What made a result.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Provenance {
    /// Version of the program.
    #[serde(default)]
    pub version: String,
    /// SHA-256 of the resolved recipe, in hexadecimal.
    #[serde(default)]
    pub recipe_sha256: String,
    /// SHA-256 of the data set that was trained on, in hexadecimal.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dataset_sha256: Option<String>,
    /// The seed of everything random.
    #[serde(default)]
    pub seed: u64,
    /// The model that was tuned, as the recipe names it.
    #[serde(default)]
    pub base_model: String,
    /// When the run ended, ISO 8601; handed in by the caller.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub finished: Option<String>,
    /// What it ran on: processor, cores, memory, accelerator, in words.
    #[serde(default)]
    pub machine: String,
    /// Threads used.
    #[serde(default)]
    pub threads: usize,
}

/// A stage's counts and costs. `rows_in = rows_out + Σ rejected + failed` wherever a stage keeps rows.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Stage {
    /// Its id: `ingest:inquiries`, `train:main`.
    pub id: String,
    /// Whether the result was at hand already and the stage did not run.
    #[serde(default)]
    pub reused: bool,
    /// Rows that went in; absent for stages without rows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rows_in: Option<u64>,
    /// Rows that came out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rows_out: Option<u64>,
    /// Rows set aside, by reason.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub rejected: Vec<Count>,
    /// Rows that could not be worked on.
    #[serde(default)]
    pub failed: u64,
    /// Wall-clock seconds of the run that made the result.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seconds: Option<f64>,
    /// Greatest resident memory while it ran, in bytes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub peak_memory_bytes: Option<u64>,
}

impl Stage {
    /// Whether the counts add up; true where the stage keeps no rows.
    pub fn adds_up(&self) -> bool {
        match (self.rows_in, self.rows_out) {
            (Some(rows_in), Some(rows_out)) => {
                rows_in == rows_out + self.failed + self.rejected.iter().map(|c| c.count).sum::<u64>()
            }
            _ => true,
        }
    }
}

/// How many of something.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Count {
    /// Of what: a reason, an entity, a label.
    pub name: String,
    /// How many.
    pub count: u64,
}

/// Something a reader should know.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Warning {
    /// What was seen.
    pub what: String,
    /// Why it matters.
    #[serde(default)]
    pub why: String,
    /// What to try.
    #[serde(default)]
    pub next: String,
}
