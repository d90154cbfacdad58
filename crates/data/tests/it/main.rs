//! Sources, ingest, preparing and outputs, from outside.

mod support;
mod thread;
