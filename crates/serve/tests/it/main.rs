//! An assistant over a real decoder, tiny and random.

mod decoder;
mod schemas;
