//! What a training is told: everything that decides its result, and how often it looks up.

use std::path::PathBuf;

use kernels::quant::Format;
use model::{LoraConfig, LoraTargets, Recompute};
use serde_json::{Value, json};

use crate::{Schedule, TrainError, Warmup};

/// Settings of one training.
#[derive(Debug, Clone, PartialEq)]
pub struct Settings {
    /// What is trained.
    pub method: Method,
    /// What it learns.
    pub task: Task,
    /// The model that is trained on.
    pub base: Base,
    /// How long.
    pub length: Length,
    /// Samples of one optimizer step.
    pub samples_per_step: usize,
    /// Tokens of one forward and backward pass; a step is as many passes as it needs. A longer sample has a pass
    /// of its own; where samples are laid as trees, it is joined by such as share half of their tokens or more, up to
    /// twice the longest. A step does not depend on it, except for rounding; which samples meet in a step does, where
    /// they are laid as trees.
    pub micro_tokens: usize,
    /// How the samples of a step are laid together.
    pub batching: Batching,
    /// Beginnings that samples share are computed once from so many tokens on; shorter ones cost more than they save.
    pub min_shared: usize,
    /// Which blocks are computed again in the backward pass, to hold less; None takes as few as fit. The result does
    /// not depend on it.
    pub recompute: Option<Recompute>,
    /// The most bytes that the process may hold; None is what the machine has left. The result does not depend on it.
    pub memory_bytes: Option<u64>,
    /// In which order an epoch takes the samples.
    pub order: Order,
    /// Of order, initial values and dropout.
    pub seed: u64,
    /// The greatest learning rate.
    pub learning_rate: f64,
    /// How the learning rate falls.
    pub schedule: Schedule,
    /// How the learning rate rises first.
    pub warmup: Warmup,
    /// The optimizer's constants.
    pub adam: Adam,
    /// Gradients with a greater norm are scaled down to it.
    pub max_grad_norm: Option<f64>,
    /// When the valid split is measured.
    pub eval_every: Every,
    /// When a checkpoint is written; besides at the end, and where the valid split is best.
    pub checkpoint_every: Every,
    /// Checkpoints that are kept beside the best one; at least 1.
    pub keep_checkpoints: usize,
    /// When to end before the length is reached.
    pub early_stop: Option<EarlyStop>,
    /// Which checkpoint becomes the result.
    pub result: ResultFrom,
}

/// What is learned.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Task {
    /// The next token, where a sample's mask says so.
    Language,
    /// A label for the whole text. A sample is the text's tokens and behind them the label's number, which alone is
    /// trained; the head `score` reads the last norm's output at the text's last token and is trained with the rest.
    Labels(Vec<String>),
}

impl Task {
    /// A classifier's labels; none for a language model.
    pub fn labels(&self) -> &[String] {
        match self {
            Self::Language => &[],
            Self::Labels(labels) => labels,
        }
    }
}

/// What is trained.
#[derive(Debug, Clone, PartialEq)]
pub enum Method {
    /// A low-rank adapter; the base stays as it is.
    Lora {
        /// Rank, targets and so on.
        lora: LoraConfig,
        /// The learning rate of B over that of A (LoRA+, Hayou et al. 2024); 1 is plain LoRA.
        b_ratio: f64,
        /// An adapter folder to go on from, instead of random A and B = 0.
        start_from: Option<PathBuf>,
    },
    /// Every parameter.
    Full,
}

/// The model that is trained on, as the outputs name it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Base {
    /// Hub id or folder.
    pub name: String,
    /// Revision on the Hub.
    pub revision: Option<String>,
    /// Digest of the weights; part of what a checkpoint must agree with. May be empty.
    pub digest: String,
    /// The command that writes the model as a folder, where other tools do not know its name.
    pub export: Option<String>,
    /// The format in which the matrices of the blocks are held while an adapter is trained over them (QLoRA, Dettmers
    /// et al. 2023); as they are in their file where there is none.
    pub weights: Option<Format>,
}

/// How long a training runs.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Length {
    /// Passes over the training split; a part of a pass is rounded up to whole steps.
    Epochs(f64),
    /// Optimizer steps.
    Steps(u64),
}

