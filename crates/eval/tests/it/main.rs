//! Scores against reference implementations, statistics against exact enumeration, runs against kills.

mod compare;
mod golden;
mod report;
mod run;
mod statistics;
