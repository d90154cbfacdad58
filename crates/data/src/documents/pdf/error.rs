//! Why a file could not be read at all. What is wrong with single pages is a [`super::super::PageFinding`].

use std::path::PathBuf;

/// Why a file could not be read. Each says what to do next.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PdfError {
    /// The file cannot be opened or read.
    #[error("{path}: {source}")]
    Read {
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: std::io::Error,
    },
    /// There are no bytes.
    #[error("{name}: the file is empty (0 bytes); copy or download it again")]
    Empty {
        /// The file's name.
        name: String,
    },
    /// It is something else under the name of a PDF.
    #[error("{name}: this is {looks_like}, not a PDF; give it its own ending, or make a PDF of it first")]
    NotPdf {
        /// The file's name.
        name: String,
        /// What its first bytes say.
        looks_like: &'static str,
    },
    /// Only its owner's password opens it.
    #[error("{name}: the file asks for a password; save a copy without one in the program that opens it")]
    Password {
        /// The file's name.
        name: String,
    },
    /// It is encrypted in a way that is not read here.
    #[error("{name}: the file's encryption is not supported; save a copy without encryption")]
    Encryption {
        /// The file's name.
        name: String,
    },
    /// Neither its cross references nor its objects can be made sense of.
    #[error(
        "{name}: the PDF is damaged beyond repair (no catalogue of pages was found in {bytes} bytes); \
         get it again from where it was made"
    )]
    Damaged {
        /// The file's name.
        name: String,
        /// Its size.
        bytes: u64,
    },
    /// It opens, and has no page.
    #[error("{name}: the PDF has no pages; get it again from where it was made")]
    NoPages {
        /// The file's name.
        name: String,
    },
    /// It has more bytes than is read.
    #[error("{name}: {bytes} bytes are more than the limit of {limit}; split it")]
    TooLarge {
        /// The file's name.
        name: String,
        /// Its size.
        bytes: u64,
        /// [`super::Limits::file_bytes`].
        limit: u64,
    },
    /// It has more pages than are read.
    #[error("{name}: {pages} pages are more than the limit of {limit}; split it, or raise max_pages")]
    TooManyPages {
        /// The file's name.
        name: String,
        /// How many there are.
        pages: u64,
        /// [`super::Limits::pages`].
        limit: u64,
    },
    /// A compressed part of it would fill the memory.
    #[error(
        "{name}: what is compressed at byte {offset} unpacks to more than {limit} bytes; \
         no document needs that, so the file is refused"
    )]
    Inflates {
        /// The file's name.
        name: String,
        /// Where the compressed part begins.
        offset: u64,
        /// [`super::Limits::stream_bytes`].
        limit: u64,
    },
    /// The caller asked to stop.
    #[error("{name}: reading was stopped")]
    Cancelled {
        /// The file's name.
        name: String,
    },
}
