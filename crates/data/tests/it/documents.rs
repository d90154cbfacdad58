//! Documents of the world: every article found, no other; nothing lost; whole leaves in chunks.

use std::num::NonZero;
use std::path::{Path, PathBuf};

use data::documents::chunks::{Balance, chunks};
use data::documents::structure::{accept, document_text, tree};
use data::documents::{Document, Format, Level, Limits, Reading, Tree, TreeFinding, read};

fn reading(path: &Path) -> Reading {
    read(path, &Limits::default(), &|| false).unwrap_or_else(|error| panic!("{error}"))
}

/// The tree of a document, accepted, and divided into chunks without a loss.
fn whole(document: &Document) -> Tree {
    let tree = tree(document);
    accept(document, &tree).unwrap_or_else(|error| panic!("{}: {error}", document.name));
    let count = |text: &str| text.chars().count() / 3 + 1;
    let (chunks, _) =
        chunks(&tree, &Balance { count: &count, target: 300, maximum: 600, threads: NonZero::<usize>::MIN });
    let squeezed = |text: &str| text.chars().filter(|c| !c.is_whitespace()).count();
    let in_chunks: usize = chunks.iter().map(|chunk| squeezed(&chunk.text)).sum();
    let leaves: usize = tree
        .nodes
        .iter()
        .map(|n| squeezed(&n.text) + n.table.as_ref().map_or(0, |t| squeezed(&t.text())))
        .sum();
    assert!(in_chunks >= leaves, "{}: {in_chunks} of {leaves}", document.name);
    assert!(chunks.iter().all(|chunk| chunk.tokens <= 600), "{}", document.name);
    tree
}

/// The articles of the body and those of the 부칙, as printed; not those of a table of old and new wording.
fn articles(tree: &Tree, supplement: bool) -> Vec<String> {
    let nodes = tree.nodes.iter().enumerate().filter(|(at, node)| {
        let in_supplement = tree.ancestors(*at).any(|above| tree.nodes[above].level == Level::Supplement);
        node.level == Level::Article && in_supplement == supplement
    });
    nodes.map(|(_, node)| node.path.rsplit('/').next().unwrap_or_default().to_owned()).collect()
}

fn files(folder: &Path, extension: &str) -> Vec<PathBuf> {
    let mut out = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|e| e == extension) {
                out.push(path);
            }
        }
    }
    out.sort();
    out
}

#[test]
fn every_article_of_the_constitution() {
    let Some(folder) = testing::shared_data("konlpy-corpus") else { return };
    let reading = reading(&folder.join("konlpy/data/corpus/kolaw/constitution.txt"));
    let tree = whole(&reading.document);
    let want: Vec<String> = (1..=130).map(|n| format!("제{n}조")).collect();
    assert_eq!(articles(&tree, false), want);
    assert_eq!(articles(&tree, true), want[..6]);
    let chapters = tree.nodes.iter().filter(|node| node.level == Level::Chapter).count();
    assert_eq!((chapters, tree.title.as_str()), (10, "대한민국헌법"));
    assert_eq!(tree.findings, []);
}

#[test]
fn every_article_of_a_statute_and_the_constitution_as_pdf() {
    let Some(folder) = testing::shared_data("ko-law-pdf") else { return };
    for path in files(&folder, "pdf") {
        let reading = reading(&path);
        let tree = whole(&reading.document);
        let found = articles(&tree, false);
        let constitution = tree.title.contains("헌법") || path.to_string_lossy().contains("헌법");
        let main: Vec<u32> = tree
            .nodes
            .iter()
            .enumerate()
            .filter(|(at, _)| !tree.ancestors(*at).any(|above| tree.nodes[above].level == Level::Supplement))
            .filter(|(_, node)| node.level == Level::Article)
            .filter_map(|(_, node)| node.number.filter(|n| n.branch == 0).map(|n| n.main))
            .collect();
        let last = if constitution { 130 } else { 116 };
        assert_eq!(main, (1..=last).collect::<Vec<_>>(), "{}: {found:?}", path.display());
    }
}

