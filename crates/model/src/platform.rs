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

    /// Takes the pages of these bytes out of this process's memory; they are read from the file again when they are
    /// used again. A system that cannot do so keeps them.
    pub fn release(&self, bytes: std::ops::Range<usize>) {
        #[cfg(unix)]
        if let Some(map) = self.0.as_ref().filter(|_| !bytes.is_empty()) {
            // SAFETY: the map is of a file and never written to, so that a page holds the same bytes when it is read
            // again; the range lies in the map, or the call refuses it.
            #[expect(unsafe_code, reason = "the advice would lose what was written to a page; see SAFETY")]
            let advised = unsafe {
                map.unchecked_advise_range(memmap2::UncheckedAdvice::DontNeed, bytes.start, bytes.len())
            };
            // It is a hint; without it the memory stays in use, which is no failure.
            drop(advised);
        }
        #[cfg(not(unix))]
        let _ = bytes;
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
