//! A page of a PDF: its text where it stands, and what was made of it laid over.

use std::fmt::Write as _;

use data::documents::pdf::{HiddenLook, HiddenReason, Join, JoinReason, LineLook, PageLook};
use data::documents::{Content, Node, Rect};

use super::words::Words;
use super::{Sheet, class, is_headed};
use crate::console::format::clipped;
use crate::report::html::esc;

/// The margin for the structure's names, in points.
const MARGIN: f32 = 178.0;
/// Columns of a name in the margin.
const NAME_COLUMNS: usize = 40;
/// Marks whose tops are this near begin on one line, in points.
const ONE_LINE: f32 = 4.0;
/// Lines, and cells, of one page that are drawn.
const MOST: usize = 3000;
/// Texts outside of a page that are told.
const OUTSIDE: usize = 20;
/// Hidden text that is shown, in columns.
const HIDDEN_COLUMNS: usize = 80;

/// A drawing in the making.
struct Drawing<'a> {
    out: &'a mut String,
    sheet: &'a Sheet,
    page: &'a PageLook,
    words: Words,
    width: f32,
    height: f32,
}

/// Draws a page of the `document`-th document.
pub(super) fn draw(out: &mut String, sheet: &Sheet, page: &PageLook, (document, words): (usize, Words)) {
    let report = sheet.document.pages.iter().find(|report| report.page == page.page);
    let (width, height) = report.map_or((595.0, 842.0), |report| (report.width, report.height));
    let mut drawing = Drawing { out, sheet, page, words, width, height };
    let marks = drawing.marks();
    let has_right = marks.iter().any(|mark| mark.is_right);
    let right = if has_right { MARGIN } else { 14.0 };
    let _ = writeln!(
        drawing.out,
        "<section class=\"sheet\" id=\"d{document}p{n}\"><h3>{}</h3>",
        words.page(page.page),
        n = page.page
    );
    let found = report.map_or(&[][..], |report| report.findings.as_slice());
    for finding in found {
        let _ = writeln!(drawing.out, "<p class=\"finding\">! {}</p>", esc(&words.page_finding(finding)));
    }
    let more = page.lines.len().saturating_sub(MOST);
    if more > 0 {
        let _ = writeln!(drawing.out, "<p class=\"rest\">{}</p>", words.lines_left_out(more));
    }
    drawing.outside();
    let whole = MARGIN + width + right;
    let _ = write!(
        drawing.out,
        "<svg viewBox=\"{} 0 {whole} {height}\" style=\"max-width:{:.0}px\" role=\"img\" aria-label=\"{}\">\n\
         <rect class=\"paper\" width=\"{width}\" height=\"{height}\"/>\n",
        -MARGIN,
        whole * 1.35,
        esc(&words.page(page.page))
    );
    drawing.cells();
    drawing.paragraphs();
    drawing.headings();
    drawing.hidden();
    drawing.lines();
    drawing.joins();
    drawing.names(&marks);
    out.push_str("</svg></section>\n");
}

/// A name in the margin, for all places that begin on one line.
struct Mark<'a> {
    top: f32,
    is_right: bool,
    /// From the outside to the inside.
    nodes: Vec<&'a Node>,
}

impl<'a> Drawing<'a> {
    /// The places of this page that begin here and have a name.
    fn nodes(&self) -> impl Iterator<Item = (&'a Node, Rect)> + use<'a> {
        let page = self.page.page;
        let nodes = self.sheet.tree.nodes.iter().filter(|node| is_headed(node.level));
        nodes.filter_map(move |node| {
            let place = node.places.first().filter(|place| place.page == page)?;
            Some((node, place.bounds))
        })
    }

    fn marks(&self) -> Vec<Mark<'a>> {
        let mut marks: Vec<Mark<'a>> = Vec::new();
        for (node, bounds) in self.nodes() {
            let is_right = bounds.x0 > self.width * 0.52;
            let known = marks
                .iter_mut()
                .find(|mark| mark.is_right == is_right && (mark.top - bounds.y1).abs() < ONE_LINE);
            match known {
                Some(mark) => mark.nodes.push(node),
                None => marks.push(Mark { top: bounds.y1, is_right, nodes: vec![node] }),
            }
        }
        marks
    }

