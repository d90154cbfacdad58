//! `[train] method = "classify"`: texts get labels.
//!
//! 1. [`labelled`] takes an example apart into a text and its label, and settles which labels there are.
//! 2. [`tokenize`] makes shards of it: a text's tokens, and behind them the number of its label.
//! 3. [`in_loop`] measures the validation split while the training runs.
//! 4. [`classifier`] opens what was trained, and labels texts; [`asked`] makes them as the training's were.
//! 5. [`evaluate`] compares its labels of the test split with the true ones.

pub mod asked;
pub mod classifier;
pub mod evaluate;
pub mod in_loop;
pub mod labelled;
pub mod tokenize;
