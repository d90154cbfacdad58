//! Continuing sequences over a KV cache.
//!
//! A sequence's logits do not depend on what else is in the batch: prefill runs one sequence at a time, and generation
//! uses kernels that compute each row on its own.

use std::ops::Range;

use kernels::plan::KeySegment;
use kernels::{CachePrecision, Device, Phase};

use super::{Decoder, pass};
use crate::ModelError;
use crate::batch::{check_positions, token};
use crate::cache::KvCache;
use crate::layers::attention::Keys;
use crate::layers::{Projection, View, head};
use crate::parameters::Trainable;
use crate::workspace::{Sizes, Workspace};

/// One sequence's next token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DecodeRow {
    /// Its slot of the cache.
    pub slot: usize,
    /// The token that is appended.
    pub id: u32,
    /// Index of its adapter among those given; None for the base.
    pub adapter: Option<usize>,
}

impl<D: Device> Decoder<D> {
    /// A cache for `slots` sequences of up to `capacity` tokens, in [`Decoder::cache_precision`].
    pub fn kv_cache(&self, slots: usize, capacity: usize) -> KvCache<D> {
        self.kv_cache_in(self.cache_precision(), slots, capacity)
    }

    /// The same with keys and values held as given.
    pub fn kv_cache_in(&self, precision: CachePrecision, slots: usize, capacity: usize) -> KvCache<D> {
        KvCache::new(&*self.device, &self.config, slots, capacity, precision)
    }

    /// Appends tokens to slot `slot` and returns the logits, (V), after the last of them.
    ///
    /// # Errors
    /// No tokens, a token outside the vocabulary, or more than the slot or the model can hold.
    pub fn prefill(
        &self,
        cache: &mut KvCache<D>,
        slot: usize,
        ids: &[u32],
        trainable: Option<&Trainable<D>>,
        ws: &mut Workspace<D>,
    ) -> Result<Vec<f32>, ModelError> {
        let (rows, start) = (ids.len(), slot_len(cache, slot)?);
        let positions = start as u32..(start + rows) as u32;
        refuse_classifier(trainable)?;
        self.check_rows(cache, ids, positions.end as usize)?;
        let trained: Vec<_> = trainable.into_iter().map(|t| (t, 0..rows)).collect();
        let sizes = Sizes { known: start + rows, ..self.generation_sizes(rows, 1, &trained, 0) };
        ws.ensure(&self.device, &self.config, &sizes);
        let view = View::new(&*self.device, &self.config, self.base.as_ref(), &trained, None);
        let first = (slot * cache.shape.capacity) as u32;
        let (device, on) = (&self.device, &mut ws.batch);
        device.write_indices(&mut on.ids, ids);
        device.write_indices(&mut on.cache_rows, &positions.clone().map(|p| first + p).collect::<Vec<_>>());
        device.write_indices(&mut on.positions, &positions.collect::<Vec<_>>());
        device.write_indices(&mut on.loss_rows, &[rows as u32 - 1]);
        let ancestors = Vec::from_iter((start > 0).then_some(0..start));
        device.plan_attention(&mut on.attention, &[KeySegment { queries: 0..rows, own: start, ancestors }]);
        let mut layers = cache.layers.iter_mut();
        pass::forward(&view, ws, &self.frequencies, &sizes, Phase::Prompt, |_| {
            Keys::Prefill(layers.next().expect("a cache of as many layers"), slot, start + rows)
        });
        cache.lengths[slot] = start + rows;
        let mut logits = vec![0.0; self.config.vocab];
        self.logits(&view, ws, &sizes, 1, &mut logits);
        Ok(logits)
    }

    /// Appends one token to each of several sequences, and writes the logits, (rows, V), after them.
    ///
    /// # Errors
    /// A slot that does not exist or occurs twice, a token outside the vocabulary, more than a slot or the model can
    /// hold, an adapter that was not given, or logits of another size.
    pub fn decode(
        &self,
        cache: &mut KvCache<D>,
        rows: &[DecodeRow],
        adapters: &[&Trainable<D>],
        ws: &mut Workspace<D>,
        logits: &mut [f32],
    ) -> Result<(), ModelError> {
        self.check_decode(cache, rows, adapters, logits)?;
        let trained = runs(rows, adapters);
        let lengths: Vec<u32> = rows.iter().map(|r| cache.lengths[r.slot] as u32 + 1).collect();
        let longest = lengths.iter().max().map_or(0, |&l| l as usize);
        let sizes = self.generation_sizes(rows.len(), rows.len(), &trained, longest);
        ws.ensure(&self.device, &self.config, &sizes);
        let view = View::new(&*self.device, &self.config, self.base.as_ref(), &trained, None);
        self.place_rows(cache, rows, &lengths, ws);
        let mut layers = cache.layers.iter_mut();
        pass::forward(&view, ws, &self.frequencies, &sizes, Phase::Decode, |_| {
            Keys::Decode(layers.next().expect("a cache of as many layers"))
        });
        for row in rows {
            cache.lengths[row.slot] += 1;
        }
        self.logits(&view, ws, &sizes, rows.len(), logits);
        Ok(())
    }

