//! PDF files written by hand: what they show, what they hide, and what they ask for.

use std::fmt::Write as _;
use std::time::{Duration, Instant};

use data::documents::pdf::{self, HiddenReason, Limits, PdfError, Repair};
use data::documents::{Content, PageFinding};

use crate::pdf_support::{HELVETICA, PdfFile, deflated, lines, look, paragraphs, read};

fn error(bytes: &[u8]) -> PdfError {
    look(bytes.to_vec()).map(|(document, _)| document.blocks).expect_err("it is refused")
}

#[test]
fn what_is_no_pdf_is_called_what_it_is() {
    for (bytes, looks_like) in [
        (&b"\xff\xd8\xff\xe0\0\x10JFIF"[..], "a JPEG picture"),
        (b"\x89PNG\r\n\x1a\n", "a PNG picture"),
        (b"PK\x03\x04\x14\0", "a ZIP archive (DOCX, XLSX and HWPX are such)"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "an old Office or Hancom file (DOC, XLS, HWP)"),
        (b"\n<!DOCTYPE html><html>", "a web page"),
        ("취업규칙 제1조".as_bytes(), "plain text"),
        (b"\x01\xfe\x80\x80\x80", "something else"),
    ] {
        let error = error(bytes);
        assert!(
            matches!(&error, PdfError::NotPdf { looks_like: kind, .. } if *kind == looks_like),
            "{error}"
        );
        assert!(error.to_string().starts_with("t.pdf: this is "), "{error}");
    }
    assert!(matches!(error(b""), PdfError::Empty { .. }));
    assert!(matches!(error(b"%PDF-1.7\n%%EOF"), PdfError::Damaged { .. }));
}

#[test]
fn a_file_with_a_password_says_so() {
    let owner = "41".repeat(32);
    for (handler, is_password) in
        [("/Filter /Standard /V 2 /R 3 /Length 128", true), ("/Filter /Other /V 9", false)]
    {
        let mut file = PdfFile::new();
        file.page(&lines(&["secret"]));
        let lock = file.add(format!("<< {handler} /O <{owner}> /U <{owner}> /P -44 >>"));
        file.trailer = format!("/Encrypt {lock} 0 R /ID [<00><00>]");
        let error = error(&file.bytes());
        assert_eq!(matches!(error, PdfError::Password { .. }), is_password, "{error}");
        assert!(is_password || matches!(error, PdfError::Encryption { .. }), "{error}");
    }
}

#[test]
fn loops_in_the_tree_of_pages_end() {
    let mut file = PdfFile::new();
    let page = file.page(&lines(&["once"]));
    let inner = file.add(format!("<< /Type /Pages /Kids [2 0 R {page} 0 R] /Count 9 >>"));
    file.set(2, &format!("<< /Type /Pages /Kids [{inner} 0 R 2 0 R {inner} 0 R {page} 0 R] /Count 99 >>"));
    let document = read(file.bytes());
    assert_eq!(paragraphs(&document), ["once"]);
    let mut file = PdfFile::new();
    file.set(2, "<< /Type /Pages /Kids [2 0 R] /Count 1 >>");
    assert!(matches!(error(&file.bytes()), PdfError::NoPages { .. } | PdfError::Damaged { .. }));
}

#[test]
fn ten_thousand_pages_are_refused_or_read() {
    let mut file = PdfFile::new();
    for _ in 0..10_000 {
        file.page("BT /F 10 Tf 50 700 Td (page) Tj ET");
    }
    let bytes = file.bytes();
    let refused = error(&bytes);
    assert!(matches!(refused, PdfError::TooManyPages { pages: 10_000, limit: 5000, .. }), "{refused}");
    let limits = Limits { pages: 20_000, ..Limits::default() };
    let document = pdf::read(bytes.clone(), "t.pdf", &limits, &|| false).unwrap();
    assert_eq!(document.pages.len(), 10_000);
    let stopped = pdf::read(bytes, "t.pdf", &limits, &|| true);
    assert!(matches!(stopped, Err(PdfError::Cancelled { .. })));
}

