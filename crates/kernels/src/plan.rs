//! Who attends to whom, and which rows have which targets: small host-side lists, checked when they are made.

use std::ops::Range;

/// A run of rows that attend to each other causally, and to whole runs before them.
#[derive(Debug, PartialEq, Eq)]
pub struct KeySegment {
    /// Rows of the queries.
    pub queries: Range<usize>,
    /// Row of the key that belongs to the first query.
    pub own: usize,
    /// Runs of keys that every query of the segment sees, ascending and disjoint, all before `own`.
    pub ancestors: Vec<Range<usize>>,
}

impl Clone for KeySegment {
    fn clone(&self) -> Self {
        Self { queries: self.queries.clone(), own: self.own, ancestors: self.ancestors.clone() }
    }

    // Keeps the list's memory, so that a step of known size allocates nothing.
    fn clone_from(&mut self, source: &Self) {
        self.queries = source.queries.clone();
        self.own = source.own;
        self.ancestors.clone_from(&source.ancestors);
    }
}

impl KeySegment {
    /// Number of keys that the segment's query `i` (counted from its first) sees.
    pub fn visible(&self, i: usize) -> usize {
        self.ancestors.iter().map(ExactSizeIterator::len).sum::<usize>() + i + 1
    }
}

/// A row of hidden states with a loss, and its part of the list of targets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LossRow {
    /// First of its targets.
    pub first: u32,
    /// Number of its targets, at least 1.
    pub count: u32,
}

/// The plan of [`crate::Device::head_loss`] on hosts: rows and targets as they were given.
#[derive(Debug, Clone, Default)]
pub struct HostLossPlan {
    /// One entry a row.
    pub rows: Vec<LossRow>,
    /// (token, weight), row by row.
    pub targets: Vec<(u32, f32)>,
}

impl HostLossPlan {
    /// Replaces the plan.
    pub fn rebuild(&mut self, rows: &[LossRow], targets: &[(u32, f32)]) {
        let covered: usize = rows.iter().map(|r| r.count as usize).sum();
        assert_eq!(covered, targets.len(), "each target belongs to one row");
        self.rows.clear();
        self.rows.extend_from_slice(rows);
        self.targets.clear();
        self.targets.extend_from_slice(targets);
    }

    /// The targets of row `row`.
    pub fn of(&self, row: usize) -> &[(u32, f32)] {
        let LossRow { first, count } = self.rows[row];
        &self.targets[first as usize..(first + count) as usize]
    }
}

/// The plan of [`crate::Device::attention`] on hosts.
#[derive(Debug, Clone, Default)]
pub struct HostAttentionPlan {
    segments: Vec<KeySegment>,
    used: usize,
    tiles: Vec<QueryTile>,
    trees: Vec<Range<usize>>,
}

/// A few queries of one segment, the unit of work of the forward pass.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct QueryTile {
    /// Index of the segment.
    pub segment: usize,
    /// First query, counted from the segment's first.
    pub first: usize,
    /// Number of queries.
    pub len: usize,
}

/// Queries of one tile.
pub const QUERY_TILE: usize = 64;

impl HostAttentionPlan {
    /// Replaces the plan. Tiles are made largest work first, so that threads end together.
    pub fn rebuild(&mut self, segments: &[KeySegment]) {
        self.used = segments.len();
        assert!(
            segments.windows(2).all(|w| w[0].own + w[0].queries.len() <= w[1].own),
            "segments ascend and are disjoint"
        );
        for (i, segment) in segments.iter().enumerate() {
            check(segment);
            if let Some(old) = self.segments.get_mut(i) {
                old.clone_from(segment);
            } else {
                self.segments.push(segment.clone());
            }
        }
        self.tiles.clear();
        for (index, segment) in segments.iter().enumerate() {
            for first in (0..segment.queries.len()).step_by(QUERY_TILE) {
                let len = QUERY_TILE.min(segment.queries.len() - first);
                self.tiles.push(QueryTile { segment: index, first, len });
            }
        }
        self.tiles.sort_by_key(|t| {
            let last = segments[t.segment].visible(t.first + t.len - 1);
            (std::cmp::Reverse(last), t.segment, t.first)
        });
        self.group();
    }

    /// The segments, as given.
    pub fn segments(&self) -> &[KeySegment] {
        &self.segments[..self.used]
    }

    /// All tiles.
    pub fn tiles(&self) -> &[QueryTile] {
        &self.tiles
    }

    /// Runs of segments of which no two runs share a key: the units of the backward pass.
    pub fn trees(&self) -> &[Range<usize>] {
        &self.trees
    }

    /// A new tree begins where no later segment sees a key before it.
    fn group(&mut self) {
        self.trees.clear();
        let segments = &self.segments[..self.used];
        let mut end = segments.len();
        let mut reach = usize::MAX;
        for index in (0..segments.len()).rev() {
            let first = segments[index].ancestors.first().map_or(segments[index].own, |r| r.start);
            reach = reach.min(first);
            if reach >= segments[index].own {
                self.trees.push(index..end);
                end = index;
                reach = usize::MAX;
            }
        }
        self.trees.reverse();
        if end > 0 {
            // Keys before the first segment (a cache) are shared by all that come before the first boundary.
            self.trees.insert(0, 0..end);
        }
    }
}

fn check(segment: &KeySegment) {
    let mut seen = 0;
    for run in &segment.ancestors {
        assert!(
            run.start >= seen && run.start <= run.end,
            "ancestors ascend and are disjoint: {:?}",
            segment.ancestors
        );
        seen = run.end;
    }
    assert!(
        seen <= segment.own,
        "ancestors {:?} come before the segment's own keys at {}",
        segment.ancestors,
        segment.own
    );
}
