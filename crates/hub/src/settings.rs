//! What the caller says about server, cache and patience.

use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

/// An access token; it is never shown.
#[derive(Clone, PartialEq, Eq)]
pub struct Token(String);

impl Token {
    /// A token as the Hub gave it.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The value of the `Authorization` header.
    pub(crate) fn bearer(&self) -> String {
        format!("Bearer {}", self.0.trim())
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token(hidden)")
    }
}

/// Server, cache and patience.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The cache's folder: `HF_HUB_CACHE`.
    pub cache: PathBuf,
    /// The server: `HF_ENDPOINT`.
    pub endpoint: String,
    /// Sent to the endpoint and to nobody else: `HF_TOKEN`.
    pub token: Option<Token>,
    /// Whether the network is left alone: `HF_HUB_OFFLINE`.
    pub offline: bool,
    /// A proxy, such as `http://proxy:3128`; None speaks with the server itself.
    pub proxy: Option<String>,
    /// Certificates (PEM) of the authorities that are trusted in place of the built-in ones.
    pub certificates: Option<Vec<u8>>,
    /// How often one after the other a request may fail without a byte of progress.
    pub attempts: u32,
    /// The wait after a first failure; it doubles with each.
    pub first_wait: Duration,
    /// The longest wait, also when the server asks for one.
    pub longest_wait: Duration,
    /// How long a connection, an answer or a part of a file may take.
    pub timeout: Duration,
}

impl Settings {
    /// The Hub's own server, no token, five attempts.
    pub fn new(cache: impl Into<PathBuf>) -> Self {
        Self {
            cache: cache.into(),
            endpoint: "https://huggingface.co".to_owned(),
            token: None,
            offline: false,
            proxy: None,
            certificates: None,
            attempts: 5,
            first_wait: Duration::from_millis(500),
            longest_wait: Duration::from_mins(2),
            timeout: Duration::from_mins(1),
        }
    }
}
