//! Which samples meet in which step and in which pass: each once an epoch, in an order that the seed decides.

use std::collections::VecDeque;

use super::tree::{Node, Sorted, common};
use crate::sample::SampleView;
use crate::seeded;

/// Groups that are looked through for one that fits what is left of a step.
const LOOK_AHEAD: usize = 256;

/// A pass that is grown above its budget for what its samples share holds at most so many times its longest sample,
/// which alone needs a pass as large as itself.
const GROWN_TIMES: usize = 2;

/// How samples are put into steps and passes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlanOptions {
    /// Most tokens that a pass may lay out. Where that is less than twice its longest sample, the pass grows up to
    /// there by samples that add at most half of their tokens, because they share the rest. A longer sample that
    /// meets none of those has a pass of its own.
    pub budget_tokens: usize,
    /// Samples of a step, at least 1.
    pub per_step: usize,
    /// Decides the order.
    pub seed: u64,
    /// Least tokens for which a shared beginning is laid once; `usize::MAX` never shares.
    pub min_shared: usize,
}

/// Plans epochs over one split.
#[derive(Debug)]
pub struct Planner<'a> {
    samples: Vec<SampleView<'a>>,
    options: PlanOptions,
    roots: Vec<Node>,
    /// The place of each sample in the order of tokens.
    rank: Vec<usize>,
}

impl<'a> Planner<'a> {
    /// Finds the common beginnings of all samples.
    pub fn new(samples: &[SampleView<'a>], options: PlanOptions) -> Self {
        let all: Vec<usize> = (0..samples.len()).collect();
        let sorted = Sorted::new(samples, &all);
        let mut rank = vec![0; samples.len()];
        for (place, &sample) in sorted.members().iter().enumerate() {
            rank[sample] = place;
        }
        Self { samples: samples.to_vec(), roots: sorted.nodes(options.min_shared), options, rank }
    }

    /// The least length of a shared beginning that is laid once.
    pub fn min_shared(&self) -> usize {
        self.options.min_shared
    }

    /// The samples of each step of an epoch. All steps but the last have `per_step` samples.
    ///
    /// Siblings of a common beginning follow each other in a random order and are cut into groups of the token
    /// budget; groups come in a random order. One that does not fit what is left of a step lets a later one go
    /// before, and is cut where none fits.
    pub fn steps(&self, epoch: u64) -> Vec<Vec<usize>> {
        let seed = seeded::at(self.options.seed, epoch);
        let (mut groups, mut branches) = (Vec::new(), 0);
        for root in &self.roots {
            let mut order = Vec::new();
            walk(std::slice::from_ref(root), seed, &mut branches, &mut order);
            self.cut(&order, self.options.per_step, &mut groups);
        }
        seeded::shuffle(&mut groups, seed, u64::MAX);
        fill(groups.into(), self.options.per_step)
    }

    /// The passes of a step: its samples in groups whose layout by [`super::build`] keeps the budget or is grown
    /// because that pays, siblings together. What siblings share is laid again in each pass that holds some of them.
    pub fn passes(&self, members: &[usize]) -> Vec<Vec<usize>> {
        let mut order = members.to_vec();
        order.sort_by_key(|&sample| self.rank[sample]);
        let mut groups = Vec::new();
        let shares = |&a: &usize, &b: &usize| {
            common(self.samples[a].ids, self.samples[b].ids) >= self.options.min_shared.max(1)
        };
        for family in order.chunk_by(shares) {
            self.cut(family, usize::MAX, &mut groups);
        }
        let mut passes: Vec<(usize, Vec<usize>)> = Vec::new();
        for group in groups {
            let tokens = self.tokens(&group);
            let room = passes
                .iter_mut()
                .find(|(filled, _)| filled.saturating_add(tokens) <= self.options.budget_tokens);
            match room {
                Some((filled, pass)) => {
                    *filled += tokens;
                    pass.extend(group);
                }
                None => passes.push((tokens, group)),
            }
        }
        passes.into_iter().map(|(_, pass)| pass).collect()
    }

    /// Tokens that a layout of these samples in one pass holds.
    pub fn tokens(&self, pass: &[usize]) -> usize {
        let nodes = Sorted::new(&self.samples, pass).nodes(self.options.min_shared);
        laid_tokens(&self.samples, &nodes, 0)
    }

    /// Whether a pass may grow above the budget by `sample`, which adds `added` tokens and makes them `laid`. Where
    /// samples are about as long as the budget, what they share would otherwise be computed for each of them.
    fn pays(&self, added: usize, laid: usize, sample: usize, grown: &Sorted) -> bool {
        let tokens = |&sample: &usize| self.samples[sample].ids.len();
        let longest = grown.members().iter().map(tokens).max().unwrap_or(0);
        added <= tokens(&sample) / 2 && laid <= GROWN_TIMES * longest
    }

    /// Cuts an order of siblings where the budget is full, counting tokens as they will be laid.
    fn cut(&self, order: &[usize], max_samples: usize, groups: &mut Vec<Vec<usize>>) {
        let (mut open, mut filled) = (Sorted::default(), 0);
        for &sample in order {
            let grown = open.with(&self.samples, &self.rank, sample);
            let laid = laid_tokens(&self.samples, &grown.nodes(self.options.min_shared), 0);
            let fits = laid <= self.options.budget_tokens
                || self.pays(laid.saturating_sub(filled), laid, sample, &grown);
            if (fits && grown.members().len() <= max_samples) || open.members().is_empty() {
                (open, filled) = (grown, laid);
                continue;
            }
            groups.push(open.members().to_vec());
            open = Sorted::default().with(&self.samples, &self.rank, sample);
            filled = self.samples[sample].ids.len();
        }
        if !open.members().is_empty() {
            groups.push(open.members().to_vec());
        }
    }
}

/// Fills steps of `per_step` samples with whole groups where they fit, and with a part of the next where none does.
fn fill(mut groups: VecDeque<Vec<usize>>, per_step: usize) -> Vec<Vec<usize>> {
    let mut steps: Vec<Vec<usize>> = Vec::new();
    while !groups.is_empty() {
        let mut step: Vec<usize> = Vec::with_capacity(per_step);
        while step.len() < per_step && !groups.is_empty() {
            let room = per_step - step.len();
            match groups.iter().take(LOOK_AHEAD).position(|group| group.len() <= room) {
                Some(at) => step.extend(groups.remove(at).unwrap_or_default()),
                None => step.extend(groups[0].drain(..room)),
            }
        }
        steps.push(step);
    }
    steps
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
