//! What can go wrong between a server and a cache.

use std::path::PathBuf;

/// Why a repository is not there.
#[derive(Debug, thiserror::Error)]
pub enum HubError {
    /// Files are missing, and the network is left alone.
    #[error(
        "`{repo}` is not in the Hugging Face cache ({}), or not whole: missing are {}", cache.display(), missing.join(", ")
    )]
    Absent {
        /// The repository and its revision.
        repo: String,
        /// The cache that was searched.
        cache: PathBuf,
        /// The files to place in a folder.
        missing: Vec<String>,
    },
    /// The server cannot be reached.
    #[error("{url} cannot be reached: {cause}")]
    Unreachable {
        /// What was asked for.
        url: String,
        /// What the system says.
        cause: String,
    },
    /// The server knows no such repository, or does not show it without a token.
    #[error("the server knows no repository or revision `{repo}`, or shows it only to those who may see it")]
    NotFound {
        /// The repository and its revision.
        repo: String,
    },
    /// The repository wants a token, or another one.
    #[error("`{repo}` is not shown to {}", if *with_token { "the owner of the token in HF_TOKEN" } else { "people without a token" })]
    Denied {
        /// The repository and its revision.
        repo: String,
        /// Whether a token was sent.
        with_token: bool,
    },
    /// The server answered with an error.
    #[error("{url} answered with status {status}")]
    Status {
        /// What was asked for.
        url: String,
        /// The HTTP status.
        status: u16,
    },
    /// The server answered that it is busy, and for how long.
    #[error("{url} answered with status {status} and asks to wait for {seconds} s")]
    Busy {
        /// What was asked for.
        url: String,
        /// The HTTP status.
        status: u16,
        /// The wait it asked for.
        seconds: u64,
    },
    /// The server asks for a longer wait than is allowed.
    #[error("{url} asks to wait for {seconds} s before the next request")]
    TooBusy {
        /// What was asked for.
        url: String,
        /// The wait it asked for.
        seconds: u64,
    },
    /// The connection ended in the middle of a file.
    #[error("the connection broke after {done} bytes of `{file}`: {cause}")]
    Broken {
        /// The file.
        file: String,
        /// Bytes of it that are here.
        done: u64,
        /// What the system says.
        cause: String,
    },
    /// The server said something that makes no sense.
    #[error("the answer of {url} cannot be used: {why}")]
    Answer {
        /// What was asked for.
        url: String,
        /// What is wrong with it.
        why: &'static str,
    },
    /// The server named a file that would lie outside its folder.
    #[error("`{repo}` names a file `{file}`, which is no plain path inside its folder")]
    FileName {
        /// The repository.
        repo: String,
        /// The name.
        file: String,
    },
    /// A file has another size than the server says.
    #[error("`{file}` has {found} bytes; the server says {expected}")]
    Size {
        /// The file.
        file: String,
        /// Bytes that came.
        found: u64,
        /// Bytes the server says.
        expected: u64,
    },
    /// A file's content is not what the server says.
    #[error("`{file}` came with the digest {found}; the server says {expected}. What came was thrown away")]
    Digest {
        /// The file.
        file: String,
        /// The digest of what came.
        found: String,
        /// The digest that the server names.
        expected: String,
    },
    /// Files that are needed are not in the repository.
    #[error("`{repo}` has no {}; it has {}", missing.join(", no "), if found.is_empty() { "nothing".to_owned() } else { found.join(", ") })]
    Incomplete {
        /// The repository and its revision.
        repo: String,
        /// What is needed.
        missing: Vec<String>,
        /// What there is.
        found: Vec<String>,
    },
    /// A setting cannot be used.
    #[error("{setting} is not {allowed}")]
    Setting {
        /// The setting's name.
        setting: &'static str,
        /// What it has to be.
        allowed: &'static str,
    },
    /// The cache cannot be read or written.
    #[error("cannot {action} {}", path.display())]
    Io {
        /// What was attempted.
        action: &'static str,
        /// Where.
        path: PathBuf,
        /// Why not.
        source: std::io::Error,
    },
}

impl HubError {
    /// Whether the same request may succeed a little later.
    pub(crate) fn is_passing(&self) -> bool {
        match self {
            Self::Unreachable { .. } | Self::Broken { .. } | Self::Busy { .. } => true,
            Self::Status { status, .. } => matches!(status, 408 | 429 | 500..=599),
            _ => false,
        }
    }
}
