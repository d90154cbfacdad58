//! `[evaluate]`: how the answers are scored.

use std::collections::BTreeMap;
use std::path::{Component, Path};

use serde::{Deserialize, Serialize};

use super::endpoint::{self, Endpoint};
use super::reader::Section;

/// The metrics.
pub const METRICS: [&str; 6] = ["chrf", "rouge", "rouge-ko", "bleu", "exact", "chrf++"];

/// Answers that need no model.
const BASELINES: [&str; 3] = ["commonest", "nearest", "lead"];

/// What a judge may be asked for.
pub const JUDGE_KINDS: [&str; 3] = ["grade", "pair", "reference"];

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
    /// Who judges the answers; nobody where empty.
    #[serde(default)]
    pub judge: String,
    /// What of [`JUDGE_KINDS`] it is asked for.
    #[serde(default)]
    pub judge_kinds: Vec<String>,
    /// Most questions whose answers are judged; 0 is all.
    #[serde(default)]
    pub judge_rows: usize,
    /// A table of what a person says of the same answers; empty where nobody did.
    #[serde(default)]
    pub judge_labels: String,
    /// The folder of the words that the judge is asked with; empty where they are moru's own.
    #[serde(default)]
    pub judge_prompts: String,
}

impl Evaluate {
    pub(super) fn read(mut s: Section<'_>, endpoints: &BTreeMap<String, Endpoint>) -> Self {
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
            judge: s.value("judge", String::new(), "who judges the answers to the test split, a larger model: the name of an [endpoint.NAME], or an endpoint by one line: \"http://localhost:8000/v1#MODEL\", or \"local:MODEL\" for a model on this machine; nobody where absent"),
            judge_kinds: {
                let kinds = s.choices("judge_kinds", &JUDGE_KINDS, &JUDGE_KINDS, "what it is asked for: a grade from 1 to 10 of each answer, which of the tuned and the base model's answers is better, in both orders, and whether it sees the right answer as a reference");
                kinds.into_iter().map(str::to_owned).collect()
            },
            judge_rows: s.value("judge_rows", 50, "most questions whose answers are judged, drawn by the seed; 0 is all that are answered"),
            judge_labels: s.value("judge_labels", String::new(), "a table of what a person says of the same answers, a copy of out/judge-labels.csv that is filled in; the report then tells how far the judge agrees (Cohen's κ)"),
            judge_prompts: s.value("judge_prompts", String::new(), "a folder with the words that it is asked with: grade.ko.md, pair.ko.md and so on, as `moru init regulations` writes them; moru's own where absent"),
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
        evaluate.check_judge(&s, endpoints);
        s.finish(false);
        evaluate
    }

    fn check_judge(&self, s: &Section<'_>, endpoints: &BTreeMap<String, Endpoint>) {
        if self.judge.is_empty() {
            for key in ["judge_kinds", "judge_rows", "judge_labels", "judge_prompts"] {
                if s.has(key) {
                    s.impossible(
                        key,
                        format!("[evaluate] `{key}` is set, and nobody judges: `judge` says who does"),
                    );
                }
            }
            return;
        }
        endpoint::check_word(s, "judge", &self.judge, &[], endpoints);
        let mut parts = Path::new(&self.judge_labels).components().filter(|part| *part != Component::CurDir);
        if parts.next() == Some(Component::Normal("out".as_ref())) {
            s.impossible("judge_labels", "[evaluate] `judge_labels` is in out/, whose files every run writes anew: copy the table beside moru.toml before it is filled in");
        }
        if !self.judge_kinds.iter().any(|kind| kind != "reference") {
            s.impossible(
                "judge_kinds",
                "[evaluate] `judge_kinds` has neither \"grade\" nor \"pair\": nothing would be judged",
            );
        }
    }
}
