//! `out = middle + down(activation(up(norm(middle))))`, or gated: `down(activation(gate) · up)`.
//!
//! With a parallel residual the norm reads the block's input instead of `middle`, what attention made of it.

use kernels::{Device, Groups, Phase, Place, Rows};

use super::{Projection, View, activation, up_width};
use crate::MlpKind;
use crate::workspace::{Activations, Temporary};

/// Which gradients a block's MLP has to make.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Wanted {
    /// Of the low-rank or full weights of up.
    pub up: bool,
    /// Of those of down.
    pub down: bool,
    /// Of the norm's parameters.
    pub norm: bool,
    /// Of the block's input.
    pub input: bool,
}

/// What the norm reads: `middle`, or with a parallel residual the block's input `x`.
fn read<'a, D: Device>(view: &View<'_, D>, x: &'a D::Buffer, middle: &'a D::Buffer) -> &'a D::Buffer {
    if view.config.parallel_residual { x } else { middle }
}

/// Reads `kept.middle` and the block's input `x`; writes `out`, (N, C). Without `out` it stops at what a backward pass reads.
pub(crate) fn forward<D: Device>(
    view: &View<'_, D>,
    layer: usize,
    x: &D::Buffer,
    out: Option<&mut D::Buffer>,
    kept: &mut Activations<D>,
    t: &mut Temporary<D>,
    rows: usize,
    phase: Phase,
    scratch: &mut D::Buffer,
) {
    let (device, config) = (view.device, view.config);
    let shape = Groups::whole(rows, config.hidden);
    let read = read(view, x, &kept.middle);
    device.norm(&mut t.normed, shape.place, &mut kept.mlp_stats, read, shape, view.mlp_norm(layer));
    let up = view.linear(layer, Projection::Up, rows, phase);
    let low_rank = &mut kept.low_rank[Projection::Up as usize];
    device.linear(&mut kept.up, low_rank, &t.normed, up.matrix, up.bias, None, &up.lora, up.shape, scratch);
    let Some(out) = out else { return };
    activate(view, t, kept, rows);
    let down = view.linear(layer, Projection::Down, rows, phase);
    let low_rank = &mut kept.low_rank[Projection::Down as usize];
    let residual = Some(&kept.middle);
    device.linear(
        out,
        low_rank,
        &t.activated,
        down.matrix,
        down.bias,
        residual,
        &down.lora,
        down.shape,
        scratch,
    );
}

fn activate<D: Device>(view: &View<'_, D>, t: &mut Temporary<D>, kept: &Activations<D>, rows: usize) {
    let (width, kind) = (view.config.mlp_hidden, activation(view.config));
    match view.config.mlp {
        MlpKind::Gated => view.device.gated(&mut t.activated, &kept.up, rows, width, kind),
        MlpKind::Plain => view.device.activate(&mut t.activated, &kept.up, rows * width, kind),
    }
}

/// Turns `t.dresidual` from the gradient of the block's output into that of `kept.middle`; with a parallel residual it
/// adds the MLP's part of the gradient of `x`.
pub(crate) fn backward<D: Device>(
    view: &View<'_, D>,
    layer: usize,
    x: &D::Buffer,
    kept: &Activations<D>,
    t: &mut Temporary<D>,
    grads: &mut D::Buffer,
    wanted: Wanted,
    rows: usize,
    scratch: &mut D::Buffer,
) {
    let (device, config) = (view.device, view.config);
    let normed_wanted = wanted.norm || wanted.input;
    let inner = wanted.up || normed_wanted;
    if wanted.down {
        activate(view, t, kept, rows);
    }
    let down = view.linear(layer, Projection::Down, rows, Phase::Many);
    let dx = inner.then_some(&mut t.dactivated);
    let to = wanted.down.then_some(&mut *grads);
    let low_rank = &kept.low_rank[Projection::Down as usize];
    device.linear_backward(
        dx,
        to,
        &t.dresidual,
        &t.activated,
        low_rank,
        down.matrix,
        down.bias,
        &down.lora,
        down.shape,
        scratch,
    );
    if !inner {
        return;
    }
    let (width, kind) = (config.mlp_hidden, activation(config));
    match config.mlp {
        MlpKind::Gated => device.gated_backward(&mut t.dup, &t.dactivated, &kept.up, rows, width, kind),
        MlpKind::Plain => {
            device.activate_backward(&mut t.dup, &t.dactivated, &kept.up, rows * up_width(config), kind);
        }
    }
    let shape = Groups::whole(rows, config.hidden);
    let norm = view.mlp_norm(layer);
    let read = read(view, x, &kept.middle);
    let x = Rows { buffer: read, place: Place { offset: 0, stride: config.hidden } };
    if wanted.up {
        // The statistics come out as they were; the norm's output was not kept.
        device.norm(&mut t.normed, shape.place, &mut t.dattended, read, shape, norm);
    }
    let up = view.linear(layer, Projection::Up, rows, Phase::Many);
    let dx = normed_wanted.then_some(&mut t.dnormed);
    let to = wanted.up.then_some(&mut *grads);
    let low_rank = &kept.low_rank[Projection::Up as usize];
    device.linear_backward(
        dx, to, &t.dup, &t.normed, low_rank, up.matrix, up.bias, &up.lora, up.shape, scratch,
    );
    if normed_wanted {
        let dx = wanted.input.then_some((&mut t.dresidual, shape.place));
        let to = wanted.norm.then_some(&mut *grads);
        device.norm_backward(dx, to, &t.dnormed, x, &kept.mlp_stats, shape, norm);
    }
}
