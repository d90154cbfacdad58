//! Tables of old and new wording (신구조문대비표): kept, and not taken for the rule.

use super::super::block::Table;
use super::super::tree::Level;
use super::lines::{Line, Role, squeezed};

/// Marks what belongs to a table of old and new wording: the table itself, or the lines after its title where
/// its two columns came as text.
pub(super) fn mark(lines: &mut [Line<'_>]) {
    let mut inside = false;
    for line in lines.iter_mut().filter(|line| line.role == Role::Body) {
        let ends = line.marker.is_some_and(|m| {
            matches!(m.level, Level::Supplement | Level::Annex | Level::Form) && m.sure && m.number.is_some()
        }) || line.heading.is_some();
        inside &= !ends;
        let title = line.table.is_none() && is_title(line.text);
        inside |= title;
        if inside || line.table.is_some_and(is_comparison) {
            line.role = Role::Comparison;
        }
    }
}

/// `신·구조문대비표`, `신구조문 대조표`.
fn is_title(text: &str) -> bool {
    if text.len() > 120 || !text.contains('신') {
        return false;
    }
    let letters: String = text.chars().filter(|c| ('가'..='힣').contains(c)).collect();
    ["신구조문대비표", "신구조문대조표", "신구대비표", "신구대조표", "신구조문비교표"]
        .iter()
        .any(|name| letters.contains(name))
        && letters.chars().count() <= 24
}

/// Whether a table has a column of the old and one of the new wording.
pub(super) fn is_comparison(table: &Table) -> bool {
    const PAIRS: [(&str, &str); 7] = [
        ("현행", "개정안"),
        ("현행", "개정"),
        ("개정전", "개정후"),
        ("종전", "개정"),
        ("구", "신"),
        ("변경전", "변경후"),
        ("기존", "변경"),
    ];
    table.rows.iter().take(2).any(|row| {
        let cells: Vec<String> = row
            .iter()
            .map(|cell| squeezed(&cell.text).replace(['(', ')', '·'], ""))
            .filter(|c| !c.is_empty())
            .collect();
        PAIRS.iter().any(|(old, new)| {
            cells.first().is_some_and(|cell| cell == old) && cells.get(1).is_some_and(|cell| cell == new)
        }) && cells.len() <= 3
    })
}
