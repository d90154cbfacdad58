//! PDF files of several producers against the text that is known to stand in them.

use std::collections::BTreeSet;
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};

use data::documents::pdf::{self, Limits, PdfError, PdfLook};
use data::documents::{Content, Document, PageFinding};
use testing::shared_data;

use crate::pdf_support::{Before, aligned, characters, paragraphs};

fn open(path: &Path) -> Result<(Document, PdfLook), PdfError> {
    pdf::look_file(path, &Limits::default(), &|| false)
}

fn pdfs(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut open = vec![folder.to_owned()];
    while let Some(folder) = open.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                open.push(path);
            } else if path.extension().is_some_and(|end| end == "pdf") {
                found.push(path);
            }
        }
    }
    found.sort();
    found
}

fn name(path: &Path) -> String {
    path.file_name().unwrap().to_string_lossy().into_owned()
}

/// The number of a paragraph that begins as an article of the constitution.
fn article(text: &str) -> Option<u32> {
    let rest = text.strip_prefix("제")?;
    let digits = rest.find(|c: char| !c.is_ascii_digit())?;
    rest[digits..].starts_with("조 ").then(|| rest[..digits].parse().ok())?
}

/// A file beside the text that it was made from.
struct Score {
    f1: f64,
    /// Blanks missed or invented inside lines.
    blank_errors: usize,
    /// The same where lines were joined, and how many joins there are.
    seam_errors: usize,
    seams: usize,
    /// Paragraphs that begin where the text has none, or do not begin where it has one.
    paragraph_errors: usize,
}

/// For each character of the paragraphs, whether it begins a further line.
fn line_starts(document: &Document, look: &PdfLook) -> Vec<bool> {
    let mut starts = Vec::new();
    for (index, block) in document.blocks.iter().enumerate() {
        if !matches!(block.content, Content::Paragraph(_)) {
            continue;
        }
        let lines =
            look.pages.iter().flat_map(|page| &page.lines).filter(|line| line.block as usize == index);
        for (nth, line) in lines.enumerate() {
            let letters = line.text.chars().filter(|c| !c.is_whitespace()).count();
            starts.extend((0..letters).map(|at| at == 0 && nth > 0));
        }
    }
    starts
}

fn score(truth: &[&str], document: &Document, look: &PdfLook, is_excerpt: bool) -> Score {
    let (want, want_before) = characters(truth.iter().copied());
    let (got, got_before) = characters(paragraphs(document).into_iter());
    let starts = line_starts(document, look);
    assert_eq!(starts.len(), got.len(), "every line is in its block");
    let pairs = aligned(&want, &got);
    let mut score = Score { f1: 0.0, blank_errors: 0, seam_errors: 0, seams: 0, paragraph_errors: 0 };
    for &(w, g) in &pairs {
        score.seams += usize::from(starts[g]);
        match (want_before[w], got_before[g]) {
            (a, b) if a == b => {}
            (Before::Paragraph, _) | (_, Before::Paragraph) => score.paragraph_errors += 1,
            _ if starts[g] => score.seam_errors += 1,
            _ => score.blank_errors += 1,
        }
    }
    let wanted = if is_excerpt { pairs.last().map_or(1, |pair| pair.0 + 1) } else { want.len() };
    score.f1 = 2.0 * pairs.len() as f64 / (wanted + got.len()) as f64;
    score
}