/// How the samples of a step are laid together. A step's gradient does not depend on it, except for rounding.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Batching {
    /// As trees where that saves a tenth of the tokens or more and nothing is dropped, else packed.
    Auto,
    /// Side by side, without padding.
    Packed,
    /// As prefix trees: a beginning that samples share is computed once. Siblings meet in a step. Not with dropout,
    /// which would drop the same for all of them.
    Tree,
}

impl Batching {
    /// Its name in recipes.
    pub fn name(self) -> &'static str {
        match self {
            Self::Auto => "auto",
            Self::Packed => "packed",
            Self::Tree => "tree",
        }
    }
}

/// In which order an epoch takes the samples.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Order {
    /// Shuffled, by seed and epoch.
    Shuffled,
    /// As they are given.
    AsGiven,
}

/// Constants of AdamW.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Adam {
    /// Decay of the mean of gradients.
    pub beta1: f64,
    /// Decay of the mean of squared gradients.
    pub beta2: f64,
    /// Added to the root of the second mean.
    pub eps: f64,
    /// Decoupled decay of matrices; vectors are not decayed.
    pub weight_decay: f64,
}

impl Default for Adam {
    fn default() -> Self {
        Self { beta1: 0.9, beta2: 0.999, eps: 1e-8, weight_decay: 0.0 }
    }
}

/// How often something happens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Every {
    /// Not at all, except at the end.
    End,
    /// After each so many steps.
    Steps(u64),
    /// After each epoch.
    Epoch,
}

/// When to end before the length is reached.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct EarlyStop {
    /// Ends after so many measurements without gain.
    pub patience: u32,
    /// The least gain that counts.
    pub min_gain: f64,
}

/// Which checkpoint becomes the result.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ResultFrom {
    /// The last step's.
    Last,
    /// The one with the least loss on the valid split; the last one where there is no valid split.
    BestLoss,
    /// The one with the best in-loop metric; by loss where there is none.
    BestMetric,
}

impl Settings {
    /// Sensible settings for an adapter: three epochs, 16 samples a step, 2e-4 falling along a cosine.
    pub fn lora(base: Base, rank: usize, targets: LoraTargets) -> Self {
        let lora = LoraConfig { rank, alpha: 2.0 * rank as f32, dropout: 0.0, targets, rslora: false };
        Self {
            method: Method::Lora { lora, b_ratio: 1.0, start_from: None },
            task: Task::Language,
            base,
            length: Length::Epochs(3.0),
            samples_per_step: 16,
            micro_tokens: 2048,
            batching: Batching::Auto,
            min_shared: 16,
            recompute: None,
            memory_bytes: None,
            order: Order::Shuffled,
            seed: 42,
            learning_rate: 2e-4,
            schedule: Schedule::Cosine,
            warmup: Warmup::Share(0.03),
            adam: Adam::default(),
            max_grad_norm: Some(1.0),
            eval_every: Every::Epoch,
            checkpoint_every: Every::Epoch,
            keep_checkpoints: 1,
            early_stop: None,
            result: ResultFrom::BestLoss,
        }
    }

    /// Sensible settings for all parameters: as [`Settings::lora`] with a decay of 0.1.
    pub fn full(base: Base) -> Self {
        let adam = Adam { weight_decay: 0.1, ..Adam::default() };
        Self { method: Method::Full, adam, ..Self::lora(base, 1, LoraTargets::All) }
    }

