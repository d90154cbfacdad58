//! A PDF: what it says of itself, what was made of its pages, and a view in which a person can check that.

use std::collections::BTreeMap;
use std::ops::RangeInclusive;
use std::path::Path;

use data::documents::pdf::{self, Join, PdfLook};
use data::documents::{Content, Document, Level, Tree, structure};
use eval::report::Language;
use serde_json::{Value, json};

use crate::reading::{Pages, Sheet};
use crate::stages::parse;

/// A PDF that was read, and its structure.
pub struct Looked {
    file: String,
    document: Document,
    look: PdfLook,
    tree: Tree,
}

/// Reads a PDF.
pub fn open(path: &Path, max_pages: u64) -> anyhow::Result<Looked> {
    let limits = parse::limits(max_pages).pdf;
    let (document, look) = pdf::look_file(path, &limits, &|| false)?;
    let tree = structure::tree(&document);
    Ok(Looked { file: path.display().to_string(), document, look, tree })
}

impl Looked {
    /// For a program, and line by line for a person.
    pub fn value(&self) -> Value {
        let reports = &self.document.pages;
        let findings: Vec<String> = reports
            .iter()
            .flat_map(|page| page.findings.iter().map(move |f| (page.page, f)))
            .map(|(page, finding)| format!("page {page}: {}", parse::page_words(finding)))
            .chain(self.tree.findings.iter().map(parse::tree_words))
            .collect();
        let mut levels: BTreeMap<String, u64> = BTreeMap::new();
        for node in self.tree.nodes.iter().filter(|node| node.level != Level::Document) {
            *levels.entry(format!("{:?}", node.level).to_lowercase()).or_default() += 1;
        }
        let joins = |join: Join| self.look.joins.iter().filter(|seam| seam.join == join).count();
        let tables =
            self.document.blocks.iter().filter(|block| matches!(block.content, Content::Table(_))).count();
        json!({
            "kind": "pdf",
            "title": self.tree.title,
            "version": self.look.version,
            "producer": self.look.producer,
            "creator": self.look.creator,
            "encrypted": self.look.encrypted,
            "repairs": self.look.repairs,
            "pages": reports.len(),
            "characters": reports.iter().map(|page| page.characters).sum::<u64>(),
            "bookmarks": self.document.outline.len(),
            "tables": tables,
            "lines_joined": json!({
                "with_a_blank": joins(Join::Blank),
                "inside_a_word": joins(Join::Nothing),
                "without_their_hyphen": joins(Join::HyphenDropped),
            }),
            "structure": levels,
            "fonts": self.look.fonts,
            "findings": findings,
        })
    }

    /// A page of HTML on which pages of the PDF are drawn with what was made of them: the first ones, or those that
    /// are asked for.
    pub fn html(self, pages: Option<RangeInclusive<u32>>) -> String {
        let is_korean = self.tree.nodes.iter().any(|node| node.heading.chars().any(is_hangul))
            || self.tree.title.chars().any(is_hangul);
        let language = if is_korean { Language::Korean } else { Language::English };
        let mut html = Pages::raw(language, pages);
        let Self { file, document, look, tree } = self;
        let (look, left_out) = (Some(look), Vec::new());
        html.add(&Sheet { file, document, look, tree, left_out, used_instead: None });
        html.finish()
    }
}

fn is_hangul(c: char) -> bool {
    ('가'..='힣').contains(&c)
}
