//! A file from its bytes to a document: opened, read page by page, put together.

use std::sync::atomic::{AtomicUsize, Ordering};

use hayro_syntax::metadata::Metadata;
use hayro_syntax::page::Page;
use hayro_syntax::{DecryptionError, LoadPdfError, Pdf, PdfVersion};

use super::super::{Document, Rect};
use super::blocks::{self, Built};
use super::error::PdfError;
use super::font::FontFace;
use super::furniture::furniture;
use super::grid::Grid;
use super::interpreter::Fonts;
use super::limits::Limits;
use super::look::{FontLook, GridLook, LineLook, PageLook, PdfLook, Repair};
use super::margins::Columns;
use super::page::{self, PageLines};
use super::strings::decode_text;
use super::{flow, outline, stream};

/// Stack of the threads that read: what is nested in files is followed by calls.
const STACK_BYTES: usize = 32 << 20;

/// Every page may have as many operators as this, however many pages there are.
const LEAST_OPERATORS: u64 = 100_000;

/// Opens a file and reads it.
pub(super) fn read(
    bytes: Vec<u8>,
    name: &str,
    limits: &Limits,
    is_cancelled: &(dyn Fn() -> bool + Sync),
) -> Result<(Document, PdfLook), PdfError> {
    let work = || {
        let head = Head::of(&bytes);
        let pdf = open(bytes, name, limits)?;
        let (pages, faces) = read_pages(&pdf, limits, is_cancelled);
        if is_cancelled() {
            return Err(PdfError::Cancelled { name: name.to_owned() });
        }
        Ok(assemble(&pdf, name, &head, pages, &faces))
    };
    on_deep_stack(work).unwrap_or_else(|| Err(PdfError::Damaged { name: name.to_owned(), bytes: 0 }))
}

/// Opens a file, and reads none of its pages.
pub(super) fn opens(bytes: Vec<u8>, name: &str, limits: &Limits) -> Result<(), PdfError> {
    let size = bytes.len() as u64;
    let work = || open(bytes, name, limits).map(drop);
    on_deep_stack(work).unwrap_or_else(|| Err(PdfError::Damaged { name: name.to_owned(), bytes: size }))
}

/// Runs `work` on a thread with a deep stack; `None` where it panics.
fn on_deep_stack<T: Send>(work: impl FnOnce() -> T + Send) -> Option<T> {
    std::thread::scope(|scope| {
        let thread = std::thread::Builder::new().stack_size(STACK_BYTES).spawn_scoped(scope, work);
        thread.ok()?.join().ok()
    })
}

/// What a file's bytes say before it is opened.
struct Head {
    encrypted: bool,
    repairs: Vec<Repair>,
}

impl Head {
    fn of(bytes: &[u8]) -> Self {
        let mut repairs = Vec::new();
        if !bytes.starts_with(b"%PDF-") {
            repairs.push(Repair::Header);
        }
        let tail = &bytes[bytes.len().saturating_sub(2048)..];
        if memchr::memmem::rfind(tail, b"%%EOF").is_none() {
            repairs.push(Repair::End);
        }
        if !references_are_in_place(bytes) {
            repairs.push(Repair::CrossReferences);
        }
        Self { encrypted: memchr::memmem::rfind(bytes, b"/Encrypt").is_some(), repairs }
    }
}

/// Whether the last `startxref` leads to a table or to an object.
fn references_are_in_place(bytes: &[u8]) -> bool {
    let Some(at) = memchr::memmem::rfind(bytes, b"startxref") else { return false };
    let digits: String = bytes[at + 9..]
        .iter()
        .map(|byte| char::from(*byte))
        .skip_while(char::is_ascii_whitespace)
        .take_while(char::is_ascii_digit)
        .collect();
    let target = digits.parse::<usize>().ok().and_then(|at| bytes.get(at..));
    let target = target.map(<[u8]>::trim_ascii_start).unwrap_or_default();
    target.starts_with(b"xref") || target.first().is_some_and(u8::is_ascii_digit)
}

