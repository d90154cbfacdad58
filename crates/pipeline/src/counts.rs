//! Counts that add up: nothing is dropped in silence.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// What went into a stage and where it went: `input = output + rejected + failed`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counts {
    /// What is counted: `rows`, `examples` …
    pub unit: String,
    /// How many came in.
    #[serde(rename = "in")]
    pub input: u64,
    /// How many went on.
    #[serde(rename = "out")]
    pub output: u64,
    /// How many were set aside, by reason.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub rejected: BTreeMap<String, u64>,
    /// How many could not be handled.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub failed: u64,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks for a reference")]
fn is_zero(n: &u64) -> bool {
    *n == 0
}

impl Counts {
    /// Counts of things that all went on.
    pub fn all(unit: &str, n: u64) -> Self {
        Self { unit: unit.to_owned(), input: n, output: n, ..Self::default() }
    }

    /// All that was set aside.
    pub fn n_rejected(&self) -> u64 {
        self.rejected.values().sum()
    }

    /// Whether the counts add up.
    pub fn add_up(&self) -> bool {
        self.input == self.output + self.n_rejected() + self.failed
    }
}

impl std::fmt::Display for Counts {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { unit, input, output, failed, .. } = self;
        write!(f, "{input} {unit} in = {output} out + {} rejected", self.n_rejected())?;
        if !self.rejected.is_empty() {
            let parts: Vec<_> = self.rejected.iter().map(|(reason, n)| format!("{reason} {n}")).collect();
            write!(f, " ({})", parts.join(", "))?;
        }
        if *failed > 0 {
            write!(f, " + {failed} failed")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn add_up() {
        let mut counts = Counts { unit: "rows".into(), input: 10, output: 7, ..Counts::default() };
        counts.rejected.insert("short".into(), 2);
        assert!(!counts.add_up());
        counts.failed = 1;
        assert!(counts.add_up());
        assert_eq!(counts.to_string(), "10 rows in = 7 out + 2 rejected (short 2) + 1 failed");
    }
}
