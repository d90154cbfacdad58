//! The last norm and the head, at the rows that have targets.

use kernels::{At, Device, Groups, HeadShape, LinearShape, Phase, Rows};

use super::View;
use crate::workspace::{DeviceBatch, HeadBuffers};

/// Writes `h.losses`; with `grads`, the gradient of the residual stream's rows into `dresidual` (N, C).
pub(crate) fn loss<D: Device>(
    view: &View<'_, D>,
    x: &D::Buffer,
    h: &mut HeadBuffers<D>,
    batch: &DeviceBatch<D>,
    backward: Option<(&mut D::Buffer, &mut D::Buffer, bool)>,
    rows: usize,
    loss_rows: usize,
    scratch: &mut D::Buffer,
) {
    let (device, c) = (view.device, view.config.hidden);
    let groups = Groups::whole(loss_rows, c);
    device.gather(&mut h.rows, x, &batch.loss_rows, loss_rows, c);
    device.norm(&mut h.normed, groups.place, &mut h.stats, &h.rows, groups, view.final_norm());
    let shape = HeadShape { rows: loss_rows, hidden: c, vocab: view.outputs() };
    let Some((dresidual, grads, train)) = backward else {
        device.head_loss(&mut h.losses, None, None, &h.normed, view.head(), shape, &batch.loss, scratch);
        return;
    };
    let to = (train || view.classifies()).then_some(&mut *grads);
    device.head_loss(
        &mut h.losses,
        Some(&mut h.dnormed),
        to,
        &h.normed,
        view.head(),
        shape,
        &batch.loss,
        scratch,
    );
    device.fill(&mut h.drows, 0..loss_rows * c, 0.0);
    let to = train.then_some(&mut *grads);
    let x = Rows { buffer: &h.rows, place: groups.place };
    let dx = Some((&mut h.drows, groups.place));
    device.norm_backward(dx, to, &h.dnormed, x, &h.stats, groups, view.final_norm());
    device.fill(dresidual, 0..rows * c, 0.0);
    device.scatter(dresidual, &h.drows, &batch.loss_rows, loss_rows, c);
}

/// Writes the logits of `count` rows of the residual stream, (count, V) or (count, labels), to `h.logits`.
pub(crate) fn logits<D: Device>(
    view: &View<'_, D>,
    x: &D::Buffer,
    h: &mut HeadBuffers<D>,
    batch: &DeviceBatch<D>,
    count: usize,
    scratch: &mut D::Buffer,
) {
    let (device, c) = (view.device, view.config.hidden);
    let groups = Groups::whole(count, c);
    device.gather(&mut h.rows, x, &batch.loss_rows, count, c);
    device.norm(&mut h.normed, groups.place, &mut h.stats, &h.rows, groups, view.final_norm());
    let shape = LinearShape { rows: count, inputs: c, outputs: view.outputs(), phase: Phase::Decode };
    let none: Option<At<'_, D::Buffer>> = None;
    device.linear(&mut h.logits, &mut h.losses, &h.normed, view.head(), none, None, &[], shape, scratch);
}
