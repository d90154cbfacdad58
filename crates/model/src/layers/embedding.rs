//! Tokens, and learned positions, to rows of the residual stream; for rotary models the angles of the batch.

use kernels::{Device, Groups, LinearShape, Phase};

use super::View;
use crate::workspace::DeviceBatch;
use crate::{ModelConfig, Positions};

fn shape(rows: usize, entries: usize, config: &ModelConfig) -> LinearShape {
    LinearShape { rows, inputs: config.hidden, outputs: entries, phase: Phase::Many }
}

/// Writes `out`, (N, C), and the batch's angles.
pub(crate) fn forward<D: Device>(
    view: &View<'_, D>,
    out: &mut D::Buffer,
    batch: &mut DeviceBatch<D>,
    frequencies: &D::Buffer,
    rows: usize,
) {
    let config = view.config;
    view.device.embed(out, view.embedding(), &batch.ids, shape(rows, config.vocab, config), false);
    if let Some(table) = view.positions() {
        view.device.embed(out, table, &batch.positions, shape(rows, config.context, config), true);
    }
    if let Positions::Rotary(rotary) = &config.positions {
        let shape = Groups::whole(rows, config.head_dim);
        let factor = rotary.attention_factor();
        view.device.rope_angles(&mut batch.angles, &batch.positions, frequencies, factor, shape);
    }
}

/// Adds to the gradients of both tables.
pub(crate) fn backward<D: Device>(
    view: &View<'_, D>,
    grads: &mut D::Buffer,
    dout: &D::Buffer,
    batch: &DeviceBatch<D>,
    rows: usize,
) {
    let config = view.config;
    let Some((tokens, positions)) = view.embedding_gradients() else { return };
    view.device.embed_backward(grads, tokens, dout, &batch.ids, shape(rows, config.vocab, config));
    if let Some(offset) = positions {
        view.device.embed_backward(
            grads,
            offset,
            dout,
            &batch.positions,
            shape(rows, config.context, config),
        );
    }
}
