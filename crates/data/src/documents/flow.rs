//! Blocks out of formats that say what begins and what ends: Markdown and HTML.

use super::block::{Block, Cell, Content, Look, Place, Rect, Table};
use super::breaks::{self, Piece};

/// How far an item of a list is indented, in points; only the order matters.
const INDENT: f32 = 20.0;
/// Lists in lists; what is deeper counts as this deep.
const MOST_DEPTH: usize = 64;
/// Columns and rows that one cell may fill.
const MOST_SPAN: u32 = 1000;

/// What the text that comes belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Paragraph,
    Heading(u8),
    /// Below the text, or beside it.
    Furniture,
}

/// Collects blocks.
#[derive(Default)]
pub(super) struct Flow {
    blocks: Vec<Block>,
    text: String,
    kind: Option<Kind>,
    /// The next number of each open list; none where it has bullets.
    lists: Vec<Option<u64>>,
    /// The marker of the item that begins.
    marker: Option<String>,
    /// Whether something stood in the last item that is of no list: `②` below `2.`.
    left_list: bool,
    /// Lists beyond [`MOST_DEPTH`].
    deeper: usize,
    tables: Vec<Grid>,
    /// Whether blanks and line ends stay as they are.
    pub(super) verbatim: bool,
    /// The line of the source.
    pub(super) line: u32,
}

impl Flow {
    /// Begins a block; what was open ends.
    pub(super) fn begin(&mut self, kind: Kind) {
        self.end();
        self.kind = Some(kind);
    }

    /// Ends the open block.
    pub(super) fn end(&mut self) {
        if let Some(grid) = self.tables.last_mut().filter(|grid| grid.in_cell) {
            // Blocks in a cell are lines of it.
            if !grid.text.is_empty() && !grid.text.ends_with('\n') {
                grid.text.push('\n');
            }
            return;
        }
        let text = std::mem::take(&mut self.text);
        let kind = self.kind.take().unwrap_or(Kind::Paragraph);
        let pieces = match kind {
            _ if self.verbatim => vec![Piece::whole(text)],
            Kind::Furniture => vec![Piece::whole(text.replace(breaks::SOFT, " "))],
            Kind::Heading(_) => breaks::pieces(&text, true),
            Kind::Paragraph => breaks::pieces(&text, false),
        };
        // `---` below lines makes a heading of all of them; where they are numbered they are none.
        let kind = if pieces.len() > 1 { Kind::Paragraph } else { kind };
        let begun = self.line;
        for piece in pieces {
            // A page of HTML has no lines.
            self.line = if begun == 0 { 0 } else { begun + piece.line };
            self.piece(kind, &piece);
        }
        self.line = begun;
    }

    /// A block, or a part of one that begins with a number of its own.
    fn piece(&mut self, kind: Kind, piece: &Piece) {
        self.left_list |= piece.is_outer;
        let text = trimmed(&piece.text, self.verbatim);
        if text.is_empty() {
            return;
        }
        let depth = self.lists.len().saturating_sub(1) as u8;
        // A bullet before `①` says nothing that the number does not.
        let marker =
            self.marker.take().filter(|marker| marker != "-" || self.verbatim || !breaks::is_numbered(&text));
        let content = match (kind, marker) {
            (Kind::Heading(level), _) => Content::Heading { level, text },
            (Kind::Furniture, _) => Content::Furniture(text),
            (Kind::Paragraph, Some(marker)) => Content::ListItem { depth, marker, text },
            (Kind::Paragraph, None) => Content::Paragraph(text),
        };
        // What goes on a list without being of it stands where its number says, not where the list does.
        let indent = if piece.is_outer { 0.0 } else { self.lists.len() as f32 * INDENT };
        self.push(content, Look { indent, hang: indent, ..Look::default() });
    }

    fn push(&mut self, content: Content, look: Look) {
        let place = Place { page: 0, line: self.line, bounds: Rect::default() };
        self.blocks.push(Block { content, look, places: vec![place] });
    }

    pub(super) fn text(&mut self, text: &str) {
        let verbatim = self.verbatim;
        let to = match self.tables.last_mut() {
            Some(grid) if grid.in_cell => &mut grid.text,
            // Between the cells of a table there are only blanks.
            Some(_) if text.trim().is_empty() => return,
            _ => &mut self.text,
        };
        if verbatim {
            to.push_str(text);
            return;
        }
        for c in text.chars() {
            if !c.is_whitespace() || c == '\u{a0}' {
                to.push(if c == '\u{a0}' { ' ' } else { c });
            } else if !to.is_empty() && !to.ends_with([' ', '\n', breaks::SOFT]) {
                to.push(' ');
            }
        }
    }

    /// A line end in the source that is a blank, unless something begins behind it.
    pub(super) fn soft_break(&mut self) {
        if self.verbatim || !self.tables.is_empty() {
            self.text(" ");
        } else if !self.text.is_empty() {
            self.text.push(breaks::SOFT);
        }
    }

    pub(super) fn line_break(&mut self) {
        let to = match self.tables.last_mut() {
            Some(grid) if grid.in_cell => &mut grid.text,
            _ => &mut self.text,
        };
        if !to.is_empty() {
            to.push('\n');
        }
    }

    pub(super) fn begin_list(&mut self, first: Option<u64>) {
        self.end();
        self.left_list = false;
        if self.lists.len() < MOST_DEPTH { self.lists.push(first) } else { self.deeper += 1 }
    }

