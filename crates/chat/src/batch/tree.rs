//! Common beginnings of samples, as a tree over token ids.

use crate::sample::SampleView;

/// A beginning that several samples share, or (as a leaf) a sample.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Node {
    /// Samples that are equal in their first `depth` tokens.
    Branch { depth: usize, children: Vec<Node> },
    /// One sample, by its index.
    Leaf(usize),
}

/// Samples in the order of their tokens, with what neighbours share.
#[derive(Debug, Clone, Default)]
pub(super) struct Sorted {
    members: Vec<usize>,
    /// One less than members.
    shared: Vec<usize>,
}

impl Sorted {
    /// Sorts samples by their tokens; equal ones by index.
    pub(super) fn new(samples: &[SampleView], members: &[usize]) -> Self {
        let mut members = members.to_vec();
        members.sort_by(|&a, &b| samples[a].ids.cmp(samples[b].ids).then(a.cmp(&b)));
        let shared = members.windows(2).map(|w| common(samples[w[0]].ids, samples[w[1]].ids)).collect();
        Self { members, shared }
    }

    /// The samples in order.
    pub(super) fn members(&self) -> &[usize] {
        &self.members
    }

    /// A copy with one more sample; `rank` gives the place of each in the order of tokens.
    pub(super) fn with(&self, samples: &[SampleView], rank: &[usize], sample: usize) -> Self {
        let mut grown = self.clone();
        let at = grown.members.partition_point(|&i| rank[i] < rank[sample]);
        grown.members.insert(at, sample);
        let between = |i: usize| common(samples[grown.members[i]].ids, samples[grown.members[i + 1]].ids);
        let left = (at > 0).then(|| between(at - 1));
        let right = (at + 1 < grown.members.len()).then(|| between(at));
        let from = at.saturating_sub(1);
        let old = usize::from(left.is_some() && right.is_some());
        grown.shared.splice(from..from + old, left.into_iter().chain(right));
        grown
    }

    /// The tree. A branch exists where at least two samples share at least `min_shared` tokens more
    /// than the branch above it; where that is `usize::MAX` there is none.
    pub(super) fn nodes(&self, min_shared: usize) -> Vec<Node> {
        let mut out = Vec::new();
        grow_run(&self.members, &self.shared, 0, min_shared.max(1), &mut out);
        out
    }
}

/// Tokens that two samples share at their beginning.
pub(super) fn common(a: &[u32], b: &[u32]) -> usize {
    a.iter().zip(b).take_while(|(x, y)| x == y).count()
}

/// Adds the nodes of a sorted run to `out`. `shared[i]` is what `sorted[i]` and `sorted[i + 1]` share,
/// and at least `above` everywhere.
fn grow_run(sorted: &[usize], shared: &[usize], above: usize, min_shared: usize, out: &mut Vec<Node>) {
    let mut start = 0;
    for end in 1..=sorted.len() {
        // A run goes on while its neighbours share enough to make a branch below `above`.
        if end < sorted.len() && shared[end - 1] - above >= min_shared {
            continue;
        }
        if end - start == 1 {
            out.push(Node::Leaf(sorted[start]));
        } else {
            let within = &shared[start..end - 1];
            let depth = within.iter().copied().min().unwrap_or(above);
            let mut children = Vec::new();
            grow_run(&sorted[start..end], within, depth, min_shared, &mut children);
            out.push(Node::Branch { depth, children });
        }
        start = end;
    }
}
