//! A project folder: its lock file, its private folder, its results.

use std::fs;
use std::path::{Path, PathBuf};

use crate::digest::Digest;
use crate::error::{Error, io};
use crate::lock::{Lock, Record};
use crate::platform::{self, FolderLock};
use crate::store::{Artifact, Store};

/// A project folder that is open for planning, reading and running.
#[derive(Debug)]
pub struct Project {
    root: PathBuf,
    private: PathBuf,
    store: Store,
    lock: Lock,
}

impl Project {
    /// Opens the project in a folder, and makes its private folder (`.moru`, for its owner alone).
    pub fn open(root: &Path) -> Result<Self, Error> {
        let root = root.canonicalize().map_err(io("open", root))?;
        let private = root.join(".moru");
        platform::create_private_dir(&private)?;
        let store = Store::open(&private, &root);
        let lock = Lock::read(&root.join("moru.lock"))?;
        Ok(Self { root, private, store, lock })
    }

    /// The project folder.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// The private folder.
    pub fn private(&self) -> &Path {
        &self.private
    }

    /// The content store.
    pub fn store(&self) -> &Store {
        &self.store
    }

    /// What happened so far.
    pub fn lock(&self) -> &Lock {
        &self.lock
    }

    pub(crate) fn lock_mut(&mut self) -> &mut Lock {
        &mut self.lock
    }

    pub(crate) fn write_lock(&self) -> Result<(), Error> {
        self.lock.write(&self.root.join("moru.lock"))
    }

    /// Takes the project for this process until what is returned is dropped, and reads again what another may have
    /// changed.
    ///
    /// # Errors
    /// Another process holds it.
    pub fn hold(&mut self) -> Result<FolderLock, Error> {
        let held = FolderLock::take(&self.private, "lock").map_err(|e| match e {
            Error::Busy { pid, .. } => Error::Busy { path: self.root.clone(), pid },
            other => other,
        })?;
        self.lock = Lock::read(&self.root.join("moru.lock"))?;
        self.store = Store::open(&self.private, &self.root);
        Ok(held)
    }

    /// What a stage wrote last. The path is a file, or a folder of links. Files that are as the store left them by
    /// size, time and identity are believed: a model of many gigabytes is not read twice before it says a word. What
    /// a stage is to read is verified byte by byte.
    pub fn output(&self, stage: &str, output: &str) -> Result<PathBuf, Error> {
        let artifact = self.artifact(stage, output)?;
        if !self.store.is_whole(artifact) {
            self.store.verify(artifact)?;
        }
        self.store.path(artifact)
    }

    /// The digest and size of what a stage wrote last.
    pub fn artifact(&self, stage: &str, output: &str) -> Result<&Artifact, Error> {
        let found = self.lock.stages.get(stage).and_then(|record| record.outputs.get(output));
        found.ok_or_else(|| Error::NoArtifact { stage: stage.to_owned(), output: output.to_owned() })
    }

    pub(crate) fn results_dir(&self) -> PathBuf {
        self.private.join("results")
    }

    pub(crate) fn work_dir(&self) -> PathBuf {
        self.private.join("work")
    }

    pub(crate) fn staging_dir(&self) -> PathBuf {
        self.private.join("tmp")
    }

    /// Earlier results of a stage with the same version and inputs, whatever the parameters. One that
    /// cannot be read is none.
    pub(crate) fn results(&self, base: Digest) -> Vec<Record> {
        let Ok(files) = fs::read_dir(self.results_dir().join(base.to_string())) else { return Vec::new() };
        let mut paths: Vec<_> = files.filter_map(|entry| entry.ok().map(|e| e.path())).collect();
        paths.sort();
        paths.iter().filter_map(|path| serde_json::from_slice(&fs::read(path).ok()?).ok()).collect()
    }

    pub(crate) fn note_result(&self, base: Digest, record: &Record) -> Result<(), Error> {
        let dir = self.results_dir().join(base.to_string());
        platform::create_private_dir(&dir)?;
        let json = serde_json::to_vec(record).expect("a record of plain values is JSON");
        platform::write_atomic(&dir.join(format!("{}.json", record.key)), &json)
    }
}
