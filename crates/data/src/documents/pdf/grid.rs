//! Ruled tables: thin fills and strokes → merged rules → what touches → a grid, with cells that are merged where no
//! rule parts them.

use std::collections::{BTreeMap, BTreeSet};

use super::super::Rect;
use super::line::{CellPlace, Line, Upright};
use super::page::PageLines;

/// A grid on a page.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Grid {
    /// The columns' edges, from left to right.
    pub xs: Vec<f32>,
    /// The rows' edges, from top to bottom.
    pub ys: Vec<f32>,
    /// For each row and column, the upper left one of the cell it is part of.
    pub cells: Vec<Vec<(usize, usize)>>,
    /// Whether it holds data; else it is there for the layout, and its lines are text.
    pub is_data: bool,
}

impl Grid {
    pub fn bounds(&self) -> Rect {
        let end = |edges: &[f32]| edges.last().copied().unwrap_or_default();
        Rect { x0: self.xs[0], y0: end(&self.ys), x1: end(&self.xs), y1: self.ys[0] }
    }

    /// The cell at a point.
    fn at(&self, x: f32, y: f32) -> Option<(usize, usize)> {
        let column = self.xs.windows(2).position(|edge| x >= edge[0] && x < edge[1])?;
        let row = self.ys.windows(2).position(|edge| y <= edge[0] && y > edge[1])?;
        Some(self.cells[row][column])
    }
}

impl Grid {
    /// The grid without empty rows and columns that are no wider than a cell's margin: some producers draw each cell's
    /// frame apart from the others'.
    fn without_slivers(&self, filled: &BTreeSet<(usize, usize)>) -> Self {
        let last = |edges: &[f32]| edges.last().copied().unwrap_or_default();
        let narrow = |edges: &[f32], at: usize| (edges[at + 1] - edges[at]).abs() <= SLIVER;
        let row_is_empty = |row: usize| !filled.iter().any(|cell| cell.0 == row);
        let column_is_empty = |column: usize| !filled.iter().any(|cell| cell.1 == column);
        let rows: Vec<usize> =
            (0..self.cells.len()).filter(|row| !(narrow(&self.ys, *row) && row_is_empty(*row))).collect();
        let columns: Vec<usize> =
            (0..self.xs.len() - 1).filter(|c| !(narrow(&self.xs, *c) && column_is_empty(*c))).collect();
        if rows.is_empty() || columns.is_empty() {
            return self.clone();
        }
        let mut first: BTreeMap<(usize, usize), (usize, usize)> = BTreeMap::new();
        let mut cells = vec![vec![(0, 0); columns.len()]; rows.len()];
        for (r, row) in rows.iter().enumerate() {
            for (c, column) in columns.iter().enumerate() {
                cells[r][c] = *first.entry(self.cells[*row][*column]).or_insert((r, c));
            }
        }
        Self {
            xs: columns.iter().map(|c| self.xs[*c]).chain([last(&self.xs)]).collect(),
            ys: rows.iter().map(|r| self.ys[*r]).chain([last(&self.ys)]).collect(),
            cells,
            is_data: self.is_data,
        }
    }
}

/// Empty rows and columns up to this width, in points, are no part of a table.
const SLIVER: f32 = 12.0;

/// A merged rule: its place, and where it begins and ends.
#[derive(Debug, Clone, Copy)]
struct Rule {
    at: f32,
    from: f32,
    to: f32,
}

/// More rules than this on a page are a drawing.
const MOST_RULES: usize = 6000;

/// The vertical rules of a page, which part what stands left and right of them.
pub(super) fn uprights(rules: &[Rect]) -> Vec<Upright> {
    let upright = |r: &&Rect| r.x1 - r.x0 <= 3.0 && r.y1 - r.y0 > 6.0;
    rules.iter().filter(upright).map(|r| (f32::midpoint(r.x0, r.x1), r.y0, r.y1)).collect()
}

