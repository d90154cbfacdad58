//! What the caller says about an endpoint: where it is, the key, and how much it bears.

use std::fmt;
use std::time::Duration;

/// A key; it is never shown, and goes to its endpoint alone.
#[derive(Clone, PartialEq, Eq)]
pub struct ApiKey(String);

impl ApiKey {
    /// A key as the endpoint's owner gave it.
    pub fn new(text: impl AsRef<str>) -> Self {
        Self(text.as_ref().trim().to_owned())
    }

    /// The value of the `Authorization` header.
    pub(super) fn bearer(&self) -> String {
        format!("Bearer {}", self.0)
    }

    /// A text without this key, and without what looks like one.
    pub(super) fn hidden_in(&self, text: &str) -> String {
        let text = if self.0.len() >= 4 { text.replace(&self.0, "[key]") } else { text.to_owned() };
        without_keys(&text)
    }
}

impl fmt::Debug for ApiKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ApiKey(hidden)")
    }
}

/// Servers repeat parts of a key in their messages: `sk-proj-ab***yz`.
pub(super) fn without_keys(text: &str) -> String {
    let hide = |word: &str| {
        let start = word.find("sk-").filter(|&at| word[at..].len() > 6)?;
        let part = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '*');
        let end = word[start..].find(|c| !part(c)).map_or(word.len(), |n| start + n);
        let before = word[..start].chars().next_back();
        (!before.is_some_and(char::is_alphanumeric))
            .then(|| format!("{}[key]{}", &word[..start], &word[end..]))
    };
    let words = text.split(' ').map(|word| hide(word).unwrap_or_else(|| word.to_owned()));
    words.collect::<Vec<_>>().join(" ")
}

/// An OpenAI-compatible endpoint.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Its address up to what stands before `/chat/completions`: `https://api.openai.com/v1`.
    pub base_url: String,
    /// Sent to the endpoint and to nobody else.
    pub key: Option<ApiKey>,
    /// A proxy, such as `http://proxy:3128`; None speaks with the endpoint itself.
    pub proxy: Option<String>,
    /// Certificates (PEM) of the authorities that are trusted in place of the built-in ones.
    pub certificates: Option<Vec<u8>>,
    /// Requests under way at once.
    pub concurrency: usize,
    /// Requests that may begin in a minute; None has no limit.
    pub requests_per_minute: Option<u32>,
    /// Tokens, of prompts and of the longest answers, that may be asked for in a minute; None has no limit.
    pub tokens_per_minute: Option<u32>,
    /// How often a request is tried.
    pub attempts: u32,
    /// The wait after a first failure; it doubles with each up to `most_backoff`.
    pub first_backoff: Duration,
    /// The longest wait that is not the endpoint's own wish.
    pub most_backoff: Duration,
    /// The longest wait that an endpoint may wish for.
    pub longest_wait: Duration,
    /// How long a connection may take to come about.
    pub connect_timeout: Duration,
    /// How long a whole answer may take.
    pub answer_timeout: Duration,
    /// How long a file may take to be sent or fetched.
    pub file_timeout: Duration,
    /// Seed of the waits' jitter.
    pub seed: u64,
}

impl Settings {
    /// Four requests at once without limits, six attempts, ten minutes for an answer.
    pub fn new(base_url: impl Into<String>) -> Self {
        Self {
            base_url: base_url.into(),
            key: None,
            proxy: None,
            certificates: None,
            concurrency: 4,
            requests_per_minute: None,
            tokens_per_minute: None,
            attempts: 6,
            first_backoff: Duration::from_millis(500),
            most_backoff: Duration::from_secs(8),
            longest_wait: Duration::from_mins(5),
            connect_timeout: Duration::from_secs(10),
            answer_timeout: Duration::from_mins(10),
            file_timeout: Duration::from_mins(30),
            seed: 0,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_never_shown() {
        let key = ApiKey::new(" k3y-of-mine\n");
        assert_eq!(key.bearer(), "Bearer k3y-of-mine");
        let settings = Settings { key: Some(key.clone()), ..Settings::new("http://h/v1") };
        assert!(!format!("{settings:?}").contains("k3y"), "{settings:?}");
        assert_eq!(key.hidden_in("wrong key: k3y-of-mine!"), "wrong key: [key]!");
        assert_eq!(
            key.hidden_in("Incorrect API key provided: sk-pro***4a. See"),
            "Incorrect API key provided: [key]. See"
        );
        assert_eq!(key.hidden_in("a task-force of (sk-abcdefg)"), "a task-force of ([key])");
    }
}
