//! The order of a page's lines by geometry, for pages whose content is not in reading order.
//!
//! A region is cut at the white river between two columns of text; where there is none, at the gap between rows that
//! makes one appear; what cannot be cut is read from top to bottom.

use std::collections::BTreeMap;

use super::grid::Grid;
use super::line::Line;

/// The share of neighbouring lines that run upwards within a column. Above a fifth, content is not in reading order.
pub(super) fn disorder(lines: &[Line]) -> f32 {
    let upwards = |pair: &&[Line]| {
        let (first, second) = (&pair[0], &pair[1]);
        let overlap = first.x1.min(second.x1) - first.x0.max(second.x0);
        let narrow = (first.x1 - first.x0).min(second.x1 - second.x0);
        overlap > 0.3 * narrow && second.y > first.y + first.size * 0.6
    };
    let pairs = lines.windows(2).count();
    if pairs == 0 { 0.0 } else { lines.windows(2).filter(upwards).count() as f32 / pairs as f32 }
}

/// What is kept together: a line, or all lines of a table.
struct Piece {
    x0: f32,
    y0: f32,
    x1: f32,
    y1: f32,
    baseline: f32,
    size: f32,
    lines: Vec<usize>,
}

impl Piece {
    fn of(line: &Line, at: usize) -> Self {
        let (x0, x1) = (line.x0, line.x1);
        let (y0, y1) = (line.y - 0.2 * line.size, line.y + 0.8 * line.size);
        Self { x0, y0, x1, y1, baseline: line.y, size: line.size, lines: vec![at] }
    }

    fn width(&self) -> f32 {
        self.x1 - self.x0
    }
}

/// The lines in the order in which they are read. Lines that do not run level keep their place at the end.
pub(super) fn in_order(lines: Vec<Line>, grids: &[Grid]) -> Vec<Line> {
    let (mut pieces, mut tables, mut others) = (Vec::new(), BTreeMap::new(), Vec::new());
    for (at, line) in lines.iter().enumerate() {
        match line.cell {
            _ if !line.is_level() => others.push(at),
            Some(cell) => tables.entry(cell.grid).or_insert_with(Vec::new).push(at),
            None => pieces.push(Piece::of(line, at)),
        }
    }
    for (grid, members) in tables {
        let b = grids[grid].bounds();
        let (x0, y0, x1, y1) = (b.x0, b.y0, b.x1, b.y1);
        pieces.push(Piece { x0, y0, x1, y1, baseline: y1, size: 1.0, lines: members });
    }
    let mut order = Vec::new();
    cut(pieces, 0, &mut order);
    order.extend(others);
    let mut lines: Vec<Option<Line>> = lines.into_iter().map(Some).collect();
    order.into_iter().filter_map(|at| lines[at].take()).collect()
}

fn cut(mut pieces: Vec<Piece>, depth: u32, order: &mut Vec<usize>) {
    if pieces.len() >= 4 && depth <= 8 {
        let height = median_height(&pieces);
        if let Some(river) = river(&pieces, height) {
            let (left, right): (Vec<_>, Vec<_>) = pieces.into_iter().partition(|p| p.x1 <= river);
            cut(left, depth + 1, order);
            return cut(right, depth + 1, order);
        }
        pieces.sort_by(|a, b| b.y1.total_cmp(&a.y1));
        if let Some(at) = gap_before_columns(&pieces, height) {
            let below = pieces.split_off(at);
            cut(pieces, depth + 1, order);
            return cut(below, depth + 1, order);
        }
    }
    rows(pieces, order);
}

fn median_height(pieces: &[Piece]) -> f32 {
    let mut heights: Vec<f32> = pieces.iter().map(|p| p.y1 - p.y0).collect();
    heights.sort_by(f32::total_cmp);
    heights[heights.len() / 2]
}

