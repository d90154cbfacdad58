//! What a test needs from the machine it runs on: shared data, servers, a browser; and what many tests do:
//! files [changed at random](mutation), cases tried [in child processes](trials), the [pace](pace) of work, a double
//! of an OpenAI-compatible [endpoint].
//!
//! A test that needs something which is absent prints `skipped: …` and returns.
//! With `MORU_REQUIRE_ALL=1` the same absence fails the test, so that a machine
//! that is meant to have everything cannot pass by skipping.
//!
//! ```no_run
//! let Some(shared) = testing::shared_data("welfare-qa") else { return };
//! ```
#![expect(clippy::disallowed_methods, reason = "tests are told about the machine by its environment")]

pub mod endpoint;
pub mod mutation;
pub mod pace;
pub mod trials;

use std::path::PathBuf;

/// Says that a test is skipped and why, or fails it where everything is required.
///
/// # Panics
/// With `MORU_REQUIRE_ALL` set to anything but an empty string or `0`.
pub fn skip(why: &str) {
    let require_all = std::env::var("MORU_REQUIRE_ALL").is_ok_and(|v| !v.is_empty() && v != "0");
    assert!(!require_all, "required, but absent: {why}");
    println!("skipped: {why}");
}

/// The folder `name` of the shared data, from `MORU_SHARED`, else `../shared/data` beside the checkout.
pub fn shared_data(name: &str) -> Option<PathBuf> {
    let root = std::env::var_os("MORU_SHARED")
        .map_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared"), PathBuf::from);
    let folder = root.join("data").join(name);
    if folder.exists() {
        return Some(folder);
    }
    skip(&format!("no shared data `{name}`"));
    None
}

/// The value of an environment variable that names a server or program for the tests.
pub fn setting(name: &str, what: &str) -> Option<String> {
    match std::env::var(name) {
        Ok(value) if !value.is_empty() => Some(value),
        _ => {
            skip(&format!("{what} ({name} is not set)"));
            None
        }
    }
}

/// The Python that peers run with: `MORU_PYTHON`, else `python3`.
pub fn python() -> String {
    std::env::var("MORU_PYTHON").ok().filter(|name| !name.is_empty()).unwrap_or_else(|| "python3".into())
}
