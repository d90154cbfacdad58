//! RMSNorm and LayerNorm over the last dimension: `out = (x - mean) · rstd · (weight + added) + bias`.
//!
//! RMSNorm is the case without bias: its mean is 0 and its variance the mean square. `stats` holds (mean, rstd) of each vector.

use super::Real;
use crate::{Groups, Place};

/// Weight and, for LayerNorm, bias, each (width).
#[derive(Clone, Copy)]
pub struct Weights<'a, R> {
    /// Multiplies.
    pub weight: &'a [R],
    /// Is added, and makes it LayerNorm.
    pub bias: Option<&'a [R]>,
    /// Added to each weight.
    pub added: R,
    /// Added to the variance.
    pub eps: f64,
}

/// Writes `out` and `stats`.
pub fn forward<R: Real>(
    out: &mut [R],
    out_place: Place,
    stats: &mut [R],
    x: &[R],
    shape: Groups,
    w: Weights<'_, R>,
) {
    let width = R::of(shape.width as f64);
    for row in 0..shape.rows {
        for group in 0..shape.groups {
            let x = &x[shape.start(row, group)..][..shape.width];
            let out = &mut out[Groups { place: out_place, ..shape }.start(row, group)..][..shape.width];
            let mean = if w.bias.is_some() { x.iter().copied().sum::<R>() / width } else { R::default() };
            let variance = x.iter().map(|&v| (v - mean) * (v - mean)).sum::<R>() / width;
            let rstd = R::of(1.0) / (variance + R::of(w.eps)).sqrt();
            for i in 0..shape.width {
                out[i] =
                    (x[i] - mean) * rstd * (w.weight[i] + w.added) + w.bias.map_or(R::default(), |b| b[i]);
            }
            let at = 2 * (row * shape.groups + group);
            stats[at] = mean;
            stats[at + 1] = rstd;
        }
    }
}

/// The derivative by one vector's input, element by element: `dx = rstd · (dx̂ - mean(dx̂) - x̂ · mean(dx̂ · x̂))`
/// with `dx̂ = dout · (weight + added)`; RMSNorm lacks the middle term.
fn input_gradient<R: Real>(dout: &[R], x: &[R], mean: R, rstd: R, w: Weights<'_, R>) -> Vec<R> {
    let width = R::of(x.len() as f64);
    let dhat: Vec<R> = dout.iter().zip(w.weight).map(|(&d, &v)| d * (v + w.added)).collect();
    let hat: Vec<R> = x.iter().map(|&v| (v - mean) * rstd).collect();
    let mean_dhat = if w.bias.is_some() { dhat.iter().copied().sum::<R>() / width } else { R::default() };
    let mean_both = dhat.iter().zip(&hat).map(|(&d, &h)| d * h).sum::<R>() / width;
    dhat.iter().zip(&hat).map(|(&d, &h)| rstd * (d - mean_dhat - h * mean_both)).collect()
}

/// Adds to `dx`. `dout` lies at `shape.place`.
pub fn backward<R: Real>(
    dx: &mut [R],
    dx_place: Place,
    dout: &[R],
    x: (&[R], Place),
    stats: &[R],
    shape: Groups,
    w: Weights<'_, R>,
) {
    for row in 0..shape.rows {
        for group in 0..shape.groups {
            let at = 2 * (row * shape.groups + group);
            let x = &x.0[Groups { place: x.1, ..shape }.start(row, group)..][..shape.width];
            let dout = &dout[shape.start(row, group)..][..shape.width];
            let gradient = input_gradient(dout, x, stats[at], stats[at + 1], w);
            let start = Groups { place: dx_place, ..shape }.start(row, group);
            for (d, g) in dx[start..][..shape.width].iter_mut().zip(gradient) {
                *d += g;
            }
        }
    }
}

/// Replaces `dout` by the derivative by the input.
pub fn backward_in_place<R: Real>(
    dout: &mut [R],
    x: (&[R], Place),
    stats: &[R],
    shape: Groups,
    w: Weights<'_, R>,
) {
    for row in 0..shape.rows {
        for group in 0..shape.groups {
            let at = 2 * (row * shape.groups + group);
            let x = &x.0[Groups { place: x.1, ..shape }.start(row, group)..][..shape.width];
            let dout = &mut dout[shape.start(row, group)..][..shape.width];
            let gradient = input_gradient(dout, x, stats[at], stats[at + 1], w);
            dout.copy_from_slice(&gradient);
        }
    }
}

/// Adds to `dweight`, and to `dbias` when there is one.
pub fn weights_backward<R: Real>(
    dweight: &mut [R],
    dout: &[R],
    x: (&[R], Place),
    stats: &[R],
    shape: Groups,
) {
    for row in 0..shape.rows {
        for group in 0..shape.groups {
            let at = 2 * (row * shape.groups + group);
            let x = &x.0[Groups { place: x.1, ..shape }.start(row, group)..][..shape.width];
            let dout = &dout[shape.start(row, group)..][..shape.width];
            for i in 0..shape.width {
                dweight[i] += dout[i] * (x[i] - stats[at]) * stats[at + 1];
            }
        }
    }
}

/// Adds to `dbias`.
pub fn bias_backward<R: Real>(dbias: &mut [R], dout: &[R], shape: Groups) {
    for row in 0..shape.rows {
        for group in 0..shape.groups {
            let dout = &dout[shape.start(row, group)..][..shape.width];
            for (b, &d) in dbias.iter_mut().zip(dout) {
                *b += d;
            }
        }
    }
}
