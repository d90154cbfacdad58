//! The blocks, forward and backward.

use kernels::{Device, Phase};

use crate::layers::attention::{self, Keys};
use crate::layers::{Projection, View, embedding, mlp};
use crate::parameters::Binding;
use crate::workspace::{Sizes, Workspace};

/// Index in `inputs` of block `layer`'s input: two take turns when nothing is kept.
pub(super) fn input_of(layer: usize, sizes: &Sizes) -> usize {
    if sizes.backward { layer } else { layer % 2 }
}

/// One buffer to read and another to write.
fn pair<T>(buffers: &mut [T], read: usize, write: usize) -> (&T, &mut T) {
    if read < write {
        let (low, high) = buffers.split_at_mut(write);
        (&low[read], &mut high[0])
    } else {
        let (low, high) = buffers.split_at_mut(read);
        (&high[0], &mut low[write])
    }
}

/// Runs all blocks; `keys` says for each where its keys come from.
pub(super) fn forward<'k, D: Device>(
    view: &View<'_, D>,
    ws: &mut Workspace<D>,
    frequencies: &D::Buffer,
    sizes: &Sizes,
    phase: Phase,
    mut keys: impl FnMut(usize) -> Keys<'k, D>,
) {
    embedding::forward(view, &mut ws.inputs[0], &mut ws.batch, frequencies, sizes.rows);
    for layer in 0..view.config.layers {
        block(view, ws, layer, sizes, phase, keys(layer), true);
    }
}

fn block<D: Device>(
    view: &View<'_, D>,
    ws: &mut Workspace<D>,
    layer: usize,
    sizes: &Sizes,
    phase: Phase,
    keys: Keys<'_, D>,
    through: bool,
) {
    let kept = &mut ws.kept[sizes.kept_of(layer)];
    let (x, out) = pair(&mut ws.inputs, input_of(layer, sizes), input_of(layer + 1, sizes));
    let (t, scratch, rows) = (&mut ws.temporary, &mut ws.scratch, sizes.rows);
    attention::forward(view, layer, x, keys, kept, t, &ws.batch, rows, phase, scratch);
    mlp::forward(view, layer, x, through.then_some(out), kept, t, rows, phase, scratch);
}

/// From the gradient of the last block's output in `temporary.dresidual` down to the lowest trainable numbers.
pub(super) fn backward<D: Device>(
    view: &View<'_, D>,
    ws: &mut Workspace<D>,
    binding: &Binding,
    grads: &mut D::Buffer,
    sizes: &Sizes,
) {
    let lowest = binding.lowest_layer();
    for layer in (lowest..view.config.layers).rev() {
        if ws.recompute.of(layer) {
            let through = binding.trains(layer, Projection::Down);
            block(view, ws, layer, sizes, Phase::Many, Keys::Rows, through);
        }
        block_backward(view, ws, binding, grads, sizes, layer, layer > lowest);
    }
    if binding.trains_all() {
        embedding::backward(view, grads, &mut ws.temporary.dresidual, &ws.batch, sizes.rows);
    }
}

fn block_backward<D: Device>(
    view: &View<'_, D>,
    ws: &mut Workspace<D>,
    binding: &Binding,
    grads: &mut D::Buffer,
    sizes: &Sizes,
    layer: usize,
    below: bool,
) {
    let trains = |projection| binding.trains(layer, projection);
    let norm = binding.trains_all();
    let attention = attention::Wanted {
        qkv: trains(Projection::Qkv),
        out: trains(Projection::Out),
        norm,
        input: below || norm,
    };
    let reached = attention.qkv || attention.out || attention.input;
    let parallel = view.config.parallel_residual;
    let input = if parallel { attention.input } else { reached };
    let mlp = mlp::Wanted { up: trains(Projection::Up), down: trains(Projection::Down), norm, input };
    let kept = &mut ws.kept[sizes.kept_of(layer)];
    let (t, scratch, rows, x) = (&mut ws.temporary, &mut ws.scratch, sizes.rows, &ws.inputs[layer]);
    if parallel && reached {
        // The MLP adds its part to the gradient of the block's input, of which attention's output knows nothing.
        view.device.copy(&mut t.dout, &t.dresidual, rows * view.config.hidden);
    }
    mlp::backward(view, layer, x, kept, t, grads, mlp, rows, scratch);
    if reached {
        attention::backward(view, layer, x, kept, t, &ws.batch, grads, attention, rows, scratch);
    }
}
