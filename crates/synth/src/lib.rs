//! Generated text: an example shop with the truth about it, interviews with their summaries, company rules,
//! questions about documents, and talk to pretrain a small model on.
//!
//! The principal types are [`shop::Shop`] (a shop's database), [`shop::PolicyTable`] (what right answers state),
//! [`interview::Interviews`] (triples to summarise), [`rules::Rules`] (books of rules, as text, as PDF and as facts),
//! [`questions::Question`] (a question with its answer and where it stands) and [`nano::NanoText`] (documents
//! without end). All of it but the rules and the questions comes from a [`grammar::Grammar`] and is the same for the
//! same seed.
//!
//! ```
//! use synth::shop::{Dialect, Shop, ShopSize};
//!
//! let shop = Shop::new(1, ShopSize { inquiries: 20 });
//! assert!(shop.sql(Dialect::Sqlite).contains("INSERT INTO inquiries"));
//! ```
//!
//! Never depends on `model`, never prints, and reads neither the clock nor the environment.

pub mod grammar;
pub mod interview;
pub mod korean;
pub mod nano;
pub mod questions;
pub mod rng;
pub mod rules;
pub mod shop;
pub mod teacher;