/// The grids of a page, from top to bottom.
pub(super) fn grids(rules: &[Rect]) -> Vec<Grid> {
    let (mut level, mut upright) = (Vec::new(), Vec::new());
    for r in rules {
        let (width, height) = (r.x1 - r.x0, r.y1 - r.y0);
        let (across, along) =
            (|at| Rule { at, from: r.x0, to: r.x1 }, |at| Rule { at, from: r.y0, to: r.y1 });
        if height <= 3.0 && width > 8.0 {
            level.push(across(f32::midpoint(r.y0, r.y1)));
        } else if width <= 3.0 && height > 6.0 {
            upright.push(along(f32::midpoint(r.x0, r.x1)));
        } else if width > 8.0 && height > 6.0 {
            level.extend([across(r.y0), across(r.y1)]);
            upright.extend([along(r.x0), along(r.x1)]);
        }
    }
    if level.len() < 2 || upright.len() < 2 || level.len() + upright.len() > MOST_RULES {
        return Vec::new();
    }
    let (level, upright) = (merged(level), merged(upright));
    let mut grids: Vec<Grid> =
        touching(&level, &upright).iter().filter_map(|(level, upright)| grid(level, upright)).collect();
    grids.sort_by(|a, b| b.ys[0].total_cmp(&a.ys[0]).then(a.xs[0].total_cmp(&b.xs[0])));
    grids
}

/// Pieces of one rule put together.
fn merged(mut rules: Vec<Rule>) -> Vec<Rule> {
    rules.sort_by(|a, b| a.at.total_cmp(&b.at).then(a.from.total_cmp(&b.from)));
    let mut out: Vec<Rule> = Vec::new();
    for rule in rules {
        let same = out.iter_mut().rev().take(40).find(|kept| {
            (kept.at - rule.at).abs() < 1.5 && rule.from <= kept.to + 2.0 && rule.to >= kept.from - 2.0
        });
        match same {
            Some(kept) => {
                kept.from = kept.from.min(rule.from);
                kept.to = kept.to.max(rule.to);
            }
            None => out.push(rule),
        }
    }
    out
}

/// Sets of elements, joined two at a time.
struct Sets(Vec<usize>);

impl Sets {
    fn root(&mut self, mut of: usize) -> usize {
        while self.0[of] != of {
            self.0[of] = self.0[self.0[of]];
            of = self.0[of];
        }
        of
    }

    /// Joins two sets; the lower root stays.
    fn join(&mut self, a: usize, b: usize) {
        let (a, b) = (self.root(a), self.root(b));
        self.0[a.max(b)] = a.min(b);
    }
}

/// Rules that cross or meet, as (level, upright) sets.
fn touching(level: &[Rule], upright: &[Rule]) -> Vec<(Vec<Rule>, Vec<Rule>)> {
    const NEAR: f32 = 3.0;
    let mut sets = Sets((0..level.len() + upright.len()).collect());
    for (i, h) in level.iter().enumerate() {
        for (j, v) in upright.iter().enumerate() {
            let meets =
                v.at >= h.from - NEAR && v.at <= h.to + NEAR && h.at >= v.from - NEAR && h.at <= v.to + NEAR;
            if meets {
                sets.join(i, level.len() + j);
            }
        }
    }
    let mut found: BTreeMap<usize, (Vec<Rule>, Vec<Rule>)> = BTreeMap::new();
    for (i, rule) in level.iter().enumerate() {
        found.entry(sets.root(i)).or_default().0.push(*rule);
    }
    for (j, rule) in upright.iter().enumerate() {
        found.entry(sets.root(level.len() + j)).or_default().1.push(*rule);
    }
    found.into_values().collect()
}

/// Distinct places, in rising order.
fn edges(rules: &[Rule]) -> Vec<f32> {
    let mut places: Vec<f32> = rules.iter().map(|rule| rule.at).collect();
    places.sort_by(f32::total_cmp);
    places.dedup_by(|later, earlier| *later - *earlier <= 2.5);
    places
}

