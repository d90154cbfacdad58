//! Attention in tiles of queries and keys with a running softmax, so that no (N, N) matrix is ever written
//! (Dao et al. 2022). A task is one tile of queries of one head; its keys come in a fixed order.

use std::ops::Range;

use super::buffer::Shared;
use super::gemm::{Operand, product, span};
use super::linear::Scratch;
use super::math::{exp, max};
use super::pool::Pool;
use super::simd;
use crate::plan::{HostAttentionPlan, KeySegment, QUERY_TILE, QueryTile};
use crate::reference::attention::Inputs;
use crate::{AttentionShape, Place};

/// Keys of one tile.
pub const KEY_TILE: usize = 128;

/// Numbers of scratch that a thread needs: scores, their gradients, and three numbers a query.
pub fn lane_len() -> usize {
    2 * QUERY_TILE * KEY_TILE + 3 * QUERY_TILE
}

/// `rows` vectors of one head.
pub fn head_rows(
    (numbers, place): (&[f32], Place),
    first: usize,
    rows: usize,
    head: usize,
    width: usize,
) -> Operand {
    let start = place.offset + first * place.stride + head * width;
    Operand::rows(&numbers[start..], place.stride, rows, width)
}

/// Calls `f(keys, own)` for the tiles of keys that a tile of queries sees; `own` for those of its own segment,
/// of which query `i` sees those up to `segment.own + tile.first + i`.
pub fn each_key_tile(segment: &KeySegment, tile: QueryTile, mut f: impl FnMut(Range<usize>, bool)) {
    let own = segment.own..segment.own + tile.first + tile.len;
    let runs = segment.ancestors.iter().cloned().map(|run| (run, false)).chain([(own, true)]);
    for (run, own) in runs {
        for start in run.clone().step_by(KEY_TILE) {
            f(start..(start + KEY_TILE).min(run.end), own);
        }
    }
}

/// How many of a tile's keys query `i` of the tile sees.
pub fn seen(segment: &KeySegment, tile: QueryTile, keys: &Range<usize>, own: bool, i: usize) -> usize {
    if own {
        (segment.own + tile.first + i + 1).saturating_sub(keys.start).min(keys.len())
    } else {
        keys.len()
    }
}

/// Writes `out`, (N, H·D), and `lse`, (N, H).
pub fn forward(
    pool: &Pool,
    out: &mut [f32],
    lse: &mut [f32],
    inputs: Inputs<'_, f32>,
    shape: AttentionShape,
    plan: &HostAttentionPlan,
    scratch: &mut [f32],
) {
    let (_, lanes) = Scratch::split(scratch, 0, lane_len(), pool.threads()).parts();
    let (out, lse) = (Shared::new(out), Shared::new(lse));
    pool.run(plan.tiles().len() * shape.heads, |task, thread| {
        let (tile, head) = (plan.tiles()[task / shape.heads], task % shape.heads);
        let segment = &plan.segments()[tile.segment];
        one_tile(out, lse, inputs, shape, segment, tile, head, lanes.of(thread));
    });
}

fn one_tile(
    out: Shared<'_>,
    lse: Shared<'_>,
    inputs: Inputs<'_, f32>,
    shape: AttentionShape,
    segment: &KeySegment,
    tile: QueryTile,
    head: usize,
    lane: &mut [f32],
) {
    let (width, stride) = (shape.head_dim, shape.heads * shape.head_dim);
    let kv_head = head * shape.kv_heads / shape.heads;
    let first = segment.queries.start + tile.first;
    let q = head_rows(inputs.q, first, tile.len, head, width);
    let (scores, rest) = lane.split_at_mut(QUERY_TILE * KEY_TILE);
    let (greatest, rest) = rest.split_at_mut(QUERY_TILE);
    let sums = &mut rest[..QUERY_TILE];
    greatest.fill(f32::NEG_INFINITY);
    sums.fill(0.0);
    // SAFETY: rows of one head and one tile are this task's.
    let row = |i: usize| unsafe { out.part((first + i) * stride + head * width, width) };
    (0..tile.len).for_each(|i| row(i).fill(0.0));
    let start = out.at(first * stride + head * width, span(stride, tile.len, width));
    each_key_tile(segment, tile, |keys, own| {
        let count = keys.len();
        let k = head_rows(inputs.k, keys.start, count, kv_head, width).transposed();
        // SAFETY: scores are this thread's; operands have the sizes given.
        unsafe { product(scores.as_mut_ptr(), count, [tile.len, count, width], q, k, shape.scale, false) }
        simd(
            #[inline(always)]
            || {
                for i in 0..tile.len {
                    let seen = seen(segment, tile, &keys, own, i);
                    let scores = &mut scores[i * count..][..count];
                    soften(scores, seen, &mut greatest[i], &mut sums[i], row(i));
                }
            },
        );
        let p = Operand::rows(scores, count, tile.len, count);
        let v = head_rows(inputs.v, keys.start, count, kv_head, width);
        // SAFETY: the tile's rows of this head are this task's; operands have the sizes given.
        unsafe { product(start, stride, [tile.len, width, count], p, v, 1.0, true) }
    });
    for i in 0..tile.len {
        row(i).iter_mut().for_each(|o| *o /= sums[i]);
        // SAFETY: as for the rows.
        unsafe { lse.part((first + i) * shape.heads + head, 1)[0] = greatest[i] + sums[i].ln() }
    }
}

/// Replaces scores by exponentials relative to the greatest so far, and rescales what was summed before.
#[inline(always)]
fn soften(scores: &mut [f32], seen: usize, greatest: &mut f32, sum: &mut f32, out: &mut [f32]) {
    let (seen, hidden) = scores.split_at_mut(seen);
    hidden.fill(0.0);
    if seen.is_empty() {
        return;
    }
    let new = greatest.max(max(seen));
    let rescale = exp(*greatest - new);
    for s in seen.iter_mut() {
        *s = exp(*s - new);
    }
    *sum = *sum * rescale + super::math::sum(seen.len(), |i| seen[i]);
    *greatest = new;
    if rescale != 1.0 {
        out.iter_mut().for_each(|o| *o *= rescale);
    }
}
