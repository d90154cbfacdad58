//! Which samples meet in which batch: each once an epoch, in an order that the seed decides.

use super::tree::{Node, Sorted};
use crate::sample::SampleView;
use crate::seeded;

/// How samples are put into batches.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlanOptions {
    /// Most tokens a batch may lay out.
    pub budget_tokens: usize,
    /// Most samples a batch may hold; `usize::MAX` for no limit.
    pub max_samples: usize,
    /// Decides the order.
    pub seed: u64,
    /// Least tokens for which a shared beginning is laid once; `usize::MAX` never shares.
    pub min_shared: usize,
}

/// Why samples cannot be put into batches.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PlanError {
    /// There is nothing to train on.
    #[error("there are no samples")]
    Empty,
    /// A sample is larger than a batch.
    #[error(
        "{row} has {tokens} tokens; a batch holds {budget}: raise the token budget or lower max_len_tokens"
    )]
    TooLong {
        /// Which row.
        row: String,
        /// Its tokens.
        tokens: usize,
        /// The budget.
        budget: usize,
    },
}

/// What an epoch costs, told before the first step.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    /// Samples.
    pub samples: usize,
    /// Batches.
    pub batches: usize,
    /// Tokens that carry loss.
    pub trained_tokens: usize,
    /// Tokens if each batch were padded to its longest sample.
    pub padded_tokens: usize,
    /// Tokens of the samples one after another.
    pub packed_tokens: usize,
    /// Tokens that are really computed.
    pub tree_tokens: usize,
    /// Tokens of the largest batch as it is computed.
    pub largest_batch_tokens: usize,
}

impl Counts {
    /// The share of padded tokens that are not computed, 0 to 1.
    pub fn saving(&self) -> f64 {
        if self.padded_tokens == 0 {
            return 0.0;
        }
        1.0 - self.tree_tokens as f64 / self.padded_tokens as f64
    }
}

/// The batches of one epoch, in order; each lists samples for [`super::build`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Epoch {
    /// Samples of each batch.
    pub batches: Vec<Vec<usize>>,
    /// What they cost.
    pub counts: Counts,
}

/// Plans epochs over one split.
#[derive(Debug)]
pub struct Planner<'a> {
    samples: &'a [SampleView<'a>],
    options: PlanOptions,
    roots: Vec<Node>,
    /// The place of each sample in the order of tokens.
    rank: Vec<usize>,
}

impl<'a> Planner<'a> {
    /// Finds the common beginnings of all samples.
    ///
    /// # Errors
    /// [`PlanError`], before any work is done.
    pub fn new(samples: &'a [SampleView<'a>], options: PlanOptions) -> Result<Self, PlanError> {
        if samples.is_empty() {
            return Err(PlanError::Empty);
        }
        let budget = options.budget_tokens;
        if let Some(sample) = samples.iter().find(|sample| sample.ids.len() > budget) {
            return Err(PlanError::TooLong { row: sample.row.to_string(), tokens: sample.ids.len(), budget });
        }
        let all: Vec<usize> = (0..samples.len()).collect();
        let sorted = Sorted::new(samples, &all);
        let mut rank = vec![0; samples.len()];
        for (place, &sample) in sorted.members().iter().enumerate() {
            rank[sample] = place;
        }
        Ok(Self { samples, roots: sorted.nodes(options.min_shared), options, rank })
    }

    /// The batches of one epoch. Siblings of a common beginning follow each other in a random
    /// order, and batches come in a random order.
    pub fn epoch(&self, epoch: u64) -> Epoch {
        let mut order = Vec::with_capacity(self.samples.len());
        let mut branches = 0;
        walk(&self.roots, seeded::at(self.options.seed, epoch), &mut branches, &mut order);
        let mut batches = self.cut(&order);
        seeded::shuffle(&mut batches, seeded::at(self.options.seed, epoch), u64::MAX);
        let counts = self.count(&batches);
        Epoch { batches, counts }
    }

    /// Cuts the order where the budget is full, counting tokens as they will be laid.
    fn cut(&self, order: &[usize]) -> Vec<Vec<usize>> {
        let mut batches: Vec<Vec<usize>> = Vec::new();
        let mut open = Sorted::default();
        for &sample in order {
            let grown = open.with(self.samples, &self.rank, sample);
            let laid = laid_tokens(self.samples, &grown.nodes(self.options.min_shared), 0);
            let fits =
                laid <= self.options.budget_tokens && grown.members().len() <= self.options.max_samples;
            if fits || open.members().is_empty() {
                open = grown;
                continue;
            }
            batches.push(open.members().to_vec());
            open = Sorted::default().with(self.samples, &self.rank, sample);
        }
        batches.push(open.members().to_vec());
        for batch in &mut batches {
            batch.sort_unstable();
        }
        batches
    }

    fn count(&self, batches: &[Vec<usize>]) -> Counts {
        let mut counts = Counts { samples: self.samples.len(), batches: batches.len(), ..Counts::default() };
        for batch in batches {
            let lens = batch.iter().map(|&i| self.samples[i].ids.len());
            counts.packed_tokens += lens.clone().sum::<usize>();
            counts.padded_tokens += lens.max().unwrap_or(0) * batch.len();
            counts.trained_tokens += batch.iter().map(|&i| self.samples[i].trained_tokens()).sum::<usize>();
            let laid = laid_tokens(
                self.samples,
                &Sorted::new(self.samples, batch).nodes(self.options.min_shared),
                0,
            );
            counts.tree_tokens += laid;
            counts.largest_batch_tokens = counts.largest_batch_tokens.max(laid);
        }
        counts
    }
}

/// Leaves in an order that the seed decides, siblings together; `branches` counts those passed.
fn walk(nodes: &[Node], seed: u64, branches: &mut u64, order: &mut Vec<usize>) {
    let mut shuffled: Vec<&Node> = nodes.iter().collect();
    seeded::shuffle(&mut shuffled, seed, *branches);
    *branches += 1;
    for node in shuffled {
        match node {
            Node::Leaf(sample) => order.push(*sample),
            Node::Branch { children, .. } => walk(children, seed, branches, order),
        }
    }
}

/// Tokens that a layout of these nodes holds, the first `above` of each being laid already.
fn laid_tokens(samples: &[SampleView], nodes: &[Node], above: usize) -> usize {
    let laid = |node: &Node| match node {
        Node::Leaf(sample) => samples[*sample].ids.len() - above,
        Node::Branch { depth, children } => depth - above + laid_tokens(samples, children, *depth),
    };
    nodes.iter().map(laid).sum()
}