fn open(bytes: Vec<u8>, name: &str, limits: &Limits) -> Result<Pdf, PdfError> {
    let name = name.to_owned();
    let size = bytes.len() as u64;
    if size == 0 {
        return Err(PdfError::Empty { name });
    }
    if size > limits.file_bytes {
        return Err(PdfError::TooLarge { name, bytes: size, limit: limits.file_bytes });
    }
    if let Some(looks_like) = other_format(&bytes) {
        return Err(PdfError::NotPdf { name, looks_like });
    }
    if let Some(offset) = stream::bomb(&bytes, limits.stream_bytes) {
        return Err(PdfError::Inflates { name, offset, limit: limits.stream_bytes });
    }
    let opened = std::panic::catch_unwind(|| Pdf::new(bytes));
    let pdf = match opened {
        Ok(Ok(pdf)) => pdf,
        Ok(Err(LoadPdfError::Decryption(DecryptionError::PasswordProtected))) => {
            return Err(PdfError::Password { name });
        }
        Ok(Err(LoadPdfError::Decryption(_))) => return Err(PdfError::Encryption { name }),
        Ok(Err(LoadPdfError::Invalid)) | Err(_) => return Err(PdfError::Damaged { name, bytes: size }),
    };
    match pdf.pages().len() as u64 {
        0 => Err(PdfError::NoPages { name }),
        pages if pages > limits.pages => Err(PdfError::TooManyPages { name, pages, limit: limits.pages }),
        _ => Ok(pdf),
    }
}

/// What bytes are that are no PDF. A header may stand a little further in.
fn other_format(bytes: &[u8]) -> Option<&'static str> {
    let start = &bytes[..bytes.len().min(1024)];
    let has = |bytes: &[u8], word: &[u8]| memchr::memmem::find(bytes, word).is_some();
    if has(start, b"%PDF-") || (has(bytes, b"startxref") && has(bytes, b" obj")) {
        return None;
    }
    const KINDS: [(&[u8], &str); 11] = [
        (b"\xff\xd8\xff", "a JPEG picture"),
        (b"\x89PNG", "a PNG picture"),
        (b"GIF8", "a GIF picture"),
        (b"II*\0", "a TIFF picture"),
        (b"MM\0*", "a TIFF picture"),
        (b"BM", "a BMP picture"),
        (b"PK\x03\x04", "a ZIP archive (DOCX, XLSX and HWPX are such)"),
        (b"\xd0\xcf\x11\xe0", "an old Office or Hancom file (DOC, XLS, HWP)"),
        (b"{\\rtf", "an RTF text"),
        (b"%!PS", "a PostScript file"),
        (b"\x1f\x8b", "a gzip archive"),
    ];
    let known = KINDS.iter().find(|(mark, _)| bytes.starts_with(mark)).map(|(_, kind)| *kind);
    let lower = start.to_ascii_lowercase();
    let is_page = has(&lower, b"<html") || has(&lower, b"<!doctype html");
    Some(known.unwrap_or(match std::str::from_utf8(start) {
        _ if is_page => "a web page",
        Ok(_) => "plain text",
        Err(error) if error.error_len().is_none() && start.len() == 1024 => "plain text",
        Err(_) => "something else",
    }))
}

/// Reads all pages, the next one by whichever thread is free. Each thread loads the fonts for itself; the faces are
/// numbered anew in the order of the pages, so the result does not depend on who read what.
fn read_pages(
    pdf: &Pdf,
    limits: &Limits,
    is_cancelled: &(dyn Fn() -> bool + Sync),
) -> (Vec<PageLines>, Vec<FontFace>) {
    let pages: &[Page<'_>] = pdf.pages();
    let threads = limits.threads.get().min(pages.len());
    // What the whole file may cost is shared out beforehand, so that every page has the same whoever reads it.
    let share = (limits.operators / pages.len() as u64).max(LEAST_OPERATORS);
    let limits = Limits { page_operators: limits.page_operators.min(share), ..*limits };
    let next = AtomicUsize::new(0);
    let reader = || read_some(pages, &limits, &next, is_cancelled);
    if threads == 1 {
        let mut faces = Faces::default();
        let read = faces.renumbered(vec![reader()]);
        return (read, faces.0);
    }
    let found = std::thread::scope(|scope| {
        let spawn = || std::thread::Builder::new().stack_size(STACK_BYTES).spawn_scoped(scope, reader);
        let started: Vec<_> = (0..threads).filter_map(|_| spawn().ok()).collect();
        started.into_iter().filter_map(|thread| thread.join().ok()).collect::<Vec<_>>()
    });
    let mut faces = Faces::default();
    let read = faces.renumbered(found);
    (read, faces.0)
}

/// What one thread has read, with the fonts by its own numbers.
type Part = (Vec<PageLines>, Vec<FontFace>);

fn read_some<'a>(
    pages: &'a [Page<'a>],
    limits: &Limits,
    next: &AtomicUsize,
    is_cancelled: &(dyn Fn() -> bool + Sync),
) -> Part {
    let mut fonts = Fonts::default();
    let mut read = Vec::new();
    loop {
        let at = next.fetch_add(1, Ordering::Relaxed);
        let Some(page) = pages.get(at).filter(|_| !is_cancelled()) else { return (read, fonts.faces) };
        read.push(page::read(page, at as u32 + 1, &mut fonts, limits));
    }
}

