//! Documents changed at random, thousands in the soak and some here: a document whose tree and chunks hold all of it, or an error
//! that names the file; no panic, no hang.

use std::num::NonZero;
use std::path::Path;

use data::documents::chunks::{Balance, chunks};
use data::documents::structure::{accept, tree};
use data::documents::{Limits, read};
use testing::mutation::{Draws, mutated, write_new};
use testing::trials;

use crate::pdf_soak;
use crate::support::changed_archive;

const KINDS: [&str; 4] = ["md", "html", "docx", "txt"];

#[test]
fn documents_changed_at_random() {
    trials::survive_each("soak_documents::each_case", &KINDS, 0..60);
}

#[test]
#[ignore = "a thousand cases; `cargo xtask soak thousand`"]
fn soak_thousand_documents_changed_at_random() {
    trials::survive_each("soak_documents::each_case", &KINDS, 0..145);
    trials::survive_each("pdf_soak::each_case", &pdf_soak::KINDS, 0..140);
}

#[test]
#[ignore = "thousands of cases; `cargo xtask soak`"]
fn soak_documents_changed_at_random() {
    trials::survive_each("soak_documents::each_case", &KINDS, 0..3000);
}

#[test]
#[ignore = "a child of the tests beside it"]
fn each_case() {
    let folder = tempfile::tempdir().unwrap();
    trials::child(&mut |kind, case| {
        let path = folder.path().join(format!("t.{kind}"));
        let mut draws = Draws::new(case);
        let bytes = match kind {
            "docx" => changed_archive(docx_parts(), &mut draws),
            "md" => mutated(MARKDOWN.as_bytes(), &mut draws),
            "html" => mutated(HTML.as_bytes(), &mut draws),
            _ => mutated(TEXT.as_bytes(), &mut draws),
        };
        write_new(&path, &bytes);
        check(&path);
    });
}

fn check(path: &Path) {
    let reading = match read(path, &Limits::default(), &|| false) {
        Ok(reading) => reading,
        Err(error) => return assert!(error.to_string().contains("t."), "no place: {error}"),
    };
    let tree = tree(&reading.document);
    accept(&reading.document, &tree).unwrap_or_else(|error| panic!("{error}"));
    let count = |text: &str| text.len() / 3 + 1;
    let (chunks, _) =
        chunks(&tree, &Balance { count: &count, target: 60, maximum: 120, threads: NonZero::<usize>::MIN });
    assert!(!chunks.is_empty() || tree.nodes.len() == 1);
}

const TEXT: &str = "취업규칙\n목차\n제1장 총칙 ······ 1\n제1조(목적) ······ 1\n\n제1장 총칙\n제1조(목적) ① 이 규칙은\n1. 하나\n가. 둘\n\
    1) 셋\n② 제3조제2항에 따라\n제2조 삭제 <2020. 1. 1.>\n부칙\n제1조(시행일) 2024. 1. 1.\n[별표 1] 표\n신·구조문대비표\n";
const MARKDOWN: &str = "---\ntitle: 규칙\n---\n# 제1장 총칙\n\n제1조(목적) *가*\n\n- a\n  1. b\n\n| x | y |\n|---|---|\n| 1 | 2 |\n\n\
    <div hidden>no</div>\n\n```\ncode\n```\n\n> quote[^1]\n\n[^1]: note\n";
const HTML: &str = "<!doctype html><html><head><title>t</title><style>p{}</style></head><body><h1>제1장</h1><p>제1조(목적) 가<br>나\
    <ul><li>a<ol><li>b</ol></ul><table><tr><th colspan=2>x<tr><td rowspan=2>1<td>2<tr><td>3</table><script>x</script>\
    <pre>a\n b</pre><footer>f</footer></body></html>";

/// The parts of a document with styles, numbering, a table and a note.
fn docx_parts() -> Vec<(&'static str, String)> {
    vec![
        (
            "word/document.xml",
            "<w:document><w:body><w:p><w:pPr><w:pStyle w:val=\"1\"/></w:pPr><w:r><w:t>제1장 &amp; 총칙</w:t></w:r></w:p>\
             <w:p><w:pPr><w:numPr><w:ilvl w:val=\"0\"/><w:numId w:val=\"3\"/></w:numPr></w:pPr><w:r><w:rPr><w:b/><w:sz w:val=\"24\"/>\
             </w:rPr><w:t>(목적)</w:t><w:tab/><w:t>가</w:t></w:r><w:del><w:r><w:delText>x</w:delText></w:r></w:del></w:p>\
             <w:tbl><w:tr><w:tc><w:tcPr><w:gridSpan w:val=\"2\"/><w:vMerge w:val=\"restart\"/></w:tcPr><w:p><w:r><w:t>a</w:t></w:r></w:p>\
             </w:tc></w:tr><w:tr><w:tc><w:tcPr><w:vMerge/></w:tcPr><w:p/></w:tc><w:tc><w:p><w:r><w:t>b</w:t>\
             <w:footnoteReference w:id=\"2\"/></w:r></w:p></w:tc></w:tr></w:tbl></w:body></w:document>"
                .to_owned(),
        ),
        (
            "word/styles.xml",
            "<w:styles><w:style w:styleId=\"1\"><w:name w:val=\"heading 1\"/><w:basedOn w:val=\"1\"/></w:style></w:styles>"
                .to_owned(),
        ),
        (
            "word/numbering.xml",
            "<w:numbering><w:abstractNum w:abstractNumId=\"7\"><w:lvl w:ilvl=\"0\"><w:start w:val=\"1\"/><w:numFmt w:val=\"decimal\"/>\
             <w:lvlText w:val=\"제%1조\"/></w:lvl></w:abstractNum><w:num w:numId=\"3\"><w:abstractNumId w:val=\"7\"/></w:num></w:numbering>"
                .to_owned(),
        ),
        (
            "word/footnotes.xml",
            "<w:footnotes><w:footnote w:id=\"2\"><w:p><w:r><w:t>각주</w:t></w:r></w:p></w:footnote></w:footnotes>".to_owned(),
        ),
    ]
}
