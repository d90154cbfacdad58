//! The example rules, read by the reader of every other rule: its tree is the one they were written as.

use data::documents::structure::{accept, tree};
use data::documents::{Block, Content, Document, Level, Look, Table, Tree, markdown, text};
use synth::rules::{Book, Rules};

/// A book as a reader gives it: a block for each line as printed.
fn document(rules: &Rules) -> Document {
    let mut blocks = Vec::new();
    for node in &rules.tree.nodes {
        let mut push = |content, size| {
            blocks.push(Block { content, look: Look { size, ..Look::default() }, places: Vec::new() });
        };
        let headline = matches!(node.level, Level::Heading(_) | Level::Document);
        let size = if headline { 16.0 } else { 10.0 };
        let pieces = if headline {
            vec![node.heading.clone(), node.text.clone()]
        } else {
            vec![format!("{} {}", node.heading, node.text)]
        };
        for (i, piece) in pieces.iter().map(|piece| piece.trim()).enumerate().filter(|(_, p)| !p.is_empty()) {
            push(Content::Paragraph(piece.to_owned()), if i == 0 { size } else { 10.0 });
        }
        if let Some(table) = &node.table {
            push(Content::Table(Table { heading_rows: 0, ..table.clone() }), 10.0);
        }
    }
    Document { name: rules.book.name().to_owned(), blocks, ..Document::default() }
}

#[test]
fn the_tree_of_each_book_is_found() {
    for rules in Book::ALL.map(Rules::of) {
        let document = document(&rules);
        let found = tree(&document);
        accept(&document, &found).unwrap();
        let shown = |level: Level, path: &str, title: &str, text: &str| {
            let text = text.replace('\n', " ");
            format!("{level:?} {path} «{title}» {}", text.chars().take(40).collect::<String>())
        };
        let nodes = |tree: &Tree| -> Vec<String> {
            // What stands before the first heading has no structure to be found.
            let inside = |path: &str| !path.starts_with("서문") && !path.starts_with("preamble");
            let nodes = tree.nodes.iter().filter(|n| n.level > Level::Preamble && inside(&n.path));
            nodes.map(|n| shown(n.level, &n.path, &n.title, &n.text)).collect()
        };
        let (want, got) = (nodes(&rules.tree), nodes(&found));
        for (i, (got, want)) in got.iter().zip(&want).enumerate() {
            assert_eq!(got, want, "node {i} of {:?}", rules.book);
        }
        assert_eq!(got.len(), want.len(), "{:?}", rules.book);
        assert_eq!(found.title, rules.tree.title);
        assert_eq!(found.findings, [], "{:?}", rules.book);
    }
}

#[test]
fn lines_below_one_another_are_the_same_rule_in_markdown_as_in_plain_text() {
    for rules in Book::ALL.map(Rules::of).into_iter().filter(|rules| rules.book.name().ends_with("규칙")) {
        let printed = |node: &data::documents::Node| {
            format!("{} {}", node.heading, node.text.replace('\n', " ")).trim().to_owned()
        };
        let nodes = rules.tree.nodes.iter().filter(|node| node.table.is_none());
        let lines: Vec<String> = nodes.map(printed).filter(|line| !line.is_empty()).collect();
        let plain = text::document("a.txt", &lines.join("\n"));
        let (close, _) = markdown::document("a.md", &lines.join("\n"));
        let hard = markdown::document("a.md", &lines.join("  \n")).0;
        let bold = |line: &String| {
            let head = line.starts_with('제').then(|| line.find(')')).flatten();
            head.map_or_else(|| line.clone(), |at| format!("**{}**{}", &line[..=at], &line[at + 1..]))
        };
        let bold = markdown::document("a.md", &lines.iter().map(bold).collect::<Vec<_>>().join("\n")).0;
        let paths = |document: &Document| -> Vec<String> {
            let found = tree(document);
            accept(document, &found).unwrap();
            // What stands before the first number is prose, whose lines are one paragraph in Markdown.
            let paths = found.nodes.into_iter().map(|node| node.path);
            paths.filter(|path| !path.starts_with("서문")).collect()
        };
        let want = paths(&plain);
        assert!(want.len() > 500, "{}", want.len());
        for (how, document) in [("close", close), ("hard", hard), ("bold", bold)] {
            let got = paths(&document);
            for (i, (got, want)) in got.iter().zip(&want).enumerate() {
                assert_eq!(got, want, "{how}: node {i} of {:?}", rules.book);
            }
            assert_eq!(got.len(), want.len(), "{how}: {:?}", rules.book);
        }
    }
}
