//! Texts that go on from beginnings: several of each, many at once.
//!
//! An [`Assistant`](crate::Assistant) answers conversations; here a model goes on from any token ids, also in
//! the middle of a turn. A beginning is computed once, however many texts go on from it. A text depends on
//! its beginning and its sampling alone.

use std::borrow::Cow;
use std::ops::ControlFlow;

use chat::{Sampling, Tokenizer};
use model::{DecodeRow, ModelError};

use crate::assistant::sampler;
use crate::engine::Engine;

/// Where texts begin, and one sampling for each text that goes on from there.
#[derive(Debug, Clone, PartialEq)]
pub struct Beginning {
    /// Token ids; at least one.
    pub ids: Vec<u32>,
    /// How each text goes on. Stop strings are not looked for.
    pub samplings: Vec<Sampling>,
}

/// A text that goes on from a beginning.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Continued<'a> {
    /// The place of its beginning.
    pub beginning: usize,
    /// The place of its sampling.
    pub sampling: usize,
    /// The ids that follow, without the one that ended it.
    pub ids: &'a [u32],
}

/// What is continued with.
#[derive(Debug)]
pub struct Continuing<'a, E> {
    /// The model; its first slot holds beginnings, the others texts.
    pub engine: &'a mut E,
    /// The adapter, by its index in the engine.
    pub adapter: Option<usize>,
    /// Says which ids there are.
    pub tokenizer: &'a Tokenizer,
    /// Ids that end a text.
    pub ends: &'a [u32],
}

/// A text under way.
struct Active<'b> {
    beginning: usize,
    sampling_idx: usize,
    sampling: &'b Sampling,
    slot: usize,
    /// Tokens of the beginning.
    begun: usize,
    ids: Vec<u32>,
    seen: sampler::Seen,
}

/// Hears of a text that is finished, and says whether to go on.
type OnDone<'d> = &'d mut dyn FnMut(Continued<'_>) -> ControlFlow<()>;

impl<E: Engine> Continuing<'_, E> {
    /// Continues every beginning with each of its samplings. Texts are told as they end, in no order.
    /// It ends early where `on_done` says so.
    ///
    /// # Errors
    /// A beginning without ids, with an id outside the vocabulary, or longer than a slot holds.
    ///
    /// # Panics
    /// With an engine of fewer than two slots.
    pub fn run(&mut self, beginnings: &[Beginning], on_done: OnDone) -> Result<(), ModelError> {
        let shape = self.engine.shape();
        assert!(shape.slots >= 2, "one slot holds the beginning, another the text");
        let vocab = self.tokenizer.vocab_size().min(shape.vocab);
        let absent: Vec<u32> = (0..vocab as u32).filter(|&id| !self.tokenizer.has(id)).collect();
        let mut free: Vec<usize> = (1..shape.slots).rev().collect();
        let mut active: Vec<Active> = Vec::new();
        for (beginning, from) in beginnings.iter().enumerate() {
            self.engine.keep(0, 0, 0);
            let logits = self.engine.prefill(0, &from.ids, self.adapter)?;
            for (sampling_idx, sampling) in from.samplings.iter().enumerate() {
                let slot = loop {
                    if let Some(slot) = free.pop() {
                        break slot;
                    }
                    if self.step(&mut active, &mut free, &absent, on_done)?.is_break() {
                        return Ok(());
                    }
                };
                self.engine.keep(0, slot, from.ids.len());
                let seen = sampler::Seen::new(vocab, &from.ids);
                let (begun, ids) = (from.ids.len(), Vec::new());
                let mut one = Active { beginning, sampling_idx, sampling, slot, begun, ids, seen };
                if self.goes_on(&mut one, &logits, &absent) {
                    active.push(one);
                } else {
                    free.push(slot);
                    if on_done(one.told()).is_break() {
                        return Ok(());
                    }
                }
            }
        }
        while !active.is_empty() {
            if self.step(&mut active, &mut free, &absent, on_done)?.is_break() {
                return Ok(());
            }
        }
        Ok(())
    }

    /// Computes one more token of every text; those that end leave their slots.
    fn step(
        &mut self,
        active: &mut Vec<Active>,
        free: &mut Vec<usize>,
        absent: &[u32],
        on_done: OnDone,
    ) -> Result<ControlFlow<()>, ModelError> {
        let vocab = self.engine.shape().vocab;
        let last = |one: &Active| one.ids.last().copied().expect("a text under way has a token");
        let rows: Vec<DecodeRow> = (active.iter())
            .map(|one| DecodeRow { slot: one.slot, id: last(one), adapter: self.adapter })
            .collect();
        let mut logits = vec![0.0; rows.len() * vocab];
        self.engine.decode(&rows, &mut logits)?;
        let mut flow = ControlFlow::Continue(());
        let mut rows = logits.chunks(vocab);
        active.retain_mut(|one| {
            let goes_on = self.goes_on(one, rows.next().expect("a row of logits for each text"), absent);
            if !goes_on {
                free.push(one.slot);
                if on_done(one.told()).is_break() {
                    flow = ControlFlow::Break(());
                }
            }
            goes_on
        });
        Ok(flow)
    }

    /// Chooses the next token of a text; false where the text ends.
    fn goes_on(&self, one: &mut Active, logits: &[f32], absent: &[u32]) -> bool {
        if one.ids.len() >= one.sampling.max_tokens {
            return false;
        }
        let vocab = self.tokenizer.vocab_size().min(logits.len());
        let mut known = Cow::Borrowed(&logits[..vocab]);
        for &id in absent {
            known.to_mut()[id as usize] = f32::NEG_INFINITY;
        }
        let id = sampler::pick(&known, one.sampling, &one.seen, one.ids.len());
        if self.ends.contains(&id) {
            return false;
        }
        one.ids.push(id);
        one.seen.say(id);
        one.ids.len() < one.sampling.max_tokens && one.begun + one.ids.len() < self.engine.shape().context
    }
}

