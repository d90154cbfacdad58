//! One query a row over cached keys. A task is one row and the heads that share keys, which it reads once.
//!
//! Sums run over sixteen lanes, which are added up pair by pair, and over keys in order; operations are not fused, so
//! that all instruction sets give the same bits.

use super::buffer::Shared;
use super::integer::{Isa, Lanes};
use super::linear::Scratch;
use super::math::{exp, max, sum};
use super::pool::Pool;
use super::simd;
use crate::{AttentionShape, CacheShape, Place};

/// Numbers of a vector.
const LANES: usize = 16;
/// Vectors of a value that are summed up at a time.
const VECTORS: usize = 4;

/// The heads of one row that share keys.
#[derive(Clone, Copy)]
struct Heads {
    /// Their queries, one after the other.
    q: *const f32,
    /// First key and value, and the distance from one to the next.
    keys: *const f32,
    values: *const f32,
    stride: usize,
    /// Keys, heads, and width of a head.
    length: usize,
    group: usize,
    width: usize,
    scale: f32,
}

/// One query a row over the first `lengths[n]` keys of slot `slots[n]`.
pub fn attention(
    pool: &Pool,
    out: &mut [f32],
    q: (&[f32], Place),
    [keys, values]: [&[f32]; 2],
    cache: CacheShape,
    [slots, lengths]: [&[u32]; 2],
    shape: AttentionShape,
    scratch: &mut [f32],
) {
    let (width, group) = (shape.head_dim, shape.heads / shape.kv_heads);
    let longest = lengths.iter().max().map_or(0, |&l| l as usize);
    let (_, lanes) = Scratch::split(scratch, 0, group * longest, pool.threads()).parts();
    let (out, isa) = (Shared::new(out), Isa::best());
    pool.run(slots.len() * shape.kv_heads, |task, thread| {
        let (n, kv_head) = (task / shape.kv_heads, task % shape.kv_heads);
        let length = lengths[n] as usize;
        let start = slots[n] as usize * cache.capacity * cache.width + kv_head * width;
        let end = if length == 0 { start } else { start + (length - 1) * cache.width + width };
        let q = &q.0[q.1.offset + n * q.1.stride + kv_head * group * width..][..group * width];
        // SAFETY: rows and heads are disjoint.
        let out = unsafe { out.part(task * group * width, group * width) };
        let scores = &mut lanes.of(thread)[..group * length];
        let heads = Heads {
            q: q.as_ptr(),
            keys: keys[start..end].as_ptr(),
            values: values[start..end].as_ptr(),
            stride: cache.width,
            length,
            group,
            width,
            scale: shape.scale,
        };
        // SAFETY: the processor has the instruction set; queries, keys, values and both results have these sizes.
        unsafe { isa.attend(heads, scores.as_mut_ptr(), out.as_mut_ptr()) }
    });
}

impl Isa {
    /// Writes `out`, (group, width), and leaves the shares of the keys in `scores`, (group, length).
    ///
    /// # Safety
    /// The processor has the instruction set; the sizes.
    unsafe fn attend(self, heads: Heads, scores: *mut f32, out: *mut f32) {
        // SAFETY: by the caller.
        unsafe {
            match self {
                #[cfg(target_arch = "x86_64")]
                Self::Avx512 => with_avx512(heads, scores, out),
                #[cfg(target_arch = "x86_64")]
                Self::Avx2 => with_avx2(heads, scores, out),
                Self::Portable => attend::<super::integer::Portable>(heads, scores, out),
            }
        }
    }
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512vnni")]
unsafe fn with_avx512(heads: Heads, scores: *mut f32, out: *mut f32) {
    // SAFETY: by the caller.
    unsafe { attend::<super::integer::Avx512>(heads, scores, out) }
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2,f16c")]
unsafe fn with_avx2(heads: Heads, scores: *mut f32, out: *mut f32) {
    // SAFETY: by the caller.
    unsafe { attend::<super::integer::Avx2>(heads, scores, out) }
}

#[inline(always)]
unsafe fn attend<I: Lanes>(heads: Heads, scores: *mut f32, out: *mut f32) {
    // SAFETY: by the caller.
    unsafe {
        for k in 0..heads.length {
            let key = heads.keys.add(k * heads.stride);
            for head in 0..heads.group {
                let dot = dot::<I>(heads.q.add(head * heads.width), key, heads.width);
                *scores.add(head * heads.length + k) = heads.scale * dot;
            }
        }
        for head in 0..heads.group {
            let scores = std::slice::from_raw_parts_mut(scores.add(head * heads.length), heads.length);
            simd(
                #[inline(always)]
                || shares(scores),
            );
            let out = out.add(head * heads.width);
            let scores = scores.as_ptr();
            let mut column = 0;
            while column + VECTORS * LANES <= heads.width {
                columns::<I, VECTORS>(heads, scores, column, out.add(column));
                column += VECTORS * LANES;
            }
            while column + LANES <= heads.width {
                columns::<I, 1>(heads, scores, column, out.add(column));
                column += LANES;
            }
            for column in column..heads.width {
                let mut total = 0.0;
                for k in 0..heads.length {
                    total += *scores.add(k) * *heads.values.add(k * heads.stride + column);
                }
                *out.add(column) = total;
            }
        }
    }
}

/// Scores to shares of one.
#[inline(always)]
fn shares(scores: &mut [f32]) {
    let greatest = max(scores);
    scores.iter_mut().for_each(|s| *s = exp(*s - greatest));
    let total = sum(scores.len(), |k| scores[k]);
    scores.iter_mut().for_each(|s| *s /= total);
}

#[inline(always)]
unsafe fn dot<I: Lanes>(a: *const f32, b: *const f32, len: usize) -> f32 {
    // SAFETY: by the caller.
    unsafe {
        let mut lanes = [I::splat(0.0); 2];
        let mut at = 0;
        while at + 2 * LANES <= len {
            for (i, lane) in lanes.iter_mut().enumerate() {
                let at = at + i * LANES;
                *lane = I::add(*lane, I::mul(I::load(a.add(at)), I::load(b.add(at))));
            }
            at += 2 * LANES;
        }
        let mut total = I::sum(I::add(lanes[0], lanes[1]));
        for i in at..len {
            total += *a.add(i) * *b.add(i);
        }
        total
    }
}

/// Some neighbouring columns of `Σ share · value`.
#[inline(always)]
unsafe fn columns<I: Lanes, const N: usize>(heads: Heads, shares: *const f32, column: usize, out: *mut f32) {
    // SAFETY: by the caller.
    unsafe {
        let mut sums = [I::splat(0.0); N];
        for k in 0..heads.length {
            let value = heads.values.add(k * heads.stride + column);
            let share = I::splat(*shares.add(k));
            for (i, sum) in sums.iter_mut().enumerate() {
                *sum = I::add(*sum, I::mul(share, I::load(value.add(i * LANES))));
            }
        }
        for (i, sum) in sums.into_iter().enumerate() {
            I::store(out.add(i * LANES), sum);
        }
    }
}
