//! Lines → paragraphs: a new one where numbering begins, where the line before was not full, and where indentation,
//! size, boldness or spacing say so. A paragraph goes on over the end of a column or a page.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::super::numbering::{Marker, Style, ends_sentence, leader, marker};
use super::super::tree::{Level, Number};
use super::gaps;
use super::grid;
use super::line::Line;
use super::margins::{Columns, is_text};
use super::page::PageLines;

/// A line: the page's index and the line's on it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct At {
    pub page: usize,
    pub line: usize,
}

/// What follows what in a document.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Item {
    Paragraph(Vec<At>),
    /// A ruled table: its pages' grids, (page, grid) each.
    Grid(Vec<(usize, usize)>),
    /// A table without rules: rows of cells, each one line.
    Rows(Vec<Vec<At>>),
    Furniture(At),
}

/// The items of a document, in reading order.
pub(super) fn items(pages: &[PageLines], furniture: &[Vec<bool>], columns: &Columns) -> Vec<Item> {
    let mut flow = Flow::new(pages, furniture, columns);
    for (page, lines) in pages.iter().enumerate() {
        let mut line = 0;
        while line < lines.lines.len() {
            let at = At { page, line };
            if furniture[page][line] {
                flow.items.push(Item::Furniture(at));
            } else if let Some(cell) = lines.lines[line].cell {
                flow.grid(page, cell.grid);
            } else if let Some(rows) = gaps::table(&lines.lines, &furniture[page], line) {
                flow.close();
                line += rows.iter().map(Vec::len).sum::<usize>();
                let at = |line| At { page, line };
                flow.items.push(Item::Rows(
                    rows.into_iter().map(|row| row.into_iter().map(at).collect()).collect(),
                ));
                continue;
            } else {
                flow.take(at);
            }
            line += 1;
        }
    }
    flow.items
}

/// How far a line reaches.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fill {
    /// To the end of its column.
    Full,
    /// Most of the way, with its sentence still open: some producers break by counting letters.
    Open,
    Short,
}

/// How a line is numbered; each kind counts for itself.
type Kind = (Level, Style);

struct Flow<'p> {
    pages: &'p [PageLines],
    items: Vec<Item>,
    /// The paragraph that may go on.
    open: Option<usize>,
    tables: BTreeSet<(usize, usize)>,
    columns: &'p Columns,
    /// The usual distance of two baselines in ems.
    leading: f32,
    /// The last number of each kind.
    numbers: HashMap<Kind, Number>,
}

impl<'p> Flow<'p> {
    fn new(pages: &'p [PageLines], furniture: &[Vec<bool>], columns: &'p Columns) -> Self {
        let body = |page: usize| {
            let lines = pages[page].lines.iter().zip(&furniture[page]);
            lines
                .filter(|(line, is_furniture)| !**is_furniture && is_text(line))
                .map(|(line, _)| line)
                .collect()
        };
        Self {
            pages,
            items: Vec::new(),
            open: None,
            tables: BTreeSet::new(),
            columns,
            leading: leading((0..pages.len()).map(body)),
            numbers: HashMap::new(),
        }
    }

