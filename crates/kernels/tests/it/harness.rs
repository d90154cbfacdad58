//! Runs an operation on every device and compares.
//!
//! For each case: the fast device is compared with the specification in f64 within the case's budget; one thread and
//! several give the same bytes; nothing outside of the outputs is touched and every output is written (outputs begin as
//! NaN, with sentinels behind them); and the specification's gradients agree with difference quotients of its forward
//! pass.

use kernels::{Cpu, Device, Reference, random};

/// Numbers behind every buffer that must stay as they are.
const GUARD: usize = 24;
const SENTINEL: f64 = 12_345.0;

/// A device whose numbers can be seen in f64.
pub trait Bench: Device {
    fn wide(&self, buffer: &Self::Buffer) -> Vec<f64>;
    fn narrow(&self, values: &[f64]) -> Self::Buffer;

    /// A buffer of inputs, guarded.
    fn input(&self, values: &[f64]) -> Self::Buffer {
        let mut all = values.to_vec();
        all.extend([SENTINEL; GUARD]);
        self.narrow(&all)
    }

    /// A buffer to be overwritten: NaN, guarded.
    fn output(&self, len: usize) -> Self::Buffer {
        self.input(&vec![f64::NAN; len])
    }

    /// The numbers before the guard, which must be whole.
    fn take(&self, buffer: &Self::Buffer) -> Vec<f64> {
        let mut all = self.wide(buffer);
        let guard = all.split_off(all.len() - GUARD);
        assert!(guard.iter().all(|v| *v == SENTINEL), "something was written behind a buffer");
        all
    }

    fn ids(&self, values: &[u32]) -> Self::Indices {
        let mut indices = self.indices(values.len());
        self.write_indices(&mut indices, values);
        indices
    }
}

impl Bench for Reference<f64> {
    fn wide(&self, buffer: &Vec<f64>) -> Vec<f64> {
        buffer.clone()
    }
    fn narrow(&self, values: &[f64]) -> Vec<f64> {
        values.to_vec()
    }
}

impl Bench for Cpu {
    fn wide(&self, buffer: &Self::Buffer) -> Vec<f64> {
        buffer.iter().map(|&v| f64::from(v)).collect()
    }
    fn narrow(&self, values: &[f64]) -> Self::Buffer {
        let host: Vec<f32> = values.iter().map(|&v| v as f32).collect();
        let mut buffer = self.zeros(host.len());
        self.write(&mut buffer, 0, &host);
        buffer
    }
}

/// What an operation made: outputs, and for each input its gradient (empty where there is none).
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Ran {
    pub output: Vec<f64>,
    pub gradients: Vec<Vec<f64>>,
}

/// An operation at one shape.
pub trait Op {
    fn name(&self) -> String;
    /// Lengths of its inputs.
    fn inputs(&self) -> Vec<usize>;
    /// Runs it; with a cotangent of the output's length also backwards.
    fn run<D: Bench>(&self, device: &D, inputs: &[Vec<f64>], cotangent: Option<&[f64]>) -> Ran;
    /// The greatest error of the fast device, relative to a tensor's greatest number.
    fn budget(&self) -> f64 {
        2e-6
    }
    /// Whether it has a backward pass.
    fn differentiable(&self) -> bool {
        true
    }
    /// Keeps an input inside the operation's domain.
    fn shape_input(&self, _index: usize, _values: &mut [f64]) {}
}

/// Random numbers that f32 holds exactly, with steps of 1/1024 between them.
pub fn numbers(len: usize, seed: u64) -> Vec<f64> {
    (0..len).map(|i| (f64::from(random::normal(seed, i as u64)) * 1024.0).round() / 1024.0).collect()
}

/// All checks of one case; differences only where the shape is small enough for plain loops.
pub fn check(op: &impl Op) {
    let mut inputs: Vec<Vec<f64>> =
        op.inputs().into_iter().enumerate().map(|(i, len)| numbers(len, 100 + i as u64)).collect();
    for (i, values) in inputs.iter_mut().enumerate() {
        op.shape_input(i, values);
    }
    let exact = Reference::<f64>::new();
    let plain = op.run(&exact, &inputs, None);
    let cotangent = op.differentiable().then(|| numbers(plain.output.len(), 7));
    let expected = op.run(&exact, &inputs, cotangent.as_deref());
    let one = op.run(&Cpu::new(1), &inputs, cotangent.as_deref());
    compare(op, "output", &one.output, &expected.output);
    assert_eq!(one.gradients.len(), expected.gradients.len());
    for (i, (found, wanted)) in one.gradients.iter().zip(&expected.gradients).enumerate() {
        compare(op, &format!("gradient of input {i}"), found, wanted);
    }
    for threads in [2, 3] {
        let several = op.run(&Cpu::new(threads), &inputs, cotangent.as_deref());
        assert!(several == one, "{}: {threads} threads give other bytes than one", op.name());
    }
    if let Some(cotangent) = cotangent {
        differences(op, &exact, inputs, &cotangent, &expected);
    }
}

fn compare(op: &impl Op, what: &str, found: &[f64], wanted: &[f64]) {
    let name = op.name();
    assert_eq!(found.len(), wanted.len(), "{name}: {what}");
    assert!(wanted.iter().all(|v| v.is_finite()), "{name}: {what} of the specification is finite");
    let scale = wanted.iter().fold(1e-3f64, |m, v| m.max(v.abs()));
    let (at, worst) = found
        .iter()
        .zip(wanted)
        .map(|(a, b)| (a - b).abs())
        .enumerate()
        .fold((0, 0.0), |m, (i, e)| if e > m.1 || e.is_nan() { (i, e) } else { m });
    assert!(
        worst <= op.budget() * scale,
        "{name}: {what} {at}: {} instead of {}, scale {scale}",
        found[at],
        wanted[at]
    );
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "devices are passed by reference")]
/// Along a random direction of each input, Richardson's extrapolation of central differences.
fn differences(
    op: &impl Op,
    exact: &Reference<f64>,
    mut inputs: Vec<Vec<f64>>,
    cotangent: &[f64],
    ran: &Ran,
) {
    let value = |inputs: &[Vec<f64>]| -> f64 {
        op.run(exact, inputs, None).output.iter().zip(cotangent).map(|(o, c)| o * c).sum()
    };
    for (index, gradient) in ran.gradients.iter().enumerate().filter(|(_, g)| !g.is_empty()) {
        let start = inputs[index].clone();
        let direction = numbers(start.len(), 55 + index as u64);
        let mut at = |step: f64| {
            inputs[index] = start.iter().zip(&direction).map(|(s, d)| s + step * d).collect();
            value(&inputs)
        };
        let mut quotient = |h: f64| (at(h) - at(-h)) / (2.0 * h);
        let numeric = (4.0 * quotient(5e-5) - quotient(1e-4)) / 3.0;
        inputs[index] = start;
        let analytic: f64 = gradient.iter().zip(&direction).map(|(g, d)| g * d).sum();
        let size: f64 = gradient.iter().zip(&direction).map(|(g, d)| (g * d).abs()).sum();
        let error = (numeric - analytic).abs() / size.max(1e-3);
        assert!(error < 1e-7, "{}: input {index}: differences {numeric}, gradient {analytic}", op.name());
    }
}
