//! The files that `path` of a source of documents means: those that are read, and those that a person would take for
//! documents and that are not.

use std::path::{Path, PathBuf};

use data::documents::{Limits, opens};
use serde::{Deserialize, Serialize};

use crate::console::error::fail;
use crate::console::hints;
use crate::recipe::Source;

/// Endings of the files that are read where `path` is a folder.
const ENDINGS: [&str; 8] = ["pdf", "docx", "md", "markdown", "html", "htm", "xhtml", "txt"];

/// Folders in folders that are looked into.
const MAX_DEPTH: usize = 8;

/// Files of one kind that are named; the others are counted.
const NAMED: usize = 5;

/// Files that are no text to this program and may hold a rule: their endings, what they are, and what to do.
const UNREAD: [(&[&str], &str, &str); 6] = [
    (&["hwp", "hwpx", "hwt", "hwpml"], "Hancom documents", "save them as PDF or DOCX"),
    (
        &["doc", "docm", "dot", "dotx", "odt", "rtf", "pages", "wpd", "gul"],
        "documents of other word processors",
        "save them as PDF or DOCX",
    ),
    (
        &[
            "xls", "xlsx", "xlsm", "ods", "ppt", "pptx", "pptm", "odp", "show", "cell", "key", "numbers",
            "hpt", "nxl",
        ],
        "tables and slides",
        "save them as PDF",
    ),
    (
        &["png", "jpg", "jpeg", "tif", "tiff", "bmp", "gif", "webp", "heic"],
        "pictures",
        "if they are scans, let an OCR program make PDFs with text of them",
    ),
    (
        &[
            "epub", "mobi", "azw", "xps", "djvu", "ps", "mht", "mhtml", "rst", "adoc", "asciidoc", "tex",
            "org",
        ],
        "documents of other kinds",
        "save them as PDF, Markdown or text",
    ),
    (&["zip", "7z", "rar", "alz", "egg", "tar", "gz", "tgz"], "archives", "unpack what is to be read"),
];

/// A file that lies among documents and is not read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Unread {
    /// Its name from the source's folder on.
    pub file: String,
    /// What it is, as one of many.
    pub what: String,
    /// What to do about it.
    pub next: String,
}

/// What a path means.
pub struct Folder {
    /// The folder that names are told from.
    pub root: PathBuf,
    /// The files that are read, in the order of their names.
    pub files: Vec<PathBuf>,
    /// What lies beside them and is not.
    pub unread: Vec<Unread>,
}

impl Folder {
    /// Looks at a source's path.
    ///
    /// # Errors
    /// Nothing is there, or nothing that is read.
    pub fn of(path: &Path, source: &Source) -> anyhow::Result<Self> {
        if !path.exists() {
            return Err(fail(
                format!("[source.{}]: there is nothing at {}", source.name, path.display()),
                "`path` is a document, or a folder with documents, as seen from the folder of moru.toml",
            ));
        }
        let mut folder = Self { root: path.to_owned(), files: Vec::new(), unread: Vec::new() };
        if !path.is_dir() {
            path.parent().unwrap_or(path).clone_into(&mut folder.root);
            folder.files.push(path.to_owned());
            return Ok(folder);
        }
        folder.walk(path, MAX_DEPTH)?;
        folder.files.sort();
        folder.unread.sort_by(|a, b| a.file.cmp(&b.file));
        if folder.files.is_empty() {
            let what = format!("[source.{}]: there is no document in {}", source.name, path.display());
            let beside = lines(&folder.unread);
            return Err(fail(
                std::iter::once(what).chain(beside).collect::<Vec<_>>().join("\n  "),
                format!("files that end with .{} are read", ENDINGS.join(", .")),
            ));
        }
        Ok(folder)
    }

    fn walk(&mut self, folder: &Path, depth: usize) -> std::io::Result<()> {
        for entry in std::fs::read_dir(folder)? {
            let path = entry?.path();
            // Office programs keep their locks beside the files: `~$name.docx`.
            let is_hidden =
                path.file_name().is_some_and(|name| name.to_string_lossy().starts_with(['.', '~']));
            let ending = path.extension().map(|e| e.to_string_lossy().to_lowercase()).unwrap_or_default();
            if is_hidden {
                continue;
            }
            if path.is_dir() {
                if depth > 0 {
                    self.walk(&path, depth - 1)?;
                }
            } else if ENDINGS.contains(&ending.as_str()) {
                self.files.push(path);
            } else if let Some((_, what, next)) = UNREAD.iter().find(|(all, ..)| all.contains(&&*ending)) {
                let (file, what, next) = (name_of(&self.root, &path), (*what).into(), (*next).into());
                self.unread.push(Unread { file, what, next });
            }
        }
        Ok(())
    }

    /// The files that cannot be read, as far as that shows without reading their pages: empty, of another kind, locked.
    pub fn broken(&self, limits: &Limits) -> Vec<anyhow::Error> {
        self.files.iter().filter_map(|path| opens(path, limits).err()).map(Into::into).collect()
    }
}

/// The name of a document: its path from the source's folder on.
pub fn name_of(root: &Path, path: &Path) -> String {
    path.strip_prefix(root).unwrap_or(path).to_string_lossy().replace('\\', "/")
}

/// What is not read, a line for each kind, with what to do.
pub fn lines(unread: &[Unread]) -> Vec<String> {
    let mut kinds: Vec<(&Unread, Vec<&str>)> = Vec::new();
    for one in unread {
        match kinds.iter_mut().find(|(first, _)| first.what == one.what) {
            Some((_, names)) => names.push(&one.file),
            None => kinds.push((one, vec![&one.file])),
        }
    }
    let line = |(one, names): (&Unread, Vec<&str>)| {
        let more = match names.len().saturating_sub(NAMED) {
            0 => String::new(),
            n => format!(" and {n} more"),
        };
        let named = names.iter().take(NAMED).copied().collect::<Vec<_>>().join(", ");
        format!("{} are not read: {named}{more}; {}", one.what, one.next)
    };
    kinds.into_iter().map(line).collect()
}

/// All files that could not be read, told together and each with its next step: a rule that is left out in silence
/// would be answered as if it did not exist.
///
/// # Errors
/// There is one.
pub fn refuse(source: &Source, mut unread: Vec<anyhow::Error>) -> anyhow::Result<()> {
    match unread.len() {
        0 => Ok(()),
        1 => Err(unread.remove(0)),
        n => {
            let next = |error: &anyhow::Error| hints::of(error).map(|hint| format!("\n    {hint}"));
            let line = |error: &anyhow::Error| format!("\n  {error}{}", next(error).unwrap_or_default());
            let all: String = unread.iter().map(line).collect();
            Err(fail(
                format!("[source.{}]: {n} files cannot be read{all}", source.name),
                "mend them, or move them out of the folder",
            ))
        }
    }
}
