//! Paragraphs, tables and notes.

use std::collections::{BTreeMap, HashMap};

use quick_xml::Reader;
use quick_xml::events::{BytesRef, BytesStart, Event};

use super::super::block::{Block, Cell, Content, Look, Table};
use super::super::read::LeftOut;
use super::numbering::Numbering;
use super::runs::{attribute, is_on, value};
use super::styles::{Format, Styles};

/// Columns and rows that one cell may fill.
const MOST_SPAN: u32 = 1000;

/// Foot and end notes by their ids.
#[derive(Debug, Default)]
pub(super) struct Notes(HashMap<(bool, String), String>);

impl Notes {
    /// As far as the XML can be read.
    pub(super) fn read(&mut self, xml: &str, tag: &str) {
        let mut reader = Reader::from_str(xml);
        let mut open: Option<(String, String)> = None;
        let mut in_text = false;
        loop {
            match reader.read_event() {
                Ok(Event::Start(start)) if start.name().as_ref() == tag => {
                    // The separator lines are notes as well.
                    let own = attribute(&start, "w:type").is_none_or(|kind| kind == "normal");
                    open = attribute(&start, "w:id").filter(|_| own).map(|id| (id, String::new()));
                }
                Ok(Event::Start(start)) if start.name().as_ref() == "w:t" => in_text = true,
                Ok(Event::End(end)) if end.name().as_ref() == "w:t" => in_text = false,
                Ok(Event::End(end)) if end.name().as_ref() == "w:p" => {
                    if let Some((_, text)) = &mut open {
                        text.push(' ');
                    }
                }
                Ok(Event::End(end)) if end.name().as_ref() == tag => {
                    if let Some((id, text)) = open.take() {
                        self.0.insert((tag == "w:endnote", id), text.trim().to_owned());
                    }
                }
                Ok(Event::Text(text)) if in_text => {
                    if let Some((_, to)) = &mut open {
                        to.push_str(&text);
                    }
                }
                Ok(Event::GeneralRef(entity)) if in_text => {
                    if let Some((_, to)) = &mut open {
                        to.push_str(&resolved(&entity));
                    }
                }
                Ok(Event::Eof) | Err(_) => return,
                Ok(_) => {}
            }
        }
    }
}

/// A paragraph while it is read; one may stand in another's text box.
#[derive(Default)]
struct Paragraph {
    text: String,
    style: Option<String>,
    own: Format,
    /// Bytes of bold text.
    bold: usize,
    /// Bytes of text by size in half points.
    sizes: BTreeMap<u32, usize>,
    notes: Vec<String>,
}

#[derive(Default)]
struct Run {
    bold: Option<bool>,
    size: Option<f32>,
    hidden: bool,
}

/// A table while it is read; one may stand in another's cell.
#[derive(Default)]
struct Grid {
    table: Table,
    row: Vec<Cell>,
    /// The text of the open cell, and what is said of it.
    cell: Option<(String, u32, Option<bool>)>,
    column: u32,
    heading_row: bool,
    /// For each column, where the cell stands that a further row may go on.
    origins: HashMap<u32, (usize, usize)>,
}

pub(super) struct Body<'a> {
    styles: &'a Styles,
    lists: Numbering,
    notes: &'a Notes,
    depth: usize,
    blocks: Vec<Block>,
    paragraphs: Vec<Paragraph>,
    run: Run,
    tables: Vec<Grid>,
    in_text: bool,
    /// Whether properties are a run's, and not their paragraph's.
    in_run: bool,
    in_run_properties: bool,
    /// Open elements whose content is left out.
    deleted: u32,
    fallback: u32,
    left_out: BTreeMap<&'static str, u64>,
    note_numbers: u32,
}

impl<'a> Body<'a> {
    pub(super) fn new(styles: &'a Styles, lists: Numbering, notes: &'a Notes, depth: usize) -> Self {
        Self {
            styles,
            lists,
            notes,
            depth,
            blocks: Vec::new(),
            paragraphs: Vec::new(),
            run: Run::default(),
            tables: Vec::new(),
            in_text: false,
            in_run: false,
            in_run_properties: false,
            deleted: 0,
            fallback: 0,
            left_out: BTreeMap::new(),
            note_numbers: 0,
        }
    }