    fn line(&self, at: At) -> &'p Line {
        &self.pages[at.page].lines[at.line]
    }

    fn close(&mut self) {
        self.open = None;
    }

    /// A grid, of which a line was met: a table of its own, or more of the one that the page before ends with.
    fn grid(&mut self, page: usize, grid: usize) {
        if !self.tables.insert((page, grid)) {
            return;
        }
        self.close();
        let last = self.items.iter_mut().rev().find(|item| !matches!(item, Item::Furniture(_)));
        if let Some(Item::Grid(parts)) = last
            && let Some(&(before, above)) = parts.last()
            && before + 1 == page
            && grid::goes_on(&self.pages[before], above, &self.pages[page], grid)
        {
            return parts.push((page, grid));
        }
        self.items.push(Item::Grid(vec![(page, grid)]));
    }

    fn take(&mut self, at: At) {
        let marker = marker(&self.line(at).text);
        let open = self.open.filter(|open| match &self.items[*open] {
            Item::Paragraph(lines) => self.goes_on(lines, at, marker.as_ref()),
            _ => false,
        });
        if let Some(Item::Paragraph(lines)) = open.map(|open| &mut self.items[open]) {
            lines.push(at);
            return;
        }
        if let Some(Marker { level, style, number: Some(number), .. }) = marker {
            self.numbers.insert((level, style), number);
        }
        self.open = Some(self.items.len());
        self.items.push(Item::Paragraph(vec![at]));
    }

    /// Whether a line belongs to the paragraph of the lines before it.
    fn goes_on(&self, lines: &[At], at: At, marker: Option<&Marker<'_>>) -> bool {
        let (Some(&last), line) = (lines.last(), self.line(at)) else { return false };
        let before = self.line(last);
        let is_alike = before.direction.is(line.direction)
            && (before.size - line.size).abs() <= (before.size * 0.08).max(0.6)
            && (before.bold - line.bold).abs() < 0.9;
        if !is_alike || before.is_entry || leader(&before.text).is_some() {
            return false;
        }
        let fill = self.fill(last, line);
        let begins = |marker: &Marker<'_>| fill == Fill::Open || self.begins(before, line, marker);
        if fill == Fill::Short || marker.is_some_and(begins) {
            return false;
        }
        let drop = before.y - line.y;
        let is_beside = (before.x0 - line.x0).abs() > 12.0 * line.size;
        if last.page != at.page || drop <= 0.0 || is_beside {
            return self.goes_on_elsewhere(lines, at);
        }
        self.is_near(lines, drop, line.size) && self.is_indented_alike(lines, at)
    }

    /// Whether a marker begins a paragraph after a line that is full.
    fn begins(&self, before: &Line, line: &Line, marker: &Marker<'_>) -> bool {
        if ends_sentence(&before.text, &line.text) {
            return false;
        }
        // A circled number is nothing else, and the one before may stand inside a line.
        if marker.style == Style::Circled {
            return true;
        }
        let follows = match (marker.number, self.numbers.get(&(marker.level, marker.style))) {
            (Some(number), Some(last)) => {
                let is_next = number.main == last.main + 1 && number.branch == 0;
                let is_branch = number.main == last.main && number.branch == last.branch.max(1) + 1;
                is_next || is_branch || number.main == 1
            }
            (Some(number), None) => number.main == 1,
            (None, _) => marker.sure,
        };
        let is_division = marker.style == Style::Word && marker.level <= Level::Article;
        if ends_statement(&before.text) {
            marker.sure || follows
        } else {
            follows && (marker.sure || is_division)
        }
    }

    /// Whether a line ends where it does because the first word of the next one would not have fitted.
    fn fill(&self, at: At, next: &Line) -> Fill {
        let line = self.line(at);
        let Some(edges) = self.columns.edges(at.page, line) else { return Fill::Short };
        let letters = next.text.chars().count().max(1) as f32;
        let word = next.text.split(' ').next().unwrap_or_default().chars().count() as f32;
        let width = (next.x1 - next.x0) / letters * word;
        let slack =
            if self.is_centred(at) { edges.width() - (line.x1 - line.x0) } else { edges.right - line.x1 };
        if slack < width.max(line.size * 0.8) + line.size * 0.3 {
            return Fill::Full;
        }
        let is_open = !ends_statement(&line.text) && slack < edges.width() * 0.25;
        if is_open { Fill::Open } else { Fill::Short }
    }

    fn is_centred(&self, at: At) -> bool {
        self.columns.is_centred(at.page, self.line(at))
    }

    /// Whether the distance to the line before is that of lines of one paragraph.
    fn is_near(&self, lines: &[At], drop: f32, size: f32) -> bool {
        let own = lines.windows(2).rev().find_map(|pair| {
            let (upper, lower) = (self.line(pair[0]), self.line(pair[1]));
            let drop = upper.y - lower.y;
            (pair[0].page == pair[1].page && drop > 0.0).then_some(drop)
        });
        match own {
            Some(own) => drop < own * 1.25 + 0.5,
            None => drop < self.leading * size * 1.3 + 0.5,
        }
    }

    fn is_indented_alike(&self, lines: &[At], at: At) -> bool {
        let line = self.line(at);
        let first = self.line(lines[0]);
        let tolerance = line.size * 0.7;
        let second = lines.iter().skip(1).find(|l| l.page == at.page && self.is_same_column(**l, at));
        if let Some(second) = second {
            return (line.x0 - self.line(*second).x0).abs() <= tolerance;
        }
        if lines.len() > 1 || self.is_centred(at) {
            return true;
        }
        let shift = line.x0 - first.x0;
        let hangs = marker(&first.text).is_some() || first.text.starts_with('[');
        shift <= if hangs { line.size * 6.0 } else { tolerance } && shift >= -line.size * 5.0
    }

    fn is_same_column(&self, a: At, b: At) -> bool {
        (self.line(a).x0 - self.line(b).x0).abs() < 12.0 * self.line(b).size && a.page == b.page
    }

    /// Whether a paragraph goes on in another column or on another page.
    fn goes_on_elsewhere(&self, lines: &[At], at: At) -> bool {
        let (Some(&last), line) = (lines.last(), self.line(at)) else { return false };
        if at.page > last.page + 1 {
            return false;
        }
        let indent = |at: At| self.line(at).x0 - self.columns.left(at.page, self.line(at));
        let usual = lines.get(1).map_or(0.0, |second| indent(*second));
        let is_indented = indent(at) - usual > line.size * 0.7;
        !self.is_centred(at) && (!is_indented || !ends_statement(&self.line(last).text))
    }
}

/// Whether a text ends as a paragraph does.
fn ends_statement(text: &str) -> bool {
    text.chars().next_back().is_some_and(|c| ".:;!?)]>」』}”’。〉》".contains(c))
}

/// The usual distance of the baselines of two lines that follow each other, in ems.
fn leading<'l>(pages: impl Iterator<Item = Vec<&'l Line>>) -> f32 {
    let mut counts: BTreeMap<i32, u32> = BTreeMap::new();
    for lines in pages {
        for pair in lines.windows(2) {
            let ems = (pair[0].y - pair[1].y) / pair[1].size.max(1.0);
            if (0.9..3.0).contains(&ems) && (pair[0].size - pair[1].size).abs() < 0.6 {
                *counts.entry((ems * 20.0).round() as i32).or_default() += 1;
            }
        }
    }
    // The smallest distance that is common: paragraphs may all be short and stand apart.
    let most = counts.values().max().copied().unwrap_or(0);
    let usual = counts.iter().find(|(_, count)| **count * 3 >= most);
    usual.map_or(1.5, |(ems, _)| *ems as f32 / 20.0)
}
