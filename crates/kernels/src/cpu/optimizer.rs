//! AdamW and sums over long buffers, in chunks whose borders do not depend on the number of threads.

use super::buffer::Shared;
use super::pool::Pool;
use super::{chunk, simd};
use crate::AdamW;
use crate::reference::optimizer;

const CHUNK: usize = 16_384;

/// One step.
pub fn adamw(
    pool: &Pool,
    values: &mut [f32],
    mean: &mut [f32],
    square: &mut [f32],
    grads: &[f32],
    settings: &AdamW,
) {
    let len = values.len();
    let (values, mean, square) = (Shared::new(values), Shared::new(mean), Shared::new(square));
    pool.run(len.div_ceil(CHUNK), |task, _| {
        let range = chunk(task, CHUNK, len);
        let (at, count) = (range.start, range.len());
        // SAFETY: chunks are disjoint.
        let (values, mean, square) =
            unsafe { (values.part(at, count), mean.part(at, count), square.part(at, count)) };
        simd(
            #[inline(always)]
            || optimizer::adamw(values, mean, square, &grads[range], settings),
        );
    });
}

/// Σ f(value) in f64: chunks in lanes, then chunk by chunk.
pub fn sum(pool: &Pool, values: &[f32], f: impl Fn(f64) -> f64 + Sync) -> f64 {
    let chunks = values.len().div_ceil(CHUNK);
    let totals: Vec<_> = (0..chunks).map(|_| std::sync::atomic::AtomicU64::new(0)).collect();
    pool.run(chunks, |task, _| {
        let values = &values[chunk(task, CHUNK, values.len())];
        let mut lanes = [0.0f64; 8];
        let (whole, rest) = values.as_chunks::<8>();
        simd(
            #[inline(always)]
            || {
                for chunk in whole {
                    for (lane, &v) in lanes.iter_mut().zip(chunk) {
                        *lane += f(f64::from(v));
                    }
                }
            },
        );
        let total: f64 = lanes.iter().sum::<f64>() + rest.iter().map(|&v| f(f64::from(v))).sum::<f64>();
        totals[task].store(total.to_bits(), std::sync::atomic::Ordering::Relaxed);
    });
    totals.into_iter().map(|t| f64::from_bits(t.into_inner())).sum()
}
