//! The generators as their callers see them.

mod nano;
mod shop;
mod soak_measures;