    /// Reads the document's XML; what is wrong with it, in words, where it breaks off.
    pub(super) fn read(&mut self, xml: &str) -> Result<(), String> {
        let mut reader = Reader::from_str(xml);
        reader.config_mut().check_end_names = true;
        let mut any = false;
        loop {
            let at = reader.buffer_position();
            match reader.read_event().map_err(|e| format!("at byte {at}: {e}"))? {
                Event::Start(tag) => {
                    any = true;
                    self.start(&tag)?;
                }
                Event::Empty(tag) => self.empty(&tag)?,
                Event::End(tag) => self.end(tag.name().as_ref()),
                Event::Text(text) if self.in_text => self.text(&text),
                Event::GeneralRef(entity) if self.in_text => self.text(&resolved(&entity)),
                Event::Eof if any => return Ok(()),
                Event::Eof => return Err("there is no element in it".to_owned()),
                _ => {}
            }
        }
    }

    pub(super) fn finish(mut self) -> (Vec<Block>, Vec<LeftOut>) {
        while !self.paragraphs.is_empty() {
            self.end_paragraph();
        }
        while !self.tables.is_empty() {
            self.end_table();
        }
        let left_out =
            self.left_out.into_iter().map(|(what, count)| LeftOut { what: what.to_owned(), count });
        (self.blocks, left_out.collect())
    }

    fn empty(&mut self, tag: &BytesStart<'_>) -> Result<(), String> {
        match tag.name().as_ref() {
            // An empty element of these is one that opens and closes.
            "w:p" | "w:tc" | "w:tr" => {
                self.start(tag)?;
                self.end(tag.name().as_ref());
            }
            "w:del" | "w:moveFrom" | "w:r" | "w:t" | "w:tbl" | "mc:Fallback" | "w:rPr" | "w:pPr" => {}
            _ => self.property(tag),
        }
        Ok(())
    }

    fn start(&mut self, tag: &BytesStart<'_>) -> Result<(), String> {
        match tag.name().as_ref() {
            "w:p" => {
                if self.paragraphs.len() >= self.depth {
                    return Err(format!("text boxes nest deeper than {}", self.depth));
                }
                self.paragraphs.push(Paragraph::default());
            }
            "w:r" => {
                self.run = Run::default();
                self.in_run = true;
            }
            "w:rPr" => self.in_run_properties = true,
            "w:t" | "w:delText" => self.in_text = true,
            "w:del" | "w:moveFrom" => self.deleted += 1,
            "mc:Fallback" => self.fallback += 1,
            "w:tbl" => {
                if self.tables.len() >= self.depth {
                    return Err(format!("tables nest deeper than {}", self.depth));
                }
                self.tables.push(Grid::default());
            }
            "w:tr" => {
                if let Some(grid) = self.tables.last_mut() {
                    grid.end_row();
                }
            }
            "w:tc" => {
                if let Some(grid) = self.tables.last_mut() {
                    grid.end_cell();
                    grid.cell = Some((String::new(), 1, None));
                }
            }
            _ => self.property(tag),
        }
        Ok(())
    }

    fn property(&mut self, tag: &BytesStart<'_>) {
        let name = tag.name();
        let name = name.as_ref();
        match name {
            "w:tab" if self.in_run => return self.text("\t"),
            "w:br" | "w:cr" if self.in_run => return self.text("\n"),
            "w:noBreakHyphen" => return self.text("-"),
            "w:footnoteReference" | "w:endnoteReference" => {
                return self.note(tag, name == "w:endnoteReference");
            }
            "w:drawing" | "w:pict" if self.fallback == 0 => {
                *self.left_out.entry("pictures").or_default() += 1;
            }
            "w:gridSpan" => {
                let columns = value(tag).and_then(|v| v.parse().ok()).unwrap_or(1u32).clamp(1, MOST_SPAN);
                if let Some((_, span, _)) = self.tables.last_mut().and_then(|grid| grid.cell.as_mut()) {
                    *span = columns;
                }
            }
            "w:vMerge" => {
                let begins = value(tag).is_some_and(|v| v == "restart");
                if let Some((_, _, merge)) = self.tables.last_mut().and_then(|grid| grid.cell.as_mut()) {
                    *merge = Some(begins);
                }
            }
            "w:tblHeader" => {
                if let Some(grid) = self.tables.last_mut() {
                    grid.heading_row = is_on(tag);
                }
            }
            _ => {}
        }
        if self.in_run && self.in_run_properties {
            match name {
                "w:b" => self.run.bold = Some(is_on(tag)),
                "w:sz" => self.run.size = value(tag).and_then(|v| v.parse::<f32>().ok()),
                "w:vanish" => self.run.hidden = is_on(tag),
                _ => {}
            }
        } else if let Some(paragraph) = self.paragraphs.last_mut().filter(|_| !self.in_run_properties) {
            match name {
                "w:pStyle" => paragraph.style = value(tag),
                _ => paragraph.own.property(tag),
            }
        }
    }

