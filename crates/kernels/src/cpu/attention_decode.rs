//! One query a row over cached keys. A task is one row and the heads that share keys, which it reads once or twice.
//!
//! Sums run over sixteen lanes, which are added up pair by pair, and over keys in order; operations are not fused, so
//! that all instruction sets give the same bits.

use half::f16;

use super::buffer::Shared;
use super::cache::{Cache, Kept};
use super::integer::{Isa, Lanes};
use super::linear::Scratch;
use super::math::{exp, max, sum};
use super::pool::Pool;
use super::simd;
use crate::{AttentionShape, Place};

/// Numbers of a vector.
const LANES: usize = 16;
/// Vectors of a value that are summed up at a time.
const VECTORS: usize = 4;
/// Values whose vectors are summed up before the next vectors of them are read: they stay in the nearest cache.
const KEYS: usize = 32;

/// Numbers as a cache keeps them.
trait Number: Copy {
    /// Sixteen of them.
    ///
    /// # Safety
    /// As for [`Lanes`].
    unsafe fn load<I: Lanes>(from: *const Self) -> I::Float;
    /// One of them.
    fn wide(self) -> f32;
}

impl Number for f32 {
    #[inline(always)]
    unsafe fn load<I: Lanes>(from: *const Self) -> I::Float {
        // SAFETY: by the caller.
        unsafe { I::load(from) }
    }
    #[inline(always)]
    fn wide(self) -> f32 {
        self
    }
}

impl Number for f16 {
    #[inline(always)]
    unsafe fn load<I: Lanes>(from: *const Self) -> I::Float {
        // SAFETY: by the caller.
        unsafe { I::halves(from.cast()) }
    }
    #[inline(always)]
    fn wide(self) -> f32 {
        crate::weight::half_to_single(self.to_bits())
    }
}

/// The heads of one row that share keys.
#[derive(Clone, Copy)]
struct Heads<N> {
    /// Their queries, one after the other.
    q: *const f32,
    /// Keys and values, one after the other.
    keys: *const N,
    values: *const N,
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
    [keys, values]: [&Cache; 2],
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
        let (slot, length) = (slots[n] as usize, lengths[n] as usize);
        let q = &q.0[q.1.offset + n * q.1.stride + kv_head * group * width..][..group * width];
        // SAFETY: rows and heads are disjoint.
        let out = unsafe { out.part(task * group * width, group * width) };
        let scores = &mut lanes.of(thread)[..group * length];
        let (to, scale) = ([scores.as_mut_ptr(), out.as_mut_ptr()], shape.scale);
        match (keys.head(slot, kv_head, length), values.head(slot, kv_head, length)) {
            (Kept::F32(keys), Kept::F32(values)) => {
                let (q, keys, values) = (q.as_ptr(), keys.as_ptr(), values.as_ptr());
                // SAFETY: the processor has the instruction set; queries, keys, values and both results have
                // these sizes.
                unsafe { isa.attend(Heads { q, keys, values, length, group, width, scale }, to) }
            }
            (Kept::F16(keys), Kept::F16(values)) => {
                let (q, keys, values) = (q.as_ptr(), keys.as_ptr(), values.as_ptr());
                // SAFETY: as above.
                unsafe { isa.attend(Heads { q, keys, values, length, group, width, scale }, to) }
            }
            _ => panic!("keys and values of one precision"),
        }
    });
}