#[test]
fn large_files_are_refused_before_they_are_opened() {
    let mut file = PdfFile::new();
    file.page(&lines(&["one"]));
    let bytes = file.bytes();
    let limits = Limits { file_bytes: 100, ..Limits::default() };
    let refused = pdf::read(bytes.clone(), "t.pdf", &limits, &|| false);
    assert!(matches!(refused, Err(PdfError::TooLarge { limit: 100, .. })));
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("규정.pdf");
    testing::mutation::write_new(&path, &bytes);
    assert!(matches!(pdf::read_file(&path, &limits, &|| false), Err(PdfError::TooLarge { .. })));
    assert_eq!(pdf::read_file(&path, &Limits::default(), &|| false).unwrap().name, "규정.pdf");
    let absent = pdf::read_file(&folder.path().join("none.pdf"), &limits, &|| false);
    assert!(matches!(absent, Err(PdfError::Read { .. })));
}

#[test]
fn what_unpacks_to_too_much_is_refused() {
    let small = Limits { stream_bytes: 1 << 20, page_bytes: 1 << 16, ..Limits::default() };
    let zeros = deflated(&vec![0; 4 << 20]);
    let mut file = PdfFile::new();
    file.stream("/Filter /FlateDecode", &zeros);
    file.page(&lines(&["one"]));
    let refused = pdf::read(file.bytes(), "t.pdf", &small, &|| false);
    assert!(matches!(refused, Err(PdfError::Inflates { .. })));
    // A page's own content is a finding of that page.
    let mut file = PdfFile::new();
    let blanks = file.stream("/Filter /FlateDecode", &deflated(&vec![b' '; 1 << 19]));
    let form = "/Type /XObject /Subtype /Form /BBox [0 0 1 1] /Filter /FlateDecode";
    let form = file.stream(form, &deflated(&vec![b' '; 1 << 19]));
    file.page_with(
        &format!("{} /X Do", lines(&["kept"])),
        &format!(
            "/Resources << /Font << /F {HELVETICA} >> /XObject << /X {form} 0 R >> >> /Other {blanks} 0 R"
        ),
    );
    let document = pdf::read(file.bytes(), "t.pdf", &small, &|| false).unwrap();
    assert_eq!(paragraphs(&document), ["kept"]);
    assert!(
        matches!(&document.pages[0].findings[..], [PageFinding::TooMuch { what, .. }] if what == "bytes")
    );
}

/// A font whose widths are named for four thousand million codes.
#[test]
fn a_font_that_asks_for_all_memory_is_not_loaded() {
    let mut file = PdfFile::new();
    let inner = file.add(
        "<< /Type /Font /Subtype /CIDFontType2 /BaseFont /Bomb /W [0 4294967295 500] \
         /CIDSystemInfo << /Registry (Adobe) /Ordering (Identity) /Supplement 0 >> >>",
    );
    let font = file.add(format!(
        "<< /Type /Font /Subtype /Type0 /BaseFont /Bomb /Encoding /Identity-H /DescendantFonts [{inner} 0 R] >>"
    ));
    file.page_with(&lines(&["abcd"]), &format!("/Resources << /Font << /F {font} 0 R >> >>"));
    let started = Instant::now();
    let document = read(file.bytes());
    assert!(started.elapsed() < Duration::from_secs(5));
    assert_eq!(document.pages[0].findings, [PageFinding::NeedsOcr { unknown: 4 }]);
}

