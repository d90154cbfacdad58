//! The specification: every operation as plain loops, over f32 or f64.
//!
//! It is meant to be read, and to be compared with; it is slow. In f64 it also serves finite differences.

pub mod activation;
pub mod attention;
mod cache;
mod device;
pub mod head;
pub mod linear;
pub mod norm;
pub mod optimizer;
mod real;
pub mod rope;

pub use cache::Cache;
pub use real::{Real, erf};

/// The device that computes by the specification.
#[derive(Debug, Clone, Copy, Default)]
pub struct Reference<R> {
    number: std::marker::PhantomData<R>,
}

impl<R: Real> Reference<R> {
    /// The device.
    pub fn new() -> Self {
        Self { number: std::marker::PhantomData }
    }
}

/// A frozen matrix (O, I), expanded.
#[derive(Debug)]
pub struct ReferenceWeight<R> {
    values: Vec<R>,
    inputs: usize,
}
