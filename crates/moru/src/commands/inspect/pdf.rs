//! A PDF: what it says of itself, what was made of its pages, and a view in which a person can check that.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;

use data::documents::pdf::{self, Join, JoinReason, Limits, PageLook, PdfLook};
use data::documents::{Content, Document, Level, Rect, Tree, structure};
use serde_json::{Value, json};

use crate::report::html::esc;
use crate::stages::parse;

/// A PDF that was read, and its structure.
pub struct Looked {
    document: Document,
    look: PdfLook,
    tree: Tree,
}

/// Reads a PDF.
pub fn open(path: &Path) -> anyhow::Result<Looked> {
    let (document, look) = pdf::look_file(path, &Limits::default(), &|| false)?;
    let tree = structure::tree(&document);
    Ok(Looked { document, look, tree })
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

    /// A page of HTML on which every page of the PDF is drawn with what was made of it.
    pub fn html(&self) -> String {
        let mut body = String::new();
        for page in &self.look.pages {
            let size = self.document.pages.iter().find(|report| report.page == page.page);
            let (width, height) = size.map_or((595.0, 842.0), |report| (report.width, report.height));
            self.draw(&mut body, page, (width, height));
        }
        let title = esc(&self.document.name).to_string();
        format!(
            "<!doctype html>\n<html><head><meta charset=\"utf-8\"><title>{title}</title>\n<style>{STYLE}</style></head>\n\
             <body><h1>{title}</h1>\n{LEGEND}\n{body}</body></html>\n"
        )
    }

    fn draw(&self, out: &mut String, page: &PageLook, (width, height): (f32, f32)) {
        let _ = write!(
            out,
            "<section><h2>{}</h2>\n<svg viewBox=\"-90 0 {} {height}\" style=\"max-width:{}px\">\n\
             <rect class=\"paper\" width=\"{width}\" height=\"{height}\"/>\n",
            page.page,
            width + 100.0,
            (width + 100.0) * 1.4
        );
        let boxed = |out: &mut String, class: &str, b: &Rect| {
            let (w, h) = ((b.x1 - b.x0).max(0.0), (b.y1 - b.y0).max(0.0));
            let _ = write!(
                out,
                "<rect class=\"{class}\" x=\"{:.1}\" y=\"{:.1}\" width=\"{w:.1}\" height=\"{h:.1}\"/>",
                b.x0,
                height - b.y1
            );
        };
        for grid in page.grids.iter().filter(|grid| grid.is_table) {
            grid.cells.iter().for_each(|cell| boxed(out, "cell", cell));
        }
        for line in &page.lines {
            let block = self.document.blocks.get(line.block as usize);
            let class = match block.map(|block| &block.content) {
                Some(Content::Furniture(_)) => "furniture",
                Some(Content::Table(_)) => "table",
                Some(Content::Heading { .. }) => "heading",
                _ => "text",
            };
            let b = &line.bounds;
            let _ = writeln!(
                out,
                "<text class=\"{class}\" x=\"{:.1}\" y=\"{:.1}\" font-size=\"{:.1}\" textLength=\"{:.1}\" \
                 lengthAdjust=\"spacingAndGlyphs\">{}</text>",
                b.x0,
                height - b.y0 - (b.y1 - b.y0) * 0.2,
                (b.y1 - b.y0) * 0.85,
                (b.x1 - b.x0).max(1.0),
                esc(&line.text)
            );
        }
        for seam in self.look.joins.iter().filter(|seam| seam.upper.page == page.page) {
            let (mark, word) = match seam.join {
                Join::Blank => ("␣", "joined with a blank"),
                Join::Nothing => ("⌢", "joined without a blank"),
                Join::HyphenDropped => ("-", "joined, the hyphen left out"),
            };
            let why = match seam.reason {
                JoinReason::Written => "the file writes its blanks",
                JoinReason::Seen => "seen elsewhere in the document",
                JoinReason::Syllables => "by the syllables around",
                JoinReason::Script => "by the script",
            };
            let b = &seam.upper.bounds;
            let _ = write!(
                out,
                "<text class=\"join {}\" x=\"{:.1}\" y=\"{:.1}\" font-size=\"9\"><title>{word}: {why}</title>{mark}</text>",
                format!("{:?}", seam.reason).to_lowercase(),
                b.x1 + 1.0,
                height - b.y0 - 2.0
            );
        }
        self.mark_nodes(out, page.page, height);
        out.push_str("</svg></section>\n");
    }

    /// The structure's names, in the margin beside where each begins.
    fn mark_nodes(&self, out: &mut String, page: u32, height: f32) {
        let mut last = f32::MAX;
        for node in &self.tree.nodes {
            let Some(place) = node.places.first().filter(|place| place.page == page) else { continue };
            let name = node.path.rsplit('/').next().unwrap_or_default();
            if name.is_empty() || matches!(node.level, Level::Document | Level::Text | Level::Preamble) {
                continue;
            }
            let class = if node.level <= Level::Article || matches!(node.level, Level::Heading(_)) {
                "node division"
            } else {
                "node"
            };
            // Of several that begin on one line the outermost is shown; all stand in its title.
            if (place.bounds.y1 - last).abs() < 4.0 {
                continue;
            }
            last = place.bounds.y1;
            let _ = write!(
                out,
                "<text class=\"{class}\" x=\"-86\" y=\"{:.1}\" font-size=\"8\"><title>{}</title>{}</text>",
                height - place.bounds.y1 + 9.0,
                esc(&node.path),
                esc(&crate::console::format::clipped(name, 22))
            );
        }
    }
}

const STYLE: &str = "body{font-family:sans-serif;margin:2rem;background:#eef;color:#222}\
section{margin:0 0 2rem}h2{font-size:1rem;color:#667}svg{width:100%;display:block}\
.paper{fill:#fff;stroke:#bbc}.text{fill:#222}.heading{fill:#05a;font-weight:bold}.table{fill:#161}\
.furniture{fill:#a99;text-decoration:line-through}.cell{fill:#efe;stroke:#5a5;stroke-width:.6}\
.join{fill:#c60}.join.syllables{fill:#e02;font-weight:bold}.node{fill:#889}.node.division{fill:#05a;font-weight:bold}\
.legend{font-size:.9rem}.legend b{padding:0 .3rem}\
@media(prefers-color-scheme:dark){body{background:#223;color:#ddd}}";

const LEGEND: &str = "<p class=\"legend\">As it was read: text at its place; <b style=\"color:#a99;text-decoration:line-through\">\
running heads, feet and page numbers</b> that were taken out; <b style=\"color:#161\">tables</b>; \
<b style=\"color:#c60\">␣ ⌢</b> where lines were joined with a blank or without one, in red where the syllables \
decided; in the margin the structure.</p>";
