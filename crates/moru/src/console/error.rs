//! One style of errors: what, why, and what to do next.

use crate::recipe::RecipeErrors;

/// An error of the front door with a hint of its own.
#[derive(Debug, thiserror::Error)]
#[error("{what}")]
pub struct Failure {
    what: String,
    hint: Option<String>,
}

/// An error with a hint.
pub fn fail(what: impl Into<String>, hint: impl Into<String>) -> anyhow::Error {
    Failure { what: what.into(), hint: Some(hint.into()) }.into()
}

/// The text of an error: `error:` what, its causes, a blank line, `hint:` what to do.
pub fn render(error: &anyhow::Error, mark: &str, hint_mark: &str) -> String {
    if let Some(errors) = error.downcast_ref::<RecipeErrors>() {
        return recipe(errors, mark, hint_mark);
    }
    let mut text = format!("{mark}: {error}");
    let mut said = error.to_string();
    for cause in error.chain().skip(1) {
        let cause = cause.to_string();
        // Transparent layers repeat what was said.
        if !said.contains(&cause) {
            text += &format!("\n  caused by: {}", cause.replace('\n', "\n    "));
            said = cause;
        }
    }
    if let Some(hint) = hint(error) {
        text += &format!("\n\n{hint_mark}: {hint}");
    }
    text
}

/// All faults of a recipe together, each with its own hint.
fn recipe(errors: &RecipeErrors, mark: &str, hint_mark: &str) -> String {
    let one = |e: &crate::recipe::RecipeError| match e.hint() {
        Some(hint) => format!("{mark}: {e}\n\n{hint_mark}: {hint}"),
        None => format!("{mark}: {e}"),
    };
    errors.0.iter().map(one).collect::<Vec<_>>().join("\n\n")
}

fn hint(error: &anyhow::Error) -> Option<String> {
    error.chain().find_map(|cause| {
        if let Some(failure) = cause.downcast_ref::<Failure>() {
            return failure.hint.clone();
        }
        if let Some(recipe) = cause.downcast_ref::<crate::recipe::RecipeError>() {
            return recipe.hint();
        }
        if let Some(ingest) = cause.downcast_ref::<data::ingest::IngestError>() {
            return of_ingest(ingest);
        }
        cause.downcast_ref::<pipeline::Error>().and_then(of_pipeline)
    })
}

fn of_ingest(error: &data::ingest::IngestError) -> Option<String> {
    use data::ingest::IngestError as E;
    Some(match error {
        E::NoRows { source_name } => {
            format!(
                "run the query of [source.{source_name}] in the database's own client: its conditions let nothing through"
            )
        }
        E::TooManyBadRows { source_name, .. } => format!(
            "mend the rows, or allow more in [source.{source_name}] with bad_rows (a number) or bad_share (a share)"
        ),
        _ => return None,
    })
}

fn of_pipeline(error: &pipeline::Error) -> Option<String> {
    use pipeline::Error as E;
    Some(match error {
        E::Busy { .. } => "wait for it to end, or stop it; the project is free as soon as it has ended".into(),
        E::UnknownStage { .. } => "`moru plan` lists the stages of this recipe".into(),
        E::NoArtifact { stage, .. } => format!("`moru run {stage}` makes it"),
        E::InputAbsent { .. } => "put the file there, or change the path in moru.toml".into(),
        E::Corrupt { .. } => "`moru run` makes it anew; if this comes back, check the disk".into(),
        E::Damaged { path, .. } if path.ends_with("moru.lock") => {
            "restore moru.lock from version control, or remove it: stages are then recognised by their content".into()
        }
        E::LockFormat { .. } => "use the version of moru that wrote it, or remove moru.lock and run again".into(),
        E::Cancelled => "`moru run` continues where this stopped".into(),
        E::Io { source, path, .. } => return of_io(source, path),
        _ => return None,
    })
}

fn of_io(error: &std::io::Error, path: &std::path::Path) -> Option<String> {
    use std::io::ErrorKind as K;
    Some(match error.kind() {
        K::StorageFull | K::QuotaExceeded => {
            "free some space; `moru clean` removes what no result needs".into()
        }
        K::PermissionDenied | K::ReadOnlyFilesystem => {
            format!("moru needs to write there: check the permissions of {}", path.display())
        }
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use anyhow::Context;

    #[test]
    fn causes_and_hint() {
        let error = Err::<(), _>(std::io::Error::other("disk on fire"))
            .context("could not write a")
            .context("stage `a` failed")
            .unwrap_err();
        let expected = "error: stage `a` failed\n  caused by: could not write a\n  caused by: disk on fire";
        assert_eq!(render(&error, "error", "hint"), expected);
        let error = fail("no such thing", "do this").context("while looking");
        assert_eq!(
            render(&error, "error", "hint"),
            "error: while looking\n  caused by: no such thing\n\nhint: do this"
        );
    }
}
