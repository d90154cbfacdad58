//! Planted faults: what share of them the validators catch, and how many good pairs they refuse.
//!
//! Half of the faults were written by hand (`hand.*.jsonl`, over `rules.ko.txt` and `handbook.en.txt`), the other half
//! is planted by code ([`plant`]) into pairs of the example rules, of a statute and of an English handbook.

mod hand;
mod heldout;
pub mod plant;
mod planted;
pub mod simple;
mod unseen;

use std::collections::BTreeMap;

use data::documents::Tree;
use data::validate::{Limits, Sources, Validator};

/// Counts of one kind of fault in one text.
#[derive(Debug, Default, Clone, Copy)]
pub struct Count {
    pub all: usize,
    pub caught: usize,
}

/// The table that a test shows with `--nocapture`.
#[derive(Debug, Default)]
pub struct Table(pub BTreeMap<(String, String), Count>);

impl Table {
    pub fn add(&mut self, fault: &str, text: &str, caught: bool) {
        let count = self.0.entry((fault.to_owned(), text.to_owned())).or_default();
        count.all += 1;
        count.caught += usize::from(caught);
    }

    pub fn total(&self, fault: &str) -> Count {
        let of = self.0.iter().filter(|((f, _), _)| f == fault).map(|(_, count)| *count);
        of.fold(Count::default(), |a, b| Count { all: a.all + b.all, caught: a.caught + b.caught })
    }

    pub fn show(&self) {
        println!("{:<14} {:<16} {:>6} {:>8} {:>8}", "fault", "text", "pairs", "refused", "share");
        for ((fault, text), count) in &self.0 {
            let share = 100.0 * count.caught as f64 / count.all.max(1) as f64;
            println!("{fault:<14} {text:<16} {:>6} {:>8} {share:>7.1}%", count.all, count.caught);
        }
    }
}

pub fn validator(trees: Vec<Tree>) -> Validator {
    let chunks = trees.iter().flat_map(simple::chunks).collect();
    Validator::new(Sources::new(trees, chunks), Limits::default())
}
