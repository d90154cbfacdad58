//! The dashboard of a training: what its log says, drawn for a terminal, as plain text, or as JSON.
//!
//! 1. [`log`] finds the log of a training and reads what was appended to it.
//! 2. [`figures`] makes of it what a person asks: how far, how fast, how long still.
//! 3. [`chart`] draws a curve in braille dots, [`screen`] lays a whole screen out.
//! 4. [`terminal`] takes the terminal over and gives it back.

pub mod chart;
pub mod figures;
pub mod log;
pub mod screen;
pub mod terminal;
