//! A curve in braille dots: each cell of the terminal holds two columns of four dots.

/// The bit of a dot in a braille cell, by row and column (Unicode, "Braille Patterns").
const DOTS: [[u8; 2]; 4] = [[0x01, 0x08], [0x02, 0x10], [0x04, 0x20], [0x40, 0x80]];

/// Lines of `width` cells, `height` of them, with the curve through the points. Where several points fall into one
/// column of dots, their mean is drawn; between points the curve is straight. Nothing is drawn without points.
pub fn curve(points: &[(u64, f64)], last_step: u64, width: usize, height: usize) -> Vec<String> {
    let mut cells = vec![vec![0u8; width]; height];
    let (columns, rows) = (2 * width, 4 * height);
    if let Some((low, high)) = range(points).filter(|_| columns > 0 && rows > 0) {
        let row_of = |value: f64| {
            let share = if high > low { (value - low) / (high - low) } else { 0.5 };
            ((1.0 - share) * (rows - 1) as f64).round() as usize
        };
        let mut before: Option<(usize, usize)> = None;
        for (column, value) in by_column(points, last_step, columns) {
            let row = row_of(value).min(rows - 1);
            let (from_column, from_row) = before.unwrap_or((column, row));
            line((from_column, from_row), (column, row), &mut |x, y| {
                cells[y / 4][x / 2] |= DOTS[y % 4][x % 2];
            });
            before = Some((column, row));
        }
    }
    let glyph =
        |&bits: &u8| if bits == 0 { ' ' } else { char::from_u32(0x2800 + u32::from(bits)).unwrap_or(' ') };
    cells.iter().map(|row| row.iter().map(glyph).collect()).collect()
}

/// The least and the greatest value.
pub fn range(points: &[(u64, f64)]) -> Option<(f64, f64)> {
    points.iter().map(|&(_, v)| (v, v)).reduce(|(low, high), (v, _)| (low.min(v), high.max(v)))
}

/// The mean of each column that has points, from left to right. The first column is step 1.
fn by_column(points: &[(u64, f64)], last_step: u64, columns: usize) -> Vec<(usize, f64)> {
    let last = last_step.max(points.last().map_or(1, |p| p.0)).max(2);
    // Few steps reach from edge to edge; many are shared out evenly.
    let per_step = if last > columns as u64 {
        columns as f64 / last as f64
    } else {
        columns.saturating_sub(1) as f64 / (last - 1) as f64
    };
    let column_of =
        |step: u64| (((step.max(1) - 1) as f64 * per_step) as usize).min(columns.saturating_sub(1));
    let mut means: Vec<(usize, f64, u32)> = Vec::new();
    for &(step, value) in points {
        let column = column_of(step);
        match means.last_mut() {
            Some((same, sum, count)) if *same == column => (*sum, *count) = (*sum + value, *count + 1),
            _ => means.push((column, value, 1)),
        }
    }
    means.into_iter().map(|(column, sum, count)| (column, sum / f64::from(count))).collect()
}

/// Every dot of a straight line between two dots (Bresenham).
fn line(from: (usize, usize), to: (usize, usize), dot: &mut impl FnMut(usize, usize)) {
    let steps = from.0.abs_diff(to.0).max(from.1.abs_diff(to.1));
    let between = |a: usize, b: usize, i: usize| {
        let share = if steps == 0 { 0.0 } else { i as f64 / steps as f64 };
        (a as f64 + (b as f64 - a as f64) * share).round() as usize
    };
    for i in 0..=steps {
        dot(between(from.0, to.0, i), between(from.1, to.1, i));
    }
}

/// The curve in one line of blocks, for text without a terminal.
pub fn sparkline(points: &[(u64, f64)], width: usize) -> String {
    const BLOCKS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];
    let Some((low, high)) = range(points) else { return String::new() };
    let last = points.last().map_or(1, |p| p.0);
    let block = |value: f64| {
        let share = if high > low { (value - low) / (high - low) } else { 0.0 };
        BLOCKS[((share * 7.0).round() as usize).min(7)]
    };
    by_column(points, last, width.min(points.len()).max(1))
        .into_iter()
        .map(|(_, value)| block(value))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_falling_line_goes_from_the_upper_left_to_the_lower_right() {
        let points: Vec<_> = (1..=8).map(|step| (step, 8.0 - step as f64)).collect();
        assert_eq!(curve(&points, 8, 4, 2), ["⠑⢄  ", "  ⠑⢄"]);
    }

    #[test]
    fn what_is_still_to_come_stays_empty() {
        let points: Vec<_> = (1..=50).map(|step| (step, f64::from(step as u32 % 7))).collect();
        for text in curve(&points, 100, 10, 3) {
            assert_eq!(text.chars().count(), 10);
            assert!(text.chars().skip(5).all(|c| c == ' '), "{text:?}");
        }
    }

    #[test]
    fn odd_sizes_and_few_points() {
        assert_eq!(curve(&[], 10, 2, 1), ["  "]);
        assert_eq!(curve(&[(1, 5.0)], 0, 1, 1), ["⠄"], "one point, in the middle");
        assert_eq!(curve(&[(1, 5.0), (900, 6.0)], 10, 0, 0), Vec::<String>::new());
        assert_eq!(curve(&[(0, 1.0), (u64::MAX, 2.0)], 3, 1, 1).len(), 1);
        assert_eq!(sparkline(&[(1, 1.0), (2, 2.0), (3, 3.0)], 3), "▁▅█");
        assert_eq!(sparkline(&[], 3), "");
        let many: Vec<_> = (1..=1000).map(|step| (step, step as f64)).collect();
        assert_eq!(sparkline(&many, 8), "▁▂▃▄▅▆▇█");
    }
}
