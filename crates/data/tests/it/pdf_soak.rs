//! PDF files changed at random, three thousand in the soak and a hundred here: a document whose tree holds all of it, or an
//! error; no panic, no hang, no memory that the file does not pay for.

use std::path::PathBuf;

use data::documents::pdf::{self, Limits};
use data::documents::structure;
use testing::mutation::{Draws, mutated};
use testing::trials;

use crate::pdf_support::{HELVETICA, PdfFile, deflated, lines};

/// Written here; set by several producers; laws.
pub const KINDS: [&str; 3] = ["written", "made-pdf", "ko-law-pdf"];

#[test]
fn pdfs_changed_at_random() {
    trials::survive_each("pdf_soak::each_case", &KINDS, 0..35);
}

#[test]
#[ignore = "three thousand cases; `cargo xtask soak`"]
fn soak_pdfs_changed_at_random() {
    trials::survive_each("pdf_soak::each_case", &KINDS, 0..1000);
}

#[test]
#[ignore = "a child of the tests beside it"]
fn each_case() {
    trials::child(&mut |kind, case| {
        let mut draws = Draws::new(case);
        let Some(whole) = whole(kind, &mut draws) else { return };
        let name = "changed.pdf";
        match pdf::look(mutated(&whole, &mut draws), name, &Limits::default(), &|| false) {
            Ok((document, look)) => {
                assert_eq!(document.pages.len(), look.pages.len());
                let blocks = document.blocks.len() as u32;
                let mut lines = look.pages.iter().flat_map(|page| &page.lines);
                assert!(lines.all(|line| line.block < blocks), "a line without its block");
                let places = document.blocks.iter().flat_map(|block| &block.places);
                assert!(
                    places
                        .clone()
                        .all(|place| place.page >= 1 && place.page as usize <= document.pages.len())
                );
                let tree = structure::tree(&document);
                structure::accept(&document, &tree).unwrap_or_else(|error| panic!("{error}"));
                serde_json::to_string(&(document, look)).unwrap();
            }
            Err(error) => assert!(error.to_string().starts_with(name), "no place: {error}"),
        }
    });
}

/// A file to change; nothing where the shared data is absent.
fn whole(kind: &str, draws: &mut Draws) -> Option<Vec<u8>> {
    if kind == "written" {
        return Some(written(draws.below(2) == 0));
    }
    let mut files: Vec<PathBuf> = Vec::new();
    let mut folders = vec![testing::shared_data(kind)?];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|end| end == "pdf") {
                files.push(path);
            }
        }
    }
    files.sort();
    Some(std::fs::read(draws.one(&files)).unwrap())
}

/// A file with a form, a table, marks, bookmarks and a composite font, whose content is packed or plain.
fn written(is_packed: bool) -> Vec<u8> {
    let mut file = PdfFile::new();
    let content = format!(
        "{} q 1 0 0 1 10 10 cm /X Do Q 50 300 200 20 re 50 280 200 20 re 150 280 0 40 re S \
         /Artifact BMC BT /F 8 Tf 50 20 Td (- 1 -) Tj ET EMC \
         BT /G 12 Tf 50 310 Td <AC00B098> Tj 100 0 Td [<B2E4> -500 <B77C>] TJ ET",
        lines(&["Article 1 (Purpose) These rules apply", "to all.", "1. first", "2. second"])
    );
    let form = file.stream("/Type /XObject /Subtype /Form /BBox [0 0 9 9]", b"BT /F 9 Tf (form) Tj ET");
    let inner = file.add(
        "<< /Type /Font /Subtype /CIDFontType0 /BaseFont /HYSMyeongJo-Medium /DW 1000 /W [1 [500 600] 3 90 500] \
         /CIDSystemInfo << /Registry (Adobe) /Ordering (Korea1) /Supplement 1 >> >>",
    );
    let korean = file.add(format!(
        "<< /Type /Font /Subtype /Type0 /BaseFont /HYSMyeongJo-Medium /Encoding /UniKS-UCS2-H \
         /DescendantFonts [{inner} 0 R] >>"
    ));
    let resources =
        format!("/Resources << /Font << /F {HELVETICA} /G {korean} 0 R >> /XObject << /X {form} 0 R >> >>");
    let page = if is_packed {
        let packed = file.stream("/Filter /FlateDecode", &deflated(content.as_bytes()));
        file.page_with("", &format!("{resources} /Contents {packed} 0 R"))
    } else {
        file.page_with(&content, &resources)
    };
    let root = file.add("null");
    file.set(root, &format!("<< /First {} 0 R >>", root + 1));
    file.add(format!("<< /Title (One) /Dest [{page} 0 R /Fit] >>"));
    file.bytes_with(&format!("/Outlines {root} 0 R"))
}

#[test]
fn the_file_that_is_changed_is_whole() {
    for is_packed in [true, false] {
        let document = crate::pdf_support::read(written(is_packed));
        let texts = crate::pdf_support::paragraphs(&document);
        let all = serde_json::to_string(&document.blocks).unwrap();
        assert!(texts.contains(&"1. first") && all.contains("가나") && all.contains("form"), "{all}");
        assert_eq!(document.outline.len(), 1);
    }
}
