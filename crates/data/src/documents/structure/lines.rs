//! A document as lines: the smallest pieces that a heading or an item can begin.

use std::borrow::Cow;

use super::super::block::{Block, Content, Document, Look, Place, Table};
use super::super::numbering::{self, Marker, Style};
use super::super::tree::Level;

/// What a line turns out to be; a text until a step says otherwise.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Role {
    /// Text, or an item of a list: that is seen when the tree is built.
    Body,
    /// A heading by its words and its place in the sequence: 편 … 조, 부칙, 별표, Part … Article.
    Division,
    /// A heading of a document without articles.
    Heading(u8),
    /// An entry or the title of a contents page.
    Contents,
    /// A part of a table of old and new wording.
    Comparison,
    /// The second line of a heading: it belongs to the line before.
    Title,
}

/// A line.
#[derive(Debug, Clone)]
pub(super) struct Line<'d> {
    pub(super) text: &'d str,
    pub(super) marker: Option<Marker<'d>>,
    pub(super) role: Role,
    /// Whether it begins its block.
    pub(super) first: bool,
    /// Whether it goes on a line of the document: what follows a heading.
    pub(super) inline: bool,
    /// The level that the format gives a heading.
    pub(super) heading: Option<u8>,
    /// The depth that the format gives an item of a list.
    pub(super) depth: Option<u8>,
    pub(super) table: Option<&'d Table>,
    pub(super) look: Look,
    pub(super) place: Option<Place>,
}

/// The texts of the blocks that are not furniture; of an item the marker and the text.
pub(super) fn texts(document: &Document) -> Vec<(usize, Cow<'_, str>)> {
    document.blocks.iter().enumerate().filter_map(|(i, block)| Some((i, block_text(block)?))).collect()
}

/// The text of a block as it counts for the acceptance; none for furniture.
pub(super) fn block_text(block: &Block) -> Option<Cow<'_, str>> {
    Some(match &block.content {
        Content::Paragraph(text) | Content::Heading { text, .. } => Cow::Borrowed(text),
        Content::ListItem { marker, text, .. } if marker.is_empty() => Cow::Borrowed(text),
        Content::ListItem { marker, text, .. } => Cow::Owned(format!("{marker} {text}")),
        Content::Table(table) => Cow::Owned(table.text()),
        Content::Furniture(_) => return None,
    })
}

/// All lines with what they may begin. A heading that text follows on its line gives two.
pub(super) fn lines<'d>(document: &'d Document, texts: &'d [(usize, Cow<'d, str>)]) -> Vec<Line<'d>> {
    let mut out = Vec::with_capacity(texts.len());
    for (block, text) in texts {
        let source = &document.blocks[*block];
        let (mut heading, mut depth, mut table) = (None, None, None);
        match &source.content {
            Content::Heading { level, .. } => heading = Some(*level),
            Content::ListItem { depth: d, .. } => depth = Some(*d),
            Content::Table(t) => table = Some(t),
            Content::Paragraph(_) | Content::Furniture(_) => {}
        }
        let line = Line {
            text: "",
            marker: None,
            role: Role::Body,
            first: true,
            inline: false,
            heading,
            depth,
            table,
            look: source.look,
            place: source.places.first().copied(),
        };
        if table.is_some() {
            out.push(line);
            continue;
        }
        let mut first = true;
        for (number, piece) in text.lines().enumerate() {
            let piece = piece.trim();
            if piece.is_empty() {
                continue;
            }
            let place = line.place.map(|place| match place.line {
                0 => place,
                at => Place { line: at + number as u32, ..place },
            });
            push(&mut out, Line { text: piece, first, place, ..line.clone() });
            first = false;
        }
    }
    out
}

/// A line, split where a heading is followed by the first of a list: `제1조(목적) ① …`.
fn push<'d>(out: &mut Vec<Line<'d>>, mut line: Line<'d>) {
    let mut nested = 0;
    loop {
        line.marker = numbering::marker(line.text);
        let inner = line.marker.as_ref().and_then(|m| begins_inside(m)).filter(|_| nested < 4);
        let Some(rest) = inner else { break };
        let head = &line.text[..line.text.len() - rest.len()];
        let mut before = line.clone();
        before.text = head.trim_end();
        before.marker = numbering::marker(before.text)
            .map(|m| Marker { sure: m.sure || line.marker.is_some_and(|whole| whole.sure), ..m });
        if before.marker.is_none() {
            break;
        }
        out.push(before);
        line = Line { text: rest, first: false, inline: true, ..line };
        nested += 1;
    }
    out.push(line);
}

/// The text after a marker where it begins something of its own.
fn begins_inside<'d>(marker: &Marker<'d>) -> Option<&'d str> {
    if marker.rest.is_empty() || marker.style == Style::Bullet || marker.page.is_some() {
        return None;
    }
    let inner = numbering::marker(marker.rest)?;
    let first = inner.number.is_some_and(|n| n.main == 1 && n.branch == 0);
    let opens = match inner.level {
        Level::Article | Level::Chapter | Level::Section | Level::Subsection => {
            matches!(marker.level, Level::Supplement | Level::Part | Level::Chapter | Level::Section)
                && inner.level > marker.level
                || (marker.level == Level::Supplement && inner.level == Level::Article)
        }
        Level::Paragraph | Level::Item | Level::SubItem | Level::Point => {
            first && inner.sure && inner.style != marker.style
        }
        _ => false,
    };
    opens.then_some(marker.rest)
}

/// A text without blanks, for comparing headings.
pub(super) fn squeezed(text: &str) -> String {
    text.chars().filter(|c| !c.is_whitespace()).collect()
}
