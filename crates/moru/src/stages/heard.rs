//! Rows of the validation split answered while a training runs, and scored: for the best checkpoint and an early end.

use std::ops::ControlFlow;

use chat::{Encoder, SampleView, Sampling, seeded};
use eval::scorers::{Row, Scorer, by_name};
use model::{Decoder, ModelConfig, Recompute, Trainable};
use serve::{Beginning, Continuing, DecoderEngine};
use train::{InLoopEval, Metric};

use super::device::Backend;
use crate::console::error::fail;

/// Most bytes of keys and values, where one question and one answer need no more.
const CACHE_BYTES: usize = 128 << 20;

/// Most answers that are written at once.
const AT_ONCE: usize = 16;

/// Answers some rows as the model is, and scores them.
pub struct Heard {
    encoder: Encoder,
    questions: Vec<Beginning>,
    /// What people answered, by question.
    references: Vec<String>,
    scorer: Box<dyn Scorer>,
    /// Which of the scorer's scores counts, and its name.
    score: (usize, String),
}

impl Heard {
    /// At most `most` of the rows, drawn by the seed and answered as `drawn` says: each is asked up to its last trained
    /// stretch, which is the answer that is expected.
    pub fn new(
        metric: &str,
        rows: &[SampleView<'_>],
        (most, seed): (usize, u64),
        drawn: &Sampling,
        encoder: Encoder,
        config: &ModelConfig,
    ) -> anyhow::Result<Self> {
        let mut asked: Vec<(usize, usize, usize)> = (rows.iter().enumerate())
            .filter_map(|(row, sample)| last_trained(sample.trained).map(|(start, end)| (row, start, end)))
            // Where everything is trained on, nothing is asked but the first token.
            .filter(|(_, start, _)| (2..config.context).contains(start))
            .collect();
        if asked.is_empty() && !rows.is_empty() {
            return Err(fail(
                format!(
                    "[train] best_by = \"{metric}\" needs answers, and no row of the validation split asks for one"
                ),
                "[tokenize] loss = \"assistant\" trains on answers to what is asked; or take best_by = \"loss\"",
            ));
        }
        if asked.len() > most {
            seeded::shuffle(&mut asked, seed, 2);
            asked.truncate(most);
        }
        let sampling = |start: usize| Sampling {
            max_tokens: drawn.max_tokens.min(config.context - start),
            ..drawn.clone()
        };
        let questions = asked
            .iter()
            .map(|&(row, start, _)| Beginning {
                ids: rows[row].ids[..start].to_vec(),
                samplings: vec![sampling(start)],
            })
            .collect();
        let references = asked
            .iter()
            .map(|&(row, start, end)| encoder.tokenizer().decode(&rows[row].ids[start..end], true))
            .map(|text| text.map(|text| text.trim().to_owned()))
            .collect::<Result<_, _>>()?;
        let scorer = by_name(metric)?;
        let measures = scorer.measures();
        // Of the several of ROUGE, the longest common subsequence.
        let score = measures.iter().position(|name| name.starts_with("rougeL")).unwrap_or(0);
        Ok(Self { encoder, questions, references, scorer, score: (score, measures[score].clone()) })
    }

    /// How many answers fit into the memory that is set apart, beside the question that is asked.
    fn slots(&self, config: &ModelConfig) -> usize {
        let slot = slot_bytes(config, self.context());
        (CACHE_BYTES / slot.max(1)).clamp(2, self.questions.len().min(AT_ONCE) + 1)
    }

    /// Tokens of the longest question with its answer.
    fn context(&self) -> usize {
        self.questions.iter().map(|q| q.ids.len() + q.samplings[0].max_tokens).max().unwrap_or(1)
    }
}

/// Keys and values of one text.
fn slot_bytes(config: &ModelConfig, context: usize) -> usize {
    8 * config.layers * context * config.kv_width()
}

impl InLoopEval<Backend> for Heard {
    fn bytes(&self, decoder: &Decoder<Backend>) -> usize {
        let config = decoder.config();
        let (slots, asked) = (self.slots(config), self.questions.iter().map(|q| q.ids.len()).max());
        let cache = slots * slot_bytes(config, self.context());
        let pass = decoder.memory_plan(None, asked.unwrap_or(0).max(slots), slots, Recompute::Never);
        cache + pass.activations + pass.scratch + 4 * slots * config.vocab
    }

    fn measure(
        &mut self,
        decoder: &Decoder<Backend>,
        trainable: &Trainable<Backend>,
        _step: u64,
    ) -> Result<Metric, Box<dyn std::error::Error + Send + Sync>> {
        let slots = self.slots(decoder.config());
        let mut engine = DecoderEngine::new(decoder, slots, self.context()).with_adapter(trainable);
        let tokenizer = self.encoder.tokenizer();
        let mut said: Vec<Vec<u32>> = vec![Vec::new(); self.questions.len()];
        Continuing { engine: &mut engine, adapter: Some(0), tokenizer, ends: self.encoder.end_ids() }.run(
            &self.questions,
            &mut |text| {
                said[text.beginning] = text.ids.to_vec();
                ControlFlow::Continue(())
            },
        )?;
        let mut sum: Vec<f64> = Vec::new();
        for (said, reference) in said.iter().zip(&self.references) {
            let said = tokenizer.decode(said, true)?;
            let references = std::slice::from_ref(reference);
            let row = Row { prediction: said.trim(), references, facts: &[] };
            let one = self.scorer.statistics(&row);
            sum.resize(one.len(), 0.0);
            sum.iter_mut().zip(one).for_each(|(all, one)| *all += one);
        }
        let (place, name) = &self.score;
        Ok(Metric { name: name.clone(), value: self.scorer.scores(&sum)[*place], greater_is_better: true })
    }
}

/// The last stretch of tokens with a loss.
fn last_trained(trained: &[u8]) -> Option<(usize, usize)> {
    let end = trained.iter().rposition(|&t| t != 0)? + 1;
    let start = trained[..end].iter().rposition(|&t| t == 0).map_or(0, |before| before + 1);
    Some((start, end))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_answer_of_a_row_is_expected() {
        for (trained, want) in [
            (&[0, 0, 1, 1][..], Some((2, 4))),
            (&[0, 1, 0, 1, 1, 0], Some((3, 5))),
            (&[1, 1], Some((0, 2))),
            (&[0, 0], None),
            (&[], None),
        ] {
            assert_eq!(last_trained(trained), want, "{trained:?}");
        }
    }
}