fn grid(level: &[Rule], upright: &[Rule]) -> Option<Grid> {
    let xs = edges(upright);
    let mut ys = edges(level);
    ys.reverse();
    let is_sensible =
        ys.len() >= 2 && xs.len() >= 2 && ys.len() + xs.len() >= 5 && ys.len() <= 300 && xs.len() <= 80;
    if !is_sensible {
        return None;
    }
    let (rows, columns) = (ys.len() - 1, xs.len() - 1);
    let mut sets = Sets((0..rows * columns).collect());
    // A rule parts two cells where it covers the middle fifth of their common edge.
    let parted = |rules: &[Rule], at: f32, low: f32, high: f32| {
        let slack = (high - low) * 0.4;
        rules.iter().any(|r| (r.at - at).abs() < 3.0 && r.from <= low + slack && r.to >= high - slack)
    };
    for row in 0..rows {
        for column in 0..columns {
            let cell = row * columns + column;
            let (high, low) = (ys[row], ys[row + 1]);
            if column + 1 < columns && !parted(upright, xs[column + 1], low, high) {
                sets.join(cell, cell + 1);
            }
            if row + 1 < rows && !parted(level, low, xs[column], xs[column + 1]) {
                sets.join(cell, cell + columns);
            }
        }
    }
    let cells: Vec<Vec<(usize, usize)>> = (0..rows)
        .map(|row| {
            let root = |column| sets.root(row * columns + column);
            (0..columns).map(root).map(|root| (root / columns, root % columns)).collect()
        })
        .collect();
    let is_one_cell = cells.iter().flatten().all(|cell| *cell == (0, 0));
    (!is_one_cell).then_some(Grid { xs, ys, cells, is_data: true })
}

/// Puts lines into the cells that they stand in, and finds out which grids hold data.
pub(super) fn place(lines: &mut [Line], grids: &mut [Grid]) {
    put(lines, grids);
    for (at, grid) in grids.iter_mut().enumerate() {
        let filled: BTreeSet<(usize, usize)> = lines
            .iter()
            .filter_map(|line| line.cell.filter(|cell| cell.grid == at))
            .map(|cell| (cell.row, cell.column))
            .collect();
        *grid = grid.without_slivers(&filled);
    }
    put(lines, grids);
    for (at, grid) in grids.iter_mut().enumerate() {
        grid.is_data = holds_data(lines, at);
    }
    for line in lines {
        if line.cell.is_some_and(|cell| !grids[cell.grid].is_data) {
            line.cell = None;
        }
    }
}

fn put(lines: &mut [Line], grids: &[Grid]) {
    for line in lines.iter_mut().filter(|line| line.is_level()) {
        let (x, y) = (f32::midpoint(line.x0, line.x1), line.y + line.size * 0.3);
        line.cell = grids
            .iter()
            .enumerate()
            .find_map(|(grid, g)| g.at(x, y).map(|(row, column)| CellPlace { grid, row, column }));
    }
}

/// A grid is a frame around text where most of its lines stand in cells of more than three, or in one column. Three rows
/// and more with text in two columns are a table even so: old and new wording beside each other.
fn holds_data(lines: &[Line], grid: usize) -> bool {
    let mut cells: BTreeMap<(usize, usize), BTreeSet<i64>> = BTreeMap::new();
    for line in lines {
        if let Some(cell) = line.cell.filter(|cell| cell.grid == grid) {
            // Pieces side by side are one line.
            let row = (line.y / line.size.max(1.0)).round() as i64;
            cells.entry((cell.row, cell.column)).or_default().insert(row);
        }
    }
    let total: usize = cells.values().map(BTreeSet::len).sum();
    let long: usize = cells.values().map(BTreeSet::len).filter(|lines| *lines > 3).sum();
    let columns: BTreeSet<usize> = cells.keys().map(|cell| cell.1).collect();
    let mut in_row: BTreeMap<usize, u32> = BTreeMap::new();
    for (row, _) in cells.keys() {
        *in_row.entry(*row).or_default() += 1;
    }
    let wide_rows = in_row.values().filter(|cells| **cells > 1).count();
    columns.len() > 1 && (long * 2 <= total || wide_rows >= 3)
}

