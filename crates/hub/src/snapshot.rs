//! A repository's wanted files, all of them, as a folder.

use std::path::{Path, PathBuf};

use crate::cache::{RepoPlace, cached};
use crate::fetch::{Fetch, Tally};
use crate::http::Client;
use crate::listing::{self, Listing, RemoteFile};
use crate::{Event, HubError, RepoId, Settings};

/// Which files of a repository are wanted.
pub struct Wanted<'a> {
    /// Of the files on the server those to fetch.
    pub choose: &'a dyn Fn(&[String]) -> Vec<String>,
    /// What a folder lacks to be whole.
    pub missing: &'a dyn Fn(&Path) -> Vec<String>,
}

/// The Hub, or a mirror of it, and the cache in front of it.
#[derive(Debug)]
pub struct Hub {
    client: Client,
}

impl Hub {
    /// Speaks with no server yet.
    ///
    /// # Errors
    /// [`HubError::Setting`].
    pub fn new(settings: Settings) -> Result<Self, HubError> {
        Ok(Self { client: Client::new(settings)? })
    }

    /// The folder of a repository's wanted files. What is cached whole is taken without asking the server; what is
    /// missing is fetched.
    ///
    /// # Errors
    /// The server cannot be reached, does not show the repository or sends something else than it says; the
    /// repository lacks a file; the cache cannot be written.
    pub fn snapshot(
        &self,
        repo: &RepoId,
        wanted: &Wanted<'_>,
        on_event: &mut dyn FnMut(Event<'_>),
    ) -> Result<PathBuf, HubError> {
        let cache = &self.client.settings.cache;
        let here = cached(cache, repo);
        let missing = (wanted.missing)(here.as_deref().unwrap_or(cache));
        if let Some(folder) = here.filter(|_| missing.is_empty()) {
            return Ok(folder);
        }
        if self.client.settings.offline {
            return Err(HubError::Absent { repo: repo.to_string(), cache: cache.clone(), missing });
        }
        let place = RepoPlace::new(cache, repo);
        let listing = listing::fetch(&self.client, repo, on_event)?;
        let files = chosen(&listing, wanted);
        place.note(repo.revision(), &listing.commit)?;
        let folder = place.snapshot(&listing.commit);
        let absent: Vec<_> = files.iter().filter(|file| !folder.join(&file.name).exists()).collect();
        let total = absent.iter().map(|file| file.size).sum::<Option<u64>>();
        on_event(Event::Listed { commit: &listing.commit, files: files.len(), bytes: total });
        let mut tally = Tally { done: 0, total };
        for file in absent {
            let fetch = Fetch {
                client: &self.client,
                place: &place,
                repo,
                commit: &listing.commit,
                file: &file.name,
            };
            fetch.run(&mut tally, on_event)?;
        }
        let missing = (wanted.missing)(&folder);
        if !missing.is_empty() {
            let found = listing.files.into_iter().map(|file| file.name).collect();
            return Err(HubError::Incomplete { repo: repo.to_string(), missing, found });
        }
        Ok(folder)
    }
}

/// The wanted files, small ones first: what is wrong with a configuration shows before the weights come.
fn chosen(listing: &Listing, wanted: &Wanted<'_>) -> Vec<RemoteFile> {
    let names: Vec<_> = listing.files.iter().map(|file| file.name.clone()).collect();
    let chosen = (wanted.choose)(&names);
    let mut files: Vec<_> =
        listing.files.iter().filter(|file| chosen.contains(&file.name)).cloned().collect();
    files.sort_by_key(|file| file.size.unwrap_or(u64::MAX));
    files
}
