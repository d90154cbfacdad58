//! What became of the rows, counted.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// Counts that add up: `rows_in` = `rows_out` + rejected + failed.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counts {
    /// Rows read, those that the source could not read included.
    pub rows_in: u64,
    /// Examples.
    pub rows_out: u64,
    /// Rows set aside, by reason.
    pub rejected: BTreeMap<String, u64>,
    /// Rows at which a step failed, by reason.
    pub failed: BTreeMap<String, u64>,
    /// Rows that a step changed, by step, whatever became of them.
    pub changed: BTreeMap<String, u64>,
}

impl Counts {
    /// Whether nothing was lost.
    pub fn add_up(&self) -> bool {
        let set_aside = self.rejected.values().sum::<u64>() + self.failed.values().sum::<u64>();
        self.rows_in == self.rows_out + set_aside
    }

    /// Adds the counts of another source.
    pub fn merge(&mut self, other: &Self) {
        self.rows_in += other.rows_in;
        self.rows_out += other.rows_out;
        for (mine, theirs) in [
            (&mut self.rejected, &other.rejected),
            (&mut self.failed, &other.failed),
            (&mut self.changed, &other.changed),
        ] {
            for (key, n) in theirs {
                *mine.entry(key.clone()).or_default() += n;
            }
        }
    }
}
