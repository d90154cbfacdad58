//! Function calls as text.

pub mod hermes;
