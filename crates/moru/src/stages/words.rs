//! What the libraries noticed, in words.

use data::sources::Note;

/// A note of a source.
pub fn note(note: &Note) -> String {
    match note {
        Note::Encoding { name, replaced: 0 } => format!("encoding: {name}"),
        Note::Encoding { name, replaced } => {
            format!("encoding: {name}; {replaced} characters could not be read and became U+FFFD")
        }
        Note::Delimiter { found } => format!("separator: {found:?}"),
        Note::HexBytes { column } => {
            format!("column `{column}` holds bytes; they are kept as hexadecimal text")
        }
        Note::NulBytes { removed } => format!("{removed} NUL bytes were removed"),
        Note::FurtherFields { field, rows } => {
            format!(
                "{rows} rows have fields that no column takes, such as `{field}`; [source.NAME] columns takes them"
            )
        }
        Note::NoKey => "the rows have no key; they are numbered in the order in which they came".into(),
        Note::Sheet { name } => format!("sheet: {name}"),
    }
}