    fn rect(&mut self, class: &str, b: &Rect) {
        let (w, h) = ((b.x1 - b.x0).max(0.0), (b.y1 - b.y0).max(0.0));
        let _ = writeln!(
            self.out,
            "<rect class=\"{class}\" x=\"{:.1}\" y=\"{:.1}\" width=\"{w:.1}\" height=\"{h:.1}\"/>",
            b.x0,
            self.height - b.y1
        );
    }

    /// The cells of tables, and a frame around those that have no rules.
    fn cells(&mut self) {
        for grid in self.page.grids.iter().filter(|grid| grid.is_table) {
            grid.cells.iter().take(MOST).for_each(|cell| self.rect("cell", cell));
        }
        let has_grid = |b: &Rect| {
            self.page
                .grids
                .iter()
                .filter(|grid| grid.is_table)
                .flat_map(|grid| &grid.cells)
                .any(|cell| cell.x0 < b.x1 && cell.x1 > b.x0 && cell.y0 < b.y1 && cell.y1 > b.y0)
        };
        let tables = self.sheet.document.blocks.iter().filter(|b| matches!(b.content, Content::Table(_)));
        let places = tables.flat_map(|block| &block.places).filter(|place| place.page == self.page.page);
        let bare: Vec<Rect> = places.map(|place| place.bounds).filter(|b| !has_grid(b)).collect();
        for bounds in &bare {
            self.rect("cell bare", bounds);
        }
    }

    /// A stroke beside each paragraph of several lines.
    fn paragraphs(&mut self) {
        let blocks = self.sheet.document.blocks.iter();
        let texts = blocks.filter(|block| matches!(block.content, Content::Paragraph(_)));
        for place in texts.flat_map(|block| &block.places).filter(|place| place.page == self.page.page) {
            let b = place.bounds;
            let _ = writeln!(
                self.out,
                "<path class=\"paragraph\" d=\"M{:.1} {:.1}V{:.1}\"/>",
                b.x0 - 4.0,
                self.height - b.y1,
                self.height - b.y0
            );
        }
    }

    /// A ground behind the words of each heading, as far as its first line goes.
    fn headings(&mut self) {
        let found: Vec<(&Node, Rect)> = self.nodes().filter(|(node, _)| !node.heading.is_empty()).collect();
        for (node, bounds) in found {
            let begins = |line: &&LineLook| {
                (line.bounds.y1 - bounds.y1).abs() < ONE_LINE && (line.bounds.x0 - bounds.x0).abs() < 30.0
            };
            let Some(line) = self.page.lines.iter().find(begins) else { continue };
            let share = (breadth(&node.heading) / breadth(&line.text).max(1.0)).min(1.0);
            let b = line.bounds;
            let ground = Rect { x1: b.x0 + (b.x1 - b.x0) * share, ..b };
            self.rect(&format!("ground {}", class(node.level)), &ground);
        }
    }

    /// Hidden text that stands on the page.
    fn hidden(&mut self) {
        let page = self.page;
        for hidden in page.hidden.iter().filter(|hidden| hidden.reason != HiddenReason::Outside) {
            self.rect("hidden", &hidden.bounds);
            let b = &hidden.bounds;
            let size = ((b.y1 - b.y0) * 0.8).clamp(3.0, 12.0);
            let _ = writeln!(
                self.out,
                "<text class=\"hidden\" x=\"{:.1}\" y=\"{:.1}\" font-size=\"{size:.1}\"><title>{}</title>{}</text>",
                b.x0,
                self.height - b.y0 - size * 0.2,
                self.words.hidden(hidden.reason),
                esc(&clipped(&hidden.text, HIDDEN_COLUMNS))
            );
        }
    }

    /// What stands outside of the page, which cannot be drawn in it.
    fn outside(&mut self) {
        let outside = self.page.hidden.iter().filter(|hidden| hidden.reason == HiddenReason::Outside);
        let shown = |hidden: &HiddenLook| format!("<li>{}</li>", esc(&clipped(&hidden.text, HIDDEN_COLUMNS)));
        let items: Vec<String> = outside.take(OUTSIDE).map(shown).collect();
        if !items.is_empty() {
            let (said, items) = (self.words.hidden(HiddenReason::Outside), items.concat());
            let _ = writeln!(self.out, "<ul class=\"outside\"><li><b>{said}</b></li>{items}</ul>");
        }
    }

