//! Facts of tables: a cell with a value, said of its row's first cell under its column's heading.

use data::documents::{Cell, Table};
use data::validate::quantity::{Unit, quantities};
use data::validate::text::fold;

use super::{Fact, FactKind, Place};

/// More cells of one table are not asked one by one; those asked are spread over it.
const MOST: usize = 24;

pub(super) fn facts(place: &Place<'_>, table: &Table) -> Vec<Fact> {
    let Some(heads) = table.rows.first().filter(|_| table.heading_rows > 0) else { return Vec::new() };
    let rows = table.rows.iter().skip(table.heading_rows as usize);
    let cells: Vec<String> = rows.flat_map(|row| of_row(heads, row)).collect();
    let step = cells.len().div_ceil(MOST).max(1);
    cells.iter().step_by(step).filter_map(|sentence| fact(place, sentence)).collect()
}

/// `국내 출장 부장: 5만원` for each cell of a row but the first.
fn of_row(heads: &[Cell], row: &[Cell]) -> Vec<String> {
    let Some(label) = row.first().map(|cell| fold(&cell.text)).filter(|text| !text.is_empty()) else {
        return Vec::new();
    };
    let sentence = |cell: &Cell| {
        let head =
            heads.iter().find(|head| (head.column..head.column + head.columns).contains(&cell.column))?;
        let (head, value) = (fold(&head.text), fold(&cell.text));
        let is_short = !value.is_empty() && value.chars().count() < 40 && !value.contains('\n');
        (is_short && !head.is_empty()).then(|| format!("{label} {head}: {value}"))
    };
    row.iter().skip(1).filter_map(sentence).collect()
}

fn fact(place: &Place<'_>, sentence: &str) -> Option<Fact> {
    let from = sentence.rfind(": ")? + 2;
    let value = quantities(sentence).into_iter().find(|q| q.start >= from && q.unit != Unit::Bare)?;
    Some(place.fact(FactKind::Value(value.unit), sentence, value.start..value.end))
}
