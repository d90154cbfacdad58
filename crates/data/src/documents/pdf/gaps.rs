//! Tables without rules: at least three rows in a row whose lines leave two gaps in common.

use super::line::Line;

/// Gaps narrower than this, in ems, part words rather than columns.
const LEAST_GAP: f32 = 1.2;

/// The rows of the table that begins with line `from`, if one does: for each row its lines, from left to right.
pub(super) fn table(lines: &[Line], furniture: &[bool], from: usize) -> Option<Vec<Vec<usize>>> {
    let mut rows: Vec<Vec<usize>> = Vec::new();
    let mut common: Vec<(f32, f32)> = Vec::new();
    let mut at = from;
    while let Some(row) = row(lines, furniture, at) {
        let gaps = gaps(lines, &row);
        let narrowed = if rows.is_empty() { gaps } else { intersect(&common, &gaps, lines[row[0]].size) };
        if narrowed.len() < 2 || !is_below(lines, rows.last(), &row) {
            break;
        }
        common = narrowed;
        at += row.len();
        rows.push(row);
    }
    (rows.len() >= 3).then_some(rows)
}

/// The lines on the baseline of line `from`, which follow it.
fn row(lines: &[Line], furniture: &[bool], from: usize) -> Option<Vec<usize>> {
    let first = lines.get(from)?;
    let on_row = |at: &usize| {
        let line = &lines[*at];
        let is_text = line.is_level() && line.cell.is_none() && !furniture[*at];
        is_text && (line.y - first.y).abs() < first.size * 0.3
    };
    let mut row: Vec<usize> = (from..lines.len()).take_while(on_row).collect();
    row.sort_by(|a, b| lines[*a].x0.total_cmp(&lines[*b].x0));
    (row.len() >= 3).then_some(row)
}

fn gaps(lines: &[Line], row: &[usize]) -> Vec<(f32, f32)> {
    let between = row.windows(2).map(|pair| (lines[pair[0]].x1, lines[pair[1]].x0, lines[pair[1]].size));
    between.filter(|(from, to, size)| to - from > LEAST_GAP * size).map(|(from, to, _)| (from, to)).collect()
}

fn intersect(a: &[(f32, f32)], b: &[(f32, f32)], size: f32) -> Vec<(f32, f32)> {
    let mut both = Vec::new();
    for &(from, to) in a {
        for &(other_from, other_to) in b {
            let (from, to) = (from.max(other_from), to.min(other_to));
            if to - from > LEAST_GAP * size * 0.5 {
                both.push((from, to));
            }
        }
    }
    both
}

fn is_below(lines: &[Line], above: Option<&Vec<usize>>, row: &[usize]) -> bool {
    above.is_none_or(|above| {
        let drop = lines[above[0]].y - lines[row[0]].y;
        drop > 0.0 && drop < lines[row[0]].size * 4.0
    })
}

#[cfg(test)]
mod tests {
    use super::super::super::Rect;
    use super::super::glyph::Direction;
    use super::*;

    fn line(text: &str, x0: f32, y: f32) -> Line {
        let x1 = x0 + text.chars().count() as f32 * 10.0;
        let bounds = Rect { x0, y0: y, x1, y1: y + 10.0 };
        Line {
            text: text.to_owned(),
            ends_with_blank: false,
            x0,
            x1,
            y,
            size: 10.0,
            bold: 0.0,
            font: 0,
            direction: Direction::RIGHT,
            bounds,
            cell: None,
            artifact: false,
            is_entry: false,
        }
    }

    #[test]
    fn three_rows_with_two_gaps_are_a_table_and_two_columns_of_text_are_not() {
        let row = |y: f32| [line("구분", 50.0, y), line("일수", 200.0, y), line("비고", 350.0, y)];
        let rows: Vec<Line> = [700.0, 680.0, 660.0].into_iter().flat_map(row).collect();
        let plain = vec![false; rows.len()];
        assert_eq!(table(&rows, &plain, 0).map(|rows| rows.len()), Some(3));
        assert_eq!(table(&rows[..6], &plain, 0), None);
        let two: Vec<Line> = rows.iter().filter(|line| line.x0 < 300.0).cloned().collect();
        assert_eq!(table(&two, &plain, 0), None);
    }
}
