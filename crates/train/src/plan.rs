//! What a training will do, known before its first step.

use kernels::Device;
use model::adapter::TENSOR_FILE;
use model::{ModelConfig, TrainBatch};
use sha2::{Digest as _, Sha256};

use chat::SampleView;

use crate::batches::{Epochs, Samples};
use crate::learner::Learner;
use crate::memory::Largest;
use crate::{Batching, Length, Method, PlanFigures, Settings, TrainError};

/// The share of tokens from which on trees are chosen.
const WORTHWHILE: f64 = 0.1;

/// Samples, steps, and the digest that a checkpoint must have.
pub(crate) struct Plan<'a> {
    pub train: Samples<'a>,
    pub valid: Samples<'a>,
    pub epochs: Epochs,
    pub steps: u64,
    pub warmup: u64,
    pub digest: String,
    pub batching: Batching,
    /// Tokens of the first epoch as trees.
    pub tree_tokens: usize,
    /// The greatest that any pass has.
    pub largest: Largest,
}

impl<'a> Plan<'a> {
    /// Checks settings and samples.
    pub fn new(
        settings: &Settings,
        config: &ModelConfig,
        train: &[SampleView<'a>],
        valid: &[SampleView<'a>],
    ) -> Result<Self, TrainError> {
        settings.check()?;
        if train.is_empty() {
            return Err(TrainError::NoSamples);
        }
        let digest = digest(settings, config, train, valid)?;
        let (mut train, mut valid) =
            (Samples::new(train, config, &settings.task)?, Samples::new(valid, config, &settings.task)?);
        let epochs = Epochs::new(train.len(), settings);
        train.share(settings);
        let tree_tokens = computed(&train, &epochs, settings);
        let batching = choose(settings, &train, tree_tokens);
        if batching == Batching::Tree {
            valid.share(settings);
        } else {
            train.separate();
        }
        let steps = match settings.length {
            Length::Steps(steps) => steps,
            Length::Epochs(count) => (count * epochs.steps_per_epoch() as f64).ceil() as u64,
        };
        let warmup = settings.warmup.steps(steps);
        let largest = Largest::default();
        let mut plan = Self { train, valid, epochs, steps, warmup, digest, batching, tree_tokens, largest };
        plan.largest = plan.find_largest(settings);
        Ok(plan)
    }

    /// Epochs that `step` steps are.
    pub fn epoch(&self, step: u64) -> f64 {
        step as f64 / self.epochs.steps_per_epoch() as f64
    }

    /// The learning rate of the step after `done` steps.
    pub fn learning_rate(&self, settings: &Settings, done: u64) -> f64 {
        settings.learning_rate * settings.schedule.factor(done, self.warmup, self.steps)
    }

    /// Calls `f` with every pass of the first epoch and of the valid split; they stand for all.
    fn each_pass(&self, settings: &Settings, mut f: impl FnMut(&Samples<'a>, &[usize])) {
        let mut order = self.epochs.clone();
        let mut each = |samples: &Samples<'a>, members: &[usize]| {
            samples.passes(members, settings.micro_tokens).iter().for_each(|pass| f(samples, pass));
        };
        for done in 0..order.steps_per_epoch() {
            each(&self.train, &order.members(&self.train, done));
        }
        each(&self.valid, &(0..self.valid.len()).collect::<Vec<_>>());
    }

    fn find_largest(&self, settings: &Settings) -> Largest {
        let mut largest = Largest::default();
        self.each_pass(settings, |samples, pass| {
            let (rows, loss_rows) = sizes(samples, pass);
            let grown = (pass.len() > 1 && rows > settings.micro_tokens).then_some(rows);
            largest = Largest {
                rows: largest.rows.max(rows),
                loss_rows: largest.loss_rows.max(loss_rows),
                grown: largest.grown.max(grown),
            };
        });
        largest
    }

    /// The pass of most rows, laid out; of several the one with most loss rows.
    pub fn largest_pass(&self, settings: &Settings) -> Option<TrainBatch> {
        let mut found: Option<((usize, usize), TrainBatch)> = None;
        self.each_pass(settings, |samples, pass| {
            let size = sizes(samples, pass);
            if found.as_ref().is_none_or(|(largest, _)| size > *largest) {
                found = Some((size, samples.lay_out(pass)));
            }
        });
        found.map(|(_, batch)| batch)
    }

    /// The plan in figures; those of the first epoch stand for all.
    pub fn figures<D: Device>(&self, settings: &Settings, learner: &Learner<'_, D>) -> PlanFigures {
        let config = learner.decoder.config();
        let trainable = learner.trainable.parameters.layout.total;
        let Largest { rows, loss_rows, grown } = self.largest;
        let trained = Some(&learner.trainable);
        let memory = learner.decoder.memory_plan(trained, rows, loss_rows, learner.recompute());
        let tokens = |sample: usize| self.train.tokens(sample);
        let packed: usize = (0..self.train.len()).map(tokens).sum();
        let mut order = self.epochs.clone();
        let padded: usize = (0..order.steps_per_epoch())
            .map(|done| order.members(&self.train, done))
            .map(|members| {
                members.iter().map(|&s| self.train.given_tokens(s)).max().unwrap_or(0) * members.len()
            })
            .sum();
        PlanFigures {
            samples: self.train.len(),
            valid_samples: self.valid.len(),
            steps: self.steps,
            steps_per_epoch: self.epochs.steps_per_epoch(),
            epochs: self.epoch(self.steps),
            tokens: (0..self.train.len()).map(|s| self.train.given_tokens(s) as u64).sum(),
            trained_tokens: (0..self.train.len()).map(|s| self.train.trained_tokens(s) as u64).sum(),
            padded_tokens: padded as u64,
            packed_tokens: packed as u64,
            tree_tokens: self.tree_tokens as u64,
            batching: self.batching,
            longest_tokens: (0..self.train.len()).map(|s| self.train.given_tokens(s)).max().unwrap_or(0),
            samples_per_step: settings.samples_per_step,
            trainable_parameters: trainable,
            base_parameters: config.parameters(),
            largest_pass_tokens: rows,
            grown_pass_tokens: grown,
            memory,
            digest: self.digest.clone(),
        }
    }
}

/// What a training will compute, told by its samples and the model's configuration alone.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Outlook {
    /// Optimizer steps.
    pub steps: u64,
    /// Epochs, with a fraction.
    pub epochs: f64,
    /// Tokens that an epoch computes, laid as they will be.
    pub tokens: u64,
    /// Pairs of a token and one that it sees, in an epoch.
    pub pairs: f64,
    /// Tokens with a loss, in an epoch.
    pub loss_tokens: u64,
    /// Tokens of the valid split.
    pub valid_tokens: u64,
    /// Rows of the largest pass.
    pub rows: usize,
    /// Rows with a loss of any pass, at most.
    pub loss_rows: usize,
}

/// Looks ahead of a training, without a model.
///
/// # Errors
/// Settings or samples that [`run`](crate::run) would refuse.
pub fn outlook(
    settings: &Settings,
    config: &ModelConfig,
    train: &[SampleView<'_>],
    valid: &[SampleView<'_>],
) -> Result<Outlook, TrainError> {
    let plan = Plan::new(settings, config, train, valid)?;
    let lens: Vec<usize> = (0..plan.train.len()).map(|sample| plan.train.tokens(sample)).collect();
    let packed: usize = lens.iter().sum();
    let tokens = if plan.batching == Batching::Tree { plan.tree_tokens } else { packed };
    // What samples share is seen once as well.
    let shared = tokens as f64 / packed.max(1) as f64;
    Ok(Outlook {
        steps: plan.steps,
        epochs: plan.epoch(plan.steps),
        tokens: tokens as u64,
        pairs: shared * lens.iter().map(|len| (len * len) as f64 / 2.0).sum::<f64>(),
        loss_tokens: (0..plan.train.len()).map(|s| plan.train.trained_tokens(s) as u64).sum(),
        valid_tokens: (0..plan.valid.len()).map(|s| plan.valid.tokens(s) as u64).sum(),
        rows: plan.largest.rows,
        loss_rows: plan.largest.loss_rows,
    })
}

/// Tokens that the first epoch computes.
fn computed(samples: &Samples<'_>, epochs: &Epochs, settings: &Settings) -> usize {
    let mut epochs = epochs.clone();
    (0..epochs.steps_per_epoch())
        .flat_map(|done| samples.passes(&epochs.members(samples, done), settings.micro_tokens))
        .map(|pass| samples.pass_tokens(&pass))
        .sum()
}

/// Packed, or trees where those are asked for, or are worthwhile and exact.
fn choose(settings: &Settings, samples: &Samples<'_>, tree_tokens: usize) -> Batching {
    let packed: usize = (0..samples.len()).map(|s| samples.tokens(s)).sum();
    let saves = 1.0 - tree_tokens as f64 / packed as f64 >= WORTHWHILE;
    match settings.batching {
        Batching::Auto if saves && settings.dropout() == 0.0 => Batching::Tree,
        Batching::Auto => Batching::Packed,
        asked => asked,
    }
}

/// Rows, and rows with a loss, of a pass as it is laid out.
fn sizes(samples: &Samples<'_>, pass: &[usize]) -> (usize, usize) {
    let rows = samples.pass_tokens(pass);
    let loss_rows: usize = pass.iter().map(|&s| samples.trained_tokens(s)).sum();
    (rows, loss_rows.min(rows))
}

/// SHA-256 of everything that decides the result.
fn digest(
    settings: &Settings,
    config: &ModelConfig,
    train: &[SampleView<'_>],
    valid: &[SampleView<'_>],
) -> Result<String, TrainError> {
    let mut hash = Sha256::new();
    if let Method::Lora { start_from: Some(folder), .. } = &settings.method {
        let path = folder.join(TENSOR_FILE);
        hash.update(std::fs::read(&path).map_err(TrainError::io("read", &path))?);
    }
    hash.update(settings.to_json().to_string());
    hash.update(config.to_config_json().to_string());
    for split in [train, valid] {
        hash.update((split.len() as u64).to_le_bytes());
        for sample in split {
            hash.update((sample.row.len() as u64).to_le_bytes());
            hash.update(sample.row);
            hash.update(sample.part.to_le_bytes());
            hash.update((sample.ids.len() as u64).to_le_bytes());
            hash.update(sample.ids.iter().flat_map(|id| id.to_le_bytes()).collect::<Vec<u8>>());
            hash.update((sample.trained.len() as u64).to_le_bytes());
            hash.update(sample.trained);
        }
    }
    let mut text = String::new();
    for byte in hash.finalize() {
        text += &format!("{byte:02x}");
    }
    Ok(text)
}
