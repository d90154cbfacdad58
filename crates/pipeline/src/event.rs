//! What a run tells while it goes on.

use std::time::Duration;

use crate::counts::Counts;
use crate::plan::Reason;

/// Something that happened. The order of events is the order of what is on the disk.
#[derive(Debug)]
pub enum Event<'a> {
    /// A stage has nothing to do.
    UpToDate {
        /// The stage.
        stage: &'a str,
        /// Whether an earlier run's result was taken back from the store.
        restored: bool,
    },
    /// A stage begins.
    Started {
        /// The stage.
        stage: &'a str,
        /// Why it runs.
        reasons: &'a [Reason],
    },
    /// How far it is.
    Progress {
        /// The stage.
        stage: &'a str,
        /// How much is done.
        done: u64,
        /// Of how much.
        total: Option<u64>,
        /// What is counted.
        unit: &'a str,
    },
    /// Something worth knowing.
    Note {
        /// The stage.
        stage: &'a str,
        /// What.
        text: &'a str,
    },
    /// Its function has ended; nothing is kept yet.
    Computed {
        /// The stage.
        stage: &'a str,
    },
    /// One output is in the store.
    Stored {
        /// The stage.
        stage: &'a str,
        /// The output.
        output: &'a str,
    },
    /// The store knows the result by its key; the lock does not name it yet.
    Recorded {
        /// The stage.
        stage: &'a str,
    },
    /// The lock names the result.
    Finished {
        /// The stage.
        stage: &'a str,
        /// Its counts.
        counts: &'a [Counts],
        /// How long it took.
        took: Duration,
    },
    /// An input was found damaged when it was read; the stage that makes it runs again.
    Damaged {
        /// The stage that wanted to read it.
        stage: &'a str,
        /// The stage that makes it.
        producer: &'a str,
    },
}