    fn note(&mut self, tag: &BytesStart<'_>, end: bool) {
        let Some(text) = attribute(tag, "w:id").and_then(|id| self.notes.0.get(&(end, id))) else { return };
        if self.deleted > 0 || self.fallback > 0 {
            return;
        }
        self.note_numbers += 1;
        let mark = format!("[{}]", self.note_numbers);
        if let Some(paragraph) = self.paragraphs.last_mut() {
            paragraph.text.push_str(&mark);
            paragraph.notes.push(format!("{mark} {text}"));
        }
    }

    fn text(&mut self, text: &str) {
        if self.fallback > 0 {
            return;
        }
        let letters = text.chars().filter(|c| !c.is_control()).count() as u64;
        if self.deleted > 0 {
            *self.left_out.entry("deleted characters").or_default() += letters;
            return;
        }
        if self.run.hidden {
            *self.left_out.entry("hidden characters").or_default() += letters;
            return;
        }
        let Some(paragraph) = self.paragraphs.last_mut() else { return };
        paragraph.text.push_str(text);
        if self.run.bold == Some(true) {
            paragraph.bold += text.len();
        }
        if let Some(size) = self.run.size {
            *paragraph.sizes.entry(size as u32).or_default() += text.len();
        }
    }

    fn end(&mut self, name: &str) {
        match name {
            "w:p" => self.end_paragraph(),
            "w:r" => {
                self.in_run = false;
                self.run = Run::default();
            }
            "w:rPr" => self.in_run_properties = false,
            "w:t" | "w:delText" => self.in_text = false,
            "w:del" | "w:moveFrom" => self.deleted = self.deleted.saturating_sub(1),
            "mc:Fallback" => self.fallback = self.fallback.saturating_sub(1),
            "w:tbl" => self.end_table(),
            "w:tr" => {
                if let Some(grid) = self.tables.last_mut() {
                    grid.end_row();
                }
            }
            "w:tc" => {
                if let Some(grid) = self.tables.last_mut() {
                    grid.end_cell();
                }
            }
            _ => {}
        }
    }

    fn end_paragraph(&mut self) {
        let Some(paragraph) = self.paragraphs.pop() else { return };
        if self.fallback > 0 {
            return;
        }
        let format = paragraph.own.clone().over(&self.styles.format(paragraph.style.as_deref()));
        let text = paragraph.text.trim().to_owned();
        // Empty paragraphs of a list have no number on the page either.
        let list = format.list.filter(|(id, _)| *id > 0 && !text.is_empty());
        let marker = list.and_then(|(id, depth)| Some((self.lists.next(id, depth)?, depth)));
        let marker = marker.filter(|(marker, _)| !marker.is_empty());
        if text.is_empty() {
            return;
        }
        if let Some((cell, _, _)) = self.tables.last_mut().and_then(|grid| grid.cell.as_mut()) {
            let marker = marker.map_or(String::new(), |(marker, _)| marker + " ");
            cell.push_str(&format!("{}{marker}{text}", if cell.is_empty() { "" } else { "\n" }));
            paragraph.notes.iter().for_each(|note| cell.push_str(&format!("\n{note}")));
            return;
        }
        let look = look(&paragraph, &format);
        let content = match (format.heading, marker) {
            (Some(level), Some((marker, _))) => Content::Heading { level, text: format!("{marker} {text}") },
            (Some(level), None) => Content::Heading { level, text },
            (None, Some((marker, depth))) => Content::ListItem { depth, marker, text },
            (None, None) => Content::Paragraph(text),
        };
        self.blocks.push(Block { content, look, places: Vec::new() });
        for note in paragraph.notes {
            self.blocks.push(Block {
                content: Content::Paragraph(note),
                look: Look::default(),
                places: Vec::new(),
            });
        }
    }

