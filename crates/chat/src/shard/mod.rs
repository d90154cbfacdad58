//! Samples on disk, laid out to be mapped into memory.
//!
//! A file is a header of 128 bytes, then five runs of little-endian numbers, each starting at a
//! multiple of 8: where each sample's tokens end (u64), where each row name ends (u64), part numbers
//! (u32), token ids (u32), loss mask (u8, 0 or 1), row names (UTF-8).
//!
//! | bytes | header |
//! |---|---|
//! | 0–7 | `MORUSHRD` |
//! | 8–11 | version |
//! | 12–15 | vocabulary size |
//! | 16–23 | samples |
//! | 24–31 | tokens |
//! | 32–39 | bytes of row names |
//! | 40–71 | SHA-256 of all that follows the header |
//! | 72–103 | SHA-256 of the tokenizer |
//! | 104–127 | 0 |

mod platform;
mod read;
mod write;

use std::ops::Range;
use std::path::PathBuf;

pub use read::Shard;
pub use write::{ShardWriter, Written};

/// The first bytes of every shard.
pub const MAGIC: [u8; 8] = *b"MORUSHRD";
/// The layout's version. A reader takes this one only.
pub const VERSION: u32 = 1;
const HEADER_LEN: usize = 128;

/// Why a shard cannot be written or read.
#[derive(Debug, thiserror::Error)]
pub enum ShardError {
    /// The system refuses.
    #[error("{}: {source}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: std::io::Error,
    },
    /// The file is something else.
    #[error("{}: not a shard: it begins with {found:02x?}", path.display())]
    NotAShard {
        /// The file.
        path: PathBuf,
        /// Its first bytes.
        found: Vec<u8>,
    },
    /// A layout of another time.
    #[error("{}: shard version {found}; this program reads version {VERSION}: run `tokenize` again", path.display())]
    Version {
        /// The file.
        path: PathBuf,
        /// Its version.
        found: u32,
    },
    /// The file is shorter or longer than its header says.
    #[error("{}: {found} bytes where the header asks for {wanted}: the file was cut or added to", path.display())]
    Length {
        /// The file.
        path: PathBuf,
        /// Its length.
        found: u64,
        /// What the header says, where that is a number of bytes at all.
        wanted: u128,
    },
    /// The digest differs.
    #[error("{}: its content is not what was written (digest differs): make it again", path.display())]
    Digest {
        /// The file.
        path: PathBuf,
    },
    /// The content contradicts itself.
    #[error("{}: sample {sample}: {what}", path.display())]
    Content {
        /// The file.
        path: PathBuf,
        /// Which sample.
        sample: usize,
        /// What is wrong.
        what: Fault,
    },
}

/// What is wrong with one sample of a shard.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// Its tokens end before they begin, or behind the last.
    #[error("its tokens are out of order")]
    TokenRange,
    /// The same for its row name.
    #[error("its row name is out of order")]
    NameRange,
    /// The row name is not text.
    #[error("its row name is not UTF-8")]
    NameText,
    /// It has no tokens, or its first is a target.
    #[error("it is empty, or its first token is a target")]
    First,
    /// Its mask is of another length than its tokens.
    #[error("its mask has another length than its tokens")]
    MaskLength,
    /// A token id is not in the vocabulary.
    #[error("token id {id} in a vocabulary of {vocab_size}")]
    Id {
        /// The id.
        id: u32,
        /// The vocabulary's size.
        vocab_size: u32,
    },
    /// A mask value is neither 0 nor 1.
    #[error("a mask value is neither 0 nor 1")]
    Mask,
}

/// Byte ranges of the runs behind the header.
struct Sections {
    token_ends: Range<usize>,
    name_ends: Range<usize>,
    parts: Range<usize>,
    ids: Range<usize>,
    trained: Range<usize>,
    names: Range<usize>,
    /// Length of the file.
    len: usize,
}

impl Sections {
    /// The layout for these counts; none where the file would not fit into memory's addresses, with
    /// the length as far as it can be said.
    fn new(samples: u64, tokens: u64, name_bytes: u64) -> Result<Self, u128> {
        let mut at = HEADER_LEN as u128;
        let mut ranges = [0..0, 0..0, 0..0, 0..0, 0..0, 0..0];
        let sizes = [(samples, 8), (samples, 8), (samples, 4), (tokens, 4), (tokens, 1), (name_bytes, 1)];
        for (range, (count, size)) in ranges.iter_mut().zip(sizes) {
            let end = at + u128::from(count) * size;
            *range = at as usize..end as usize;
            at = end.next_multiple_of(8);
        }
        if at > isize::MAX as u128 {
            return Err(at);
        }
        let [token_ends, name_ends, parts, ids, trained, names] = ranges;
        Ok(Self { token_ends, name_ends, parts, ids, trained, names, len: at as usize })
    }
}

#[cfg(test)]
mod tests;
