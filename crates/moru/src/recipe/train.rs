//! `[train]` and `[train.NAME]`: how the adapter is made.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::model::{self, Models};
use super::reader::Section;

/// The name of the training that `[train]` describes, and of the model of `[model]`.
pub const MAIN: &str = "main";

/// Keys that change no bit of a training's result.
pub const WITHOUT_EFFECT: [&str; 2] = ["recompute", "memory_gb"];

/// What a classifier's checkpoints are compared by.
const LABEL_METRICS: [&str; 3] = ["macro-f1", "accuracy", "loss"];

/// What other checkpoints are compared by.
const ANSWER_METRICS: [&str; 6] = ["loss", "chrf", "bleu", "rouge", "rouge-ko", "exact"];

/// `[train]`, or `[train.NAME]`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Train {
    /// `lora`, `qlora`, `full` or `classify`.
    pub method: String,
    /// The `[model.NAME]` that is tuned; none where it is `[model]`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub model: Option<String>,
    /// What `classify` trains below its head: `lora`, `qlora` or `full`; none with another method.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tune: Option<String>,
    /// The labels of `classify`; those of the training split where empty.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub labels: Vec<String>,
    /// The column of [prepare] meta that is the label of `classify`; the assistant's turn where empty.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub label: String,
    /// What the best checkpoint and an early end go by; none where it is the loss of a language model.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub best_by: Option<String>,
    /// Rows of the validation split that are answered for it; none where it is no score of answers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub best_rows: Option<usize>,
    /// What `qlora` holds the base's matrices as; none with another method.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub weights: Option<String>,
    /// Rank of the adapter's matrices.
    pub rank: usize,
    /// What the adapter is scaled by, over the rank.
    pub alpha: f64,
    /// The share of adapter inputs that are dropped.
    pub dropout: f64,
    /// Layers that get an adapter; `all` is every projection.
    pub targets: Vec<String>,
    /// Scale by the root of the rank.
    pub rslora: bool,
    /// The learning rate of B over that of A.
    pub lora_plus: f64,
    /// `shuffled` or `as_given`.
    pub order: String,
    /// The greatest learning rate.
    pub learning_rate: f64,
    /// `cosine`, `linear` or `constant`.
    pub schedule: String,
    /// The share of steps in which the learning rate rises.
    pub warmup: f64,
    /// How often every sample is seen.
    pub epochs: f64,
    /// Steps, if not 0: then epochs do not count.
    pub steps: usize,
    /// Samples of one optimizer step.
    pub batch_size: usize,
    /// Most tokens of one forward and backward pass.
    pub micro_tokens: usize,
    /// `auto`, `packed` or `tree`.
    pub batching: String,
    /// `auto`, `never` or `layer`. It changes no bit of the result, and is no parameter of the stage: what was
    /// stopped for want of memory goes on from its checkpoint with another value.
    #[serde(default)]
    pub recompute: String,
    /// What the process may hold, in GB; 0 is what the machine has left. No parameter either.
    #[serde(default)]
    pub memory_gb: f64,
    /// AdamW's decay.
    pub weight_decay: f64,
    /// The greatest norm of a gradient; 0 is no limit.
    pub clip_norm: f64,
    /// Steps between two looks at the validation split; 0 is once an epoch.
    pub eval_every: usize,
    /// Steps between two checkpoints; 0 is once an epoch.
    pub save_every: usize,
    /// `best` or `last`.
    pub result: String,
    /// Looks without improvement before the training stops; 0 never stops early.
    pub patience: usize,
}

