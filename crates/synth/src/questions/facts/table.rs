//! Facts of tables: a cell with a value, said of what its row is about under its column's headings.

use data::documents::{Cell, Table};
use data::validate::quantity::{Unit, quantities};
use data::validate::text::{fold, is_korean};

use super::{Fact, FactKind, Place};

/// More cells of one table are not asked one by one; those asked are spread over it.
const MOST: usize = 24;

/// Between a row's label and the heading over a cell, where no Korean particle can tell them apart.
pub(in crate::questions) const COLUMN: &str = " – ";

pub(super) fn facts(place: &Place<'_>, table: &Table) -> Vec<Fact> {
    if table.heading_rows == 0 {
        return Vec::new();
    }
    let rows = table.full_rows().into_iter().skip(table.heading_rows as usize);
    let labels = labels(table);
    let cells: Vec<String> = rows.flat_map(|row| of_row(table, &row, labels)).collect();
    let step = cells.len().div_ceil(MOST).max(1);
    cells.iter().step_by(step).filter_map(|sentence| fact(place, sentence)).collect()
}

/// How many columns say what a row is about: where a cell of one spans several rows, the next divides it further.
fn labels(table: &Table) -> u32 {
    let mut labels = 1;
    let rows = || table.rows.iter().skip(table.heading_rows as usize).flatten();
    while rows().any(|cell| cell.rows > 1 && cell.column + cell.columns == labels) {
        labels += 1;
    }
    labels
}

/// `결혼 자녀 휴가일수: 2일` for each cell of a row behind its labels.
fn of_row(table: &Table, row: &[&Cell], labels: u32) -> Vec<String> {
    let of_labels = row.iter().filter(|cell| cell.column < labels).map(|cell| fold(&cell.text));
    let label = of_labels.filter(|text| !text.is_empty()).collect::<Vec<_>>().join(" ");
    if label.is_empty() {
        return Vec::new();
    }
    let sentence = |cell: &&Cell| {
        let (head, value) = (fold(&table.headings_over(cell).join(" ")), fold(&cell.text));
        let is_short = !value.is_empty() && value.chars().count() < 40 && !value.contains('\n');
        let between = if is_korean(&format!("{label}{head}")) { " " } else { COLUMN };
        (is_short && !head.is_empty()).then(|| format!("{label}{between}{head}: {value}"))
    };
    row.iter().filter(|cell| cell.column >= labels).filter_map(sentence).collect()
}

fn fact(place: &Place<'_>, sentence: &str) -> Option<Fact> {
    let from = sentence.rfind(": ")? + 2;
    let value = quantities(sentence).into_iter().find(|q| q.start >= from && q.unit != Unit::Bare)?;
    Some(place.fact(FactKind::Value(value.unit), sentence, value.start..value.end))
}
