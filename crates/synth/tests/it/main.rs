//! The generators as their callers see them.

mod interview;
mod nano;
mod questions;
mod rules;
mod shop;
mod soak_measures;
mod teacher;
mod validators;
