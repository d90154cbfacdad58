//! Losses and gradients of a batch.

use kernels::{Device, Phase};

use super::{Decoder, pass};
use crate::ModelError;
use crate::batch::{LossSum, TrainBatch};
use crate::layers::attention::Keys;
use crate::layers::{View, head};
use crate::parameters::Trainable;
use crate::workspace::{Sizes, Workspace};

impl<D: Device> Decoder<D> {
    /// Adds (`+=`) the gradient of [`LossSum::loss`] to `grads`, which has the layout of the trainable parameters.
    /// `dropout_seed` decides the adapter's dropout; with a rate of 0 it is not read.
    ///
    /// # Errors
    /// The batch's parts do not fit each other or the model.
    pub fn loss_and_grad(
        &self,
        trainable: &Trainable<D>,
        batch: &TrainBatch,
        grads: &mut D::Buffer,
        ws: &mut Workspace<D>,
        dropout_seed: u64,
    ) -> Result<LossSum, ModelError> {
        let trained = [(trainable, 0..batch.rows())];
        let view = View::new(&*self.device, &self.config, self.base.as_ref(), &trained, Some(dropout_seed));
        let sizes = self.sizes(batch, Some(trainable), ws, true);
        self.prepare(batch, ws, sizes)?;
        let sizes = Sizes { loss_rows: ws.host.unique.len(), ..sizes };
        if sizes.loss_rows == 0 {
            return Ok(LossSum::default());
        }
        pass::forward(&view, ws, &self.frequencies, &sizes, Phase::Many, |_| Keys::Rows);
        let x = &ws.inputs[pass::input_of(self.config.layers, &sizes)];
        let (rows, loss_rows) = (sizes.rows, sizes.loss_rows);
        let all = trainable.binding.trains_all();
        let backward = Some((&mut ws.temporary.dresidual, &mut *grads, all));
        head::loss(&view, x, &mut ws.head, &ws.batch, backward, rows, loss_rows, &mut ws.scratch);
        pass::backward(&view, ws, &trainable.binding, grads, &sizes);
        Ok(self.sum(batch, ws))
    }

    /// The loss alone; nothing is kept, no dropout.
    ///
    /// # Errors
    /// The batch's parts do not fit each other or the model.
    pub fn loss(
        &self,
        trainable: Option<&Trainable<D>>,
        batch: &TrainBatch,
        ws: &mut Workspace<D>,
    ) -> Result<LossSum, ModelError> {
        let trained: Vec<_> = trainable.into_iter().map(|t| (t, 0..batch.rows())).collect();
        let view = View::new(&*self.device, &self.config, self.base.as_ref(), &trained, None);
        let sizes = self.sizes(batch, trainable, ws, false);
        self.prepare(batch, ws, sizes)?;
        let loss_rows = ws.host.unique.len();
        if loss_rows == 0 {
            return Ok(LossSum::default());
        }
        pass::forward(&view, ws, &self.frequencies, &sizes, Phase::Many, |_| Keys::Rows);
        let x = &ws.inputs[pass::input_of(self.config.layers, &sizes)];
        head::loss(&view, x, &mut ws.head, &ws.batch, None, sizes.rows, loss_rows, &mut ws.scratch);
        Ok(self.sum(batch, ws))
    }

    /// Weighted negative log-likelihoods, one a target, in the batch's order.
    ///
    /// # Errors
    /// The batch's parts do not fit each other or the model.
    pub fn losses(
        &self,
        trainable: Option<&Trainable<D>>,
        batch: &TrainBatch,
        ws: &mut Workspace<D>,
    ) -> Result<Vec<f32>, ModelError> {
        self.loss(trainable, batch, ws)?;
        let mut by_row = vec![0.0; batch.targets.len()];
        self.device.read(&ws.head.losses, 0, &mut by_row);
        let mut out = vec![0.0; by_row.len()];
        for (loss, &target) in by_row.iter().zip(ws.host.order()) {
            out[target as usize] = *loss;
        }
        Ok(out)
    }

    pub(super) fn sizes(
        &self,
        batch: &TrainBatch,
        trainable: Option<&Trainable<D>>,
        ws: &Workspace<D>,
        backward: bool,
    ) -> Sizes {
        let trained = trainable.filter(|_| backward);
        let sizes = self.plan_sizes(trained, batch.rows(), batch.loss_rows.len(), ws.recompute);
        let outputs = trainable.and_then(Trainable::labels).unwrap_or(sizes.outputs);
        Sizes { ranks: trainable.map_or(sizes.ranks, |t| t.binding.ranks()), outputs, ..sizes }
    }

    /// Checks the batch and brings it to the device.
    pub(super) fn prepare(
        &self,
        batch: &TrainBatch,
        ws: &mut Workspace<D>,
        sizes: Sizes,
    ) -> Result<(), ModelError> {
        batch.check_for(&self.config, sizes.outputs)?;
        ws.host.rebuild(batch);
        ws.ensure(&self.device, &self.config, &sizes);
        let (device, on) = (&self.device, &mut ws.batch);
        device.write_indices(&mut on.ids, &batch.ids);
        device.write_indices(&mut on.positions, &batch.positions);
        device.write_indices(&mut on.loss_rows, &ws.host.unique);
        device.plan_attention(&mut on.attention, &ws.host.segments);
        device.plan_loss(&mut on.loss, &ws.host.rows, &ws.host.targets);
        Ok(())
    }

    fn sum(&self, batch: &TrainBatch, ws: &Workspace<D>) -> LossSum {
        let loss = self.device.sum(&ws.head.losses, 0..batch.targets.len());
        LossSum { loss, weight: batch.weights.iter().map(|&w| f64::from(w)).sum() }
    }
}
