//! Sources, ingest, preparing and outputs, from outside.

mod documents;
mod files;
mod ingest;
mod pdf;
mod pdf_hostile;
mod pdf_layout;
mod pdf_soak;
mod pdf_support;
mod prepare;
mod privacy_evaluation;
mod privacy_grid;
mod privacy_masker;
mod privacy_shared;
mod privacy_speed;
mod privacy_sweep;
mod privacy_words;
mod soak_documents;
mod soak_files;
mod sql;
mod steps;
mod support;
mod thread;
