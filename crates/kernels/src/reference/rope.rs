//! Rotary positions (Su et al. 2021) over the two halves of a vector: pair (i, i + width/2) turns by position · frequency i.

use super::Real;
use crate::Groups;

/// Writes cosine and sine of each row's angles, (N, F, 2), times `factor`.
pub fn angles<R: Real>(out: &mut [R], positions: &[u32], frequencies: &[R], factor: R) {
    for (row, &position) in out.chunks_mut(2 * frequencies.len()).zip(positions) {
        for (pair, &frequency) in row.chunks_mut(2).zip(frequencies) {
            let (sin, cos) = (R::of(f64::from(position)) * frequency).sin_cos();
            pair[0] = cos * factor;
            pair[1] = sin * factor;
        }
    }
}

/// Rotates in place; backwards is the transpose, which is the gradient.
pub fn rotate<R: Real>(x: &mut [R], angles: &[R], shape: Groups, backwards: bool) {
    let half = shape.width / 2;
    for row in 0..shape.rows {
        let angles = &angles[row * 2 * half..][..2 * half];
        for group in 0..shape.groups {
            let x = &mut x[shape.start(row, group)..][..shape.width];
            for i in 0..half {
                let (cos, mut sin) = (angles[2 * i], angles[2 * i + 1]);
                if backwards {
                    sin = -sin;
                }
                let (a, b) = (x[i], x[i + half]);
                x[i] = a * cos - b * sin;
                x[i + half] = b * cos + a * sin;
            }
        }
    }
}