    /// Everything that decides the numbers, as JSON: hashed into the digest, and shown in the model card.
    pub fn to_json(&self) -> Value {
        let mut base = json!({
            "name": self.base.name, "revision": self.base.revision, "digest": self.base.digest
        });
        // Only where it is set, so that what was trained over plain weights keeps its digest.
        if let Some(format) = self.base.weights {
            base["weights"] = format.name().into();
        }
        let mut all = json!({
            "method": self.method.to_json(),
            "base": base,
            "length": match self.length {
                Length::Epochs(epochs) => json!({ "epochs": epochs }),
                Length::Steps(steps) => json!({ "steps": steps }),
            },
            "samples_per_step": self.samples_per_step,
            "micro_tokens": self.micro_tokens,
            "batching": self.batching.name(),
            "min_shared": self.min_shared,
            "order": match self.order { Order::Shuffled => "shuffled", Order::AsGiven => "as_given" },
            "seed": self.seed,
            "learning_rate": self.learning_rate,
            "schedule": self.schedule.name(),
            "warmup": match self.warmup {
                Warmup::Steps(steps) => json!({ "steps": steps }),
                Warmup::Share(share) => json!({ "share": share }),
            },
            "adam_beta1": self.adam.beta1,
            "adam_beta2": self.adam.beta2,
            "adam_eps": self.adam.eps,
            "weight_decay": self.adam.weight_decay,
            "max_grad_norm": self.max_grad_norm,
            "eval_every": self.eval_every.to_json(),
            "early_stop": self.early_stop.map(|s| json!({ "patience": s.patience, "min_gain": s.min_gain })),
            "result": match self.result {
                ResultFrom::Last => "last",
                ResultFrom::BestLoss => "best_loss",
                ResultFrom::BestMetric => "best_metric",
            },
        });
        if let Task::Labels(labels) = &self.task {
            all["labels"] = json!(labels);
        }
        all
    }

    /// The same without dropout.
    pub(crate) fn without_dropout(&self) -> Self {
        let mut settings = self.clone();
        if let Method::Lora { lora, .. } = &mut settings.method {
            lora.dropout = 0.0;
        }
        settings
    }

    /// The share of adapter inputs that are dropped.
    pub(crate) fn dropout(&self) -> f32 {
        match &self.method {
            Method::Lora { lora, .. } => lora.dropout,
            Method::Full => 0.0,
        }
    }

    /// Checks ranges; what depends on the model is checked where the model is known.
    pub(crate) fn check(&self) -> Result<(), TrainError> {
        let positive = |setting, value: f64| {
            let good = value.is_finite() && value > 0.0;
            good.then_some(()).ok_or_else(|| refuse(setting, &value, "a positive number"))
        };
        let count = |setting, value: usize| {
            (value > 0).then_some(()).ok_or_else(|| refuse(setting, &value, "at least 1"))
        };
        let below_one = |setting, value: f64| {
            (0.0..1.0)
                .contains(&value)
                .then_some(())
                .ok_or_else(|| refuse(setting, &value, "at least 0 and less than 1"))
        };
        if let Task::Labels(labels) = &self.task {
            model::config::check_labels("the task", labels)?;
        }
        count("samples_per_step", self.samples_per_step)?;
        count("micro_tokens", self.micro_tokens)?;
        count("min_shared", self.min_shared)?;
        count("keep_checkpoints", self.keep_checkpoints)?;
        if self.batching == Batching::Tree && self.dropout() > 0.0 {
            return Err(TrainError::TreeDropout { dropout: self.dropout() });
        }
        positive("learning_rate", self.learning_rate)?;
        positive("adam_eps", self.adam.eps)?;
        below_one("adam_beta1", self.adam.beta1)?;
        below_one("adam_beta2", self.adam.beta2)?;
        if !(self.adam.weight_decay.is_finite() && self.adam.weight_decay >= 0.0) {
            return Err(refuse("weight_decay", &self.adam.weight_decay, "0 or a positive number"));
        }
        if let Some(norm) = self.max_grad_norm {
            positive("max_grad_norm", norm)?;
        }
        match (&self.method, self.base.weights) {
            (Method::Lora { b_ratio, .. }, _) => positive("b_ratio", *b_ratio)?,
            (Method::Full, Some(format)) => {
                let allowed = "absent where every weight is trained; quantised weights carry an adapter only";
                return Err(refuse("weights", &format.name(), allowed));
            }
            (Method::Full, None) => {}
        }
        if let Warmup::Share(share) = self.warmup {
            below_one("warmup", share)?;
        }
        for every in [self.eval_every, self.checkpoint_every] {
            if every == Every::Steps(0) {
                return Err(refuse("every", &0, "at least 1 step"));
            }
        }
        match self.length {
            Length::Epochs(epochs) => positive("epochs", epochs),
            Length::Steps(steps) => count("steps", usize::try_from(steps).unwrap_or(usize::MAX)),
        }
    }
}

