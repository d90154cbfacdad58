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
    if config.scaled_embedding {
        view.device.scale(out, 0..rows * config.hidden, (config.hidden as f32).sqrt());
    }
    if config.qkv_by_head {
        order_heads(view, batch, rows);
    }
    if let Positions::Rotary(rotary) = &config.positions {
        let shape = Groups::whole(rows, config.rotary_dims());
        let factor = rotary.attention_factor();
        view.device.rope_angles(&mut batch.angles, &batch.positions, frequencies, factor, shape);
    }
}

/// Where the vectors of query, key and value, in this order, lie in rows in which each head has its own three.
/// What it writes for a row does not depend on how many follow.
fn order_heads<D: Device>(view: &View<'_, D>, batch: &mut DeviceBatch<D>, rows: usize) {
    if batch.ordered_rows >= rows {
        return;
    }
    let heads = view.config.heads;
    let of_row = |row: usize| (0..3 * heads).map(move |at| 3 * (row * heads + at % heads) + at / heads);
    let order: Vec<u32> = (0..rows).flat_map(of_row).map(|at| at as u32).collect();
    view.device.write_indices(&mut batch.head_order, &order);
    batch.ordered_rows = rows;
}

/// Adds to the gradients of both tables; `dout` may be scaled on the way.
pub(crate) fn backward<D: Device>(
    view: &View<'_, D>,
    grads: &mut D::Buffer,
    dout: &mut D::Buffer,
    batch: &DeviceBatch<D>,
    rows: usize,
) {
    let config = view.config;
    let Some((tokens, positions)) = view.embedding_gradients() else { return };
    if config.scaled_embedding {
        view.device.scale(dout, 0..rows * config.hidden, (config.hidden as f32).sqrt());
    }
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
