//! Files beside the result that people and other tools read.
//!
//! 1. `journal`: `trainer_log.jsonl`, a line a step, with times.
//! 2. `tensorboard`: an event file.
//! 3. `card`: the result's `README.md`.

pub(crate) mod card;
pub(crate) mod journal;
mod tensorboard;