#[test]
fn forms_in_forms_end_at_the_limit() {
    let mut file = PdfFile::new();
    // Each calls the next twice, the last calls the first.
    let first = 4;
    for at in 0..20 {
        let next = if at == 19 { first } else { first + at + 1 };
        let entries = format!(
            "/Type /XObject /Subtype /Form /BBox [0 0 9 9] /Resources << /XObject << /X {next} 0 R >> >>"
        );
        if at == 0 {
            file.add("null");
        }
        assert_eq!(file.stream(&entries, b"/X Do /X Do"), first + at);
    }
    let resources = format!("/Resources << /Font << /F {HELVETICA} >> /XObject << /X {first} 0 R >> >>");
    file.page_with(&format!("{} /X Do", lines(&["kept"])), &resources);
    let document = read(file.bytes());
    assert_eq!(paragraphs(&document), ["kept"]);
    let found = &document.pages[0].findings;
    assert!(
        matches!(&found[..], [PageFinding::TooMuch { what, limit: 12 }] if what == "form depth"),
        "{found:?}"
    );
}

#[test]
fn operators_states_and_glyphs_have_limits() {
    let many = |what: &str, n: usize| what.repeat(n);
    let glyphs = format!("BT /F 10 Tf 50 700 Td {} ET", many("(abcdefghij) Tj ", 1000));
    for (content, limits, what) in [
        (many("q ", 2000), Limits::default(), "graphics states"),
        (many("1 w ", 3000), Limits { page_operators: 1000, ..Limits::default() }, "operators"),
        (glyphs, Limits { page_glyphs: 500, ..Limits::default() }, "glyphs"),
    ] {
        let mut file = PdfFile::new();
        file.page(&content);
        let document = pdf::read(file.bytes(), "t.pdf", &limits, &|| false).unwrap();
        let found = &document.pages[0].findings;
        let is_found =
            |f: &PageFinding| matches!(f, PageFinding::TooMuch { what: found, .. } if found == what);
        assert!(found.iter().any(is_found), "{what}: {found:?}");
    }
}

/// Each letter stands by itself on one line: every one could belong to any.
#[test]
fn a_page_of_scattered_letters_is_read_in_time() {
    let mut content = "BT /F 10 Tf ".to_owned();
    for i in 0..30_000_u32 {
        let _ = write!(content, "1 0 0 1 {} {} Tm (a) Tj ", i * 7919 % 600, 400 + i * 31 % 3);
    }
    let mut file = PdfFile::new();
    file.page(&(content + "ET"));
    let started = Instant::now();
    read(file.bytes());
    assert!(started.elapsed() < Duration::from_secs(15), "{:?}", started.elapsed());
}

#[test]
fn hidden_text_is_counted_and_white_text_on_dark_is_read() {
    let shown = |content: &str| {
        let mut file = PdfFile::new();
        file.page(&format!("{} {content}", lines(&["plain"])));
        let document = read(file.bytes());
        (paragraphs(&document).join("|"), document.pages[0].findings.clone())
    };
    let text = "BT /F 10 Tf 50 500 Td (ghost) Tj ET";
    let hidden = vec![PageFinding::HiddenText { characters: 5 }];
    assert_eq!(shown(&format!("3 Tr {text}")), ("plain".into(), hidden.clone()));
    assert_eq!(shown(&format!("1 g {text}")), ("plain".into(), hidden.clone()));
    assert_eq!(shown(&format!("1 1 1 rg {text}")), ("plain".into(), hidden));
    let dark = format!("0 0 0.5 rg 40 490 200 30 re f 1 g {text}");
    assert_eq!(shown(&dark), ("plain|ghost".into(), Vec::new()));
    let outside = "BT /F 10 Tf 700 500 Td (ghost) Tj ET";
    assert_eq!(shown(outside), ("plain".into(), vec![PageFinding::OutsidePage { characters: 5 }]));
}

