//! What a step computes on: rows of tokens, who sees whom, and which rows have which targets.

use std::ops::Range;

use kernels::plan::{KeySegment, LossRow};

use crate::{ModelConfig, ModelError, Positions};

/// A run of rows that attend to each other causally: a sample, or a branch of a prefix tree.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Segment {
    /// Its first row.
    pub start: usize,
    /// Number of its rows.
    pub len: usize,
    /// Rows before it that it sees whole, ascending and disjoint: the path from the root of its tree.
    pub ancestors: Vec<Range<usize>>,
}

/// The rows of one forward and backward pass.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct TrainBatch {
    /// (N): token ids.
    pub ids: Vec<u32>,
    /// (N): position of each token in its own sample.
    pub positions: Vec<u32>,
    /// Cover all rows, in order.
    pub segments: Vec<Segment>,
    /// (T): the row that predicts each target. A row may occur several times: a shared prefix ends with one target a branch.
    pub loss_rows: Vec<u32>,
    /// (T): the token to be predicted.
    pub targets: Vec<u32>,
    /// (T): multiplies the target's negative log-likelihood.
    pub weights: Vec<f32>,
}

/// What a pass adds up. The gradient it leaves is that of `loss`, not of a mean.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct LossSum {
    /// Σ weight · negative log-likelihood.
    pub loss: f64,
    /// Σ weight.
    pub weight: f64,
}

impl TrainBatch {
    /// One sample, of which row `i` predicts token `i + 1` with weight `weights[i + 1]`; rows of weight 0 have no loss.
    pub fn sample(ids: &[u32], weights: &[f32]) -> Self {
        let mut batch = Self::default();
        batch.push_sample(ids, weights);
        batch
    }

    /// Appends a sample that sees nothing of the others.
    pub fn push_sample(&mut self, ids: &[u32], weights: &[f32]) {
        assert_eq!(ids.len(), weights.len(), "each token has a weight");
        let start = self.ids.len();
        self.segments.push(Segment { start, len: ids.len(), ancestors: Vec::new() });
        self.ids.extend_from_slice(ids);
        self.positions.extend(0..ids.len() as u32);
        for (i, (&id, &weight)) in ids.iter().zip(weights).enumerate().skip(1) {
            if weight != 0.0 {
                self.loss_rows.push((start + i - 1) as u32);
                self.targets.push(id);
                self.weights.push(weight);
            }
        }
    }

    /// Appends a text that sees nothing of the others; its last row predicts a classifier's label.
    pub fn push_text(&mut self, ids: &[u32], label: u32) {
        let start = self.ids.len();
        self.segments.push(Segment { start, len: ids.len(), ancestors: Vec::new() });
        self.ids.extend_from_slice(ids);
        self.positions.extend(0..ids.len() as u32);
        self.loss_rows.push((start + ids.len()).saturating_sub(1) as u32);
        self.targets.push(label);
        self.weights.push(1.0);
    }

    /// Number of rows.
    pub fn rows(&self) -> usize {
        self.ids.len()
    }

    /// Checks that the parts fit each other and the model.
    ///
    /// # Errors
    /// [`ModelError::Batch`], [`ModelError::TokenId`] or [`ModelError::Position`], naming part and value.
    pub fn check(&self, config: &ModelConfig) -> Result<(), ModelError> {
        self.check_for(config, config.vocab)
    }

    /// As [`TrainBatch::check`], with targets that are columns of a head of `outputs`.
    pub(crate) fn check_for(&self, config: &ModelConfig, outputs: usize) -> Result<(), ModelError> {
        let rows = self.rows();
        expect("positions", self.positions.len(), rows, "as many as ids")?;
        expect("targets", self.targets.len(), self.loss_rows.len(), "as many as loss rows")?;
        expect("weights", self.weights.len(), self.loss_rows.len(), "as many as loss rows")?;
        self.check_segments()?;
        for (row, &id) in self.ids.iter().enumerate() {
            token(id, row, config)?;
        }
        for (&row, &id) in self.loss_rows.iter().zip(&self.targets) {
            if row as usize >= rows {
                return Err(fault("loss_rows", &row, format!("less than the number of rows, {rows}")));
            }
            if id as usize >= outputs {
                return Err(ModelError::TokenId { id, row: row as usize, vocab: outputs });
            }
        }
        if let Some(weight) = self.weights.iter().find(|w| !w.is_finite()) {
            return Err(fault("weights", weight, "finite".to_owned()));
        }
        check_positions(&self.positions, config)
    }

