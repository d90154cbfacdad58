//! What differs between operating systems: mapped files, and renames that replace.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::Path;

use crate::ModelError;

/// A file mapped read-only.
#[derive(Debug)]
pub struct FileMap(Option<memmap2::Mmap>);

impl FileMap {
    /// Maps the whole file; an empty file maps to no bytes.
    ///
    /// # Errors
    /// [`ModelError::Io`] with the path.
    pub fn open(path: &Path) -> Result<Self, ModelError> {
        let failed = |source| ModelError::Io { action: "map", path: path.to_owned(), source };
        let file = File::open(path).map_err(failed)?;
        if file.metadata().map_err(failed)?.len() == 0 {
            return Ok(Self(None));
        }
        // SAFETY: the map is read-only and private to this process. Another process that truncates the file while
        // it is mapped would end this one with a signal; files of weights are replaced by rename, never rewritten.
        #[expect(unsafe_code, reason = "mapping a file is unsafe by nature; see SAFETY")]
        let map = unsafe { memmap2::Mmap::map(&file) }.map_err(failed)?;
        Ok(Self(Some(map)))
    }

    /// The file's bytes.
    pub fn bytes(&self) -> &[u8] {
        self.0.as_deref().unwrap_or_default()
    }
}

/// Writes a file under a temporary name beside it, flushes it to the disk and renames it to its place.
///
/// # Errors
/// [`ModelError::Io`] with the final path; the temporary file is removed where that is possible.
pub fn write_then_rename(
    path: &Path,
    write: impl FnOnce(&mut dyn Write) -> std::io::Result<()>,
) -> Result<(), ModelError> {
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(".partial");
    let partial = path.with_file_name(name);
    let written = (|| {
        let mut out = BufWriter::with_capacity(1 << 20, File::create(&partial)?);
        write(&mut out)?;
        out.into_inner().map_err(std::io::IntoInnerError::into_error)?.sync_all()
    })();
    let failed = |action| {
        let path = path.to_owned();
        move |source| ModelError::Io { action, path, source }
    };
    if let Err(error) = written {
        // The write's own failure is what the caller must hear.
        let _ = std::fs::remove_file(&partial);
        return Err(failed("write")(error));
    }
    std::fs::rename(&partial, path).map_err(failed("rename"))
}