#[test]
fn hidden_text_is_kept_for_a_person_to_look_at() {
    let text = |at: u32| format!("BT /F 10 Tf {at} 500 Td (ghost  of) Tj 60 0 Td (1999) Tj ET");
    for (content, reason) in [
        (format!("3 Tr {}", text(50)), HiddenReason::Invisible),
        (format!("1 g {}", text(50)), HiddenReason::White),
        (text(700), HiddenReason::Outside),
        ("BT /F 0.2 Tf 50 500 Td (ghost  of) Tj ET".to_owned(), HiddenReason::Tiny),
    ] {
        let mut file = PdfFile::new();
        file.page(&format!("{} {content}", lines(&["plain"])));
        let (_, look) = pdf::look(file.bytes(), "t.pdf", &Limits::default(), &|| false).unwrap();
        let hidden = &look.pages[0].hidden;
        let said: Vec<&str> = hidden.iter().map(|hidden| hidden.text.split(' ').next().unwrap()).collect();
        assert!(hidden.iter().all(|hidden| hidden.reason == reason), "{hidden:?}");
        assert_eq!(said[0], "ghost", "{hidden:?}");
        let bounds = hidden[0].bounds;
        assert!(bounds.x0 >= 49.0 && bounds.y0 > 490.0 && bounds.y1 < 520.0, "{bounds:?}");
    }
    // Of very much of it the beginning is kept.
    let mut content = "3 Tr BT /F 10 Tf ".to_owned();
    for i in 0..1000_u32 {
        let _ = write!(content, "1 0 0 1 {} {} Tm (x) Tj ", i % 10 * 50, i / 10 * 7);
    }
    let mut file = PdfFile::new();
    file.page(&format!("{} {content} ET", lines(&["plain"])));
    let (document, look) = pdf::look(file.bytes(), "t.pdf", &Limits::default(), &|| false).unwrap();
    assert!(look.pages[0].hidden.len() <= 400);
    assert!(matches!(document.pages[0].findings[..], [PageFinding::HiddenText { characters: 1000 }]));
}

#[test]
fn a_picture_without_text_needs_ocr() {
    let mut file = PdfFile::new();
    let picture =
        "/Type /XObject /Subtype /Image /Width 1 /Height 1 /BitsPerComponent 8 /ColorSpace /DeviceGray";
    let picture = file.stream(picture, b"x");
    file.page_with("600 0 0 800 0 0 cm /I Do", &format!("/Resources << /XObject << /I {picture} 0 R >> >>"));
    file.page(&lines(&["text"]));
    let document = read(file.bytes());
    assert_eq!(document.pages[0].findings, [PageFinding::NeedsOcr { unknown: 0 }]);
    assert_eq!(document.pages[1].findings, []);
}

#[test]
fn letters_painted_twice_are_bold_and_read_once() {
    let mut file = PdfFile::new();
    file.page("BT /F 12 Tf 50 700 Td (Heading) Tj 0.3 0 Td (Heading) Tj -0.3 -40 Td (text) Tj ET");
    let document = read(file.bytes());
    assert_eq!(paragraphs(&document), ["Heading", "text"]);
    assert_eq!(document.blocks.iter().map(|b| b.look.bold).collect::<Vec<_>>(), [true, false]);
}

#[test]
fn a_span_says_what_it_is_instead_of_its_glyphs() {
    let mut file = PdfFile::new();
    file.page(
        "BT /F 10 Tf 50 700 Td (a) Tj /Span << /ActualText (ffi) >> BDC (xyz) Tj EMC (b) Tj ET \
         /Artifact BMC BT /F 10 Tf 50 400 Td (mark) Tj ET EMC BT /F 10 Tf 50 300 Td (one) Tj 0 -90 Td (two) Tj ET",
    );
    let document = read(file.bytes());
    assert_eq!(paragraphs(&document), ["affib", "one", "two"]);
    assert!(document.blocks.iter().any(|b| b.content == Content::Furniture("mark".into())));
}

