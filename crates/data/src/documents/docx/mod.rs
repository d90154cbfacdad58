//! DOCX: WordprocessingML in a ZIP archive.
//!
//! Read are the document, its styles (which paragraphs are headings), its numbering (whose numbers are not in the
//! text), foot and end notes, and running heads and feet. What was deleted under change tracking and what is
//! hidden is left out and counted.

mod archive;
mod body;
mod numbering;
mod runs;
mod styles;

use std::path::Path;

use super::block::{Block, Content, Document, Look};
use super::read::{LeftOut, Limits, ReadError};

use archive::Archive;

/// A file as a document, and what of it was left out.
///
/// # Errors
/// What is no ZIP archive, holds no document, breaks off in its XML, unpacks to too much or nests too deep.
pub fn document(
    path: &Path,
    name: &str,
    bytes: Vec<u8>,
    limits: &Limits,
) -> Result<(Document, Vec<LeftOut>), ReadError> {
    let mut archive = Archive::open(path, bytes, limits)?;
    let main = archive.main_part();
    let Some(document) = archive.part(&main)? else {
        let detail = format!("there is no `{main}` in it");
        return Err(ReadError::Malformed { path: path.to_owned(), kind: "DOCX", detail });
    };
    let folder = main.rsplit_once('/').map_or("", |(folder, _)| folder).to_owned();
    let beside = |part: &str| if folder.is_empty() { part.to_owned() } else { format!("{folder}/{part}") };
    let styles = styles::Styles::read(&archive.part(&beside("styles.xml"))?.unwrap_or_default());
    let lists = numbering::Numbering::read(&archive.part(&beside("numbering.xml"))?.unwrap_or_default());
    let mut notes = body::Notes::default();
    for (part, tag) in [("footnotes.xml", "w:footnote"), ("endnotes.xml", "w:endnote")] {
        if let Some(xml) = archive.part(&beside(part))? {
            notes.read(&xml, tag);
        }
    }
    let mut furniture = Vec::new();
    for part in
        archive.names(&beside("header"), ".xml").into_iter().chain(archive.names(&beside("footer"), ".xml"))
    {
        let xml = archive.part(&part)?.unwrap_or_default();
        furniture.extend(body::plain(&xml).map(|text| Block {
            content: Content::Furniture(text),
            look: Look::default(),
            places: Vec::new(),
        }));
    }
    let mut reader = body::Body::new(&styles, lists, &notes, limits.depth);
    let malformed = |detail| ReadError::Malformed { path: path.to_owned(), kind: "DOCX", detail };
    reader.read(&document).map_err(|detail| malformed(format!("`{main}`: {detail}")))?;
    let title = archive.part("docProps/core.xml")?.and_then(|xml| body::element(&xml, "dc:title"));
    let (mut blocks, left_out) = reader.finish();
    furniture.append(&mut blocks);
    Ok((Document { name: name.to_owned(), title, blocks: furniture, ..Document::default() }, left_out))
}

#[cfg(test)]
mod tests;
