//! Files recognised by size, time and identity before they are hashed.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::digest::Digest;
use crate::error::{Error, io};
use crate::platform::{Stamp, write_atomic};

/// A change within this time of the hashing may leave size and time as they were: such files are hashed again.
const SETTLE_NS: u64 = 2_000_000_000;

/// Digests of files already seen.
#[derive(Debug)]
pub struct Stamps {
    file: PathBuf,
    root: PathBuf,
    known: BTreeMap<String, Known>,
    changed: bool,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
struct Known {
    #[serde(flatten)]
    stamp: Stamp,
    digest: Digest,
    /// Whether the file had rested long enough when it was hashed.
    settled: bool,
}

impl Stamps {
    /// Reads the table `file`; paths below `root` are kept relative to it. A damaged table is an empty one.
    pub fn open(file: PathBuf, root: PathBuf) -> Self {
        let known =
            fs::read(&file).ok().and_then(|bytes| serde_json::from_slice(&bytes).ok()).unwrap_or_default();
        Self { file, root, known, changed: false }
    }

    fn key(&self, path: &Path) -> String {
        path.strip_prefix(&self.root).unwrap_or(path).to_string_lossy().into_owned()
    }

    /// The digest of a file: remembered if it is recognised, computed otherwise.
    pub fn digest(&mut self, path: &Path) -> Result<Digest, Error> {
        let meta = fs::metadata(path).map_err(io("read", path))?;
        // A pipe or a device may have no end, and gives other bytes when it is read again.
        if !meta.is_file() {
            return Err(Error::NotAFile { path: path.to_owned() });
        }
        let stamp = Stamp::of(&meta);
        if let Some(known) = self.known.get(&self.key(path))
            && known.stamp == stamp
            && known.settled
        {
            return Ok(known.digest);
        }
        let now_ns = self.file_system_time()?;
        let digest = Digest::of_file(path)?;
        let settled = stamp.modified_ns.saturating_add(SETTLE_NS) < now_ns;
        self.known.insert(self.key(path), Known { stamp, digest, settled });
        self.changed = true;
        Ok(digest)
    }

    /// Notes the digest of a file that only the store writes.
    pub fn note(&mut self, path: &Path, digest: Digest) -> Result<(), Error> {
        let meta = fs::metadata(path).map_err(io("read", path))?;
        self.known.insert(self.key(path), Known { stamp: Stamp::of(&meta), digest, settled: true });
        self.changed = true;
        Ok(())
    }

    /// Forgets a file.
    pub fn forget(&mut self, path: &Path) {
        self.changed |= self.known.remove(&self.key(path)).is_some();
    }

    /// Writes the table if it changed.
    pub fn save(&mut self) -> Result<(), Error> {
        if std::mem::take(&mut self.changed) {
            let json = serde_json::to_vec(&self.known).expect("a table of plain values is JSON");
            write_atomic(&self.file, &json)?;
        }
        Ok(())
    }

    /// The time as the file system writes it, so that it can be compared with a file's own.
    fn file_system_time(&self) -> Result<u64, Error> {
        let probe = crate::platform::beside(&self.file.with_file_name("now"));
        let time = fs::File::create(&probe).and_then(|file| file.metadata()).map(|meta| Stamp::of(&meta));
        let _ = fs::remove_file(&probe);
        time.map(|stamp| stamp.modified_ns).map_err(io("write", &probe))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::{Duration, SystemTime};

    fn write(path: &Path, text: &str, age: u64) {
        use std::io::Write;
        let mut file = fs::File::create(path).unwrap();
        file.write_all(text.as_bytes()).unwrap();
        #[expect(clippy::disallowed_methods, reason = "the test makes an old file")]
        file.set_modified(SystemTime::now() - Duration::from_secs(age)).unwrap();
    }

    #[test]
    fn recognised_without_reading() {
        let dir = tempfile::tempdir().unwrap();
        let (table, path) = (dir.path().join("stamps.json"), dir.path().join("a"));
        write(&path, "one", 60);
        let mut stamps = Stamps::open(table.clone(), dir.path().into());
        assert_eq!(stamps.digest(&path).unwrap(), Digest::of(b"one"));
        // The table is believed: a digest put there by hand comes back.
        stamps.note(&path, Digest::of(b"believed")).unwrap();
        stamps.save().unwrap();
        let mut stamps = Stamps::open(table, dir.path().into());
        assert_eq!(stamps.digest(&path).unwrap(), Digest::of(b"believed"));
        write(&path, "two", 30);
        assert_eq!(stamps.digest(&path).unwrap(), Digest::of(b"two"), "another time, same size");
    }

    #[test]
    fn a_fresh_file_is_hashed_again() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a");
        write(&path, "one", 0);
        let stamp = Stamp::of(&fs::metadata(&path).unwrap());
        let mut stamps = Stamps::open(dir.path().join("stamps.json"), dir.path().into());
        stamps.digest(&path).unwrap();
        // Overwritten within the clock's tick: size, time and identity stay.
        write(&path, "two", 0);
        let file = fs::File::options().append(true).open(&path).unwrap();
        file.set_modified(std::time::UNIX_EPOCH + Duration::from_nanos(stamp.modified_ns)).unwrap();
        assert_eq!(Stamp::of(&fs::metadata(&path).unwrap()), stamp);
        assert_eq!(stamps.digest(&path).unwrap(), Digest::of(b"two"));
    }
}