    fn lines(&mut self) {
        for line in self.page.lines.iter().take(MOST) {
            let block = self.sheet.document.blocks.get(line.block as usize);
            let class = match block.map(|block| &block.content) {
                Some(Content::Furniture(_)) => "furniture",
                Some(Content::Table(_)) => "tabled",
                _ => "text",
            };
            let b = &line.bounds;
            let (w, h) = (b.x1 - b.x0, b.y1 - b.y0);
            let is_upright = h > w * 1.5 && line.text.chars().count() > 2;
            let (x, y, size, length, turn) = if is_upright {
                let (x, y) = (b.x0 + w * 0.8, self.height - b.y0);
                (x, y, w * 0.85, h, format!(" transform=\"rotate(-90 {x:.1} {y:.1})\""))
            } else {
                (b.x0, self.height - b.y0 - h * 0.2, h * 0.85, w, String::new())
            };
            let _ = writeln!(
                self.out,
                "<text class=\"{class}\" x=\"{x:.1}\" y=\"{y:.1}\" font-size=\"{size:.1}\" textLength=\"{:.1}\" \
                 lengthAdjust=\"spacingAndGlyphs\"{turn}>{}</text>",
                length.max(1.0),
                esc(&line.text)
            );
        }
    }

    /// Where lines were joined.
    fn joins(&mut self) {
        let Some(look) = &self.sheet.look else { return };
        for seam in look.joins.iter().filter(|seam| seam.upper.page == self.page.page) {
            let mark = match seam.join {
                Join::Blank => "␣",
                Join::Nothing => "⌢",
                Join::HyphenDropped => "-",
            };
            let doubt = if seam.reason == JoinReason::Syllables { " syllables" } else { "" };
            let b = &seam.upper.bounds;
            let _ = writeln!(
                self.out,
                "<text class=\"join{doubt}\" x=\"{:.1}\" y=\"{:.1}\" font-size=\"9\"><title>{}</title>{mark}</text>",
                b.x1 + 1.0,
                self.height - b.y0 - 2.0,
                self.words.join(seam)
            );
        }
    }

    /// The structure's names in the margins, each beside the line where it begins.
    fn names(&mut self, marks: &[Mark<'_>]) {
        for mark in marks {
            let Some(inner) = mark.nodes.last() else { continue };
            let outer = mark.nodes.first().unwrap_or(inner);
            let levels: Vec<_> = mark.nodes.iter().map(|node| self.words.level(node.level)).collect();
            let paths: Vec<_> = mark.nodes.iter().map(|node| node.path.as_str()).collect();
            let (x, anchor) = if mark.is_right { (self.width + 6.0, "start") } else { (-6.0, "end") };
            let _ = writeln!(
                self.out,
                "<text class=\"name {}\" x=\"{x:.1}\" y=\"{:.1}\" font-size=\"7.5\" text-anchor=\"{anchor}\">\
                 <title>{}</title><tspan class=\"level\">{}</tspan> {}</text>",
                class(outer.level),
                self.height - mark.top + 8.0,
                esc(&paths.join("\n")),
                esc(&levels.join("·")),
                esc(&end_of(&inner.path))
            );
        }
    }
}

/// The end of a path, as long as a margin is wide.
fn end_of(path: &str) -> String {
    let mut columns = 0.0;
    let kept: Vec<char> = (path.chars().rev())
        .take_while(|c| {
            columns += if c.is_ascii() { 1.0 } else { 1.8 };
            columns <= NAME_COLUMNS as f32
        })
        .collect();
    let is_whole = kept.len() == path.chars().count();
    let end: String = kept.into_iter().rev().collect();
    if is_whole { end } else { format!("…{end}") }
}

/// How broad a text is, more or less, in ems.
fn breadth(text: &str) -> f32 {
    text.chars().map(|c| if c.is_ascii() { 0.5 } else { 1.0 }).sum()
}
