//! Sources, ingest, preparing and outputs, from outside.

mod files;
mod ingest;
mod prepare;
mod sql;
mod steps;
mod support;
mod thread;
