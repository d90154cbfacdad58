//! Files of the state: locked against a second run, written whole or not at all.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::Write;
use std::path::{Path, PathBuf};

use super::TeacherError;
use super::error::io;

/// A lock that the operating system frees when its process ends, however it ends.
#[derive(Debug)]
pub(super) struct Lock(#[expect(dead_code, reason = "held for as long as it lives")] File);

impl Lock {
    pub fn take(folder: &Path) -> Result<Self, TeacherError> {
        let path = folder.join("lock");
        let file = OpenOptions::new().create(true).truncate(false).write(true).open(&path);
        let file = file.map_err(io("open", &path))?;
        match file.try_lock() {
            Ok(()) => Ok(Self(file)),
            Err(TryLockError::WouldBlock) => Err(TeacherError::Busy { folder: folder.to_owned() }),
            Err(TryLockError::Error(source)) => Err(TeacherError::Io { action: "lock", path, source }),
        }
    }
}

/// Makes a folder that only its owner may enter: prompts may hold what the sources hold.
pub(super) fn create_private(folder: &Path) -> Result<(), TeacherError> {
    fs::create_dir_all(folder).map_err(io("create", folder))?;
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        fs::set_permissions(folder, fs::Permissions::from_mode(0o700)).map_err(io("protect", folder))?;
    }
    Ok(())
}

/// Writes a file whole or not at all: to a name beside it, to the disk, then renamed.
pub(super) fn write(
    path: &Path,
    fill: &mut dyn FnMut(&mut File) -> std::io::Result<()>,
) -> Result<(), TeacherError> {
    let temp = beside(path);
    let mut file = File::create(&temp).map_err(io("create", &temp))?;
    fill(&mut file).and_then(|()| file.sync_all()).map_err(io("write", &temp))?;
    drop(file);
    fs::rename(&temp, path).map_err(io("rename to", path))
}

/// As [`write`], of bytes.
pub(super) fn write_bytes(path: &Path, bytes: &[u8]) -> Result<(), TeacherError> {
    write(path, &mut |file| file.write_all(bytes))
}

fn beside(path: &Path) -> PathBuf {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    path.with_file_name(format!(".{name}.tmp"))
}
