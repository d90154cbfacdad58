//! Repositories of the Hugging Face Hub, fetched into the cache that Hugging Face's own tools share.
//!
//! 1. [`RepoId`] is what a person types: `owner/name`, or `owner/name@revision`.
//! 2. [`cached`] finds what is there already, without the network.
//! 3. [`Hub::snapshot`] fetches what is missing: broken connections are resumed, and every file is compared with the
//!    digest and the size that the server gives for it before it gets its name.
//!
//! Which files of a repository are wanted is the caller's business, as is the environment: [`Settings`] holds the
//! endpoint, the token and the cache's folder.
//!
//! ```
//! use hub::{Hub, RepoId, Settings, Wanted};
//!
//! let repo = RepoId::parse("Qwen/Qwen3-0.6B@main").unwrap();
//! let hub = Hub::new(Settings { offline: true, ..Settings::new("/nowhere") })?;
//! let wanted = Wanted { choose: &|names| names.to_vec(), missing: &|_| vec!["config.json".to_owned()] };
//! let error = hub.snapshot(&repo, &wanted, &mut |_| {}).unwrap_err();
//! assert!(error.to_string().starts_with("`Qwen/Qwen3-0.6B@main` is not in the Hugging Face cache"));
//! # Ok::<(), hub::HubError>(())
//! ```
//!
//! Never depends on anything about models or text.

mod cache;
mod digest;
mod error;
mod event;
mod fetch;
mod http;
mod id;
mod listing;
mod settings;
mod snapshot;

pub use cache::cached;
pub use error::HubError;
pub use event::Event;
pub use id::{RepoId, is_repo_id};
pub use settings::{Settings, Token};
pub use snapshot::{Hub, Wanted};
