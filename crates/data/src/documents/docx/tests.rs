use std::io::{Cursor, Write};

use super::super::block::{Content, shown_blocks};
use super::*;

pub(super) fn archive(parts: &[(&str, &str)]) -> Vec<u8> {
    let mut zip = zip::ZipWriter::new(Cursor::new(Vec::new()));
    for (name, text) in parts {
        zip.start_file(*name, zip::write::SimpleFileOptions::default()).unwrap();
        zip.write_all(text.as_bytes()).unwrap();
    }
    zip.finish().unwrap().into_inner()
}

fn read(body: &str, more: &[(&str, &str)]) -> Result<(Document, Vec<LeftOut>), ReadError> {
    let xml = format!("<w:document><w:body>{body}</w:body></w:document>");
    let mut parts = vec![("word/document.xml", xml.as_str())];
    parts.extend(more);
    document(Path::new("t.docx"), "t.docx", archive(&parts), &Limits::default())
}

fn shown(body: &str, more: &[(&str, &str)]) -> Vec<String> {
    shown_blocks(&read(body, more).unwrap().0)
}

fn p(text: &str) -> String {
    format!("<w:p><w:r><w:t>{text}</w:t></w:r></w:p>")
}

#[test]
fn paragraphs_headings_and_lists() {
    let styles = "<w:styles><w:style w:type=\"paragraph\" w:styleId=\"1\"><w:name w:val=\"heading 1\"/></w:style>\
        <w:style w:type=\"paragraph\" w:styleId=\"2\"><w:name w:val=\"조\"/><w:basedOn w:val=\"1\"/>\
        <w:pPr><w:outlineLvl w:val=\"1\"/></w:pPr></w:style></w:styles>";
    let level = |depth, format, text| {
        format!(
            "<w:lvl w:ilvl=\"{depth}\"><w:start w:val=\"1\"/><w:numFmt w:val=\"{format}\"/><w:lvlText w:val=\"{text}\"/></w:lvl>"
        )
    };
    let numbering = format!(
        "<w:numbering><w:abstractNum w:abstractNumId=\"7\">{}{}{}</w:abstractNum>\
         <w:num w:numId=\"3\"><w:abstractNumId w:val=\"7\"/></w:num></w:numbering>",
        level(0, "decimal", "제%1조"),
        level(1, "decimalEnclosedCircle", "%2"),
        level(2, "ganada", "%3.")
    );
    let item = |depth, text| {
        format!(
            "<w:p><w:pPr><w:numPr><w:ilvl w:val=\"{depth}\"/><w:numId w:val=\"3\"/></w:numPr></w:pPr>\
                 <w:r><w:t>{text}</w:t></w:r></w:p>"
        )
    };
    let styled = |id, text| {
        format!("<w:p><w:pPr><w:pStyle w:val=\"{id}\"/></w:pPr><w:r><w:t>{text}</w:t></w:r></w:p>")
    };
    let body = [
        styled("1", "휴가 &amp; 휴직"),
        styled("2", "둘째"),
        item(0, "(목적)"),
        item(1, "가"),
        item(1, "나"),
        item(2, "x"),
        item(2, "y"),
        item(0, "(정의)"),
        item(1, "다"),
        p("끝"),
    ]
    .concat();
    let more = [("word/styles.xml", styles), ("word/numbering.xml", numbering.as_str())];
    assert_eq!(
        shown(&body, &more),
        [
            "h1 휴가 & 휴직",
            "h2 둘째",
            "0 제1조 (목적)",
            "1 ① 가",
            "1 ② 나",
            "2 가. x",
            "2 나. y",
            "0 제2조 (정의)",
            "1 ① 다",
            "끝"
        ]
    );
    let (document, _) = read(&body, &more).unwrap();
    let tree = super::super::structure::tree(&document);
    super::super::structure::accept(&document, &tree).unwrap();
    let paths: Vec<&str> = tree.nodes.iter().map(|n| n.path.as_str()).collect();
    assert!(paths.contains(&"제1조/제2항/나목"), "{paths:?}");
}

#[test]
fn tables_notes_and_what_is_left_out() {
    let cell =
        |properties: &str, text: &str| format!("<w:tc><w:tcPr>{properties}</w:tcPr>{}</w:tc>", p(text));
    let body = format!(
        "<w:tbl><w:tr><w:trPr><w:tblHeader/></w:trPr>{}{}</w:tr><w:tr>{}{}{}</w:tr><w:tr>{}{}{}</w:tr></w:tbl>\
         <w:p><w:r><w:t>본문</w:t></w:r><w:r><w:footnoteReference w:id=\"2\"/></w:r><w:del><w:r><w:delText>지움</w:delText></w:r></w:del>\
         <w:ins><w:r><w:t> 더함</w:t></w:r></w:ins><w:r><w:rPr><w:vanish/></w:rPr><w:t>숨김</w:t></w:r></w:p>",
        cell("", "a"),
        cell("<w:gridSpan w:val=\"2\"/>", "b"),
        cell("<w:vMerge w:val=\"restart\"/>", "1"),
        cell("", "2"),
        cell("", "3"),
        cell("<w:vMerge/>", ""),
        cell("", "4"),
        cell("", "5"),
    );
    let notes = "<w:footnotes><w:footnote w:type=\"separator\" w:id=\"0\"/><w:footnote w:id=\"2\"><w:p><w:r><w:t>각주</w:t></w:r></w:p></w:footnote></w:footnotes>";
    let header = format!("<w:hdr>{}</w:hdr>", p("머리"));
    let more = [("word/footnotes.xml", notes), ("word/header1.xml", header.as_str())];
    assert_eq!(shown(&body, &more), ["~머리", "1 a | b\n1 | 2 | 3\n4 | 5", "본문[1] 더함", "[1] 각주"]);
    let (document, left_out) = read(&body, &more).unwrap();
    let counts: Vec<(&str, u64)> = left_out.iter().map(|l| (l.what.as_str(), l.count)).collect();
    assert_eq!(counts, [("deleted characters", 2), ("hidden characters", 2)]);
    let Content::Table(table) = &document.blocks[1].content else { panic!() };
    assert_eq!(table.rows[1][0].rows, 2);
    assert_eq!(table.rows[2].iter().map(|c| c.column).collect::<Vec<_>>(), [1, 2]);
}

#[test]
fn what_is_hostile_is_an_error_with_its_place() {
    let error = |result: Result<(Document, Vec<LeftOut>), ReadError>| result.unwrap_err().to_string();
    assert!(error(read("<w:p><w:r>", &[])).contains("`word/document.xml`: at byte"));
    let deep = "<w:tbl><w:tr><w:tc>".repeat(100);
    assert!(error(read(&deep, &[])).contains("nest deeper than 64"), "{}", error(read(&deep, &[])));
    let bomb = " ".repeat(4 << 20);
    let small = Limits { unpacked_bytes: 1 << 20, ..Limits::default() };
    let parts = [("word/document.xml", bomb.as_str())];
    let result = document(Path::new("t.docx"), "t.docx", archive(&parts), &small);
    assert!(matches!(result, Err(ReadError::TooLarge { limit, .. }) if limit == 1 << 20));
    let none = document(Path::new("t.docx"), "t.docx", archive(&[("a", "b")]), &small);
    assert!(error(none).contains("there is no `word/document.xml` in it"));
    assert!(error(document(Path::new("t.docx"), "t", b"PK\x03\x04rest".to_vec(), &small)).contains("t.docx"));
}
