//! PDF files: pages → glyphs → lines → blocks.
//!
//! 1. The content of each page is followed operator by operator for its glyphs and rules (`interpreter`); what the
//!    codes of a font say is found out by `font`.
//! 2. Glyphs become lines: the order of the content first, geometry second (`line`), with blanks where the file
//!    writes them or the gap says so (`words`). Pages whose content is not in reading order are cut into columns
//!    (`columns`). Rules become grids (`grid`).
//! 3. Running heads and feet are found by coming back (`furniture`).
//! 4. Lines become paragraphs (`flow`), and paragraphs text (`join`, `syllables`); grids become tables (`blocks`).
//!
//! The libraries that know the format stand behind this module alone.
//!
//! ```no_run
//! use std::path::Path;
//!
//! use data::documents::pdf::{self, Limits};
//!
//! # fn main() -> Result<(), pdf::PdfError> {
//! let document = pdf::read_file(Path::new("rules.pdf"), &Limits::default(), &|| false)?;
//! for block in &document.blocks {
//!     println!("{:?}", block.content);
//! }
//! # Ok(())
//! # }
//! ```

mod blocks;
mod codes;
mod columns;
mod error;
mod flow;
mod font;
mod furniture;
mod gaps;
mod glyph;
mod grid;
mod hidden;
mod interpreter;
mod join;
mod limits;
mod line;
mod look;
mod margins;
mod marks;
mod outline;
mod page;
mod quick;
mod reader;
mod state;
mod stream;
mod strings;
mod syllables;
mod words;

use std::path::Path;

use super::Document;

pub use error::PdfError;
pub use join::{Join, JoinReason};
pub use limits::Limits;
pub use look::{FontLook, GridLook, HiddenLook, HiddenReason, JoinLook, LineLook, PageLook, PdfLook, Repair};
pub use page::Order;

/// Reads a PDF from its bytes. `name` is what messages and ids call it. `is_cancelled` is asked between pages.
pub fn read(
    bytes: Vec<u8>,
    name: &str,
    limits: &Limits,
    is_cancelled: &(dyn Fn() -> bool + Sync),
) -> Result<Document, PdfError> {
    look(bytes, name, limits, is_cancelled).map(|(document, _)| document)
}

/// Reads a PDF from a file, and calls it by the file's name.
pub fn read_file(
    path: &Path,
    limits: &Limits,
    is_cancelled: &(dyn Fn() -> bool + Sync),
) -> Result<Document, PdfError> {
    look_file(path, limits, is_cancelled).map(|(document, _)| document)
}

/// As [`read`], with what a person is shown of the file and its pages.
pub fn look(
    bytes: Vec<u8>,
    name: &str,
    limits: &Limits,
    is_cancelled: &(dyn Fn() -> bool + Sync),
) -> Result<(Document, PdfLook), PdfError> {
    reader::read(bytes, name, limits, is_cancelled)
}

/// Whether a file opens: what [`read`] refuses before its first page.
pub fn opens(bytes: Vec<u8>, name: &str, limits: &Limits) -> Result<(), PdfError> {
    reader::opens(bytes, name, limits)
}

/// As [`read_file`], with what a person is shown of the file and its pages.
pub fn look_file(
    path: &Path,
    limits: &Limits,
    is_cancelled: &(dyn Fn() -> bool + Sync),
) -> Result<(Document, PdfLook), PdfError> {
    let failed = |source| PdfError::Read { path: path.to_owned(), source };
    let name =
        path.file_name().map_or_else(|| path.display().to_string(), |n| n.to_string_lossy().into_owned());
    let bytes = std::fs::metadata(path).map_err(failed)?.len();
    if bytes > limits.file_bytes {
        return Err(PdfError::TooLarge { name, bytes, limit: limits.file_bytes });
    }
    look(std::fs::read(path).map_err(failed)?, &name, limits, is_cancelled)
}