#[test]
fn every_article_of_ten_bills() {
    let Some(folder) = testing::shared_data("konlpy-corpus") else { return };
    let want: [(&str, &[&str]); 10] = [
        ("1809890", &[]),
        ("1809891", &[]),
        ("1809892", &[]),
        ("1809893", &[]),
        ("1809894", &["제50조의3"]),
        ("1809895", &["제35조", "제36조"]),
        ("1809896", &["제43조의2", "제46조", "제46조의2", "제46조의3", "제46조의4"]),
        ("1809897", &[]),
        ("1809898", &[]),
        ("1809899", &["제4조의2", "제10조의4", "제24조의2"]),
    ];
    for (name, want) in want {
        let reading = reading(&folder.join(format!("konlpy/data/corpus/kobill/{name}.txt")));
        let tree = whole(&reading.document);
        assert_eq!(articles(&tree, false), want, "{name}");
    }
}

#[test]
fn a_handbook_of_246_pages() {
    let Some(folder) = testing::shared_data("18f-handbook") else { return };
    let pages = files(&folder, "md");
    assert_eq!(pages.len(), 246);
    let (mut headings, mut tables, mut titled) = (0, 0, 0);
    for page in &pages {
        let reading = reading(page);
        assert_eq!((reading.format, reading.replaced), (Format::Markdown, 0));
        let tree = whole(&reading.document);
        headings += tree.nodes.iter().filter(|node| matches!(node.level, Level::Heading(_))).count();
        tables += tree.nodes.iter().filter(|node| node.level == Level::Table).count();
        titled += usize::from(reading.document.title.is_some());
        let gaps = tree.findings.iter().filter(|f| !matches!(f, TreeFinding::NotInTree { .. })).count();
        assert!(gaps < 12, "{}: {:?}", page.display(), tree.findings);
    }
    println!("18f-handbook: {headings} headings, {tables} tables, {titled} titles");
    assert!(headings > 1800 && tables > 10 && titled > 230);
}

#[test]
fn a_docx_of_872_pages() {
    let Some(folder) = testing::shared_data("unstructured-docs") else { return };
    let reading = reading(&folder.join("example-docs/handbook-872p.docx"));
    assert_eq!(reading.format, Format::Docx);
    let tree = whole(&reading.document);
    let of = |wanted: fn(&Level) -> bool| tree.nodes.iter().filter(|node| wanted(&node.level)).count();
    let (headings, tables) =
        (of(|level| matches!(level, Level::Heading(_))), of(|level| *level == Level::Table));
    println!(
        "handbook-872p.docx: {} blocks, {headings} headings, {tables} tables, {} characters, left out {:?}",
        reading.document.blocks.len(),
        document_text(&reading.document).chars().count(),
        reading.left_out
    );
    assert!(headings > 50);
}

#[test]
fn structure_and_chunks_are_no_bound() {
    let mut rule = String::new();
    for n in 1..=3000 {
        if n % 30 == 1 {
            rule.push_str(&format!("제{}장 근로조건\n", n / 30 + 1));
        }
        rule.push_str(&format!(
            "제{n}조(휴가의 부여) ① 회사는 한 해 동안 출근율이 팔 할 이상인 직원에게 다음 각 호의 휴가를 준다.\n\
             1. 연차유급휴가 15일\n2. 경조휴가 5일\n가. 본인의 혼인\n나. 자녀의 혼인\n\
             ② 제1항에도 불구하고 제{n}조제2항에 따라 승인을 받은 직원은 그러하지 아니하다. <개정 2024. 1. 1.>\n"
        ));
    }
    // A page of rules has about 900 characters.
    let pages = rule.chars().count() as f64 / 900.0;
    let document = data::documents::text::document("rule.txt", &rule);
    let begun = std::time::Instant::now();
    let tree = tree(&document);
    let of_tree = begun.elapsed().as_secs_f64();
    let count = |text: &str| text.len() / 4;
    let (chunks, _) =
        chunks(&tree, &Balance { count: &count, target: 400, maximum: 800, threads: NonZero::<usize>::MIN });
    let both = begun.elapsed().as_secs_f64();
    println!(
        "{pages:.0} pages: structure {:.0} pages/s, structure and chunks {:.0} pages/s, {} chunks",
        pages / of_tree,
        pages / both,
        chunks.len()
    );
    accept(&document, &tree).unwrap();
    assert_eq!(tree.nodes.iter().filter(|node| node.level == Level::Article).count(), 3000);
    assert!(pages / both > 300.0);
}
