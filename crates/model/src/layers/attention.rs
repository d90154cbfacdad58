//! `middle = x + out(attention(rotate(norm(qkv(norm(x))))))`.
//!
//! Query, key and value are one stacked product; the rotation is in place. Keys and values come from the same rows
//! (training) or from a cache (prefill and generation).

use kernels::{AttentionShape, Device, Groups, Phase, Place, Rows};

use super::{Projection, View};
use crate::workspace::{Activations, DeviceBatch, Temporary};
use crate::{ModelConfig, Positions};

/// Which gradients a block's attention has to make.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Wanted {
    /// Of the low-rank or full weights of query, key and value.
    pub qkv: bool,
    /// Of those of the projection after attention.
    pub out: bool,
    /// Of the norms' parameters.
    pub norm: bool,
    /// Of the block's input.
    pub input: bool,
}

/// Where keys and values come from.
pub(crate) enum Keys<'a, D: Device> {
    /// The rows themselves.
    Rows,
    /// New rows are appended to a slot, and see its first so many positions, themselves among them.
    Prefill(&'a mut LayerCache<D>, usize, usize),
    /// Each row is appended to a slot of its own.
    Decode(&'a mut LayerCache<D>),
}

/// A block's part of a KV cache.
#[derive(Debug)]
pub(crate) struct LayerCache<D: Device> {
    /// Rotated.
    pub keys: D::Cache,
    pub values: D::Cache,
}

/// Places of query, key and value in a stacked row.
fn places(config: &ModelConfig) -> [Place; 3] {
    let (q, kv) = (config.q_width(), config.kv_width());
    [0, q, q + kv].map(|offset| Place { offset, stride: q + 2 * kv })
}

fn heads_of(config: &ModelConfig, place: Place, heads: usize, rows: usize) -> Groups {
    Groups { rows, groups: heads, width: config.head_dim, step: config.head_dim, place }
}

fn shape_of(config: &ModelConfig) -> AttentionShape {
    AttentionShape {
        heads: config.heads,
        kv_heads: config.kv_heads,
        head_dim: config.head_dim,
        scale: 1.0 / (config.head_dim as f32).sqrt(),
    }
}

/// Reads `x`, (N, C); writes `kept.middle`.
pub(crate) fn forward<D: Device>(
    view: &View<'_, D>,
    layer: usize,
    x: &D::Buffer,
    keys: Keys<'_, D>,
    kept: &mut Activations<D>,
    t: &mut Temporary<D>,
    batch: &DeviceBatch<D>,
    rows: usize,
    phase: Phase,
    scratch: &mut D::Buffer,
) {
    let (device, config) = (view.device, view.config);
    let shape = Groups::whole(rows, config.hidden);
    device.norm(&mut t.normed, shape.place, &mut kept.attention_stats, x, shape, view.attention_norm(layer));
    let qkv = view.linear(layer, Projection::Qkv, rows, phase);
    let low_rank = &mut kept.low_rank[Projection::Qkv as usize];
    let stacked = if config.qkv_by_head { &mut t.turned } else { &mut kept.qkv };
    device.linear(stacked, low_rank, &t.normed, qkv.matrix, qkv.bias, None, &qkv.lora, qkv.shape, scratch);
    if config.qkv_by_head {
        let (count, width) = (rows * 3 * config.heads, config.head_dim);
        device.gather(&mut kept.qkv, &t.turned, &batch.head_order, count, width);
    }
    if config.qk_norm {
        turn(view, layer, &mut t.turned, &mut kept.qk_stats, &kept.qkv, batch, rows);
    } else {
        rotate(view, &mut kept.qkv, batch, rows, false);
    }
    attend(view, keys, kept, &t.turned, &mut t.known, batch, rows, scratch);
    let out = view.linear(layer, Projection::Out, rows, phase);
    let low_rank = &mut kept.low_rank[Projection::Out as usize];
    let middle = &mut kept.middle;
    device.linear(
        middle,
        low_rank,
        &kept.attended,
        out.matrix,
        out.bias,
        Some(x),
        &out.lora,
        out.shape,
        scratch,
    );
}

/// q/k norm and rotation.
fn turn<D: Device>(
    view: &View<'_, D>,
    layer: usize,
    turned: &mut D::Buffer,
    stats: &mut [D::Buffer; 2],
    qkv: &D::Buffer,
    batch: &DeviceBatch<D>,
    rows: usize,
) {
    let config = view.config;
    let Some(norms) = view.qk_norm(layer) else { return };
    let places = places(config);
    for (i, heads) in [config.heads, config.kv_heads].into_iter().enumerate() {
        let shape = heads_of(config, places[i], heads, rows);
        view.device.norm(turned, places[i], &mut stats[i], qkv, shape, norms[i]);
    }
    rotate(view, turned, batch, rows, false);
}

/// Query, key and value as attention reads them.
fn read<'a, D: Device>(
    config: &ModelConfig,
    qkv: &'a D::Buffer,
    turned: &'a D::Buffer,
) -> [Rows<'a, D::Buffer>; 3] {
    let qk = if config.qk_norm { turned } else { qkv };
    let [q, k, v] = places(config);
    [Rows { buffer: qk, place: q }, Rows { buffer: qk, place: k }, Rows { buffer: qkv, place: v }]
}

