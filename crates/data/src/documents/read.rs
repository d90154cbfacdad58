//! A file of any format as a document: its content decides what it is, and its name where that does not.

use std::io::Read;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::block::Document;
use super::{docx, html, markdown, pdf, text};

/// What a file may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Format {
    /// PDF.
    Pdf,
    /// Word's format since 2007.
    Docx,
    /// Markdown.
    Markdown,
    /// HTML.
    Html,
    /// Anything else that is text.
    Text,
}

/// How much work a file may make.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of a file.
    pub file_bytes: u64,
    /// Bytes of what is packed in a file, when it is unpacked.
    pub unpacked_bytes: u64,
    /// Tables in tables, and paragraphs in text boxes in paragraphs.
    pub depth: usize,
    /// What a PDF may cost; of the two limits on a file's bytes the smaller counts.
    pub pdf: pdf::Limits,
}

impl Default for Limits {
    fn default() -> Self {
        Self { file_bytes: 1 << 29, unpacked_bytes: 1 << 29, depth: 64, pdf: pdf::Limits::default() }
    }
}

/// Something of a file that is not in its document.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LeftOut {
    /// `script`, `nav`, `images`, `deleted characters` …
    pub what: String,
    /// How much of it.
    pub count: u64,
}

/// A document, and how it was read.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Reading {
    /// What was read.
    pub document: Document,
    /// What the file is.
    pub format: Format,
    /// The encoding of a text format.
    pub encoding: Option<String>,
    /// Characters that could not be decoded; each became U+FFFD.
    pub replaced: u64,
    /// What is not in the document.
    pub left_out: Vec<LeftOut>,
}

/// Why a file could not be read.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// The system does not give it.
    #[error("{}: {cause}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// The system's answer.
        #[source]
        cause: std::io::Error,
    },
    /// It is larger than allowed.
    #[error("{}: {bytes} bytes, at most {limit}; split it, or allow more", path.display())]
    TooLarge {
        /// The file.
        path: PathBuf,
        /// Its size; what is packed in it counts unpacked.
        bytes: u64,
        /// The limit.
        limit: u64,
    },
    /// There is nothing in it.
    #[error("{}: the file is empty", path.display())]
    Empty {
        /// The file.
        path: PathBuf,
    },
    /// It is not what it says.
    #[error("{}: not a readable {kind} file: {detail}", path.display())]
    Malformed {
        /// The file.
        path: PathBuf,
        /// What it says it is.
        kind: &'static str,
        /// Place and shape of what is wrong.
        detail: String,
    },
    /// It is something that is not read.
    #[error("{}: {what} is not read as a document; {instead}", path.display())]
    Unsupported {
        /// The file.
        path: PathBuf,
        /// What it is.
        what: &'static str,
        /// What to do.
        instead: &'static str,
    },
    /// A PDF that cannot be read.
    #[error(transparent)]
    Pdf(#[from] pdf::PdfError),
}

/// Reads a file. `is_cancelled` is asked between the pages of a PDF; the other formats are read at once.
///
/// # Errors
/// A file that cannot be read, is too large, empty, broken beyond reading, or of a format that is not read.
pub fn read(
    path: &Path,
    limits: &Limits,
    is_cancelled: &(dyn Fn() -> bool + Sync),
) -> Result<Reading, ReadError> {
    look(path, limits, is_cancelled).map(|(reading, _)| reading)
}

/// As [`read`]; of a PDF with what a person is shown of its pages.
///
/// # Errors
/// As [`read`].
pub fn look(
    path: &Path,
    limits: &Limits,
    is_cancelled: &(dyn Fn() -> bool + Sync),
) -> Result<(Reading, Option<pdf::PdfLook>), ReadError> {
    look_bytes(path, bytes_of(path, limits)?, limits, is_cancelled)
}

/// Whether a file can be read, as far as that shows without reading its pages: it is there, it is not empty, it is
/// what its name says, and no password is asked for.
///
/// # Errors
/// As [`read`], for what shows so far.
pub fn opens(path: &Path, limits: &Limits) -> Result<(), ReadError> {
    let bytes = bytes_of(path, limits)?;
    if format_of(path, &bytes)? == Format::Pdf {
        let name = path.file_name().map_or_else(String::new, |name| name.to_string_lossy().into_owned());
        pdf::opens(bytes, &name, &limits.pdf)?;
    }
    Ok(())
}

