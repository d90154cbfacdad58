//! The generators as their callers see them.

mod interview;
mod lesson;
mod nano;
mod questions;
mod reading;
mod review;
mod rules;
mod rules_tree;
mod shop;
mod soak_measures;
mod teacher;
mod validators;