    fn end_table(&mut self) {
        let Some(mut grid) = self.tables.pop() else { return };
        grid.end_row();
        if let Some((cell, _, _)) = self.tables.last_mut().and_then(|outer| outer.cell.as_mut()) {
            cell.push_str(&format!("{}{}", if cell.is_empty() { "" } else { "\n" }, grid.table.text()));
        } else if grid.table.rows.iter().flatten().any(|cell| !cell.text.is_empty()) {
            grid.table.find_head();
            let content = match grid.table.rows.as_slice() {
                // A frame around text is no table.
                [row] if row.len() == 1 => Content::Paragraph(row[0].text.clone()),
                _ => Content::Table(grid.table),
            };
            self.blocks.push(Block { content, look: Look::default(), places: Vec::new() });
        }
    }
}

impl Grid {
    fn end_cell(&mut self) {
        let Some((text, columns, merge)) = self.cell.take() else { return };
        let column = self.column;
        self.column += columns;
        let row = self.table.rows.len();
        if merge == Some(false) {
            // It goes on the cell above; where there is none, it is a cell of its own.
            if let Some(&(above, at)) = self.origins.get(&column) {
                let cell = &mut self.table.rows[above][at];
                cell.rows = cell.rows.saturating_add(1);
                if !text.is_empty() {
                    cell.text.push_str(&format!("\n{text}"));
                }
                return;
            }
        }
        match merge {
            Some(true) => self.origins.insert(column, (row, self.row.len())),
            _ => self.origins.remove(&column),
        };
        self.row.push(Cell { text, column, columns, rows: 1 });
    }

    fn end_row(&mut self) {
        self.end_cell();
        let heading = std::mem::take(&mut self.heading_row);
        if self.column == 0 {
            return;
        }
        self.column = 0;
        let row = std::mem::take(&mut self.row);
        if heading && self.table.heading_rows as usize == self.table.rows.len() {
            self.table.heading_rows += 1;
        }
        // A row may be nothing but cells from above; it counts for where the next ones stand.
        self.table.rows.push(row);
    }
}

fn look(paragraph: &Paragraph, format: &Format) -> Look {
    let letters = paragraph.text.len().max(1);
    let own = paragraph.sizes.iter().max_by_key(|(_, n)| **n).filter(|(_, n)| **n * 2 > letters);
    let size = own.map_or(format.size.unwrap_or(0.0), |(half, _)| *half as f32 / 2.0);
    let left = format.left.unwrap_or(0.0);
    Look {
        size,
        bold: paragraph.bold * 2 > letters || (format.bold == Some(true) && paragraph.bold == 0),
        centred: format.centred.unwrap_or(false),
        indent: (left + format.first.unwrap_or(0.0)).max(0.0),
        hang: left.max(0.0),
    }
}

/// What `&amp;` and `&#44032;` stand for; nothing where that is not known.
fn resolved(entity: &BytesRef<'_>) -> String {
    if let Ok(Some(c)) = entity.resolve_char_ref() {
        return c.to_string();
    }
    quick_xml::escape::resolve_predefined_entity(entity).unwrap_or_default().to_owned()
}

/// The texts of the paragraphs of a running head or foot; a page number in it is a field without text.
pub(super) fn plain(xml: &str) -> impl Iterator<Item = String> {
    let (styles, notes) = (Styles::default(), Notes::default());
    let mut body = Body::new(&styles, Numbering::default(), &notes, 64);
    // What can be read of it is enough.
    let _ = body.read(xml);
    let (blocks, _) = body.finish();
    blocks
        .into_iter()
        .filter_map(|block| match block.content {
            Content::Paragraph(text) | Content::Heading { text, .. } | Content::ListItem { text, .. } => {
                Some(text)
            }
            Content::Table(table) => Some(table.text()),
            Content::Furniture(_) => None,
        })
        .collect::<Vec<_>>()
        .into_iter()
}

/// The text of the first element with a name.
pub(super) fn element(xml: &str, name: &str) -> Option<String> {
    let mut reader = Reader::from_str(xml);
    let mut open = false;
    let mut out = String::new();
    loop {
        match reader.read_event() {
            Ok(Event::Start(tag)) if tag.name().as_ref() == name => open = true,
            Ok(Event::End(tag)) if tag.name().as_ref() == name => {
                return Some(out.trim().to_owned()).filter(|text| !text.is_empty());
            }
            Ok(Event::Text(text)) if open => out.push_str(&text),
            Ok(Event::GeneralRef(entity)) if open => out.push_str(&resolved(&entity)),
            Ok(Event::Eof) | Err(_) => return None,
            Ok(_) => {}
        }
    }
}