impl Isa {
    /// Leaves the shares of the keys in the first of `to`, (group, length), and writes the second, (group, width).
    ///
    /// # Safety
    /// The processor has the instruction set; the sizes.
    unsafe fn attend<N: Number>(self, heads: Heads<N>, to: [*mut f32; 2]) {
        // SAFETY: by the caller.
        unsafe {
            match self {
                #[cfg(target_arch = "x86_64")]
                Self::Avx512 => with_avx512(heads, to),
                #[cfg(target_arch = "x86_64")]
                Self::Avx2 => with_avx2(heads, to),
                Self::Portable => attend::<super::integer::Portable, N>(heads, to),
            }
        }
    }
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512vnni")]
unsafe fn with_avx512<N: Number>(heads: Heads<N>, to: [*mut f32; 2]) {
    // SAFETY: by the caller.
    unsafe { attend::<super::integer::Avx512, N>(heads, to) }
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2,f16c")]
unsafe fn with_avx2<N: Number>(heads: Heads<N>, to: [*mut f32; 2]) {
    // SAFETY: by the caller.
    unsafe { attend::<super::integer::Avx2, N>(heads, to) }
}

#[inline(always)]
unsafe fn attend<I: Lanes, N: Number>(heads: Heads<N>, [scores, out]: [*mut f32; 2]) {
    // SAFETY: by the caller.
    unsafe {
        let mut head = 0;
        while head < heads.group {
            // As many heads at a time as divide the rest: they share what is read.
            match heads.group - head {
                rest if rest >= 4 => head += some_heads::<I, N, 4>(heads, head, scores, out),
                rest if rest >= 2 => head += some_heads::<I, N, 2>(heads, head, scores, out),
                _ => head += some_heads::<I, N, 1>(heads, head, scores, out),
            }
        }
    }
}

/// G heads from `first` on; returns G.
#[inline(always)]
unsafe fn some_heads<I: Lanes, N: Number, const G: usize>(
    heads: Heads<N>,
    first: usize,
    scores: *mut f32,
    out: *mut f32,
) -> usize {
    // SAFETY: by the caller.
    unsafe {
        let q = heads.q.add(first * heads.width);
        let scores = scores.add(first * heads.length);
        for k in 0..heads.length {
            let dots = dots::<I, N, G>(q, heads.keys.add(k * heads.width), heads.width);
            for (g, dot) in dots.into_iter().enumerate() {
                *scores.add(g * heads.length + k) = heads.scale * dot;
            }
        }
        for g in 0..G {
            let scores = std::slice::from_raw_parts_mut(scores.add(g * heads.length), heads.length);
            simd(
                #[inline(always)]
                || shares(scores),
            );
        }
        let (out, scores) = (out.add(first * heads.width), scores.cast_const());
        std::slice::from_raw_parts_mut(out, G * heads.width).fill(0.0);
        let whole = heads.width / LANES * LANES;
        let mut from = 0;
        while from < heads.length {
            let keys = (from, (from + KEYS).min(heads.length));
            let mut column = 0;
            while column + VECTORS * LANES <= whole {
                columns::<I, N, G, VECTORS>(heads, scores, keys, column, out);
                column += VECTORS * LANES;
            }
            while column < whole {
                columns::<I, N, G, 1>(heads, scores, keys, column, out);
                column += LANES;
            }
            from = keys.1;
        }
        let column = whole;
        for (g, column) in (0..G).flat_map(|g| (column..heads.width).map(move |column| (g, column))) {
            let mut total = 0.0;
            for k in 0..heads.length {
                let value = (*heads.values.add(k * heads.width + column)).wide();
                total += *scores.add(g * heads.length + k) * value;
            }
            *out.add(g * heads.width + column) = total;
        }
    }
    G
}

/// Scores to shares of one.
#[inline(always)]
fn shares(scores: &mut [f32]) {
    let greatest = max(scores);
    scores.iter_mut().for_each(|s| *s = exp(*s - greatest));
    let total = sum(scores.len(), |k| scores[k]);
    scores.iter_mut().for_each(|s| *s /= total);
}

/// Products of a key with the queries of G heads.
#[inline(always)]
unsafe fn dots<I: Lanes, N: Number, const G: usize>(q: *const f32, key: *const N, width: usize) -> [f32; G] {
    // SAFETY: by the caller.
    unsafe {
        let mut lanes = [[I::splat(0.0); 2]; G];
        let mut at = 0;
        while at + 2 * LANES <= width {
            for half in 0..2 {
                let at = at + half * LANES;
                let key = N::load::<I>(key.add(at));
                for (g, lanes) in lanes.iter_mut().enumerate() {
                    let q = I::load(q.add(g * width + at));
                    lanes[half] = I::add(lanes[half], I::mul(q, key));
                }
            }
            at += 2 * LANES;
        }
        // Closures would not be compiled for the instruction set.
        let mut totals = [0.0; G];
        for (g, total) in totals.iter_mut().enumerate() {
            *total = I::sum(I::add(lanes[g][0], lanes[g][1]));
            for i in at..width {
                *total += *q.add(g * width + i) * (*key.add(i)).wide();
            }
        }
        totals
    }
}

/// Adds some neighbouring columns of `Σ share · value` over some keys to `out`, for G heads.
#[inline(always)]
unsafe fn columns<I: Lanes, N: Number, const G: usize, const V: usize>(
    heads: Heads<N>,
    shares: *const f32,
    (from, to): (usize, usize),
    column: usize,
    out: *mut f32,
) {
    // SAFETY: by the caller.
    unsafe {
        let mut sums = [[I::splat(0.0); V]; G];
        for (g, sums) in sums.iter_mut().enumerate() {
            for (i, sum) in sums.iter_mut().enumerate() {
                *sum = I::load(out.add(g * heads.width + column + i * LANES));
            }
        }
        for k in from..to {
            let value = heads.values.add(k * heads.width + column);
            let mut values = [I::splat(0.0); V];
            for (i, v) in values.iter_mut().enumerate() {
                *v = N::load::<I>(value.add(i * LANES));
            }
            for (g, sums) in sums.iter_mut().enumerate() {
                let share = I::splat(*shares.add(g * heads.length + k));
                for (sum, value) in sums.iter_mut().zip(values) {
                    *sum = I::add(*sum, I::mul(share, value));
                }
            }
        }
        for (g, sums) in sums.into_iter().enumerate() {
            for (i, sum) in sums.into_iter().enumerate() {
                I::store(out.add(g * heads.width + column + i * LANES), sum);
            }
        }
    }
}
