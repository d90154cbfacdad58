//! Integration tests of `train`.

mod bad_input;
mod classify;
mod curves;
mod exactness;
mod golden;
mod memory;
mod outputs;
mod resume;
mod toy;
mod trees;
