//! One verb, one file.

pub mod batch;
pub mod bench;
mod bench_generate;
pub mod chat;
pub mod check;
pub mod classify;
pub mod clean;
pub mod completions;
pub mod doctor;
pub mod explain;
pub mod export;
pub mod generate;
mod held;
pub mod init;
pub mod inspect;
pub mod merge;
pub mod plan;
pub mod quantize;
pub mod quickstart;
pub mod report;
pub mod run;
pub mod score;
pub mod status;
pub mod tap;
pub mod top;
pub mod train;
pub mod why;
