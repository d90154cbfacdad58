//! Generated text: shops, conversations, questions; the teacher client.
pub mod grammar;
pub mod korean;
pub mod rng;
pub mod shop;
