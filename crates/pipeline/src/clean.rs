//! How much the private folder holds, and what of it can go.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use serde::Serialize;

use crate::error::{Error, io};
use crate::lock::Record;
use crate::platform;
use crate::project::Project;
use crate::store::list;

/// Bytes of the private folder.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Usage {
    /// Contents that the lock names.
    pub used_bytes: u64,
    /// Contents that only earlier runs name.
    pub unused_bytes: u64,
    /// Working folders: checkpoints of what did not finish.
    pub work_bytes: u64,
}

/// What was removed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Cleaned {
    /// Stored contents.
    pub files: u64,
    /// Their bytes and those of working folders.
    pub bytes: u64,
}

impl Project {
    /// How much the private folder holds.
    pub fn usage(&self) -> Result<Usage, Error> {
        let reachable = self.reachable()?;
        let mut usage = Usage { work_bytes: bytes_below(&self.work_dir())?, ..Usage::default() };
        for (object, bytes) in self.store().objects()? {
            if reachable.contains(&object) {
                usage.used_bytes += bytes;
            } else {
                usage.unused_bytes += bytes;
            }
        }
        Ok(usage)
    }

    /// Removes contents that the lock does not name; with `work` also the working folders, whose
    /// stages then begin anew.
    pub fn clean(&mut self, work: bool) -> Result<Cleaned, Error> {
        let _held = self.hold()?;
        let reachable = self.reachable()?;
        let mut cleaned = Cleaned::default();
        for (object, bytes) in self.store().objects()? {
            if !reachable.contains(&object) {
                self.store().remove(&object)?;
                cleaned.files += 1;
                cleaned.bytes += bytes;
            }
        }
        for dir in [self.staging_dir(), self.private().join("views")] {
            platform::remove(&dir)?;
        }
        if work {
            cleaned.bytes += bytes_below(&self.work_dir())?;
            platform::remove(&self.work_dir())?;
        }
        self.remove_dead_results()?;
        self.store().save()?;
        Ok(cleaned)
    }

    /// The stored contents that the lock names, with the files of its folders.
    fn reachable(&self) -> Result<BTreeSet<PathBuf>, Error> {
        let mut reachable = BTreeSet::new();
        for artifact in self.lock().stages.values().flat_map(|record| record.outputs.values()) {
            reachable.insert(self.store().object(artifact.digest));
            if self.store().holds(artifact.digest) {
                let entries = self.store().entries(artifact)?;
                reachable.extend(entries.iter().map(|entry| self.store().object(entry.digest)));
            }
        }
        Ok(reachable)
    }

    /// Removes notes of results whose content is gone.
    fn remove_dead_results(&self) -> Result<(), Error> {
        let dir = self.results_dir();
        if !dir.is_dir() {
            return Ok(());
        }
        for (_, path) in list(&dir)? {
            let record: Option<Record> =
                fs::read(&path).ok().and_then(|bytes| serde_json::from_slice(&bytes).ok());
            let whole =
                |record: Record| record.outputs.values().all(|artifact| self.store().is_whole(artifact));
            if !record.is_some_and(whole) {
                platform::remove(&path)?;
                // Only an empty folder can be removed this way.
                let _ = path.parent().map(fs::remove_dir);
            }
        }
        Ok(())
    }
}

fn bytes_below(dir: &Path) -> Result<u64, Error> {
    if !dir.is_dir() {
        return Ok(0);
    }
    list(dir)?.into_iter().map(|(_, path)| Ok(fs::metadata(&path).map_err(io("read", &path))?.len())).sum()
}
