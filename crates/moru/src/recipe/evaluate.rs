//! `[evaluate]`: how the answers are scored.

use serde::{Deserialize, Serialize};

use super::reader::Section;

/// The metrics.
pub const METRICS: [&str; 6] = ["chrf", "rouge", "rouge-ko", "bleu", "exact", "chrf++"];

/// Answers that need no model.
const BASELINES: [&str; 3] = ["commonest", "nearest", "lead"];

/// `[evaluate]`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Evaluate {
    /// What is computed.
    pub metrics: Vec<String>,
    /// The measure that the report begins with; the first of the first metric where empty.
    #[serde(default)]
    pub leading: String,
    /// Which answers stand beside the model's.
    pub baselines: Vec<String>,
    /// Most rows of the test split that are answered; 0 is all.
    pub max_rows: usize,
    /// Most tokens of an answer.
    pub max_new_tokens: usize,
    /// Sequences decoded at once.
    pub batch: usize,
    /// A file of own questions with the facts that their answers have to contain.
    pub questions: String,
    /// Whether the base model answers as well.
    pub base: bool,
    /// Replies that are drawn from a tuned model, to look for personal values in them.
    pub leak_samples: usize,
    /// Most tokens of such a reply.
    pub leak_tokens: usize,
}

impl Evaluate {
    pub(super) fn read(mut s: Section<'_>) -> Self {
        let metrics = s.choices(
            "metrics",
            &["chrf", "rouge-ko", "bleu", "exact"],
            &METRICS,
            "what is computed of the answers",
        );
        let leading = s.value("leading", String::new(), "the measure that the report begins with and shows by category, such as \"rougeL-syllable\"; the first of the first metric where absent");
        let baselines = s.choices("baselines", &["commonest", "nearest"], &BASELINES, "answers that need no model: the commonest answer, that of the nearest training question, and \"lead\", the first sentence of the prompt's last column, for summaries");
        let evaluate = Self {
            metrics: metrics.into_iter().map(str::to_owned).collect(),
            leading,
            baselines: baselines.into_iter().map(str::to_owned).collect(),
            max_rows: s.value("max_rows", 150, "most rows of the test split that are answered; 0 is all"),
            max_new_tokens: s.within("max_new_tokens", 96, 1..=1 << 20, "most tokens of an answer"),
            batch: s.within("batch", 16, 1..=1024, "answers written at once; does not change them"),
            questions: s.value("questions", String::new(), "a JSONL file of own questions: { id, facts = [[\"3일\", \"사흘\"]], and the columns of the prompt }; it is told how many answers contain their facts"),
            base: s.value("base", true, "let the base model answer the same questions, to compare"),
            leak_samples: s.within("leak_samples", 1000, 0..=1 << 20, "replies that are drawn from the tuned model at temperature 1, beside attempts to lead it on (\"제 전화번호는\"), all searched for known personal values; 0 is no such test"),
            leak_tokens: s.within("leak_tokens", 32, 1..=1 << 12, "most tokens of each of them"),
        };
        if evaluate.metrics.is_empty() {
            s.impossible("metrics", "[evaluate] `metrics` is empty: nothing would be scored");
        }
        if evaluate.baselines.is_empty() {
            let known = BASELINES.join(", ");
            s.impossible(
                "baselines",
                format!("[evaluate] `baselines` is empty: a score alone says little; any of {known}"),
            );
        }
        s.finish(false);
        evaluate
    }
}