impl Method {
    fn to_json(&self) -> Value {
        match self {
            Self::Full => json!({ "name": "full" }),
            Self::Lora { lora, b_ratio, start_from } => json!({
                "name": "lora",
                "rank": lora.rank,
                "alpha": shortest(lora.alpha),
                "dropout": shortest(lora.dropout),
                "targets": match &lora.targets {
                    LoraTargets::All => json!("all"),
                    LoraTargets::Named(names) => json!(names),
                },
                "rslora": lora.rslora,
                "b_ratio": b_ratio,
                "continued": start_from.is_some(),
            }),
        }
    }
}

/// The short decimal form of an f32, so that 0.1 is not shown as 0.10000000149011612.
fn shortest(value: f32) -> f64 {
    value.to_string().parse().unwrap_or(f64::from(value))
}

impl Every {
    /// Whether it is due after `step`, when an epoch has `steps_per_epoch` steps.
    pub(crate) fn due(self, step: u64, steps_per_epoch: u64) -> bool {
        match self {
            Self::End => false,
            Self::Steps(n) => step.is_multiple_of(n),
            Self::Epoch => step.is_multiple_of(steps_per_epoch),
        }
    }

    fn to_json(self) -> Value {
        match self {
            Self::End => json!("end"),
            Self::Steps(n) => json!({ "steps": n }),
            Self::Epoch => json!("epoch"),
        }
    }
}

fn refuse(setting: &'static str, given: &dyn std::fmt::Display, allowed: &'static str) -> TrainError {
    TrainError::Setting { setting, given: given.to_string(), allowed }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check_refused(change: impl FnOnce(&mut Settings), message: &str) {
        let mut settings = Settings::lora(Base::default(), 4, LoraTargets::All);
        change(&mut settings);
        assert_eq!(settings.check().unwrap_err().to_string(), message);
    }

    #[test]
    fn impossible_settings_are_named() {
        check_refused(|s| s.samples_per_step = 0, "`samples_per_step` is 0; it must be at least 1");
        check_refused(|s| s.learning_rate = f64::NAN, "`learning_rate` is NaN; it must be a positive number");
        check_refused(|s| s.adam.beta2 = 1.0, "`adam_beta2` is 1; it must be at least 0 and less than 1");
        check_refused(|s| s.length = Length::Epochs(-1.0), "`epochs` is -1; it must be a positive number");
        check_refused(
            |s| (s.method, s.base.weights) = (Method::Full, Some(Format::Nf4)),
            "`weights` is nf4; it must be absent where every weight is trained; quantised weights carry an \
             adapter only",
        );
        check_refused(|s| s.eval_every = Every::Steps(0), "`every` is 0; it must be at least 1 step");
        check_refused(
            |s| s.warmup = Warmup::Share(1.5),
            "`warmup` is 1.5; it must be at least 0 and less than 1",
        );
    }

    #[test]
    fn a_tree_with_dropout_is_refused() {
        let drop = |s: &mut Settings| {
            s.batching = Batching::Tree;
            if let Method::Lora { lora, .. } = &mut s.method {
                lora.dropout = 0.1;
            }
        };
        let message = "batching \"tree\" computes a shared beginning once, so that a dropout of 0.1 would drop the same \
                       for all samples that share it; set dropout to 0, or batching to \"packed\"";
        check_refused(drop, message);
    }

    #[test]
    fn what_does_not_change_the_numbers_does_not_change_the_json() {
        let settings = Settings::full(Base::default());
        let other = Settings { checkpoint_every: Every::Steps(3), keep_checkpoints: 9, ..settings.clone() };
        assert_eq!(settings.to_json(), other.to_json());
        assert_ne!(settings.to_json(), Settings { seed: 7, ..settings.clone() }.to_json());
        let nf4 = Base { weights: Some(Format::Nf4), ..Base::default() };
        assert_ne!(settings.to_json(), Settings { base: nf4, ..settings.clone() }.to_json());
    }
}