#[test]
fn running_heads_are_furniture_and_paragraphs_go_on_over_the_page() {
    let mut file = PdfFile::new();
    let body =
        "all employees shall follow the rules of this book at every time and in every place of the com-";
    for (page, first) in ["On the first page ", "pany and ", "pany, or ", "pany as "].into_iter().enumerate()
    {
        let page = page + 1;
        let head = format!("BT /F 9 Tf 50 780 Td (Handbook 2024) Tj 480 -760 Td (Page {page}) Tj ET ");
        file.page(&(head + &lines(&[&format!("{first}{}", &body[20..]), body, body])));
    }
    let document = read(file.bytes());
    let texts = paragraphs(&document);
    assert_eq!(texts.len(), 1, "{texts:?}");
    assert!(texts[0].contains("place of the company and"), "{}", texts[0]);
    let places = &document.blocks.iter().find(|b| matches!(b.content, Content::Paragraph(_))).unwrap().places;
    assert_eq!(places.iter().map(|place| place.page).collect::<Vec<_>>(), [1, 2, 3, 4]);
    let furniture = document.blocks.iter().filter(|b| matches!(b.content, Content::Furniture(_))).count();
    assert_eq!(furniture, 8);
}

#[test]
fn bookmarks_lead_to_their_pages_and_loops_in_them_end() {
    let mut file = PdfFile::new();
    file.page(&lines(&["one"]));
    let second = file.page(&lines(&["two"]));
    let root = file.add("null");
    let (first, next, child) = (root + 1, root + 2, root + 3);
    file.set(root, &format!("<< /First {first} 0 R >>"));
    file.add(format!("<< /Title (Chapter 1) /Next {next} 0 R /First {child} 0 R /Dest (there) >>"));
    file.add(format!("<< /Title <FEFFC81C0032C7A5> /Next {first} 0 R /Dest [{second} 0 R /Fit] >>"));
    file.add(format!("<< /Title (1.1) /First {first} 0 R /A << /S /GoTo /D [0 /Fit] >> >>"));
    let names = format!("/Names << /Dests << /Names [(here) null (there) [{second} 0 R /Fit]] >> >>");
    let document = read(file.bytes_with(&format!("/Outlines {root} 0 R {names}")));
    let outline: Vec<(u8, &str, Option<u32>)> =
        document.outline.iter().map(|e| (e.depth, e.title.as_str(), e.page)).collect();
    assert_eq!(outline, [(0, "Chapter 1", Some(2)), (1, "1.1", Some(1)), (0, "제2장", Some(2))]);
}

#[test]
fn what_was_repaired_is_told() {
    let mut file = PdfFile::new();
    file.page(&lines(&["text"]));
    file.trailer = "/Info << /Producer (Test 1.0) /Title <FEFFCDE8C5C5ADDCCE59> >>".into();
    let whole = file.bytes();
    let (document, shown) = look(whole.clone()).unwrap();
    assert_eq!((shown.producer.as_deref(), document.title.as_deref()), (Some("Test 1.0"), Some("취업규칙")));
    assert_eq!((shown.version.as_str(), shown.repairs.as_slice(), shown.encrypted), ("1.7", &[][..], false));
    assert_eq!(shown.fonts.iter().map(|f| f.name.as_str()).collect::<Vec<_>>(), ["Helvetica"]);
    let text = String::from_utf8(whole).unwrap();
    let moved = text.replace("startxref\n", "startxref\n9").replace("%%EOF", "");
    let (document, shown) = look(format!("junk\n{moved}").into_bytes()).unwrap();
    assert_eq!(paragraphs(&document), ["text"]);
    assert_eq!(shown.repairs, [Repair::Header, Repair::End, Repair::CrossReferences]);
}

#[test]
fn turned_pages_and_turned_text_are_read() {
    let mut file = PdfFile::new();
    file.page_with("BT /F 10 Tf 0 1 -1 0 300 100 Tm (turned page) Tj ET", "/Rotate 90");
    file.page("BT /F 10 Tf 0 1 -1 0 300 100 Tm (turned text) Tj ET");
    let document = read(file.bytes());
    assert_eq!(paragraphs(&document), ["turned page", "turned text"]);
    assert_eq!((document.pages[0].width, document.pages[0].height), (800.0, 600.0));
}
