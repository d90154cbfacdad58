//! What an assistant asks of a model: tokens in, logits out, in slots that remember.

mod decoder;

use model::{DecodeRow, ModelError};

pub use decoder::{DecoderEngine, Shared};

/// Sizes of an engine.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EngineShape {
    /// Ids there are, V.
    pub vocab: usize,
    /// Tokens that a slot holds at most.
    pub context: usize,
    /// Sequences that are remembered at once.
    pub slots: usize,
}

/// Continues sequences of tokens. What a slot computes must not depend on the other slots.
pub trait Engine {
    /// Its sizes.
    fn shape(&self) -> EngineShape;

    /// Appends tokens to a slot; gives the logits, (V), after the last. `adapter` is an index among
    /// those the engine was given, the same for all tokens of a slot.
    ///
    /// # Errors
    /// No tokens, an id outside the vocabulary, or more than the slot holds.
    fn prefill(&mut self, slot: usize, ids: &[u32], adapter: Option<usize>) -> Result<Vec<f32>, ModelError>;

    /// Appends one token to each of several slots; writes the logits, (rows, V), after them.
    ///
    /// # Errors
    /// As [`Engine::prefill`].
    fn decode(&mut self, rows: &[DecodeRow], logits: &mut [f32]) -> Result<(), ModelError>;

    /// Lets slot `to` hold the first `len` tokens of slot `from` and nothing else.
    fn keep(&mut self, from: usize, to: usize, len: usize);

    /// Negative log-likelihoods of `ids[first..]`, each after all ids before it. No slot changes.
    ///
    /// # Errors
    /// An id outside the vocabulary, or more than the context.
    fn losses(&mut self, ids: &[u32], first: usize, adapter: Option<usize>) -> Result<Vec<f32>, ModelError>;
}

/// A double that needs no weights: after id `n` it finds `n + 1` likeliest (with adapter `a`: `n + 2 + a`),
/// the ids a slot holds a little likelier than others. Wherever there is no such id, it is 0.
#[derive(Debug)]
pub struct SuccessorEngine {
    shape: EngineShape,
    held: Vec<Vec<u32>>,
    /// Tokens that were computed, those of [`Engine::losses`] excepted.
    pub computed: usize,
    /// The most rows that were decoded at once.
    pub widest: usize,
}

impl SuccessorEngine {
    /// An engine of these sizes; slots are made for an assistant's beginnings too.
    pub fn new(vocab: usize, context: usize, slots: usize) -> Self {
        let shape = EngineShape { vocab, context, slots };
        Self { shape, held: vec![Vec::new(); slots], computed: 0, widest: 0 }
    }

    fn logits(&self, ids: &[u32], adapter: Option<usize>) -> Vec<f32> {
        let mut logits = vec![0.0; self.shape.vocab];
        for &id in ids {
            logits[id as usize] += 0.25;
        }
        let step = adapter.map_or(1, |a| a + 2);
        let last = ids.last().map_or(0, |&id| id as usize);
        logits[(last + step) % self.shape.vocab] += 6.0;
        logits
    }

    fn append(&mut self, slot: usize, ids: &[u32]) -> Result<(), ModelError> {
        for (row, &id) in ids.iter().enumerate() {
            if id as usize >= self.shape.vocab {
                return Err(ModelError::TokenId { id, row, vocab: self.shape.vocab });
            }
        }
        let held = &mut self.held[slot];
        held.extend_from_slice(ids);
        self.computed += ids.len();
        if held.len() > self.shape.context {
            return Err(ModelError::Position { position: held.len() - 1, context: self.shape.context });
        }
        Ok(())
    }
}

impl Engine for SuccessorEngine {
    fn shape(&self) -> EngineShape {
        self.shape
    }

    fn prefill(&mut self, slot: usize, ids: &[u32], adapter: Option<usize>) -> Result<Vec<f32>, ModelError> {
        self.append(slot, ids)?;
        Ok(self.logits(&self.held[slot], adapter))
    }

    fn decode(&mut self, rows: &[DecodeRow], logits: &mut [f32]) -> Result<(), ModelError> {
        self.widest = self.widest.max(rows.len());
        for (row, out) in rows.iter().zip(logits.chunks_mut(self.shape.vocab)) {
            self.append(row.slot, &[row.id])?;
            out.copy_from_slice(&self.logits(&self.held[row.slot], row.adapter));
        }
        Ok(())
    }

    fn keep(&mut self, from: usize, to: usize, len: usize) {
        self.held[to] = self.held[from][..len.min(self.held[from].len())].to_vec();
    }

    fn losses(&mut self, ids: &[u32], first: usize, adapter: Option<usize>) -> Result<Vec<f32>, ModelError> {
        let loss =
            |at: usize| -crate::assistant::sampler::log_prob(&self.logits(&ids[..at], adapter), ids[at]);
        Ok((first..ids.len()).map(loss).collect())
    }
}
