//! What the operating system answered.

use std::io::{Error, ErrorKind as K};
use std::path::Path;

/// What to do about an answer of the system, at a path where one is known.
pub fn of(error: &Error, path: Option<&Path>) -> Option<String> {
    let place = path.map_or_else(|| "the place".to_owned(), |path| path.display().to_string());
    Some(match error.kind() {
        K::StorageFull | K::QuotaExceeded => {
            "free some space; `moru clean` removes what no result needs. Then run again: what is done is kept"
                .into()
        }
        K::FileTooLarge => {
            "a limit on the size of a file is set (`ulimit -f`); raise it and run again: what is done is kept"
                .into()
        }
        K::PermissionDenied | K::ReadOnlyFilesystem => {
            format!("check the permissions of {place}, and whether its disk may be written to")
        }
        K::NotFound => {
            format!("look whether {place} is there; paths of a recipe begin at the project folder")
        }
        K::IsADirectory => {
            format!("{place} is a folder where a file belongs: name the file, or move the folder away")
        }
        K::AlreadyExists | K::NotADirectory => {
            format!("something else stands where {place} belongs: move it away and run again")
        }
        K::InvalidData => format!("{place} has to be text in UTF-8: save it as such"),
        _ => return None,
    })
}
