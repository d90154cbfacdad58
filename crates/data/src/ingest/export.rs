//! An extract as CSV, for people and other programs.

use std::io::Write;

use crate::record::Value;
use crate::sources::{Item, Source, SourceError};

/// How a cell is shown: masked by the caller, or as it is.
pub type CellView<'a> = &'a dyn Fn(&str, &Value) -> String;

/// Writes a header and every row of a source; rows that were set aside are left out. Each cell is
/// what `view` makes of its column and value. Returns the number of rows.
///
/// # Errors
/// The source's; writing errors as [`SourceError::Io`] without a path.
pub fn export_csv(
    source: &mut dyn Source,
    view: CellView<'_>,
    limit: Option<u64>,
    out: &mut dyn Write,
) -> Result<u64, SourceError> {
    let mut writer = csv::WriterBuilder::new().from_writer(out);
    let failed = |e: csv::Error| SourceError::Io {
        path: "(output)".into(),
        cause: std::io::Error::other(e.to_string()),
    };
    let schema = std::sync::Arc::clone(source.schema());
    writer.write_record(schema.columns.iter().map(|c| c.name.as_str())).map_err(failed)?;
    let mut rows = 0;
    while limit.is_none_or(|n| rows < n) {
        let record = match source.next_item()? {
            None => break,
            Some(Item::Rejected(_)) => continue,
            Some(Item::Record(record)) => record,
        };
        let cells = schema.columns.iter().zip(&record.values).map(|(c, v)| view(&c.name, v));
        writer.write_record(cells).map_err(failed)?;
        rows += 1;
    }
    writer.flush().map_err(|e| failed(e.into()))?;
    Ok(rows)
}
