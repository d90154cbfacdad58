//! The parts of the archive, within limits.

use std::io::{Cursor, Read};
use std::path::{Path, PathBuf};

use zip::ZipArchive;

use super::super::read::{Limits, ReadError};

pub(super) struct Archive {
    path: PathBuf,
    zip: ZipArchive<Cursor<Vec<u8>>>,
    /// Bytes that may still be unpacked.
    left: u64,
    limit: u64,
}

impl Archive {
    pub(super) fn open(path: &Path, bytes: Vec<u8>, limits: &Limits) -> Result<Self, ReadError> {
        let zip = ZipArchive::new(Cursor::new(bytes)).map_err(|e| malformed(path, e.to_string()))?;
        Ok(Self { path: path.to_owned(), zip, left: limits.unpacked_bytes, limit: limits.unpacked_bytes })
    }

    /// A part as text; none where there is no such part.
    pub(super) fn part(&mut self, name: &str) -> Result<Option<String>, ReadError> {
        let part = match self.zip.by_name(name) {
            Ok(part) => part,
            Err(zip::result::ZipError::FileNotFound) => return Ok(None),
            Err(e) => return Err(malformed(&self.path, format!("`{name}`: {e}"))),
        };
        let mut bytes = Vec::new();
        // What the directory says of a part's size is not believed.
        let read = part.take(self.left.saturating_add(1)).read_to_end(&mut bytes);
        read.map_err(|e| malformed(&self.path, format!("`{name}`: {e}")))?;
        if bytes.len() as u64 > self.left {
            let bytes = self.limit - self.left + bytes.len() as u64;
            return Err(ReadError::TooLarge { path: self.path.clone(), bytes, limit: self.limit });
        }
        self.left -= bytes.len() as u64;
        Ok(Some(text(&bytes)))
    }

    /// The part that is the document, by the package's relations.
    pub(super) fn main_part(&mut self) -> String {
        const USUAL: &str = "word/document.xml";
        let Ok(Some(xml)) = self.part("_rels/.rels") else { return USUAL.to_owned() };
        let mut reader = quick_xml::Reader::from_str(&xml);
        while let Ok(event) = reader.read_event() {
            use quick_xml::events::Event;
            let (Event::Empty(tag) | Event::Start(tag)) = event else {
                if matches!(event, Event::Eof) {
                    break;
                }
                continue;
            };
            let kind = super::runs::attribute(&tag, "Type").unwrap_or_default();
            if kind.ends_with("/officeDocument") {
                let target = super::runs::attribute(&tag, "Target").unwrap_or_default();
                return target.trim_start_matches('/').to_owned();
            }
        }
        USUAL.to_owned()
    }

    /// The names of parts that begin and end so, in order.
    pub(super) fn names(&self, begin: &str, end: &str) -> Vec<String> {
        let mut names: Vec<String> = self
            .zip
            .file_names()
            .filter_map(|name| name.ok().map(std::borrow::Cow::into_owned))
            .filter(|name| name.starts_with(begin) && name.ends_with(end))
            .collect();
        names.sort_unstable();
        names
    }
}

fn malformed(path: &Path, detail: String) -> ReadError {
    ReadError::Malformed { path: path.to_owned(), kind: "DOCX", detail }
}

/// XML is UTF-8, or UTF-16 with a mark.
fn text(bytes: &[u8]) -> String {
    match bytes {
        [0xff, 0xfe, ..] => encoding_rs::UTF_16LE.decode(bytes).0.into_owned(),
        [0xfe, 0xff, ..] => encoding_rs::UTF_16BE.decode(bytes).0.into_owned(),
        _ => String::from_utf8_lossy(bytes).trim_start_matches('\u{feff}').to_owned(),
    }
}
