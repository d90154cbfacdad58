//! Rotary positions, as in [`crate::reference::rope`], over rows on several threads.

use super::buffer::Shared;
use super::linear::each_row;
use super::pool::Pool;
use super::simd;
use crate::Groups;
use crate::reference;

/// Writes cosines and sines of each row's angles.
pub fn angles(pool: &Pool, out: &mut [f32], positions: &[u32], frequencies: &[f32], factor: f32) {
    let width = 2 * frequencies.len();
    let out = Shared::new(out);
    each_row(pool, positions.len(), 64 * width, |row| {
        // SAFETY: rows are disjoint.
        let out = unsafe { out.part(row * width, width) };
        reference::rope::angles(out, &positions[row..=row], frequencies, factor);
    });
}

/// Rotates in place.
pub fn rotate(pool: &Pool, x: &mut [f32], angles: &[f32], shape: Groups, backwards: bool) {
    let half = shape.width / 2;
    let sign = if backwards { -1.0 } else { 1.0 };
    let x = Shared::new(x);
    each_row(pool, shape.rows, shape.groups * shape.width, |row| {
        let angles = &angles[row * 2 * half..][..2 * half];
        for group in 0..shape.groups {
            // SAFETY: vectors are disjoint.
            let x = unsafe { x.part(shape.start(row, group), shape.width) };
            let (low, high) = x.split_at_mut(half);
            simd(
                #[inline(always)]
                || {
                    for ((a, b), angle) in low.iter_mut().zip(high.iter_mut()).zip(angles.as_chunks::<2>().0)
                    {
                        let (cos, sin) = (angle[0], angle[1] * sign);
                        (*a, *b) = (*a * cos - *b * sin, *b * cos + *a * sin);
                    }
                },
            );
        }
    });
}
