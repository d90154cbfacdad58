//! Texts to labels: a head (labels, C) on the last norm's output at a text's last token, as transformers'
//! `…ForSequenceClassification` has it, without bias, called `score`.

use std::sync::Arc;

use kernels::{Device, Phase, random};

use super::{Decoder, pass};
use crate::batch::TrainBatch;
use crate::layers::attention::Keys;
use crate::layers::{View, head};
use crate::parameters::{Binding, LoraBinding, ParamLayout, Parameters, Score, Trainable};
use crate::workspace::{Sizes, Workspace};
use crate::{LabelProblem, ModelError, TensorSource};

/// The head's name in a model's own file.
pub const SCORE: &str = "score.weight";
/// The head's name in PEFT's file.
pub const PEFT_SCORE: &str = "base_model.model.score.weight";

/// Deviation of a new head's numbers: transformers' `initializer_range`.
const DEVIATION: f32 = 0.02;

impl<D: Device> Decoder<D> {
    /// Puts a classification head for `labels` labels on an adapter or a full set of weights, behind its other
    /// numbers; drawn from a normal distribution with deviation 0.02.
    ///
    /// # Errors
    /// Fewer than two labels.
    pub fn with_score(
        &self,
        trainable: Trainable<D>,
        labels: usize,
        seed: u64,
    ) -> Result<Trainable<D>, ModelError> {
        if labels < 2 {
            let problem = LabelProblem::TooFew { count: labels };
            return Err(ModelError::Labels { place: "the classification head".to_owned(), problem });
        }
        let Trainable { parameters, binding, .. } = trainable;
        let name = match binding {
            Binding::Lora(_) => PEFT_SCORE,
            Binding::Full(_) => SCORE,
        };
        let mut layout = ParamLayout::clone(&parameters.layout);
        let hidden = self.config.hidden;
        let offset = layout.push(name.to_owned(), &[labels, hidden], true);
        let device = &*self.device;
        let mut longer = Parameters::zeros(device, Arc::new(layout));
        device.copy(&mut longer.values, &parameters.values, offset);
        let seed = random::mix(seed, offset as u64);
        let drawn: Vec<f32> =
            (0..labels * hidden).map(|i| DEVIATION * random::normal(seed, i as u64)).collect();
        device.write(&mut longer.values, offset, &drawn);
        Ok(Trainable { parameters: longer, binding, score: Some(Score { offset, labels }) })
    }

    /// A classifier whose every weight was trained: its body is the decoder's own weights, its head is read from
    /// `source`, where it is called `score.weight`.
    ///
    /// # Errors
    /// There is no such head, or it has another width than the decoder, or fewer than two labels.
    pub fn bind_score(&self, source: &dyn TensorSource) -> Result<Trainable<D>, ModelError> {
        let view = source.get(SCORE)?;
        let labels = view.shape.first().copied().unwrap_or(0);
        if view.shape != [labels, self.config.hidden] {
            let (name, found) = (SCORE.to_owned(), view.shape);
            return Err(ModelError::TensorShape { name, found, expected: vec![labels, self.config.hidden] });
        }
        let parameters = Parameters::zeros(&*self.device, Arc::new(ParamLayout::default()));
        let slots = (0..self.config.layers).map(|_| Default::default()).collect();
        let binding = Binding::Lora(LoraBinding { rank: 0, scale: 0.0, dropout: 0.0, slots });
        let mut bound = self.with_score(Trainable { parameters, binding, score: None }, labels, 0)?;
        self.device.write(&mut bound.parameters.values, 0, &view.to_f32());
        Ok(bound)
    }

    /// Logits at the loss rows of a batch, (T, labels), in the batch's order; what is the target there is not read.
    ///
    /// # Errors
    /// There is no classification head, or the batch's parts do not fit each other or the model.
    pub fn class_logits(
        &self,
        trainable: &Trainable<D>,
        batch: &TrainBatch,
        ws: &mut Workspace<D>,
    ) -> Result<Vec<f32>, ModelError> {
        let labels = trainable.labels().ok_or(ModelError::NotAClassifier)?;
        let trained = [(trainable, 0..batch.rows())];
        let view = View::new(&*self.device, &self.config, self.base.as_ref(), &trained, None);
        let logits = batch.loss_rows.len() * labels;
        let sizes = Sizes { logits, ..self.sizes(batch, Some(trainable), ws, false) };
        self.prepare(batch, ws, sizes)?;
        let count = ws.host.unique.len();
        if count == 0 {
            return Ok(Vec::new());
        }
        pass::forward(&view, ws, &self.frequencies, &sizes, Phase::Many, |_| Keys::Rows);
        let x = &ws.inputs[pass::input_of(self.config.layers, &sizes)];
        head::logits(&view, x, &mut ws.head, &ws.batch, count, &mut ws.scratch);
        let mut by_row = vec![0.0; count * labels];
        self.device.read(&ws.head.logits, 0, &mut by_row);
        let row_of = |row: &u32| ws.host.unique.binary_search(row).unwrap_or_default() * labels;
        Ok(batch.loss_rows.iter().flat_map(|row| by_row[row_of(row)..][..labels].to_vec()).collect())
    }
}
