//! Integration tests of `train`.

mod bad_input;
mod exactness;
mod golden;
mod outputs;
mod resume;
mod toy;
mod trees;
