//! Whether a file is what the server's ETag says: SHA-256 of large files, git's digest of small ones.

use std::fmt::Write as _;
use std::io::Read;
use std::path::Path;

use sha1::Sha1;
use sha2::{Digest as _, Sha256};

use crate::HubError;

/// What an ETag says about a file's content.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// 64 hexadecimal digits: SHA-256.
    Sha256,
    /// 40 hexadecimal digits: git's SHA-1 of `blob SIZE\0` and the content.
    GitBlob,
    /// Anything else says nothing.
    Opaque,
}

impl Kind {
    pub fn of(etag: &str) -> Self {
        let is_hex = etag.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b));
        match etag.len() {
            64 if is_hex => Self::Sha256,
            40 if is_hex => Self::GitBlob,
            _ => Self::Opaque,
        }
    }
}

/// The digest of a file of `size` bytes in the form of `kind`; None where the ETag says nothing about the content.
pub(crate) fn of_file(path: &Path, size: u64, kind: Kind) -> Result<Option<String>, HubError> {
    let failed = |source| HubError::Io { action: "read", path: path.to_owned(), source };
    let mut file = std::fs::File::open(path).map_err(failed)?;
    let mut buffer = vec![0; 1 << 20];
    let (mut sha256, mut sha1) = (Sha256::new(), Sha1::new());
    sha1.update(format!("blob {size}\0").as_bytes());
    loop {
        let n = match file.read(&mut buffer) {
            Ok(0) => break,
            Ok(n) => n,
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(failed(error)),
        };
        match kind {
            Kind::Sha256 => sha256.update(&buffer[..n]),
            Kind::GitBlob => sha1.update(&buffer[..n]),
            Kind::Opaque => return Ok(None),
        }
    }
    Ok(match kind {
        Kind::Sha256 => Some(hex(&sha256.finalize())),
        Kind::GitBlob => Some(hex(&sha1.finalize())),
        Kind::Opaque => None,
    })
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digests_of_known_content() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("hello");
        std::io::Write::write_all(&mut std::fs::File::create(&path).unwrap(), b"hello\n").unwrap();
        let of = |kind| of_file(&path, 6, kind).unwrap();
        // `git hash-object` and `sha256sum` of the same file.
        assert_eq!(of(Kind::GitBlob).as_deref(), Some("ce013625030ba8dba906f756967f9e9ca394464a"));
        assert_eq!(
            of(Kind::Sha256).as_deref(),
            Some("5891b5b522d5df086d0ff0b110fbd9d21bb4fc7163af34d08286a2e846f6be03")
        );
        assert_eq!(of(Kind::Opaque), None);
    }

    #[test]
    fn kinds_by_their_form() {
        assert_eq!(Kind::of(&"a".repeat(64)), Kind::Sha256);
        assert_eq!(Kind::of(&"0".repeat(40)), Kind::GitBlob);
        assert_eq!(Kind::of(&"A".repeat(40)), Kind::Opaque);
        assert_eq!(Kind::of("abc"), Kind::Opaque);
    }
}
