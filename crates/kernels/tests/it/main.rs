//! One harness for all operations: parity with the specification, gradients by differences, guards, threads.
#![expect(clippy::single_range_in_vec_init, reason = "lists of ranges are meant, some of one")]

mod harness;
mod ops;