impl Train {
    fn read(name: &str, mut s: Section<'_>, models: &Models) -> Self {
        let method = s.choice(
            "method",
            "lora",
            &["lora", "qlora", "full", "classify"],
            "lora tunes an adapter, qlora tunes one over quantised weights, full tunes every weight, classify tunes a head that labels texts and what `tune` says below it",
        );
        let model = model::of_training(&mut s, name, models);
        let tune = s.choice(
            "tune",
            "lora",
            &["lora", "qlora", "full"],
            "what method classify tunes below its head: an adapter, one over quantised weights, or every weight",
        );
        let labels: Vec<String> = s.value(
            "labels",
            Vec::new(),
            "the labels of method classify, in the order of their numbers; those of the training split, sorted, where absent",
        );
        let label = s.value(
            "label",
            String::new(),
            "the column of [prepare] meta that is the label of method classify; the assistant's turn where absent, as format \"text-label\" makes it",
        );
        let classify = method == "classify";
        let (default, metrics) =
            if classify { ("macro-f1", &LABEL_METRICS[..]) } else { ("loss", &ANSWER_METRICS[..]) };
        let best_by = s.choice(
            "best_by",
            default,
            metrics,
            "what of the validation split decides on the best checkpoint, and on `patience`: loss, or macro-f1 and accuracy of method classify, or of other methods a score of answers to `best_rows` of its rows, chrf, bleu, rouge, rouge-ko or exact",
        );
        let is_heard = !classify && best_by != "loss";
        let best_rows = s.within(
            "best_rows",
            32,
            1..=1 << 20,
            "rows of the validation split that are answered each time it is looked at, where best_by is a score of answers",
        );
        if !is_heard && s.has("best_rows") {
            s.impossible(
                "best_rows",
                format!("`best_rows` belongs to a score of answers; best_by \"{best_by}\" answers nothing"),
            );
        }
        if classify {
            check_labels(&s, &labels);
        } else {
            for key in ["tune", "labels", "label"].into_iter().filter(|key| s.has(key)) {
                s.impossible(
                    key,
                    format!("`{key}` belongs to method \"classify\"; method \"{method}\" labels nothing"),
                );
            }
        }
        // What is tuned, below a classification head or alone.
        let tuned = if classify { tune } else { method };
        let lora = tuned != "full";
        let weights = s.choice(
            "weights",
            "nf4",
            &["nf4", "q8_0", "q4_0", "q4_k"],
            "what qlora holds the base's matrices as; embedding and head stay as they are",
        );
        if tuned != "qlora" && s.has("weights") {
            let key = if classify { "tune" } else { "method" };
            s.impossible(
                "weights",
                format!(
                    "`weights` belongs to {key} \"qlora\"; {key} \"{tuned}\" takes the weights as they are"
                ),
            );
        }
        let rank = s.within("rank", 16, 1..=1024, "rank of the adapter's matrices");
        let schedule = ["cosine", "linear", "constant"];
        let train = Self {
            method: method.to_owned(),
            model,
            tune: classify.then(|| tune.to_owned()),
            labels,
            label,
            best_by: (classify || is_heard).then(|| best_by.to_owned()),
            best_rows: is_heard.then_some(best_rows),
            weights: (tuned == "qlora").then(|| weights.to_owned()),
            rank,
            alpha: s.within(
                "alpha",
                2.0 * rank as f64,
                0.001..=1e5,
                "the adapter is scaled by alpha / rank; twice the rank where absent",
            ),
            dropout: s.within(
                "dropout",
                0.0,
                0.0..=0.9,
                "the share of adapter inputs dropped while training",
            ),
            targets: s.value(
                "targets",
                vec!["all".to_owned()],
                "the layers that get an adapter, by name; \"all\" is every projection",
            ),
            rslora: s.value("rslora", false, "scale by alpha / √rank instead"),
            lora_plus: s.within(
                "lora_plus",
                1.0,
                1.0..=1000.0,
                "the learning rate of B over that of A (LoRA+)",
            ),
            order: s
                .choice(
                    "order",
                    "shuffled",
                    &["shuffled", "as_given"],
                    "in which order an epoch takes the samples: by the seed, or as the training split has them",
                )
                .to_owned(),
            learning_rate: s.within(
                "learning_rate",
                if lora { 2e-4 } else { 5e-5 },
                0.0..=1.0,
                "the greatest learning rate; 0.0002 for an adapter, 0.00005 for full",
            ),
            schedule: s.choice("schedule", "cosine", &schedule, "how the learning rate falls").to_owned(),
            warmup: s.within(
                "warmup",
                0.03,
                0.0..=1.0,
                "the share of steps in which the learning rate rises",
            ),
            epochs: s.within("epochs", 3.0, 0.0..=10_000.0, "how often every sample is seen"),
            steps: s.value("steps", 0, "optimizer steps; with it, epochs do not count"),
            batch_size: s.within("batch_size", 16, 1..=1 << 20, "samples of one optimizer step"),
            micro_tokens: s.within("micro_tokens", 2048, 1..=1 << 24, "most tokens of one forward and backward pass; a step is as many passes as it needs, with the same result; as trees, rows that share half of their tokens or more make a pass grow up to twice the longest row"),
            batching: s
                .choice(
                    "batching",
                    "auto",
                    &["auto", "packed", "tree"],
                    "how the rows of a step are laid together: packed is side by side; tree computes once what rows share at their beginning, such as a long system prompt, with the same gradient; auto takes trees where they save a tenth of the tokens and nothing is dropped",
                )
                .to_owned(),
            recompute: s
                .choice(
                    "recompute",
                    "auto",
                    &["auto", "never", "layer"],
                    "layers computed again in the backward pass, to hold less memory, with the same result: \"layer\" is all, \"auto\" as few as fit",
                )
                .to_owned(),
            memory_gb: s.within(
                "memory_gb",
                0.0,
                0.0..=1e6,
                "the most memory that the process may take, in GB; 0 is what the machine has left",
            ),
            weight_decay: s.within("weight_decay", 0.0, 0.0..=1.0, "AdamW's decoupled decay of matrices"),
            clip_norm: s.within(
                "clip_norm",
                1.0,
                0.0..=1e6,
                "the greatest norm of a step's gradient; 0 is no limit",
            ),
            eval_every: s.value(
                "eval_every",
                0,
                "steps between two looks at the validation split; 0 is once an epoch",
            ),
            save_every: s.within(
                "save_every",
                50,
                0..=1 << 30,
                "steps between two checkpoints: at most so many are lost by a kill; 0 is once an epoch",
            ),
            result: s.choice("result", "best", &["best", "last"], "which checkpoint becomes the result: the best on the validation split (see best_by), or the last").to_owned(),
            patience: s.value(
                "patience",
                0,
                "looks without improvement before the training stops; 0 never stops early",
            ),
        };
        if !lora {
            train.refuse_adapter_keys(&s);
        }
        if train.batching == "tree" && train.dropout > 0.0 {
            s.impossible(
                "batching",
                "[train] `batching` is \"tree\" and `dropout` is not 0: what rows share is computed once, so that the same would be dropped for all of them; leave one of the two out",
            );
        }
        if train.learning_rate == 0.0 {
            s.impossible("learning_rate", "[train] `learning_rate` is 0: nothing would be trained");
        }
        if train.warmup == 1.0 {
            s.impossible(
                "warmup",
                "[train] `warmup` is 1: the learning rate would only rise; it is less than 1",
            );
        }
        if train.targets.is_empty() {
            s.impossible("targets", "[train] `targets` is empty; \"all\" is every projection");
        }
        if train.steps == 0 && train.epochs == 0.0 {
            s.impossible("epochs", "[train] both `epochs` and `steps` are 0: nothing would be trained");
        }
        s.finish(false);
        train
    }