    fn place_rows(&self, cache: &KvCache<D>, rows: &[DecodeRow], lengths: &[u32], ws: &mut Workspace<D>) {
        let (device, on) = (&self.device, &mut ws.batch);
        let list = |f: &dyn Fn(usize, &DecodeRow) -> u32| -> Vec<u32> {
            rows.iter().enumerate().map(|(n, r)| f(n, r)).collect()
        };
        let capacity = cache.shape.capacity;
        device.write_indices(&mut on.ids, &list(&|_, r| r.id));
        device.write_indices(&mut on.positions, &list(&|n, _| lengths[n] - 1));
        device.write_indices(&mut on.cache_rows, &list(&|n, r| (r.slot * capacity) as u32 + lengths[n] - 1));
        device.write_indices(&mut on.slots, &list(&|_, r| r.slot as u32));
        device.write_indices(&mut on.lengths, lengths);
        device.write_indices(&mut on.loss_rows, &list(&|n, _| n as u32));
    }

    fn check_rows(&self, cache: &KvCache<D>, ids: &[u32], end: usize) -> Result<(), ModelError> {
        if ids.is_empty() {
            return Err(fault("tokens", &0, "at least 1".to_owned()));
        }
        for (row, &id) in ids.iter().enumerate() {
            token(id, row, &self.config)?;
        }
        if end > cache.capacity() {
            return Err(fault("tokens in a cache slot", &end, format!("at most {}", cache.capacity())));
        }
        check_positions(&[end as u32 - 1], &self.config)
    }

    fn check_decode(
        &self,
        cache: &KvCache<D>,
        rows: &[DecodeRow],
        adapters: &[&Trainable<D>],
        logits: &[f32],
    ) -> Result<(), ModelError> {
        adapters.iter().try_for_each(|adapter| refuse_classifier(Some(adapter)))?;
        for (n, row) in rows.iter().enumerate() {
            let len = slot_len(cache, row.slot)?;
            self.check_rows(cache, &[row.id], len + 1)?;
            if rows[..n].iter().any(|r| r.slot == row.slot) {
                return Err(fault("cache slot", &row.slot, "in the batch once".to_owned()));
            }
            if row.adapter.is_some_and(|a| a >= adapters.len()) {
                return Err(fault(
                    "adapter",
                    &row.adapter.unwrap_or(0),
                    format!("less than {}", adapters.len()),
                ));
            }
            let whole = |r: &DecodeRow| r.adapter.is_some_and(|a| adapters[a].binding.trains_all());
            if whole(row) != whole(&rows[0]) || (whole(row) && row.adapter != rows[0].adapter) {
                return Err(fault("adapter", &"a full set of weights", "the same for all rows".to_owned()));
            }
        }
        let wanted = rows.len() * self.config.vocab;
        if rows.is_empty() || logits.len() != wanted {
            return Err(fault("logits", &logits.len(), format!("{wanted}, and not 0")));
        }
        Ok(())
    }

    fn generation_sizes(
        &self,
        rows: usize,
        wanted: usize,
        trained: &[(&Trainable<D>, Range<usize>)],
        cached: usize,
    ) -> Sizes {
        let mut ranks = [0; Projection::COUNT];
        for (trainable, _) in trained {
            for (sum, rank) in ranks.iter_mut().zip(trainable.binding.ranks()) {
                *sum += rank;
            }
        }
        let logits = wanted * self.config.vocab;
        let keep_from = self.config.layers;
        Sizes {
            rows,
            loss_rows: wanted,
            targets: 0,
            outputs: self.config.vocab,
            logits,
            ranks,
            cached,
            known: 0,
            keep_from,
            backward: false,
            dropout: false,
        }
    }

    fn logits(
        &self,
        view: &View<'_, D>,
        ws: &mut Workspace<D>,
        sizes: &Sizes,
        count: usize,
        out: &mut [f32],
    ) {
        let x = &ws.inputs[pass::input_of(self.config.layers, sizes)];
        head::logits(view, x, &mut ws.head, &ws.batch, count, &mut ws.scratch);
        self.device.read(&ws.head.logits, 0, out);
    }
}

/// What has a classification head does not predict tokens.
fn refuse_classifier<D: Device>(trainable: Option<&Trainable<D>>) -> Result<(), ModelError> {
    match trainable.and_then(Trainable::labels) {
        Some(labels) => Err(ModelError::NotALanguageModel { labels }),
        None => Ok(()),
    }
}

/// Neighbouring rows of one adapter as one run.
fn runs<'a, D: Device>(
    rows: &[DecodeRow],
    adapters: &[&'a Trainable<D>],
) -> Vec<(&'a Trainable<D>, Range<usize>)> {
    let mut runs: Vec<(&'a Trainable<D>, Range<usize>)> = Vec::new();
    let mut last = None;
    for (n, row) in rows.iter().enumerate() {
        if let Some(adapter) = row.adapter {
            match runs.last_mut() {
                Some(run) if last == Some(adapter) => run.1.end = n + 1,
                _ => runs.push((adapters[adapter], n..n + 1)),
            }
        }
        last = row.adapter;
    }
    runs
}

fn slot_len<D: Device>(cache: &KvCache<D>, slot: usize) -> Result<usize, ModelError> {
    let expected = || fault("cache slot", &slot, format!("less than {}", cache.slots()));
    cache.lengths.get(slot).copied().ok_or_else(expected)
}

fn fault(part: &'static str, given: &impl ToString, expected: String) -> ModelError {
    ModelError::Batch { part, given: given.to_string(), expected }
}
