//! Running heads and feet: lines in the outer part of a page that come back, numbers aside, at the same height on at
//! least half of the pages; and what the producer itself marks as furniture.

use std::collections::{BTreeMap, BTreeSet};

use super::line::Line;
use super::page::PageLines;

/// Lines at most this far apart in height are at the same place, in points.
const SAME_HEIGHT: f32 = 4.0;

/// For each page, for each line, whether it is furniture.
pub(super) fn furniture(pages: &[PageLines]) -> Vec<Vec<bool>> {
    let counted = different(pages);
    let returning = returning(pages, &counted);
    let marks_count = marks_are_sensible(pages);
    let is_furniture = |page: &PageLines, line: &Line| {
        let comes_back = || {
            let heights = returning.get(&shape(&line.text));
            heights.is_some_and(|heights| heights.iter().any(|y| (y - line.bounds.y0).abs() <= SAME_HEIGHT))
        };
        (marks_count && line.artifact) || (is_outer(page, line) && comes_back())
    };
    pages.iter().map(|page| page.lines.iter().map(|line| is_furniture(page, line)).collect()).collect()
}

/// A text with its numbers made alike.
fn shape(text: &str) -> String {
    let mut shape = String::with_capacity(text.len());
    for c in text.chars().filter(|c| !c.is_whitespace()) {
        if !c.is_ascii_digit() {
            shape.push(c);
        } else if !shape.ends_with('0') {
            shape.push('0');
        }
    }
    shape
}

/// The share of a page's height, above and below, in which heads and feet stand. Book pages on larger paper have them
/// further in than a tenth.
const OUTER: f32 = 0.13;

/// Whether a line stands in the upper or lower part of its page, and in no table that reaches further in.
fn is_outer(page: &PageLines, line: &Line) -> bool {
    let margin = page.report.height * OUTER;
    let is_outer = |y0: f32, y1: f32| y0 >= page.report.height - margin || y1 <= margin;
    let bounds = line.cell.map_or(line.bounds, |cell| page.grids[cell.grid].bounds());
    let middle = f32::midpoint(bounds.y0, bounds.y1);
    if line.cell.is_some() { is_outer(bounds.y0, bounds.y1) } else { is_outer(middle, middle) }
}

/// Which pages count: of pages that say the same throughout, the first.
fn different(pages: &[PageLines]) -> Vec<bool> {
    let mut seen = BTreeSet::new();
    let text =
        |page: &PageLines| page.lines.iter().map(|line| line.text.as_str()).collect::<Vec<_>>().join("\n");
    pages.iter().map(|page| !page.lines.is_empty() && seen.insert(text(page))).collect()
}

/// The shapes that come back, with the heights at which they do.
fn returning(pages: &[PageLines], counted: &[bool]) -> BTreeMap<String, Vec<f32>> {
    let mut places: BTreeMap<String, Vec<(f32, usize)>> = BTreeMap::new();
    for (at, page) in pages.iter().enumerate().filter(|(at, _)| counted[*at]) {
        for line in page.lines.iter().filter(|line| is_outer(page, line)) {
            places.entry(shape(&line.text)).or_default().push((line.bounds.y0, at));
        }
    }
    let total = counted.iter().filter(|counts| **counts).count();
    let enough = |found: &BTreeSet<usize>| {
        // Books set left and right pages apart.
        let one_side = found.iter().all(|page| page % 2 == found.iter().next().unwrap_or(&0) % 2);
        let of = if one_side && total > 3 { total / 2 } else { total };
        found.len() >= 2 && found.len() * 2 >= of
    };
    let mut returning = BTreeMap::new();
    for (shape, mut found) in places {
        found.sort_by(|a, b| a.0.total_cmp(&b.0));
        let groups = found.chunk_by(|a, b| b.0 - a.0 <= SAME_HEIGHT);
        let heights: Vec<f32> = groups
            .filter(|group| enough(&group.iter().map(|(_, page)| *page).collect()))
            .flat_map(|group| [group[0].0, group[group.len() / 2].0, group[group.len() - 1].0])
            .collect();
        if !heights.is_empty() {
            returning.insert(shape, heights);
        }
    }
    returning
}

/// Some producers mark everything; then the marks mean nothing.
fn marks_are_sensible(pages: &[PageLines]) -> bool {
    let lines = || pages.iter().flat_map(|page| &page.lines);
    lines().filter(|line| line.artifact).count() * 3 < lines().count()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_alike() {
        assert_eq!(shape("- 12 / 345 -"), "-0/0-");
        assert_eq!(shape("제1장 총칙"), "제0장총칙");
    }
}
