//! The words that a teacher and a judge are asked with: files that a person can edit.
//!
//! A prompt has columns in braces (`{passage}`); each prompt says which it needs. Other braces stay as they are.

use std::path::{Path, PathBuf};

use chat::prompt::{fill, missing};

/// What a prompt is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum PromptKind {
    /// Asks a teacher for questions and answers about a chunk.
    Ask,
    /// Said after it where the chunk was asked about before.
    Again,
    /// Asks a judge whether a pair agrees with its source.
    Judge,
    /// The system's words of the model that is tuned.
    Persona,
}

impl PromptKind {
    /// All prompts.
    pub const ALL: [Self; 4] = [Self::Ask, Self::Again, Self::Judge, Self::Persona];

    fn name(self) -> &'static str {
        match self {
            Self::Ask => "ask",
            Self::Again => "again",
            Self::Judge => "judge",
            Self::Persona => "persona",
        }
    }

    /// The columns that the prompt has to have.
    pub fn columns(self) -> &'static [&'static str] {
        match self {
            Self::Ask => &["n_lookup", "n_procedure", "document", "breadcrumb", "paths", "passage"],
            Self::Again => &["asked"],
            Self::Judge => &["mark", "breadcrumb", "passage", "question", "answer"],
            Self::Persona => &[],
        }
    }
}

/// The prompts of a language.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Prompts {
    texts: [String; 4],
}

/// The prompts of both languages.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bilingual {
    /// For Korean text.
    pub korean: Prompts,
    /// For any other.
    pub english: Prompts,
}

impl Default for Bilingual {
    fn default() -> Self {
        Self { korean: Prompts::defaults(true), english: Prompts::defaults(false) }
    }
}

impl Bilingual {
    /// The prompts of a folder, of some kinds; the others are the defaults.
    ///
    /// # Errors
    /// As [`Prompts::read`].
    pub fn read(folder: &Path, kinds: &[PromptKind]) -> Result<Self, PromptError> {
        let read = |is_korean| Prompts::read(folder, is_korean, kinds);
        Ok(Self { korean: read(true)?, english: read(false)? })
    }

    /// Those of a language.
    pub fn of(&self, is_korean: bool) -> &Prompts {
        if is_korean { &self.korean } else { &self.english }
    }
}

/// Why prompts cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum PromptError {
    /// The file cannot be read.
    #[error("cannot read the prompt {}: {source}; `moru init` writes the prompts anew where they are missing", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// A column is missing.
    #[error("the prompt {} has no `{{{column}}}`; it needs {}", path.display(), needed.iter().map(|c| format!("`{{{c}}}`")).collect::<Vec<_>>().join(", "))]
    Column {
        /// The file.
        path: PathBuf,
        /// What is missing.
        column: &'static str,
        /// All that it needs.
        needed: &'static [&'static str],
    },
}

/// The default prompts as files: the name to write each under, and its text.
pub const FILES: [(&str, &str); 8] = [
    ("ask.ko.md", include_str!("text/prompts/ask.ko.md")),
    ("again.ko.md", include_str!("text/prompts/again.ko.md")),
    ("judge.ko.md", include_str!("text/prompts/judge.ko.md")),
    ("persona.ko.md", include_str!("text/prompts/persona.ko.md")),
    ("ask.en.md", include_str!("text/prompts/ask.en.md")),
    ("again.en.md", include_str!("text/prompts/again.en.md")),
    ("judge.en.md", include_str!("text/prompts/judge.en.md")),
    ("persona.en.md", include_str!("text/prompts/persona.en.md")),
];

/// The file of a prompt in a language.
pub fn file_name(kind: PromptKind, is_korean: bool) -> String {
    format!("{}.{}.md", kind.name(), if is_korean { "ko" } else { "en" })
}

impl Prompts {
    /// The default prompts of a language.
    pub fn defaults(is_korean: bool) -> Self {
        let text = |kind| {
            let name = file_name(kind, is_korean);
            FILES.iter().find(|(file, _)| *file == name).map_or("", |(_, text)| text).to_owned()
        };
        Self { texts: PromptKind::ALL.map(text) }
    }

    /// The prompts of a folder, of some kinds; the others are the defaults.
    ///
    /// # Errors
    /// A file that is missing, and a prompt without one of its columns.
    pub fn read(folder: &Path, is_korean: bool, kinds: &[PromptKind]) -> Result<Self, PromptError> {
        let mut prompts = Self::defaults(is_korean);
        for (text, kind) in prompts.texts.iter_mut().zip(PromptKind::ALL) {
            if !kinds.contains(&kind) {
                continue;
            }
            let path = folder.join(file_name(kind, is_korean));
            *text = std::fs::read_to_string(&path)
                .map_err(|source| PromptError::Read { path: path.clone(), source })?;
            if let Some(column) = missing(text, kind.columns()) {
                return Err(PromptError::Column { path, column, needed: kind.columns() });
            }
        }
        Ok(prompts)
    }

    /// A prompt as it is written.
    pub fn text(&self, kind: PromptKind) -> &str {
        let place = PromptKind::ALL.iter().position(|k| *k == kind).unwrap_or(0);
        self.texts[place].trim_end()
    }

    /// A prompt with its columns filled, in one pass: what a value says is never read as a column.
    pub fn fill(&self, kind: PromptKind, values: &[(&str, &str)]) -> String {
        fill(self.text(kind), values)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn defaults_have_their_columns_in_both_languages() {
        for is_korean in [true, false] {
            let prompts = Prompts::defaults(is_korean);
            for kind in PromptKind::ALL {
                assert!(!prompts.text(kind).is_empty());
                for column in kind.columns() {
                    assert!(prompts.text(kind).contains(&format!("{{{column}}}")), "{kind:?} {column}");
                }
            }
        }
    }

    #[test]
    fn values_are_not_read_as_columns() {
        let prompts = Prompts::defaults(true);
        let filled = prompts.fill(
            PromptKind::Judge,
            &[("breadcrumb", "a"), ("passage", "{answer} {x}"), ("question", "q"), ("answer", "r")],
        );
        assert!(filled.contains("{answer} {x}") && filled.ends_with("\nr"), "{filled}");
    }
}
