//! One harness for all operations: parity with the specification, gradients by differences, guards, threads.

mod harness;
mod ops;
