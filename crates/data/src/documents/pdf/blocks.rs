//! Items → blocks: lines joined, tables filled, places noted.

use std::collections::BTreeMap;

use super::super::{Block, Cell, Content, Look, Place, Rect, Table};
use super::flow::{At, Item};
use super::grid::Grid;
use super::join::{Joiner, Seam, append};
use super::line::Line;
use super::look::JoinLook;
use super::margins::Columns;
use super::page::PageLines;

/// The blocks of a document, the joins that were made in them, and for each line of each page its block and its place
/// among the block's lines.
pub(super) struct Built {
    pub blocks: Vec<Block>,
    pub joins: Vec<JoinLook>,
    pub block_of: Vec<Vec<(u32, u32)>>,
}

/// Makes the blocks.
pub(super) fn build(pages: &[PageLines], items: &[Item], columns: &Columns) -> Built {
    let cells: Vec<BTreeMap<(usize, usize), Vec<At>>> = items.iter().map(|item| cells(pages, item)).collect();
    let joiner = learned(pages, items, &cells);
    let mut builder = Builder {
        pages,
        columns,
        joiner,
        built: Built {
            blocks: Vec::with_capacity(items.len()),
            joins: Vec::new(),
            block_of: pages.iter().map(|page| vec![(0, 0); page.lines.len()]).collect(),
        },
    };
    for (item, cells) in items.iter().zip(&cells) {
        builder.add(item, cells);
    }
    builder.built
}

fn line(pages: &[PageLines], at: At) -> &Line {
    &pages[at.page].lines[at.line]
}

/// The lines of each cell, from top to bottom. The rows of a table that goes over pages are counted through.
fn cells(pages: &[PageLines], item: &Item) -> BTreeMap<(usize, usize), Vec<At>> {
    let mut cells: BTreeMap<(usize, usize), Vec<At>> = BTreeMap::new();
    let Item::Grid(parts) = item else { return cells };
    let mut above = 0;
    for &(page, grid) in parts {
        for (index, line) in pages[page].lines.iter().enumerate() {
            if let Some(cell) = line.cell.filter(|cell| cell.grid == grid) {
                cells.entry((above + cell.row, cell.column)).or_default().push(At { page, line: index });
            }
        }
        above += pages[page].grids[grid].cells.len();
    }
    for lines in cells.values_mut() {
        lines.sort_by(|a, b| {
            let (a, b) = (line(pages, *a), line(pages, *b));
            let same_row = (a.y - b.y).abs() < a.size * 0.4;
            if same_row { a.x0.total_cmp(&b.x0) } else { b.y.total_cmp(&a.y) }
        });
    }
    cells
}

fn seams<'p>(pages: &'p [PageLines], lines: &[At]) -> Vec<Seam<'p>> {
    lines.windows(2).map(|pair| Seam { upper: line(pages, pair[0]), lower: line(pages, pair[1]) }).collect()
}

fn learned(pages: &[PageLines], items: &[Item], cells: &[BTreeMap<(usize, usize), Vec<At>>]) -> Joiner {
    let mut all = Vec::new();
    let mut furniture: Vec<Vec<bool>> = pages.iter().map(|page| vec![false; page.lines.len()]).collect();
    for (item, cells) in items.iter().zip(cells) {
        match item {
            Item::Paragraph(lines) => all.extend(seams(pages, lines)),
            Item::Furniture(at) => furniture[at.page][at.line] = true,
            _ => {}
        }
        all.extend(cells.values().flat_map(|lines| seams(pages, lines)));
    }
    let body = pages.iter().zip(&furniture).flat_map(|(page, furniture)| {
        page.lines.iter().zip(furniture).filter(|(_, furniture)| !**furniture).map(|(line, _)| line)
    });
    Joiner::learn(&all, body)
}

struct Builder<'p> {
    pages: &'p [PageLines],
    columns: &'p Columns,
    joiner: Joiner,
    built: Built,
}

