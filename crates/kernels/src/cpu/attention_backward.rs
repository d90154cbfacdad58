//! Gradients of attention: probabilities are made again tile by tile from the kept logarithms.
//!
//! A task is one tree of segments and one key/value head with all its query heads, so that dk and dv of a shared
//! prefix are summed over its branches in a fixed order.

use super::attention::{KEY_TILE, each_key_tile, head_rows, lane_len, seen};
use super::buffer::Shared;
use super::gemm::{Operand, product, span};
use super::linear::Scratch;
use super::math::{dot, exp};
use super::pool::Pool;
use super::simd;
use crate::plan::{HostAttentionPlan, KeySegment, QUERY_TILE, QueryTile};
use crate::reference::attention::Inputs;
use crate::{AttentionShape, Place};

/// What the backward pass reads.
#[derive(Clone, Copy)]
pub struct Read<'a> {
    /// (N, H·D).
    pub dout: &'a [f32],
    /// (N, H·D).
    pub out: &'a [f32],
    /// (N, H).
    pub lse: &'a [f32],
    /// Query, key and value.
    pub inputs: Inputs<'a, f32>,
}

/// Writes dq, dk, dv into `dqkv` at the places of q, k and v.
pub fn backward(
    pool: &Pool,
    dqkv: &mut [f32],
    read: Read<'_>,
    shape: AttentionShape,
    plan: &HostAttentionPlan,
    scratch: &mut [f32],
) {
    let (_, lanes) = Scratch::split(scratch, 0, lane_len(), pool.threads()).parts();
    let dqkv = Shared::new(dqkv);
    let group = shape.heads / shape.kv_heads;
    pool.run(plan.trees().len() * shape.kv_heads, |task, thread| {
        let (tree, kv_head) = (&plan.trees()[task / shape.kv_heads], task % shape.kv_heads);
        let segments = &plan.segments()[tree.clone()];
        for segment in segments {
            clear(dqkv, read.inputs, segment, shape, kv_head);
        }
        for segment in segments {
            for first in (0..segment.queries.len()).step_by(QUERY_TILE) {
                let len = QUERY_TILE.min(segment.queries.len() - first);
                let tile = QueryTile { segment: 0, first, len };
                for head in kv_head * group..(kv_head + 1) * group {
                    one_tile(dqkv, read, shape, segment, tile, [head, kv_head], lanes.of(thread));
                }
            }
        }
    });
}

/// Zeros the gradients that a task adds to.
fn clear(
    dqkv: Shared<'_>,
    inputs: Inputs<'_, f32>,
    segment: &KeySegment,
    shape: AttentionShape,
    kv_head: usize,
) {
    let (width, group) = (shape.head_dim, shape.heads / shape.kv_heads);
    let zero = |place: Place, row: usize, start: usize, len: usize| {
        // SAFETY: a task's heads and rows are its own.
        unsafe { dqkv.part(place.offset + row * place.stride + start, len) }.fill(0.0);
    };
    for i in 0..segment.queries.len() {
        zero(inputs.q.1, segment.queries.start + i, kv_head * group * width, group * width);
        zero(inputs.k.1, segment.own + i, kv_head * width, width);
        zero(inputs.v.1, segment.own + i, kv_head * width, width);
    }
}

fn one_tile(
    dqkv: Shared<'_>,
    read: Read<'_>,
    shape: AttentionShape,
    segment: &KeySegment,
    tile: QueryTile,
    [head, kv_head]: [usize; 2],
    lane: &mut [f32],
) {
    let Read { dout, out, lse, inputs } = read;
    let (width, stride) = (shape.head_dim, shape.heads * shape.head_dim);
    let first = segment.queries.start + tile.first;
    let dense = Place { offset: 0, stride };
    let q = head_rows(inputs.q, first, tile.len, head, width);
    let d = head_rows((dout, dense), first, tile.len, head, width);
    let (p, rest) = lane.split_at_mut(QUERY_TILE * KEY_TILE);
    let (dp, rest) = rest.split_at_mut(QUERY_TILE * KEY_TILE);
    let delta = &mut rest[..QUERY_TILE];
    for i in 0..tile.len {
        let at = (first + i) * stride + head * width;
        delta[i] = dot(&dout[at..at + width], &out[at..at + width]);
    }
    let target = |place: Place, row: usize, rows: usize, head: usize| {
        dqkv.at(place.offset + row * place.stride + head * width, span(place.stride, rows, width))
    };
    let dq = target(inputs.q.1, first, tile.len, head);
    each_key_tile(segment, tile, |keys, own| {
        let count = keys.len();
        let k = head_rows(inputs.k, keys.start, count, kv_head, width);
        let v = head_rows(inputs.v, keys.start, count, kv_head, width);
        let size = [tile.len, count, width];
        // SAFETY: p and dp are this thread's; operands have the sizes given.
        unsafe {
            product(p.as_mut_ptr(), count, size, q, k.transposed(), shape.scale, false);
            product(dp.as_mut_ptr(), count, size, d, v.transposed(), 1.0, false);
        }
        simd(
            #[inline(always)]
            || {
                for i in 0..tile.len {
                    let seen = seen(segment, tile, &keys, own, i);
                    let lse = lse[(first + i) * shape.heads + head];
                    let range = i * count..(i + 1) * count;
                    differentiate(&mut p[range.clone()], &mut dp[range], seen, lse, delta[i], shape.scale);
                }
            },
        );
        let [dk, dv] = [inputs.k.1, inputs.v.1].map(|place| target(place, keys.start, count, kv_head));
        let p = Operand::rows(p, count, tile.len, count);
        let ds = Operand::rows(dp, count, tile.len, count);
        let back = [count, width, tile.len];
        // SAFETY: rows and heads of the tree are this task's; operands have the sizes given.
        unsafe {
            product(dv, inputs.v.1.stride, back, p.transposed(), d, 1.0, true);
            product(dk, inputs.k.1.stride, back, ds.transposed(), q, 1.0, true);
            product(dq, inputs.q.1.stride, [tile.len, width, count], ds, k, 1.0, true);
        }
    });
}

/// Scores to probabilities, and their gradients to those of the scores.
#[inline(always)]
fn differentiate(p: &mut [f32], dp: &mut [f32], seen: usize, lse: f32, delta: f32, scale: f32) {
    p[seen..].fill(0.0);
    dp[seen..].fill(0.0);
    for (p, dp) in p[..seen].iter_mut().zip(&mut dp[..seen]) {
        *p = exp(*p - lse);
        *dp = scale * *p * (*dp - delta);
    }
}