/// The fonts of a document, each once.
#[derive(Default)]
struct Faces(Vec<FontFace>);

impl Faces {
    /// All pages in order, with their fonts by common numbers.
    fn renumbered(&mut self, read: Vec<Part>) -> Vec<PageLines> {
        let mut pages: Vec<(PageLines, usize)> = Vec::new();
        let mut faces = Vec::new();
        for (thread, (read, own)) in read.into_iter().enumerate() {
            pages.extend(read.into_iter().map(|page| (page, thread)));
            faces.push(own);
        }
        pages.sort_by_key(|(page, _)| page.report.page);
        for (page, thread) in &mut pages {
            for line in &mut page.lines {
                line.font = self.number(&faces[*thread], line.font);
            }
        }
        pages.into_iter().map(|(page, _)| page).collect()
    }

    fn number(&mut self, own: &[FontFace], font: u32) -> u32 {
        let Some(face) = own.get(font as usize) else { return 0 };
        let known = self.0.iter().position(|known| known == face);
        known.unwrap_or_else(|| {
            self.0.push(face.clone());
            self.0.len() - 1
        }) as u32
    }
}

fn assemble(
    pdf: &Pdf,
    name: &str,
    head: &Head,
    pages: Vec<PageLines>,
    faces: &[FontFace],
) -> (Document, PdfLook) {
    let furniture = furniture(&pages);
    let columns = Columns::new(&pages, &furniture);
    let items = flow::items(&pages, &furniture, &columns);
    let Built { blocks, joins, block_of } = blocks::build(&pages, &items, &columns);
    let metadata = pdf.metadata();
    let outline = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| outline::outline(pdf)));
    let document = Document {
        name: name.to_owned(),
        title: told(metadata, |m| m.title.as_deref()),
        blocks,
        outline: outline.unwrap_or_default(),
        pages: pages.iter().map(|page| page.report.clone()).collect(),
    };
    let look = PdfLook {
        version: version(pdf.version()).to_owned(),
        producer: told(metadata, |m| m.producer.as_deref()),
        creator: told(metadata, |m| m.creator.as_deref()),
        encrypted: head.encrypted,
        repairs: head.repairs.clone(),
        fonts: faces.iter().map(font_look).collect(),
        pages: pages.into_iter().zip(block_of).map(|(page, blocks)| page_look(page, &blocks)).collect(),
        joins,
    };
    (document, look)
}

fn told<'m>(metadata: &'m Metadata, which: impl Fn(&'m Metadata) -> Option<&'m [u8]>) -> Option<String> {
    let text = decode_text(which(metadata)?);
    let text: String = text.chars().filter(|c| !c.is_control()).collect();
    let text = text.trim();
    (!text.is_empty()).then(|| text.to_owned())
}

fn version(version: PdfVersion) -> &'static str {
    match version {
        PdfVersion::Pdf10 => "1.0",
        PdfVersion::Pdf11 => "1.1",
        PdfVersion::Pdf12 => "1.2",
        PdfVersion::Pdf13 => "1.3",
        PdfVersion::Pdf14 => "1.4",
        PdfVersion::Pdf15 => "1.5",
        PdfVersion::Pdf16 => "1.6",
        PdfVersion::Pdf17 => "1.7",
        PdfVersion::Pdf20 => "2.0",
    }
}

fn font_look(face: &FontFace) -> FontLook {
    let FontFace { name, bold, is_embedded, has_to_unicode, .. } = face.clone();
    FontLook { name, embedded: is_embedded, has_characters: has_to_unicode, bold }
}

fn page_look(page: PageLines, blocks: &[(u32, u32)]) -> PageLook {
    let lines = page.lines.into_iter().zip(blocks);
    PageLook {
        page: page.report.page,
        order: page.order,
        lines: lines
            .map(|(line, &(block, rank))| LineLook { text: line.text, bounds: line.bounds, block, rank })
            .collect(),
        grids: page.grids.into_iter().map(grid_look).collect(),
        hidden: page.hidden,
    }
}

fn grid_look(grid: Grid) -> GridLook {
    let mut cells = Vec::new();
    for (row, roots) in grid.cells.iter().enumerate() {
        for (column, root) in roots.iter().enumerate() {
            if *root == (row, column) {
                let (rows, columns) = blocks::span(&grid, *root);
                let (bottom, right) = (row + rows as usize, column + columns as usize);
                let (x0, x1) = (grid.xs[column], grid.xs[right]);
                cells.push(Rect { x0, y0: grid.ys[bottom], x1, y1: grid.ys[row] });
            }
        }
    }
    GridLook { xs: grid.xs, ys: grid.ys, cells, is_table: grid.is_data }
}