impl Builder<'_> {
    fn add(&mut self, item: &Item, cells: &BTreeMap<(usize, usize), Vec<At>>) {
        let mut repeated = Vec::new();
        let (content, lines) = match item {
            Item::Paragraph(lines) => (Content::Paragraph(self.text(lines)), lines.clone()),
            Item::Furniture(at) => (Content::Furniture(line(self.pages, *at).text.clone()), vec![*at]),
            Item::Grid(parts) => {
                let (table, again) = self.table(parts, cells);
                repeated = again;
                (Content::Table(table), cells.values().flatten().copied().collect())
            }
            Item::Rows(rows) => (Content::Table(self.rows(rows)), rows.iter().flatten().copied().collect()),
        };
        let block = self.built.blocks.len() as u32;
        for (rank, at) in lines.iter().enumerate() {
            self.built.block_of[at.page][at.line] = (block, rank as u32);
        }
        let mut places = self.places(&lines);
        if let Item::Grid(parts) = item {
            for (place, &(page, grid)) in places.iter_mut().zip(parts) {
                place.bounds = self.pages[page].grids[grid].bounds();
            }
        }
        let look = self.look(&lines);
        self.built.blocks.push(Block { content, look, places });
        for (text, place) in repeated {
            let content = Content::Furniture(text);
            self.built.blocks.push(Block { content, look, places: vec![place] });
        }
    }

    fn text(&mut self, lines: &[At]) -> String {
        let mut text = lines.first().map_or(String::new(), |first| line(self.pages, *first).text.clone());
        for pair in lines.windows(2) {
            let seam = Seam { upper: line(self.pages, pair[0]), lower: line(self.pages, pair[1]) };
            let (join, reason) = self.joiner.join(&seam);
            append(&mut text, &seam.lower.text, join);
            self.built.joins.push(JoinLook {
                block: self.built.blocks.len() as u32,
                upper: self.place(pair[0]),
                lower: self.place(pair[1]),
                join,
                reason,
            });
        }
        text
    }

    fn place(&self, at: At) -> Place {
        let page = self.pages[at.page].report.page;
        Place { page, line: 0, bounds: line(self.pages, at).bounds }
    }

    /// One place for each page and column.
    fn places(&self, lines: &[At]) -> Vec<Place> {
        let mut places: Vec<Place> = Vec::new();
        let mut last: Option<At> = None;
        for at in lines {
            let place = self.place(*at);
            let goes_on = last.is_some_and(|last| {
                let (upper, lower) = (line(self.pages, last), line(self.pages, *at));
                last.page == at.page && (upper.y >= lower.y || upper.cell.is_some())
            });
            match places.last_mut() {
                Some(before) if goes_on => before.bounds = around(before.bounds, place.bounds),
                _ => places.push(place),
            }
            last = Some(*at);
        }
        places
    }

    fn look(&self, lines: &[At]) -> Look {
        let Some(first) = lines.first() else { return Look::default() };
        let letters = |at: &&At| line(self.pages, **at).text.len();
        let most = line(self.pages, *lines.iter().max_by_key(letters).unwrap_or(first));
        let indent = |at: &At| {
            let line = line(self.pages, *at);
            (line.x0 - self.columns.left(at.page, line)).max(0.0)
        };
        let bold: usize = lines.iter().filter(|at| line(self.pages, **at).is_bold()).count();
        Look {
            size: most.size,
            bold: bold * 2 > lines.len(),
            centred: self.columns.is_centred(first.page, line(self.pages, *first)),
            indent: indent(first),
            hang: indent(lines.get(1).unwrap_or(first)),
        }
    }

    /// The table of one or more grids, and the headings that are printed again on its later pages.
    fn table(
        &mut self,
        parts: &[(usize, usize)],
        cells: &BTreeMap<(usize, usize), Vec<At>>,
    ) -> (Table, Vec<(String, Place)>) {
        let mut rows: Vec<Vec<Cell>> = Vec::new();
        let mut bold_rows = Vec::new();
        let mut begins = Vec::new();
        for &(page, grid) in parts {
            let grid = &self.pages[page].grids[grid];
            begins.push((rows.len(), page));
            let above = rows.len();
            for (row, roots) in grid.cells.iter().enumerate() {
                let mut out = Vec::new();
                let mut is_bold = true;
                for (column, root) in roots.iter().enumerate() {
                    if *root != (row, column) {
                        continue;
                    }
                    let lines = cells.get(&(above + root.0, root.1)).map_or(&[][..], Vec::as_slice);
                    is_bold &= lines.iter().all(|at| line(self.pages, *at).is_bold());
                    let (rows, columns) = span(grid, *root);
                    out.push(Cell { text: self.text(lines), column: column as u32, columns, rows });
                }
                bold_rows.push(is_bold && out.iter().any(|cell| !cell.text.is_empty()));
                rows.push(out);
            }
        }
        let heading_rows = heading_rows(&rows, &bold_rows);
        let repeated = take_repeated(&mut rows, &begins, heading_rows as usize);
        let place = |page: usize| Place {
            page: self.pages[page].report.page,
            line: 0,
            bounds: parts
                .iter()
                .find(|part| part.0 == page)
                .map_or_else(Rect::default, |&(page, grid)| self.pages[page].grids[grid].bounds()),
        };
        let repeated = repeated.into_iter().map(|(text, page)| (text, place(page))).collect();
        (Table { rows, heading_rows }, repeated)
    }

    fn rows(&self, rows: &[Vec<At>]) -> Table {
        // Columns begin where the row with the most cells has them.
        let start = |at: &At| line(self.pages, *at).x0;
        let widest = rows.iter().max_by_key(|row| row.len());
        let edges: Vec<(f32, f32)> = widest
            .map_or(Vec::new(), |row| row.iter().map(|at| (start(at), line(self.pages, *at).x1)).collect());
        let column = |at: &At| {
            let (x0, x1) = (start(at), line(self.pages, *at).x1);
            let apart =
                |edge: &(f32, f32)| ((edge.0 + edge.1) - (x0 + x1)).abs().min((edge.0 - x0).abs() * 2.0);
            let nearest = edges.iter().enumerate().min_by(|a, b| apart(a.1).total_cmp(&apart(b.1)));
            nearest.map_or(0, |(column, _)| column as u32)
        };
        let mut out = Vec::new();
        let mut bold_rows = Vec::new();
        for row in rows {
            let mut cells: Vec<Cell> = Vec::new();
            for at in row {
                let least = cells.last().map_or(0, |cell| cell.column + 1);
                let text = line(self.pages, *at).text.clone();
                cells.push(Cell { text, column: column(at).max(least), columns: 1, rows: 1 });
            }
            bold_rows.push(row.iter().all(|at| line(self.pages, *at).is_bold()));
            out.push(cells);
        }
        let heading_rows = heading_rows(&out, &bold_rows);
        Table { rows: out, heading_rows }
    }
}

