//! From samples to the passes of a step: order, packing, trees, and the checks before the first step.

use chat::{SampleView, batch, seeded};
use model::{ModelConfig, Segment, TrainBatch};

use crate::{Order, Settings, Task, TrainError};

/// Most rows that an error names.
const NAMED_ROWS: usize = 5;

/// Samples, each cut behind its last trained token: what follows changes neither loss nor gradient.
#[derive(Debug)]
pub(crate) struct Samples<'a> {
    views: Vec<SampleView<'a>>,
    given_tokens: Vec<usize>,
    /// Where beginnings that samples share are computed once.
    planner: Option<batch::Planner<'a>>,
}

impl<'a> Samples<'a> {
    /// Checks every sample.
    ///
    /// # Errors
    /// A mask does not fit, no token is trained, or a sample is longer than the context; a label's number is none.
    /// Rows are named.
    pub fn new(given: &[SampleView<'a>], config: &ModelConfig, task: &Task) -> Result<Self, TrainError> {
        if let Some(bad) = given.iter().find(|s| s.ids.len() != s.trained.len()) {
            let (row, ids, flags) = (bad.row.to_owned(), bad.ids.len(), bad.trained.len());
            return Err(TrainError::MaskLength { row, ids, flags });
        }
        for sample in given {
            if let Some(&id) = sample.ids.iter().find(|&&id| id as usize >= config.vocab) {
                return Err(TrainError::TokenId { row: sample.row.to_owned(), id, vocab: config.vocab });
            }
        }
        let untrained: Vec<_> = given.iter().filter(|s| last_trained(s).is_none()).collect();
        if !untrained.is_empty() {
            let rows = untrained.iter().take(NAMED_ROWS).map(|s| s.row.to_owned()).collect();
            return Err(TrainError::NothingTrained { count: untrained.len(), rows });
        }
        if let Task::Labels(labels) = task {
            check_labels(given, labels.len())?;
        }
        let long: Vec<_> = given.iter().filter(|s| s.ids.len() > config.context).collect();
        if !long.is_empty() {
            let name = |s: &&SampleView| format!("{} ({} tokens)", s.row, s.ids.len());
            let rows = long.iter().copied().take(NAMED_ROWS).map(|s| name(&s)).collect();
            return Err(TrainError::TooLong { count: long.len(), rows, context: config.context });
        }
        let cut = |s: &SampleView<'a>| {
            let end = last_trained(s).map_or(0, |last| last + 1);
            SampleView { ids: &s.ids[..end], trained: &s.trained[..end], ..*s }
        };
        Ok(Self {
            views: given.iter().map(cut).collect(),
            given_tokens: given.iter().map(|s| s.ids.len()).collect(),
            planner: None,
        })
    }

    /// From here on, passes are laid out as trees.
    pub fn share(&mut self, settings: &Settings) {
        let options = batch::PlanOptions {
            budget_tokens: settings.micro_tokens,
            per_step: settings.samples_per_step,
            seed: settings.seed,
            min_shared: settings.min_shared,
        };
        self.planner = Some(batch::Planner::new(&self.views, options));
    }

    /// From here on, passes are packed.
    pub fn separate(&mut self) {
        self.planner = None;
    }

    pub fn len(&self) -> usize {
        self.views.len()
    }

    pub fn tokens(&self, sample: usize) -> usize {
        self.views[sample].ids.len()
    }

    /// Tokens before the cut.
    pub fn given_tokens(&self, sample: usize) -> usize {
        self.given_tokens[sample]
    }

    pub fn trained_tokens(&self, sample: usize) -> usize {
        self.views[sample].trained_tokens()
    }

    pub fn rows(&self, members: &[usize]) -> Vec<String> {
        members.iter().map(|&s| self.views[s].row.to_owned()).collect()
    }