impl Active<'_> {
    fn told(&self) -> Continued<'_> {
        Continued { beginning: self.beginning, sampling: self.sampling_idx, ids: &self.ids }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::SuccessorEngine;

    fn greedy(max_tokens: usize) -> Sampling {
        Sampling { max_tokens, ..Sampling::default() }
    }

    fn drawn(max_tokens: usize, seed: u64) -> Sampling {
        Sampling { max_tokens, temperature: 1.0, seed, ..Sampling::default() }
    }

    fn run(
        slots: usize,
        beginnings: &[Beginning],
        ends: &[u32],
    ) -> (SuccessorEngine, Vec<(usize, usize, Vec<u32>)>) {
        let mut engine = SuccessorEngine::new(265, 32, slots);
        let tokenizer = Tokenizer::bytes();
        let mut told = Vec::new();
        Continuing { engine: &mut engine, adapter: None, tokenizer: &tokenizer, ends }
            .run(beginnings, &mut |text| {
                told.push((text.beginning, text.sampling, text.ids.to_vec()));
                ControlFlow::Continue(())
            })
            .unwrap();
        told.sort();
        (engine, told)
    }

    #[test]
    fn texts_go_on_from_where_they_begin_and_end_at_an_end_or_at_their_length() {
        let beginnings = [
            Beginning { ids: vec![7, 40], samplings: vec![greedy(3), greedy(1), greedy(0)] },
            Beginning { ids: vec![60], samplings: vec![greedy(9)] },
            Beginning { ids: (1..=30).collect(), samplings: vec![greedy(9)] },
        ];
        let (_, told) = run(3, &beginnings, &[63]);
        let wanted = [
            (0, 0, vec![41, 42, 43]),
            (0, 1, vec![41]),
            (0, 2, vec![]),
            (1, 0, vec![61, 62]),
            // The slot holds 32 tokens.
            (2, 0, vec![31, 32]),
        ];
        assert_eq!(told, wanted);
    }

    #[test]
    fn a_text_depends_on_nothing_but_its_beginning_and_its_seed() {
        let beginning = |ids: &[u32], seeds: std::ops::Range<u64>| Beginning {
            ids: ids.to_vec(),
            samplings: seeds.map(|seed| drawn(12, seed)).collect(),
        };
        let both = [beginning(&[7, 40], 0..20), beginning(&[99], 5..25)];
        let (engine, narrow) = run(2, &both, &[]);
        let (wide_engine, wide) = run(17, &both, &[]);
        assert_eq!(narrow, wide);
        assert_eq!((engine.widest, wide_engine.widest), (1, 16));
        let (_, alone) = run(4, &both[1..], &[]);
        let texts = |told: &[(usize, usize, Vec<u32>)]| told.iter().map(|t| t.2.clone()).collect::<Vec<_>>();
        assert_eq!(texts(&alone), texts(&wide[20..]));
        let mut different = texts(&wide[..20]);
        different.sort();
        different.dedup();
        assert!(different.len() > 5, "seeds give different texts: {}", different.len());
        assert_eq!(
            wide_engine.computed,
            // Each beginning once; the last token of a text is told, not computed.
            3 + wide.iter().map(|(_, _, ids)| ids.len() - 1).sum::<usize>()
        );
    }

    #[test]
    fn it_stops_when_it_is_told_to() {
        let mut engine = SuccessorEngine::new(265, 32, 3);
        let tokenizer = Tokenizer::bytes();
        let beginnings = vec![Beginning { ids: vec![1], samplings: vec![greedy(2); 50] }];
        let mut n = 0;
        Continuing { engine: &mut engine, adapter: None, tokenizer: &tokenizer, ends: &[] }
            .run(&beginnings, &mut |_| {
                n += 1;
                if n < 3 { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
            })
            .unwrap();
        assert!(n < 6, "{n}");
    }

    #[test]
    fn a_beginning_without_tokens_or_beyond_the_slot_is_an_error() {
        let tokenizer = Tokenizer::bytes();
        for ids in [vec![265], (0..33).collect()] {
            let mut engine = SuccessorEngine::new(265, 32, 2);
            let beginnings = [Beginning { ids, samplings: vec![greedy(1)] }];
            Continuing { engine: &mut engine, adapter: None, tokenizer: &tokenizer, ends: &[] }
                .run(&beginnings, &mut |_| ControlFlow::Continue(()))
                .unwrap_err();
        }
    }
}