fn rotate<D: Device>(
    view: &View<'_, D>,
    qkv: &mut D::Buffer,
    batch: &DeviceBatch<D>,
    rows: usize,
    backwards: bool,
) {
    let config = view.config;
    if let Positions::Rotary(_) = config.positions {
        let places = places(config);
        for (i, heads) in [config.heads, config.kv_heads].into_iter().enumerate() {
            let shape = heads_of(config, places[i], heads, rows);
            let shape = Groups { width: config.rotary_dims(), ..shape };
            view.device.rope(qkv, &batch.angles, shape, backwards);
        }
    }
}

fn attend<D: Device>(
    view: &View<'_, D>,
    keys: Keys<'_, D>,
    kept: &mut Activations<D>,
    turned: &D::Buffer,
    known: &mut [D::Buffer; 2],
    batch: &DeviceBatch<D>,
    rows: usize,
    scratch: &mut D::Buffer,
) {
    let (device, shape) = (view.device, shape_of(view.config));
    let Activations { qkv, attended: out, lse, .. } = kept;
    let [q, k, v] = read::<D>(view.config, qkv, turned);
    match keys {
        Keys::Rows => device.attention(out, lse, q, k, v, shape, &batch.attention, scratch),
        Keys::Prefill(cache, slot, length) => {
            // Read back from the cache even where they are these rows' own: what a token sees must not depend on
            // where a prompt was cut.
            let [known_keys, known_values] = known;
            for (cache, rows_of, known) in
                [(&mut cache.keys, k, &mut *known_keys), (&mut cache.values, v, &mut *known_values)]
            {
                device.cache_write(cache, rows_of, &batch.cache_rows, rows);
                device.cache_read(known, cache, slot, length);
            }
            let place = Place { offset: 0, stride: view.config.kv_width() };
            let [k, v] = [&*known_keys, &*known_values].map(|buffer| Rows { buffer, place });
            device.attention(out, lse, q, k, v, shape, &batch.attention, scratch);
        }
        Keys::Decode(cache) => {
            device.cache_write(&mut cache.keys, k, &batch.cache_rows, rows);
            device.cache_write(&mut cache.values, v, &batch.cache_rows, rows);
            let LayerCache { keys, values } = &*cache;
            let (slots, lengths) = (&batch.slots, &batch.lengths);
            device.attention_decode(out, q, keys, values, slots, lengths, rows, shape, scratch);
        }
    }
}

