//! The MLP's nonlinearities, as in [`crate::reference::activation`], in vectors on several threads.

use super::buffer::Shared;
use super::linear::each_row;
use super::math::{erf, exp, sigmoid, tanh};
use super::pool::Pool;
use super::{chunk, simd};
use crate::Activation;

const SLOPE: f32 = 0.797_884_6; // √(2/π)
const CUBIC: f32 = 0.044_715;
const DENSITY: f32 = 0.398_942_3; // 1/√(2π)

/// Value and derivative of GELU by tanh.
#[inline(always)]
fn gelu_tanh(x: f32) -> (f32, f32) {
    let square = x * x;
    let t = tanh(SLOPE * (x + CUBIC * square * x));
    let slope = SLOPE * (1.0 + 3.0 * CUBIC * square);
    (0.5 * x * (1.0 + t), 0.5 * (1.0 + t) + 0.5 * x * (1.0 - t * t) * slope)
}

/// Value and derivative of GELU by the error function.
#[inline(always)]
fn gelu_erf(x: f32) -> (f32, f32) {
    let cumulative = 0.5 * (1.0 + erf(x * std::f32::consts::FRAC_1_SQRT_2));
    (x * cumulative, cumulative + x * DENSITY * exp(-0.5 * x * x))
}

/// Value and derivative of SiLU.
#[inline(always)]
fn silu(x: f32) -> (f32, f32) {
    let s = sigmoid(x);
    (x * s, s * (1.0 + x * (1.0 - s)))
}

/// Calls `$body` with the function of the kind, so that its loop is compiled for each.
macro_rules! with_function {
    ($kind:expr, |$f:ident| $body:expr) => {
        match $kind {
            Activation::GeluTanh => {
                let $f = gelu_tanh;
                simd(
                    #[inline(always)]
                    || $body,
                )
            }
            Activation::GeluErf => {
                let $f = gelu_erf;
                simd(
                    #[inline(always)]
                    || $body,
                )
            }
            Activation::Silu => {
                let $f = silu;
                simd(
                    #[inline(always)]
                    || $body,
                )
            }
        }
    };
}

const CHUNK: usize = 8_192;

/// `out = activation(x)`.
pub fn forward(pool: &Pool, out: &mut [f32], x: &[f32], kind: Activation) {
    let len = out.len();
    let out = Shared::new(out);
    pool.run(len.div_ceil(CHUNK), |task, _| {
        let range = chunk(task, CHUNK, len);
        // SAFETY: chunks are disjoint.
        let out = unsafe { out.part(range.start, range.len()) };
        let x = &x[range];
        with_function!(kind, |f| for (out, &x) in out.iter_mut().zip(x) {
            *out = f(x).0;
        });
    });
}

/// `dx = dout · activation′(x)`.
pub fn backward(pool: &Pool, dx: &mut [f32], dout: &[f32], x: &[f32], kind: Activation) {
    let len = dx.len();
    let dx = Shared::new(dx);
    pool.run(len.div_ceil(CHUNK), |task, _| {
        let range = chunk(task, CHUNK, len);
        // SAFETY: chunks are disjoint.
        let dx = unsafe { dx.part(range.start, range.len()) };
        let (dout, x) = (&dout[range.clone()], &x[range]);
        with_function!(kind, |f| for ((dx, &d), &x) in dx.iter_mut().zip(dout).zip(x) {
            *dx = d * f(x).1;
        });
    });
}

/// `out = activation(gate) · up`.
pub fn gated(pool: &Pool, out: &mut [f32], gate_up: &[f32], rows: usize, width: usize, kind: Activation) {
    let out = Shared::new(out);
    each_row(pool, rows, width, |row| {
        // SAFETY: rows are disjoint.
        let out = unsafe { out.part(row * width, width) };
        let (gate, up) = gate_up[2 * row * width..][..2 * width].split_at(width);
        with_function!(kind, |f| for ((out, &gate), &up) in out.iter_mut().zip(gate).zip(up) {
            *out = f(gate).0 * up;
        });
    });
}

/// Writes the gradients of gate and up.
pub fn gated_backward(
    pool: &Pool,
    dgate_up: &mut [f32],
    dout: &[f32],
    gate_up: &[f32],
    rows: usize,
    width: usize,
    kind: Activation,
) {
    let dgate_up = Shared::new(dgate_up);
    each_row(pool, rows, width, |row| {
        // SAFETY: rows are disjoint.
        let (dgate, dup) = unsafe { dgate_up.part(2 * row * width, 2 * width) }.split_at_mut(width);
        let (gate, up) = gate_up[2 * row * width..][..2 * width].split_at(width);
        let dout = &dout[row * width..][..width];
        with_function!(kind, |f| for i in 0..width {
            let (value, slope) = f(gate[i]);
            dgate[i] = dout[i] * up[i] * slope;
            dup[i] = dout[i] * value;
        });
    });
}
