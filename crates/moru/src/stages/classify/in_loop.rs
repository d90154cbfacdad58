//! The validation split labelled while a training runs: macro-F1 or accuracy, for the best checkpoint and an early end.

use chat::SampleView;
use eval::classification::{Confusion, greatest, softmax};
use model::{Decoder, Recompute, TrainBatch, Trainable, Workspace};
use train::{InLoopEval, Metric};

use super::tokenize::text_of;
use crate::stages::device::Backend;

/// Measures a classifier's labels of some rows.
pub struct Watch<'a> {
    /// The rows.
    pub rows: &'a [SampleView<'a>],
    /// The labels.
    pub labels: &'a [String],
    /// Whether accuracy is measured rather than macro-F1.
    pub accuracy: bool,
    /// Most tokens of a pass.
    pub micro_tokens: usize,
}

impl InLoopEval<Backend> for Watch<'_> {
    fn bytes(&self, decoder: &Decoder<Backend>) -> usize {
        let longest = self.rows.iter().map(|row| row.ids.len()).max().unwrap_or(0);
        let tokens = self.micro_tokens.max(longest);
        // Every text has at least one token.
        let texts = self.rows.len().min(tokens);
        let pass = decoder.memory_plan(None, tokens, texts, Recompute::Never);
        pass.activations + pass.scratch
    }

    fn measure(
        &mut self,
        decoder: &Decoder<Backend>,
        trainable: &Trainable<Backend>,
        _step: u64,
    ) -> Result<Metric, Box<dyn std::error::Error + Send + Sync>> {
        let mut confusion = Confusion::new(self.labels);
        let texts: Vec<_> = self.rows.iter().map(text_of).collect();
        let ids: Vec<_> = texts.iter().map(|(ids, _)| *ids).collect();
        let found = probabilities(decoder, trainable, &ids, self.micro_tokens, &mut |_| true)?;
        for ((_, label), probabilities) in texts.iter().zip(&found) {
            confusion.add(*label as usize, greatest(probabilities));
        }
        let (name, value) = if self.accuracy {
            ("accuracy", confusion.accuracy())
        } else {
            ("macro_f1", confusion.macro_f1())
        };
        Ok(Metric { name: name.to_owned(), value, greater_is_better: true })
    }
}

/// The probability of each label for each text, in passes of at most so many tokens. A text's numbers do not depend
/// on the texts beside it. `go_on` hears how many texts are done, and ends the work where it says no.
pub fn probabilities(
    decoder: &Decoder<Backend>,
    trainable: &Trainable<Backend>,
    texts: &[&[u32]],
    micro_tokens: usize,
    go_on: &mut dyn FnMut(usize) -> bool,
) -> Result<Vec<Vec<f64>>, model::ModelError> {
    let labels = trainable.labels().ok_or(model::ModelError::NotAClassifier)?;
    let mut workspace = Workspace::new(&**decoder.device(), Recompute::Never);
    let mut found = Vec::with_capacity(texts.len());
    let mut rest = texts;
    while !rest.is_empty() && go_on(found.len()) {
        let mut batch = TrainBatch::default();
        let mut taken = 0;
        for text in rest {
            if taken > 0 && batch.rows() + text.len() > micro_tokens {
                break;
            }
            batch.push_text(text, 0);
            taken += 1;
        }
        rest = &rest[taken..];
        let logits = decoder.class_logits(trainable, &batch, &mut workspace)?;
        found.extend(logits.chunks_exact(labels).map(softmax));
    }
    Ok(found)
}
