//! The cache's layout, which Hugging Face's own tools share.
//!
//! `models--OWNER--NAME/blobs/ETAG` holds each content once; `snapshots/COMMIT/FILE` is a link to it; `refs/REVISION`
//! names a branch's commit. `.locks/models--OWNER--NAME/ETAG.lock` is locked while a blob is fetched.

use std::fs::{self, File};
use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use crate::{HubError, RepoId};

/// How many notes this process has written.
static WRITERS: AtomicU64 = AtomicU64::new(0);

/// The folder of what is cached of a repository, if its revision is known there. It need not be whole.
pub fn cached(cache: &Path, repo: &RepoId) -> Option<PathBuf> {
    let place = RepoPlace::new(cache, repo);
    let commit = place.commit_of(repo.revision()).unwrap_or_else(|| repo.revision().to_owned());
    let folder = place.snapshot(&commit);
    folder.is_dir().then_some(folder)
}

/// A repository's folders in a cache.
#[derive(Debug)]
pub(crate) struct RepoPlace {
    root: PathBuf,
    locks: PathBuf,
}

impl RepoPlace {
    pub fn new(cache: &Path, repo: &RepoId) -> Self {
        let folder = repo.folder();
        Self { root: cache.join(&folder), locks: cache.join(".locks").join(folder) }
    }

    pub fn snapshot(&self, commit: &str) -> PathBuf {
        self.root.join("snapshots").join(commit)
    }

    pub fn blob(&self, etag: &str) -> PathBuf {
        self.root.join("blobs").join(etag)
    }

    /// What has come of a blob so far.
    pub fn incomplete(&self, etag: &str) -> PathBuf {
        self.root.join("blobs").join(format!("{etag}.incomplete"))
    }

    fn commit_of(&self, revision: &str) -> Option<String> {
        let text = fs::read_to_string(self.root.join("refs").join(revision)).ok()?;
        Some(text.trim().to_owned())
    }

    /// Makes the folders, and notes which commit a revision names.
    pub fn note(&self, revision: &str, commit: &str) -> Result<(), HubError> {
        make_folder(&self.root.join("blobs"))?;
        make_folder(&self.snapshot(commit))?;
        if revision == commit || self.commit_of(revision).as_deref() == Some(commit) {
            return Ok(());
        }
        let path = self.root.join("refs").join(revision);
        make_folder(path.parent().unwrap_or(&self.root))?;
        // A name of its own for each writer: several threads may note the same branch.
        let writer = WRITERS.fetch_add(1, Ordering::Relaxed);
        let mut temporary = path.clone().into_os_string();
        temporary.push(format!(".{}-{writer}.tmp", std::process::id()));
        let written = File::create(&temporary).and_then(|mut file| file.write_all(commit.as_bytes()));
        written.and_then(|()| fs::rename(&temporary, &path)).map_err(io("write", &path))
    }

    /// Waits until no other process fetches this blob. The lock is free again when the file is dropped.
    pub fn lock(&self, etag: &str) -> Result<File, HubError> {
        make_folder(&self.locks)?;
        let path = self.locks.join(format!("{etag}.lock"));
        let file = File::options().create(true).truncate(false).write(true).open(&path);
        let file = file.map_err(io("open", &path))?;
        match file.lock() {
            Ok(()) => {}
            // Without locks two processes may do the same work, one after the other takes the name.
            Err(error) if error.kind() == ErrorKind::Unsupported => {}
            Err(error) => return Err(io("lock", &path)(error)),
        }
        Ok(file)
    }

    /// Makes `file` of a snapshot point to its blob. Where there are no links, the blob itself is moved there.
    pub fn link(&self, commit: &str, file: &str, etag: &str) -> Result<(), HubError> {
        let path = self.snapshot(commit).join(file);
        make_folder(path.parent().unwrap_or(&self.root))?;
        if path.exists() {
            return Ok(());
        }
        let up = "../".repeat(file.split('/').count() + 1);
        // A link that leads nowhere stands in the way of a new one.
        match fs::remove_file(&path) {
            Err(error) if error.kind() != ErrorKind::NotFound => return Err(io("replace", &path)(error)),
            _ => {}
        }
        match symlink(&format!("{up}blobs/{etag}"), &path) {
            Ok(()) => Ok(()),
            Err(error) if error.kind() == ErrorKind::AlreadyExists => Ok(()),
            Err(_) => fs::rename(self.blob(etag), &path).map_err(io("write", &path)),
        }
    }
}

#[cfg(unix)]
fn symlink(to: &str, path: &Path) -> std::io::Result<()> {
    std::os::unix::fs::symlink(to, path)
}

#[cfg(windows)]
fn symlink(to: &str, path: &Path) -> std::io::Result<()> {
    std::os::windows::fs::symlink_file(to.replace('/', "\\"), path)
}

#[cfg(not(any(unix, windows)))]
fn symlink(_to: &str, _path: &Path) -> std::io::Result<()> {
    Err(ErrorKind::Unsupported.into())
}

fn make_folder(path: &Path) -> Result<(), HubError> {
    fs::create_dir_all(path).map_err(io("make the folder", path))
}

/// An error at a path of the cache.
pub(crate) fn io(action: &'static str, path: &Path) -> impl FnOnce(std::io::Error) -> HubError {
    let path = path.to_owned();
    move |source| HubError::Io { action, path, source }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_snapshot_that_a_reference_names() {
        let dir = tempfile::tempdir().unwrap();
        let repo = |text| RepoId::parse(text).unwrap();
        let place = RepoPlace::new(dir.path(), &repo("o/n"));
        place.note("main", "abc").unwrap();
        let folder = dir.path().join("models--o--n/snapshots/abc");
        assert_eq!(cached(dir.path(), &repo("o/n")), Some(folder.clone()));
        assert_eq!(cached(dir.path(), &repo("o/n@abc")), Some(folder));
        assert_eq!(cached(dir.path(), &repo("o/n@v2")), None);
        assert_eq!(cached(dir.path(), &repo("o/m")), None);
        assert_eq!(fs::read(dir.path().join("models--o--n/refs/main")).unwrap(), b"abc");
    }

    #[test]
    fn nested_files_lead_to_their_blob() {
        let dir = tempfile::tempdir().unwrap();
        let place = RepoPlace::new(dir.path(), &RepoId::parse("o/n").unwrap());
        place.note("refs/pr/1", "abc").unwrap();
        File::create(place.blob("e")).unwrap().write_all(b"x").unwrap();
        place.link("abc", "a/b/c.txt", "e").unwrap();
        assert_eq!(fs::read(place.snapshot("abc").join("a/b/c.txt")).unwrap(), b"x");
        assert_eq!(fs::read(dir.path().join("models--o--n/refs/refs/pr/1")).unwrap(), b"abc");
    }
}
