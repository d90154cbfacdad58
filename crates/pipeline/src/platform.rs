//! What differs between operating systems: locks, renames, permissions, file identity.

use std::fs::{self, File, Metadata, OpenOptions, TryLockError};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::UNIX_EPOCH;

use serde::{Deserialize, Serialize};

use crate::error::{Error, io};

/// An exclusive lock of a folder. It is the operating system's, so it is free again after a kill.
#[derive(Debug)]
pub struct FolderLock {
    _file: File,
    holder: PathBuf,
}

impl FolderLock {
    /// Takes the lock `name` in `folder`, or says who holds it.
    pub fn take(folder: &Path, name: &str) -> Result<Self, Error> {
        let path = folder.join(name);
        // The holder's pid has a file of its own: where locks are mandatory, the locked one cannot be read.
        let holder = folder.join(format!("{name}.pid"));
        let file = OpenOptions::new()
            .create(true)
            .truncate(false)
            .write(true)
            .open(&path)
            .map_err(io("open", &path))?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                let pid = fs::read_to_string(&holder).ok().and_then(|text| text.trim().parse().ok());
                return Err(Error::Busy { path: folder.to_owned(), pid });
            }
            Err(TryLockError::Error(source)) => return Err(Error::Io { action: "lock", path, source }),
        }
        write_atomic(&holder, std::process::id().to_string().as_bytes())?;
        Ok(Self { _file: file, holder })
    }
}

impl Drop for FolderLock {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.holder);
    }
}

/// Writes a file whole or not at all: to a name beside it, to the disk, then renamed.
pub fn write_atomic(path: &Path, bytes: &[u8]) -> Result<(), Error> {
    let temp = beside(path);
    let written = (|| {
        let mut file = File::create(&temp)?;
        file.write_all(bytes)?;
        file.sync_all()
    })();
    if let Err(source) = written {
        let _ = fs::remove_file(&temp);
        return Err(Error::Io { action: "write", path: path.to_owned(), source });
    }
    fs::rename(&temp, path).map_err(io("rename to", path))
}

/// Writes a file whole unless it is there already; tells whether it was written. Of several processes that
/// try at once, one writes.
pub fn write_new(path: &Path, bytes: &[u8]) -> Result<bool, Error> {
    let temp = beside(path);
    write_atomic(&temp, bytes)?;
    let linked = fs::hard_link(&temp, path);
    let done = match linked {
        Ok(()) => Ok(true),
        Err(_) if path.exists() => Ok(false),
        // A file system without links: a rename is as close as it comes.
        Err(_) => fs::rename(&temp, path).map(|()| true).map_err(io("rename to", path)),
    };
    remove(&temp)?;
    done
}

/// The temporary name used for `path`: hidden, in the same folder, told apart by the process.
pub fn beside(path: &Path) -> PathBuf {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    path.with_file_name(format!(".{name}.{}.tmp", std::process::id()))
}

/// Puts a file or folder in the place of another. A folder is replaced in two renames.
pub fn replace(from: &Path, to: &Path) -> Result<(), Error> {
    if from.is_dir() && to.symlink_metadata().is_ok() {
        let old = beside(&to.with_file_name(format!("{}.old", to.file_name().unwrap_or_default().display())));
        remove(&old)?;
        fs::rename(to, &old).map_err(io("rename", to))?;
        fs::rename(from, to).map_err(io("rename to", to))?;
        return remove(&old);
    }
    fs::rename(from, to).map_err(io("rename to", to))
}

/// Removes a file or a folder; what is absent is well.
pub fn remove(path: &Path) -> Result<(), Error> {
    let Ok(meta) = path.symlink_metadata() else { return Ok(()) };
    let done = if meta.is_dir() { fs::remove_dir_all(path) } else { fs::remove_file(path) };
    done.map_err(io("remove", path))
}

/// Creates a folder that only its owner may enter, and its parents.
pub fn create_private_dir(path: &Path) -> Result<(), Error> {
    fs::create_dir_all(path).map_err(io("create", path))?;
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let mode = fs::metadata(path).map_err(io("read", path))?.permissions().mode();
        // Results can be looked at where nothing may be written.
        if mode & 0o777 != 0o700 {
            fs::set_permissions(path, fs::Permissions::from_mode(0o700)).map_err(io("protect", path))?;
        }
    }
    Ok(())
}

/// Makes a stored file read-only, for its owner alone.
pub fn seal(path: &Path) -> Result<(), Error> {
    let mut permissions = fs::metadata(path).map_err(io("read", path))?.permissions();
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        permissions.set_mode(0o400);
    }
    #[cfg(not(unix))]
    permissions.set_readonly(true);
    fs::set_permissions(path, permissions).map_err(io("protect", path))
}

/// Makes `to` the same file as `from` where the file system can, a copy otherwise.
pub fn link_or_copy(from: &Path, to: &Path) -> Result<(), Error> {
    if fs::hard_link(from, to).is_ok() {
        return Ok(());
    }
    fs::copy(from, to).map(drop).map_err(io("copy to", to))
}

/// Size, time of the last change and identity of a file: enough to know it again without reading it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stamp {
    /// Bytes.
    pub size: u64,
    /// Nanoseconds since 1970 of the last change.
    pub modified_ns: u64,
    /// The file's number on its volume; 0 where there is none.
    pub inode: u64,
}

impl Stamp {
    /// The stamp of a file.
    pub fn of(meta: &Metadata) -> Self {
        let modified_ns = meta
            .modified()
            .ok()
            .and_then(|t| t.duration_since(UNIX_EPOCH).ok())
            .map_or(0, |d| d.as_nanos() as u64);
        Self { size: meta.len(), modified_ns, inode: inode(meta) }
    }
}

#[cfg(unix)]
fn inode(meta: &Metadata) -> u64 {
    std::os::unix::fs::MetadataExt::ino(meta)
}

#[cfg(not(unix))]
fn inode(_: &Metadata) -> u64 {
    0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn written_whole_or_not_at_all() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a");
        write_atomic(&path, b"one").unwrap();
        write_atomic(&path, b"two").unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"two");
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1, "no temporary file stays");
        let error = write_atomic(&dir.path().join("none/b"), b"").unwrap_err();
        assert!(error.to_string().starts_with("could not write "), "{error}");
    }

    #[test]
    fn the_first_to_write_a_new_file_decides() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a");
        assert!(write_new(&path, b"one").unwrap());
        assert!(!write_new(&path, b"two").unwrap());
        assert_eq!(fs::read(&path).unwrap(), b"one");
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1, "no temporary file stays");
        assert!(write_new(&dir.path().join("none/b"), b"").is_err());
    }

    #[test]
    fn a_folder_replaces_a_folder() {
        let dir = tempfile::tempdir().unwrap();
        let (from, to) = (dir.path().join("from"), dir.path().join("to"));
        for (folder, name) in [(&from, "fresh"), (&to, "stale")] {
            fs::create_dir(folder).unwrap();
            fs::File::create(folder.join(name)).unwrap();
        }
        replace(&from, &to).unwrap();
        assert!(to.join("fresh").exists() && !to.join("stale").exists() && !from.exists());
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1);
    }

    #[test]
    fn one_holder_at_a_time() {
        let dir = tempfile::tempdir().unwrap();
        let held = FolderLock::take(dir.path(), "lock").unwrap();
        let error = FolderLock::take(dir.path(), "lock").unwrap_err();
        assert!(matches!(error, Error::Busy { pid, .. } if pid == Some(std::process::id())), "{error}");
        drop(held);
        FolderLock::take(dir.path(), "lock").unwrap();
    }
}
