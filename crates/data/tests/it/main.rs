//! Sources, ingest, preparing and outputs, from outside.

mod steps;
mod sql;
mod support;
mod thread;
