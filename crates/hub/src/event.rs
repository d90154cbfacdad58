//! What happens while a repository is fetched; showing it is someone else's business.

use std::time::Duration;

use crate::HubError;

/// One thing that happened.
#[derive(Debug)]
pub enum Event<'a> {
    /// The server told which files there are, and how many bytes of those that are wanted it will send.
    Listed {
        /// The commit that the revision names.
        commit: &'a str,
        /// Number of wanted files.
        files: usize,
        /// Bytes of those that are not here yet; None where the server does not say.
        bytes: Option<u64>,
    },
    /// Bytes came.
    Progress {
        /// The file.
        file: &'a str,
        /// Bytes of all files that came, or were there of an earlier attempt.
        done: u64,
        /// As in `Listed`.
        total: Option<u64>,
    },
    /// A request failed and is made again after a wait.
    Waiting {
        /// Why it failed.
        error: &'a HubError,
        /// How long.
        wait: Duration,
    },
    /// A file is here, compared with its digest.
    Fetched {
        /// The file.
        file: &'a str,
    },
}
