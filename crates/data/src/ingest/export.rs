//! An extract as CSV, for people and other programs.

use std::io::Write;

use crate::output::csv_line;
use crate::record::Value;
use crate::sources::{Item, Source, SourceError};

/// How a cell is shown, by its column and value: masked by the caller, or as it is.
pub type CellView<'a> = &'a dyn Fn(&str, &Value) -> String;

/// Writes a header and the rows of a source, `limit` at most; rows that were set aside are left out.
/// Returns the number of rows.
///
/// # Errors
/// The source's; writing errors as [`SourceError::Io`] without a path.
pub fn export_csv(
    source: &mut dyn Source,
    view: CellView<'_>,
    limit: Option<u64>,
    out: &mut dyn Write,
) -> Result<u64, SourceError> {
    let failed = |cause| SourceError::Io { path: "(output)".into(), cause };
    let schema = std::sync::Arc::clone(source.schema());
    csv_line(out, schema.columns.iter().map(|c| &c.name)).map_err(failed)?;
    let mut rows = 0;
    while limit.is_none_or(|n| rows < n) {
        let record = match source.next_item()? {
            None => break,
            Some(Item::Rejected(_)) => continue,
            Some(Item::Record(record)) => record,
        };
        let cells = schema.columns.iter().zip(&record.values).map(|(c, v)| view(&c.name, v));
        csv_line(out, cells).map_err(failed)?;
        rows += 1;
    }
    out.flush().map_err(failed)?;
    Ok(rows)
}
