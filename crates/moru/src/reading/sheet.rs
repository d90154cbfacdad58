//! What is known of one document that was read.

use data::documents::pdf::PdfLook;
use data::documents::{Document, LeftOut, Tree};

/// A document as it was read, with its structure.
pub struct Sheet {
    /// The file, as a command names it.
    pub file: String,
    /// Its blocks, and what was met on its pages.
    pub document: Document,
    /// Of a PDF, what was made of each page.
    pub look: Option<PdfLook>,
    /// Its structure.
    pub tree: Tree,
    /// What of the file is not in the document.
    pub left_out: Vec<LeftOut>,
    /// The edition of its rule that is asked about, where this is another.
    pub used_instead: Option<String>,
}
