//! One batch: `[prefix | leaf₀ | leaf₁ …]`, parents before children.

use std::ops::Range;

use super::tree::{Node, Sorted};
use super::{Batch, BatchRow, Segment};
use crate::sample::SampleView;

/// Lays out the samples `members` (indices into `samples`) as one batch. Beginnings that share at
/// least `min_shared` tokens are laid once; `usize::MAX` lays every sample separately.
pub fn build(samples: &[SampleView], members: &[usize], min_shared: usize) -> Batch {
    let mut layout = Layout { samples, batch: Batch::default(), loss: Vec::new() };
    for node in &Sorted::new(samples, members).nodes(min_shared) {
        layout.place(node, 0, &[], None);
    }
    layout.finish()
}

struct Layout<'a> {
    samples: &'a [SampleView<'a>],
    batch: Batch,
    /// (row, target, weight), before rows with the same target are joined.
    loss: Vec<(u32, u32, f32)>,
}

impl Layout<'_> {
    /// Places a node whose first `above` tokens are laid by `path`, the segments above it; `before`
    /// is the token that predicts its first one.
    fn place(&mut self, node: &Node, above: usize, path: &[usize], before: Option<u32>) {
        match node {
            Node::Leaf(sample) => {
                let depth = self.samples[*sample].ids.len();
                let path = self.lay(*sample, &[*sample], above..depth, path, before).0;
                self.batch.rows.push(BatchRow { sample: *sample, segments: path });
            }
            Node::Branch { depth, children } => {
                let mut beneath = Vec::new();
                leaves(node, &mut beneath);
                let (path, last) = self.lay(beneath[0], &beneath, above..*depth, path, before);
                for child in children {
                    self.place(child, *depth, &path, last);
                }
            }
        }
    }

    /// Lays tokens `range` of a sample once for all samples `beneath`; gives the path and its last token.
    fn lay(
        &mut self,
        sample: usize,
        beneath: &[usize],
        range: Range<usize>,
        path: &[usize],
        before: Option<u32>,
    ) -> (Vec<usize>, Option<u32>) {
        if range.is_empty() {
            // The sample ends where the branch above it ends.
            return (path.to_vec(), before);
        }
        let start = self.batch.ids.len();
        let mut ancestors: Vec<Range<usize>> = Vec::new();
        for &i in path {
            let above = &self.batch.segments[i];
            match ancestors.last_mut() {
                Some(last) if last.end == above.start => last.end += above.len,
                _ => ancestors.push(above.start..above.start + above.len),
            }
        }
        let ids = self.samples[sample].ids;
        for at in range.clone() {
            let weight = beneath.iter().filter(|&&s| self.samples[s].trained[at] != 0).count();
            let row = if at == range.start { before } else { Some((start + at - range.start - 1) as u32) };
            if let (Some(row), true) = (row, weight > 0) {
                self.loss.push((row, ids[at], weight as f32));
            }
        }
        self.batch.ids.extend_from_slice(&ids[range.clone()]);
        self.batch.positions.extend(range.clone().map(|at| at as u32));
        self.batch.segments.push(Segment { start, len: range.len(), ancestors });
        let mut path = path.to_vec();
        path.push(self.batch.segments.len() - 1);
        (path, Some((start + range.len() - 1) as u32))
    }

    fn finish(mut self) -> Batch {
        self.loss.sort_by_key(|&(row, target, _)| (row, target));
        for (row, target, weight) in self.loss {
            let batch = &mut self.batch;
            if batch.loss_rows.last() == Some(&row) && batch.targets.last() == Some(&target) {
                *batch.weights.last_mut().expect("as many weights as rows") += weight;
                continue;
            }
            batch.loss_rows.push(row);
            batch.targets.push(target);
            batch.weights.push(weight);
        }
        self.batch.rows.sort_by_key(|row| row.sample);
        self.batch
    }
}

fn leaves(node: &Node, out: &mut Vec<usize>) {
    match node {
        Node::Leaf(sample) => out.push(*sample),
        Node::Branch { children, .. } => children.iter().for_each(|child| leaves(child, out)),
    }
}