fn bytes_of(path: &Path, limits: &Limits) -> Result<Vec<u8>, ReadError> {
    let failed = |cause| ReadError::Io { path: path.to_owned(), cause };
    let file = std::fs::File::open(path).map_err(failed)?;
    let data = file.metadata().map_err(failed)?;
    if data.is_dir() {
        return Err(failed(std::io::Error::other("this is a folder, not a file")));
    }
    let too_large = |bytes| ReadError::TooLarge { path: path.to_owned(), bytes, limit: limits.file_bytes };
    if data.len() > limits.file_bytes {
        return Err(too_large(data.len()));
    }
    let mut bytes = Vec::with_capacity(data.len() as usize);
    // A pipe has no size before its end.
    file.take(limits.file_bytes.saturating_add(1)).read_to_end(&mut bytes).map_err(failed)?;
    if bytes.len() as u64 > limits.file_bytes {
        return Err(too_large(bytes.len() as u64));
    }
    Ok(bytes)
}

/// Reads a file whose bytes are at hand; `path` names it.
///
/// # Errors
/// As [`read`].
pub fn read_bytes(
    path: &Path,
    bytes: Vec<u8>,
    limits: &Limits,
    is_cancelled: &(dyn Fn() -> bool + Sync),
) -> Result<Reading, ReadError> {
    look_bytes(path, bytes, limits, is_cancelled).map(|(reading, _)| reading)
}

fn look_bytes(
    path: &Path,
    bytes: Vec<u8>,
    limits: &Limits,
    is_cancelled: &(dyn Fn() -> bool + Sync),
) -> Result<(Reading, Option<pdf::PdfLook>), ReadError> {
    let name = path.file_name().map_or_else(String::new, |name| name.to_string_lossy().into_owned());
    let format = format_of(path, &bytes)?;
    let reading = |(document, left_out)| Reading { document, format, encoding: None, replaced: 0, left_out };
    match format {
        Format::Pdf => {
            let (document, look) = pdf::look(bytes, &name, &limits.pdf, is_cancelled)?;
            Ok((reading((document, Vec::new())), Some(look)))
        }
        Format::Docx => Ok((reading(docx::document(path, &name, bytes, limits)?), None)),
        Format::Markdown | Format::Html | Format::Text => {
            let (decoded, encoding, replaced) = crate::sources::encoding::whole(&bytes);
            let (document, left_out) = match format {
                Format::Markdown => markdown::document(&name, &decoded),
                Format::Html => html::document(&name, &decoded),
                _ => (text::document(&name, &decoded), Vec::new()),
            };
            let encoding = Some(encoding.to_owned());
            Ok((Reading { encoding, replaced, ..reading((document, left_out)) }, None))
        }
    }
}

/// What a file is.
fn format_of(path: &Path, bytes: &[u8]) -> Result<Format, ReadError> {
    let unsupported = |what, instead| Err(ReadError::Unsupported { path: path.to_owned(), what, instead });
    if bytes.iter().all(u8::is_ascii_whitespace) {
        return Err(ReadError::Empty { path: path.to_owned() });
    }
    let extension = path.extension().map_or_else(String::new, |e| e.to_string_lossy().to_lowercase());
    let head = &bytes[..bytes.len().min(1024)];
    if memchr::memmem::find(head, b"%PDF-").is_some() {
        return Ok(Format::Pdf);
    }
    if bytes.starts_with(b"PK\x03\x04") || bytes.starts_with(b"PK\x05\x06") {
        return match extension.as_str() {
            "hwpx" => unsupported("a Hancom document (HWPX)", "save it as PDF or DOCX"),
            "xlsx" | "xlsm" | "pptx" | "odt" | "ods" | "odp" => {
                unsupported("this kind of office file", "save it as PDF or DOCX")
            }
            _ => Ok(Format::Docx),
        };
    }
    if bytes.starts_with(b"\xd0\xcf\x11\xe0") {
        return unsupported("an office file from before 2007, or an HWP file,", "save it as PDF or DOCX");
    }
    let picture = [&b"\x89PNG"[..], b"\xff\xd8\xff", b"GIF8", b"II*\0", b"MM\0*", b"BM"]
        .iter()
        .any(|m| bytes.starts_with(m));
    if picture && head.contains(&0) {
        return unsupported("a picture", "recognise its text with an OCR program first");
    }
    if bytes.starts_with(b"{\\rtf") {
        return unsupported("RTF", "save it as DOCX");
    }
    let lower = String::from_utf8_lossy(head).trim_start_matches('\u{feff}').trim_start().to_lowercase();
    Ok(match extension.as_str() {
        "pdf" | "docx" => {
            let kind = if extension == "pdf" { "PDF" } else { "DOCX" };
            let detail = "its content is of another kind".to_owned();
            return Err(ReadError::Malformed { path: path.to_owned(), kind, detail });
        }
        "md" | "markdown" => Format::Markdown,
        "html" | "htm" | "xhtml" => Format::Html,
        _ if lower.starts_with("<!doctype html") || lower.starts_with("<html") => Format::Html,
        _ => Format::Text,
    })
}
