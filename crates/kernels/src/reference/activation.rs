//! The MLP's nonlinearities and their gated form.
//!
//! Formulas: GELU by Hendrycks and Gimpel 2016 (exact, and its tanh approximation), SiLU = x · sigmoid(x).

use super::{Real, erf};
use crate::Activation;

const GELU_CUBIC: f64 = 0.044715;

/// The value at `x`.
pub fn value<R: Real>(x: R, kind: Activation) -> R {
    let (one, half) = (R::of(1.0), R::of(0.5));
    match kind {
        Activation::GeluTanh => half * x * (one + inner(x).tanh()),
        Activation::GeluErf => half * x * (one + R::of(erf(x.wide() * std::f64::consts::FRAC_1_SQRT_2))),
        Activation::Silu => x / (one + (-x).exp()),
    }
}

fn inner<R: Real>(x: R) -> R {
    R::of((2.0 / std::f64::consts::PI).sqrt()) * (x + R::of(GELU_CUBIC) * x * x * x)
}

/// The derivative at `x`.
pub fn derivative<R: Real>(x: R, kind: Activation) -> R {
    let (one, half) = (R::of(1.0), R::of(0.5));
    match kind {
        Activation::GeluTanh => {
            let tanh = inner(x).tanh();
            let slope = R::of((2.0 / std::f64::consts::PI).sqrt()) * (one + R::of(3.0 * GELU_CUBIC) * x * x);
            half * (one + tanh) + half * x * (one - tanh * tanh) * slope
        }
        Activation::GeluErf => {
            let wide = x.wide();
            let density = (-0.5 * wide * wide).exp() / (2.0 * std::f64::consts::PI).sqrt();
            R::of(0.5 * (1.0 + erf(wide * std::f64::consts::FRAC_1_SQRT_2)) + wide * density)
        }
        Activation::Silu => {
            let sigmoid = one / (one + (-x).exp());
            sigmoid * (one + x * (one - sigmoid))
        }
    }
}

/// `out = activation(x)`.
pub fn forward<R: Real>(out: &mut [R], x: &[R], kind: Activation) {
    for (out, &x) in out.iter_mut().zip(x) {
        *out = value(x, kind);
    }
}

/// `dx = dout · activation′(x)`.
pub fn backward<R: Real>(dx: &mut [R], dout: &[R], x: &[R], kind: Activation) {
    for ((dx, &d), &x) in dx.iter_mut().zip(dout).zip(x) {
        *dx = d * derivative(x, kind);
    }
}

/// `out = activation(gate) · up`, with (gate, up) side by side in a row of `2 · width`.
pub fn gated<R: Real>(out: &mut [R], gate_up: &[R], width: usize, kind: Activation) {
    for (out, row) in out.chunks_mut(width).zip(gate_up.chunks(2 * width)) {
        for i in 0..width {
            out[i] = value(row[i], kind) * row[width + i];
        }
    }
}

/// Writes the gradients of gate and up side by side.
pub fn gated_backward<R: Real>(
    dgate_up: &mut [R],
    dout: &[R],
    gate_up: &[R],
    width: usize,
    kind: Activation,
) {
    for ((d, dout), row) in
        dgate_up.chunks_mut(2 * width).zip(dout.chunks(width)).zip(gate_up.chunks(2 * width))
    {
        for i in 0..width {
            d[i] = dout[i] * row[width + i] * derivative(row[i], kind);
            d[width + i] = dout[i] * value(row[i], kind);
        }
    }
}