#[test]
fn made_files_say_what_they_were_made_from() {
    let Some(folder) = shared_data("made-pdf") else { return };
    let truth: serde_json::Value =
        serde_json::from_slice(&std::fs::read(folder.join("truth.json")).unwrap()).unwrap();
    let items: Vec<&str> =
        truth["items"].as_array().unwrap().iter().map(|item| item[1].as_str().unwrap()).collect();
    let (mut blank_errors, mut seam_errors, mut seams) = (0, 0, 0);
    let files = pdfs(&folder);
    assert_eq!(files.len(), 13);
    for path in files {
        let name = name(&path);
        let (document, look) = open(&path).unwrap();
        let read = paragraphs(&document);
        if name == "notou_libreoffice.pdf" {
            let needs_ocr = |f: &PageFinding| matches!(f, PageFinding::NeedsOcr { unknown } if *unknown > 50);
            let unreadable = document.pages.iter().filter(|page| page.findings.iter().any(needs_ocr)).count();
            assert_eq!(unreadable, document.pages.len(), "{name}: it must not be guessed");
            continue;
        }
        // These hold the beginning only.
        let is_excerpt = name.starts_with("cmap_");
        let score = score(&items, &document, &look, is_excerpt);
        println!(
            "{name}: F1 {:.4}, blanks {}, seams {} of {}, paragraphs {}",
            score.f1, score.blank_errors, score.seam_errors, score.seams, score.paragraph_errors
        );
        assert!(score.f1 >= 0.98, "{name}: character F1 {:.4}", score.f1);
        assert!(score.paragraph_errors <= 8, "{name}: {} paragraphs", score.paragraph_errors);
        blank_errors += score.blank_errors;
        seam_errors += score.seam_errors;
        seams += score.seams;
        let wanted = items.iter().filter_map(|item| article(item));
        let found: Vec<u32> = read.iter().filter_map(|text| article(text)).collect();
        let wanted: Vec<u32> = wanted.take(if is_excerpt { found.len() } else { usize::MAX }).collect();
        assert_eq!(found, wanted, "{name}");
        assert!(!found.is_empty(), "{name}");
    }
    println!("blanks: {blank_errors}; seams: {seam_errors} of {seams}");
    // Twelve of them in one line that a justification of LuaLaTeX has spread over its column, letter by letter.
    assert!(blank_errors <= 20, "{blank_errors} blanks are missed or invented inside lines");
    assert!(seam_errors * 100 <= seams * 6, "{seam_errors} of {seams} lines are joined wrongly");
}

#[test]
fn tables_of_made_files_have_their_cells() {
    let Some(folder) = shared_data("made-pdf") else { return };
    let truth: serde_json::Value =
        serde_json::from_slice(&std::fs::read(folder.join("truth.json")).unwrap()).unwrap();
    let rows: Vec<Vec<String>> = serde_json::from_value(truth["rows"].clone()).unwrap();
    for name in ["chromium_1col.pdf", "libreoffice_1col.pdf", "typst.pdf"] {
        let (document, _) = open(&folder.join(name)).unwrap();
        let tables: Vec<_> = document
            .blocks
            .iter()
            .filter_map(|block| match &block.content {
                Content::Table(table) => Some(table),
                _ => None,
            })
            .collect();
        assert_eq!(tables.len(), 1, "{name}");
        let read: Vec<Vec<String>> =
            tables[0].rows.iter().map(|row| row.iter().map(|cell| cell.text.clone()).collect()).collect();
        assert_eq!(read, rows, "{name}");
        assert_eq!(tables[0].heading_rows, 1, "{name}");
    }
}

#[test]
fn the_constitution_is_what_the_corpus_has() {
    let (Some(laws), Some(corpus)) = (shared_data("ko-law-pdf"), shared_data("konlpy-corpus")) else {
        return;
    };
    let path = pdfs(&laws).into_iter().find(|path| name(path).starts_with("대한민국헌법")).unwrap();
    let gold = std::fs::read_to_string(corpus.join("konlpy/data/corpus/kolaw/constitution.txt")).unwrap();
    let (document, _) = open(&path).unwrap();
    // The corpus and the file write some signs with different characters.
    let plain = |text: &str| text.replace(['ㆍ', '·', '・'], "·");
    let read: Vec<String> = paragraphs(&document).iter().map(|text| plain(text)).collect();
    let gold = plain(&gold);
    let (want, _) = characters(gold.lines());
    let (got, _) = characters(read.iter().map(String::as_str));
    let common = aligned(&want, &got).len();
    let share = 2.0 * common as f64 / (want.len() + got.len()) as f64;
    println!("constitution: {share:.5} of {} characters", want.len());
    assert!(share >= 0.995, "{share}");
}

