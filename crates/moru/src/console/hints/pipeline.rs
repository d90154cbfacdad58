//! Stages, their results and their folder.

use pipeline::Error as E;

use super::system;

/// What to do about an error of the pipeline.
pub fn of(error: &(dyn std::error::Error + 'static)) -> Option<String> {
    Some(match error.downcast_ref::<E>()? {
        E::Busy { .. } => "wait for it to end, or stop it; the project is free as soon as it has ended".into(),
        E::UnknownStage { .. } => "`moru plan` lists the stages of this recipe".into(),
        E::NoArtifact { stage, .. } if stage.starts_with("leak:") => {
            format!("`moru run {stage}` makes it, where [evaluate] leak_samples is more than 0")
        }
        E::NoArtifact { stage, .. } => format!("`moru run {stage}` makes it"),
        E::InputAbsent { .. } => "put the file there, or change the path in moru.toml".into(),
        E::NotAFile { path } => format!(
            "a file is read more than once and has to hold still: write what comes out of {} into a file, and name that",
            path.display()
        ),
        E::InputChanged { .. } => "`moru run` reads it again; let whatever writes it end first".into(),
        E::Corrupt { .. } => "`moru run` makes it anew; if this comes back, check the disk".into(),
        E::Damaged { path, .. } if path.ends_with("moru.lock") => {
            "restore moru.lock from version control, or remove it: stages are then recognised by their content".into()
        }
        E::Damaged { path, .. } => format!("remove {} and run again: it is made anew", path.display()),
        E::LockFormat { .. } => "use the version of moru that wrote it, or remove moru.lock and run again".into(),
        E::Cancelled => "`moru run` continues where this stopped".into(),
        E::Io { source, path, .. } => return system::of(source, Some(path)),
        // The cause says what to do.
        E::Stage { .. } => return None,
        // Nothing in a recipe or in a file leads here: the program itself is wrong.
        E::DuplicateStage { .. }
        | E::UnknownInput { .. }
        | E::Cycle { .. }
        | E::Undeclared { .. }
        | E::Param { .. }
        | E::LateParam { .. }
        | E::OutputNotWritten { .. }
        | E::Counts { .. } => {
            "this is a fault of moru, not of the recipe: please report it with the message above".into()
        }
    })
}
