//! Linear layers: `out = residual + x·Wᵀ + bias`, and low-rank additions (Hu et al. 2021).
//!
//! Shapes: `x dx` are (N, I), `out dout` (N, O), W is (O, I) in either layout, A is (R, I), B is (columns, R).

use super::Real;
use crate::{Dropout, Layout, LinearShape, random};

/// W with its layout.
#[derive(Clone, Copy)]
pub struct Weights<'a, R> {
    /// O · I numbers.
    pub values: &'a [R],
    /// Which dimension is the outer one.
    pub layout: Layout,
}

fn index(layout: Layout, shape: LinearShape, output: usize, input: usize) -> usize {
    match layout {
        Layout::OutIn => output * shape.inputs + input,
        Layout::InOut => input * shape.outputs + output,
    }
}

/// Writes `out`.
pub fn forward<R: Real>(
    out: &mut [R],
    x: &[R],
    w: Weights<'_, R>,
    bias: Option<&[R]>,
    residual: Option<&[R]>,
    shape: LinearShape,
) {
    for n in 0..shape.rows {
        for o in 0..shape.outputs {
            let dot: R = (0..shape.inputs)
                .map(|i| x[n * shape.inputs + i] * w.values[index(w.layout, shape, o, i)])
                .sum();
            let start = residual.map_or(R::default(), |r| r[n * shape.outputs + o]);
            out[n * shape.outputs + o] = start + dot + bias.map_or(R::default(), |b| b[o]);
        }
    }
}

/// Writes `dx = dout · W`.
pub fn input_backward<R: Real>(dx: &mut [R], dout: &[R], w: Weights<'_, R>, shape: LinearShape) {
    for n in 0..shape.rows {
        for i in 0..shape.inputs {
            dx[n * shape.inputs + i] = (0..shape.outputs)
                .map(|o| dout[n * shape.outputs + o] * w.values[index(w.layout, shape, o, i)])
                .sum();
        }
    }
}

/// Adds to `dw` (in `layout`) and returns nothing else.
pub fn weight_backward<R: Real>(dw: &mut [R], layout: Layout, dout: &[R], x: &[R], shape: LinearShape) {
    for n in 0..shape.rows {
        for o in 0..shape.outputs {
            for i in 0..shape.inputs {
                dw[index(layout, shape, o, i)] += dout[n * shape.outputs + o] * x[n * shape.inputs + i];
            }
        }
    }
}

/// Adds to `dbias`.
pub fn bias_backward<R: Real>(dbias: &mut [R], dout: &[R], shape: LinearShape) {
    for row in dout.chunks(shape.outputs).take(shape.rows) {
        for (b, &d) in dbias.iter_mut().zip(row) {
            *b += d;
        }
    }
}

/// One low-rank addition.
#[derive(Clone)]
pub struct Lora<'a, R> {
    /// (R, I).
    pub a: &'a [R],
    /// (columns, R).
    pub b: &'a [R],
    /// R.
    pub rank: usize,
    /// Multiplies the product.
    pub scale: R,
    /// Which rows.
    pub rows: std::ops::Range<usize>,
    /// Which columns of the output.
    pub columns: std::ops::Range<usize>,
    /// Removal of inputs.
    pub dropout: Option<Dropout>,
}

fn kept<R: Real>(dropout: Option<Dropout>, index: usize) -> R {
    dropout.map_or(R::of(1.0), |d| R::of(f64::from(random::keep(d, index))))
}

/// Adds to `out`, and writes the middle `x·Aᵀ`, (N, R).
pub fn lora<R: Real>(out: &mut [R], middle: &mut [R], x: &[R], term: &Lora<'_, R>, shape: LinearShape) {
    let (inputs, rank) = (shape.inputs, term.rank);
    for n in term.rows.clone() {
        for r in 0..rank {
            middle[n * rank + r] = (0..inputs)
                .map(|i| x[n * inputs + i] * kept::<R>(term.dropout, n * inputs + i) * term.a[r * inputs + i])
                .sum();
        }
        for (k, o) in term.columns.clone().enumerate() {
            let dot: R = (0..rank).map(|r| middle[n * rank + r] * term.b[k * rank + r]).sum();
            out[n * shape.outputs + o] += term.scale * dot;
        }
    }
}

/// The gradient by the middle, `scale · dout · B`, (N, R).
pub fn middle_gradient<R: Real>(dout: &[R], term: &Lora<'_, R>, shape: LinearShape) -> Vec<R> {
    let rank = term.rank;
    let mut gradient = vec![R::default(); shape.rows * rank];
    for n in 0..shape.rows {
        for r in 0..rank {
            let columns = term.columns.clone().enumerate();
            let dot: R = columns.map(|(k, o)| dout[n * shape.outputs + o] * term.b[k * rank + r]).sum();
            gradient[n * rank + r] = term.scale * dot;
        }
    }
    gradient
}

/// Adds to `dx`.
pub fn lora_input_backward<R: Real>(dx: &mut [R], dmiddle: &[R], term: &Lora<'_, R>, shape: LinearShape) {
    let (inputs, rank) = (shape.inputs, term.rank);
    for n in 0..shape.rows {
        for i in 0..inputs {
            let dot: R = (0..rank).map(|r| dmiddle[n * rank + r] * term.a[r * inputs + i]).sum();
            dx[n * inputs + i] += dot * kept::<R>(term.dropout, n * inputs + i);
        }
    }
}

/// Adds to `da`, (R, I).
pub fn lora_a_backward<R: Real>(
    da: &mut [R],
    dmiddle: &[R],
    x: &[R],
    term: &Lora<'_, R>,
    shape: LinearShape,
) {
    let (inputs, rank) = (shape.inputs, term.rank);
    for n in 0..shape.rows {
        for r in 0..rank {
            for i in 0..inputs {
                let x = x[n * inputs + i] * kept::<R>(term.dropout, n * inputs + i);
                da[r * inputs + i] += dmiddle[n * rank + r] * x;
            }
        }
    }
}

/// Adds to `db`, (columns, R).
pub fn lora_b_backward<R: Real>(
    db: &mut [R],
    dout: &[R],
    middle: &[R],
    term: &Lora<'_, R>,
    shape: LinearShape,
) {
    let rank = term.rank;
    for n in 0..shape.rows {
        for (k, o) in term.columns.clone().enumerate() {
            for r in 0..rank {
                db[k * rank + r] += term.scale * dout[n * shape.outputs + o] * middle[n * rank + r];
            }
        }
    }
}