#[test]
fn every_article_of_the_statute_begins_a_paragraph() {
    let Some(laws) = shared_data("ko-law-pdf") else { return };
    let path = pdfs(&laws).into_iter().find(|path| name(path).starts_with("근로기준법")).unwrap();
    let (document, look) = open(&path).unwrap();
    let begins = |text: &str| text.starts_with("제1조(목적)") || text.starts_with("제116조(과태료)");
    let read = paragraphs(&document);
    assert!(read.iter().filter(|text| begins(text)).count() >= 3, "contents and body");
    let bodies: BTreeSet<u32> = read
        .iter()
        .filter(|text| text.chars().count() > 20)
        .filter_map(|text| text.strip_prefix("제")?.split_once("조(")?.0.parse().ok())
        .collect();
    let missing: Vec<u32> = (1..=116).filter(|number| !bodies.contains(number)).collect();
    // Those that were deleted, and those whose text is shorter than that.
    assert!(missing.len() <= 12, "{missing:?}");
    let furniture = document.blocks.iter().filter(|block| matches!(&block.content, Content::Furniture(_)));
    assert!(furniture.count() >= 3 * document.pages.len(), "head and feet of each page");
    assert_eq!(look.pages.len(), document.pages.len());
}

#[test]
fn the_result_is_the_same_at_any_number_of_threads() {
    let Some(laws) = shared_data("ko-law-pdf") else { return };
    for path in pdfs(&laws) {
        let read = |threads| {
            let limits = Limits { threads: NonZeroUsize::new(threads).unwrap(), ..Limits::default() };
            let read = pdf::look_file(&path, &limits, &|| false).unwrap();
            serde_json::to_string(&read).unwrap()
        };
        let one = read(1);
        assert!(one == read(2) && one == read(5), "{}", name(&path));
    }
}

#[test]
fn awkward_files_say_what_is_wrong() {
    let folders: Vec<PathBuf> =
        ["unstructured-docs", "pdfplumber", "odl-pdf"].into_iter().filter_map(shared_data).collect();
    if folders.len() < 3 {
        return;
    }
    let mut seen = BTreeSet::new();
    for path in folders.iter().flat_map(|folder| pdfs(folder)) {
        let name = name(&path);
        let read = open(&path);
        match name.as_str() {
            "empty.pdf" => assert!(matches!(read, Err(PdfError::Empty { .. }))),
            "fake-jpg.pdf" => {
                assert!(matches!(read, Err(PdfError::NotPdf { looks_like: "a JPEG picture", .. })));
            }
            "password.pdf" | "password-protected.pdf" => {
                assert!(matches!(read, Err(PdfError::Password { .. })));
            }
            _ => {
                let (document, _) = read.unwrap_or_else(|error| panic!("{error}"));
                let hidden = |f: &PageFinding| matches!(f, PageFinding::HiddenText { .. });
                let hides = document.pages.iter().any(|page| page.findings.iter().any(hidden));
                // The register's pages carry their printer's notes in white.
                let is_known = name == "safety-trigger.pdf" || name.starts_with("federal-register");
                assert_eq!(hides, is_known, "{name}: {:?}", document.pages);
                assert!(!paragraphs(&document).is_empty(), "{name}");
            }
        }
        seen.insert(name);
    }
    assert!(seen.len() >= 16, "{seen:?}");
}

#[test]
fn text_that_nobody_sees_is_left_out_and_counted() {
    let Some(folder) = shared_data("odl-pdf") else { return };
    let (document, _) = open(&folder.join("samples/pdf/safety-trigger.pdf")).unwrap();
    let text = paragraphs(&document).join("\n");
    assert!(text.contains("This page contains hidden white text"), "{text}");
    assert!(!text.contains("secret content"), "{text}");
}
