//! Attention of grouped queries over visible keys: `out = softmax(scale · q·kᵀ) · v`.
//!
//! Query `i` of a segment sees the segment's ancestors whole and its own keys up to `i`. Row n of `lse` keeps, for each
//! head, the logarithm of the sum of exponentials; the backward pass makes the probabilities again from it.

use super::{Cache, Real};
use crate::plan::{HostAttentionPlan, KeySegment};
use crate::{AttentionShape, Place};

/// q, k and v with their places.
#[derive(Clone, Copy)]
pub struct Inputs<'a, R> {
    /// (N, H·D).
    pub q: (&'a [R], Place),
    /// (K, Hk·D).
    pub k: (&'a [R], Place),
    /// (K, Hk·D).
    pub v: (&'a [R], Place),
}

fn vector<R>(rows: (&[R], Place), row: usize, head: usize, width: usize) -> &[R] {
    &rows.0[rows.1.offset + row * rows.1.stride + head * width..][..width]
}

fn vector_mut<R>(rows: &mut [R], place: Place, row: usize, head: usize, width: usize) -> &mut [R] {
    &mut rows[place.offset + row * place.stride + head * width..][..width]
}

fn dot<R: Real>(a: &[R], b: &[R]) -> R {
    a.iter().zip(b).map(|(&a, &b)| a * b).sum()
}

/// The keys that query `i` of a segment sees, in order.
fn visible(segment: &KeySegment, i: usize) -> impl Iterator<Item = usize> + '_ {
    segment.ancestors.iter().cloned().flatten().chain(segment.own..=segment.own + i)
}

/// Calls `f(row of the query, its visible keys)` for every query.
fn each_query(plan: &HostAttentionPlan, mut f: impl FnMut(usize, Vec<usize>)) {
    for segment in plan.segments() {
        for i in 0..segment.queries.len() {
            f(segment.queries.start + i, visible(segment, i).collect());
        }
    }
}

/// Writes `out`, (N, H·D), and `lse`, (N, H).
pub fn forward<R: Real>(
    out: &mut [R],
    lse: &mut [R],
    inputs: Inputs<'_, R>,
    shape: AttentionShape,
    plan: &HostAttentionPlan,
) {
    let (heads, width) = (shape.heads, shape.head_dim);
    each_query(plan, |n, keys| {
        for head in 0..heads {
            let out = &mut out[(n * heads + head) * width..][..width];
            lse[n * heads + head] = one_query(out, n, head, &keys, inputs, shape);
        }
    });
}

fn one_query<R: Real>(
    out: &mut [R],
    n: usize,
    head: usize,
    keys: &[usize],
    inputs: Inputs<'_, R>,
    shape: AttentionShape,
) -> R {
    let width = shape.head_dim;
    let kv_head = head * shape.kv_heads / shape.heads;
    let q = vector(inputs.q, n, head, width);
    let scores: Vec<R> = keys
        .iter()
        .map(|&k| R::of(f64::from(shape.scale)) * dot(q, vector(inputs.k, k, kv_head, width)))
        .collect();
    let max = scores.iter().copied().fold(scores[0], |a, b| if b > a { b } else { a });
    let sum: R = scores.iter().map(|&s| (s - max).exp()).sum();
    out.fill(R::default());
    for (&k, &score) in keys.iter().zip(&scores) {
        let p = (score - max).exp() / sum;
        for (o, &v) in out.iter_mut().zip(vector(inputs.v, k, kv_head, width)) {
            *o += p * v;
        }
    }
    max + sum.ln()
}

/// Writes dq, dk, dv into `dqkv` at the places of q, k and v.
pub fn backward<R: Real>(
    dqkv: &mut [R],
    dout: &[R],
    out: &[R],
    lse: &[R],
    inputs: Inputs<'_, R>,
    shape: AttentionShape,
    plan: &HostAttentionPlan,
) {
    let (heads, width) = (shape.heads, shape.head_dim);
    let scale = R::of(f64::from(shape.scale));
    for segment in plan.segments() {
        for i in 0..segment.queries.len() {
            vector_mut(dqkv, inputs.q.1, segment.queries.start + i, 0, heads * width).fill(R::default());
            vector_mut(dqkv, inputs.k.1, segment.own + i, 0, shape.kv_heads * width).fill(R::default());
            vector_mut(dqkv, inputs.v.1, segment.own + i, 0, shape.kv_heads * width).fill(R::default());
        }
    }
    each_query(plan, |n, keys| {
        for head in 0..heads {
            let kv_head = head * shape.kv_heads / heads;
            let dout = &dout[(n * heads + head) * width..][..width];
            let delta = dot(dout, &out[(n * heads + head) * width..][..width]);
            let q = vector(inputs.q, n, head, width);
            for &key in &keys {
                let k = vector(inputs.k, key, kv_head, width);
                let p = (scale * dot(q, k) - lse[n * heads + head]).exp();
                let ds = scale * p * (dot(dout, vector(inputs.v, key, kv_head, width)) - delta);
                for i in 0..width {
                    vector_mut(dqkv, inputs.q.1, n, head, width)[i] += ds * k[i];
                    vector_mut(dqkv, inputs.k.1, key, kv_head, width)[i] += ds * q[i];
                    vector_mut(dqkv, inputs.v.1, key, kv_head, width)[i] += p * dout[i];
                }
            }
        }
    });
}

/// One query a row over the first `lengths[n]` keys of slot `slots[n]`.
pub fn decode<R: Real>(
    out: &mut [R],
    q: (&[R], Place),
    keys: &Cache<R>,
    values: &Cache<R>,
    slots: &[u32],
    lengths: &[u32],
    shape: AttentionShape,
) {
    let (heads, width) = (shape.heads, shape.head_dim);
    let row = shape.kv_heads * width;
    for (n, (&slot, &length)) in slots.iter().zip(lengths).enumerate() {
        let [k, v] = [keys, values].map(|cache| {
            let mut rows = vec![R::default(); length as usize * row];
            cache.read(&mut rows, slot as usize, length as usize);
            rows
        });
        let place = Place { offset: 0, stride: row };
        let inputs = Inputs { q, k: (&k, place), v: (&v, place) };
        let visible: Vec<usize> = (0..length as usize).collect();
        for head in 0..heads {
            let out = &mut out[(n * heads + head) * width..][..width];
            one_query(out, n, head, &visible, inputs, shape);
        }
    }
}