/// Takes out the headings that are printed again where a table goes on: their text, and the page.
fn take_repeated(
    rows: &mut Vec<Vec<Cell>>,
    begins: &[(usize, usize)],
    heading_rows: usize,
) -> Vec<(String, usize)> {
    let mut taken = Vec::new();
    for &(begin, page) in begins.iter().skip(1).rev() {
        let again = (0..heading_rows.max(1))
            .take_while(|&row| begin + row < rows.len() && row < begin && rows[begin + row] == rows[row])
            .count();
        for row in rows.drain(begin..begin + again).rev() {
            let cells: Vec<&str> = row.iter().map(|cell| cell.text.as_str()).collect();
            taken.push((cells.join(" "), page));
        }
    }
    taken.reverse();
    taken
}

/// How many rows and columns a cell fills.
pub(super) fn span(grid: &Grid, root: (usize, usize)) -> (u32, u32) {
    let rows = grid.cells[root.0..].iter().take_while(|row| row[root.1] == root).count();
    let columns = grid.cells[root.0][root.1..].iter().take_while(|cell| **cell == root).count();
    (rows as u32, columns as u32)
}

/// Bold rows at the top, up to three; else those that only name things.
fn heading_rows(rows: &[Vec<Cell>], bold: &[bool]) -> u32 {
    let leading = bold.iter().take_while(|bold| **bold).count();
    if leading > 0 && leading < rows.len() {
        return leading.min(3) as u32;
    }
    Table::named_rows(rows)
}

fn around(a: Rect, b: Rect) -> Rect {
    Rect { x0: a.x0.min(b.x0), y0: a.y0.min(b.y0), x1: a.x1.max(b.x1), y1: a.y1.max(b.y1) }
}
