//! The generators as their callers see them.

mod shop;
