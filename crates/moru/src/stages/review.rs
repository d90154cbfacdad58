//! What a person says of questions: the table that is written, corrected in a spreadsheet, and read again.

use std::path::Path;

use pipeline::Context;
use synth::questions::Question;
use synth::questions::review::{self, Correction, ReviewRow};

use super::{Names, sources};
use crate::console::error::fail;
use data::validate::Validator;

/// Where a recipe's path has this, the source's name stands: sources of documents have a table each.
const SOURCE: &str = "{source}";

/// The table of a source; none where nothing is reviewed.
pub fn path(review: &str, source: &str) -> Option<String> {
    Some(review.replace(SOURCE, source)).filter(|path| !path.is_empty())
}

/// The columns of a table and its rows; a spreadsheet leaves empty ones at the end.
fn cells(path: &Path) -> anyhow::Result<sources::Cells> {
    let (columns, mut rows) =
        sources::rows(path, "mend the row; a separator or a quote in a cell needs quotes around the cell")?;
    rows.retain(|(_, cells)| cells.iter().any(|cell| !cell.trim().is_empty()));
    Ok((columns, rows))
}

/// The rows of a table that a stage wrote.
pub fn rows(path: &Path) -> anyhow::Result<Vec<ReviewRow>> {
    let (columns, rows) = cells(path)?;
    Ok(review::table(&columns, rows.into_iter().map(|(_, row)| row).collect()))
}

/// What a person says in a table.
///
/// # Errors
/// A file that is no such table, and the first row that cannot be understood.
pub fn corrections(path: &Path) -> anyhow::Result<Vec<Correction>> {
    let (columns, rows) = cells(path)?;
    review::read(&columns, rows).map_err(|error| {
        fail(
            format!("[questions] review: {}: {error}", path.display()),
            "mend the line, or make the table anew from out/review.csv",
        )
    })
}

/// Applies the corrections of a person, tells what they did, and gives the table as it now reads.
pub fn correct(
    stage: &mut Context<'_>,
    all: &mut Vec<Question>,
    validator: &mut Validator,
    is_alone: bool,
) -> anyhow::Result<Vec<ReviewRow>> {
    let corrections = corrections(&stage.input(Names::REVIEW)?)?;
    let documents: Vec<String> =
        validator.sources().trees().iter().map(|tree| tree.document.clone()).collect();
    let is_own = |document: &str| is_alone || documents.iter().any(|own| own == document);
    let applied = review::apply(all, &corrections, validator, &is_own);
    stage.note(&format!(
        "review: {} questions changed, {} kept, {} dropped",
        applied.changed, applied.kept, applied.dropped
    ));
    if applied.returned > 0 {
        stage.note(&format!(
            "review: {} corrected questions are no longer asked, and come back as they were corrected, over the quotas",
            applied.returned
        ));
    }
    let told = [
        (&applied.left, "are of questions that are no longer asked: what they say stays in out/review.csv"),
        (
            &applied.misplaced,
            "have a type that is none, or a place that the documents do not have, and change nothing",
        ),
    ];
    for (ids, what) in told.into_iter().filter(|(ids, _)| !ids.is_empty()) {
        stage.note(&format!("review: {} rows {what}; the first is `{}`", ids.len(), ids[0]));
    }
    Ok(applied.rows)
}