/// The ends of pieces that no other piece reaches over, with the next beginning: the white rivers.
fn rivers(pieces: &[Piece], least: f32) -> Vec<(f32, f32)> {
    let mut spans: Vec<(f32, f32)> = pieces.iter().map(|p| (p.x0, p.x1)).collect();
    spans.sort_by(|a, b| a.0.total_cmp(&b.0));
    let mut end = spans.first().map_or(0.0, |span| span.1);
    let mut found = Vec::new();
    for (from, to) in spans {
        if from - end > least {
            found.push((end, from));
        }
        end = end.max(to);
    }
    found
}

/// The middle of the widest river between two columns of text.
fn river(pieces: &[Piece], height: f32) -> Option<f32> {
    let whole = extent(pieces.iter());
    let parts = |&(from, to): &(f32, f32)| {
        let middle = f32::midpoint(from, to);
        let (left, right): (Vec<&Piece>, Vec<&Piece>) = pieces.iter().partition(|p| p.x1 <= middle);
        if left.len() < 3 || right.len() < 3 {
            return None;
        }
        let (a, b) = (extent(left.iter().copied()), extent(right.iter().copied()));
        let beside = a.3.min(b.3) - a.1.max(b.1);
        let least = (a.3 - a.1).min(b.3 - b.1);
        let is_column = |pieces: &[&Piece], width: f32| {
            let long = pieces.iter().filter(|p| p.width() > width * 0.6).count();
            width > (whole.2 - whole.0) * 0.2 && long * 2 >= pieces.len()
        };
        let fits = beside > 0.4 * least && is_column(&left, a.2 - a.0) && is_column(&right, b.2 - b.0);
        fits.then_some((to - from, middle))
    };
    let found = rivers(pieces, height * 0.7).iter().filter_map(parts).max_by(|a, b| a.0.total_cmp(&b.0));
    found.map(|(_, middle)| middle)
}

/// (x0, y0, x1, y1) around pieces.
fn extent<'a>(pieces: impl Iterator<Item = &'a Piece>) -> (f32, f32, f32, f32) {
    pieces.fold((f32::MAX, f32::MAX, f32::MIN, f32::MIN), |e, p| {
        (e.0.min(p.x0), e.1.min(p.y0), e.2.max(p.x1), e.3.max(p.y1))
    })
}

/// Where pieces from top to bottom are cut so that one part has columns and the other has none.
fn gap_before_columns(pieces: &[Piece], height: f32) -> Option<usize> {
    let mut lowest = pieces[0].y0;
    let mut best: Option<(usize, f32)> = None;
    // A page of more pieces than this is no page of columns; each gap costs a look at all of them.
    for at in (1..pieces.len()).take(400) {
        let gap = lowest - pieces[at].y1;
        lowest = lowest.min(pieces[at].y0);
        let is_wider = best.is_none_or(|(_, widest)| gap > widest);
        let parts = || may_have_columns(&pieces[at..], height) != may_have_columns(&pieces[..at], height);
        if gap > -height * 0.15 && is_wider && parts() {
            best = Some((at, gap));
        }
    }
    best.map(|(at, _)| at)
}

fn may_have_columns(pieces: &[Piece], height: f32) -> bool {
    if pieces.len() < 6 {
        return false;
    }
    let whole = extent(pieces.iter());
    let quarter = (whole.2 - whole.0) * 0.25;
    rivers(pieces, height * 0.7).iter().any(|&(from, to)| {
        let middle = f32::midpoint(from, to);
        let left = pieces.iter().filter(|p| p.x1 <= middle).count();
        left >= 3 && pieces.len() - left >= 3 && middle - whole.0 > quarter && whole.2 - middle > quarter
    })
}

/// From top to bottom, and from left to right on one baseline.
fn rows(mut pieces: Vec<Piece>, order: &mut Vec<usize>) {
    pieces.sort_by(|a, b| b.baseline.total_cmp(&a.baseline));
    let mut from = 0;
    while from < pieces.len() {
        let first = &pieces[from];
        let same = |p: &&Piece| (first.baseline - p.baseline).abs() < p.size.max(first.size) * 0.4;
        let to = from + pieces[from..].iter().take_while(same).count().max(1);
        pieces[from..to].sort_by(|a, b| a.x0.total_cmp(&b.x0));
        from = to;
    }
    order.extend(pieces.into_iter().flat_map(|p| p.lines));
}
