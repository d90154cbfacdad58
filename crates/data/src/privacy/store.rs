//! Known values in a file: fingerprints only, readable by its owner only.
//!
//! Layout, little-endian: `MORUKNOW`, version (u32), check of the secret (u64), ignored (u64), number of
//! long (u64), number of short (u64), the long (head, value: u64; length, kind: u16), the short (row,
//! value: u64; length, kind: u16), and a keyed hash of all of it (u64). Entries are sorted.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::Path;

use super::keyed::Secret;
use super::known::{KnownValues, Long, Short};
use super::masker::PrivacyError;

const MAGIC: &[u8; 8] = b"MORUKNOW";
const VERSION: u32 = 1;
const HEADER: usize = 8 + 4 + 8 * 4;
const ENTRY: usize = 8 + 8 + 2 + 2;
const CHECK: u64 = 0x4348;
const WHOLE: u64 = 0x5748;

impl KnownValues {
    /// Writes the store: to a name beside `path` first, then renamed.
    ///
    /// # Errors
    /// When the folder cannot be written.
    pub fn save(&self, path: &Path) -> Result<(), PrivacyError> {
        let store = |source| PrivacyError::Store { path: path.to_path_buf(), source };
        let mut name = path.file_name().unwrap_or_default().to_os_string();
        name.push(".partial");
        let partial = path.with_file_name(name);
        let write = || -> io::Result<()> {
            let mut file = create_private(&partial)?;
            file.write_all(&self.to_bytes())?;
            file.sync_all()?;
            fs::rename(&partial, path)
        };
        write().map_err(store)
    }

    /// Reads a store that [`Self::save`] wrote under the same secret.
    ///
    /// # Errors
    /// When the file is absent, damaged, or of another secret.
    pub fn load(path: &Path, secret: &Secret) -> Result<Self, PrivacyError> {
        let bytes =
            fs::read(path).map_err(|source| PrivacyError::Store { path: path.to_path_buf(), source })?;
        let bad = |at, expected| PrivacyError::BadStore { path: path.to_path_buf(), at, expected };
        if bytes.len() < HEADER + 8 || &bytes[..8] != MAGIC {
            return Err(bad(0, "MORUKNOW"));
        }
        if u32_at(&bytes, 8) != VERSION {
            return Err(bad(8, "version 1"));
        }
        if u64_at(&bytes, 12) != secret.hash(CHECK, MAGIC) {
            return Err(PrivacyError::OtherSecret { path: path.to_path_buf() });
        }
        let (n_long, n_short) = (u64_at(&bytes, 28), u64_at(&bytes, 36));
        let entries = usize::try_from(n_long).ok().zip(usize::try_from(n_short).ok());
        let size = entries.and_then(|(l, s)| l.checked_add(s)?.checked_mul(ENTRY)?.checked_add(HEADER + 8));
        if size != Some(bytes.len()) {
            return Err(bad(28, "as many entries as the file is long"));
        }
        let end = bytes.len() - 8;
        if u64_at(&bytes, end) != secret.hash(WHOLE, &bytes[..end]) {
            return Err(bad(end, "the hash of the file"));
        }
        Ok(Self::from_bytes(&bytes, n_long as usize, secret))
    }

    fn to_bytes(&self) -> Vec<u8> {
        let (long, short) = (self.long.values(), self.short.values());
        let mut out = Vec::with_capacity(HEADER + (long.len() + short.len()) * ENTRY + 8);
        out.extend(MAGIC);
        out.extend(VERSION.to_le_bytes());
        out.extend(self.secret.hash(CHECK, MAGIC).to_le_bytes());
        out.extend(self.ignored().to_le_bytes());
        out.extend((long.len() as u64).to_le_bytes());
        out.extend((short.len() as u64).to_le_bytes());
        let mut entry = |a: u64, b: u64, n: u16, entity: u16| {
            out.extend(a.to_le_bytes());
            out.extend(b.to_le_bytes());
            out.extend(n.to_le_bytes());
            out.extend(entity.to_le_bytes());
        };
        long.iter().for_each(|v| entry(v.head, v.value, v.n, v.entity));
        short.iter().for_each(|v| entry(v.row, v.value, v.n, v.entity));
        let whole = self.secret.hash(WHOLE, &out);
        out.extend(whole.to_le_bytes());
        out
    }

    fn from_bytes(bytes: &[u8], n_long: usize, secret: &Secret) -> Self {
        let mut known = Self::new(secret);
        known.set_ignored(u64_at(bytes, 20));
        for (i, entry) in bytes[HEADER..bytes.len() - 8].chunks_exact(ENTRY).enumerate() {
            let (a, b) = (u64_at(entry, 0), u64_at(entry, 8));
            let half = |at: usize| u16::from_le_bytes([entry[at], entry[at + 1]]);
            let (n, entity) = (half(16), half(18));
            if i < n_long {
                known.long.insert(Long { head: a, value: b, n, entity });
            } else {
                known.short.insert(Short { row: a, value: b, n, entity });
            }
        }
        known
    }
}

fn u64_at(bytes: &[u8], at: usize) -> u64 {
    u64::from_le_bytes(std::array::from_fn(|i| bytes[at + i]))
}

fn u32_at(bytes: &[u8], at: usize) -> u32 {
    u32::from_le_bytes(std::array::from_fn(|i| bytes[at + i]))
}

/// A new empty file that only its owner may read.
fn create_private(path: &Path) -> io::Result<File> {
    match fs::remove_file(path) {
        Err(e) if e.kind() != io::ErrorKind::NotFound => return Err(e),
        _ => {}
    }
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}