    fn check_segments(&self) -> Result<(), ModelError> {
        let mut next = 0;
        for segment in &self.segments {
            if segment.start != next || segment.len == 0 {
                let given = format!("{}..+{}", segment.start, segment.len);
                return Err(fault("segments", &given, format!("not empty and beginning at row {next}")));
            }
            next = segment.start + segment.len;
            let mut seen = 0;
            for range in &segment.ancestors {
                if range.start < seen || range.end < range.start || range.end > segment.start {
                    let expected = format!("ascending, disjoint and before row {}", segment.start);
                    return Err(fault("ancestors", &format!("{:?}", segment.ancestors), expected));
                }
                seen = range.end;
            }
        }
        expect("segments", next, self.rows(), "covering all rows")
    }
}

/// Checks that each position has a place in the model.
pub(crate) fn check_positions(positions: &[u32], config: &ModelConfig) -> Result<(), ModelError> {
    // A rotation has no end; a table of learned positions has.
    let limit = if config.positions == Positions::Learned { config.context } else { u32::MAX as usize };
    match positions.iter().map(|&p| p as usize).max() {
        Some(position) if position >= limit => {
            Err(ModelError::Position { position, context: config.context })
        }
        _ => Ok(()),
    }
}

/// Checks that a token id is in the vocabulary.
pub(crate) fn token(id: u32, row: usize, config: &ModelConfig) -> Result<(), ModelError> {
    if (id as usize) < config.vocab {
        Ok(())
    } else {
        Err(ModelError::TokenId { id, row, vocab: config.vocab })
    }
}

fn expect(part: &'static str, given: usize, wanted: usize, how: &str) -> Result<(), ModelError> {
    if given == wanted { Ok(()) } else { Err(fault(part, &given, format!("{wanted}, {how}"))) }
}

fn fault(part: &'static str, given: &impl ToString, expected: String) -> ModelError {
    ModelError::Batch { part, given: given.to_string(), expected }
}

/// The host's side of a batch, in memory that is used again.
#[derive(Debug, Default)]
pub(crate) struct HostPlan {
    pub segments: Vec<KeySegment>,
    order: Vec<u32>,
    /// Rows with a loss, each once, ascending.
    pub unique: Vec<u32>,
    /// The targets of each of them.
    pub rows: Vec<LossRow>,
    /// (token, weight), by row.
    pub targets: Vec<(u32, f32)>,
}

impl HostPlan {
    /// Index in the batch of each target, in the order of `targets`.
    pub fn order(&self) -> &[u32] {
        &self.order
    }

    /// Lays out the segments and gathers the targets of each row.
    pub fn rebuild(&mut self, batch: &TrainBatch) {
        self.segments.truncate(batch.segments.len());
        for (i, segment) in batch.segments.iter().enumerate() {
            if i == self.segments.len() {
                self.segments.push(KeySegment { queries: 0..0, own: 0, ancestors: Vec::new() });
            }
            let plan = &mut self.segments[i];
            plan.queries = segment.start..segment.start + segment.len;
            plan.own = segment.start;
            plan.ancestors.clone_from(&segment.ancestors);
        }
        self.order.clear();
        self.order.extend(0..batch.loss_rows.len() as u32);
        self.order.sort_by_key(|&i| batch.loss_rows[i as usize]);
        self.unique.clear();
        self.rows.clear();
        self.targets.clear();
        for &i in &self.order {
            let row = batch.loss_rows[i as usize];
            if self.unique.last() != Some(&row) {
                self.unique.push(row);
                self.rows.push(LossRow { first: self.targets.len() as u32, count: 0 });
            }
            let last = self.rows.len() - 1;
            self.rows[last].count += 1;
            self.targets.push((batch.targets[i as usize], batch.weights[i as usize]));
        }
    }
}
