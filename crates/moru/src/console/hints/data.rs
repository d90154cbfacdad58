//! Sources, extracts, preparing and splitting.

use data::clean::PatternError;
use data::documents::ReadError;
use data::ingest::IngestError;
use data::output::OutputError;
use data::prepare::{PrepareError, TemplateError};
use data::privacy::PrivacyError;
use data::sources::SourceError;
use data::split::SplitError;

use super::{sql, system};
use crate::recipe::closest;

/// What to do about an error on the way from a source to examples.
pub fn of(error: &(dyn std::error::Error + 'static)) -> Option<String> {
    None.or_else(|| error.downcast_ref().and_then(of_source))
        .or_else(|| error.downcast_ref().and_then(of_document))
        .or_else(|| error.downcast_ref().and_then(of_ingest))
        .or_else(|| error.downcast_ref().and_then(of_prepare))
        .or_else(|| error.downcast_ref().map(of_template))
        .or_else(|| error.downcast_ref().and_then(of_privacy))
        .or_else(|| error.downcast_ref().map(of_pattern))
        .or_else(|| error.downcast_ref().map(of_split))
        .or_else(|| error.downcast_ref::<OutputError>().and_then(|e| system::of(&e.cause, Some(&e.path))))
}

/// The column that was meant, or what can be done without it.
fn column(typed: &str, columns: &[String]) -> String {
    match closest(typed, columns) {
        Some(near) => format!("did you mean `{near}`?"),
        None => "name one of these columns in moru.toml, or add it to the source".into(),
    }
}

fn of_source(error: &SourceError) -> Option<String> {
    use SourceError as E;
    Some(match error {
        E::Io { path, cause } => return system::of(cause, Some(path)),
        E::Empty { .. } => "write the table into the file, or name another in moru.toml".into(),
        E::DuplicateColumn { .. } => {
            "each column needs a name of its own, so that {column} means one of them".into()
        }
        E::UnknownColumn { column: typed, columns, .. } => column(typed, columns),
        E::RenamedTwice { .. } => "take one of the names out of `columns`".into(),
        E::OneName { name, columns, .. } => format!(
            "for example columns = {{ {name} = \"{}\", other = \"{}\" }}",
            columns.first().map_or("", String::as_str),
            columns.last().map_or("", String::as_str)
        ),
        E::Unordered { .. } => "`moru run ingest --refresh` reads the source anew".into(),
        E::UnknownSheet { sheet, sheets, .. } => match closest(sheet, sheets) {
            Some(near) => format!("did you mean `{near}`?"),
            None => "name one of these in `sheet`, or leave `sheet` out to read the first".into(),
        },
        E::Malformed { kind, .. } => {
            format!(
                "write the file anew from the program that it comes from; `kind` in moru.toml says {kind}"
            )
        }
        E::Unsupported { .. } => "then run again".into(),
        E::Sql(error) => return Some(sql::of_sql(error)),
    })
}

/// What is not said by the error itself.
fn of_document(error: &ReadError) -> Option<String> {
    use ReadError as E;
    Some(match error {
        E::Io { path, cause } => return system::of(cause, Some(path)),
        E::TooLarge { .. } => "split it into smaller files".into(),
        E::Empty { .. } => "copy or download it again, or move it out of the folder".into(),
        E::Malformed { .. } => {
            "give it the ending of what it is, or get it again from where it was made".into()
        }
        E::Unsupported { .. } | E::Pdf(_) => return None,
    })
}

fn of_ingest(error: &IngestError) -> Option<String> {
    use IngestError as E;
    Some(match error {
        E::Source(error) => return of_source(error),
        E::Io { path, cause } => return system::of(cause, Some(path)),
        E::Damaged { .. } => "`moru run ingest --refresh` reads the source anew".into(),
        E::RowTooLarge { .. } => "leave the column with the large text out, or cut it in the source".into(),
        E::TooManyBadRows { source_name, .. } => format!(
            "mend the rows, or allow more in [source.{source_name}] with bad_rows (a number) or bad_share (a share)"
        ),
        E::NoGoodRows { .. } => {
            "look at the first of them: most often it is the separator, the encoding or the key column".into()
        }
        E::NoRows { source_name } => format!(
            "look whether [source.{source_name}] reads the right table or file; a query's conditions may let nothing through"
        ),
    })
}

fn of_prepare(error: &PrepareError) -> Option<String> {
    match error {
        PrepareError::DuplicateId { id } => {
            let source = id.split('#').next().unwrap_or_default();
            Some(format!(
                "two columns together may be unique: [source.{source}] key = [\"one\", \"other\"]; without `key` rows are numbered"
            ))
        }
        PrepareError::Source(error) => of_source(error),
        // The cause is the system's answer.
        PrepareError::Sink(_) => None,
    }
}

fn of_template(error: &TemplateError) -> String {
    use TemplateError as E;
    match error {
        E::UnknownColumn { column: typed, columns, .. } | E::MainColumn { column: typed, columns, .. } => {
            column(typed, columns)
        }
        E::NotTheFormat { .. } => {
            "`moru explain prepare` lists the formats; format = \"auto\" tells which one the columns fit"
                .into()
        }
        E::Shape { table, .. } => format!(
            "[source.{table}] columns = {{ messages = \"theirs\" }} renames a column; [prepare] format names one of several"
        ),
        E::LoneBrace { .. } | E::EmptyName { .. } | E::NoColumn { .. } => {
            "for example prompt = \"[{category}] {question}\"".into()
        }
    }
}

fn of_privacy(error: &PrivacyError) -> Option<String> {
    use PrivacyError as E;
    Some(match error {
        E::BadPattern { .. } | E::EmptyPattern { .. } => {
            "for example mask.patterns = { member = \"M-\\\\d{6}\" }; a bracket that is meant as itself is written \\\\("
                .into()
        }
        E::TooManyPatterns { .. } => "patterns of one kind can share a name".into(),
        E::BadStore { .. } | E::OtherSecret { .. } => "`moru run prepare --refresh` writes it anew".into(),
        E::Store { path, source } => return system::of(source, Some(path)),
    })
}

fn of_pattern(_: &PatternError) -> String {
    "patterns of [prepare] strip_patterns are regular expressions; a bracket that is meant as itself is written \\\\(".into()
}

fn of_split(error: &SplitError) -> String {
    match error {
        SplitError::Shares { .. } => "for example train = 0.8, valid = 0.1, test = 0.1".into(),
        SplitError::EmptyPart { .. } => {
            "`moru explain split` lists the keys; valid = 0.0 trains without watching a validation loss"
                .into()
        }
    }
}
