//! Files mapped into memory.

use std::fs::File;

use memmap2::Mmap;

/// Maps a file for reading.
#[expect(unsafe_code, reason = "a memory map")]
pub(super) fn map(file: &File) -> std::io::Result<Mmap> {
    // SAFETY: a shard is written under another name and renamed; nobody changes it in place.
    unsafe { Mmap::map(file) }
}