    /// Puts members into passes of at most `micro_tokens` tokens: in their order, or siblings together, whose passes
    /// grow as far as sharing pays.
    pub fn passes(&self, members: &[usize], micro_tokens: usize) -> Vec<Vec<usize>> {
        if let Some(planner) = &self.planner {
            return planner.passes(members);
        }
        let mut passes: Vec<Vec<usize>> = Vec::new();
        let mut filled = 0;
        for &sample in members {
            let tokens = self.tokens(sample);
            match passes.last_mut() {
                Some(pass) if filled + tokens <= micro_tokens => pass.push(sample),
                _ => {
                    passes.push(vec![sample]);
                    filled = 0;
                }
            }
            filled += tokens;
        }
        passes
    }

    /// Tokens that a pass computes.
    pub fn pass_tokens(&self, pass: &[usize]) -> usize {
        match &self.planner {
            Some(planner) => planner.tokens(pass),
            None => pass.iter().map(|&sample| self.tokens(sample)).sum(),
        }
    }

    /// Lays a pass out: samples side by side, none seeing another; or as trees, in which what samples share at
    /// their beginning is laid once.
    pub fn lay_out(&self, pass: &[usize]) -> TrainBatch {
        self.build(pass, self.planner.as_ref().map_or(usize::MAX, batch::Planner::min_shared))
    }

    /// Lays out one sample alone.
    pub fn lay_out_alone(&self, sample: usize) -> TrainBatch {
        self.build(&[sample], usize::MAX)
    }

    fn build(&self, pass: &[usize], min_shared: usize) -> TrainBatch {
        let batch = batch::build(&self.views, pass, min_shared);
        let segment = |s: batch::Segment| Segment { start: s.start, len: s.len, ancestors: s.ancestors };
        TrainBatch {
            ids: batch.ids,
            positions: batch.positions,
            segments: batch.segments.into_iter().map(segment).collect(),
            loss_rows: batch.loss_rows,
            targets: batch.targets,
            weights: batch.weights,
        }
    }
}