    pub(super) fn end_list(&mut self) {
        self.end();
        self.marker = None;
        if self.deeper > 0 {
            self.deeper -= 1;
        } else {
            self.lists.pop();
        }
    }

    pub(super) fn begin_item(&mut self) {
        self.begin_item_as(None);
    }

    /// Begins an item whose number and what stands behind it are printed. They hold where the numbers grow, and where
    /// the list begins anew below another 항; else all items have one number, and are counted.
    pub(super) fn begin_item_as(&mut self, printed: Option<(u64, char)>) {
        self.end();
        let anew = std::mem::take(&mut self.left_list);
        self.marker = Some(match self.lists.last_mut() {
            Some(Some(next)) => {
                let (number, after) = printed.unwrap_or((*next, '.'));
                let number = if anew { number } else { number.max(*next) };
                *next = number + 1;
                format!("{number}{after}")
            }
            _ => "-".to_owned(),
        });
    }

    pub(super) fn end_item(&mut self) {
        self.end();
        self.marker = None;
    }

    pub(super) fn begin_table(&mut self) {
        self.end();
        if self.tables.len() < MOST_DEPTH {
            self.tables.push(Grid::default());
        }
    }

    pub(super) fn begin_row(&mut self) {
        if let Some(grid) = self.tables.last_mut() {
            grid.end_row();
            grid.row = Some(Vec::new());
            grid.all_heads = true;
        }
    }

    pub(super) fn begin_cell(&mut self, head: bool, columns: u32, rows: u32) {
        if let Some(grid) = self.tables.last_mut() {
            grid.end_cell();
            grid.row.get_or_insert_default();
            grid.in_cell = true;
            grid.all_heads &= head;
            grid.span = (columns.clamp(1, MOST_SPAN), rows.clamp(1, MOST_SPAN));
        }
    }

    pub(super) fn end_cell(&mut self) {
        if let Some(grid) = self.tables.last_mut() {
            grid.end_cell();
        }
    }

    pub(super) fn end_row(&mut self) {
        if let Some(grid) = self.tables.last_mut() {
            grid.end_row();
        }
    }

    pub(super) fn end_table(&mut self) {
        let Some(mut grid) = self.tables.pop() else { return };
        grid.end_row();
        if let Some(outer) = self.tables.last_mut().filter(|outer| outer.in_cell) {
            // A table in a cell is lines of that cell.
            outer.text.push_str(&grid.table.text());
            outer.text.push('\n');
        } else if grid.table.rows.iter().flatten().any(|cell| !cell.text.is_empty()) {
            let alone = grid.table.rows.len() == 1 && grid.table.rows[0].len() == 1;
            if alone {
                // A frame around text is no table.
                let text = grid.table.rows[0][0].text.clone();
                self.push(Content::Paragraph(text), Look::default());
            } else {
                grid.table.find_head();
                self.push(Content::Table(grid.table), Look::default());
            }
        }
    }

    /// Whether nothing is open, so that what comes begins a block.
    pub(super) fn is_between(&self) -> bool {
        self.text.is_empty() && self.tables.is_empty()
    }

    /// Whether the row that is read is the first of its table.
    pub(super) fn is_first_row(&self) -> bool {
        self.tables.last().is_some_and(|grid| grid.table.rows.is_empty())
    }

    /// Whether the text goes to a cell.
    pub(super) fn in_table(&self) -> bool {
        !self.tables.is_empty()
    }

    pub(super) fn finish(mut self) -> Vec<Block> {
        while !self.tables.is_empty() {
            self.end_table();
        }
        self.end();
        self.blocks
    }
}

/// A table while it is read.
#[derive(Default)]
pub(super) struct Grid {
    pub(super) table: Table,
    row: Option<Vec<Cell>>,
    in_cell: bool,
    text: String,
    span: (u32, u32),
    all_heads: bool,
    /// For each column, the rows that a cell above still fills.
    filled: Vec<u32>,
}

impl Grid {
    fn end_cell(&mut self) {
        if !std::mem::take(&mut self.in_cell) {
            return;
        }
        let text = trimmed(&std::mem::take(&mut self.text), false);
        let (columns, rows) = self.span;
        let mut column = 0;
        while self.filled.get(column as usize).is_some_and(|rows| *rows > 0) {
            column += 1;
        }
        let end = (column + columns) as usize;
        if self.filled.len() < end {
            self.filled.resize(end, 0);
        }
        self.filled[column as usize..end].fill(rows);
        if let Some(row) = &mut self.row {
            row.push(Cell { text, column, columns, rows });
        }
    }

    fn end_row(&mut self) {
        self.end_cell();
        let Some(row) = self.row.take().filter(|row| !row.is_empty()) else { return };
        let heads = self.table.heading_rows as usize == self.table.rows.len() && self.all_heads;
        self.table.heading_rows += u32::from(heads);
        self.table.rows.push(row);
        self.filled.iter_mut().for_each(|rows| *rows = rows.saturating_sub(1));
    }
}

fn trimmed(text: &str, verbatim: bool) -> String {
    if verbatim {
        return text.trim_matches('\n').trim_end().to_owned();
    }
    text.lines().map(str::trim).filter(|line| !line.is_empty()).collect::<Vec<_>>().join("\n")
}
