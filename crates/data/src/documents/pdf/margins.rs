//! Where the columns of a page begin and end, so that a line is known to be full.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;

use super::line::Line;
use super::page::PageLines;

/// Width of a class of left edges and of right edges, in points.
const LEFT_CLASS: f32 = 8.0;
const RIGHT_CLASS: f32 = 3.0;

/// The edges of many lines.
#[derive(Debug, Default)]
pub(super) struct Margins {
    /// For each class of left edges, how many lines end in each class of right edges, and the furthest end.
    ends: BTreeMap<i32, BTreeMap<i32, (u32, f32)>>,
    /// For each class of left edges, the leftmost beginning.
    starts: BTreeMap<i32, f32>,
    /// The ends of the columns that were asked about: class, lines, furthest end.
    columns: RefCell<BTreeMap<(i32, i32), Rc<Ends>>>,
}

/// Classes of right edges in rising order, how many lines end in each, and the furthest end.
type Ends = Vec<(i32, u32, f32)>;

fn class(x: f32, width: f32) -> i32 {
    (x / width).floor() as i32
}

impl Margins {
    fn new<'l>(lines: impl Iterator<Item = &'l Line>) -> Self {
        let mut margins = Self::default();
        for line in lines {
            let left = class(line.x0, LEFT_CLASS);
            let end = margins.ends.entry(left).or_default().entry(class(line.x1, RIGHT_CLASS)).or_default();
            end.0 += 1;
            end.1 = end.1.max(line.x1);
            let start = margins.starts.entry(left).or_insert(line.x0);
            *start = start.min(line.x0);
        }
        margins
    }

    /// The classes of left edges that belong to the column of a line, six ems to both sides.
    fn column(line: &Line) -> std::ops::RangeInclusive<i32> {
        let reach = 6.0 * line.size;
        class(line.x0 - reach, LEFT_CLASS)..=class(line.x0 + reach, LEFT_CLASS)
    }

    /// Where the lines of a column end. Justified lines say it themselves: a quarter of them ends there. Otherwise it
    /// is the end of the longest, and at least `least` lines must be there to tell.
    fn right(&self, line: &Line, least: u32) -> Option<f32> {
        let ends = self.ends_of(Self::column(line));
        let total: u32 = ends.iter().map(|(_, count, _)| count).sum();
        if total < least {
            return None;
        }
        let next = |at: usize| ends.get(at + 1).filter(|next| next.0 == ends[at].0 + 1);
        let is_edge = |at: &usize| {
            let (_, count, end) = ends[*at];
            end >= line.x1 - 3.0 && count + next(*at).map_or(0, |next| next.1) >= 4.max(total / 4)
        };
        let justified = (0..ends.len()).find(is_edge);
        let justified = justified.map(|at| next(at).map_or(ends[at].2, |next| next.2.max(ends[at].2)));
        justified.or_else(|| ends.iter().map(|(_, _, end)| *end).reduce(f32::max))
    }

    fn ends_of(&self, column: std::ops::RangeInclusive<i32>) -> Rc<Ends> {
        let mut columns = self.columns.borrow_mut();
        let known = columns.entry((*column.start(), *column.end())).or_insert_with(|| {
            let mut ends: BTreeMap<i32, (u32, f32)> = BTreeMap::new();
            for (class, (count, end)) in self.ends.range(column).flat_map(|(_, ends)| ends) {
                let all = ends.entry(*class).or_insert((0, f32::MIN));
                all.0 += count;
                all.1 = all.1.max(*end);
            }
            Rc::new(ends.into_iter().map(|(class, (count, end))| (class, count, end)).collect())
        });
        Rc::clone(known)
    }

    /// Where the lines of a column begin.
    fn left(&self, line: &Line) -> f32 {
        self.starts.range(Self::column(line)).map(|(_, start)| *start).fold(line.x0, f32::min)
    }
}

/// The edges of a column.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Edges {
    pub left: f32,
    pub right: f32,
}

impl Edges {
    pub fn width(self) -> f32 {
        self.right - self.left
    }

    /// Whether a line stands in the middle, away from both edges.
    fn have_centred(self, line: &Line) -> bool {
        let (before, after) = (line.x0 - self.left, self.right - line.x1);
        before > line.size * 2.0 && after > line.size * 2.0 && (before - after).abs() < line.size
    }
}

/// The edges of each page, and of the whole document for pages with few lines.
pub(super) struct Columns {
    pages: Vec<Margins>,
    all: Margins,
    /// Where nearly all lines begin and end, columns aside.
    body: Option<Edges>,
}

impl Columns {
    /// From the lines of text of each page, furniture and tables left out.
    pub fn new(pages: &[PageLines], furniture: &[Vec<bool>]) -> Self {
        let body = |page: usize| {
            let lines = pages[page].lines.iter().zip(&furniture[page]);
            lines.filter(|(line, is_furniture)| !**is_furniture && is_text(line)).map(|(line, _)| line)
        };
        let all = || (0..pages.len()).flat_map(body);
        let mut starts: Vec<f32> = all().map(|line| line.x0).collect();
        let mut ends: Vec<f32> = all().map(|line| line.x1).collect();
        starts.sort_by(f32::total_cmp);
        ends.sort_by(f32::total_cmp);
        let twentieth = starts.len() / 20;
        let edges =
            starts.get(twentieth).zip(ends.len().checked_sub(1 + twentieth).and_then(|at| ends.get(at)));
        Self {
            pages: (0..pages.len()).map(|page| Margins::new(body(page))).collect(),
            all: Margins::new(all()),
            body: edges.map(|(left, right)| Edges { left: *left, right: *right }),
        }
    }

    /// The edges of the column that a line stands in; nothing where there is only the line itself to tell. A line in
    /// the middle of the page has the page's.
    pub fn edges(&self, page: usize, line: &Line) -> Option<Edges> {
        if let Some(body) = self.body.filter(|body| body.have_centred(line)) {
            return Some(body);
        }
        let known = self.pages[page].right(line, 6).or_else(|| self.all.right(line, 6));
        // Few lines of one kind say nothing of their column: a title, a remark.
        let right = known.or(self.body.map(|body| body.right))?;
        Some(Edges { left: self.left(page, line), right })
    }

    /// Where the column of a line begins.
    pub fn left(&self, page: usize, line: &Line) -> f32 {
        self.pages[page].left(line)
    }

    /// Whether a line stands in the middle of its column or of the page.
    pub fn is_centred(&self, page: usize, line: &Line) -> bool {
        self.edges(page, line).is_some_and(|edges| edges.have_centred(line))
    }
}

/// Whether a line is part of the running text.
pub(super) fn is_text(line: &Line) -> bool {
    line.cell.is_none() && line.is_level()
}