/// A classifier's sample ends with the number of a label, and nothing else of it is trained.
fn check_labels(given: &[SampleView<'_>], labels: usize) -> Result<(), TrainError> {
    for sample in given {
        let row = || sample.row.to_owned();
        let last = sample.ids.len() - 1;
        if sample.trained.iter().position(|&t| t != 0) != Some(last) {
            return Err(TrainError::NoLabel { row: row() });
        }
        if sample.ids[last] as usize >= labels {
            return Err(TrainError::LabelNumber { row: row(), number: sample.ids[last], labels });
        }
    }
    Ok(())
}

/// Index of the last trained token; the first token has nothing that could predict it.
fn last_trained(sample: &SampleView) -> Option<usize> {
    sample.trained.iter().rposition(|&t| t != 0).filter(|&last| last > 0)
}

/// Which samples a step takes.
#[derive(Debug, Clone)]
pub(crate) struct Epochs {
    samples: usize,
    per_step: usize,
    order: Order,
    seed: u64,
    /// The steps of the epoch that was asked for last.
    current: Option<(u64, Vec<Vec<usize>>)>,
}

impl Epochs {
    pub fn new(samples: usize, settings: &Settings) -> Self {
        let Settings { samples_per_step: per_step, order, seed, .. } = *settings;
        Self { samples, per_step, order, seed, current: None }
    }

    pub fn steps_per_epoch(&self) -> u64 {
        self.samples.div_ceil(self.per_step) as u64
    }

    /// The samples of the step after `done` steps. The last step of an epoch may be smaller; each sample is taken
    /// once an epoch. Where samples are laid as trees, siblings meet.
    pub fn members(&mut self, samples: &Samples<'_>, done: u64) -> Vec<usize> {
        let (epoch, step) = (done / self.steps_per_epoch(), (done % self.steps_per_epoch()) as usize);
        if self.current.as_ref().is_none_or(|(current, _)| *current != epoch) {
            self.current = Some((epoch, self.steps(samples, epoch)));
        }
        self.current.as_ref().map(|(_, steps)| steps[step].clone()).unwrap_or_default()
    }

    fn steps(&self, samples: &Samples<'_>, epoch: u64) -> Vec<Vec<usize>> {
        if let (Order::Shuffled, Some(planner)) = (self.order, &samples.planner) {
            return planner.steps(epoch);
        }
        let mut order: Vec<usize> = (0..self.samples).collect();
        if self.order == Order::Shuffled {
            seeded::shuffle(&mut order, self.seed, epoch);
        }
        order.chunks(self.per_step).map(<[usize]>::to_vec).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_sample_is_taken_once_an_epoch_in_an_order_of_its_own() {
        let config = ModelConfig::preset("nano").unwrap();
        let ids: Vec<[u32; 2]> = (0..10).map(|id| [id, 1]).collect();
        let given: Vec<_> = ids.iter().map(|ids| sample("a", ids, &[0, 1])).collect();
        let mut samples = Samples::new(&given, &config, &Task::Language).unwrap();
        let settings = Settings { samples_per_step: 4, seed: 1, ..Settings::full(crate::Base::default()) };
        for shared in [false, true] {
            if shared {
                samples.share(&settings);
            }
            let mut epochs = Epochs::new(10, &settings);
            assert_eq!(epochs.steps_per_epoch(), 3);
            let mut take = |epoch: u64| -> Vec<usize> {
                (epoch * 3..epoch * 3 + 3).flat_map(|done| epochs.members(&samples, done)).collect()
            };
            let (first, second) = (take(0), take(1));
            assert_ne!(first, second);
            assert_eq!(first, take(0));
            for mut order in [first, second] {
                order.sort_unstable();
                assert_eq!(order, (0..10).collect::<Vec<_>>());
            }
        }
    }

    fn sample<'a>(row: &'a str, ids: &'a [u32], trained: &'a [u8]) -> SampleView<'a> {
        SampleView { row, part: 0, ids, trained }
    }

    #[test]
    fn passes_fill_up_to_the_budget_and_drop_what_follows_the_last_trained_token() {
        let config = ModelConfig::preset("nano").unwrap();
        let given = [
            sample("a", &[1, 2, 3, 4], &[0, 1, 0, 0]),
            sample("b", &[5, 6, 7], &[0, 0, 1]),
            sample("c", &[8, 9, 10, 11, 12, 13], &[0, 0, 0, 0, 0, 1]),
        ];
        let samples = Samples::new(&given, &config, &Task::Language).unwrap();
        assert_eq!(samples.passes(&[0, 1, 2], 5), [vec![0, 1], vec![2]]);
        let batch = samples.lay_out(&[0, 1]);
        assert_eq!(batch.ids, [1, 2, 5, 6, 7]);
        assert_eq!(batch.positions, [0, 1, 0, 1, 2]);
        assert_eq!((batch.loss_rows, batch.targets), (vec![0, 3], vec![2, 7]));
    }

    #[test]
    fn bad_samples_are_refused_by_name() {
        let config = ModelConfig { context: 3, ..ModelConfig::preset("nano").unwrap() };
        let message =
            |given: &[SampleView]| Samples::new(given, &config, &Task::Language).unwrap_err().to_string();
        assert_eq!(
            message(&[
                sample("a", &[1, 2], &[0, 0]),
                sample("b", &[1, 2], &[1, 0]),
                sample("c", &[1, 2], &[0, 1])
            ]),
            "2 samples have no trained token, such as a, b; correct their loss mask or reject them"
        );
        assert_eq!(
            message(&[sample("a", &[1, 2, 3, 4], &[0, 0, 0, 1])]),
            "1 samples are longer than the model's context of 3 tokens, such as a (4 tokens); lower the greatest \
             length when tokenizing"
        );
        assert_eq!(
            message(&[sample("a", &[1, 2], &[0])]),
            "sample a has 2 tokens and 1 loss flags; they must be as many"
        );
        assert_eq!(
            message(&[sample("a", &[1, 8192], &[0, 1])]),
            "sample a has token 8192, the model's vocabulary has 8192; tokenize with the tokenizer that belongs to \
             this model"
        );
    }
}
