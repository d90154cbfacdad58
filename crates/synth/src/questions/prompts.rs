//! The words that a teacher and a judge are asked with: files that a person can edit.
//!
//! A prompt has columns in braces (`{passage}`); each prompt says which it needs. Other braces stay as they are.

use std::path::{Path, PathBuf};

/// What a prompt is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum PromptKind {
    /// Asks a teacher for questions and answers about a chunk.
    Ask,
    /// Asks a judge whether a pair agrees with its source.
    Judge,
    /// The system's words of the model that is tuned.
    Persona,
}

impl PromptKind {
    /// All prompts.
    pub const ALL: [Self; 3] = [Self::Ask, Self::Judge, Self::Persona];

    fn name(self) -> &'static str {
        match self {
            Self::Ask => "ask",
            Self::Judge => "judge",
            Self::Persona => "persona",
        }
    }

    /// The columns that the prompt has to have.
    pub fn columns(self) -> &'static [&'static str] {
        match self {
            Self::Ask => &["n_lookup", "n_procedure", "document", "breadcrumb", "paths", "passage"],
            Self::Judge => &["breadcrumb", "passage", "question", "answer"],
            Self::Persona => &[],
        }
    }
}

/// The prompts of a language.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Prompts {
    texts: [String; 3],
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
pub const FILES: [(&str, &str); 6] = [
    ("ask.ko.md", include_str!("text/prompts/ask.ko.md")),
    ("judge.ko.md", include_str!("text/prompts/judge.ko.md")),
    ("persona.ko.md", include_str!("text/prompts/persona.ko.md")),
    ("ask.en.md", include_str!("text/prompts/ask.en.md")),
    ("judge.en.md", include_str!("text/prompts/judge.en.md")),
    ("persona.en.md", include_str!("text/prompts/persona.en.md")),
];

fn file_name(kind: PromptKind, is_korean: bool) -> String {
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

    /// The prompts of a folder.
    ///
    /// # Errors
    /// A file that is missing, and a prompt without one of its columns.
    pub fn read(folder: &Path, is_korean: bool) -> Result<Self, PromptError> {
        let mut texts = [const { String::new() }; 3];
        for (text, kind) in texts.iter_mut().zip(PromptKind::ALL) {
            let path = folder.join(file_name(kind, is_korean));
            *text = std::fs::read_to_string(&path)
                .map_err(|source| PromptError::Read { path: path.clone(), source })?;
            let missing = kind.columns().iter().find(|column| !text.contains(&format!("{{{column}}}")));
            if let Some(column) = missing {
                return Err(PromptError::Column { path, column, needed: kind.columns() });
            }
        }
        Ok(Self { texts })
    }

    /// A prompt as it is written.
    pub fn text(&self, kind: PromptKind) -> &str {
        let place = PromptKind::ALL.iter().position(|k| *k == kind).unwrap_or(0);
        self.texts[place].trim_end()
    }

    /// A prompt with its columns filled, in one pass: what a value says is never read as a column.
    pub fn fill(&self, kind: PromptKind, values: &[(&str, &str)]) -> String {
        let mut out = String::new();
        let mut rest = self.text(kind);
        while let Some(open) = rest.find('{') {
            out.push_str(&rest[..open]);
            rest = &rest[open..];
            let value = values
                .iter()
                .find(|(name, _)| rest[1..].strip_prefix(name).is_some_and(|r| r.starts_with('}')));
            if let Some((name, value)) = value {
                out.push_str(value);
                rest = &rest[name.len() + 2..];
            } else {
                out.push('{');
                rest = &rest[1..];
            }
        }
        out + rest
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
        assert!(filled.contains("{answer} {x}") && filled.ends_with("답: r"), "{filled}");
    }
}
