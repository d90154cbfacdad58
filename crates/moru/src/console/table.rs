//! Columns of text that line up, with Hangul two columns wide.

use super::format::width;

/// Rows of cells as lines. Cells of `right` columns are aligned right. Trailing blanks are cut.
pub fn render(rows: &[Vec<String>], right: &[usize]) -> String {
    let n_columns = rows.iter().map(Vec::len).max().unwrap_or(0);
    let widths: Vec<_> = (0..n_columns)
        .map(|i| rows.iter().filter_map(|row| row.get(i)).map(|cell| width(cell)).max().unwrap_or(0))
        .collect();
    let lines: Vec<_> = rows
        .iter()
        .map(|row| {
            let cells = row.iter().zip(&widths).enumerate().map(|(i, (cell, &w))| {
                let pad = " ".repeat(w - width(cell));
                if right.contains(&i) { format!("{pad}{cell}") } else { format!("{cell}{pad}") }
            });
            cells.collect::<Vec<_>>().join("  ").trim_end().to_owned()
        })
        .collect();
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    #[test]
    fn columns_line_up() {
        let rows = [["배송", "12"], ["refund", "3"]].map(|row| row.map(String::from).to_vec());
        assert_eq!(super::render(&rows, &[1]), "배송    12\nrefund   3");
    }
}