    /// The name of the model that is tuned.
    pub fn model_name(&self) -> &str {
        self.model.as_deref().unwrap_or(MAIN)
    }

    /// Whether it makes a classifier.
    pub fn is_classifier(&self) -> bool {
        self.method == "classify"
    }

    /// What is tuned, below a classification head or alone: `lora`, `qlora` or `full`.
    pub fn tuned(&self) -> &str {
        self.tune.as_deref().unwrap_or(&self.method)
    }

    /// Keys of the adapter would have no effect on `full`.
    fn refuse_adapter_keys(&self, s: &Section<'_>) {
        for key in ["rank", "alpha", "dropout", "targets", "rslora", "lora_plus"] {
            if s.has(key) {
                s.impossible(
                    key,
                    format!(
                        "`{key}` belongs to methods \"lora\" and \"qlora\"; {} \"{}\" has no adapter",
                        if self.is_classifier() { "tune" } else { "method" },
                        self.tuned()
                    ),
                );
            }
        }
    }
}

/// Labels that no text could have, or that could not be told apart.
fn check_labels(s: &Section<'_>, labels: &[String]) {
    if labels.len() == 1 {
        s.impossible("labels", "[train] `labels` has one label: there is nothing to choose between");
    }
    if labels.iter().any(|label| label.trim().is_empty()) {
        s.impossible("labels", "[train] `labels` has one that is empty");
    }
    let twice = labels.iter().enumerate().find(|(n, label)| labels[..*n].contains(label));
    if let Some((_, label)) = twice {
        s.impossible("labels", format!("[train] `labels` has {label:?} twice"));
    }
}

/// All trainings: `[train]` is `main`, `[train.NAME]` are more. `[train.main]` may be written out.
pub(super) fn read_all(section: Section<'_>, models: &Models) -> BTreeMap<String, Train> {
    let mut named = BTreeMap::new();
    let instances = section.instances(&[]);
    for (name, _) in &instances {
        super::source::check_name(&section, name);
        if name == "base" {
            section
                .impossible(name, "[train.base]: `base` is the model before any training; take another name");
        }
    }
    let has_main = instances.iter().any(|(name, _)| name == MAIN);
    let only_instances = section.is_only_tables();
    for (name, inner) in instances {
        let train = Train::read(&name, inner, models);
        named.insert(name, train);
    }
    if !has_main && (named.is_empty() || !only_instances) {
        let main = section.at("train.main").without_tables();
        named.insert(MAIN.to_owned(), Train::read(MAIN, main, models));
    } else {
        section.finish(true);
    }
    named
}