/// Whether a page's grid is more of the one that the page before ends with: it has the same columns, and its first row
/// is the other's heading again or no heading at all.
pub(super) fn goes_on(before: &PageLines, above: usize, page: &PageLines, below: usize) -> bool {
    let (xs, next) = (&before.grids[above].xs, &page.grids[below].xs);
    let is_alike = |(a, b): (&f32, &f32)| ((a - xs[0]) - (b - next[0])).abs() < 3.0;
    if xs.len() != next.len() || !xs.iter().zip(next).all(is_alike) {
        return false;
    }
    let (head, first) = (first_row(&before.lines, above), first_row(&page.lines, below));
    let letters = |row: &[&Line]| {
        let text: String = row.iter().map(|line| line.text.as_str()).collect();
        text.split_whitespace().collect::<String>()
    };
    let is_heading = first.iter().all(|line| line.is_bold());
    letters(&head) == letters(&first) || !is_heading
}

/// The lines in the first row of a grid.
fn first_row(lines: &[Line], grid: usize) -> Vec<&Line> {
    let in_grid = || lines.iter().filter(move |line| line.cell.is_some_and(|cell| cell.grid == grid));
    let first = in_grid().filter_map(|line| line.cell.map(|cell| cell.row)).min();
    in_grid().filter(|line| line.cell.map(|cell| cell.row) == first).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn level(y: f32, x0: f32, x1: f32) -> Rect {
        Rect { x0, y0: y, x1, y1: y + 0.5 }
    }

    fn upright(x: f32, y0: f32, y1: f32) -> Rect {
        Rect { x0: x, y0, x1: x + 0.5, y1 }
    }

    #[test]
    fn cells_without_a_rule_between_them_are_one() {
        // Two rows, three columns; the first two cells of the upper row are merged.
        let rules = [
            level(700.0, 50.0, 350.0),
            level(680.0, 50.0, 200.0),
            level(680.0, 200.0, 350.0),
            level(660.0, 50.0, 350.0),
            upright(50.0, 660.0, 700.0),
            upright(150.0, 660.0, 680.0),
            upright(250.0, 660.0, 700.0),
            upright(350.0, 660.0, 700.0),
        ];
        let grids = grids(&rules);
        assert_eq!(grids.len(), 1);
        assert_eq!(grids[0].cells, [[(0, 0), (0, 0), (0, 2)], [(1, 0), (1, 1), (1, 2)]]);
        assert_eq!(grids[0].at(200.0, 690.0), Some((0, 0)));
        assert_eq!(grids[0].at(200.0, 670.0), Some((1, 1)));
        assert_eq!(grids[0].at(200.0, 600.0), None);
    }

    #[test]
    fn empty_slivers_between_frames_are_no_columns() {
        let grid = Grid {
            xs: vec![50.0, 55.0, 145.0, 155.0, 250.0],
            ys: vec![700.0, 680.0, 660.0],
            cells: (0..2).map(|row| (0..4).map(|column| (row, column)).collect()).collect(),
            is_data: true,
        };
        let slim = grid.without_slivers(&BTreeSet::from([(0, 1), (0, 3), (1, 1)]));
        assert_eq!((slim.xs, slim.ys.len()), (vec![55.0, 155.0, 250.0], 3));
        assert_eq!(slim.cells, [[(0, 0), (0, 1)], [(1, 0), (1, 1)]]);
    }

    #[test]
    fn two_tables_on_a_page_are_two_grids_and_a_frame_is_none() {
        let table = |y: f32| {
            [
                level(y, 50.0, 250.0),
                level(y - 40.0, 50.0, 250.0),
                upright(50.0, y - 40.0, y),
                upright(150.0, y - 40.0, y),
                upright(250.0, y - 40.0, y),
            ]
        };
        let both: Vec<Rect> = table(300.0).into_iter().chain(table(700.0)).collect();
        let found = grids(&both);
        assert_eq!(found.len(), 2);
        assert!(found[0].ys[0] > found[1].ys[0]);
        let frame = [Rect { x0: 40.0, y0: 40.0, x1: 560.0, y1: 800.0 }];
        assert!(grids(&frame).is_empty());
    }
}