/// Turns `t.dresidual` from the gradient of `kept.middle` into that of `x`. With a parallel residual the gradient of
/// `kept.middle` is in `t.dout`, and `t.dresidual` is added to.
pub(crate) fn backward<D: Device>(
    view: &View<'_, D>,
    layer: usize,
    x: &D::Buffer,
    kept: &mut Activations<D>,
    t: &mut Temporary<D>,
    batch: &DeviceBatch<D>,
    grads: &mut D::Buffer,
    wanted: Wanted,
    rows: usize,
    scratch: &mut D::Buffer,
) {
    let (device, config) = (view.device, view.config);
    let normed_wanted = wanted.norm || wanted.input;
    let inner = wanted.qkv || normed_wanted;
    let out = view.linear(layer, Projection::Out, rows, Phase::Many);
    let dx = inner.then_some(&mut t.dattended);
    let to = wanted.out.then_some(&mut *grads);
    let low_rank = &kept.low_rank[Projection::Out as usize];
    let dout = if config.parallel_residual { &t.dout } else { &t.dresidual };
    device.linear_backward(
        dx,
        to,
        dout,
        &kept.attended,
        low_rank,
        out.matrix,
        out.bias,
        &out.lora,
        out.shape,
        scratch,
    );
    if !inner {
        return;
    }
    // The statistics come out as they were.
    turn(view, layer, &mut t.turned, &mut kept.qk_stats, &kept.qkv, batch, rows);
    let [q, k, v] = read::<D>(config, &kept.qkv, &t.turned);
    device.attention_backward(
        &mut t.dqkv,
        &t.dattended,
        &kept.attended,
        &kept.lse,
        q,
        k,
        v,
        shape_of(config),
        &batch.attention,
        scratch,
    );
    rotate(view, &mut t.dqkv, batch, rows, true);
    normalise_backward(view, layer, kept, t, grads, wanted.norm, rows);
    let shape = Groups::whole(rows, config.hidden);
    let norm = view.attention_norm(layer);
    if wanted.qkv {
        // The statistics come out as they were; the norm's output was not kept.
        device.norm(&mut t.normed, shape.place, &mut t.dattended, x, shape, norm);
    }
    let qkv = view.linear(layer, Projection::Qkv, rows, Phase::Many);
    let dx = normed_wanted.then_some(&mut t.dnormed);
    let to = wanted.qkv.then_some(&mut *grads);
    let low_rank = &kept.low_rank[Projection::Qkv as usize];
    if config.qkv_by_head {
        let (count, width) = (rows * 3 * config.heads, config.head_dim);
        device.scatter(&mut t.turned, &t.dqkv, &batch.head_order, count, width);
    }
    let dqkv = if config.qkv_by_head { &t.turned } else { &t.dqkv };
    device.linear_backward(
        dx, to, dqkv, &t.normed, low_rank, qkv.matrix, qkv.bias, &qkv.lora, qkv.shape, scratch,
    );
    if normed_wanted {
        let dx = wanted.input.then_some((&mut t.dresidual, shape.place));
        let to = wanted.norm.then_some(&mut *grads);
        let x = Rows { buffer: x, place: shape.place };
        device.norm_backward(dx, to, &t.dnormed, x, &kept.attention_stats, shape, norm);
    }
}

fn normalise_backward<D: Device>(
    view: &View<'_, D>,
    layer: usize,
    kept: &Activations<D>,
    t: &mut Temporary<D>,
    grads: &mut D::Buffer,
    train: bool,
    rows: usize,
) {
    let config = view.config;
    let Some(norms) = view.qk_norm(layer) else { return };
    let places = places(config);
    for (i, heads) in [config.heads, config.kv_heads].into_iter().enumerate() {
        let shape = heads_of(config, places[i], heads, rows);
        let x = Rows { buffer: &kept.qkv, place: places[i] };
        let to = train.then_some(&mut *grads);
        view.device.norm_backward_in_place(&mut t.dqkv, to, x, &kept.qk_stats[i], shape, norms[i]);
    }
}
